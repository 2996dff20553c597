//! Whom a body names: by a user's id, a user's name, or an email address.
//!
//! Bans and invitations answer alike for people who are known and people who are not: who is not is given an
//! id, and what is said of them holds when they come.

use quorate_protocol::{Code, ErrorBody, UserId};

use super::Api;
use super::problem::Problem;
use crate::identity::unavailable;
use crate::meeting::invitees::address;
use crate::store::{StoredUser, UserRow};

/// Characters of a user's name at most.
const USERNAME_CHARS_MAX: usize = 200;

/// Someone who is named.
pub(super) enum Someone {
    /// This user, if there is one of that id.
    User(UserId),
    /// A user who was never here, to be written with what is said of them.
    Newcomer(UserRow),
    /// Whoever has this address, as addresses are compared.
    Address(String),
}

/// Whom these name.
///
/// # Errors
/// `invalid` where it is not exactly one, or could be nobody's.
pub(super) async fn find(
    api: &Api,
    user_id: Option<UserId>,
    username: Option<String>,
    email: Option<String>,
) -> Result<Someone, Problem> {
    match (user_id, username, email) {
        (Some(id), None, None) if id.0 > 0 => Ok(Someone::User(id)),
        (Some(_), None, None) => Err(invalid("user_id", "must be an id, from 1")),
        (None, Some(name), None) => {
            check_username(&name)?;
            let found = api.door.store.user_by_name(&name).await.map_err(unavailable)?;
            Ok(match found {
                Some(user) => Someone::User(user.id),
                None => Someone::Newcomer(api.door.identity.newcomer(api.door.live.ids(), &name)),
            })
        }
        (None, None, Some(typed)) => {
            let address = address(&typed).map_err(|no| ErrorBody::from(&no))?;
            Ok(Someone::Address(address))
        }
        _ => Err(one_of_three()),
    }
}

/// The user whom these name, if they are known here.
///
/// # Errors
/// `invalid` as [`find`]; `conflict` where several have the address.
pub(super) async fn find_known(
    api: &Api,
    user_id: Option<UserId>,
    username: Option<String>,
    email: Option<String>,
) -> Result<Option<StoredUser>, Problem> {
    let store = &api.door.store;
    let found = match (user_id, username, email) {
        (Some(id), None, None) => store.user_by_id(id).await,
        (None, Some(name), None) => {
            check_username(&name)?;
            store.user_by_name(&name).await
        }
        (None, None, Some(typed)) => {
            let address = address(&typed).map_err(|no| ErrorBody::from(&no))?;
            let mut users = store.users_by_email(&address).await.map_err(unavailable)?;
            if users.len() > 1 {
                let message = "several accounts have this address; name one by `username`";
                return Err(Problem(ErrorBody::new(Code::Conflict, message).field("email")));
            }
            Ok(users.pop())
        }
        _ => return Err(one_of_three()),
    };
    Ok(found.map_err(unavailable)?)
}

fn check_username(name: &str) -> Result<(), Problem> {
    let fits = (1..=USERNAME_CHARS_MAX).contains(&name.chars().count());
    if fits && !name.chars().any(char::is_control) {
        return Ok(());
    }
    Err(invalid("username", "must be 1 to 200 characters without control characters"))
}

fn one_of_three() -> Problem {
    invalid("user_id", "name someone by exactly one of user_id, username and email")
}

fn invalid(field: &str, message: &str) -> Problem {
    Problem(ErrorBody::new(Code::Invalid, message).field(field))
}
