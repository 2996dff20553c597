//! Who is invited: users, and whoever has an email address, verified by what they sign in with.
//!
//! An invitation is looked at when someone is at the door: it lets nobody in who waits already, and puts
//! nobody out when it is taken back. An address is personal: once its event is redacted, the invitation
//! stands there and matches nobody.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};

use quorate_protocol::{
    EMAIL_CHARS_MAX, INVITEES_MAX, Invited, Invitee, InviteeAdd, InviteeId, InviteeList, Page,
    Permission, Seq, Timestamp, UserId,
};

use super::event::{Audience, Fact, Personal};
use super::facts::Facts;
use super::person::Person;
use super::profile::page_size;
use super::{Decision, Refusal, text};

/// Who is invited.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Invitees {
    by_id: BTreeMap<InviteeId, Invitation>,
    by_user: BTreeMap<UserId, InviteeId>,
    by_email: BTreeMap<String, InviteeId>,
    /// The highest id that was given out; none is given twice.
    last: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Invitation {
    user: Option<UserId>,
    email: Option<String>,
    required: bool,
    /// The event that holds the address.
    event: Seq,
    at: Timestamp,
}

/// Who is meant: either a user or an address.
enum Whom {
    User(UserId),
    Email(String),
}

impl Invitees {
    /// Whether a user is invited, or the address that was verified for them.
    #[must_use]
    pub fn has(&self, user: UserId, email: Option<&str>) -> bool {
        self.by_user.contains_key(&user)
            || email.is_some_and(|email| self.by_email.contains_key(&text::address(email)))
    }

    /// When a user was invited first, or the address that was verified for them.
    pub(super) fn since(&self, user: UserId, email: Option<&str>) -> Option<Timestamp> {
        let by_email = email.and_then(|email| self.by_email.get(&text::address(email)));
        let found = self.by_user.get(&user).into_iter().chain(by_email);
        found.filter_map(|id| self.by_id.get(id)).map(|it| it.at).min()
    }

    /// Whether there is an invitation of this id.
    pub(super) fn contains(&self, id: InviteeId) -> bool {
        self.by_id.contains_key(&id)
    }

    /// The id that the next invitation gets.
    pub(super) fn next(&self) -> InviteeId {
        InviteeId(self.last + 1)
    }

    /// Those of whom it is still known who they are: the user or the address, and whether they are expected.
    pub(super) fn known(&self) -> BTreeMap<InviteeId, (Option<UserId>, Option<String>, bool)> {
        let invitations =
            self.by_id.iter().filter(|(_, it)| it.user.is_some() || it.email.is_some());
        invitations.map(|(id, it)| (*id, (it.user, it.email.clone(), it.required))).collect()
    }

    fn find(&self, whom: &Whom) -> Option<InviteeId> {
        match whom {
            Whom::User(user) => self.by_user.get(user),
            Whom::Email(email) => self.by_email.get(email),
        }
        .copied()
    }

    pub(super) fn added(
        &mut self,
        id: InviteeId,
        (event, at): (Seq, Timestamp),
        user: Option<UserId>,
        required: bool,
        personal: Option<&Personal>,
    ) {
        let email = personal.and_then(|personal| personal.email.clone());
        self.last = self.last.max(id.0);
        self.by_user.extend(user.map(|user| (user, id)));
        self.by_email.extend(email.clone().map(|email| (email, id)));
        self.by_id.insert(id, Invitation { user, email, required, event, at });
    }

    pub(super) fn removed(&mut self, id: InviteeId) {
        let Some(invitation) = self.by_id.remove(&id) else { return };
        if let Some(user) = invitation.user {
            self.by_user.remove(&user);
        }
        if let Some(email) = invitation.email {
            self.by_email.remove(&email);
        }
    }

    pub(super) fn redacted(&mut self, ranges: &[(Seq, Seq)]) {
        for invitation in self.by_id.values_mut() {
            if ranges.iter().any(|(first, last)| (*first..=*last).contains(&invitation.event))
                && let Some(email) = invitation.email.take()
            {
                self.by_email.remove(&email);
            }
        }
    }
}

impl Facts {
    /// How many were required, and how many of them were there for at least half of the time that the meeting
    /// ran since they were invited. Left out are invitations since which it did not run, those of which it is
    /// no longer known for whom they are, and people of whom reports do not speak.
    #[must_use]
    pub fn required_present(&self, now: Timestamp) -> (u32, u32) {
        let there = |person: &&Person| person.attendance.is_any();
        let mut by_email: BTreeMap<String, Vec<&Person>> = BTreeMap::new();
        for person in self.people.values().filter(there) {
            if let Some(email) = &person.email {
                by_email.entry(text::address(email)).or_default().push(person);
            }
        }
        let (mut required, mut present) = (0, 0);
        for it in self.invitees.by_id.values().filter(|it| it.required) {
            let user = it.user.and_then(|user| self.person_of(user)).filter(there);
            let others = it.email.as_ref().and_then(|email| by_email.get(email));
            let mut whom = user.into_iter().chain(others.into_iter().flatten().copied());
            let live_ms = self.ran.ms_after(it.at, now);
            let unknown = it.user.is_none() && it.email.is_none();
            if live_ms == 0 || unknown || whom.clone().any(|person| !person.is_reported()) {
                continue;
            }
            required += 1;
            let half = |person: &Person| self.present_ms(person, it.at, now) * 2 >= live_ms;
            present += u32::from(whom.any(half));
        }
        (required, present)
    }

