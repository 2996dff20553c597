//! One of each signal, and of each frame; more than one where a frame has more than one shape.

use super::*;

pub(crate) fn signals() -> Vec<SignalBody> {
    vec![
        SignalBody::Reaction(Reaction { participant: BEN, emoji: "👋".to_owned() }),
        SignalBody::App(App {
            from: BEN,
            topic: "whiteboard.stroke".to_owned(),
            data: json(r#"{"from":[3,4],"to":[5,12]}"#),
        }),
        SignalBody::RosterCount(RosterCount { total: 612 }),
        SignalBody::Rtc(Rtc { from: BEN, from_session: session(), data: candidate() }),
        SignalBody::Can(CanChanged { can: grants(), waiting: Some(vec![cleo_waits()]) }),
        SignalBody::PollVoted(tally()),
        SignalBody::UnmuteRequested(UnmuteRequested { by: ANA, media: vec![MediaKind::Audio] }),
        SignalBody::Caption(Caption {
            by: ANA,
            text: "Shall we".to_owned(),
            speaker: Some(BEN),
            r#final: false,
            lang: Some("en-GB".to_owned()),
            start_ms: Some(61_200),
            end_ms: None,
        }),
        SignalBody::WaitingUpdated(standing()),
        SignalBody::Speaking(Speaking { participant: BEN, speaking: true }),
        SignalBody::Stats(Box::new(Stats {
            present: 3,
            talk: Some(TalkBalance {
                talk_seconds: 240,
                largest_share: Some(0.75),
                balance: Some(0.375),
            }),
            silent: Some(Silent { count: 1, participants: vec![BEN] }),
            longest_hand: Some(LongestHand { participant: BEN, since: at("10:12:00.000") }),
            quality: QualityCounts { excellent: 2, unknown: 1, ..QualityCounts::default() },
            people: Some(vec![PersonStats {
                participant: BEN,
                talk_seconds: Some(0),
                score: Some(41.5),
                level: QualityLevel::Excellent,
            }]),
        })),
    ]
}

pub(crate) fn all() -> Vec<(&'static str, Wire)> {
    let server = Wire::Server;
    let message = ServerFrame::Events(EventsFrame { events: vec![chat_sent()], up_to: None });
    let caught_up = EventsFrame { events: vec![chat_sent()], up_to: Some(Seq(44)) };
    let by_attendee = Event {
        name: Some("Ben".to_owned()),
        role: Some(Role::Attendee),
        by: Some(BEN),
        ..chat_sent()
    };
    let introduced = EventsFrame { events: vec![by_attendee], up_to: None };
    vec![
        ("hello", Wire::Hello(hello(Some("eyJhbGciOi…"), None))),
        ("hello.guest", Wire::Hello(hello(None, Some(guest())))),
        (
            "hello.passcode",
            Wire::Hello(Hello {
                passcode: Some("open sesame".to_owned()),
                ..hello(None, Some(guest()))
            }),
        ),
        ("hello.resume", Wire::Hello(Hello { resume: Some(resume()), ..hello(None, None) })),
        ("welcome", server(ServerFrame::Welcome(Some(1), Box::new(welcome())))),
        ("welcome.resumed", server(ServerFrame::Welcome(Some(1), Box::new(welcome_back())))),
        ("welcome.waiting", server(ServerFrame::Welcome(None, Box::new(welcome_to_wait())))),
        ("ok", server(ok(7, Some(Seq(42)), r#"{"message":42}"#))),
        ("ok.empty", server(ok(8, None, "{}"))),
        ("error", server(ServerFrame::Error(Some(7), forbidden()))),
        ("error.no_id", server(ServerFrame::Error(None, bad_json()))),
        ("events", server(message)),
        ("events.up_to", server(ServerFrame::Events(caught_up))),
        ("events.introduced", server(ServerFrame::Events(introduced))),
        ("signals", server(ServerFrame::Signals(signals().into_iter().take(2).collect()))),
        ("bye", server(ServerFrame::Bye(restarting()))),
        ("bye.stop", server(ServerFrame::Bye(Bye::new(Code::Replaced)))),
    ]
}

fn hello(token: Option<&str>, guest: Option<Guest>) -> Hello {
    Hello {
        meeting: MeetingRef::Code("abc-defg-hij".to_owned()),
        token: token.map(str::to_owned),
        guest,
        resume: None,
        passcode: None,
        client: Some(ClientInfo { name: "web".to_owned(), version: Some("1.4".to_owned()) }),
    }
}

fn guest() -> Guest {
    Guest { name: "Ben".to_owned(), device: "Zk3vQm8sT1xRw5yBn0cJdA".to_owned() }
}

fn resume() -> Resume {
    Resume { session: session(), token: "q1.5f3a…".to_owned(), seq: Seq(41) }
}

fn welcome() -> Welcome {
    let you = You {
        participant: BEN,
        user: BEN_USER,
        name: "Ben".to_owned(),
        kind: UserKind::Guest,
        role: Role::Attendee,
        status: Standing::Joined,
        can: grants(),
    };
    Welcome {
        session: SessionInfo { id: session(), token: "q1.5f3a…".to_owned(), grace_seconds: 60 },
        seq: Seq(42),
        resumed: false,
        you,
        meeting: meeting(),
        state: Some(snapshot()),
        waiting: None,
        limits: Limits::default(),
        heartbeat_seconds: 15,
        server: ServerInfo { version: "0.1.0".to_owned(), time: at("10:04:05.678") },
    }
}

fn welcome_back() -> Welcome {
    Welcome { resumed: true, state: None, ..welcome() }
}

fn welcome_to_wait() -> Welcome {
    let you = You { status: Standing::Waiting, ..welcome().you };
    Welcome { you, state: None, waiting: Some(standing()), ..welcome() }
}

fn standing() -> WaitingStanding {
    let message = Some("We begin in a minute.".to_owned());
    WaitingStanding { position: 2, reason: WaitReason::Approval, host_present: true, message }
}

fn meeting() -> MeetingInfo {
    MeetingInfo {
        id: MeetingId(7),
        code: "abc-defg-hij".to_owned(),
        title: "Standup".to_owned(),
        description: Some("What we did, what we do.".to_owned()),
        r#type: MeetingType::Regular,
        status: MeetingStatus::InProgress,
        starts_at: Some(at("10:00:00.000")),
        ends_at: Some(at("10:15:00.000")),
        started_at: Some(at("09:59:30.000")),
        ended_at: None,
        max_participants: Some(50),
        requires_approval: false,
        is_recorded: false,
        has_passcode: true,
        host: UserRef { id: ANA_USER, name: "Ana".to_owned() },
        locked: false,
        suspended: false,
        settings: Some(Settings::default()),
    }
}

fn snapshot() -> Snapshot {
    Snapshot {
        seq: Seq(42),
        participants: vec![ben()],
        total: 2,
        large: false,
        waiting: None,
        roles: vec![note_taker()],
        hands: vec![BEN],
        polls: vec![Poll {
            poll: PollId(1),
            question: "Which day?".to_owned(),
            choices: vec!["Tuesday".to_owned(), "Thursday".to_owned()],
            multiple: true,
            anonymous: false,
            open: true,
            closes_at: Some(at("10:05:00.000")),
            counts: tally().counts,
            voters: tally().voters,
            mine: Some(vote().choices),
        }],
        agenda: agenda(),
        timer: Some(timer()),
        decisions: vec![decision()],
        actions: vec![action()],
        chat: vec![ChatMessage {
            message: MessageId(41),
            at: at("10:02:00.000"),
            by: ANA,
            text: None,
            to: None,
            room: None,
            reply_to: None,
            pinned: false,
            deleted: true,
        }],
        rooms: vec![Room {
            room: BLUE,
            name: "Blue".to_owned(),
            participants: vec![BEN],
            open: true,
            closes_at: Some(at("10:20:00.000")),
            help: false,
            mode: BreakoutMode::Manual,
        }],
        pins: vec![MessageId(39)],
    }
}

fn ok(id: i64, seq: Option<Seq>, data: &str) -> ServerFrame {
    ServerFrame::Ok(OkFrame { id, seq, dry_run: false, data: data.into() })
}

fn forbidden() -> ErrorBody {
    ErrorBody {
        permission: Some(Permission::MeetingEnd),
        ..ErrorBody::new(Code::Forbidden, "ask the host to end the meeting")
    }
}

fn bad_json() -> ErrorBody {
    ErrorBody::new(Code::BadJson, "send one JSON object with `type`, `id` and `data`")
}

fn chat_sent() -> Event {
    Event {
        seq: Seq(43),
        at: at("10:04:06.000"),
        by: Some(ANA),
        name: None,
        role: None,
        via: None,
        body: EventBody::ChatSent(ChatSentEvent {
            message: MessageId(43),
            text: Some("Let us begin.".to_owned()),
            to: None,
            room: None,
            reply_to: Some(MessageId(41)),
        }),
    }
}

fn restarting() -> Bye {
    Bye { retry_after_ms: Some(500), ..Bye::new(Code::Restarting) }
}
