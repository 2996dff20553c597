//! A crowd of clients that act at full speed, and keep a record of what they sent, got and saw.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use quorate_client::protocol::*;
use quorate_client::{Backoff, Client, CommandError, Done, Notice, Notices, Options};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::raw::chat;
use super::server::{hello_as, hello_guest};
use super::{Home, soon};

/// Commands that one client has under way at a time.
const IN_FLIGHT: usize = 6;

/// How large a crowd, and what it does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) meetings: usize,
    /// In each meeting: a host, a moderator, and others.
    pub(crate) people: usize,
    /// Of each client.
    pub(crate) commands: usize,
    /// Whether the last of each meeting goes for good when it loses its socket.
    pub(crate) deserters: bool,
}

/// What someone wanted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Wish {
    Chat(String),
    Raise,
    Lower,
    Media,
    Attributes,
}

impl Wish {
    /// The event that it becomes.
    pub(crate) fn action(&self) -> &'static str {
        match self {
            Wish::Chat(_) => "chat.sent",
            Wish::Raise => "hand.raised",
            Wish::Lower => "hand.lowered",
            Wish::Media => "media.updated",
            Wish::Attributes => "participant.attributes_changed",
        }
    }
}

/// What one client sent, got and saw.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) meeting: MeetingId,
    pub(crate) participant: ParticipantId,
    pub(crate) session: SessionId,
    pub(crate) role: Role,
    /// The snapshot it began with.
    pub(crate) start: Seq,
    pub(crate) seen: Vec<Event>,
    pub(crate) done: Vec<(Wish, Seq)>,
    /// Without an answer, because it went away.
    pub(crate) unanswered: Vec<Wish>,
    pub(crate) deserted: bool,
    /// Each coming back, and whether what was missed followed.
    pub(crate) welcomes: Vec<bool>,
    pub(crate) byes: Vec<Code>,
    pub(crate) losses: usize,
    pub(crate) faults: Vec<String>,
}

/// How far the crowd is, counted as it happens.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    /// Commands answered.
    pub(crate) answers: usize,
    /// Clients of each meeting that were told to come back, each time.
    pub(crate) byes: Vec<usize>,
    /// Clients of each meeting that came back, each time.
    pub(crate) returns: Vec<usize>,
    /// Clients that have no more to send and all their answers, or are gone.
    pub(crate) finished: usize,
}

#[derive(Debug, Clone)]
enum Phase {
    Wait,
    Act,
    /// Listen up to this event of one's meeting, then go.
    Until(Arc<Vec<Seq>>),
}

/// See the module.
pub(crate) struct Crowd {
    pub(crate) plan: Plan,
    pub(crate) meetings: Vec<Meeting>,
    hosts: Vec<Client>,
    tasks: Vec<JoinHandle<Record>>,
    phase: watch::Sender<Phase>,
    tally: watch::Sender<Tally>,
}

impl Crowd {
    /// Makes the meetings and brings everyone in.
    pub(crate) async fn gather(home: &Home, plan: Plan) -> Crowd {
        let tally = Tally {
            byes: vec![0; plan.meetings],
            returns: vec![0; plan.meetings],
            ..Tally::default()
        };
        let (phase, tally) = (watch::Sender::new(Phase::Wait), watch::Sender::new(tally));
        let (mut meetings, mut hosts, mut tasks) = (Vec::new(), Vec::new(), Vec::new());
        for index in 0..plan.meetings {
            let (token, meeting) = home.hosted_meeting().await;
            let mut people = Vec::new();
            for number in 0..plan.people {
                let hello = match number {
                    0 => hello_as(&meeting, &token),
                    // A guest cannot be one.
                    1 => hello_as(&meeting, &home.token("moderator")),
                    _ => hello_guest(&meeting, &format!("Guest {number} of {index}")),
                };
                let seat = Seat { index, number, plan };
                people.push(Member::join(home, hello, seat, &phase, &tally).await);
            }
            let others: Vec<_> = people.iter().map(|member| member.record.participant).collect();
            let role_assign = RoleAssign { participant: others[1], role: Role::Moderator };
            let appointed = people[0].client.send(Command::RoleAssign(role_assign)).await.unwrap();
            people[1].appointed(appointed.seq.unwrap()).await;
            hosts.push(people[0].client.clone());
            for mut member in people {
                member.others.clone_from(&others);
                tasks.push(tokio::spawn(member.run()));
            }
            meetings.push(meeting);
        }
        Crowd { plan, meetings, hosts, tasks, phase, tally }
    }

    pub(crate) fn begin(&self) {
        self.phase.send_replace(Phase::Act);
    }

