//! Users of a configured issuer: a real one, npm's oidc-provider, as a process of its own.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Once;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use quorate::config::{Auth, Link};
use quorate_client::protocol::*;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::task::block_in_place;

use crate::stage::{Stage, hello_with};

/// The issuer, and a browser that signs in there. Ends with the scene.
struct Issuer {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    url: String,
}

impl Drop for Issuer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Issuer {
    fn start() -> Issuer {
        static INSTALLED: Once = Once::new();
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/oidc");
        INSTALLED.call_once(|| {
            if folder.join("node_modules/.package-lock.json").exists() {
                return;
            }
            let mut install = Command::new("npm");
            install.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]);
            assert!(
                install.current_dir(&folder).status().unwrap().success(),
                "npm ci in tests/oidc"
            );
        });
        let mut node = Command::new("node");
        node.arg("issuer.mjs").current_dir(folder).stderr(Stdio::null());
        let mut process = node.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut issuer = Issuer { process, input, output, url: String::new() };
        issuer.url = issuer.line()["issuer"].as_str().unwrap().to_owned();
        issuer
    }

    /// The next line of ours; the library says things in between.
    fn line(&mut self) -> Value {
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the issuer has ended");
            if line.starts_with('{') {
                return serde_json::from_str(&line).unwrap();
            }
        }
    }

    fn ask(&mut self, command: &str, mut with: Value) -> Value {
        with["command"] = json!(command);
        block_in_place(|| {
            writeln!(self.input, "{with}").unwrap();
            let answer = self.line();
            assert!(answer.get("error").is_none(), "{answer}");
            answer
        })
    }

    /// A token for this client.
    fn token(&mut self, client: &str, mut with: Value) -> String {
        with["client"] = json!(client);
        self.ask("token", with)["token"].as_str().unwrap().to_owned()
    }

    async fn stage(&self, tweak: impl FnOnce(&mut Auth)) -> Stage {
        let mut auth = Auth {
            issuer: Some(self.url.clone()),
            audience: Some("quorate".to_owned()),
            client_secret: Some("of quorate".to_owned()),
            ..Auth::default()
        };
        tweak(&mut auth);
        Stage::with(|config| config.auth = auth).await
    }
}

