//! Who passes: the gate of a meeting that is private or has a passcode, and the waiting room's rules for
//! coming in without approval.

use quorate_protocol::{MeetingType, Pass, Permission, Strangers, Timestamp, UserKind, Via};

use super::door::Entrant;
use super::facts::Facts;
use super::{Passcode, Refusal, Terms};

/// How one stands with a meeting that is not open to all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    /// There is no gate, or none for them.
    Open,
    /// They pass by this.
    By(Via),
    /// They may knock, and someone must let them in.
    Stranger,
}

impl Facts {
    /// The gate comes before all else that a meeting says, so that a private one tells strangers nothing.
    /// Who was removed or sent back passes it too: they are known here, and wait for approval in any case.
    pub(super) fn gate(
        &self,
        now: Timestamp,
        me: &Entrant<'_>,
        terms: &Terms,
    ) -> Result<Gate, Refusal> {
        let private = self.info.kind == MeetingType::Private;
        let for_passing = self.info.settings.waiting_passes.contains(&Pass::Passcode);
        let asks = self.info.has_passcode && (private || !for_passing);
        let waits = me.known.is_some_and(|person| person.removed || person.sent_back);
        if !(private || asks) || waits || self.is_staff(me.enter.user) {
            return Ok(Gate::Open);
        }
        if self.is_invited(me) {
            return Ok(Gate::By(Via::Invited));
        }
        if me.was_in_within(now, terms.return_seconds) {
            return Ok(Gate::By(Via::Returning));
        }
        if self.is_staffs_bot(me) {
            return Ok(Gate::Open);
        }
        match (asks, me.enter.passcode) {
            (true, Passcode::Right) => Ok(Gate::By(Via::Passcode)),
            (true, Passcode::Missing) => Err(Refusal::PasscodeRequired),
            (true, Passcode::Wrong) => Err(Refusal::PasscodeWrong),
            (false, _) if self.info.settings.private_strangers == Strangers::Wait => {
                Ok(Gate::Stranger)
            }
            // As though it were not there.
            (false, _) => Err(Refusal::NotFound { what: "meeting", last: None }),
        }
    }

    /// By which rule one comes in without approval; none: someone must let them in.
    pub(super) fn passes_by(
        &self,
        now: Timestamp,
        me: &Entrant<'_>,
        gate: Gate,
        terms: &Terms,
    ) -> Option<Via> {
        let user = me.enter.user;
        if self.is_seated(user) {
            return Some(Via::Staff);
        }
        if gate == Gate::Stranger || me.known.is_some_and(|person| person.sent_back) {
            return None;
        }
        if !self.info.requires_approval {
            return Some(match gate {
                _ if self.is_staff(user) => Via::Staff,
                Gate::By(via) => via,
                Gate::Open | Gate::Stranger => Via::Open,
            });
        }
        let rules = [
            (Pass::Staff, Via::Staff, self.is_staff(user)),
            (Pass::Returning, Via::Returning, me.was_in_within(now, terms.return_seconds)),
            (Pass::Invited, Via::Invited, self.is_invited(me)),
            (Pass::Domain, Via::Domain, self.is_of_domain(me)),
            (Pass::Passcode, Via::Passcode, self.knows_passcode(me)),
            (Pass::BotScope, Via::BotScope, self.has_scope(me)),
            (Pass::Members, Via::Members, me.enter.kind == UserKind::Member),
        ];
        let allowed = &self.info.settings.waiting_passes;
        let rule = rules.into_iter().find(|(pass, _, holds)| *holds && allowed.contains(pass));
        rule.map(|(_, via, _)| via)
    }

    fn is_invited(&self, me: &Entrant<'_>) -> bool {
        self.invitees.has(me.enter.user, me.enter.email.as_deref())
    }

    fn is_of_domain(&self, me: &Entrant<'_>) -> bool {
        let domain = me.enter.email.as_deref().and_then(|email| email.rsplit_once('@'));
        domain.is_some_and(|(_, domain)| {
            let mut domains = self.info.settings.waiting_domains.iter();
            domains.any(|allowed| allowed.to_lowercase() == domain.to_lowercase())
        })
    }

    fn knows_passcode(&self, me: &Entrant<'_>) -> bool {
        self.info.has_passcode && me.enter.passcode == Passcode::Right
    }

    /// Whether a bot's token has the scope `participant.admit`, and its owner that permission here.
    fn has_scope(&self, me: &Entrant<'_>) -> bool {
        let admits = Permission::ParticipantAdmit;
        me.enter.bot.as_ref().is_some_and(|bot| {
            let owners = bot.owner.is_none_or(|owner| self.can_of_owner(owner).set.has(admits));
            bot.scopes.has(admits) && owners
        })
    }

    /// A bot of the host, the owner or a co-host, or of the server itself, belongs here as they do.
    fn is_staffs_bot(&self, me: &Entrant<'_>) -> bool {
        let bot = me.enter.bot.as_ref();
        bot.is_some_and(|bot| bot.owner.is_none_or(|owner| self.is_staff(owner)))
    }
}
