//! What people type, in every command that takes a text: kept as typed, or refused with the field.

use std::collections::BTreeSet;

use quorate_protocol::*;
use serde_json::Value;

use super::stage::*;
use super::tables::full_cast;
use crate::meeting::Refusal;

/// A field into which people type.
struct Field {
    name: &'static str,
    limit: usize,
    command: fn(String) -> Command,
}

fn reason(reason: String) -> PersonReason {
    PersonReason { participant: at(5), reason: Some(reason) }
}

const FIELDS: &[Field] = &[
    Field {
        name: "name",
        limit: NAME_GRAPHEMES_MAX,
        command: |name| Command::ParticipantRename(Rename { participant: None, name }),
    },
    Field { name: "text", limit: TEXT_CHARS_MAX, command: |text| say(&text, None) },
    Field {
        name: "text",
        limit: ABUSE_CHARS_MAX,
        command: |text| Command::AbuseReport(AbuseReport { participant: at(5), text }),
    },
    Field {
        name: "text",
        limit: CAPTION_CHARS_MAX,
        command: |text| {
            Command::CaptionPublish(CaptionPublish {
                text,
                speaker: None,
                r#final: true,
                lang: None,
                start_ms: None,
                end_ms: None,
            })
        },
    },
    Field {
        name: "emoji",
        limit: EMOJI_CHARS_MAX,
        command: |emoji| Command::ReactionSend(ReactionSend { emoji }),
    },
    Field {
        name: "reason",
        limit: REASON_CHARS_MAX,
        command: |text| Command::ParticipantDecline(reason(text)),
    },
    Field {
        name: "reason",
        limit: REASON_CHARS_MAX,
        command: |text| Command::ParticipantRemove(reason(text)),
    },
    Field {
        name: "reason",
        limit: REASON_CHARS_MAX,
        command: |text| {
            let (participant, reason) = (Some(at(5)), Some(text));
            Command::ParticipantBan(Ban {
                participant,
                user: None,
                reason,
                until: None,
                scope: BanScope::default(),
            })
        },
    },
    Field {
        name: "title",
        limit: TITLE_CHARS_MAX,
        command: |text| {
            let title = Some(text);
            Command::MeetingUpdate(MeetingUpdate { title, ..MeetingUpdate::default() })
        },
    },
    Field {
        name: "description",
        limit: DESCRIPTION_CHARS_MAX,
        command: |text| {
            let description = Some(Some(text));
            Command::MeetingUpdate(MeetingUpdate { description, ..MeetingUpdate::default() })
        },
    },
    Field {
        name: "waiting_message",
        limit: WAITING_MESSAGE_CHARS_MAX,
        command: |text| {
            let waiting_message = Some(Some(text));
            Command::MeetingPolicy(Box::new(Policy { waiting_message, ..Policy::default() }))
        },
    },
    Field {
        name: "text",
        limit: WAITING_TEXT_CHARS_MAX,
        command: |text| Command::WaitingTell(WaitingTell { participant: Some(at(5)), text }),
    },
    Field {
        name: "message",
        limit: WAITING_TEXT_CHARS_MAX,
        command: |text| {
            let (participant, message) = (at(5), Some(text));
            Command::ParticipantSendToWaiting(SendToWaiting { participant, message })
        },
    },
    Field { name: "question", limit: QUESTION_CHARS_MAX, command: |text| poll(text, "Yes".into()) },
    Field {
        name: "choices",
        limit: CHOICE_CHARS_MAX,
        command: |choice| poll("Shall we?".into(), choice),
    },
    Field {
        name: "items.title",
        limit: ITEM_TITLE_CHARS_MAX,
        command: |title| {
            let item = AgendaPlan { item: None, title, minutes: 5, owner: None };
            Command::AgendaSet(AgendaSet { items: vec![item] })
        },
    },
    Field {
        name: "label",
        limit: LABEL_CHARS_MAX,
        command: |text| Command::TimerStart(TimerStart { seconds: 60, label: Some(text) }),
    },
    Field {
        name: "text",
        limit: RECORD_CHARS_MAX,
        command: |text| Command::DecisionRecord(DecisionRecord { text }),
    },
    Field {
        name: "text",
        limit: RECORD_CHARS_MAX,
        command: |text| Command::ActionRecord(ActionRecord { text, owner: None, due: None }),
    },
    Field {
        name: "comment",
        limit: FEEDBACK_COMMENT_CHARS_MAX,
        command: |text| {
            let (comment, tags) = (Some(text), Vec::new());
            Command::FeedbackSubmit(FeedbackSubmit { rating: 4, comment, tags })
        },
    },
    Field {
        name: "tags",
        limit: FEEDBACK_TAG_CHARS_MAX,
        command: |text| {
            let (comment, tags) = (None, vec![text]);
            Command::FeedbackSubmit(FeedbackSubmit { rating: 4, comment, tags })
        },
    },
    Field {
        name: "text",
        limit: SUMMARY_CHARS_MAX,
        command: |text| Command::SummaryPublish(SummaryPublish { text }),
    },
    Field {
        name: "rooms.name",
        limit: NAME_GRAPHEMES_MAX,
        command: |name| {
            let rooms = vec![RoomAsked { name, participants: Vec::new() }];
            let mode = BreakoutMode::Manual;
            Command::BreakoutPrepare(BreakoutPrepare { rooms, mode, minutes: None })
        },
    },
    Field {
        name: "text",
        limit: ANNOUNCEMENT_CHARS_MAX,
        command: |text| Command::BreakoutAnnounce(BreakoutAnnounce { text, rooms: None }),
    },
    Field {
        name: "label",
        limit: ROLE_LABEL_CHARS_MAX,
        command: |label| Command::RoleDefine(RoleDefine { label, ..define("scribe") }),
    },
];

