//! Asking the issuer: short waits, small answers, and no client before the first question.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::{Client, RequestBuilder, StatusCode, header, redirect};
use serde::de::DeserializeOwned;

/// How long the issuer may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of an answer at most.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Why the issuer could not be asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    /// It did not answer, or not in time.
    #[error("ask the issuer: {0}")]
    Failed(#[from] reqwest::Error),
    /// It says no to what was sent.
    #[error("ask the issuer: it refused")]
    Refused,
    /// It answers with another status than was to be expected.
    #[error("ask the issuer: it answered {0}")]
    Status(StatusCode),
    /// Its answer is larger than any that makes sense.
    #[error("ask the issuer: its answer is too large")]
    TooLarge,
    /// Its answer is not what it is meant to be.
    #[error("ask the issuer: its answer makes no sense")]
    Odd,
}

/// The client, made when it is needed.
#[derive(Default)]
pub(super) struct Http(OnceLock<Client>);

impl Http {
    /// What is at an address, as JSON.
    pub(super) async fn get<T: DeserializeOwned>(&self, url: &str) -> Result<T, FetchError> {
        read(self.client()?.get(url)).await
    }

    /// The answer to a form, sent by a client with an id and a secret where it has them.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        url: &str,
        form: &[(&str, &str)],
        client: Option<(&str, &str)>,
    ) -> Result<T, FetchError> {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.client()?.post(url).body(form);
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        match client {
            None => read(request).await,
            // RFC 6749, 2.3.1: both are encoded as in a form.
            Some((id, secret)) => {
                let encoded = |text: &str| {
                    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()
                };
                read(request.basic_auth(encoded(id), Some(encoded(secret)))).await
            }
        }
    }

    fn client(&self) -> Result<Client, FetchError> {
        if let Some(client) = self.0.get() {
            return Ok(client.clone());
        }
        let client = Client::builder()
            .timeout(TIMEOUT)
            // Keys come from where the settings say, and from nowhere that an answer says.
            .redirect(redirect::Policy::none())
            .build()?;
        Ok(self.0.get_or_init(|| client).clone())
    }
}

async fn read<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, FetchError> {
    let mut response = request.header(header::ACCEPT, "application/json").send().await?;
    match response.status() {
        status if status.is_success() => {}
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED => return Err(FetchError::Refused),
        status => return Err(FetchError::Status(status)),
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(FetchError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&bytes).map_err(|_| FetchError::Odd)
}
