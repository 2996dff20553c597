//! The setup link as the binary prints it, and what is said nowhere else.

use std::io::{BufRead, BufReader, read_to_string};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};

use quorate_client::protocol::SignedIn;
use serde_json::json;

use crate::support::server::quorate;
use crate::support::soon;

/// A server, ended with the test; its log is read as it comes, so that it never waits for a reader.
struct Running {
    child: Child,
    log: Option<JoinHandle<String>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    /// The lines that it says first.
    fn start(mut command: Command, count: usize) -> (Running, Vec<String>) {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let log = child.stderr.take().unwrap();
        let log = Some(thread::spawn(move || read_to_string(log).unwrap()));
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let running = Running { child, log };
        let lines = lines.take(count).map(Result::unwrap).collect();
        (running, lines)
    }

    /// What it has said, to the end.
    fn stop(mut self) -> String {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap();
        self.log.take().unwrap().join().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_start_prints_a_link_after_its_address_and_the_log_has_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let serve = || {
        let mut command = quorate();
        command.arg("--data").arg(folder.path().join("data")).args(["--listen", "127.0.0.1:0"]);
        command.env("RUST_LOG", "trace");
        command
    };
    let (running, lines) = Running::start(serve(), 2);
    let address = lines[0].strip_prefix("listening on ").expect("where it listens, first");
    let start = format!("to become its administrator, open {address}/#setup=");
    let rest = lines[1].strip_prefix(&start).unwrap_or_else(|| panic!("{lines:?}"));
    let secret = rest.strip_suffix(" (once, within 15 minutes)").unwrap();
    let body = json!({ "setup": { "secret": secret, "username": "root", "name": "Root" } });
    let request = reqwest::Client::new().post(format!("{address}/api/sessions")).json(&body);
    let answer = soon("a sign-in", request.send()).await.unwrap().error_for_status().unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    let signed_in: SignedIn = answer.json().await.unwrap();
    let cookie = cookie.split(['=', ';']).nth(1).unwrap();
    let log = running.stop();
    assert!(log.contains("the setup link made an administrator"), "{log}");
    for secret in [secret, cookie, &signed_in.token] {
        assert!(!log.contains(secret), "a secret stands in the log");
    }
    // There is an administrator now: nothing comes after the address.
    let (running, lines) = Running::start(serve(), 1);
    assert!(lines[0].starts_with("listening on "), "{lines:?}");
    assert!(!running.stop().contains("setup"));
}

#[test]
fn settings_of_signing_in_that_are_wrong_are_told_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    for (variables, says) in [
        (&[("QUORATE_PUBLIC_URL", "meet.example.org")][..], ["public_url: ", "https://meet"]),
        (&[("QUORATE_TRUSTED_PROXIES", "[\"10.0.0.0/40\"]")], ["trusted_proxies: ", "10.0.0.0/8"]),
        (&[("QUORATE_AUTH__ISSUER", "https://id.example.org")], ["auth.audience: ", "auth.issuer"]),
        (&[("QUORATE_AUTH__JWKS_URL", "https://a")], ["auth.jwks_url: ", "needs auth.issuer"]),
        (&[("QUORATE_AUTH__LINK", "email")], ["QUORATE_AUTH__LINK: ", "verified_email"]),
        (
            &[("QUORATE_AUTH__ISSUER", "http://id"), ("QUORATE_AUTH__AUDIENCE", "q")],
            ["auth.issuer: ", "https"],
        ),
    ] {
        let mut command = quorate();
        command.arg("--data").arg(folder.path().join("data")).args(["--listen", "127.0.0.1:0"]);
        let output = command.envs(variables.iter().copied()).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), error.lines().count()), (Some(2), 1), "{error}");
        assert!(says.iter().all(|what| error.contains(what)), "{says:?}: {error}");
    }
    assert!(!folder.path().join("data").exists(), "nothing was made");
}