fn poll(question: String, choice: String) -> Command {
    Command::PollOpen(PollOpen {
        question,
        choices: vec![choice, "No".into()],
        multiple: false,
        anonymous: false,
        seconds: None,
    })
}

/// A meeting in which there is what the command is about.
fn cast_for(command: &Command) -> Stage {
    let mut stage = full_cast();
    match command {
        Command::ParticipantDecline(_) | Command::WaitingTell(_) => {
            let (participant, message) = (at(5), None);
            let back = SendToWaiting { participant, message };
            stage.ask(OWNER, Command::ParticipantSendToWaiting(back)).unwrap();
        }
        Command::BreakoutAnnounce(_) => {
            let rooms = vec![RoomAsked { name: "Room".into(), participants: Vec::new() }];
            let mode = BreakoutMode::Manual;
            let prepare = BreakoutPrepare { rooms, mode, minutes: None };
            stage.ask(OWNER, Command::BreakoutPrepare(prepare)).unwrap();
            stage.ask(OWNER, empty(Command::BreakoutOpen)).unwrap();
        }
        _ => {}
    }
    stage
}

/// Fields of text into which nobody types: checked by other rules of their own.
const NOT_TYPED: &[(&str, &str)] = &[
    ("caption.publish", "lang"),
    // Hashed before the rules see it.
    ("meeting.policy", "passcode"),
    // Read by machines: of a shape of its own.
    ("app.publish", "topic"),
    // Names of hosts.
    ("meeting.policy", "waiting_domains"),
    // A name of the IANA database.
    ("meeting.update", "time_zone"),
    // An address: it is compared, and has no blanks.
    ("invitee.add", "email"),
];

/// What people type that is fine: every script, emoji, markup that nobody interprets.
const FINE: &[&str] = &[
    "Ana",
    "Łukasz Żółć",
    "Ελένη",
    "Наташа",
    "陈伟",
    "さくら",
    "김민준",
    "نور",
    "שרה",
    "प्रिया",
    "ஆதி",
    "ไทย",
    "ሰላም",
    "O'Brien-Smith",
    "👩‍👩‍👧‍👦",
    "🏳️‍🌈",
    "<b>Bo</b>",
    "'; DROP x;--",
    "{{7*7}} ${x}",
    "<script>x()</s>",
];

/// What is refused: nothing to see, and what disturbs the text around it.
const BAD: &[&str] = &[
    "",
    " ",
    "\t \n",
    "\u{3000}",
    "\u{200b}\u{200d}",
    "\u{2800}",
    "a\u{0}b",
    "a\u{7}",
    "\u{1b}[31m",
    "a\u{7f}",
    "a\u{85}b",
    "a\u{202e}b",
    "a\u{2066}b",
    "a\u{2029}b",
    "a\rb",
];

