//! The scopes of an API key: what of its user's permissions it may use.
//!
//! Every right is asked of the person who acts; one who acts by a key is that person with fewer permissions.
//! What only asks is answered as the user may see it.

use quorate_protocol::{ChatTo, Command, Permission, PermissionSet};

use super::Refusal;
use super::person::Person;

/// Whether a command reads and changes nothing.
pub(super) fn only_asks(command: &Command) -> bool {
    matches!(
        command,
        Command::Ping(_)
            | Command::StateGet(_)
            | Command::ParticipantList(_)
            | Command::ChatHistory(_)
            | Command::WaitingList(_)
            | Command::InviteeList(_)
            | Command::BanList(_)
    )
}

/// The person as they act by a key with these scopes.
///
/// # Errors
/// `forbidden` for what needs no permission of its user, but a scope.
pub(super) fn within(
    me: &Person,
    command: &Command,
    scopes: PermissionSet,
) -> Result<Person, Refusal> {
    let needed = match command {
        Command::HostReclaim(_) => Some(Permission::RoleTransferHost),
        Command::ChatSend(ask) if ask.to == Some(ChatTo::Staff) => Some(Permission::ChatSend),
        _ => None,
    };
    if let Some(permission) = needed.filter(|permission| !scopes.has(*permission)) {
        return Err(Refusal::Forbidden(permission));
    }
    let mut me = me.clone();
    me.view.permissions = me.view.permissions.and(scopes);
    Ok(me)
}
