//! Why can this person not get in, admit, or act?

use std::collections::BTreeMap;
use std::process::ExitCode;

use quorate::Config;
use quorate::live::clock;
use quorate::meeting::event::Fact;
use quorate::meeting::roles::{RoleSets, built_in_sets};
use quorate::meeting::{Event, Meeting, Person, Place};
use quorate::store::StoredUser;
use quorate::store::inspect::{Inspection, is_served};
use quorate_protocol::{
    Denial, Grant, MeetingId, ParticipantId, Permission, PermissionSet, Role, Seq, Timestamp,
    UserId, UserKind,
};
use serde::Serialize;

use super::journal::{Folded, fold};
use super::ways::{Case, Outcome, Step, recover, run_deadlines, someone, word};

/// Events told of one person; the newest.
const EVENTS_TOLD_MAX: usize = 20;
/// An id that nobody has.
const NOBODY: i64 = i64::MAX;

/// All that there is to say of someone at the door of a meeting.
#[derive(Debug, Serialize)]
struct Report {
    /// Whether they come in, or are in.
    ok: bool,
    meeting: About,
    user: Who,
    /// In a sentence, what they are told when they come now.
    says: String,
    /// What is in their way, one behind the other, and what takes it away.
    steps: Vec<Step>,
    /// What was taken to be so, since only the server or they know.
    assumed: Vec<String>,
    standing: Standing,
    /// Every permission: whether they have it, or would on coming in, and if not, why.
    can: BTreeMap<Permission, Able>,
    /// What the journal says of all this, oldest first.
    events: Vec<Happened>,
}