#[test]
fn what_people_type_is_kept_as_typed() {
    for field in FIELDS {
        for typed in FINE.iter().filter(|typed| typed.chars().count() <= field.limit) {
            let command = (field.command)((*typed).to_owned());
            let kind = command.kind().to_owned();
            let decision = cast_for(&command).ask(OWNER, command).unwrap();
            let told = format!("{:?} {:?}", decision.events, decision.signals);
            let kept = format!("{typed:?}");
            assert!(told.contains(kept.trim_matches('"')), "{kind} {typed}: {told}");
        }
    }
}

#[test]
fn empty_blank_control_and_bidi_texts_are_refused_with_the_field() {
    for field in FIELDS {
        for typed in BAD {
            let command = (field.command)((*typed).to_owned());
            let mut stage = cast_for(&command);
            let before = stage.meeting.facts.clone();
            let refused = stage.ask(OWNER, command);
            let is_named = |refused: &Result<_, Refusal>| matches!(refused, Err(Refusal::Invalid { field: name, .. }) if *name == field.name);
            assert!(is_named(&refused), "{} {typed:?}: {refused:?}", field.name);
            assert_eq!(stage.meeting.facts, before);
        }
    }
}

#[test]
fn a_text_over_its_limit_is_refused_with_the_field_and_the_limit() {
    for field in FIELDS {
        let (name, limit) = (field.name, field.limit);
        for unit in ["x", "é", "語", "👋"] {
            let command = (field.command)(unit.repeat(limit + 1));
            let mut stage = cast_for(&command);
            let refused = stage.ask(OWNER, command);
            assert_eq!(refused, Err(Refusal::TooLarge { field: name, limit }), "{unit}");
            let fits = stage.ask(OWNER, (field.command)(unit.repeat(limit)));
            assert!(fits.is_ok(), "{name} {unit}: {fits:?}");
        }
    }
    // A name is counted as it is read, whatever it is made of.
    let family = "👩‍👩‍👧";
    let mut stage = full_cast();
    let rename = |name: String| Command::ParticipantRename(Rename { participant: None, name });
    let limit = NAME_GRAPHEMES_MAX;
    let long = stage.ask(OWNER, rename("e\u{301}".repeat(81)));
    assert_eq!(long, Err(Refusal::TooLarge { field: "name", limit }));
    stage.ask(OWNER, rename("e\u{301}".repeat(80))).unwrap();
    stage.ask(OWNER, rename(family.repeat(50))).unwrap();
}

/// The commands whose data have a field of free text, and its name, as the schema says.
fn text_fields() -> BTreeSet<(String, String)> {
    let schema = json_schema();
    let commands = schema["$defs"]["ClientFrame"]["oneOf"].as_array().unwrap();
    let mut found = BTreeSet::new();
    for command in commands {
        let properties = &command["properties"];
        let kind = properties["type"]["const"].as_str().unwrap().to_owned();
        if kind != "hello" {
            let fields = texts_of(&schema, &properties["data"]);
            found.extend(fields.into_iter().map(|field| (kind.clone(), field)));
        }
    }
    found
}

/// The fields of free text in a struct, and in those that it lists.
fn texts_of(schema: &Value, shape: &Value) -> Vec<String> {
    let Some(name) = shape["$ref"].as_str() else { return Vec::new() };
    let shape = &schema["$defs"][name.trim_start_matches("#/$defs/")];
    let mut found = Vec::new();
    for (field, shape) in shape["properties"].as_object().into_iter().flatten() {
        if is_text(shape) || is_text(&shape["items"]) {
            found.push(field.clone());
        }
        let nested = texts_of(schema, &shape["items"]).into_iter();
        found.extend(nested.map(|inner| format!("{field}.{inner}")));
    }
    found
}

fn is_text(shape: &Value) -> bool {
    let is_string = shape["type"] == "string"
        || shape["type"].as_array().is_some_and(|types| types.contains(&"string".into()));
    is_string && ["enum", "const", "pattern", "format"].iter().all(|key| shape[key].is_null())
}

#[test]
fn every_command_that_takes_a_text_is_tried_here() {
    let tried = FIELDS.iter().map(|field| {
        let command = (field.command)("x".to_owned());
        (command.kind().to_owned(), field.name.to_owned())
    });
    let mut tried: BTreeSet<_> = tried.collect();
    tried.extend(NOT_TYPED.iter().map(|(kind, field)| ((*kind).into(), (*field).into())));
    assert_eq!(tried, text_fields());
}
