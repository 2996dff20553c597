//! `welcome`, with its snapshot: what is the same for many viewers is serialised once per step.

use quorate_protocol::{
    ChatHistory, ChatMessage, CustomRole, Limits, MeetingInfo, MessageId, ParticipantId,
    Permission, PrivacyTold, Seq, ServerInfo, SessionId, SessionInfo, Timer, Timestamp,
    WaitingStanding, You,
};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::Settings;
use super::mail::Credential;
use crate::meeting::{Meeting, Person};

/// How old the shared parts may be, in milliseconds.
const SHARED_MS_MAX: u64 = 1000;

/// What a welcome says beside the state.
pub(super) struct Start<'a> {
    pub(super) session: SessionId,
    pub(super) credential: &'a Credential,
    /// 1 for the answer to `hello`; none when one's standing changed.
    pub(super) id: Option<i64>,
    pub(super) resumed: bool,
    pub(super) now: Timestamp,
}

/// The parts of a snapshot that many viewers share, as of one head. What tells how long something took
/// may be a second old.
#[derive(Debug, Default)]
pub(super) struct Shared {
    head: Seq,
    at: Timestamp,
    /// As those see them who see nobody's connection.
    participants: Option<Box<RawValue>>,
    /// As those see them who see everyone's, and as of which change of these.
    measured: Option<(u64, Box<RawValue>)>,
    waiting: Option<Box<RawValue>>,
    polls: Option<Box<RawValue>>,
    agenda: Option<Box<RawValue>>,
    decisions: Option<Box<RawValue>>,
    actions: Option<Box<RawValue>>,
    chat: Option<Box<RawValue>>,
    rooms: Option<Box<RawValue>>,
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
    privacy: PrivacyTold,
    limits: &'a Limits,
    heartbeat_seconds: u32,
    server: ServerInfo,
}

#[derive(Serialize)]
struct State<'a> {
    seq: Seq,
    participants: &'a RawValue,
    total: u32,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    large: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<CustomRole>,
    hands: &'a [ParticipantId],
    polls: &'a RawValue,
    agenda: &'a RawValue,
    timer: Option<&'a Timer>,
    decisions: &'a RawValue,
    actions: &'a RawValue,
    chat: &'a RawValue,
    rooms: &'a RawValue,
    pins: Vec<MessageId>,
}

impl Shared {
    /// The text of a welcome for this person.
    pub(super) fn welcome(
        &mut self,
        meeting: &Meeting,
        person: &Person,
        start: &Start<'_>,
        settings: &Settings,
    ) -> Utf8Bytes {
        let facts = &meeting.facts;
        if self.head != facts.head || start.now.ms_since(self.at) >= SHARED_MS_MAX {
            *self = Shared { head: facts.head, at: start.now, ..Shared::default() };
        }
        let own = Own::new(meeting, person);
        let state = (person.is_in() && !start.resumed)
            .then(|| self.state(meeting, person, &own, start.now));
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
                meeting: facts.meeting_info_for(person),
                state,
                waiting: facts.standing(start.now, person),
                privacy: facts.privacy(settings.terms.privacy).into(),
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
        meeting: &'a Meeting,
        person: &Person,
        own: &'a Own,
        now: Timestamp,
    ) -> State<'a> {
        let facts = &meeting.facts;
        let admits = person.view.permissions.has(Permission::ParticipantAdmit);
        let measured = meeting.shows_everyones_quality(person);
        if own.participants.is_none() {
            self.share_roster(meeting, person, measured);
        }
        if own.polls.is_none() && self.polls.is_none() {
            self.polls = Some(raw(&facts.polls.shown(person.id)));
        }
        self.agenda.get_or_insert_with(|| raw(&facts.agenda_shown(now)));
        self.decisions.get_or_insert_with(|| raw(&facts.records.decisions()));
        self.actions.get_or_insert_with(|| raw(&facts.records.actions()));
        if own.chat.is_none() && self.chat.is_none() {
            self.chat = Some(raw(&facts.recent_chat(person)));
        }
        if own.rooms.is_none() && self.rooms.is_none() {
            self.rooms = Some(raw(&facts.rooms(person)));
        }
        if admits && self.waiting.is_none() {
            self.waiting = Some(raw(&facts.waiting_shown(now)));
        }
        let shared = &*self;
        State {
            seq: facts.head,
            participants: match &shared.measured {
                Some((_, text)) if measured && own.participants.is_none() => text,
                _ => pick(&own.participants, &shared.participants),
            },
            total: facts.present,
            large: facts.info.large,
            waiting: shared.waiting.as_deref().filter(|_| admits),
            roles: facts.custom_roles(),
            hands: &facts.hands,
            polls: pick(&own.polls, &shared.polls),
            agenda: pick(&None, &shared.agenda),
            timer: facts.timer.as_ref(),
            decisions: pick(&None, &shared.decisions),
            actions: pick(&None, &shared.actions),
            chat: pick(&own.chat, &shared.chat),
            rooms: pick(&own.rooms, &shared.rooms),
            pins: facts.pins(person),
        }
    }

    /// Makes the roster that this person has in common with others.
    fn share_roster(&mut self, meeting: &Meeting, person: &Person, measured: bool) {
        let changes = meeting.quality_changes();
        if !measured {
            self.participants.get_or_insert_with(|| raw(&meeting.roster(person)));
        } else if self.measured.as_ref().is_none_or(|(made, _)| *made != changes) {
            self.measured = Some((changes, raw(&meeting.roster(person))));
        }
    }
}

/// The parts of a snapshot that are this viewer's own, where they are.
struct Own {
    participants: Option<Box<RawValue>>,
    polls: Option<Box<RawValue>>,
    chat: Option<Box<RawValue>>,
    rooms: Option<Box<RawValue>>,
}

impl Own {
    fn new(meeting: &Meeting, person: &Person) -> Own {
        let facts = &meeting.facts;
        let lists = person.view.permissions.has(Permission::ParticipantList);
        let all_read = facts.info.settings.chat_history == ChatHistory::All;
        let same_chat = all_read && facts.chat.recent_is_public();
        // Who has not voted sees the polls as everyone does who has not.
        let voted = facts.polls.has_vote_of(person.id);
        Own {
            participants: (!lists || meeting.sees_own_quality_alone(person))
                .then(|| raw(&meeting.roster(person))),
            polls: voted.then(|| raw(&facts.polls.shown(person.id))),
            chat: (!same_chat).then(|| raw::<Vec<ChatMessage>>(&facts.recent_chat(person))),
            rooms: facts.breakouts.needs_help().then(|| raw(&facts.rooms(person))),
        }
    }
}

fn pick<'a>(own: &'a Option<Box<RawValue>>, shared: &'a Option<Box<RawValue>>) -> &'a RawValue {
    own.as_deref().or(shared.as_deref()).unwrap_or(RawValue::NULL)
}

fn raw<T: Serialize>(value: &T) -> Box<RawValue> {
    to_raw_value(value).expect("wire types serialise")
}
