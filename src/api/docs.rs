//! The descriptions of the interfaces, and a page that shows them: served from the binary, with nothing from
//! another host.

use std::sync::Arc;

use axum::Json as Reply;
use axum::Router;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use bytes::Bytes;
use quorate_protocol::{ProtocolLinks, SUBPROTOCOL, async_api, json_schema};
use serde_json::Value;

use super::Api;
use super::openapi::{Operation, Routes};

/// Only what this server sends runs, is shown, and is talked to.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page's files: the path, the format, and what is in it.
const PAGE: &[(&str, &str, &str)] = &[
    ("/api/docs", "text/html; charset=utf-8", include_str!("docs/page.html")),
    ("/api/docs/page.js", "text/javascript; charset=utf-8", include_str!("docs/page.js")),
    ("/api/docs/schema.js", "text/javascript; charset=utf-8", include_str!("docs/schema.js")),
    ("/api/docs/sign-in.js", "text/javascript; charset=utf-8", include_str!("docs/sign-in.js")),
    ("/api/docs/page.css", "text/css; charset=utf-8", include_str!("docs/page.css")),
];

pub(super) fn routes() -> Routes<Arc<Api>> {
    let open = |path, summary| Operation::get(path, summary).open();
    Routes::new()
        .add(
            open("/api/protocol", "Where the WebSocket is described")
                .answers::<ProtocolLinks>(StatusCode::OK),
            links,
        )
        .add(
            open("/api/protocol/schema.json", "The JSON Schema of every frame")
                .answers::<Value>(StatusCode::OK),
            async || Reply(json_schema()),
        )
        .add(
            open("/api/protocol/asyncapi.json", "The AsyncAPI document of the WebSocket")
                .answers::<Value>(StatusCode::OK),
            async || Reply(async_api()),
        )
}

/// `GET /api/protocol`.
async fn links() -> Reply<ProtocolLinks> {
    Reply(ProtocolLinks {
        subprotocol: SUBPROTOCOL.to_owned(),
        websocket: "/ws".to_owned(),
        json_schema: "/api/protocol/schema.json".to_owned(),
        async_api: "/api/protocol/asyncapi.json".to_owned(),
        open_api: "/api/openapi.json".to_owned(),
        docs: "/api/docs".to_owned(),
    })
}

/// The page, and the document of the REST interface that it shows.
pub(super) fn page(open_api: &Value) -> Router<Arc<Api>> {
    let document = Bytes::from(open_api.to_string());
    let document = get(move || async { ([(header::CONTENT_TYPE, "application/json")], document) });
    let pages = PAGE.iter().fold(Router::new(), |router, (path, format, text)| {
        router.route(path, get(move || async move { file(format, text) }))
    });
    // Whoever opens the server's address finds the way; a link's fragment comes along.
    let home = get(|| async { Redirect::to("/api/docs") });
    pages.route("/", home).route("/api/openapi.json", document)
}

fn file(format: &'static str, text: &'static str) -> impl IntoResponse {
    let headers: [(HeaderName, &str); 4] = [
        (header::CONTENT_TYPE, format),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, text)
}
