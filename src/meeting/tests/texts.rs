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
];

/// Fields of text into which nobody types: checked by other rules of their own.
const NOT_TYPED: &[(&str, &str)] = &[
    ("caption.publish", "lang"),
    // Hashed before the rules see it.
    ("meeting.policy", "passcode"),
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
            let mut stage = full_cast();
            let command = (field.command)((*typed).to_owned());
            let kind = command.kind().to_owned();
            match stage.ask(OWNER, command) {
                Ok(decision) => {
                    let told = format!("{:?} {:?}", decision.events, decision.signals);
                    let kept = format!("{typed:?}");
                    assert!(told.contains(kept.trim_matches('"')), "{kind} {typed}: {told}");
                }
                // Nobody waits who could be declined; the text was fine.
                Err(refused) => {
                    assert!(
                        matches!(refused, Refusal::Resolved { .. }),
                        "{kind} {typed}: {refused:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn empty_blank_control_and_bidi_texts_are_refused_with_the_field() {
    for field in FIELDS {
        for typed in BAD {
            let mut stage = full_cast();
            let before = stage.meeting.facts.clone();
            let refused = stage.ask(OWNER, (field.command)((*typed).to_owned()));
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
            let mut stage = full_cast();
            let refused = stage.ask(OWNER, (field.command)(unit.repeat(limit + 1)));
            assert_eq!(refused, Err(Refusal::TooLarge { field: name, limit }), "{unit}");
            let fits = stage.ask(OWNER, (field.command)(unit.repeat(limit)));
            let is_fine = matches!(fits, Ok(_) | Err(Refusal::Resolved { .. }));
            assert!(is_fine, "{name} {unit}: {fits:?}");
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
        let Some(name) = properties["data"]["$ref"].as_str() else { continue };
        let data = &schema["$defs"][name.trim_start_matches("#/$defs/")];
        for (field, shape) in data["properties"].as_object().into_iter().flatten() {
            if is_text(shape) && kind != "hello" {
                found.insert((kind.clone(), field.clone()));
            }
        }
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
