//! What people say of themselves: media and attributes; and the list of who is there.

use quorate_protocol::{
    ATTRIBUTES_BYTES_MAX, Attributes, LIST_MAX, Media, MediaUpdate, Page, ParticipantId,
    ParticipantList, Permission, SetAttributes, Timestamp,
};

use super::event::{Audience, Fact, Personal};
use super::facts::Facts;
use super::person::Person;
use super::{Decision, Meeting, Refusal};

/// How often attributes may change, in milliseconds.
const ATTRIBUTES_EVERY_MS: u64 = 1000;

impl Facts {
    pub(super) fn update_media(&self, me: &Person, ask: MediaUpdate) -> Result<Decision, Refusal> {
        let turned_on = [
            (ask.audio, Permission::MediaAudio),
            (ask.video, Permission::MediaVideo),
            (ask.share, Permission::MediaShare),
        ];
        for (wish, permission) in turned_on {
            if wish == Some(true) {
                self.require(me, permission)?;
            }
        }
        let media = Media {
            audio: ask.audio.unwrap_or(me.media.audio),
            video: ask.video.unwrap_or(me.media.video),
            share: ask.share.unwrap_or(me.media.share),
        };
        if media == me.media {
            return Ok(Decision::already(None));
        }
        let updated = Fact::MediaUpdated { participant: me.id, media };
        Ok(Decision::by(me).event(Audience::EVERYONE, updated))
    }

    pub(super) fn set_attributes(
        &self,
        now: Timestamp,
        me: &Person,
        ask: &SetAttributes,
    ) -> Result<Decision, Refusal> {
        self.require(me, Permission::AttributesSet)?;
        let mut merged = me.attributes.clone();
        merge(&mut merged, &ask.attributes);
        let bytes = |attributes| serde_json::to_string(attributes).map_or(0, |text| text.len());
        if bytes(&merged) > ATTRIBUTES_BYTES_MAX
            || bytes(&ask.attributes) > 2 * ATTRIBUTES_BYTES_MAX
        {
            return Err(Refusal::TooLarge { field: "attributes", limit: ATTRIBUTES_BYTES_MAX });
        }
        if merged == me.attributes {
            return Ok(Decision::already(None));
        }
        let passed = me.attributes_at.map_or(ATTRIBUTES_EVERY_MS, |at| now.ms_since(at));
        if passed < ATTRIBUTES_EVERY_MS {
            return Err(Refusal::TooOften { retry_after_ms: ATTRIBUTES_EVERY_MS - passed });
        }
        let changed = Fact::AttributesChanged { participant: me.id };
        let personal = Personal { attributes: Some(ask.attributes.clone()), ..Personal::default() };
        Ok(Decision::by(me).personal_event(Audience::EVERYONE, changed, personal))
    }

    pub(super) fn attributes_changed(
        &mut self,
        participant: ParticipantId,
        personal: Option<&Personal>,
        at: Timestamp,
    ) {
        if let Some(person) = self.people.get_mut(&participant) {
            person.attributes_at = Some(at);
            if let Some(changes) = personal.and_then(|personal| personal.attributes.as_ref()) {
                merge(&mut person.attributes, changes);
            }
        }
    }
}

impl Meeting {
    pub(super) fn list_participants(
        &self,
        me: &Person,
        ask: &ParticipantList,
    ) -> Result<Decision, Refusal> {
        let facts = &self.facts;
        facts.require(me, Permission::ParticipantList)?;
        let limit = page_size(ask.limit)?;
        ask.role.map_or(Ok(()), |role| facts.knows_role(role))?;
        let room = ask.room.map(|room| facts.room_or_main(room)).transpose()?;
        let after = ask.after.unwrap_or(ParticipantId(0));
        let rest = facts.people.range(after..).map(|(_, person)| person);
        let mut rest = rest
            .filter(|person| person.id > after && person.is_in())
            .filter(|person| room.is_none_or(|room| person.room == room))
            .filter(|person| ask.role.is_none_or(|role| facts.role_of(person.user) == role));
        let mut items: Vec<_> =
            rest.by_ref().take(limit).map(|person| facts.participant(person, true)).collect();
        self.fill_in(me, &mut items);
        let next = items.last().map(|last| last.id.0).filter(|_| rest.next().is_some());
        Ok(Decision::by(me).answer(&Page { items, next }))
    }
}

/// How many items a page has.
pub(super) fn page_size(limit: u32) -> Result<usize, Refusal> {
    if (1..=LIST_MAX).contains(&limit) {
        Ok(limit as usize)
    } else {
        Err(Refusal::Invalid { field: "limit", message: "must be between 1 and 200" })
    }
}

fn merge(attributes: &mut Attributes, changes: &Attributes) {
    for (key, value) in changes {
        if value.is_null() {
            attributes.remove(key);
        } else {
            attributes.insert(key.clone(), value.clone());
        }
    }
}
