//! `welcome`, with its snapshot: what is the same for many viewers is serialised once per step.

use quorate_protocol::{
    ChatHistory, ChatMessage, CustomRole, Limits, MeetingInfo, ParticipantId, Permission, Seq,
    ServerInfo, SessionId, SessionInfo, Timestamp, WaitingStanding, You,
};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::Settings;
use super::mail::Credential;
use crate::meeting::{Facts, Person};

/// What a welcome says beside the state.
pub(super) struct Start<'a> {
    pub(super) session: SessionId,
    pub(super) credential: &'a Credential,
    /// 1 for the answer to `hello`; none when one's standing changed.
    pub(super) id: Option<i64>,
    pub(super) resumed: bool,
    pub(super) now: Timestamp,
}

/// The parts of a snapshot that many viewers share, as of one head.
#[derive(Debug, Default)]
pub(super) struct Shared {
    head: Seq,
    participants: Option<Box<RawValue>>,
    waiting: Option<Box<RawValue>>,
    chat: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct Frame<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<i64>,
    data: Data<'a>,
}

/// [`quorate_protocol::Welcome`], with parts that are text already; a test holds the two together.
#[derive(Serialize)]
struct Data<'a> {
    session: SessionInfo,
    seq: Seq,
    resumed: bool,
    you: You,
    meeting: MeetingInfo,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<State<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<WaitingStanding>,
    limits: &'a Limits,
    heartbeat_seconds: u32,
    server: ServerInfo,
}

#[derive(Serialize)]
struct State<'a> {
    seq: Seq,
    participants: &'a RawValue,
    total: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<CustomRole>,
    hands: &'a [ParticipantId],
    chat: &'a RawValue,
}

impl Shared {
    /// The text of a welcome for this person.
    pub(super) fn welcome(
        &mut self,
        facts: &Facts,
        person: &Person,
        start: &Start<'_>,
        settings: &Settings,
    ) -> Utf8Bytes {
        if self.head != facts.head {
            *self = Shared { head: facts.head, ..Shared::default() };
        }
        let own = Own::new(facts, person);
        let state =
            (person.is_in() && !start.resumed).then(|| self.state(facts, person, &own, start.now));
        let frame = Frame {
            r#type: "welcome",
            id: start.id,
            data: Data {
                session: SessionInfo {
                    id: start.session,
                    token: (settings.resume_tokens)(facts.info.id, start.session, start.credential),
                    grace_seconds: settings.terms.grace_seconds,
                },
                seq: facts.head,
                resumed: start.resumed,
                you: facts.you(person),
                meeting: facts.meeting_info(),
                state,
                waiting: facts.standing(start.now, person),
                limits: &settings.limits,
                heartbeat_seconds: settings.heartbeat_seconds,
                server: ServerInfo {
                    version: env!("CARGO_PKG_VERSION").to_owned(),
                    time: start.now,
                },
            },
        };
        serde_json::to_string(&frame).expect("a welcome serialises").into()
    }

    fn state<'a>(
        &'a mut self,
        facts: &'a Facts,
        person: &Person,
        own: &'a Own,
        now: Timestamp,
    ) -> State<'a> {
        let admits = person.view.permissions.has(Permission::ParticipantAdmit);
        if own.participants.is_none() && self.participants.is_none() {
            self.participants = Some(raw(&facts.roster(person)));
        }
        if own.chat.is_none() && self.chat.is_none() {
            self.chat = Some(raw(&facts.recent_chat(person)));
        }
        if admits && self.waiting.is_none() {
            self.waiting = Some(raw(&facts.waiting_entries(now)));
        }
        let shared = &*self;
        State {
            seq: facts.head,
            participants: pick(&own.participants, &shared.participants),
            total: facts.present,
            waiting: shared.waiting.as_deref().filter(|_| admits),
            roles: facts.custom_roles(),
            hands: &facts.hands,
            chat: pick(&own.chat, &shared.chat),
        }
    }
}

/// The parts of a snapshot that are this viewer's own, where they are.
struct Own {
    participants: Option<Box<RawValue>>,
    chat: Option<Box<RawValue>>,
}

impl Own {
    fn new(facts: &Facts, person: &Person) -> Own {
        let lists = person.view.permissions.has(Permission::ParticipantList);
        let all_read = facts.info.settings.chat_history == ChatHistory::All;
        let same_chat = all_read && facts.chat.recent_is_public();
        Own {
            participants: (!lists).then(|| raw(&facts.roster(person))),
            chat: (!same_chat).then(|| raw::<Vec<ChatMessage>>(&facts.recent_chat(person))),
        }
    }
}

fn pick<'a>(own: &'a Option<Box<RawValue>>, shared: &'a Option<Box<RawValue>>) -> &'a RawValue {
    own.as_deref().or(shared.as_deref()).unwrap_or(RawValue::NULL)
}

fn raw<T: Serialize>(value: &T) -> Box<RawValue> {
    to_raw_value(value).expect("wire types serialise")
}
