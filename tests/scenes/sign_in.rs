//! Signing in without the command line, staying signed in, signing out.

use quorate_client::protocol::*;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::stage::{Stage, guest};

/// The secret in the link that the server printed.
fn secret(stage: &Stage) -> String {
    let link = stage.setup_link.as_deref().expect("a link");
    let (base, secret) = link.split_once("/#setup=").expect("a secret");
    assert_eq!(base, format!("http://{}", stage.address));
    assert!(secret.len() >= 43, "256 bits: {secret}");
    secret.to_owned()
}

async fn sign_in(stage: &Stage, body: Value) -> Response {
    stage.request(Method::POST, "/api/sessions", None).json(&body).send().await.unwrap()
}

fn setup(secret: &str, username: &str) -> Value {
    json!({ "setup": { "secret": secret, "username": username, "name": "Root", "email": "R@x.org" } })
}

async fn said(response: Response) -> (u16, Value) {
    (response.status().as_u16(), response.json().await.unwrap())
}

/// The cookie as the browser sends it back, and all that was said of it.
fn cookie(response: &Response) -> (String, String) {
    let set = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    (set.split(';').next().unwrap().to_owned(), set)
}

async fn renew(stage: &Stage, cookie: &str) -> Response {
    let request = stage.request(Method::POST, "/api/sessions/renew", None).json(&json!({}));
    request.header("cookie", cookie).send().await.unwrap()
}

async fn me(stage: &Stage, token: &str) -> Value {
    let request = stage.request(Method::GET, "/api/me", Some(token));
    request.send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn who_has_the_setup_link_becomes_the_administrator_once() {
    let mut stage = Stage::set().await;
    let secret = secret(&stage);
    for (body, status, field) in [
        (setup("wrong", "root"), 401, "setup.secret"),
        (setup(&secret, "guest:me"), 422, "setup.username"),
        (setup(&secret, "system"), 422, "setup.username"),
        (setup(&secret, "  "), 422, "setup.username"),
        (json!({ "setup": { "secret": secret, "username": "root" } }), 422, "setup.name"),
    ] {
        let (got, problem) = said(sign_in(&stage, body).await).await;
        assert_eq!((got, &problem["field"]), (status, &json!(field)), "{problem}");
    }
    let response = sign_in(&stage, setup(&secret, "root")).await;
    assert_eq!(response.headers()["cache-control"], "no-store");
    let (_, set) = cookie(&response);
    for part in ["HttpOnly", "SameSite=Strict", "Path=/api/sessions", "Max-Age=2592000"] {
        assert!(set.split("; ").any(|it| it == part), "{part}: {set}");
    }
    assert!(!set.contains("Secure"), "it came by http");
    let (status, signed_in) = said(response).await;
    assert_eq!(status, 200, "{signed_in}");
    let me = me(&stage, signed_in["token"].as_str().unwrap()).await;
    assert_eq!((&me["admin"], &me["user"]["username"]), (&json!(true), &json!("root")), "{me}");
    assert_eq!(me["user"]["email"], "r@x.org");

    let (status, problem) = said(sign_in(&stage, setup(&secret, "second")).await).await;
    assert_eq!((status, &problem["code"]), (409, &json!("conflict")), "{problem}");
    // Who is administrator is so by every credential of theirs.
    assert_eq!(self::me(&stage, &stage.token("Root")).await["admin"], true);
    stage.restart().await;
    assert_eq!(stage.setup_link, None, "there is one now");
}

#[tokio::test]
async fn exactly_one_way_of_signing_in_is_taken() {
    let stage = Stage::set().await;
    let gus = json!(guest("Gus"));
    for body in [
        json!({}),
        json!({ "guest": gus, "setup": { "secret": "x", "username": "a", "name": "b" } }),
        json!({ "password": "x" }),
    ] {
        let (status, problem) = said(sign_in(&stage, body.clone()).await).await;
        assert_eq!((status, &problem["code"]), (422, &json!("invalid")), "{body}: {problem}");
    }
    let response = sign_in(&stage, json!({ "guest": gus })).await;
    assert!(!response.headers().contains_key("set-cookie"), "a guest keeps a device");
}

#[tokio::test]
async fn a_cookie_renews_tokens_for_our_own_pages_until_one_signs_out() {
    let mut stage = Stage::set().await;
    let response = sign_in(&stage, setup(&secret(&stage), "root")).await;
    let (cookie, _) = cookie(&response);
    stage.restart().await;
    let renewed = renew(&stage, &cookie).await;
    assert_eq!(renewed.headers()["cache-control"], "no-store");
    let (status, renewed) = said(renewed).await;
    assert_eq!(status, 200, "{renewed}");
    let me = me(&stage, renewed["token"].as_str().unwrap()).await;
    assert_eq!((&me["user"]["name"], &me["admin"]), (&json!("Root"), &json!(true)));
    let shown = renewed["expires_at"].as_str().unwrap().parse::<Timestamp>().unwrap();
    let minutes = shown.ms_since(quorate::live::clock::wall()) / 60_000;
    assert!((13..=15).contains(&minutes), "{minutes}");

    let ask = |method, path| {
        stage.request(method, path, None).header("cookie", format!("other=1; {cookie}"))
    };
    let renewal = || ask(Method::POST, "/api/sessions/renew");
    for (request, status) in [
        (renewal().json(&json!({})).header("origin", "https://evil.example"), 403),
        (renewal().json(&json!({})).header("origin", "null"), 403),
        (renewal().json(&json!({})).header("origin", format!("http://{}", stage.address)), 200),
        // What a form of another site could send.
        (renewal().body("{}").header("content-type", "text/plain"), 415),
        (ask(Method::DELETE, "/api/sessions").header("origin", "https://evil.example"), 403),
        (stage.request(Method::POST, "/api/sessions/renew", None).json(&json!({})), 401),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "{:?}", response.text().await);
    }
    assert_eq!(renew(&stage, "quorate=wrong").await.status(), 401);

    let out = ask(Method::DELETE, "/api/sessions").send().await.unwrap();
    assert!(self::cookie(&out).1.contains("quorate=; Path=/api/sessions; Max-Age=0"));
    assert_eq!(said(out).await, (200, json!({ "already": false })));
    assert_eq!(renew(&stage, &cookie).await.status(), 401);
    let again = ask(Method::DELETE, "/api/sessions").send().await.unwrap();
    assert_eq!(said(again).await, (200, json!({ "already": true })));
    let stored: i64 = stage.sql("SELECT count(*) FROM sign_ins");
    assert_eq!(stored, 0);
}

