//! The life of one participant: joins, listens, acts, and keeps a record.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures::stream::{FuturesUnordered, StreamExt};
use quorate_client::protocol::*;
use quorate_client::{Client, CommandError, Done, Notice, Notices, Options};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::PATIENCE;
use crate::figures::Figures;
use crate::mix::{Act, Mix};
use crate::record::{Audience, Record};

/// Digits of the time that starts each message.
const STAMP_DIGITS: usize = 20;

/// What everyone does at a time.
#[derive(Clone)]
pub(crate) enum Phase {
    /// Come in, and see the others come.
    Join,
    /// Act; who is in which meeting.
    Load(Arc<Vec<Vec<ParticipantId>>>),
    /// Act no more, and wait for the answers.
    Quiet,
    /// Hosts say a last word.
    LastWord,
    /// Listen up to the last word of one's meeting, then go.
    Finish(Arc<Vec<Seq>>),
}

/// What a participant tells the one who conducts.
#[derive(Debug)]
pub(crate) enum Report {
    /// It has seen all of its meeting.
    SeesAll,
    /// It has all its answers.
    Quiet,
    /// The last word of a meeting, and its place.
    LastWord(usize, Seq),
    /// It was sent away.
    Gone(usize, String),
}

/// Who a participant is to be.
pub(crate) struct Seat {
    pub(crate) index: usize,
    pub(crate) meeting: usize,
    /// How many are to be in its meeting.
    pub(crate) size: usize,
    pub(crate) url: String,
    pub(crate) hello: Hello,
    pub(crate) seed: u64,
    /// Seconds between acts, on average; none for one who only listens.
    pub(crate) gap_seconds: Option<f64>,
    pub(crate) mix: Mix,
    pub(crate) text_bytes: usize,
    pub(crate) figures: Arc<Figures>,
    pub(crate) phase: watch::Receiver<Phase>,
    pub(crate) report: mpsc::UnboundedSender<Report>,
}

/// One participant.
pub(crate) struct Participant {
    seat: Seat,
    client: Client,
    notices: Notices,
    record: Record,
    rng: StdRng,
    /// How many are in the meeting, as far as was seen.
    sees: usize,
    sees_all: bool,
    others: Arc<Vec<Vec<ParticipantId>>>,
    until: Option<Seq>,
    quiet: bool,
    answers: FuturesUnordered<Pin<Box<dyn Future<Output = Answer> + Send>>>,
    hand: bool,
    audio: bool,
    turns: u64,
}

/// What was sent, when, and what came of it.
struct Answer {
    audience: Audience,
    last_word: bool,
    sent_us: u64,
    result: Result<Done, CommandError>,
}

impl Participant {
    /// Connects; resolves when it is in.
    pub(crate) async fn join(seat: Seat) -> Result<Participant> {
        let options = Options::new(seat.url.clone(), seat.hello.clone());
        let connected = Client::connect(options).await;
        let (client, mut notices) =
            connected.with_context(|| format!("participant {} is not in", seat.index))?;
        let Some(Notice::Welcome(welcome)) = notices.next().await else { bail!("no welcome") };
        let state = welcome.state.context("participants should not have to wait")?;
        let staff = seat.index == seat.meeting;
        let mut record = Record::new(seat.meeting, welcome.you.participant, staff, state.seq);
        record.large = seat.size > LARGE_ABOVE as usize;
        let rng = StdRng::seed_from_u64(seat.seed.wrapping_mul(1_000_003) + seat.index as u64);
        let mut participant = Participant {
            client,
            notices,
            record,
            rng,
            sees: 0,
            sees_all: false,
            others: Arc::default(),
            until: None,
            quiet: false,
            answers: FuturesUnordered::new(),
            hand: false,
            audio: false,
            turns: 0,
            seat,
        };
        participant.sees_now(state.total as usize);
        Ok(participant)
    }

    pub(crate) fn meeting(&self) -> usize {
        self.seat.meeting
    }

    pub(crate) fn id(&self) -> ParticipantId {
        self.record.id
    }

    /// Lives until the last word is heard; gives what it has seen.
    pub(crate) async fn run(mut self) -> Record {
        let mut alarm = pin!(sleep_until(Instant::now()));
        let mut alarm_set = false;
        loop {
            if self.seat.phase.has_changed().unwrap_or(false) {
                alarm_set = self.enter_phase(alarm.as_mut());
            }
            if self.until.is_some_and(|until| self.record.last >= until) {
                break;
            }
            // What is rare comes first, so that a flood of notices does not hold back the acts.
            tokio::select! {
                biased;
                () = &mut alarm, if alarm_set => match self.until {
                    // The record will say what is missing.
                    Some(_) => break,
                    None => {
                        self.act();
                        alarm.as_mut().reset(Instant::now() + self.gap());
                    }
                },
                Some(answer) = self.answers.next(), if !self.answers.is_empty() => self.answered(answer),
                notice = self.notices.next() => match notice {
                    Some(notice) => self.notice(notice),
                    None => break,
                },
                _ = self.seat.phase.changed() => self.seat.phase.mark_changed(),
            }
        }
        self.client.close().await;
        self.record
    }

    /// Does what this phase asks for; whether to wake for the alarm.
    fn enter_phase(&mut self, mut alarm: Pin<&mut Sleep>) -> bool {
        let phase = self.seat.phase.borrow_and_update().clone();
        match phase {
            Phase::Join => return false,
            Phase::Load(rosters) => {
                self.others = rosters;
                alarm.as_mut().reset(Instant::now() + self.gap());
                return self.seat.gap_seconds.is_some();
            }
            Phase::Quiet => {
                self.quiet = true;
                self.report_quiet();
            }
            Phase::LastWord if self.record.staff => self.last_word(),
            Phase::LastWord => {}
            Phase::Finish(until) => {
                self.until = Some(until[self.seat.meeting]);
                alarm.as_mut().reset(Instant::now() + PATIENCE);
                return true;
            }
        }
        false
    }

