//! `kill -9` under load, restart, resume.

use quorate_client::protocol::Code;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::support::verify::{count, verify};
use crate::support::{Crowd, Home, Plan};

/// How often the server is killed in one run.
const KILLS: usize = 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_kill_9_and_everyone_goes_on() {
    for seed in 1..=5 {
        eprintln!("seed {seed}");
        killed_and_resumed(seed).await;
    }
}

async fn killed_and_resumed(seed: u64) {
    let home = Home::unlimited();
    let mut server = home.start();
    let plan = Plan { seed, meetings: 3, people: 12, commands: 40, deserters: true };
    let crowd = Crowd::gather(&home, plan).await;
    crowd.begin();
    let mut rng = StdRng::seed_from_u64(seed);
    let share = crowd.commands() / (KILLS + 1);
    for kill in 0..KILLS {
        crowd.when_answered(kill * share + rng.random_range(share / 8..share)).await;
        server.kill();
        server = home.start();
    }
    let (records, snapshots) = crowd.finish().await;
    let journals = verify(&home, &records, &snapshots);
    for rows in journals.values() {
        assert_eq!(count(rows, "meeting.recovered"), KILLS);
    }
    for record in &records {
        assert_eq!(record.byes, Vec::<Code>::new(), "nobody says goodbye when killed");
        // One who is still on the way back when the next kill comes loses nothing by it.
        assert!(record.losses >= 1, "the server was killed under everyone");
    }
    assert!(records.iter().any(|record| !record.unanswered.is_empty()), "it was not under load");
    server.kill();
    home.assert_whole();
}
