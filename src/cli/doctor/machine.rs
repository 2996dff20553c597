//! What the server stands on: folder, disk, key, clock, open files, address.

use std::fs::{self, Metadata};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::HumanBytes;
use quorate::Config;
use quorate::identity::ServerKey;
use quorate::live::clock;
use quorate::store::inspect::{is_served, lock_file};
use quorate_protocol::Timestamp;

use super::Check;

/// Below this the next checkpoint may fail.
const FREE_BYTES_MIN: u64 = 100 * 1024 * 1024;
/// Below this it is time to act.
const FREE_BYTES_LOW: u64 = 1024 * 1024 * 1024;
/// A socket each, and some for the rest: a soft limit below this is soon reached.
const OPEN_FILES_LOW: u64 = 8192;
/// Between these years a clock may be right: 2025-01-01 and 2100-01-01.
const PLAUSIBLE: (Timestamp, Timestamp) =
    (Timestamp(1_735_689_600_000), Timestamp(4_102_444_800_000));
/// How long the server may take to answer.
const ANSWER_PATIENCE: Duration = Duration::from_secs(3);
/// Bytes of an answer that are looked at.
const ANSWER_BYTES: u64 = 4096;

/// The server of this data, if it runs.
pub(super) struct Server {
    /// Whether it holds the database's lock.
    pub(super) runs: bool,
    pid: Option<u32>,
}

impl Server {
    pub(super) fn find(database: &Path) -> Server {
        let runs = is_served(database).unwrap_or(false);
        let pid = runs.then(|| holder(&lock_file(database))).flatten();
        Server { runs, pid }
    }
}

/// The process that holds a file's lock, as far as the system says.
fn holder(file: &Path) -> Option<u32> {
    let inode = fs::metadata(file).ok()?.ino().to_string();
    let locks = fs::read_to_string("/proc/locks").ok()?;
    // 1: FLOCK  ADVISORY  WRITE 4711 08:01:1835009 0 EOF
    locks.lines().find_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let (kind, _, _) = (words.next()?, words.next()?, words.next()?);
        let (pid, place) = (words.next()?, words.next()?);
        let ours = kind == "FLOCK" && place.rsplit(':').next() == Some(&*inode);
        if ours { pid.parse().ok() } else { None }
    })
}

pub(super) fn checks(config: &Config, server: &Server) -> Vec<Check> {
    let mut checks = vec![folder(&config.data)];
    checks.extend(owners(config));
    checks.push(space(config));
    checks.extend(file_system(config));
    checks.extend([key(config), year(clock::wall()), open_files(server), address(config, server)]);
    checks
}

fn folder(path: &Path) -> Check {
    let name = "data folder";
    let shown = path.display();
    let found = match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let todo = "it is made on first start; name another with --data if it should be there";
            return Check::warn(name, format!("{shown} is not there"), todo);
        }
        Err(error) => {
            return Check::fail(
                name,
                format!("{shown}: {error}"),
                "check who owns the folders above",
            );
        }
        Ok(found) => found,
    };
    if !found.is_dir() {
        return Check::fail(name, format!("{shown} is no folder"), "name another with --data");
    }
    // The only way to know is to do it: modes, mounts and quotas all have a say.
    let probe = path.join(format!(".doctor-{}", std::process::id()));
    let written = fs::File::create_new(&probe).and_then(|mut file| file.write_all(b"?"));
    // It may not be there.
    let _ = fs::remove_file(&probe);
    if let Err(error) = written {
        let todo = format!("run this as the server's user, or `chown -R` {shown} to it");
        return Check::fail(name, format!("{shown} may not be written to: {error}"), todo);
    }
    let mode = found.mode() & 0o777;
    if mode & 0o077 != 0 {
        let says = format!("{shown} may be read by others on this machine (mode {mode:o})");
        return Check::warn(name, says, format!("chmod 700 {shown}"));
    }
    Check::ok(name, format!("{shown} may be written to, by its owner alone"))
}

