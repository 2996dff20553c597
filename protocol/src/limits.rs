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
/// The round trip in a `quality.report`, in milliseconds: a minute.
pub const QUALITY_RTT_MS_MAX: f64 = 60_000.0;
/// The jitter in a `quality.report`, in milliseconds.
pub const QUALITY_JITTER_MS_MAX: f64 = 10_000.0;
/// The loss in a `quality.report`, in percent.
pub const QUALITY_LOSS_PCT_MAX: f64 = 100.0;
/// The bitrate in a `quality.report`, in kilobits a second.
pub const QUALITY_BITRATE_KBPS_MAX: f64 = 10_000_000.0;
/// Times that a session may send `quality.report` within [`QUALITY_WINDOW_SECONDS`].
pub const QUALITY_REPORTS_MAX: usize = 10;
/// See [`QUALITY_REPORTS_MAX`].
pub const QUALITY_WINDOW_SECONDS: u32 = 10;
/// People present below which everyone sees how good the others' connections are.
pub const QUALITY_SHOWN_TO_ALL_BELOW: u32 = 50;
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
/// Bytes of the names of participants in a snapshot, as JSON, and as many of those who wait.
pub const SNAPSHOT_NAMES_BYTES_MAX: usize = 64 * 1024;
/// Chat messages in a snapshot.
pub const SNAPSHOT_CHAT_MAX: usize = 50;
/// Bytes of chat texts in a snapshot, as JSON.
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
pub const WAITING_CAPACITY_MAX: u32 = 500;
/// Characters of what staff says to those who wait.
pub const WAITING_TEXT_CHARS_MAX: usize = 500;
/// Invitees of a meeting.
pub const INVITEES_MAX: usize = 10_000;
/// Invitees named when a meeting is made; more by `invitee.add`.
pub const INVITEES_AT_ONCE_MAX: usize = 1000;
/// Characters of an email address.
pub const EMAIL_CHARS_MAX: usize = 320;
/// Characters of a passcode.
pub const PASSCODE_CHARS: std::ops::RangeInclusive<usize> = 4..=64;
/// How often `hello` may be said again on the same socket after a passcode was wrong.
pub const HELLO_TRIES_MAX: u32 = 5;
/// After what time it may help to try again where a seat must free or a door open, in milliseconds.
pub const TRY_AGAIN_MS: u64 = 5000;
/// Days after a meeting in which feedback is taken, at most.
pub const FEEDBACK_DAYS_MAX: u32 = 90;
/// What a component of engagement weighs at most.
pub const ENGAGEMENT_WEIGHT_MAX: u32 = 100;
/// Days after which a meeting may ask for names, texts and measurements to be deleted, at most: ten years.
pub const RETENTION_DAYS_MAX: u32 = 3650;
/// Minutes after the planned end that `hard_stop_minutes` may say at most: a day.
pub const HARD_STOP_MINUTES_MAX: u32 = 1440;
/// Reminders of the planned end at most.
pub const REMINDERS_MAX: usize = 5;
/// Minutes before the planned end that a reminder comes at most: a day.
pub const REMIND_MINUTES_MAX: u32 = 1440;
/// Minutes after which an empty meeting ends, at most: a week.
pub const END_WHEN_EMPTY_MINUTES_MAX: u32 = 10_080;
/// Bytes of text in a page of chat history.
pub const HISTORY_BYTES_MAX: usize = 256 * 1024;
/// Pinned messages of a meeting.
pub const PINS_MAX: usize = 20;
/// People excepted from a `participant.mute_all`.
pub const MUTE_EXCEPT_MAX: usize = 100;
/// Characters of a report of abuse.
pub const ABUSE_CHARS_MAX: usize = 2000;
/// Reports of abuse by one person in a minute.
pub const ABUSE_REPORTS_A_MINUTE: u32 = 5;
/// Characters of a caption.
pub const CAPTION_CHARS_MAX: usize = 1000;
/// Characters of a language tag.
pub const LANG_CHARS_MAX: usize = 35;
/// Minutes by which a meeting is extended at once: a day.
pub const EXTEND_MINUTES_MAX: u32 = 1440;
/// Characters of the message to those who wait.
pub const WAITING_MESSAGE_CHARS_MAX: usize = 500;
/// Email domains that pass the waiting room.
pub const WAITING_DOMAINS_MAX: usize = 50;
/// Bots in a meeting at most, whatever it says.
pub const MAX_BOTS_MAX: u32 = 50;
/// Minutes without the host after which a meeting ends, at most: a day.
pub const END_AFTER_MINUTES_MAX: u32 = 1440;
/// Seconds between two messages in slow mode, at most: an hour.
pub const SLOW_MODE_SECONDS_MAX: u32 = 3600;
/// Refusals of one person for lack of a permission, within a minute; beyond, the answer is `rate_limited`.
pub const REFUSALS_A_MINUTE: u32 = 20;
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
/// Bytes of the `data` of `app.publish`, as JSON.
pub const APP_BYTES_MAX: usize = 8 * 1024;
/// Characters of the `topic` of `app.publish`.
pub const TOPIC_CHARS_MAX: usize = 64;
/// Bytes a second that the `data` of `app.publish` and `rtc.send` may come to in one meeting, counted once
/// for each session that gets it.
pub const TRAFFIC_BYTES_PER_SECOND: u64 = 16 * 1024 * 1024;
/// People present above which a meeting is large.
pub const LARGE_ABOVE: u32 = 500;
/// People present below which a large meeting is large no longer.
pub const LARGE_UNTIL_BELOW: u32 = 400;
/// Chat messages of a meeting.
pub const MESSAGES_MAX: usize = 1_000_000;
/// Polls of a meeting.
pub const POLLS_MAX: usize = 100;
/// Polls open at the same time.
pub const POLLS_OPEN_MAX: usize = 5;
/// Closed polls in a snapshot.
pub const SNAPSHOT_POLLS_CLOSED_MAX: usize = 10;
/// Characters of a poll's question.
pub const QUESTION_CHARS_MAX: usize = 500;
/// Choices of a poll.
pub const CHOICES: std::ops::RangeInclusive<usize> = 2..=20;
/// Characters of a choice.
pub const CHOICE_CHARS_MAX: usize = 200;
/// Seconds after which a poll may close by itself.
pub const POLL_SECONDS: std::ops::RangeInclusive<u32> = 5..=86_400;
/// Votes in one event `poll.votes_told`.
pub const VOTES_TOLD_MAX: usize = 1000;
/// Items of an agenda.
pub const AGENDA_ITEMS_MAX: usize = 100;
/// Characters of an agenda item's title.
pub const ITEM_TITLE_CHARS_MAX: usize = 200;
/// Minutes of an agenda item: a day.
pub const ITEM_MINUTES_MAX: u32 = 1440;
/// Seconds that a timer may run.
pub const TIMER_SECONDS: std::ops::RangeInclusive<u32> = 1..=86_400;
/// Characters of a timer's label.
pub const LABEL_CHARS_MAX: usize = 200;
/// Characters of a decision or an action item.
pub const RECORD_CHARS_MAX: usize = 2000;
/// Characters of the comment in someone's feedback.
pub const FEEDBACK_COMMENT_CHARS_MAX: usize = 2000;
/// Tags in someone's feedback.
pub const FEEDBACK_TAGS_MAX: usize = 10;
/// Characters of such a tag.
pub const FEEDBACK_TAG_CHARS_MAX: usize = 40;
/// How often one may change one's feedback in a minute, the first time included.
pub const FEEDBACK_A_MINUTE: u32 = 10;
/// Characters of a meeting's summary.
pub const SUMMARY_CHARS_MAX: usize = 4000;
/// Decisions of a meeting, and as many action items.
pub const RECORDS_MAX: usize = 500;
/// Decisions in a snapshot, and as many action items.
pub const SNAPSHOT_RECORDS_MAX: usize = 50;
/// Bytes of the texts of closed polls in a snapshot, as JSON, and as many of decisions, and of action items.
pub const SNAPSHOT_TEXTS_BYTES_MAX: usize = 32 * 1024;
/// Events after a client's `seq` up to which it resumes; beyond, it gets a snapshot.
pub const RESUME_EVENTS_MAX: u64 = 10_000;
/// Breakout rooms at the same time.
pub const ROOMS_MAX: usize = 50;
/// Breakout rooms that a meeting ever prepared.
pub const ROOMS_EVER_MAX: usize = 100_000;
/// Minutes from now at which breakout rooms close by themselves, at most: a day.
pub const ROOMS_MINUTES_MAX: u32 = 1440;
/// Seconds of the countdown to the closing of breakout rooms.
pub const ROOMS_COUNTDOWN_SECONDS_MAX: u32 = 600;
/// Characters of what is announced to breakout rooms.
pub const ANNOUNCEMENT_CHARS_MAX: usize = 2000;
/// Every how many days, weeks, months or years a series may repeat.
pub const RECURRENCE_INTERVAL: std::ops::RangeInclusive<u16> = 1..=400;
/// Occurrences that a series may count; beyond, it says `until` when.
pub const RECURRENCE_COUNT: std::ops::RangeInclusive<u32> = 1..=1000;
/// Characters of a custom rule.
pub const RRULE_CHARS_MAX: usize = 500;
/// Days that an occurrence of a series lasts at most.
pub const OCCURRENCE_DAYS_MAX: i64 = 31;
/// Characters of a guest's device id: at least 128 random bits as base64url.
pub const DEVICE_CHARS: std::ops::RangeInclusive<usize> = 22..=128;
/// API keys and bot tokens of one user that are not revoked.
pub const TOKENS_MAX: usize = 50;
/// Meetings that one token may be bound to.
pub const TOKEN_MEETINGS_MAX: usize = 100;
/// Characters of the name that an administrator signs in with.
pub const SIGN_IN_NAME_CHARS_MAX: usize = 80;

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
    /// Bytes a second that `app.publish` and `rtc.send` may carry in a meeting, counted once for each
    /// session that gets them; beyond, they are `rate_limited`.
    pub traffic_bytes_per_second: u64,
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
            traffic_bytes_per_second: TRAFFIC_BYTES_PER_SECOND,
        }
    }
}
