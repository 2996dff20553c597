//! Query parameters, with errors that name the parameter.

use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use quorate_protocol::{Code, ErrorBody};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// Query parameters; a type that denies unknown fields refuses unknown parameters.
pub(super) struct Query<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read(parts.uri.query().unwrap_or_default()).map(Query).map_err(Problem)
    }
}

/// Lets a request through that has no query parameters, to an operation that takes none.
pub(super) async fn none(request: Request) -> Result<Request, Problem> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct None {}
    let query = request.uri().query().unwrap_or_default();
    read::<None>(query).map(|None {}| request).map_err(Problem)
}

fn read<T: DeserializeOwned>(query: &str) -> Result<T, ErrorBody> {
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(pairs).map_err(|error| {
        let message = error.inner().to_string();
        // What is wrong with the set of parameters, and not with the value of one, is told in backticks.
        let quoted = message.split('`').nth(1).unwrap_or_default().to_owned();
        let path = error.path().to_string();
        let field = if path == "." { quoted } else { path };
        ErrorBody::new(Code::Invalid, message).field(field)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Filter {
        #[serde(default)]
        limit: Option<u16>,
    }

    #[test]
    fn a_wrong_parameter_is_named() {
        let field = |query| read::<Filter>(query).map(|it| it.limit).map_err(|error| error.field);
        assert_eq!(field("limit=7"), Ok(Some(7)));
        assert_eq!(field(""), Ok(None));
        for (query, name) in
            [("limit=many", "limit"), ("limit=1&limit=2", "limit"), ("colour=red", "colour")]
        {
            assert_eq!(field(query), Err(Some(name.to_owned())), "{query}");
        }
    }
}
