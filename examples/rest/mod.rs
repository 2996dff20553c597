//! What the examples ask over REST: sign in as a guest, and make a meeting.

use anyhow::{Context, Result, bail};
use quorate_client::protocol::{
    ClientInfo, CreateMeeting, Guest, Hello, Meeting, MeetingRef, SignIn, SignedIn,
};
use rand::{Rng, RngExt};
use reqwest::Response;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A server, as `http://host:port`.
#[derive(Clone)]
pub(crate) struct Rest {
    http: reqwest::Client,
    server: String,
}

impl Rest {
    pub(crate) fn new(server: &str) -> Rest {
        Rest { http: reqwest::Client::new(), server: server.trim_end_matches('/').to_owned() }
    }

    /// Where its WebSocket is.
    pub(crate) fn socket_url(&self) -> String {
        format!("{}/ws", self.server.replacen("http", "ws", 1))
    }

    /// Signs a guest in; gives a bearer token.
    pub(crate) async fn sign_in(&self, guest: Guest) -> Result<String> {
        let request = self.http.post(format!("{}/api/sessions", self.server));
        let response = request.json(&SignIn::Guest(guest)).send().await;
        let response = response.with_context(|| self.nobody_there())?;
        let SignedIn { token, .. } = body(response).await.context("failed to sign in")?;
        Ok(token)
    }

    /// Makes a meeting; whose token it is hosts it.
    pub(crate) async fn create_meeting(
        &self,
        token: &str,
        meeting: &CreateMeeting,
    ) -> Result<Meeting> {
        let request = self.http.post(format!("{}/api/meetings", self.server)).bearer_auth(token);
        let response = request.json(meeting).send().await;
        let response = response.with_context(|| self.nobody_there())?;
        body(response).await.context("failed to make a meeting")
    }

    /// What to say when there is no answer.
    pub(crate) fn nobody_there(&self) -> String {
        format!("nothing answers at {}; start it with `cargo run --release`", self.server)
    }
}

/// Reads the body of an answer, or says what the server has against the request.
async fn body<T: DeserializeOwned>(response: Response) -> Result<T> {
    let status = response.status();
    if status.is_success() {
        return Ok(response.json().await?);
    }
    let problem: Value = response.json().await.unwrap_or_default();
    match ["message", "detail", "title"].iter().find_map(|key| problem[key].as_str()) {
        Some(why) => bail!("{status}: {why}"),
        None => bail!("{status}"),
    }
}

/// A meeting with this title, and nothing else special.
pub(crate) fn titled(title: String) -> CreateMeeting {
    CreateMeeting { title, ..CreateMeeting::default() }
}

/// A guest on a device that nobody has seen before.
pub(crate) fn guest(name: &str, rng: &mut impl Rng) -> Guest {
    Guest { name: name.to_owned(), device: format!("{:032x}", rng.random::<u128>()) }
}

/// What to say first: as the holder of a token, or else as a guest.
pub(crate) fn hello(meeting: &str, token: Option<String>, guest: Option<Guest>) -> Hello {
    let name = env!("CARGO_CRATE_NAME").to_owned();
    let version = Some(env!("CARGO_PKG_VERSION").to_owned());
    Hello {
        meeting: MeetingRef::Code(meeting.to_owned()),
        token,
        guest,
        resume: None,
        passcode: None,
        client: Some(ClientInfo { name, version }),
    }
}
