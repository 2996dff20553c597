//! Chat: to all, to one person, to staff. A message's id is its event's `seq`.

use quorate_protocol::{
    ChatDelete, ChatHistory, ChatHistoryGet, ChatMessage, ChatSend, ChatSent, ChatTo,
    HISTORY_BYTES_MAX, MESSAGES_MAX, MessageId, ParticipantId, Permission, RoomId,
    SNAPSHOT_CHAT_BYTES_MAX, SNAPSHOT_CHAT_MAX, Seq, TEXT_CHARS_MAX, Timestamp,
};

use super::activity::MESSAGE_CHARS_MIN;
use super::event::{Audience, Event, Fact, Personal, STAFF_RANK};
use super::facts::Facts;
use super::person::Person;
use super::profile::page_size;
use super::{Answer, Decision, Refusal, text};

mod pins;

/// Messages whose texts are kept in memory; older ones are read from the journal.
const TEXTS_KEPT: usize = 200;

/// All messages of a meeting, oldest first, the texts of the last ones among them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chat {
    messages: Vec<Message>,
    /// Those that are pinned, in the order in which they were.
    pins: Vec<MessageId>,
}

/// A message.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    id: MessageId,
    at: Timestamp,
    by: ParticipantId,
    to: Option<ChatTo>,
    room: Option<RoomId>,
    reply_to: Option<MessageId>,
    pinned: bool,
    deleted: bool,
    text: Option<Box<str>>,
}

/// A page of messages, newest first; texts that are no longer in memory are to be filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryPage {
    /// The messages.
    pub items: Vec<ChatMessage>,
    /// The id before which the next page begins.
    pub next: Option<i64>,
}

impl HistoryPage {
    /// The events whose texts must be read from the journal.
    #[must_use]
    pub fn missing(&self) -> Vec<Seq> {
        let missing = self.items.iter().filter(|item| item.text.is_none() && !item.deleted);
        missing.map(|item| Seq(item.message.0)).collect()
    }

    /// Ends the page early where its texts are too long for one frame.
    pub fn cut(&mut self) {
        let mut bytes = 0;
        let fits = |item: &ChatMessage| {
            bytes += item.text.as_ref().map_or(0, String::len);
            bytes <= HISTORY_BYTES_MAX
        };
        let kept = self.items.iter().map(fits).take_while(|fits| *fits).count();
        if kept < self.items.len() {
            self.items.truncate(kept);
            self.next = self.items.last().map(|last| last.message.0 as i64);
        }
    }

    /// Takes out what was redacted after the page was made.
    pub fn redact(&mut self, ranges: &[(Seq, Seq)]) {
        for item in &mut self.items {
            let seq = Seq(item.message.0);
            if ranges.iter().any(|(first, last)| (*first..=*last).contains(&seq)) {
                (item.text, item.deleted, item.pinned) = (None, true, false);
            }
        }
    }

    /// Fills in the texts that these events bring.
    pub fn fill_in(&mut self, events: &[Event]) {
        for item in &mut self.items {
            let found = events.binary_search_by_key(&item.message.0, |event| event.seq.0);
            if let Some(event) = found.ok().and_then(|index| events.get(index)) {
                item.text = event.personal.as_ref().and_then(|personal| personal.text.clone());
                // Deleted between the question and the reading.
                item.deleted = item.text.is_none();
            }
        }
    }
}

impl Message {
    /// Who saw it, and who may see what becomes of it.
    pub(super) fn audience(&self) -> Audience {
        audience(self.by, self.to, self.room)
    }

    /// The breakout room it stays in.
    pub(super) fn room(&self) -> Option<RoomId> {
        self.room
    }

    fn visible_to(&self, viewer: &Person, history: ChatHistory) -> bool {
        let since_join = history == ChatHistory::SinceJoin && self.at < viewer.joined_at;
        match self.to {
            None | Some(ChatTo::Room) if let Some(room) = self.room => {
                let seen = viewer.rooms_seen.get(&room);
                let reads = |since: &Seq| history == ChatHistory::All || self.id.0 > since.0;
                self.by == viewer.id || seen.is_some_and(reads)
            }
            None => !since_join,
            Some(ChatTo::Room) => self.by == viewer.id || (viewer.room.is_none() && !since_join),
            Some(ChatTo::Participant(other)) => self.by == viewer.id || other == viewer.id,
            Some(ChatTo::Staff) => {
                self.by == viewer.id || (viewer.view.rank >= STAFF_RANK && !since_join)
            }
        }
    }

    fn shown(&self) -> ChatMessage {
        ChatMessage {
            message: self.id,
            at: self.at,
            by: self.by,
            text: self.text.as_deref().map(str::to_owned),
            to: self.to,
            room: self.room,
            reply_to: self.reply_to,
            pinned: self.pinned,
            deleted: self.deleted,
        }
    }
}

/// Who may see a message.
fn audience(by: ParticipantId, to: Option<ChatTo>, room: Option<RoomId>) -> Audience {
    match to {
        None if room.is_none() => Audience::EVERYONE,
        None | Some(ChatTo::Room) => Audience::room(room).and(by),
        Some(ChatTo::Participant(other)) => Audience::people(vec![by, other]),
        Some(ChatTo::Staff) => Audience::STAFF.and(by),
    }
}