/// Whether all that is there belongs to the same user.
fn owners(config: &Config) -> Option<Check> {
    let owner = fs::metadata(&config.data).ok()?.uid();
    let database = config.database();
    let log = PathBuf::from(format!("{}-wal", database.display()));
    let files = [config.data.join("quorate.key"), lock_file(&database), log, database];
    let foreign = files.iter().find_map(|file| {
        let uid = fs::metadata(file).ok()?.uid();
        (uid != owner)
            .then(|| format!("{} belongs to user {uid}, the folder to {owner}", file.display()))
    });
    Some(match foreign {
        Some(says) => {
            let todo = format!("chown -R {owner} {}", config.data.display());
            Check::fail("owner", says, todo)
        }
        None => Check::ok("owner", format!("all belongs to user {owner}")),
    })
}

/// The path, or the nearest folder above that is there.
fn existing(path: &Path) -> &Path {
    let there = path.ancestors().find(|path| path.exists());
    there.filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn space(config: &Config) -> Check {
    let name = "free space";
    let database = config.database();
    let free = match rustix::fs::statvfs(existing(&database)) {
        Ok(found) => found.f_bavail.saturating_mul(found.f_frsize),
        Err(error) => return Check::warn(name, format!("not known: {error}"), "look with df"),
    };
    let size = fs::metadata(&database).map_or(0, |file| file.len());
    let says = format!("{} free", HumanBytes(free));
    if free < FREE_BYTES_MIN {
        let todo = "free some, or move the data folder: without space nothing can be decided";
        Check::fail(name, says, todo)
    } else if free < FREE_BYTES_LOW {
        Check::warn(name, says, "free some soon")
    } else if free < size {
        let says = format!("{says}, and the database has {}", HumanBytes(size));
        Check::warn(name, says, "back up to another disk: there is no room for a copy here")
    } else {
        Check::ok(name, says)
    }
}

/// File systems on which SQLite's log does not work, or on which nothing lasts.
fn file_system(config: &Config) -> Option<Check> {
    let name = "file system";
    let kind = rustix::fs::statfs(existing(&config.database())).ok()?.f_type;
    let network = "put the data folder on a disk of this machine: locks and shared memory do not \
                   work over a network, and the database would be damaged";
    Some(match kind as u64 & 0xFFFF_FFFF {
        0x6969 => Check::fail(name, "NFS", network),
        0x517B | 0xFF53_4D42 | 0xFE53_4D42 => Check::fail(name, "SMB", network),
        0x0102_1997 => Check::warn(name, "9p, a folder shared with a virtual machine", network),
        0x6573_5546 => {
            Check::warn(name, "FUSE", "make sure that a disk of this machine is behind it")
        }
        0x0102_1994 => {
            Check::warn(name, "tmpfs", "it is gone when the machine restarts; use a disk")
        }
        _ => Check::ok(name, "local"),
    })
}

fn key(config: &Config) -> Check {
    let name = "key";
    let path = config.data.join("quorate.key");
    let shown = path.display();
    match ServerKey::find(&config.data) {
        Err(error) => {
            // It says what to do itself.
            Check { todo: None, ..Check::fail(name, error.to_string(), "") }
        }
        Ok(None) if config.database().exists() => Check::fail(
            name,
            format!("{shown} is not there, and the database is"),
            "restore it from where you keep it; a new one would end all tokens, sessions and \
             calendar addresses, and no signed head could be checked",
        ),
        Ok(None) => Check::warn(name, format!("{shown} is not there"), "it is made on first start"),
        Ok(Some(_)) => match fs::metadata(&path).map(|file: Metadata| file.mode() & 0o777) {
            Ok(mode) if mode & 0o077 != 0 => Check::fail(
                name,
                format!("{shown} may be read by others (mode {mode:o}): they can be anyone"),
                format!(
                    "chmod 600 {shown}; if someone may have read it, remove it and restart: \
                         all tokens end"
                ),
            ),
            Ok(_) => Check::ok(name, format!("{shown} is well-formed, and its owner's alone")),
            Err(error) => Check::fail(name, format!("{shown}: {error}"), "check who owns it"),
        },
    }
}

fn year(now: Timestamp) -> Check {
    match now {
        now if now < PLAUSIBLE.0 || now > PLAUSIBLE.1 => {
            Check::fail("clock", format!("it is {now}?"), "set the clock: timedatectl set-ntp true")
        }
        now => Check::ok("clock", now.to_string()),
    }
}

/// The limit of the running server, or else the one that a server started from here would have.
fn open_files(server: &Server) -> Check {
    let name = "open files";
    let limits = |who: &str| fs::read_to_string(format!("/proc/{who}/limits")).ok();
    let theirs = server.pid.and_then(|pid| limits(&pid.to_string()));
    let whose = if theirs.is_some() { "of the server" } else { "from here" };
    let limits = theirs.or_else(|| limits("self"));
    let soft = limits.as_deref().and_then(|limits| {
        let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
        line.split_whitespace().next().map(|soft| soft.parse().unwrap_or(u64::MAX))
    });
    match soft {
        None => Check::warn(name, "the limit is not known", "look with ulimit -n"),
        Some(soft) if soft < OPEN_FILES_LOW => Check::warn(
            name,
            format!("at most {soft} {whose}; each client is one"),
            "set LimitNOFILE=65536 in the unit of the service, or ulimit -n 65536",
        ),
        Some(soft) => Check::ok(name, format!("at most {soft} {whose}")),
    }
}

fn address(config: &Config, server: &Server) -> Check {
    let (name, address) = ("server", config.listen);
    let pid = server.pid.map(|pid| format!(" (process {pid})")).unwrap_or_default();
    if server.runs {
        let holds = format!("a server has the database open{pid}");
        return match ready(address) {
            Ok((200, _)) => Check::ok(name, format!("{holds}, and is ready at {address}")),
            Ok((status, says)) => {
                let todo = "wait where it restores; else see its log";
                Check::fail(name, format!("{holds}; {address} answers {status}: {says}"), todo)
            }
            Err(error) => Check::warn(
                name,
                format!("{holds}, and does not answer at {address} ({error})"),
                "if it was started with another --listen, look there; else see its log",
            ),
        };
    }
    match TcpListener::bind(address) {
        Ok(_) => Check::ok(name, format!("none runs; {address} is free")),
        Err(error) => Check::fail(
            name,
            format!("none runs, and {address} cannot be listened on: {error}"),
            "stop the program that listens there, or choose another with --listen",
        ),
    }
}

/// The status of the server's `/readyz`, and what it says.
fn ready(mut address: SocketAddr) -> std::io::Result<(u16, String)> {
    if address.ip().is_unspecified() {
        let loopback =
            if address.is_ipv4() { [127, 0, 0, 1].into() } else { [0, 0, 0, 0, 0, 0, 0, 1].into() };
        address.set_ip(loopback);
    }
    let mut socket = TcpStream::connect_timeout(&address, ANSWER_PATIENCE)?;
    socket.set_read_timeout(Some(ANSWER_PATIENCE))?;
    write!(socket, "GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    socket.take(ANSWER_BYTES).read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| std::io::Error::other("it does not speak HTTP"))?;
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let problem = serde_json::from_str::<serde_json::Value>(body).ok();
    let says = problem.and_then(|problem| Some(problem.get("detail")?.as_str()?.to_owned()));
    Ok((status, says.unwrap_or_else(|| body.trim().to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::Status;

    #[test]
    fn a_clock_of_another_age_is_wrong() {
        assert_eq!(year(Timestamp(0)).status, Status::Fail);
        assert_eq!(year(PLAUSIBLE.1.plus_ms(1)).status, Status::Fail);
        assert_eq!(year(PLAUSIBLE.0).status, Status::Ok);
    }
}
