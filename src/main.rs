//! The command line.

mod cli;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use quorate::identity::{Claims, RESERVED_NAMES, SETUP_MINUTES, ServerKey, TokenKind};
use quorate::live::clock;
use quorate::meeting::roles::BOT_SCOPES;
use quorate::telemetry::start_log;
use quorate::{Config, Server};
use quorate_protocol::{MeetingId, PermissionSet};
use tokio::signal::unix::{SignalKind, signal};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// A real-time meeting coordinator: who is in, who may do what, what happened and when.
///
/// Without a command it serves. Settings come from the file named by --config, then from variables
/// (QUORATE_GRACE_SECONDS=30), then from the flags here.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Args, Clone)]
struct Common {
    /// The data folder, made on first start: quorate.db and quorate.key [default: ./data]
    #[arg(long, global = true, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// A file of settings (TOML)
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Args, Clone, Default)]
struct Serve {
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// The database file, where it is not quorate.db in the data folder
    #[arg(long, value_name = "FILE")]
    database: Option<PathBuf>,
}

impl Serve {
    /// With what stands before the command, where nothing stands behind it.
    fn or(self, before: Serve) -> Serve {
        Serve { listen: self.listen.or(before.listen), database: self.database.or(before.database) }
    }

    /// Refuses these before a command that does not serve, where nothing would come of them.
    fn refuse(&self) -> anyhow::Result<()> {
        anyhow::ensure!(self.listen.is_none(), "--listen is for `serve` alone; leave it out");
        anyhow::ensure!(
            self.database.is_none(),
            "--database before the command is for `serve` alone; name the file as `database` in \
             the settings, or as QUORATE_DATABASE"
        );
        Ok(())
    }
}

#[derive(Subcommand)]
enum Command {
    /// Serve meetings until interrupted
    Serve(Serve),
    /// Print a bearer token for a user, and nothing else
    ///
    /// A new name makes the user when they first come. Examples:
    /// quorate token --sub ana --name "Ana Ortiz" --hours 8;
    /// quorate token --sub greeter --kind bot --scopes chat.send,participant.list --owner ana
    Token(Token),
    /// Check the journal, or sign its head to keep elsewhere
    #[command(subcommand)]
    Audit(cli::audit::Audit),
    /// Print a meeting as it stood, as JSON
    Replay(cli::replay::Replay),
    /// Erase a person's data
    #[command(subcommand)]
    User(cli::user::User),
    Backup(cli::backup::Backup),
    Doctor(cli::doctor::Doctor),
    /// Take over the older application's database, in place
    Migrate(cli::migrate::Migrate),
}

#[derive(Args)]
struct Token {
    /// The user's unique name
    #[arg(long)]
    sub: String,
    /// The name shown to others [default: the unique name]
    #[arg(long)]
    name: Option<String>,
    /// The email address
    #[arg(long)]
    email: Option<String>,
    /// Whose it is: a person's or a bot's
    #[arg(long, value_enum, default_value_t)]
    kind: Kind,
    /// What a bot may do at most, as in chat.send,participant.list
    #[arg(long, value_name = "PERMISSIONS", value_delimiter = ',')]
    scopes: Vec<String>,
    /// The meetings that a bot reaches [default: those that its owner hosts; all without an owner]
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    meetings: Option<Vec<i64>>,
    /// Whose bot it is, by their unique name: it may no more than they
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
    /// Whether they administer the server: define roles for all its meetings
    #[arg(long)]
    admin: bool,
    /// For how many hours it holds
    #[arg(long, default_value_t = 24)]
    hours: u32,
}

