//! Credentials that hold no more: every live meeting closes the sessions behind which they stand.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use futures::{StreamExt, stream};
use quorate_protocol::SessionId;

use super::directory::Live;
use super::mail::{Mail, Revoked};
use super::step::Running;
use crate::meeting::Input;

/// Meetings told at the same time.
const TOLD_AT_ONCE: usize = 64;

impl Live {
    /// Closes every session behind which one of these stands, as `unauthorized`: what is said over it after
    /// this answers is not carried out. To be called when the store has it that they hold no more.
    ///
    /// A session that is being opened meanwhile may be missed: whoever opens one compares
    /// [`Live::revocations`] of before and after, and looks once more where they differ.
    pub async fn revoke(&self, revoked: Revoked) {
        self.context.revocations.fetch_add(1, SeqCst);
        let revoked = Arc::new(revoked);
        // No guard of the map is held while one waits.
        let mailboxes: Vec<_> = self.meetings.iter().map(|entry| entry.value().clone()).collect();
        stream::iter(mailboxes)
            .for_each_concurrent(TOLD_AT_ONCE, async |mailbox| {
                // A meeting that retires has no session.
                let _ = mailbox.send(Mail::Revoke(revoked.clone())).await;
            })
            .await;
    }

    /// How often credentials were revoked since the start.
    #[must_use]
    pub fn revocations(&self) -> u64 {
        self.context.revocations.load(SeqCst)
    }
}

impl Running {
    /// Closes the sessions that stand on one of these.
    pub(super) fn revoke(&mut self, revoked: &Revoked) {
        let facts = &self.meeting.facts;
        let gone = |session: &SessionId| {
            let person = facts.person_in(*session)?;
            let owner = person.bot.as_ref().and_then(|bot| bot.owner);
            let user = std::iter::once(person.user).chain(owner);
            Some(user.into_iter().any(|user| revoked.users.contains(&user)))
        };
        let by_token = |session: &SessionId| {
            let token = self.credential(*session).and_then(|credential| credential.token);
            token.is_some_and(|token| revoked.tokens.contains(&token))
        };
        let sessions = facts.sessions.keys().copied();
        let sessions = sessions.filter(|it| gone(it).unwrap_or(false) || by_token(it));
        for session in sessions.collect::<Vec<_>>() {
            self.carry_out_input(&Input::Revoked { session });
        }
    }
}
