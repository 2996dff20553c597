//! The server as a process of its own, in a folder of its own, killed and cleaned up whatever happens.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;

use quorate_client::protocol::{
    CreateMeeting, Guest, Hello, Meeting, MeetingRef, SignIn, SignedIn, Timestamp,
};
use tempfile::TempDir;
use tokio::net::TcpSocket;
use tokio::sync::watch;

use super::{PATIENCE, soon};

/// Lines of the server's log that a failing test prints.
const LOG_SHOWN: usize = 40;

/// A data folder, and an address that nobody else takes between two runs of the server.
pub(crate) struct Home {
    folder: TempDir,
    address: SocketAddr,
    /// Bound and not listening: the system gives the port to nobody, and lets the server listen on it.
    _reserved: TcpSocket,
    settings: Vec<(&'static str, String)>,
}

impl Home {
    pub(crate) fn new() -> Home {
        let reserved = TcpSocket::new_v4().unwrap();
        reserved.set_reuseaddr(true).unwrap();
        reserved.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = reserved.local_addr().unwrap();
        let folder = tempfile::tempdir().unwrap();
        Home { folder, address, _reserved: reserved, settings: Vec::new() }
    }

    /// With this variable for the server.
    pub(crate) fn set(mut self, variable: &'static str, value: impl ToString) -> Home {
        self.settings.push((variable, value.to_string()));
        self
    }

    /// Where commands cost nothing.
    pub(crate) fn unlimited() -> Home {
        let (points, burst) = ("QUORATE_LIMITS__POINTS_PER_SECOND", "QUORATE_LIMITS__BURST");
        Home::new().set(points, 1_000_000).set(burst, 1_000_000)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.data().join("quorate.db")
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn socket_url(&self) -> String {
        format!("ws://{}/ws", self.address)
    }

    /// Starts the server; it listens when this returns.
    pub(crate) fn start(&self) -> Quorate {
        let mut command = quorate();
        command.arg("serve").arg("--data").arg(self.data());
        command.arg("--listen").arg(self.address.to_string());
        command.envs(self.settings.iter().map(|(variable, value)| (variable, value)));
        let quorate = Quorate::start(command);
        assert_eq!(quorate.address, self.address);
        quorate
    }

    /// Runs another command of the binary on this data folder, to its end.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Output {
        quorate().arg("--data").arg(self.data()).args(arguments).output().unwrap()
    }