#[tokio::test]
async fn behind_a_proxy_the_cookie_is_secure_and_links_are_as_people_reach_them() {
    let stage = Stage::with(|config| {
        config.trusted_proxies = vec!["127.0.0.0/8".to_owned()];
    })
    .await;
    let body = setup(&secret(&stage), "root");
    let request = stage.request(Method::POST, "/api/sessions", None).json(&body);
    let response = request.header("x-forwarded-proto", "https").send().await.unwrap();
    assert!(cookie(&response).1.ends_with("; Secure"), "{:?}", cookie(&response));

    let public = Stage::with(|config| {
        config.public_url = Some("https://meet.example.org/".to_owned());
    })
    .await;
    let link = public.setup_link.clone().unwrap();
    let secret = link.strip_prefix("https://meet.example.org/#setup=").expect("the public address");
    let own = "https://meet.example.org";
    let request = public.request(Method::POST, "/api/sessions", None).json(&setup(secret, "root"));
    let response = request.header("origin", own).send().await.unwrap();
    assert!(cookie(&response).1.ends_with("; Secure"), "the public address is https");
    let below = Stage::with(|config| {
        config.public_url = Some("https://example.org/meet".to_owned());
    })
    .await;
    let link = below.setup_link.clone().unwrap();
    let secret = link.strip_prefix("https://example.org/meet/#setup=").unwrap();
    let body = setup(secret, "root");
    let request = below.request(Method::POST, "/api/sessions", None).json(&body);
    let response = request.send().await.unwrap();
    assert!(cookie(&response).1.contains("; Path=/meet/api/sessions;"), "{:?}", cookie(&response));
    let meeting = public.meeting("Ada", json!({})).await;
    assert_eq!(meeting.links.ws, "wss://meet.example.org/ws");
    let links = me(&public, &public.token("Ada")).await;
    assert_eq!(links["links"]["meetings"], "https://meet.example.org/api/meetings?mine=true");
}

#[tokio::test]
async fn who_fails_too_often_waits_and_others_do_not() {
    let stage = Stage::with(|config| {
        config.trusted_proxies = vec!["127.0.0.1".to_owned()];
    })
    .await;
    let attempt = async |from: &str, secret: &str| {
        let request = stage.request(Method::POST, "/api/sessions", None);
        let request = request.json(&setup(secret, "root")).header("x-forwarded-for", from);
        request.send().await.unwrap()
    };
    for _ in 0..20 {
        assert_eq!(attempt("198.51.100.1", "wrong").await.status(), 401);
    }
    let response = attempt("198.51.100.1", &secret(&stage)).await;
    let seconds: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds));
    let (status, problem) = said(response).await;
    assert_eq!((status, &problem["code"]), (429, &json!("rate_limited")), "{problem}");
    assert_eq!(attempt("198.51.100.2", &secret(&stage)).await.status(), 200);
}
