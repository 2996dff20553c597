//! What passes between people: reactions, and WebRTC signalling.

use quorate_protocol::{
    EMOJI_CHARS_MAX, Permission, RTC_BYTES_MAX, Reaction, ReactionSend, Rtc, RtcDelivered, RtcSend,
    SessionId, SignalBody,
};

use super::facts::Facts;
use super::measures::Measured;
use super::person::Person;
use super::{Decision, Refusal, SignalTo, text};

impl Facts {
    pub(super) fn send_reaction(
        &self,
        me: &Person,
        ask: &ReactionSend,
    ) -> Result<Decision, Refusal> {
        self.require(me, Permission::ReactionSend)?;
        text::check("emoji", &ask.emoji, EMOJI_CHARS_MAX)?;
        let reaction = Reaction { participant: me.id, emoji: ask.emoji.clone() };
        let to = SignalTo::Audience(self.around(me));
        let decision = Decision::by(me).measuring(Measured::Reaction);
        Ok(decision.signal(to, SignalBody::Reaction(reaction)))
    }

    pub(super) fn send_rtc(
        &self,
        from: SessionId,
        me: &Person,
        ask: &RtcSend,
    ) -> Result<Decision, Refusal> {
        if ask.to == me.id && ask.session.is_none_or(|session| session == from) {
            return Err(Refusal::Invalid { field: "to", message: "cannot be oneself" });
        }
        let bytes = serde_json::to_string(&ask.data).map_or(0, |text| text.len());
        if bytes > RTC_BYTES_MAX {
            return Err(Refusal::TooLarge { field: "data", limit: RTC_BYTES_MAX });
        }
        let person = self.room_mate(me, ask.to)?;
        let asked = |id: &SessionId| ask.session.is_none_or(|session| session == *id);
        let reached = person.sessions.iter().copied();
        let reached: Vec<_> =
            reached.filter(|id| asked(id) && *id != from && !self.lost.contains(id)).collect();
        let delivered = RtcDelivered { delivered: reached.len() };
        let rtc = Rtc { from: me.id, from_session: from, data: ask.data.clone() };
        Ok(Decision::by(me)
            .signal(SignalTo::Sessions(reached), SignalBody::Rtc(rtc))
            .carrying(bytes, delivered.delivered)
            .answer(&delivered))
    }
}
