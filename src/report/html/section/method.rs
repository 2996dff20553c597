//! How it is scored, and what was measured.

use maud::{Markup, html};
use quorate_protocol::EngagementProfile;

use crate::meeting::engagement::key;
use crate::report::html::View;
use crate::report::html::figure::{Table, numbers, section, words};
use crate::report::html::text::{counted, name};

/// The section.
pub(in super::super) fn method(view: &View<'_>) -> Markup {
    let content = html! {
        h3 { "How engagement is scored" }
        (engagement(view))
        h3 { "How effectiveness is scored" }
        p {
            "Each component reaches 0 to 100 % of what it could and counts by its weight; the weight of one that \
             does not apply is spread over the others. The version of the formula is "
            (view.report.effectiveness.version) "."
        }
        h3 { "How connections are measured" }
        p {
            "By the E-model (ITU-T G.107) from delay, jitter and loss as clients report them, and where one \
             reports nothing, from the round trip of the server’s pings: R is excellent from 80, good from 65, \
             fair from 40, and poor below. The version of the formula is "
            (view.report.scoring.quality_version) "."
        }
        h3 { "What was measured and is shown" }
        (privacy(view))
    };
    section("method", "How to read this", &content)
}

fn engagement(view: &View<'_>) -> Markup {
    let (scoring, weights) = (&view.report.scoring, view.report.scoring.weights);
    let profile = match scoring.profile {
        EngagementProfile::Discussion => "discussion (everyone is to speak)",
        EngagementProfile::Lecture => "lecture (most listen)",
    };
    let row = |(key, weight, what): (&str, u32, &'static str)| {
        vec![html! { (name(key)) }, html! { (weight) }, html! { (what) }]
    };
    let table = Table {
        caption: "weights of engagement",
        heads: vec![words("Component"), numbers("Weight"), words("What counts")],
        rows: [
            (key::PRESENCE, weights.presence, "Time present, of the time one could have been"),
            (key::VOICE, weights.voice, "Talk; half of a fair share is full"),
            (
                key::CHAT,
                weights.chat,
                "Messages, each further one a little less; half of the points for three in every 30 minutes \
                 present, at least three",
            ),
            (key::RESPONSE, weights.response, "Polls answered, of those opened meanwhile"),
            (
                key::SIGNAL,
                weights.signal,
                "Reactions and raised hands, each further one a little less",
            ),
        ]
        .map(row)
        .into(),
    };
    html! {
        p {
            "The profile is " (profile) ". The version of the formula is " (scoring.engagement_version) "."
            " What does not apply to someone is left out, and its weight spread over the rest. Camera, face, \
             keystrokes, window focus and IP address are never an input."
        }
        (table.show())
    }
}

fn privacy(view: &View<'_>) -> Markup {
    let (report, privacy) = (view.report, view.report.privacy);
    html! {
        ul {
            li {
                @if privacy.talk_time { "It was measured for how long people spoke, as their clients, bots that listen or the media server told." }
                @else { "It was not measured for how long people spoke." }
            }
            li {
                @if privacy.names_in_reports { "Names are shown." }
                @else { "Names are not shown in reports." }
            }
            li {
                @match privacy.retention_days {
                    Some(days) => {
                        "Names, texts and measurements are deleted "
                        (counted(days, "day", "days")) " after the meeting."
                    },
                    None => "Nothing is deleted by itself after some time.",
                }
            }
            li {
                @if report.excluded == 0 { "Nobody is left out of this report." }
                @else {
                    (counted(report.excluded, "participant is", "participants are"))
                    " left out of this report."
                }
            }
            li { "Bots are not counted." }
            li { "The version of this report is " (report.version) "." }
        }
    }
}
