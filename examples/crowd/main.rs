//! The load test: a crowd in one meeting or many, that talks, drops its sockets and comes back, and
//! checks that each of it got exactly what it should, in order and once.
//!
//! Participants go through the same phases together: join, load, be quiet, finish. [`participant`] is
//! the life of one, [`record`] what it keeps, [`verify`] what must hold in the end, [`figures`] what is measured.

mod figures;
mod mix;
mod participant;
mod record;
#[path = "../rest/mod.rs"]
mod rest;
mod verify;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Parser;
use figures::{Figures, Process};
use futures::stream::{StreamExt, TryStreamExt};
use indicatif::{ProgressBar, ProgressStyle};
use mix::Mix;
use participant::{Participant, Phase, Report, Seat};
use quorate_client::protocol::{ParticipantId, Seq};
use record::Record;
use rest::Rest;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// How long the slowest participant may take to see what all should see.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the server has to settle before its memory is looked at.
const SETTLE: Duration = Duration::from_secs(3);
/// Faults that are printed one by one.
const FAULTS_SHOWN: usize = 20;

const HELP: &str = "Figures worth having:
  crowd --participants 1000 --meetings 1 --rate 50 --seconds 30 --server-pid PID
  crowd --participants 1000 --meetings 100 --rate 2000 --seconds 30 --server-pid PID
  crowd --participants 1000 --idle --server-pid PID
  crowd --participants 1000 --join-only
The server may be killed and started again meanwhile: nothing must be lost.
A thousand sockets need `ulimit -n 4096`, here and where the server runs.";

/// Put load on a server, and check that everyone gets exactly what they should.
///
/// Exits with 1 when an event was lost, came twice, came out of order, or reached someone it was not for.
#[derive(Parser)]
#[command(after_help = HELP)]
struct Args {
    /// The server.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    server: String,
    /// How many take part, hosts included.
    #[arg(long, default_value_t = 100)]
    participants: usize,
    /// In how many meetings.
    #[arg(long, default_value_t = 1)]
    meetings: usize,
    /// Messages a second, of all together.
    #[arg(long, default_value_t = 50.0)]
    rate: f64,
    /// How long the load lasts (or, with --idle, the rest).
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// What they do, and how often.
    #[arg(long, default_value_t = Mix::default())]
    mix: Mix,
    /// Percent of the participants who only listen.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
    listeners: u8,
    /// Bytes of a chat message, from 20.
    #[arg(long, default_value_t = 80)]
    text_bytes: usize,
    /// How many connect at the same time.
    #[arg(long, default_value_t = 50)]
    connecting: usize,
    /// What they do follows from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The server's process, to tell its memory and CPU time.
    #[arg(long, value_name = "PID")]
    server_pid: Option<u32>,
    /// Join and stay idle, to see the memory of a connection.
    #[arg(long)]
    idle: bool,
    /// Join and see each other, and no more.
    #[arg(long, conflicts_with = "idle")]
    join_only: bool,
    /// Threads of this program; the server wants some too.
    #[arg(long, default_value_t = 1)]
    threads: usize,
}

fn main() -> ExitCode {
    let faults = match run(Args::parse()) {
        Ok(faults) => faults,
        Err(error) => vec![format!("{error:#}")],
    };
    for fault in faults.iter().take(FAULTS_SHOWN) {
        eprintln!("FAULT {fault}");
    }
    if faults.is_empty() {
        println!("everyone got exactly what they should");
        return ExitCode::SUCCESS;
    }
    eprintln!("{} faults", faults.len());
    ExitCode::FAILURE
}

/// Runs it all; gives what went wrong.
fn run(args: Args) -> Result<Vec<String>> {
    if args.meetings == 0 || args.participants < args.meetings {
        bail!("each meeting needs one participant at least");
    }
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(args.threads)
        .enable_all()
        .build()?
        .block_on(Crowd::run(args))
}

/// The crowd, seen from where it is conducted.
struct Crowd {
    args: Args,
    figures: Arc<Figures>,
    server: Option<Process>,
    phase: watch::Sender<Phase>,
    report: mpsc::UnboundedSender<Report>,
    reports: mpsc::UnboundedReceiver<Report>,
    people: JoinSet<Record>,
    rosters: Vec<Vec<ParticipantId>>,
}