/// Who one is by this token, or the problem.
async fn me(stage: &Stage, token: &str) -> (u16, Value) {
    let response = stage.request(Method::GET, "/api/me", Some(token)).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_of_the_issuer_are_taken_everywhere_and_its_users_stay_the_same() {
    let mut issuer = Issuer::start();
    let stage = issuer.stage(|_| {}).await;
    assert_eq!(issuer.ask("asked", json!({}))["asked"], 0, "nothing is asked before it is needed");
    let meeting = stage.meeting("Ada", json!({})).await;
    let said = json!({ "name": "Ana Ortiz", "email": "Ana@Example.org", "email_verified": true,
        "admin": true, "scopes": ["chat.send"], "kind": "bot" });
    let mut users = Vec::new();
    for alg in ["RS256", "ES256", "EdDSA"] {
        let token = issuer.token("ana", json!({ "alg": alg, "said": said }));
        let (status, me) = me(&stage, &token).await;
        assert_eq!((status, &me["user"]["name"]), (200, &json!("Ana Ortiz")), "{alg}: {me}");
        assert_eq!(me["user"]["email"], "ana@example.org");
        // What it says of rights is not believed.
        assert_eq!((&me["admin"], &me["scopes"]), (&json!(false), &Value::Null));
        assert_eq!(me["user"]["kind"], "member");
        let ana = stage.enter(hello_with(&meeting, token)).await.unwrap();
        users.push((me["user"]["id"].as_i64().unwrap(), ana.user().0));
    }
    assert!(users.iter().all(|(rest, socket)| (rest, socket) == (&users[0].0, rest)), "{users:?}");
    assert_eq!(issuer.ask("asked", json!({}))["asked"], 1, "the keys were fetched once");

    // A name that it gives is nobody else's here.
    let ada =
        issuer.token("ben", json!({ "said": { "name": "ada", "preferred_username": "ada" } }));
    let (_, me) = me(&stage, &ada).await;
    assert_ne!(me["user"]["id"], json!(meeting.owner.id));
    assert!(me["user"]["username"].as_str().unwrap().starts_with("oidc:"), "{me}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_the_issuers_or_not_for_us_is_refused() {
    let mut issuer = Issuer::start();
    let stage = issuer.stage(|auth| auth.leeway_seconds = 0).await;
    let good = issuer.token("ana", json!({}));
    let [head, body, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("{good}") };
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap();
    let mut eves = claims.clone();
    eves["sub"] = json!("eve");
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    // The public key, as text that everyone has, taken for a secret.
    let keys = reqwest::get(format!("{}/jwks", issuer.url)).await.unwrap().text().await.unwrap();
    let confused = |kid: Option<&str>| {
        let header = Header { kid: kid.map(str::to_owned), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(keys.as_bytes())).unwrap()
    };
    let none = encoded(&json!({ "alg": "none" }));
    // One key's name with another's algorithm.
    let other = encoded(&json!({ "alg": "ES256", "kid": "RS256-1" }));
    for (what, token) in [
        ("another audience", issuer.token("ana", json!({ "audience": "someone" }))),
        ("expired", issuer.token("ana", json!({ "ago": 3600 }))),
        ("not yet", issuer.token("ana", json!({ "said": { "nbf": 4_000_000_000_i64 } }))),
        ("altered", format!("{head}.{}.{signature}", encoded(&eves))),
        ("unsigned", format!("{none}.{body}.")),
        ("unsigned, with a signature", format!("{none}.{body}.{signature}")),
        ("another algorithm", format!("{other}.{body}.{signature}")),
        ("a public key as secret", confused(None)),
        ("a public key as secret, named", confused(Some("RS256-1"))),
        ("rubbish", "a.b.c".to_owned()),
    ] {
        let (status, problem) = me(&stage, &token).await;
        assert_eq!((status, &problem["code"]), (401, &json!("unauthorized")), "{what}: {problem}");
    }
    assert_eq!(me(&stage, &good).await.0, 200);
    assert_eq!(me(&stage, &stage.token("Ada")).await.0, 200, "and our own hold as ever");

    // Of another issuer's point of view it is the other one that is strange.
    let elsewhere = Issuer::start();
    let other = elsewhere.stage(|_| {}).await;
    assert_eq!(me(&other, &good).await.0, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_turn_over_and_the_issuer_may_be_away() {
    let mut issuer = Issuer::start();
    let stage = issuer.stage(|_| {}).await;
    let first = issuer.token("ana", json!({}));
    assert_eq!(me(&stage, &first).await.0, 200);
    issuer.ask("turn_keys_over", json!({}));
    assert_eq!(me(&stage, &first).await.0, 200, "until it is known that its key is gone");
    let second = issuer.token("ana", json!({}));
    assert_eq!(me(&stage, &second).await.0, 200, "a new key is fetched when it is first seen");
    assert_eq!(me(&stage, &first).await.0, 401, "and the old one is gone");

    issuer.ask("turn_keys_over", json!({}));
    let third = issuer.token("ana", json!({}));
    issuer.ask("serve", json!({ "on": false }));
    assert_eq!(me(&stage, &second).await.0, 200, "known keys hold while it is away");
    let (status, problem) = me(&stage, &third).await;
    assert_eq!((status, &problem["code"]), (503, &json!("unavailable")), "{problem}");
    issuer.ask("serve", json!({ "on": true }));
    assert_eq!(me(&stage, &third).await.0, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_who_is_here_is_linked_only_by_a_verified_address_and_the_setting() {
    let mut issuer = Issuer::start();
    let linking = issuer.stage(|auth| auth.link = Link::VerifiedEmail).await;
    let not = issuer.stage(|_| {}).await;
    let said = |verified: bool| json!({ "said": { "email": "ben@example.org", "email_verified": verified } });
    for (stage, client, verified, linked) in
        [(&not, "ana", true, false), (&linking, "ana", false, false), (&linking, "ben", true, true)]
    {
        let here = stage.token_with_email("Ben", "ben");
        let body = json!({ "title": "Mine" });
        let made = stage.request(Method::POST, "/api/meetings", Some(&here)).json(&body);
        let made: Meeting = made.send().await.unwrap().json().await.unwrap();
        let token = issuer.token(client, said(verified));
        let (_, me) = me(stage, &token).await;
        let same = me["user"]["id"] == json!(made.owner.id);
        assert_eq!(same, linked, "{client}: {me}");
        assert_eq!(me["user"]["username"] == "ben", linked);
    }
    // Where several have the address, nobody can say who is meant.
    let namesake = linking.key.sign(&quorate::identity::Claims {
        email: Some("ben@example.org".to_owned()),
        email_verified: true,
        ..quorate::identity::Claims::new("ben2".to_owned(), None, 1, quorate::live::clock::wall())
    });
    assert_eq!(me(&linking, &namesake).await.0, 200);
    let token = issuer.token("eve", said(true));
    let (_, me) = me(&linking, &token).await;
    assert!(me["user"]["username"].as_str().unwrap().starts_with("oidc:"), "{me}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_word_on_rights_is_taken_where_the_settings_say_so() {
    let mut issuer = Issuer::start();
    let stage = issuer.stage(|auth| auth.trust_claims = true).await;
    let token = issuer.token("ana", json!({ "said": { "admin": true } }));
    assert_eq!(me(&stage, &token).await.1["admin"], true);
    let token = issuer.token("ben", json!({ "said": { "scopes": ["chat.send"] } }));
    assert_eq!(me(&stage, &token).await.1["scopes"], json!(["chat.send"]));
    let token = issuer.token("eve", json!({ "said": { "scopes": [] } }));
    assert_eq!(me(&stage, &token).await.1["scopes"], json!([]), "none is not all");
    let token = issuer.token("bot", json!({ "said": { "kind": "bot", "scopes": ["chat.send"] } }));
    let (_, bot) = me(&stage, &token).await;
    assert_eq!((&bot["user"]["kind"], &bot["scopes"]), (&json!("bot"), &json!(["chat.send"])));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_a_code_signs_in_once_and_with_its_verifier() {
    let mut issuer = Issuer::start();
    let stage = issuer.stage(|_| {}).await;
    let verifier = "dBjftJeZ4CVP-mBpfbZ8ZpRuzKRiKx-aC9kqH7dq1Uw";
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    let said = json!({ "name": "Ana Ortiz", "email": "ana@example.org", "email_verified": true });
    let ask = json!({ "account": "ana", "challenge": challenge, "said": said });
    let sign_in = async |verifier: &str, mut given: Value| {
        given["code_verifier"] = json!(verifier);
        let request = stage.request(Method::POST, "/api/sessions", None);
        let response = request.json(&json!({ "oidc": given })).send().await.unwrap();
        let cookie = response.headers().contains_key("set-cookie");
        (response.status().as_u16(), cookie, response.json::<Value>().await.unwrap())
    };
    let given = issuer.ask("code", ask.clone());
    let (status, cookie, problem) = sign_in(&verifier.to_lowercase(), given).await;
    assert_eq!((status, cookie, &problem["field"]), (401, false, &json!("oidc.code")), "{problem}");

    for none in ["", "short", &"x".repeat(129), &" ".repeat(43)] {
        let (status, cookie, problem) = sign_in(none, issuer.ask("code", ask.clone())).await;
        let said = (status, cookie, &problem["field"]);
        assert_eq!(said, (422, false, &json!("oidc.code_verifier")), "{problem}");
    }
    let given = issuer.ask("code", ask.clone());
    let (status, cookie, signed_in) = sign_in(verifier, given.clone()).await;
    assert_eq!((status, cookie), (200, true), "{signed_in}");
    let (_, me) = me(&stage, signed_in["token"].as_str().unwrap()).await;
    assert_eq!(
        (&me["user"]["name"], &me["user"]["email"]),
        (&said["name"], &said["email"]),
        "{me}"
    );
    assert_eq!(sign_in(verifier, given).await.0, 401, "a code is good once");

    issuer.ask("serve", json!({ "on": false }));
    let given = json!({ "code": "x", "redirect_uri": "http://127.0.0.1/signed-in" });
    assert_eq!(sign_in(verifier, given.clone()).await.0, 503);
    let without = Stage::set().await;
    let mut body = json!({ "oidc": given });
    body["oidc"]["code_verifier"] = json!(verifier);
    let request = without.request(Method::POST, "/api/sessions", None).json(&body);
    assert_eq!(request.send().await.unwrap().status(), 409, "there is no issuer");
}
