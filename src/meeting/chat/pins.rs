//! Pinned messages: a few that all who may read them shall find. Deleting a message unpins it.

use quorate_protocol::{MessageId, MessageOnly, PINS_MAX, Permission};

use super::{Chat, ChatTo, Decision, Fact, Facts, Message, Person, Refusal};

impl Facts {
    pub(in crate::meeting) fn pin(
        &self,
        me: &Person,
        ask: MessageOnly,
    ) -> Result<Decision, Refusal> {
        let message = self.pinnable(me, ask)?;
        if message.deleted {
            return Err(Refusal::Conflict("the message was deleted"));
        }
        if matches!(message.to, Some(ChatTo::Participant(_))) {
            return Err(Refusal::Conflict("a private message is pinned for nobody"));
        }
        if message.pinned {
            return Ok(Decision::already(None));
        }
        if self.chat.pins.len() >= PINS_MAX {
            let message = "there are as many pinned messages as there may be; unpin one first";
            return Err(Refusal::TooMany { message, limit: PINS_MAX });
        }
        let pinned = Fact::ChatPinned { message: message.id };
        Ok(Decision::by(me).event(self.concerned(message), pinned))
    }

    pub(in crate::meeting) fn unpin(
        &self,
        me: &Person,
        ask: MessageOnly,
    ) -> Result<Decision, Refusal> {
        let message = self.pinnable(me, ask)?;
        if !message.pinned {
            return Ok(Decision::already(None));
        }
        let unpinned = Fact::ChatUnpinned { message: message.id };
        Ok(Decision::by(me).event(self.concerned(message), unpinned))
    }

    fn pinnable(&self, me: &Person, ask: MessageOnly) -> Result<&Message, Refusal> {
        self.require(me, Permission::ChatModerate)?;
        self.message(me, ask.message)
    }

    /// The pinned messages that someone may see, in the order in which they were pinned.
    #[must_use]
    pub fn pins(&self, viewer: &Person) -> Vec<MessageId> {
        let history = self.info.settings.chat_history;
        let seen = |id: &MessageId| {
            self.chat.get(*id).is_some_and(|message| message.visible_to(viewer, history))
        };
        self.chat.pins.iter().copied().filter(seen).collect()
    }
}

impl Chat {
    pub(in crate::meeting) fn pinned(&mut self, id: MessageId) {
        if let Ok(index) = self.position(id)
            && !self.messages[index].pinned
        {
            self.messages[index].pinned = true;
            self.pins.push(id);
        }
    }

    pub(in crate::meeting) fn unpinned(&mut self, id: MessageId) {
        if let Ok(index) = self.position(id) {
            self.messages[index].pinned = false;
            self.pins.retain(|pin| *pin != id);
        }
    }
}