impl Crowd {
    /// Runs it all; gives what went wrong.
    async fn run(args: Args) -> Result<Vec<String>> {
        let server = args.server_pid.map(Process::new).transpose()?;
        let (report, reports) = mpsc::unbounded_channel();
        let mut crowd = Crowd {
            figures: Arc::new(Figures::new()),
            server,
            phase: watch::Sender::new(Phase::Join),
            report,
            reports,
            people: JoinSet::new(),
            rosters: vec![Vec::new(); args.meetings],
            args,
        };
        crowd.join().await?;
        if crowd.args.idle {
            tokio::time::sleep(Duration::from_secs(crowd.args.seconds)).await;
            crowd.tell_memory("idle")?;
        } else if !crowd.args.join_only {
            crowd.load().await?;
        }
        let until = crowd.finish().await?;
        let records = crowd.people.join_all().await;
        if !crowd.args.join_only && !crowd.args.idle {
            crowd.figures.tell_client(&records);
        }
        Ok(verify::verify(&records, &until))
    }

    /// Makes the meetings, and everyone joins; resolves when all have seen all.
    async fn join(&mut self) -> Result<()> {
        if let Some(server) = &self.server {
            self.figures.memory_before.store(server.memory()?, Ordering::Relaxed);
        }
        let rest = Rest::new(&self.args.server);
        let meetings = self.make_meetings(&rest).await?;
        let bar = progress(self.args.participants as u64, "joined");
        let since = Instant::now();
        // Hosts, who made the meetings, go first, so that each is there when its guests come.
        for indices in [0..self.args.meetings, self.args.meetings..self.args.participants] {
            let seats = indices.map(|index| self.seat(index, &meetings, &rest)).collect();
            self.take_seats(seats, &bar).await?;
        }
        bar.finish_and_clear();
        let joined = since.elapsed().as_secs_f64();
        self.hear_all("see each other", |report| matches!(report, Report::SeesAll)).await?;
        let Args { participants, meetings, join_only, .. } = self.args;
        let seen = since.elapsed().as_secs_f64();
        println!("{participants} joined {meetings} meeting(s) in {joined:.2} s");
        println!("they had seen each other after {seen:.2} s");
        if !join_only {
            tokio::time::sleep(SETTLE).await;
            self.tell_memory("joined")?;
        }
        Ok(())
    }

    /// Lets these join, a few at the same time.
    async fn take_seats(&mut self, seats: Vec<Seat>, bar: &ProgressBar) -> Result<()> {
        let mut joining = futures::stream::iter(seats)
            .map(|seat| Box::pin(Participant::join(seat)))
            .buffer_unordered(self.args.connecting);
        while let Some(participant) = joining.try_next().await? {
            self.rosters[participant.meeting()].push(participant.id());
            self.people.spawn(participant.run());
            bar.inc(1);
        }
        Ok(())
    }

    /// Makes the meetings, each by a guest of its own; gives their codes and their hosts' tokens.
    async fn make_meetings(&self, rest: &Rest) -> Result<Vec<(String, String)>> {
        futures::stream::iter(0..self.args.meetings)
            .map(|meeting| async move {
                let guest = rest::guest(&format!("Host {meeting}"), &mut rand::rng());
                let token = rest.sign_in(guest).await?;
                let made =
                    rest.create_meeting(&token, &rest::titled(format!("Crowd {meeting}"))).await?;
                anyhow::Ok((made.info.code, token))
            })
            .buffered(self.args.connecting)
            .try_collect()
            .await
    }

    /// Who participant number `index` is to be: the first of each meeting is its host.
    fn seat(&self, index: usize, made: &[(String, String)], rest: &Rest) -> Seat {
        let Args { participants, meetings, .. } = self.args;
        let (meeting, place) = (index % meetings, index / meetings);
        let (code, token) = &made[meeting];
        let hello = if place == 0 {
            rest::hello(code, Some(token.clone()), None)
        } else {
            let guest = rest::guest(&format!("Guest {index}"), &mut rand::rng());
            rest::hello(code, None, Some(guest))
        };
        Seat {
            index,
            meeting,
            size: participants / meetings + usize::from(meeting < participants % meetings),
            url: rest.socket_url(),
            hello,
            seed: self.args.seed,
            gap_seconds: self.gap_seconds(place),
            mix: self.args.mix.clone(),
            text_bytes: self.args.text_bytes,
            figures: Arc::clone(&self.figures),
            phase: self.phase.subscribe(),
            report: self.report.clone(),
        }
    }

