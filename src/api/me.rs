//! Who one is, and the private address of one's calendar.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use quorate_protocol::{CalendarUrl, Me, MyLinks, OwnUser};

use super::links::Base;
use super::openapi::{Operation, Routes};
use super::problem::Problem;
use super::secret::Secret;
use super::{Api, Bearer};
use crate::store::UserRow;

pub(super) fn routes() -> Routes<Arc<Api>> {
    Routes::new()
        .add(Operation::get("/api/me", "Who one is").answers::<Me>(StatusCode::OK), show)
        .add(
            Operation::post("/api/me/calendar-url", "Make the address of one's calendar anew")
                .answers::<CalendarUrl>(StatusCode::OK),
            renew_calendar,
        )
}

/// `GET /api/me`.
pub(super) async fn show(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    headers: HeaderMap,
) -> Result<Secret<Me>, Problem> {
    let secret = api.door.identity.calendar_secret(&caller).await?;
    let base = api.links.of(&headers);
    let UserRow { id, username, name, kind, .. } = caller.user;
    Ok(Secret(Me {
        user: OwnUser { id, username, name, email: caller.email, kind },
        admin: caller.admin,
        scopes: caller.scopes,
        calendar_url: secret.map(|secret| calendar_url(&base, &secret)),
        links: MyLinks { meetings: base.api("/meetings?mine=true") },
    }))
}

/// `POST /api/me/calendar-url`.
pub(super) async fn renew_calendar(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    headers: HeaderMap,
) -> Result<Secret<CalendarUrl>, Problem> {
    let secret = api.door.identity.new_calendar_secret(&caller).await?;
    Ok(Secret(CalendarUrl { calendar_url: calendar_url(&api.links.of(&headers), &secret) }))
}

fn calendar_url(base: &Base, secret: &str) -> String {
    base.api(&format!("/calendar/{secret}.ics"))
}
