//! `quorate user`: what becomes of a person's data.

use std::io::{IsTerminal as _, Write as _, stdin, stdout};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use quorate::Config;
use quorate::erasure::{self, Footprint};
use quorate::store::{OpenError, Store, StoredUser};

use super::progress;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum User {
    /// Erase a person's names, addresses and texts for good; the journal stays whole
    ///
    /// The server must be stopped; while it runs, POST /api/users/{id}/erase with an admin's token does
    /// the same.
    Erase(Erase),
}

/// Whom, and whether to ask first.
#[derive(Args)]
pub(crate) struct Erase {
    /// The user's unique name, or `erased:` and their id where an erasure was broken off
    name: String,
    /// Do not ask first
    #[arg(long)]
    yes: bool,
}

/// Does it.
///
/// # Errors
/// When it could not be done.
pub(crate) fn run(config: &Config, user: &User) -> anyhow::Result<ExitCode> {
    let User::Erase(ask) = user;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(erase(config, ask))
}

async fn erase(config: &Config, ask: &Erase) -> anyhow::Result<ExitCode> {
    let path = config.database();
    anyhow::ensure!(path.exists(), "failed to open {}: there is no such database", path.display());
    let store = Store::open(&path, config.durability.into()).map_err(|error| match error {
        OpenError::InUse { .. } => anyhow::anyhow!(
            "{} is in use by a server that runs; stop it first, or ask it: \
             POST /api/users/{{id}}/erase with the token of an admin",
            path.display()
        ),
        error => error.into(),
    })?;
    let done = erase_in(&store, ask).await;
    store.close().await;
    done
}

async fn erase_in(store: &Store, ask: &Erase) -> anyhow::Result<ExitCode> {
    let Some(user) = store.user_by_name(&ask.name).await? else {
        anyhow::bail!("there is no user `{}`; was it erased already?", ask.name)
    };
    let bar = progress::bar("looking through the journal");
    let footprint = erasure::survey(store, &user, |done, total| progress::tell(&bar, done, total));
    let footprint = footprint.await?;
    bar.finish_and_clear();
    tell(&user, &footprint);
    if !(ask.yes || confirmed()?) {
        println!("nothing was erased");
        return Ok(ExitCode::from(1));
    }
    let bar = progress::bar("meetings");
    let told = |done, total| progress::tell(&bar, done, total);
    let (meetings, events) = erasure::erase(store, None, footprint, told).await?;
    bar.finish_and_clear();
    println!("erased: user {}, {events} events of {meetings} meetings", user.id);
    Ok(ExitCode::SUCCESS)
}

fn tell(user: &StoredUser, footprint: &Footprint) {
    let address = |email: &String| format!(" <{email}>");
    let addresses: String = footprint.addresses.iter().map(address).collect();
    println!("user {}: {}{addresses}", user.id, footprint.names.join(", "));
    println!(
        "names, texts, reasons and addresses in {} events of {} meetings; sign-ins and tokens",
        footprint.events(),
        footprint.traces.len()
    );
}

fn confirmed() -> anyhow::Result<bool> {
    anyhow::ensure!(stdin().is_terminal(), "nobody is there to be asked; confirm with --yes");
    print!("Erase them for good? [y/N] ");
    stdout().flush()?;
    let mut answer = String::new();
    stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
