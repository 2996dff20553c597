//! Asking the back office: a request, and what came back of it.

use quorate::identity::Claims;
use quorate::live::clock;
use quorate_client::protocol::{Meeting, SignIn, SignedIn};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::stage::{Stage, guest};

/// What came back.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Told {
    /// A header, as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Status, code and field of a problem.
    pub(crate) fn problem(&self) -> (u16, &str, Option<&str>) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        (self.status, self.body["code"].as_str().unwrap(), self.body["field"].as_str())
    }
}

impl Stage {
    /// Asks, with a body where it is not null.
    pub(crate) async fn ask(&self, method: Method, path: &str, token: &str, body: Value) -> Told {
        self.ask_with(method, path, token, body, &[]).await
    }

    /// The same with these headers.
    pub(crate) async fn ask_with(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Value,
        headers: &[(&str, &str)],
    ) -> Told {
        let mut request = self.request(method, path, Some(token));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = if body.is_null() { request } else { request.json(&body) };
        told(request).await
    }

    /// A token for an administrator.
    pub(crate) fn admin(&self) -> String {
        let claims = Claims::new("root".to_owned(), Some("Root".to_owned()), 1, clock::wall());
        self.key.sign(&Claims { admin: true, ..claims })
    }

    /// The token of a guest, the same as over the socket.
    pub(crate) async fn guest_token(&self, name: &str) -> String {
        let request = self.request(Method::POST, "/api/sessions", None);
        let response = request.json(&SignIn::Guest(guest(name))).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.json::<SignedIn>().await.unwrap().token
    }
}

/// Sends it; what came back.
pub(crate) async fn told(request: reqwest::RequestBuilder) -> Told {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    Told { status, headers, body }
}

/// A path below a meeting.
pub(crate) fn below(meeting: &Meeting, path: &str) -> String {
    format!("/api/meetings/{}{path}", meeting.info.id)
}