    /// A member's token, from the command line.
    pub(crate) fn token(&self, name: &str) -> String {
        let output = self.run(["token", "--sub", name]);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// What `audit verify` says of this data folder, when it says that all is whole.
    pub(crate) fn assert_whole(&self) {
        let output = self.run(["audit", "verify"]);
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{said}{output:?}");
        assert!(said.starts_with("whole: "), "{said}");
    }

    /// Signs a guest in; gives the token.
    pub(crate) async fn sign_in(&self, name: &str) -> String {
        let body = SignIn::Guest(guest(name));
        let request = reqwest::Client::new().post(format!("http://{}/api/sessions", self.address));
        let answer = soon("a sign-in", request.json(&body).send()).await.unwrap();
        answer.error_for_status().unwrap().json::<SignedIn>().await.unwrap().token
    }

    /// Makes a meeting that belongs to whose token it is.
    pub(crate) async fn meeting(&self, token: &str) -> Meeting {
        self.meeting_until(token, None).await
    }

    /// The same, with an end.
    pub(crate) async fn meeting_until(&self, token: &str, ends_at: Option<Timestamp>) -> Meeting {
        let title = "A meeting that will see something".to_owned();
        let body = CreateMeeting { title, ends_at, ..CreateMeeting::default() };
        let request = reqwest::Client::new().post(format!("http://{}/api/meetings", self.address));
        let answer =
            soon("a meeting", request.bearer_auth(token).json(&body).send()).await.unwrap();
        answer.error_for_status().unwrap().json().await.unwrap()
    }

    /// A host's token and their new meeting.
    pub(crate) async fn hosted_meeting(&self) -> (String, Meeting) {
        let token = self.sign_in("Hester").await;
        let meeting = self.meeting(&token).await;
        (token, meeting)
    }
}

/// What the holder of a token says first.
pub(crate) fn hello_as(meeting: &Meeting, token: &str) -> Hello {
    let meeting = MeetingRef::Code(meeting.info.code.clone());
    Hello {
        meeting,
        token: Some(token.to_owned()),
        guest: None,
        resume: None,
        passcode: None,
        client: None,
    }
}

/// What a guest says first; the same name is the same device.
pub(crate) fn hello_guest(meeting: &Meeting, name: &str) -> Hello {
    let meeting = MeetingRef::Code(meeting.info.code.clone());
    Hello {
        meeting,
        token: None,
        guest: Some(guest(name)),
        resume: None,
        passcode: None,
        client: None,
    }
}

fn guest(name: &str) -> Guest {
    let device = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    Guest { name: name.to_owned(), device: format!("{device:0>24}") }
}

/// The binary, with no setting from outside.
pub(crate) fn quorate() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quorate"));
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("QUORATE_") {
            command.env_remove(variable);
        }
    }
    command.env("RUST_LOG", "info").env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

/// A running server.
pub(crate) struct Quorate {
    child: Child,
    address: SocketAddr,
    log: watch::Receiver<Vec<String>>,
    /// Ends with the process.
    ended: mpsc::Receiver<()>,
}

impl Quorate {
    /// Starts this command and waits until it listens.
    pub(crate) fn start(mut command: Command) -> Quorate {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (logged, log) = watch::channel(Vec::new());
        let errors = BufReader::new(child.stderr.take().unwrap());
        thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                logged.send_modify(|lines| lines.push(line));
            }
        });
        let output = BufReader::new(child.stdout.take().unwrap());
        let (first, first_line) = mpsc::channel();
        let (ending, ended) = mpsc::channel();
        thread::spawn(move || {
            let _ending: mpsc::Sender<()> = ending;
            for line in output.lines().map_while(Result::ok) {
                // Only the first is waited for.
                let _ = first.send(line);
            }
        });
        let address = SocketAddr::from(([0; 4], 0));
        let mut quorate = Quorate { child, address, log, ended };
        let line = first_line.recv_timeout(PATIENCE).expect("the server says where it listens");
        let address = line.strip_prefix("listening on http://").expect("`listening on http://…`");
        quorate.address = address.parse().unwrap();
        quorate
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// `kill -9`; it is gone when this returns.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").arg(format!("-{name}")).arg(pid).status();
        assert!(status.unwrap().success());
    }

    /// Waits for the end; the exit code.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        let waited = self.ended.recv_timeout(PATIENCE);
        assert_eq!(waited, Err(mpsc::RecvTimeoutError::Disconnected), "the server does not end");
        self.child.wait().unwrap().code()
    }

    /// Waits for a line of the log that contains this.
    pub(crate) async fn logs(&self, text: &str) {
        let mut log = self.log.clone();
        let there = log.wait_for(|lines| lines.iter().any(|line| line.contains(text)));
        soon(&format!("`{text}` in the log"), there).await.expect("the server has ended");
    }

    /// The log so far.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.borrow().clone()
    }

    /// How many lines of the log contain this.
    pub(crate) fn logged(&self, text: &str) -> usize {
        self.log.borrow().iter().filter(|line| line.contains(text)).count()
    }

    /// The most memory that it ever held, in bytes.
    pub(crate) fn memory_peak(&self) -> u64 {
        let status = std::fs::read_to_string(self.proc("status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }

    /// How many files and sockets it holds open.
    pub(crate) fn open_files(&self) -> usize {
        std::fs::read_dir(self.proc("fd")).unwrap().count()
    }

    fn proc(&self, file: &str) -> PathBuf {
        Path::new("/proc").join(self.child.id().to_string()).join(file)
    }
}

impl Drop for Quorate {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            let log = self.log.borrow();
            let shown = &log[log.len().saturating_sub(LOG_SHOWN)..];
            eprintln!("the server's log ends with:\n{}", shown.join("\n"));
        }
    }
}