#[derive(Clone, Copy, Default, PartialEq, ValueEnum)]
enum Kind {
    #[default]
    Member,
    Bot,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    run(cli).unwrap_or_else(|error| {
        eprintln!("quorate: {error:#}");
        ExitCode::from(2)
    })
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    if !matches!(cli.command, None | Some(Command::Serve(_))) {
        cli.serve.refuse()?;
    }
    match cli.command {
        None => serve(&cli.common, cli.serve),
        Some(Command::Serve(flags)) => serve(&cli.common, flags.or(cli.serve)),
        Some(Command::Token(token)) => print_token(&cli.common, token),
        Some(Command::Audit(audit)) => {
            config(&cli.common).and_then(|config| cli::audit::run(&config, &audit))
        }
        Some(Command::Replay(replay)) => {
            config(&cli.common).and_then(|config| cli::replay::run(&config, &replay))
        }
        Some(Command::User(user)) => {
            config(&cli.common).and_then(|config| cli::user::run(&config, &user))
        }
        Some(Command::Backup(backup)) => {
            config(&cli.common).and_then(|config| cli::backup::run(&config, &backup))
        }
        Some(Command::Doctor(doctor)) => cli::doctor::run(config(&cli.common), &doctor),
        Some(Command::Migrate(migrate)) => {
            config(&cli.common).and_then(|config| cli::migrate::run(&config, migrate))
        }
    }
}

fn config(common: &Common) -> anyhow::Result<Config> {
    let variables = std::env::vars_os();
    let variables =
        variables.filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
    let mut config = Config::load(common.config.as_deref(), variables)?;
    if let Some(data) = &common.data {
        config.data.clone_from(data);
    }
    Ok(config)
}

fn serve(common: &Common, flags: Serve) -> anyhow::Result<ExitCode> {
    let mut config = config(common)?;
    config.listen = flags.listen.unwrap_or(config.listen);
    config.database = flags.database.or(config.database);
    start_log(config.log.format);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let server = Server::new(&config).await?;
        println!("listening on http://{}", server.address());
        if let Some(link) = server.setup_link().await? {
            // Whoever only wanted the first line may have gone.
            let _ = writeln!(
                io::stdout(),
                "to become its administrator, open {link} (once, within {SETUP_MINUTES} minutes)"
            );
        }
        let stop = server.stop_token();
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            stop.cancel();
        });
        server.run().await;
        Ok(ExitCode::SUCCESS)
    })
}

fn print_token(common: &Common, token: Token) -> anyhow::Result<ExitCode> {
    let reserved = RESERVED_NAMES.iter().find(|reserved| match reserved.ends_with(':') {
        true => token.sub.starts_with(*reserved),
        false => token.sub == **reserved,
    });
    if let Some(reserved) = reserved {
        anyhow::bail!("`{reserved}` is reserved; choose another --sub");
    }
    anyhow::ensure!(!token.sub.trim().is_empty(), "--sub must not be blank");
    if let Some(name) = &token.name {
        quorate::meeting::text::name("name", name)
            .map_err(|no| quorate_protocol::ErrorBody::from(&no))?;
    }
    let scopes = bot_scopes(&token)?;
    let config = config(common)?;
    config.make_data_folder()?;
    let key = ServerKey::load_or_create(&config.data)?;
    let claims = Claims {
        kind: match token.kind {
            Kind::Member => TokenKind::Member,
            Kind::Bot => TokenKind::Bot,
        },
        scopes: (token.kind == Kind::Bot).then_some(scopes),
        meetings: token.meetings.map(|ids| ids.into_iter().map(MeetingId).collect()),
        owner: token.owner,
        // Who has the server's key is believed.
        email_verified: token.email.is_some(),
        admin: token.admin,
        email: token.email,
        ..Claims::new(token.sub, token.name, token.hours, clock::wall())
    };
    println!("{}", key.sign(&claims));
    Ok(ExitCode::SUCCESS)
}

/// What a bot may do; nothing, and no word of it, for a person.
fn bot_scopes(token: &Token) -> anyhow::Result<PermissionSet> {
    let says = !token.scopes.is_empty() || token.meetings.is_some() || token.owner.is_some();
    let bot = token.kind == Kind::Bot;
    anyhow::ensure!(bot || !says, "--scopes, --meetings and --owner need --kind bot");
    let scope = |name: &String| {
        let permission = name.parse().ok().filter(|permission| BOT_SCOPES.has(*permission));
        permission.ok_or_else(|| {
            let names: Vec<_> = BOT_SCOPES.iter().map(|permission| permission.name()).collect();
            anyhow::anyhow!("`{name}` is no scope of a bot; it may have {}", names.join(", "))
        })
    };
    token.scopes.iter().map(scope).collect()
}
