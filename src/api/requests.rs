//! What every request gets, whatever it asks: an id to look for in the log, its place in the counters, and an
//! answer even when its handler panics.
//!
//! The log names the route, never the path: paths hold secrets too, and queries do.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use quorate_protocol::{Code, ErrorBody};
use tracing::Instrument;

use super::Api;
use super::problem::Problem;
use crate::live::ids;
use crate::telemetry::HttpMetrics;

/// The header that says a request's id.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The route of what is at no route.
const NO_ROUTE: &str = "none";

/// See the module.
pub(super) async fn attend(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    answer(api.telemetry.http(), request, next).await
}

async fn answer(metrics: &HttpMetrics, request: Request, next: Next) -> Response {
    let id = ids::incident();
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or_else(|| NO_ROUTE.to_owned(), |route| route.as_str().to_owned());
    let method = name(request.method());
    let span = tracing::info_span!("request", %id, method, route);
    let began = Instant::now();
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind();
    let answered = async {
        let mut response = answered.await.unwrap_or_else(|_| panicked(&id));
        let status = response.status();
        let seconds = began.elapsed().as_secs_f64();
        if status.is_server_error() {
            tracing::warn!(status = status.as_u16(), seconds, "answered");
        } else {
            tracing::debug!(status = status.as_u16(), seconds, "answered");
        }
        metrics.answered(method, &route, status.as_u16(), seconds);
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    };
    answered.instrument(span).await
}

/// A handler panicked: one request fails, and says where to look.
fn panicked(id: &str) -> Response {
    tracing::error!(incident = id, "a request panicked");
    let message = "something went wrong on our side; the log has more under this incident";
    let error = ErrorBody::new(Code::Internal, message);
    Problem(ErrorBody { incident: Some(id.to_owned()), ..error }).into_response()
}

/// A method as a label: what a stranger makes up is one word.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::Mutex;

    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::middleware;
    use axum::routing::get;
    use hyper::service::Service;
    use hyper_util::service::TowerToHyperService;

    use super::*;

    /// What was logged.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    async fn bad() -> &'static str {
        panic!("as the test asks")
    }

    #[test]
    fn a_handler_that_panics_is_one_answer_and_its_id_is_in_the_log() {
        let (log, metrics) = (Log::default(), HttpMetrics::default());
        let lines = log.clone();
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || lines.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let layer = middleware::from_fn(move |request: Request, next: Next| {
            let metrics = metrics.clone();
            async move { answer(&metrics, request, next).await }
        });
        let router = Router::<()>::new().route("/bad/{id}", get(bad)).layer(layer);
        let request = Request::get("/bad/secret").body(Body::empty()).unwrap();
        let body: serde_json::Value =
            tracing::subscriber::with_default(subscriber.finish(), || {
                runtime.block_on(async {
                    let response = TowerToHyperService::new(router).call(request).await.unwrap();
                    assert_eq!(response.status(), 500);
                    let id = response.headers()[REQUEST_ID].to_str().unwrap().to_owned();
                    let body = to_bytes(response.into_body(), 10_000).await.unwrap();
                    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
                    assert_eq!(
                        (&body["code"], &body["incident"]),
                        (&"internal".into(), &id.into())
                    );
                    body
                })
            });
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let incident = body["incident"].as_str().unwrap();
        assert!(
            log.contains("ERROR") && log.contains(incident) && log.contains("/bad/{id}"),
            "{log}"
        );
        assert!(!log.contains("secret"), "the path as it came: {log}");
    }
}