    /// How many commands will be sent in all.
    pub(crate) fn commands(&self) -> usize {
        self.plan.meetings * self.plan.people * self.plan.commands
    }

    /// Waits until the tally is so.
    pub(crate) async fn when(&self, what: &str, so: impl FnMut(&Tally) -> bool) {
        let mut tally = self.tally.subscribe();
        soon(what, tally.wait_for(so)).await.unwrap();
    }

    pub(crate) async fn when_answered(&self, answers: usize) {
        self.when("answers", |tally| tally.answers >= answers).await;
    }

    /// Lets everyone come to their end, then the hosts say a last word, and all listen up to there. Gives
    /// the records and, of each meeting, a snapshot.
    pub(crate) async fn finish(self) -> (Vec<Record>, Vec<Snapshot>) {
        let everyone = self.plan.meetings * self.plan.people;
        self.when("all answers", |tally| tally.finished == everyone).await;
        let (mut words, mut snapshots) = (Vec::new(), Vec::new());
        for host in &self.hosts {
            let word = soon("the last word", host.send(chat("the last word", None))).await;
            words.push(word.unwrap().seq.unwrap());
            let state = soon("a snapshot", host.send(Command::StateGet(Empty {}))).await;
            snapshots.push(state.unwrap().data::<Snapshot>().unwrap());
        }
        self.phase.send_replace(Phase::Until(Arc::new(words.clone())));
        let mut records = Vec::new();
        for (index, task) in self.tasks.into_iter().enumerate() {
            let mut record = soon("a client's end", task).await.unwrap();
            if index % self.plan.people == 0 {
                let word = words[index / self.plan.people];
                record.done.push((Wish::Chat("the last word".to_owned()), word));
            }
            records.push(record);
        }
        (records, snapshots)
    }
}

/// Who someone is in the crowd.
#[derive(Debug, Clone, Copy)]
struct Seat {
    /// Which meeting.
    index: usize,
    number: usize,
    plan: Plan,
}

impl Seat {
    fn deserts(&self) -> bool {
        self.plan.deserters && self.number + 1 == self.plan.people
    }
}

type Answer = (Wish, Result<Done, CommandError>);

/// One client of the crowd.
struct Member {
    seat: Seat,
    client: Client,
    notices: Notices,
    record: Record,
    rng: StdRng,
    others: Vec<ParticipantId>,
    to_send: usize,
    answers: FuturesUnordered<Pin<Box<dyn Future<Output = Answer> + Send>>>,
    finished: bool,
    phase: watch::Receiver<Phase>,
    tally: watch::Sender<Tally>,
}

impl Member {
    async fn join(
        home: &Home,
        hello: Hello,
        seat: Seat,
        phase: &watch::Sender<Phase>,
        tally: &watch::Sender<Tally>,
    ) -> Member {
        let mut options = Options::new(home.socket_url(), hello);
        options.backoff =
            Backoff { first: Duration::from_millis(5), max: Duration::from_millis(80) };
        let connected = soon("a client", Client::connect(options)).await;
        let (client, mut notices) = connected.unwrap();
        let Some(Notice::Welcome(welcome)) = notices.next().await else { panic!("no welcome") };
        let record = Record {
            meeting: welcome.meeting.id,
            participant: welcome.you.participant,
            session: welcome.session.id,
            role: welcome.you.role,
            start: welcome.state.unwrap().seq,
            seen: Vec::new(),
            done: Vec::new(),
            unanswered: Vec::new(),
            deserted: false,
            welcomes: Vec::new(),
            byes: Vec::new(),
            losses: 0,
            faults: Vec::new(),
        };
        let whose = (seat.index * seat.plan.people + seat.number) as u64;
        Member {
            seat,
            client,
            notices,
            record,
            rng: StdRng::seed_from_u64(seat.plan.seed.wrapping_mul(1000) + whose),
            others: Vec::new(),
            to_send: seat.plan.commands,
            answers: FuturesUnordered::new(),
            finished: false,
            phase: phase.subscribe(),
            tally: tally.clone(),
        }
    }

    /// Reads until its own appointment.
    async fn appointed(&mut self, seq: Seq) {
        while self.record.seen.last().is_none_or(|event| event.seq < seq) {
            let notice = soon("the appointment", self.notices.next()).await.unwrap();
            self.notice(notice);
        }
        self.record.role = Role::Moderator;
    }

