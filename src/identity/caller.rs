//! Someone who showed a credential.

use quorate_protocol::{Code, ErrorBody, MeetingId, Permission, PermissionSet, UserId, UserKind};

use crate::live::Credential;
use crate::meeting::Bot;
use crate::meeting::office::Actor;
use crate::store::UserRow;

/// Someone who showed a credential.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The user, to be written with the first event that names them.
    pub user: UserRow,
    /// What they showed.
    pub credential: Credential,
    /// Their verified email address.
    pub email: Option<String>,
    /// Whether they administer the server. See [`Caller::may`] besides.
    pub admin: bool,
    /// What they may do at most by what they showed; none: all that the user may.
    pub scopes: Option<PermissionSet>,
    /// What their token says of a bot.
    pub bot: Option<Bot>,
    /// Which meetings there are for them.
    pub reach: Reach,
}

/// Which meetings there are for someone, as far as their credential says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// All.
    All,
    /// These.
    These(Vec<MeetingId>),
    /// Those that this user hosts.
    HostedBy(UserId),
}

impl Caller {
    /// Refuses a change that the scopes of their credential do not have. Whether the user may do it is another
    /// question. What only reads asks this not.
    ///
    /// # Errors
    /// `forbidden` with the permission.
    pub fn may(&self, permission: Permission) -> Result<(), ErrorBody> {
        if self.scopes.is_none_or(|scopes| scopes.has(permission)) {
            return Ok(());
        }
        let message = "the scopes of this token do not have that; make one that does";
        let permission = Some(permission);
        Err(ErrorBody { permission, ..ErrorBody::new(Code::Forbidden, message) })
    }

    /// Refuses what is for a person with a credential as good as they are: one without scopes, and bound to
    /// no meetings.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn whole(&self) -> Result<(), ErrorBody> {
        if self.is_whole() {
            return Ok(());
        }
        let message =
            "this is not for bots, nor for tokens with scopes or bound to meetings; sign in";
        Err(ErrorBody::new(Code::Forbidden, message))
    }

    /// Them, as they act in a meeting without being there.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor {
            user: self.user.id,
            kind: self.user.kind,
            name: self.user.name.clone(),
            email: self.email.clone(),
            bot: self.bot.clone(),
            scopes: self.scopes,
            admin: self.admin,
        }
    }

    /// Whether their credential is as good as they are.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.user.kind != UserKind::Bot && self.scopes.is_none() && self.reach == Reach::All
    }
}