    /// How long to the next act: exponential, so that acts of all together come as they like.
    fn gap(&mut self) -> Duration {
        let mean = self.seat.gap_seconds.unwrap_or(1.0);
        let uniform: f64 = self.rng.random();
        Duration::from_secs_f64(-mean * (1.0 - uniform).ln())
    }

    fn act(&mut self) {
        self.turns += 1;
        let act = self.seat.mix.choose(&mut self.rng);
        let (audience, command) = match act {
            Act::Chat => (Audience::All, self.chat(None)),
            Act::Private => match self.someone_else() {
                Some(to) => (Audience::Person(to), self.chat(Some(ChatTo::Participant(to)))),
                None => (Audience::All, self.chat(None)),
            },
            Act::Staff => (Audience::Staff, self.chat(Some(ChatTo::Staff))),
            Act::Hand => {
                self.hand = !self.hand;
                let lower = Command::HandLower(HandLower::default());
                (Audience::All, if self.hand { Command::HandRaise(Empty {}) } else { lower })
            }
            Act::Reaction => {
                let emoji = "👋".to_owned();
                (Audience::None, Command::ReactionSend(ReactionSend { emoji }))
            }
            Act::Media => {
                self.audio = !self.audio;
                let audio = Some(self.audio);
                (
                    self.of_oneself(),
                    Command::MediaUpdate(MediaUpdate { audio, ..Default::default() }),
                )
            }
            Act::Attributes => {
                let attributes = [("turn".to_owned(), self.turns.into())].into();
                (self.of_oneself(), Command::ParticipantSetAttributes(SetAttributes { attributes }))
            }
            Act::Drop => return self.client.drop_socket(),
        };
        self.send(audience, command, false);
    }

    fn chat(&self, to: Option<ChatTo>) -> Command {
        let stamp = self.seat.figures.now_us();
        let text = format!("{stamp:0STAMP_DIGITS$}");
        let text = format!("{text:.<0$}", self.seat.text_bytes);
        Command::ChatSend(ChatSend { text, to, reply_to: None })
    }

    /// Who hears what one says of oneself.
    fn of_oneself(&self) -> Audience {
        if self.record.large { Audience::Staff } else { Audience::All }
    }

    fn someone_else(&mut self) -> Option<ParticipantId> {
        let others = &self.others[self.seat.meeting];
        let chosen = others[self.rng.random_range(0..others.len())];
        (chosen != self.record.id).then_some(chosen)
    }

    fn last_word(&mut self) {
        let command = self.chat(None);
        self.send(Audience::All, command, true);
    }

    fn send(&mut self, audience: Audience, command: Command, last_word: bool) {
        let client = self.client.clone();
        let sent_us = self.seat.figures.now_us();
        self.answers.push(Box::pin(async move {
            let result = client.send(command).await;
            Answer { audience, last_word, sent_us, result }
        }));
    }

    fn answered(&mut self, answer: Answer) {
        self.seat.figures.answered(answer.sent_us);
        match answer.result {
            Ok(Done { seq: Some(seq), .. }) => {
                self.record.acknowledged(seq, answer.audience);
                if answer.last_word {
                    self.tell(Report::LastWord(self.seat.meeting, seq));
                }
            }
            Ok(_) => {}
            Err(CommandError::Refused(error)) => self.record.refused(error.code),
            Err(error) => self.record.fault(format!("a command has no answer: {error}")),
        }
        self.report_quiet();
    }

    fn report_quiet(&mut self) {
        if self.quiet && self.answers.is_empty() {
            self.quiet = false;
            self.tell(Report::Quiet);
        }
    }

    fn notice(&mut self, notice: Notice) {
        match notice {
            Notice::Event(event) => self.event(&event),
            Notice::UpTo(seq) => self.record.up_to(seq),
            Notice::Signal(signal) => {
                self.seat.figures.signals.fetch_add(1, Ordering::Relaxed);
                if let SignalBody::RosterCount(RosterCount { total }) = signal {
                    self.sees_now(total as usize);
                }
            }
            Notice::Welcome(welcome) => {
                self.record.welcomed_back(&welcome);
                if let Some(state) = welcome.state {
                    self.sees_now(state.total as usize);
                }
            }
            Notice::Bye(bye) if bye.action != ByeAction::Resume => {
                self.record.fault(format!("was sent away: {}", bye.code));
                self.tell(Report::Gone(self.seat.index, bye.code.to_string()));
            }
            Notice::Lost | Notice::Bye(_) => {}
        }
    }

    fn event(&mut self, event: &Event) {
        self.seat.figures.deliveries.fetch_add(1, Ordering::Relaxed);
        self.record.event(event);
        match &event.body {
            EventBody::ChatSent(ChatSentEvent { text: Some(text), .. }) => {
                let stamp = text.get(..STAMP_DIGITS).and_then(|stamp| stamp.parse().ok());
                if let Some(sent_us) = stamp {
                    self.seat.figures.delivered(sent_us);
                }
            }
            EventBody::ParticipantJoined(_) => self.sees_now(self.sees + 1),
            EventBody::ParticipantLeft(_) => self.sees_now(self.sees.saturating_sub(1)),
            _ => {}
        }
    }

    fn sees_now(&mut self, sees: usize) {
        self.sees = sees;
        if sees >= self.seat.size && !self.sees_all {
            self.sees_all = true;
            self.tell(Report::SeesAll);
        }
    }

    fn tell(&self, report: Report) {
        // Who conducts may have given up.
        let _ = self.seat.report.send(report);
    }
}
