//! `Idempotency-Key`: a POST that is sent again is answered again, and carried out once.
//!
//! A request is known by its user and key, and told from another of that key by its method, path and body.
//! Its answer is kept for 24 hours: of what changes a meeting in the transaction of the events, so that no
//! crash comes between; of all else right after it. Refusals are not kept, for they change nothing: the same
//! request may succeed later. An answer that holds a secret is not kept either, only that there was one.
//!
//! While a request is under way, the same one is told to come back: who waited would hold a place for
//! nothing. It is carried out to its end, whoever asked goes away meanwhile.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use quorate_protocol::{Code, ErrorBody, UserId};

use super::acting::respond;
use super::body::read_all;
use super::problem::Problem;
use super::{Api, Bearer};
use crate::identity::{Caller, unavailable};
use crate::live::clock;
use crate::store::{Answered, KeptAnswer};

/// The header.
pub(super) const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Characters of a key at most.
pub(super) const KEY_CHARS_MAX: usize = 200;
/// Bytes of an answer that is kept at most; a longer one is read again where it says.
const KEPT_BYTES_MAX: usize = 64 * 1024;
/// When a request that is under way is worth asking for again, in milliseconds.
const UNDER_WAY_MS: u64 = 1000;

/// A request that may be sent again; for the handler that keeps its answer with what it does.
#[derive(Debug, Clone)]
pub(super) struct Repeatable {
    pub(super) key: String,
    pub(super) fingerprint: [u8; 32],
}

/// Of an answer: it was kept with what it answers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept;

/// Of an answer: it holds a secret, and is given once.
#[derive(Debug, Clone, Copy)]
pub(super) struct HoldsSecret;

/// What the layer needs.
#[derive(Clone)]
pub(super) struct Repeats {
    api: Arc<Api>,
    /// Where answers are read again.
    routes: Router,
    under_way: Arc<UnderWay>,
}

impl Repeats {
    /// For these routes.
    pub(super) fn new(api: Arc<Api>, routes: Router) -> Repeats {
        Repeats { api, routes, under_way: Arc::default() }
    }
}

/// Requests with a key that are not answered yet.
#[derive(Debug, Default)]
struct UnderWay(Mutex<HashSet<(UserId, String)>>);

/// Holds a request's place among those under way.
struct Place {
    all: Arc<UnderWay>,
    request: (UserId, String),
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&self.request);
    }
}

impl UnderWay {
    fn enter(self: Arc<Self>, user: UserId, key: &str) -> Option<Place> {
        let request = (user, key.to_owned());
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let free = all.insert(request.clone());
        drop(all);
        free.then(|| Place { all: self, request })
    }
}

