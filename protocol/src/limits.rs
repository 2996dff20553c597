//! Every bound that a client can meet, in one place; the ones it should know are told in `welcome`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Bytes of a frame towards the server.
pub const FRAME_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a frame towards the client.
pub const SERVER_FRAME_BYTES_MAX: usize = 1024 * 1024;
/// Characters (Unicode scalar values) of a chat message.
pub const TEXT_CHARS_MAX: usize = 4000;
/// Graphemes of a name.
pub const NAME_GRAPHEMES_MAX: usize = 80;
/// Bytes of a name; a grapheme alone has no bound.
pub const NAME_BYTES_MAX: usize = 1000;
/// Bytes of a participant's attributes, as JSON.
pub const ATTRIBUTES_BYTES_MAX: usize = 1024;
/// Bytes of the `data` of `rtc.send`, as JSON.
pub const RTC_BYTES_MAX: usize = 16 * 1024;
/// Characters of a meeting's title.
pub const TITLE_CHARS_MAX: usize = 200;
/// Characters of a meeting's description.
pub const DESCRIPTION_CHARS_MAX: usize = 4000;
/// Characters of the reason for a removal, ban or decline.
pub const REASON_CHARS_MAX: usize = 500;
/// Characters of the emoji of a reaction (joined sequences are long).
pub const EMOJI_CHARS_MAX: usize = 16;
/// Points a second that a connection may spend; a command costs one, a list or snapshot ten.
pub const POINTS_PER_SECOND: u32 = 20;
/// Points that may be spent at once.
pub const POINTS_BURST: u32 = 60;
/// Refusals for the rate within [`RATE_WINDOW_SECONDS`] after which the socket is closed.
pub const RATE_REFUSALS_MAX: usize = 100;
/// See [`RATE_REFUSALS_MAX`].
pub const RATE_WINDOW_SECONDS: u64 = 10;
/// Frames in a row that are not JSON of the envelope's shape, after which the socket is closed.
pub const BAD_FRAMES_MAX: u32 = 10;
/// Sessions (devices) of one participant at the same time.
pub const SESSIONS_PER_PARTICIPANT: usize = 3;
/// Answers kept per session for commands that are sent again.
pub const ANSWERS_KEPT: usize = 256;
/// Participants in a snapshot; the rest by `participant.list`.
pub const SNAPSHOT_PARTICIPANTS_MAX: usize = 200;
/// Participants of a snapshot with their attributes.
pub const SNAPSHOT_ATTRIBUTES_MAX: usize = 50;
/// Chat messages in a snapshot.
pub const SNAPSHOT_CHAT_MAX: usize = 50;
/// Bytes of chat texts in a snapshot.
pub const SNAPSHOT_CHAT_BYTES_MAX: usize = 64 * 1024;
/// Items of a list where the request names no limit.
pub const LIST_DEFAULT: u32 = 50;
/// Items of a list at most.
pub const LIST_MAX: u32 = 200;
/// People present in a meeting that sets no `max_participants`.
pub const PARTICIPANTS_MAX: u32 = 10_000;
/// People a meeting has ever known.
pub const PEOPLE_MAX: usize = 100_000;
/// People waiting, where the meeting says nothing else.
pub const WAITING_MAX: u32 = 200;
/// People waiting at most, whatever a meeting says.
pub const MAX_WAITING_MAX: u32 = 500;
/// Minutes after which an empty meeting ends, at most: a week.
pub const END_WHEN_EMPTY_MINUTES_MAX: u32 = 10_080;
/// Bytes of text in a page of chat history.
pub const HISTORY_BYTES_MAX: usize = 256 * 1024;
/// Co-hosts of a meeting.
pub const COHOSTS_MAX: usize = 25;
/// Characters of a custom role's label.
pub const ROLE_LABEL_CHARS_MAX: usize = 80;
/// Custom roles of a meeting, those of the server that it uses included.
pub const MEETING_ROLES_MAX: usize = 50;
/// Custom roles of the server.
pub const SERVER_ROLES_MAX: usize = 200;
/// People named who have the role that was to be removed.
pub const USED_BY_MAX: usize = 20;
/// Bans of a meeting.
pub const BANS_MAX: usize = 10_000;
/// Chat messages of a meeting.
pub const MESSAGES_MAX: usize = 1_000_000;
/// Events after a client's `seq` up to which it resumes; beyond, it gets a snapshot.
pub const RESUME_EVENTS_MAX: u64 = 10_000;
/// Characters of a guest's device id: at least 128 random bits as base64url.
pub const DEVICE_CHARS: std::ops::RangeInclusive<usize> = 22..=128;

/// What `welcome` tells a client about the bounds it will meet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Limits {
    /// Bytes of a frame towards the server.
    pub frame_bytes: usize,
    /// Characters of a chat message.
    pub text_chars: usize,
    /// Graphemes of a name.
    pub name_graphemes: usize,
    /// Bytes of a participant's attributes, as JSON.
    pub attributes_bytes: usize,
    /// Points a second; a command costs one, a list or snapshot ten.
    pub points_per_second: u32,
    /// Points at once.
    pub burst: u32,
    /// Sessions of one participant at the same time; a further one replaces the oldest.
    pub sessions: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            frame_bytes: FRAME_BYTES_MAX,
            text_chars: TEXT_CHARS_MAX,
            name_graphemes: NAME_GRAPHEMES_MAX,
            attributes_bytes: ATTRIBUTES_BYTES_MAX,
            points_per_second: POINTS_PER_SECOND,
            burst: POINTS_BURST,
            sessions: SESSIONS_PER_PARTICIPANT,
        }
    }
}
