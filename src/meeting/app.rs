//! What applications say among themselves: topics and data that mean nothing to us.

use quorate_protocol::{APP_BYTES_MAX, App, AppPublish, Permission, SignalBody, TOPIC_CHARS_MAX};

use super::event::Audience;
use super::facts::Facts;
use super::person::Person;
use super::{Decision, Refusal, SignalTo};

impl Facts {
    pub(super) fn publish(&self, me: &Person, ask: &AppPublish) -> Result<Decision, Refusal> {
        self.require(me, Permission::AppPublish)?;
        check_topic(&ask.topic)?;
        let bytes = serde_json::to_string(&ask.data).map_or(0, |text| text.len());
        if bytes > APP_BYTES_MAX {
            return Err(Refusal::TooLarge { field: "data", limit: APP_BYTES_MAX });
        }
        let audience = match ask.to {
            Some(to) if to == me.id => {
                return Err(Refusal::Invalid { field: "to", message: "cannot be oneself" });
            }
            Some(to) => Audience::people(vec![self.room_mate(me, to)?.id]),
            None => self.around(me),
        };
        let app = App { from: me.id, topic: ask.topic.clone(), data: ask.data.clone() };
        let reached = self.sessions_within(&audience);
        // Not to its sessions by name: those who lag do without.
        Ok(Decision::by(me)
            .signal(SignalTo::Audience(audience), SignalBody::App(app))
            .carrying(bytes, reached))
    }

    /// How many connected sessions an audience has.
    fn sessions_within(&self, audience: &Audience) -> usize {
        let connected = self.sessions.values().filter(|session| session.lost_at.is_none());
        let people = connected.filter_map(|session| self.people.get(&session.participant));
        people.filter(|person| audience.includes(&person.view)).count()
    }
}

fn check_topic(topic: &str) -> Result<(), Refusal> {
    if topic.len() > TOPIC_CHARS_MAX {
        return Err(Refusal::TooLarge { field: "topic", limit: TOPIC_CHARS_MAX });
    }
    let fits = |c: u8| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
    if topic.is_empty() || !topic.bytes().all(fits) {
        let message = "must be of a to z, 0 to 9, dot, underscore and hyphen";
        return Err(Refusal::Invalid { field: "topic", message });
    }
    Ok(())
}