/// The layer around all routes: whatever is no POST with a key and a bearer passes through.
pub(super) async fn once(State(repeats): State<Repeats>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let concerned = request.method() == Method::POST
        && headers.contains_key(IDEMPOTENCY_KEY)
        && headers.contains_key(header::AUTHORIZATION);
    if !concerned {
        return next.run(request).await;
    }
    match carry_out(repeats, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn carry_out(repeats: Repeats, request: Request, next: Next) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let key = key(&parts.headers)?;
    let Bearer(caller) = Bearer::from_request_parts(&mut parts, &repeats.api).await?;
    let body = read_all(body).await?;
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let asked = [parts.method.as_str().as_bytes(), path.as_bytes(), &body];
    let fingerprint = repeats.api.door.identity.fingerprint(&asked);
    let under_way = repeats.under_way.clone();
    let place = under_way.enter(caller.user.id, &key).ok_or_else(|| {
        let message = "the request of that key is still under way; ask for its answer in a moment";
        let error = ErrorBody::new(Code::Conflict, message).field("Idempotency-Key");
        Problem(ErrorBody { retryable: true, retry_after_ms: Some(UNDER_WAY_MS), ..error })
    })?;
    let request = Repeatable { key, fingerprint };
    let tasks = repeats.api.tasks.clone();
    let done = tasks.spawn(async move {
        let _place = place;
        let store = &repeats.api.door.store;
        let kept = store.kept_answer(caller.user.id, &request.key, clock::wall());
        match kept.await.map_err(unavailable)? {
            Some(kept) if kept.fingerprint != request.fingerprint => {
                let message = "another request was sent with that key; take a new key for this one";
                Err(Problem(ErrorBody::new(Code::Conflict, message).field("Idempotency-Key")))
            }
            Some(kept) => repeats.give_again(&parts, kept.answer).await,
            None => Ok(repeats.run(parts, body.into(), caller, request, next).await),
        }
    });
    done.await.unwrap_or_else(|error| {
        tracing::error!(%error, "failed to carry out a request with a key");
        let message = "something went wrong on our side; send it again with the same key";
        Err(Problem(ErrorBody::new(Code::Internal, message)))
    })
}

impl Repeats {
    /// Carries the request out, and keeps its answer where that has not been done with it.
    async fn run(
        &self,
        mut parts: Parts,
        body: Body,
        caller: Caller,
        request: Repeatable,
        next: Next,
    ) -> Response {
        parts.extensions.insert(caller.clone());
        parts.extensions.insert(request.clone());
        let response = next.run(Request::from_parts(parts, body)).await;
        if !response.status().is_success() || response.extensions().get::<Kept>().is_some() {
            return response;
        }
        let (head, body) = response.into_parts();
        let Ok(body) = to_bytes(body, usize::MAX).await else {
            let message = "the answer could not be made; send it again with the same key";
            return Problem(ErrorBody::new(Code::Internal, message)).into_response();
        };
        let location = head.headers.get(header::LOCATION);
        let location = location.and_then(|location| location.to_str().ok()).map(str::to_owned);
        let secret = head.extensions.get::<HoldsSecret>().is_some();
        let text = str::from_utf8(&body).ok().filter(|text| text.len() <= KEPT_BYTES_MAX);
        let answer = Answered {
            status: head.status.as_u16(),
            location: location.filter(|_| !secret),
            body: text.filter(|_| !secret).map(str::to_owned),
        };
        let Repeatable { key, fingerprint } = request;
        let (user, at) = (caller.user.id, clock::wall());
        let kept = KeptAnswer { user, key, fingerprint, answer, at };
        if let Err(error) = self.api.door.store.keep_answer(caller.user, kept).await {
            tracing::error!(%error, "failed to keep the answer to a request with a key");
        }
        Response::from_parts(head, Body::from(body))
    }

    /// The first answer, again.
    async fn give_again(&self, parts: &Parts, answer: Answered) -> Result<Response, Problem> {
        let location = match &answer {
            Answered { body: Some(_), .. } => return Ok(respond(answer)),
            Answered { location: Some(location), .. } => location.clone(),
            Answered { location: None, .. } => {
                let message = "that was done, and its answer is given once, for it holds a secret; \
                    make a new one with a new key where it was lost";
                let error = ErrorBody::new(Code::Conflict, message).field("Idempotency-Key");
                return Err(Problem(error));
            }
        };
        let mut read = Request::get(location.as_str());
        for name in [header::AUTHORIZATION, header::HOST] {
            if let Some(value) = parts.headers.get(&name) {
                read = read.header(name, value);
            }
        }
        let read = read.body(Body::empty()).map_err(|_| no_longer())?;
        let routes = TowerToHyperService::new(self.routes.clone());
        let Ok(mut response) = routes.call(read).await;
        if response.status() == StatusCode::OK {
            *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or_default();
            let location = location.try_into().map_err(|_| no_longer())?;
            response.headers_mut().insert(header::LOCATION, location);
        }
        Ok(response)
    }
}

fn no_longer() -> Problem {
    let message = "that was done, and its answer cannot be given again; look at what was made";
    Problem(ErrorBody::new(Code::Conflict, message).field("Idempotency-Key"))
}

fn key(headers: &HeaderMap) -> Result<String, Problem> {
    let mut lines = headers.get_all(IDEMPOTENCY_KEY).iter();
    let key = match (lines.next(), lines.next()) {
        (Some(key), None) => key.to_str().ok(),
        _ => None,
    };
    let fits = |key: &&str| (1..=KEY_CHARS_MAX).contains(&key.len());
    let key = key.filter(fits).filter(|key| key.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
    key.map(str::to_owned).ok_or_else(|| {
        let message = "send one key of 1 to 200 printable ASCII characters";
        Problem(ErrorBody::new(Code::Invalid, message).field("Idempotency-Key"))
    })
}