#[derive(Debug, Serialize)]
struct About {
    id: MeetingId,
    title: String,
    status: String,
    /// Up to which event the journal was read.
    seq: Seq,
    locked: bool,
    suspended: bool,
    waiting_room: bool,
    passcode: bool,
    private: bool,
    guests: bool,
    host_present: bool,
    present: u32,
    capacity: u32,
    starts_at: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
struct Who {
    id: Option<UserId>,
    username: String,
    name: String,
    kind: UserKind,
    active: bool,
}

/// How they stand with the meeting.
#[derive(Debug, Serialize)]
struct Standing {
    participant: Option<ParticipantId>,
    place: &'static str,
    role: String,
    rank: u8,
    host: bool,
    owner: bool,
    co_host: bool,
    acting_host: bool,
    invited: bool,
    removed: bool,
    sent_back: bool,
}

/// Whether one may.
#[derive(Debug, Serialize)]
struct Able {
    may: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    no: Option<Denial>,
    #[serde(skip_serializing_if = "Option::is_none")]
    says: Option<String>,
}

#[derive(Debug, Serialize)]
struct Happened {
    seq: Seq,
    at: Timestamp,
    by: Option<String>,
    r#type: String,
    data: serde_json::Value,
}

pub(super) fn run(config: &Config, id: i64, name: &str, json: bool) -> anyhow::Result<ExitCode> {
    let path = config.database();
    let database = Inspection::open(&path)?;
    let id = MeetingId(id);
    anyhow::ensure!(database.has_meeting(id)?, "there is no meeting {id} in {}", path.display());
    let stored = database.user(name)?;
    let mut told = Vec::new();
    let folded = fold(&database, id, config.terms(), |event| told.extend(concerns(event)));
    let mut meeting = match folded {
        Folded::Meeting(meeting) => *meeting,
        Folded::Not(why) => {
            anyhow::bail!("meeting {id} cannot be restored: {why}; see `quorate audit verify`")
        }
    };
    // A meeting's clock is never before its last event.
    let now = clock::wall().max(meeting.facts.at);
    let seq = meeting.facts.head;
    let mut assumed = Vec::new();
    if is_served(&path)? {
        run_deadlines(&mut meeting, now);
    } else {
        recover(&mut meeting, now);
        assumed.push(
            "the server does not run: this is how it would be if it were started now".to_owned(),
        );
    }
    let report = report(&database, meeting, seq, now, name, stored, told, assumed)?;
    match json {
        true => println!("{}", serde_json::to_string_pretty(&report)?),
        false => report.print(),
    }
    Ok(ExitCode::from(u8::from(!report.ok)))
}

#[allow(clippy::too_many_arguments, reason = "what was looked up, each once")]
fn report(
    database: &Inspection,
    meeting: Meeting,
    seq: Seq,
    now: Timestamp,
    name: &str,
    stored: Option<StoredUser>,
    told: Vec<Event>,
    mut assumed: Vec<String>,
) -> anyhow::Result<Report> {
    let user = stored.as_ref().map_or(UserId(NOBODY), |user| user.id);
    let who = who(name, stored.as_ref(), &mut assumed);
    let case = case(&meeting, now, user, &who, stored.as_ref(), &told, &mut assumed);
    let email = case.enter.email.as_deref();
    if !database.is_tied(meeting.facts.info.id, user, email)? && who.kind != UserKind::Bot {
        let code = &meeting.facts.info.code;
        let by_code =
            "they have nothing to do with the meeting yet: by its id it is not there for them";
        assumed.push(format!("{by_code} (`not_found`), and they come by its code, {code}"));
    }
    if meeting.facts.info.has_passcode {
        let tries = "after too many wrong passcodes one waits a minute (`rate_limited`); only the";
        assumed.push(format!("they send no passcode; {tries} running server knows of that"));
    }
    let (outcome, after) = case.ask();
    let mut steps = if outcome.is_in() { Vec::new() } else { case.steps() };
    let mut says = outcome.says();
    if !who.active {
        says = "is refused (`unauthorized`): this account is switched off".to_owned();
        let on = "switch the account on: in the database, users.is_active = 1".to_owned();
        steps.insert(0, Step { one_of: vec![on], then: outcome.says() });
    }
    let facts = if outcome.is_in() { &after.facts } else { &meeting.facts };
    let can = can(facts, user, who.kind);
    let events = events(&meeting, &told, user, email);
    Ok(Report {
        ok: who.active && matches!(outcome, Outcome::In { .. }),
        meeting: about(&meeting, seq),
        standing: standing(&meeting, user, email),
        user: who,
        says,
        steps,
        assumed,
        can,
        events,
    })
}

fn who(name: &str, stored: Option<&StoredUser>, assumed: &mut Vec<String>) -> Who {
    match stored {
        Some(user) => Who {
            id: Some(user.id),
            username: user.username.clone(),
            name: user.name.clone(),
            kind: user.kind.unwrap_or(UserKind::Member),
            active: user.is_active,
        },
        None => {
            assumed.push(format!(
                "nobody of the name {name} was ever here: answered for a new member"
            ));
            let (username, name) = (name.to_owned(), name.to_owned());
            Who { id: None, username, name, kind: UserKind::Member, active: true }
        }
    }
}

fn case(
    meeting: &Meeting,
    now: Timestamp,
    user: UserId,
    who: &Who,
    stored: Option<&StoredUser>,
    told: &[Event],
    assumed: &mut Vec<String>,
) -> Case {
    let mut enter = someone(meeting, user, who.kind, who.name.clone(), NOBODY);
    if enter.email.is_none() {
        let address = stored.and_then(|user| user.email.clone());
        enter.email = address.map(|address| quorate::meeting::text::address(&address));
    }
    if let Some(email) = &enter.email {
        assumed.push(format!("their token says that {email} is verified"));
    }
    if who.kind == UserKind::Bot && enter.bot.is_none() {
        assumed.push(
            "its token, which says whose bot it is and its scopes, was not seen here yet"
                .to_owned(),
        );
    }
    let bans = |event: &Event| match event.fact {
        Fact::ParticipantBanned { user: banned, .. } => {
            let personal = event.personal.as_ref().and_then(|personal| personal.email.as_ref());
            (banned == user || personal.is_some() && personal == enter.email.as_ref())
                .then_some(banned)
        }
        _ => None,
    };
    let mut banned: Vec<_> = told.iter().filter_map(bans).collect();
    banned.sort_unstable();
    banned.dedup();
    Case { meeting: meeting.clone(), enter, now, banned }
}

fn about(meeting: &Meeting, seq: Seq) -> About {
    let (facts, info) = (&meeting.facts, &meeting.facts.info);
    About {
        id: info.id,
        title: info.title.clone(),
        status: word(&info.status),
        seq,
        locked: info.locked,
        suspended: info.suspended,
        waiting_room: info.requires_approval,
        passcode: info.has_passcode,
        private: info.kind == quorate_protocol::MeetingType::Private,
        guests: info.settings.guests,
        host_present: facts.host_present(),
        present: facts.present,
        capacity: facts.capacity(),
        starts_at: info.starts_at,
    }
}

fn standing(meeting: &Meeting, user: UserId, email: Option<&str>) -> Standing {
    let facts = &meeting.facts;
    let person = facts.person_of(user);
    let role = facts.role_of(user);
    Standing {
        participant: person.map(|person| person.id),
        place: person.map_or("never here", place),
        role: role.name().to_owned(),
        rank: facts.rank_of(user),
        host: facts.rightful_host() == user,
        owner: facts.info.owner == user,
        co_host: role == Role::CoHost,
        acting_host: role == Role::Host && facts.info.acting_for.is_some(),
        invited: facts.invitees.has(user, email),
        removed: person.is_some_and(|person| person.removed),
        sent_back: person.is_some_and(|person| person.sent_back),
    }
}

fn place(person: &Person) -> &'static str {
    match person.place {
        Place::In { .. } => "in",
        Place::Waiting { .. } => "waiting",
        Place::Out(_) => "out",
    }
}

