//! What people work on together: polls, the agenda, the timer, decisions and action items.
//!
//! All of it belongs to the meeting, goes to everyone in it across rooms, and stands in the snapshot.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ActionId, Date, DecisionId, ItemId, ParticipantId, PollId, Timestamp};

/// A poll, as a snapshot shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Poll {
    /// The poll's id.
    pub poll: PollId,
    /// The question; empty after a redaction.
    pub question: String,
    /// What may be chosen; one is named by its index, from 0. Empty texts after a redaction.
    pub choices: Vec<String>,
    /// Whether one may choose several.
    pub multiple: bool,
    /// Whether nobody is told who chose what.
    pub anonymous: bool,
    /// Whether one may vote.
    pub open: bool,
    /// When it closes by itself; null is never.
    pub closes_at: Option<Timestamp>,
    /// How many chose each, in the order of `choices`.
    pub counts: Vec<u32>,
    /// How many voted.
    pub voters: u32,
    /// What one chose oneself, rising; null is nothing yet.
    pub mine: Option<Vec<u32>>,
}

/// Data of `poll.open`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PollOpen {
    /// The question, at most 500 characters.
    pub question: String,
    /// 2 to 20 distinct texts of at most 200 characters; blanks around them are taken off.
    pub choices: Vec<String>,
    /// Whether one may choose several; absent is one only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub multiple: bool,
    /// Whether nobody is told who chose what; absent is that staff is told when it closes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anonymous: bool,
    /// After how many seconds it closes by itself, 5 to 86400; absent is never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
}

/// A poll: data of `poll.close`, and the answer to `poll.open`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PollOnly {
    /// Which poll.
    pub poll: PollId,
}

/// What one chooses in a poll: data of `poll.vote`, and of the event `poll.vote_cast`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PollVote {
    /// Which poll.
    pub poll: PollId,
    /// What one chooses, as indexes from 0: exactly one, or with `multiple` at least one, each once.
    /// Takes the place of what one chose before.
    pub choices: Vec<u32>,
}

/// Data of `poll.opened`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PollOpened {
    /// The poll's id.
    pub poll: PollId,
    /// The question; empty after a redaction.
    pub question: String,
    /// What may be chosen; one is named by its index, from 0. Empty texts after a redaction.
    pub choices: Vec<String>,
    /// Whether one may choose several.
    pub multiple: bool,
    /// Whether nobody is told who chose what.
    pub anonymous: bool,
    /// When it closes by itself; null is never.
    pub closes_at: Option<Timestamp>,
}

/// How a poll stands: data of the signal `poll.voted`, and of the event `poll.closed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PollTally {
    /// Which poll.
    pub poll: PollId,
    /// How many chose each, in the order of `choices`.
    pub counts: Vec<u32>,
    /// How many voted.
    pub voters: u32,
}

/// Data of `poll.votes_told`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PollVotesTold {
    /// Which poll.
    pub poll: PollId,
    /// Who chose what, at most 1000; further ones follow in events of the same type.
    pub votes: Vec<CastVote>,
}

/// What someone chose in a poll that is not anonymous.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CastVote {
    /// Who.
    pub participant: ParticipantId,
    /// What, as indexes from 0, rising.
    pub choices: Vec<u32>,
}

/// The agenda, as a snapshot shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Agenda {
    /// The items, in order.
    pub items: Vec<AgendaItem>,
    /// The one that is spoken of now.
    pub current: Option<ItemId>,
}

/// An item of the agenda.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgendaItem {
    /// The item's id.
    pub item: ItemId,
    /// The title; empty after a redaction.
    pub title: String,
    /// How many minutes it is to take.
    pub minutes: u32,
    /// Who leads it.
    pub owner: Option<ParticipantId>,
    /// When it first became the current one; null is not yet.
    pub started_at: Option<Timestamp>,
    /// For how many seconds it was the current one up to now, all times together.
    pub spent_seconds: u64,
}

/// Data of `agenda.set`: the whole agenda, in the place of the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgendaSet {
    /// The items in order, at most 100.
    pub items: Vec<AgendaPlan>,
}

/// An item as `agenda.set` plans it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgendaPlan {
    /// An item that is there already and keeps its id and its time; absent is a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<ItemId>,
    /// The title, at most 200 characters.
    pub title: String,
    /// How many minutes it is to take, 0 to 1440.
    pub minutes: u32,
    /// Who leads it: someone who is or was here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<ParticipantId>,
}

/// Data of the event `agenda.set`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgendaChanged {
    /// The items, in order. The current one stays it while it is among them.
    pub items: Vec<AgendaItem>,
}

/// Data of `agenda.go_to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgendaGoTo {
    /// Which item is the current one now; null or absent is none.
    #[serde(default)]
    pub item: Option<ItemId>,
}

/// Data of `agenda.moved`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgendaMoved {
    /// Which item is the current one now; null is none.
    pub item: Option<ItemId>,
    /// Which was it before; null is none.
    pub from: Option<ItemId>,
}

/// Data of `timer.start`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimerStart {
    /// How long it runs, 1 to 86400 seconds.
    pub seconds: u32,
    /// What it is for, at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// The running timer: in a snapshot, and as data of `timer.started`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Timer {
    /// When it ends.
    pub ends_at: Timestamp,
    /// What it is for.
    pub label: Option<String>,
}

/// Data of `decision.record`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionRecord {
    /// What was decided, at most 2000 characters.
    pub text: String,
}

/// Answer to `decision.record`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionOnly {
    /// The decision's id.
    pub decision: DecisionId,
}

/// A decision: in a snapshot, and as data of `decision.recorded`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordedDecision {
    /// The decision's id.
    pub decision: DecisionId,
    /// What was decided; empty after a redaction.
    pub text: String,
}

/// Data of `action.record`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionRecord {
    /// What is to be done, at most 2000 characters.
    pub text: String,
    /// Who does it: someone who is or was here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<ParticipantId>,
    /// By when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
}

/// Answer to `action.record`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActionOnly {
    /// The action item's id.
    pub action: ActionId,
}

/// An action item: in a snapshot, and as data of `action.recorded`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActionItem {
    /// The action item's id.
    pub action: ActionId,
    /// What is to be done; empty after a redaction.
    pub text: String,
    /// Who does it.
    pub owner: Option<ParticipantId>,
    /// By when.
    pub due: Option<Date>,
}