impl Chat {
    pub(super) fn sent(
        &mut self,
        event: &Event,
        to: Option<ChatTo>,
        room: Option<RoomId>,
        reply_to: Option<MessageId>,
    ) {
        let Some(by) = event.by else { return };
        let text = event.personal.as_ref().and_then(|personal| personal.text.as_deref());
        self.messages.push(Message {
            id: MessageId(event.seq.0),
            at: event.at,
            by,
            to,
            room,
            reply_to,
            pinned: false,
            deleted: false,
            text: text.map(Into::into),
        });
        if let Some(oldest) = self.messages.len().checked_sub(TEXTS_KEPT + 1) {
            self.messages[oldest].text = None;
        }
    }

    pub(super) fn deleted(&mut self, id: MessageId) {
        if let Ok(index) = self.position(id) {
            self.messages[index].deleted = true;
            self.messages[index].text = None;
            self.unpinned(id);
        }
    }

    fn position(&self, id: MessageId) -> Result<usize, usize> {
        self.messages.binary_search_by_key(&id, |message| message.id)
    }

    fn get(&self, id: MessageId) -> Option<&Message> {
        self.messages.get(self.position(id).ok()?)
    }

    /// Whether the last messages are the same for every viewer.
    #[must_use]
    pub fn recent_is_public(&self) -> bool {
        let recent = self.messages.len().saturating_sub(TEXTS_KEPT);
        self.messages[recent..].iter().all(|message| message.to.is_none() && message.room.is_none())
    }
}

impl Facts {
    pub(super) fn send_chat(&self, me: &Person, ask: &ChatSend) -> Result<Decision, Refusal> {
        match ask.to {
            None | Some(ChatTo::Room) => self.require(me, Permission::ChatSend)?,
            Some(ChatTo::Participant(_)) => self.require(me, Permission::ChatPrivate)?,
            Some(ChatTo::Staff) => {}
        }
        text::check("text", &ask.text, TEXT_CHARS_MAX)?;
        if let Some(ChatTo::Participant(other)) = ask.to {
            if other == me.id {
                return Err(Refusal::Invalid { field: "to", message: "cannot be oneself" });
            }
            let person = self.person(other)?;
            if !person.is_in() {
                return Err(Refusal::NotFound { what: "participant", last: person.last() });
            }
        }
        if let Some(id) = ask.reply_to {
            self.message(me, id)?;
        }
        if self.chat.messages.len() >= MESSAGES_MAX {
            return Err(Refusal::Conflict("this meeting holds no more messages"));
        }
        let room = match ask.to {
            None | Some(ChatTo::Room) => me.room,
            Some(ChatTo::Participant(_) | ChatTo::Staff) => None,
        };
        let short = ask.text.trim().chars().count() < MESSAGE_CHARS_MIN;
        let sent = Fact::ChatSent { to: ask.to, room, reply_to: ask.reply_to, short };
        let personal = Personal { text: Some(ask.text.clone()), ..Personal::default() };
        let message = MessageId(self.head.next().0);
        Ok(Decision::by(me)
            .personal_event(audience(me.id, ask.to, room), sent, personal)
            .answer(&ChatSent { message }))
    }

    /// One deletes one's own messages, or with `chat.moderate` any that one can see.
    pub(super) fn delete_chat(&self, me: &Person, ask: ChatDelete) -> Result<Decision, Refusal> {
        let message = self.message(me, ask.message)?;
        if message.by != me.id {
            self.require(me, Permission::ChatModerate)?;
        }
        if message.deleted {
            return Ok(Decision::already(None));
        }
        let seq = Seq(message.id.0);
        Ok(Decision::by(me)
            .event(self.concerned(message), Fact::ChatDeleted { message: message.id })
            .event(Audience::NOBODY, Fact::Redacted { ranges: vec![(seq, seq)] }))
    }

    pub(super) fn chat_history(
        &self,
        me: &Person,
        ask: ChatHistoryGet,
    ) -> Result<Decision, Refusal> {
        let limit = page_size(ask.limit)?;
        let end = ask.before.map_or(self.chat.messages.len(), |before| {
            self.chat.position(before).unwrap_or_else(|index| index)
        });
        let history = self.info.settings.chat_history;
        let mut visible =
            self.chat.messages[..end].iter().rev().filter(|m| m.visible_to(me, history));
        let items: Vec<_> = visible.by_ref().take(limit).map(Message::shown).collect();
        let last = items.last().map(|item| item.message.0 as i64);
        let next = last.filter(|_| visible.next().is_some());
        let mut decision = Decision::by(me);
        decision.answer = Answer::History(HistoryPage { items, next });
        Ok(decision)
    }

    /// The last messages that someone may see, oldest first.
    #[must_use]
    pub fn recent_chat(&self, viewer: &Person) -> Vec<ChatMessage> {
        let history = self.info.settings.chat_history;
        let recent = self.chat.messages.iter().rev().take(TEXTS_KEPT);
        let mut bytes = 0;
        let mut shown: Vec<_> = recent
            .filter(|message| message.visible_to(viewer, history))
            .take(SNAPSHOT_CHAT_MAX)
            .map(Message::shown)
            .take_while(|message| {
                bytes += message.text.as_deref().map_or(0, text::json_bytes);
                bytes <= SNAPSHOT_CHAT_BYTES_MAX
            })
            .collect();
        shown.reverse();
        shown
    }

    fn message(&self, me: &Person, id: MessageId) -> Result<&Message, Refusal> {
        let history = self.info.settings.chat_history;
        let message = self.chat.get(id).filter(|message| message.visible_to(me, history));
        message.ok_or(Refusal::NotFound { what: "message", last: None })
    }
}