    pub(super) fn add_invitee(&self, me: &Person, ask: &InviteeAdd) -> Result<Decision, Refusal> {
        self.require(me, Permission::ParticipantInvite)?;
        let whom = whom(ask)?;
        if let Some(invitee) = self.invitees.find(&whom) {
            return Ok(Decision::by_system().answer(&Invited { invitee, already: true }));
        }
        if self.invitees.by_id.len() >= INVITEES_MAX {
            let message = "there are as many invitees as there may be; take one away first";
            return Err(Refusal::TooMany { message, limit: INVITEES_MAX });
        }
        let invitee = InviteeId(self.invitees.last + 1);
        let decision = invited(Decision::by(me), invitee, whom, ask.required);
        Ok(decision.answer(&Invited { invitee, already: false }))
    }

    pub(super) fn remove_invitee(&self, me: &Person, id: InviteeId) -> Result<Decision, Refusal> {
        self.require(me, Permission::ParticipantInvite)?;
        if !self.invitees.by_id.contains_key(&id) {
            return Err(Refusal::NotFound { what: "invitee", last: None });
        }
        let removed = Fact::InviteeRemoved { invitee: id };
        Ok(Decision::by(me).event(Audience::holders(Permission::ParticipantInvite), removed))
    }

    pub(super) fn list_invitees(&self, me: &Person, ask: InviteeList) -> Result<Decision, Refusal> {
        self.require(me, Permission::ParticipantInvite)?;
        let limit = page_size(ask.limit)?;
        let mut rest = match ask.after {
            Some(after) => self.invitees.by_id.range((Excluded(after), Unbounded)),
            None => self.invitees.by_id.range(..),
        };
        let shown = |(id, it): (&InviteeId, &Invitation)| Invitee {
            invitee: *id,
            user: it.user,
            email: it.email.clone(),
            required: it.required,
        };
        let items: Vec<_> = rest.by_ref().take(limit).map(shown).collect();
        let last = items.last().map(|item| i64::from(item.invitee.0));
        let next = rest.next().and(last);
        Ok(Decision::by(me).answer(&Page { items, next }))
    }

    /// Those who are invited when the meeting is made; who is named twice is invited once.
    pub(super) fn invite_first(
        &self,
        mut decision: Decision,
        invitees: &[InviteeAdd],
    ) -> Result<Decision, Refusal> {
        let mut so_far = Invitees::default();
        for ask in invitees {
            let whom = whom(ask).map_err(|no| match no {
                Refusal::Invalid { message, .. } => Refusal::Invalid { field: "invitees", message },
                Refusal::TooLarge { limit, .. } => Refusal::TooLarge { field: "invitees", limit },
                other => other,
            })?;
            if so_far.find(&whom).is_some() {
                continue;
            }
            let invitee = InviteeId(so_far.last + 1);
            decision = invited(decision, invitee, whom, ask.required);
            if let Some(draft) = decision.events.last()
                && let Fact::InviteeAdded { user, .. } = draft.fact
            {
                so_far.added(
                    invitee,
                    (Seq(0), Timestamp::default()),
                    user,
                    ask.required,
                    draft.personal.as_deref(),
                );
            }
        }
        Ok(decision)
    }
}

fn invited(decision: Decision, invitee: InviteeId, whom: Whom, required: bool) -> Decision {
    let (user, email) = match whom {
        Whom::User(user) => (Some(user), None),
        Whom::Email(email) => (None, Some(email)),
    };
    decision.personal_event(
        Audience::holders(Permission::ParticipantInvite),
        Fact::InviteeAdded { invitee, user, required },
        Personal { email, ..Personal::default() },
    )
}

/// Whom an invitation is for. That a user is not known is not said: one may be invited who never came.
fn whom(ask: &InviteeAdd) -> Result<Whom, Refusal> {
    match (ask.user, &ask.email) {
        (Some(user), None) if user.0 > 0 => Ok(Whom::User(user)),
        (Some(_), None) => Err(Refusal::NotFound { what: "user", last: None }),
        (None, Some(email)) => address(email).map(Whom::Email),
        _ => {
            let message = "name either a user or an email address";
            Err(Refusal::Invalid { field: "user", message })
        }
    }
}

/// An address as it is compared. That it can be written to is for its owner to show.
///
/// # Errors
/// `invalid` or `too_large` with the field `email`.
pub fn address(typed: &str) -> Result<String, Refusal> {
    if typed.chars().nth(EMAIL_CHARS_MAX).is_some() {
        return Err(Refusal::TooLarge { field: "email", limit: EMAIL_CHARS_MAX });
    }
    let parts = typed.split_once('@');
    let whole = parts.is_some_and(|(name, domain)| {
        !name.is_empty() && !domain.is_empty() && !domain.contains('@')
    });
    if !whole || typed.chars().any(|c| c.is_whitespace() || text::disturbs(c)) {
        let message = "must be an email address, such as ana@example.org";
        return Err(Refusal::Invalid { field: "email", message });
    }
    Ok(text::address(typed))
}
