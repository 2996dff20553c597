//! Anonymous feedback: who a ballot is of is an HMAC of user and meeting, by a key that is drawn for the meeting,
//! kept while feedback is open, and then forgotten.

use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::Rng as _;
use sha2::Sha256;

use super::step::Running;
use crate::meeting::feedback::Voters;
use crate::store::BallotBox;

/// A fresh key.
pub(super) fn key() -> [u8; 32] {
    let mut key = [0; 32];
    rand::rng().fill_bytes(&mut key);
    key
}

/// What ballots are filed under, by this key.
fn voters(key: [u8; 32]) -> Voters {
    Voters::new(move |meeting, user| {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("hmac takes keys of any length");
        mac.update(&meeting.0.to_be_bytes());
        mac.update(&user.0.to_be_bytes());
        mac.finalize().into_bytes().into()
    })
}

impl Running {
    /// Goes on with the ballots that were cast.
    pub(super) fn open_ballot_box(&mut self, BallotBox { key, voters }: BallotBox) {
        self.use_ballot_key(key.unwrap_or_else(self::key));
        self.meeting.passing.voted = voters;
    }

    /// Knows voters by this key from now on, and by no other.
    pub(super) fn use_ballot_key(&mut self, key: [u8; 32]) {
        self.ballot_key = key;
        self.meeting.voters = Some(voters(key));
    }
}