/// Every permission, and why not.
fn can(
    facts: &quorate::meeting::Facts,
    user: UserId,
    kind: UserKind,
) -> BTreeMap<Permission, Able> {
    let role = facts.role_of(user);
    let sets = match role {
        Role::Custom(key) => facts.roles.get(&key).map(quorate::meeting::roles::CustomRole::sets),
        _ => None,
    };
    let sets = sets.unwrap_or_else(|| built_in_sets(role));
    let able = |(permission, grant): (Permission, Grant)| match grant {
        Grant::Yes => (permission, Able { may: true, no: None, says: None }),
        Grant::No(why) => {
            let says = match why {
                Denial::Denied => {
                    "taken from them in person; give it back with role.reset".to_owned()
                }
                Denial::Lock => "taken from all below moderators, by the meeting's `locks` or its \
                                 `chat` settings; see meeting.policy"
                    .to_owned(),
                Denial::Suspended => {
                    "the meeting is suspended; meeting.resume ends that".to_owned()
                }
                Denial::Role if kind == UserKind::Bot => {
                    "not in the scopes of its token, or its owner may not".to_owned()
                }
                Denial::Role => lacking(role, &sets, permission),
            };
            (permission, Able { may: false, no: Some(why), says: Some(says) })
        }
    };
    facts.can_of(user).grants().0.into_iter().map(able).collect()
}

/// What a role does not have, and who does.
fn lacking(role: Role, sets: &RoleSets, permission: Permission) -> String {
    let has = |role: &&Role| {
        let RoleSets { always, default, .. } = built_in_sets(**role);
        always.or(default).has(permission)
    };
    let lowest = Role::BUILT_IN.iter().rev().find(has).map_or("host", Role::name);
    let all: PermissionSet = sets.always.or(sets.default);
    match role.name() {
        // An acting host lacks some of what hosts have.
        name if all.has(permission) => {
            format!("an acting {name} does not have it; the host in full does")
        }
        name if sets.grantable.has(permission) => {
            format!(
                "the role {name} has it only when granted: role.grant, or a role from {lowest} on"
            )
        }
        name => format!("the role {name} never has it; from {lowest} on one does"),
    }
}

/// The event, if it may be a reason why someone cannot get in or act.
fn concerns(event: &Event) -> Option<Event> {
    let about = matches!(
        event.fact,
        Fact::ParticipantWaiting { .. }
            | Fact::ParticipantAdmitted { .. }
            | Fact::ParticipantDeclined { .. }
            | Fact::ParticipantWithdrawn { .. }
            | Fact::ReturnedToWaiting { .. }
            | Fact::ParticipantJoined { .. }
            | Fact::ParticipantLeft { .. }
            | Fact::ParticipantRemoved { .. }
            | Fact::ParticipantBanned { .. }
            | Fact::ParticipantUnbanned { .. }
            | Fact::InviteeAdded { .. }
            | Fact::RoleAssigned { .. }
            | Fact::CohostAdded { .. }
            | Fact::CohostRemoved { .. }
            | Fact::PermissionsChanged { .. }
            | Fact::PermissionRefused { .. }
            | Fact::HostChanged { .. }
    );
    (about || of_all(&event.fact)).then(|| event.clone())
}

