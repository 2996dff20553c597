//! Acting in a meeting without being there: what all requests have in common that change one.
//!
//! Who asks must see the meeting, else there is none; then the request goes to the meeting's actor as the
//! command that it is, and its rules answer. So whoever is in the meeting sees the change at once.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use quorate_protocol::{Code, Command, ErrorBody, MeetingId, ParticipantId, Seq, Timestamp};

use super::access::{no_meeting, seen};
use super::idempotency::{Kept, Repeatable};
use super::preconditions::if_match;
use super::problem::Problem;
use super::{Api, Bearer};
use crate::identity::Caller;
use crate::live::{ActAs, Acted, Keep, Named};
use crate::meeting::Refusal;
use crate::store::Answered;

/// Someone who wants to change a meeting that they see. Comes before the body in a route's arguments.
pub(super) struct Acting {
    pub(super) api: Arc<Api>,
    pub(super) caller: Caller,
    pub(super) meeting: MeetingId,
    pub(super) headers: HeaderMap,
    /// Of a series: the occurrence that times in the request are meant of.
    pub(super) of: Option<Timestamp>,
    /// What the path names, by the words in its pattern.
    params: Vec<(String, String)>,
    /// The meeting must be at one of these revisions; none: at whichever.
    pub(super) revisions: Option<Vec<Seq>>,
    repeatable: Option<Repeatable>,
}

/// What is asked of the meeting.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    /// The commands, in order: all are carried out, or none.
    pub(super) commands: Vec<Command>,
    /// Whom they name.
    pub(super) named: Named,
}

impl From<Command> for Asked {
    fn from(command: Command) -> Asked {
        Asked { commands: vec![command], named: Named::default() }
    }
}

impl FromRequestParts<Arc<Api>> for Acting {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let Bearer(caller) = Bearer::from_request_parts(parts, api).await?;
        let params = RawPathParams::from_request_parts(parts, api).await;
        // What is no text is the id of no meeting.
        let params = params.map_err(|_| no_meeting())?;
        let params: Vec<_> =
            params.iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        let id = number(&params, "id").ok_or_else(no_meeting)?;
        let meeting = seen(api, &caller, id).await?;
        let revisions = if_match(&parts.headers)?;
        let repeatable = parts.extensions.remove::<Repeatable>();
        let (api, headers) = (api.clone(), parts.headers.clone());
        let of = None;
        Ok(Acting { api, caller, meeting, headers, of, params, revisions, repeatable })
    }
}

impl Acting {
    /// The number that the path has at that word.
    ///
    /// # Errors
    /// `not_found` with what was looked for, where there stands no number.
    pub(super) fn number(&self, word: &str, what: &str) -> Result<i64, Problem> {
        number(&self.params, word).ok_or_else(|| no_such(what))
    }

    /// The text that the path has at that word.
    pub(super) fn text(&self, word: &str) -> &str {
        find(&self.params, word).unwrap_or_default()
    }

    /// The participant that the path names.
    ///
    /// # Errors
    /// `not_found` where it names none.
    pub(super) fn participant(&self) -> Result<ParticipantId, Problem> {
        self.number("participant_id", "participant").map(ParticipantId)
    }

    /// Asks, and answers 200 with the data of the meeting's answer.
    ///
    /// # Errors
    /// The refusal.
    pub(super) async fn ask(&self, asked: impl Into<Asked>) -> Result<Response, Problem> {
        self.ask_and(asked, |data| Answered {
            status: StatusCode::OK.as_u16(),
            location: None,
            body: Some(data.to_owned()),
        })
        .await
    }

    /// Asks, and answers what is made of the data of the meeting's answer.
    ///
    /// # Errors
    /// The refusal.
    pub(super) async fn ask_and(
        &self,
        asked: impl Into<Asked>,
        answer: impl Fn(&str) -> Answered + Send + Sync + 'static,
    ) -> Result<Response, Problem> {
        let answer = Arc::new(answer);
        let keep = self.repeatable.as_ref().map(|request| Keep {
            key: request.key.clone(),
            fingerprint: request.fingerprint,
            answer: answer.clone(),
        });
        let who = ActAs { keep, ..self.who(asked.into()) };
        let Acted { seq, data, .. } = self.api.door.live.act(self.meeting, who).await?;
        let mut response = respond(answer(&data));
        if seq.is_some() {
            response.extensions_mut().insert(Kept);
        }
        Ok(response)
    }

    /// Asks for what is answered in another way; its answer is not kept with it.
    ///
    /// # Errors
    /// The refusal.
    pub(super) async fn act(&self, asked: impl Into<Asked>) -> Result<(), Problem> {
        self.api.door.live.act(self.meeting, self.who(asked.into())).await?;
        Ok(())
    }

    /// Whether it would be done; nothing changes.
    ///
    /// # Errors
    /// The refusal.
    pub(super) async fn would(&self, asked: impl Into<Asked>) -> Result<(), ErrorBody> {
        let who = ActAs { dry_run: true, ..self.who(asked.into()) };
        self.api.door.live.act(self.meeting, who).await.map(drop)
    }

    /// Refuses where the request was meant of another revision of the meeting in its path.
    ///
    /// # Errors
    /// `precondition_failed`.
    pub(super) fn unchanged(&self, revision: Seq) -> Result<(), Problem> {
        match &self.revisions {
            Some(seen) if !seen.contains(&revision) => {
                Err(Problem(ErrorBody::from(&Refusal::Outdated)))
            }
            _ => Ok(()),
        }
    }

    /// The same person acting in the meeting that their request is meant of.
    pub(super) fn at(mut self, meeting: MeetingId) -> Acting {
        self.meeting = meeting;
        self
    }

    /// The same person acting in another meeting, of which no revision was named.
    pub(super) fn elsewhere(mut self, meeting: MeetingId) -> Acting {
        self.meeting = meeting;
        self.revisions = None;
        self
    }

    pub(super) fn who(&self, asked: Asked) -> ActAs {
        let Asked { commands, named } = asked;
        let Caller { user, email, admin, bot, scopes, .. } = self.caller.clone();
        ActAs {
            user,
            email,
            bot,
            scopes,
            admin,
            revisions: self.revisions.clone(),
            named,
            of: self.of,
            commands,
            dry_run: false,
            keep: None,
        }
    }
}

/// An answer as it goes out.
pub(super) fn respond(answered: Answered) -> Response {
    let Answered { status, location, body } = answered;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let kind = [(header::CONTENT_TYPE, "application/json")];
    let mut response = (status, kind, body.unwrap_or_default()).into_response();
    if let Some(location) = location.and_then(|location| HeaderValue::try_from(location).ok()) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// There is no such thing in the meeting.
pub(super) fn no_such(what: &str) -> Problem {
    Problem(ErrorBody::new(Code::NotFound, format!("there is no such {what} here")))
}

fn find<'a>(params: &'a [(String, String)], word: &str) -> Option<&'a str> {
    params.iter().find(|(name, _)| name == word).map(|(_, text)| text.as_str())
}

/// What is not written as we write numbers is none.
fn number(params: &[(String, String)], word: &str) -> Option<i64> {
    let text = find(params, word)?;
    text.parse().ok().filter(|number: &i64| number.to_string() == text)
}