    async fn run(mut self) -> Record {
        loop {
            let phase = self.phase.borrow_and_update().clone();
            match phase {
                Phase::Wait => {}
                Phase::Act => self.act(),
                Phase::Until(words) => {
                    let word = words[self.seat.index];
                    if self.record.seen.last().is_some_and(|event| event.seq >= word) {
                        break;
                    }
                }
            }
            tokio::select! {
                Some(answer) = self.answers.next(), if !self.answers.is_empty() => self.answered(answer),
                notice = self.notices.next() => match notice {
                    Some(Notice::Lost) if self.seat.deserts() => {
                        self.record.losses += 1;
                        return self.desert().await;
                    }
                    Some(notice) => self.notice(notice),
                    None => {
                        self.record.faults.push("it is over".to_owned());
                        break;
                    }
                },
                _ = self.phase.changed() => self.phase.mark_changed(),
            }
        }
        self.client.close().await;
        self.record
    }

    /// Goes for good; what it sent last may have been carried out or not.
    async fn desert(mut self) -> Record {
        self.client.close().await;
        while let Some((wish, result)) = self.answers.next().await {
            match result {
                Ok(Done { seq: Some(seq), .. }) => self.record.done.push((wish, seq)),
                Ok(_) => {}
                Err(_) => self.record.unanswered.push(wish),
            }
        }
        self.record.deserted = true;
        if !self.finished {
            self.tally.send_modify(|tally| tally.finished += 1);
        }
        self.record
    }

    /// Sends as much as may be under way.
    fn act(&mut self) {
        while self.to_send > 0 && self.answers.len() < IN_FLIGHT {
            self.to_send -= 1;
            let (wish, command) = self.wish();
            let client = self.client.clone();
            self.answers.push(Box::pin(async move { (wish, client.send(command).await) }));
        }
        if self.to_send == 0 && self.answers.is_empty() && !self.finished {
            self.finished = true;
            self.tally.send_modify(|tally| tally.finished += 1);
        }
    }

    fn wish(&mut self) -> (Wish, Command) {
        let text = format!("{} {} {}", self.seat.index, self.seat.number, self.to_send);
        let someone = self.others[self.rng.random_range(0..self.others.len())];
        let to = match self.rng.random_range(0..10) {
            0..=3 => None,
            4 if someone != self.record.participant => Some(ChatTo::Participant(someone)),
            4 | 5 => Some(ChatTo::Staff),
            6 => return (Wish::Raise, Command::HandRaise(Empty {})),
            7 => return (Wish::Lower, Command::HandLower(HandLower::default())),
            8 => {
                let audio = Some(self.to_send.is_multiple_of(2));
                let update = MediaUpdate { audio, ..MediaUpdate::default() };
                return (Wish::Media, Command::MediaUpdate(update));
            }
            _ => {
                let attributes = [("left".to_owned(), self.to_send.into())].into();
                let command = Command::ParticipantSetAttributes(SetAttributes { attributes });
                return (Wish::Attributes, command);
            }
        };
        (Wish::Chat(text.clone()), chat(text, to))
    }

    fn answered(&mut self, (wish, result): Answer) {
        self.tally.send_modify(|tally| tally.answers += 1);
        match result {
            Ok(Done { seq: Some(seq), .. }) => self.record.done.push((wish, seq)),
            Ok(_) if matches!(wish, Wish::Chat(_)) => self.fault("a message without an event"),
            Ok(_) => {}
            // Attributes may change once a second.
            Err(CommandError::Refused(error))
                if wish == Wish::Attributes && error.code == Code::RateLimited => {}
            Err(error) => self.fault(&format!("{wish:?}: {error}")),
        }
    }

    fn notice(&mut self, notice: Notice) {
        let index = self.seat.index;
        match notice {
            Notice::Event(event) => self.record.seen.push(event),
            Notice::Welcome(welcome) => {
                self.record.welcomes.push(welcome.resumed);
                if welcome.session.id != self.record.session {
                    self.fault("another session");
                }
                if (welcome.you.participant, welcome.you.role)
                    != (self.record.participant, self.record.role)
                {
                    self.fault(&format!("another person or role: {:?}", welcome.you));
                }
                self.tally.send_modify(|tally| tally.returns[index] += 1);
            }
            Notice::Lost => self.record.losses += 1,
            Notice::Bye(bye) => {
                if bye.action != ByeAction::Resume {
                    self.fault(&format!("sent away: {}", bye.code));
                }
                self.record.byes.push(bye.code);
                self.tally.send_modify(|tally| tally.byes[index] += 1);
            }
            Notice::UpTo(_) | Notice::Signal(_) => {}
        }
    }

    fn fault(&mut self, what: &str) {
        self.record.faults.push(what.to_owned());
    }
}