/// Whether it concerns whoever comes.
fn of_all(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::MeetingStarted {}
            | Fact::MeetingEnded { .. }
            | Fact::MeetingReopened {}
            | Fact::MeetingLocked {}
            | Fact::MeetingUnlocked {}
            | Fact::MeetingSuspended { .. }
            | Fact::MeetingResumed {}
            | Fact::MeetingPolicyChanged { .. }
    )
}

/// What concerns this person, and of what concerns all the newest of each kind.
fn events(meeting: &Meeting, told: &[Event], user: UserId, email: Option<&str>) -> Vec<Happened> {
    let place = meeting.facts.person_of(user).map(|person| person.id);
    let theirs = |event: &&Event| {
        let address = event.personal.as_ref().and_then(|personal| personal.email.as_deref());
        let of_user = match event.fact {
            Fact::ParticipantBanned { user: of, .. }
            | Fact::ParticipantUnbanned { user: of, .. }
            | Fact::CohostAdded { user: of, .. }
            | Fact::CohostRemoved { user: of, .. }
            | Fact::HostChanged { user: of, .. }
            | Fact::InviteeAdded { user: Some(of), .. } => of == user,
            _ => false,
        };
        let by_place = place.is_some() && event.fact.about() == place;
        of_user || by_place || (address.is_some() && address == email)
    };
    let mut chosen: Vec<_> = told.iter().filter(theirs).rev().take(EVENTS_TOLD_MAX).collect();
    let mut newest: BTreeMap<String, &Event> = BTreeMap::new();
    for event in told.iter().filter(|event| of_all(&event.fact)) {
        newest.insert(event.fact.to_row().0, event);
    }
    chosen.extend(newest.into_values());
    chosen.sort_by_key(|event| event.seq);
    chosen.dedup_by_key(|event| event.seq);
    chosen.into_iter().map(|event| happened(meeting, event)).collect()
}

fn happened(meeting: &Meeting, event: &Event) -> Happened {
    let by = event.by.and_then(|by| meeting.facts.get(by));
    let by = by.map(|person| format!("{} (participant {})", person.name, person.id));
    let (kind, details) = event.fact.to_row();
    let data = serde_json::from_str(&details).unwrap_or_default();
    Happened { seq: event.seq, at: event.at, by, r#type: kind, data }
}

impl Report {
    fn print(&self) {
        let About { id, title, status, seq, present, capacity, .. } = &self.meeting;
        println!(
            "meeting {id}, \"{title}\": {status}, {present} of {capacity} there, journal read up to seq {seq}"
        );
        let Who { username, name, kind, .. } = &self.user;
        let kind = word(kind);
        println!("{name} ({kind} {username}): {}", self.standing.says());
        println!("when they come now: {}", self.says);
        for (n, step) in self.steps.iter().enumerate() {
            println!("  {}. {}", n + 1, step.one_of.join("\n     or "));
            println!("     then: {}", step.then);
        }
        for assumed in &self.assumed {
            println!("given that: {assumed}");
        }
        let (yes, no): (Vec<_>, Vec<_>) = self.can.iter().partition(|(_, able)| able.may);
        let yes: Vec<_> = yes.iter().map(|(permission, _)| permission.name()).collect();
        println!("may{}: {}", if self.ok { "" } else { ", once in" }, yes.join(", "));
        let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (permission, able) in no {
            let says = able.says.as_deref().unwrap_or_default();
            reasons.entry(says).or_default().push(permission.name());
        }
        for (says, permissions) in reasons {
            println!("may not {}: {says}", permissions.join(", "));
        }
        for Happened { seq, at, by, r#type, data } in &self.events {
            let by = by.as_deref().map(|by| format!(" by {by}")).unwrap_or_default();
            println!("seq {seq}, {at}: {type}{by} {data}", r#type = r#type);
        }
    }
}

impl Standing {
    fn says(&self) -> String {
        let mut words =
            vec![self.place.to_owned(), format!("role {} (rank {})", self.role, self.rank)];
        for (holds, word) in [
            (self.host, "host"),
            (self.owner, "owner"),
            (self.acting_host, "acting for the host"),
            (self.invited, "invited"),
            (self.removed, "removed before"),
            (self.sent_back, "sent back to the waiting room"),
        ] {
            if holds {
                words.push(word.to_owned());
            }
        }
        words.join(", ")
    }
}
