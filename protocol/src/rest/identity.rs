//! Signing in, oneself, tokens, users.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Guest, MeetingId, Permission, PermissionSet, Timestamp, TokenId, UserId, UserKind};

/// Body of `POST /api/sessions`: exactly one way of signing in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SignIn {
    /// As a guest; the same device is the same guest.
    Guest(Guest),
    /// By the link that the first start prints, as an administrator.
    Setup(SetupSignIn),
    /// By an invitation link.
    Invitation(InvitationSignIn),
    /// By a code of the configured issuer (OpenID Connect, authorization code with PKCE).
    Oidc(OidcSignIn),
}

/// Signing in by the setup link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetupSignIn {
    /// What follows `#setup=` in the link.
    pub secret: String,
    /// The name to sign in with, unique; at most 80 characters.
    pub username: String,
    /// The name shown.
    pub name: String,
    /// The email address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// Signing in by an invitation link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationSignIn {
    /// What follows `#invitation=` in the link.
    pub secret: String,
    /// The name shown, of one who has no account yet; without it, what stands before the `@`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Signing in by an authorization code of the configured issuer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OidcSignIn {
    /// The code that the issuer gave.
    pub code: String,
    /// The address that it gave it to.
    pub redirect_uri: String,
    /// The verifier of the challenge that the code was asked for with (RFC 7636).
    pub code_verifier: String,
}

/// Answer to `POST /api/sessions` and `POST /api/sessions/renew`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignedIn {
    /// A bearer token for REST and `hello`.
    pub token: String,
    /// Until when it holds.
    pub expires_at: Timestamp,
}

/// Answer to `DELETE /api/sessions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignedOut {
    /// Whether nobody was signed in.
    pub already: bool,
}

/// Answer to `POST /api/meetings/{id}/invitees/{invitee_id}/link`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InvitationLink {
    /// Where to open it; whoever has it comes in as who is invited.
    pub url: String,
    /// Until when it holds; taking the invitation back ends it before.
    pub expires_at: Timestamp,
}

/// Answer to `GET /api/me`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Me {
    /// Who one is.
    pub user: OwnUser,
    /// Whether one administers the server.
    pub admin: bool,
    /// What one may do at most; null: all that the user may.
    pub scopes: Option<PermissionSet>,
    /// The private address of one's calendar; null for bots, and where the credential has scopes or is
    /// bound to meetings.
    pub calendar_url: Option<String>,
    /// Where one's own meetings are.
    pub links: MyLinks,
}

/// Where to go on from `GET /api/me`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MyLinks {
    /// The meetings that one hosts or co-hosts.
    pub meetings: String,
}

/// Answer to `POST /api/me/calendar-url`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CalendarUrl {
    /// The new address; the one before holds no more.
    pub calendar_url: String,
}

/// Oneself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OwnUser {
    /// The id.
    pub id: UserId,
    /// The name one signs in with.
    pub username: String,
    /// The name shown.
    pub name: String,
    /// The verified email address.
    pub email: Option<String>,
    /// What kind of user.
    pub kind: UserKind,
}

/// Query of `GET /api/users`: exactly one of the two.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindUsers {
    /// The name they sign in with, exactly.
    #[serde(default)]
    pub username: Option<String>,
    /// Their verified email address.
    #[serde(default)]
    pub email: Option<String>,
}

/// Someone who was looked up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FoundUser {
    /// The id.
    pub id: UserId,
    /// The name they sign in with.
    pub username: String,
    /// The name shown.
    pub name: String,
}

/// Body of `PATCH /api/users/{id}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchUser {
    /// False: they may no longer come in, and are out at once.
    pub is_active: bool,
}

/// A user, for administrators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AdminUser {
    /// The user.
    #[serde(flatten)]
    pub user: OwnUser,
    /// Whether they may come in.
    pub is_active: bool,
    /// Whether they administer the server.
    pub is_admin: bool,
}

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenUse {
    /// Programs that act as its owner.
    Api,
    /// A bot of its own.
    Bot,
}

/// Body of `POST /api/tokens`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateToken {
    /// What it is called; the bot's name. At most 80 characters.
    pub name: String,
    /// What it is for.
    pub kind: TokenUse,
    /// What it may do at most; absent for an API key: all that its owner may. A bot has what it is given.
    #[serde(default)]
    pub scopes: Option<Vec<Permission>>,
    /// The only meetings it reaches, at most 100. Absent: an API key reaches its owner's, a bot those that its
    /// owner hosts, or all where an administrator made it.
    #[serde(default)]
    pub meetings: Option<Vec<MeetingId>>,
    /// When it expires; absent: when it is revoked.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

/// An API key or bot token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Token {
    /// The id.
    pub id: TokenId,
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub kind: TokenUse,
    /// Whom it is: its owner, or the bot.
    pub user: UserId,
    /// What it may do at most; null: all that its owner may.
    pub scopes: Option<PermissionSet>,
    /// The only meetings it reaches; null: see [`CreateToken::meetings`].
    pub meetings: Option<Vec<MeetingId>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
    /// When it was used last, to the minute.
    pub last_used_at: Option<Timestamp>,
}

/// Answer to `POST /api/tokens`: the only time that the secret is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CreatedToken {
    /// The secret, to be sent as a bearer token.
    pub token: String,
    /// What is known of it from now on.
    #[serde(flatten)]
    pub info: Token,
}