    /// Seconds between the acts of the one in this place of a meeting; none for a listener.
    fn gap_seconds(&self, place: usize) -> Option<f64> {
        let Args { participants, listeners, rate, .. } = self.args;
        // Listeners are spread evenly over each meeting.
        let listeners_before = |place: usize| place * usize::from(listeners) / 100;
        let listens = listeners_before(place) != listeners_before(place + 1);
        let active = participants as f64 * f64::from(100 - listeners.min(99)) / 100.0;
        (!listens && rate > 0.0).then_some(active / rate)
    }

    /// Everyone acts for a while.
    async fn load(&mut self) -> Result<()> {
        let cpu = self.server.as_ref().map(Process::cpu_seconds).transpose()?;
        let before = self.figures.deliveries.load(Ordering::Relaxed);
        let delivered = |figures: &Figures| figures.deliveries.load(Ordering::Relaxed) - before;
        let since = Instant::now();
        self.phase.send_replace(Phase::Load(Arc::new(std::mem::take(&mut self.rosters))));
        let bar = progress(self.args.seconds, "seconds");
        for _ in 0..self.args.seconds {
            tokio::time::sleep(Duration::from_secs(1)).await;
            bar.inc(1);
            bar.set_message(format!("{} deliveries", delivered(&self.figures)));
        }
        self.phase.send_replace(Phase::Quiet);
        self.hear_all("have their answers", |report| matches!(report, Report::Quiet)).await?;
        bar.finish_and_clear();
        let deliveries = delivered(&self.figures);
        self.figures.tell(deliveries, since.elapsed());
        if let (Some(server), Some(before)) = (&self.server, cpu) {
            let seconds = server.cpu_seconds()? - before;
            let per_million = seconds / deliveries.max(1) as f64 * 1e6;
            println!("server: {seconds:.2} s of CPU, {per_million:.2} s per million deliveries");
        }
        self.tell_memory("after the load")
    }

    /// Hosts say a last word; everyone listens until they have heard it. Gives where each meeting ends.
    async fn finish(&mut self) -> Result<Vec<Seq>> {
        self.phase.send_replace(Phase::LastWord);
        let mut until = vec![Seq(0); self.args.meetings];
        for _ in 0..self.args.meetings {
            match self.hear("say the last word", PATIENCE).await? {
                Report::LastWord(meeting, seq) => until[meeting] = seq,
                other => bail!("heard {other:?} instead of a host's last word"),
            }
        }
        self.phase.send_replace(Phase::Finish(Arc::new(until.clone())));
        Ok(until)
    }

    /// Waits until every participant has reported this.
    async fn hear_all(&mut self, what: &str, is: impl Fn(&Report) -> bool) -> Result<()> {
        let mut missing = self.args.participants;
        while missing > 0 {
            let report = self.hear(what, PATIENCE).await;
            if is(&report.with_context(|| format!("{missing} participants did not {what}"))?) {
                missing -= 1;
            }
        }
        Ok(())
    }

    async fn hear(&mut self, what: &str, patience: Duration) -> Result<Report> {
        let report = tokio::time::timeout(patience, self.reports.recv()).await;
        match report.with_context(|| format!("failed to {what} in time"))? {
            Some(Report::Gone(index, why)) => bail!("participant {index} is out: {why}"),
            Some(report) => Ok(report),
            None => bail!("everyone is gone"),
        }
    }

    fn tell_memory(&self, when: &str) -> Result<()> {
        let Some(server) = &self.server else { return Ok(()) };
        let (before, now) = (self.figures.memory_before.load(Ordering::Relaxed), server.memory()?);
        let each = now.saturating_sub(before) as f64 / self.args.participants as f64 / 1024.0;
        println!("server: {} MiB {when}, {each:.1} KiB per connection", now / 1024 / 1024);
        Ok(())
    }
}

fn progress(length: u64, what: &'static str) -> ProgressBar {
    let template = format!("{{bar:40}} {{pos}}/{{len}} {what} {{msg}}");
    let style =
        ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style)
}
