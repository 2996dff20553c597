//! A command sent again gets its first answer, also across `kill -9`.

use quorate_client::protocol::{
    Command, Empty, HandLower, ParticipantId, PersonReason, Seq, ServerFrame,
};

use crate::support::raw::chat;
use crate::support::server::hello_as;
use crate::support::verify::count;
use crate::support::{Home, Raw, journal};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_command_gets_its_first_answer() {
    let home = Home::new();
    let server = home.start();
    let (token, meeting) = home.hosted_meeting().await;
    let hello = hello_as(&meeting, &token);
    let (mut ada, welcome) = Raw::enter(server.address(), &hello).await;
    let nobody = PersonReason { participant: ParticipantId(999), reason: None };
    let commands = [
        chat("once", None),
        Command::HandRaise(Empty {}),
        Command::HandRaise(Empty {}),
        Command::ParticipantRemove(nobody),
        Command::HandLower(HandLower::default()),
        chat("once more", None),
    ];
    let mut answers = Vec::new();
    for (id, command) in (2..).zip(&commands) {
        ada.command(id, command).await;
        answers.push(ada.answer(id).await);
    }
    assert!(answers[2].contains("already") && answers[3].contains("not_found"), "{answers:?}");

    ada.command(2, &commands[0]).await;
    assert_eq!(ada.answer(2).await, answers[0], "on the same socket");

    server.kill();
    let server = home.start();
    let (mut ada, _) = Raw::resume(server.address(), &hello, &welcome, ada.reached).await;
    // Not those without an event: they are carried out again, and may come out differently.
    for index in [0, 1, 4, 5] {
        let id = index as i64 + 2;
        ada.command(id, &commands[index]).await;
        assert_eq!(ada.answer(id).await, answers[index], "command {id}");
    }
    // Another command under an old id is the old one.
    ada.command(7, &chat("not once more", None)).await;
    assert_eq!(ada.answer(7).await, answers[5]);
    ada.command(8, &chat("new", None)).await;
    assert!(ada.answer(8).await.contains(r#""type":"ok""#));
    server.kill();

    let rows = journal::read(&home.database(), meeting.info.id);
    let texts: Vec<_> = rows.iter().map(|row| row.text()).filter(|text| !text.is_empty()).collect();
    assert_eq!(texts, ["once", "once more", "new"]);
    assert_eq!((count(&rows, "hand.raised"), count(&rows, "hand.lowered")), (1, 1));
}

/// Whether what was sent last was carried out is not known then; sent again it is, and once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_under_way_at_the_kill_is_carried_out_once() {
    let home = Home::new();
    let mut server = home.start();
    let (token, meeting) = home.hosted_meeting().await;
    let hello = hello_as(&meeting, &token);
    let (mut ada, welcome) = Raw::enter(server.address(), &hello).await;
    let mut expected = Vec::new();
    for round in 0..8 {
        let (id, text) = (2 + round, format!("round {round}"));
        ada.command(id, &chat(&text, None)).await;
        for _ in 0..round / 2 {
            ada.ping(|_| ()).await;
        }
        server.kill();
        server = home.start();
        (ada, _) = Raw::resume(server.address(), &hello, &welcome, ada.reached).await;
        ada.command(id, &chat(&text, None)).await;
        let answer = ada.answer(id).await;
        let Ok(ServerFrame::Ok(ok)) = ServerFrame::parse(&answer) else { panic!("{answer}") };
        // An event reaches its sender before or together with its answer.
        assert!(ada.reached >= ok.seq.unwrap());
        expected.push((ok.seq.unwrap(), text));
    }
    server.kill();
    let rows = journal::read(&home.database(), meeting.info.id);
    let sent = rows.iter().filter(|row| row.action == "chat.sent");
    let sent: Vec<_> = sent.map(|row| (Seq(row.seq), row.text().to_owned())).collect();
    assert_eq!(sent, expected);
}
