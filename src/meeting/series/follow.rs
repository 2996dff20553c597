//! An occurrence follows its series: what it takes from it, when it is made and when the series changes.
//!
//! What an occurrence took last is in its journal, so that it knows what was changed in it by itself: that
//! stays. What it takes, it takes by the events that every such change is told by.

use std::collections::BTreeMap;

use quorate_protocol::{
    BanKey, BanScope, InviteeId, MeetingId, MeetingStatus, MeetingUpdated, Policy, RoleKey, Seq,
    Settings, Timestamp, UserId,
};
use serde::{Deserialize, Serialize};

use super::Fresh;
use crate::meeting::event::{Audience, Fact, MeetingCreated, Personal};
use crate::meeting::facts::Facts;
use crate::meeting::roles::CustomRole;
use crate::meeting::{Decision, Draft};
use crate::schedule::Occurrence;

/// What an occurrence takes from its series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// The series.
    pub series: MeetingId,
    /// The last event of the series by which it came to be so.
    pub version: Seq,
    /// When the rule puts the occurrence.
    pub original_start: Timestamp,
    /// When it is to start.
    pub starts_at: Timestamp,
    /// When it is to end.
    pub ends_at: Option<Timestamp>,
    /// In which zone its times are meant.
    pub time_zone: Option<String>,
    /// The title.
    pub title: String,
    /// What it is about.
    pub description: Option<String>,
    /// People present at most.
    pub max_participants: Option<u32>,
    /// Whether people wait for approval.
    pub requires_approval: bool,
    /// Whether it is to be recorded.
    pub is_recorded: bool,
    /// Whether there is a passcode.
    pub has_passcode: bool,
    /// The event by which the passcode is what it is.
    pub passcode_since: Seq,
    /// The settings.
    pub settings: Settings,
    /// The co-hosts.
    pub co_hosts: Vec<UserId>,
    /// The custom roles.
    pub roles: BTreeMap<RoleKey, CustomRole>,
    /// Whom the series bans, and until when.
    pub bans: BTreeMap<UserId, Option<Timestamp>>,
}

/// What an occurrence took from its series last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Followed {
    /// What.
    pub template: Template,
    /// The invitations that came from the series: their ids there and here.
    pub invitees: BTreeMap<InviteeId, InviteeId>,
    /// Whether it took the passcode with it, whose hash is in the table alone.
    #[serde(default)]
    pub took_passcode: bool,
}

/// What a series says to one of its occurrences.
#[derive(Debug, Clone, PartialEq)]
pub struct News {
    /// Whether it is still one of its occurrences.
    pub stands: bool,
    /// What it takes.
    pub template: Template,
    /// Who is invited: a user or an address, and whether they are expected.
    pub invitees: BTreeMap<InviteeId, (Option<UserId>, Option<String>, bool)>,
    /// Of those banned, by what besides their user.
    pub ban_keys: BTreeMap<UserId, (BanKey, Option<String>)>,
}

impl Facts {
    /// What the series says to one of its occurrences, wherever the rule puts it by now; none where it is one of
    /// another that went on.
    #[must_use]
    pub fn news_to(&self, meeting: MeetingId) -> Option<News> {
        let mut made = self.occurrences.made.iter();
        made.find(|(_, made)| **made == meeting).map(|(start, _)| self.news_for(*start))
    }

    /// What the series says to the occurrence that the rule puts there now.
    #[must_use]
    pub fn news_for(&self, original_start: Timestamp) -> News {
        let series = self.series();
        let occurrence = series.and_then(|series| {
            series.occurrences(original_start, original_start.plus_ms(1), 1).pop()
        });
        self.news(original_start, occurrence.as_ref())
    }

    pub(super) fn news(&self, original_start: Timestamp, occurrence: Option<&Occurrence>) -> News {
        let info = &self.info;
        let bans = self.bans.of_the_series();
        let template = Template {
            series: info.id,
            version: self.series_version,
            original_start,
            starts_at: occurrence.map_or(original_start, |it| it.starts_at),
            ends_at: occurrence.and_then(|it| it.ends_at),
            time_zone: info.time_zone.clone(),
            title: info.title.clone(),
            description: info.description.clone(),
            max_participants: info.max_participants,
            requires_approval: info.requires_approval,
            is_recorded: info.is_recorded,
            has_passcode: info.has_passcode,
            passcode_since: self.passcode_since,
            settings: info.settings.clone(),
            co_hosts: self.co_hosts.clone(),
            roles: self.roles.clone(),
            bans: bans.iter().map(|ban| (ban.0, ban.1)).collect(),
        };
        News {
            stands: occurrence.is_some() && info.status == MeetingStatus::Scheduled,
            template,
            invitees: self.invitees.known(),
            ban_keys: bans.into_iter().map(|(user, _, key, email)| (user, (key, email))).collect(),
        }
    }

    /// What an occurrence that has not begun takes from its series.
    pub(in crate::meeting) fn follow(&self, news: &News) -> Decision {
        let decision = Decision::by_system();
        let Some(before) = self.followed.as_deref() else { return decision };
        // A series that goes on with another is made later: its id is higher.
        let told = |template: &Template| (template.series, template.version);
        let known = told(&news.template) <= told(&before.template);
        if self.info.status != MeetingStatus::Scheduled || known {
            return decision;
        }
        if !news.stands {
            return self.dropped(decision, news, before);
        }
        let (old, new) = (&before.template, &news.template);
        let mut decision = self.take_schedule(decision, old, new);
        decision = self.take_roles(decision, old, new);
        let has_any = old.has_passcode || new.has_passcode;
        let since = |template: &Template| (template.series, template.passcode_since);
        let takes_passcode = has_any && since(new) != since(old) && !self.own_passcode;
        decision = self.take_settings(decision, old, new, takes_passcode);
        decision = self.take_people(decision, old, new);
        let (decision, invitees) = self.take_invitees(decision, before, news);
        let decision = self.take_bans(decision, news, old);
        let followed = Followed { template: new.clone(), invitees, took_passcode: takes_passcode };
        decision.event(Audience::NOBODY, Fact::SeriesFollowed(Box::new(followed)))
    }

    /// The series has it no more: it is called off.
    fn dropped(&self, decision: Decision, news: &News, before: &Followed) -> Decision {
        let mut followed = before.clone();
        (followed.template.series, followed.template.version) =
            (news.template.series, news.template.version);
        followed.template.original_start = news.template.original_start;
        let followed = Fact::SeriesFollowed(Box::new(followed));
        self.call_off(decision.event(Audience::NOBODY, followed))
    }

    fn take_schedule(&self, decision: Decision, old: &Template, new: &Template) -> Decision {
        let info = &self.info;
        let own_times = (info.starts_at, info.ends_at) != (Some(old.starts_at), old.ends_at);
        let changes = MeetingUpdated {
            title: (info.title == old.title && new.title != old.title).then(|| new.title.clone()),
            description: (info.description == old.description
                && new.description != old.description)
                .then(|| new.description.clone()),
            starts_at: (!own_times && new.starts_at != old.starts_at)
                .then_some(Some(new.starts_at)),
            ends_at: (!own_times && new.ends_at != old.ends_at).then_some(new.ends_at),
            time_zone: (new.time_zone != old.time_zone && info.time_zone == old.time_zone)
                .then(|| new.time_zone.clone()),
        };
        match changes == MeetingUpdated::default() {
            true => decision,
            false => decision.event(Audience::EVERYONE, Fact::MeetingUpdated(Box::new(changes))),
        }
    }

    fn take_settings(
        &self,
        decision: Decision,
        old: &Template,
        new: &Template,
        takes_passcode: bool,
    ) -> Decision {
        let info = &self.info;
        let own = info.settings.changes_since(&old.settings);
        let changes = Policy {
            max_participants: (info.max_participants == old.max_participants
                && new.max_participants != old.max_participants)
                .then_some(new.max_participants),
            requires_approval: (info.requires_approval == old.requires_approval
                && new.requires_approval != old.requires_approval)
                .then_some(new.requires_approval),
            is_recorded: (info.is_recorded == old.is_recorded
                && new.is_recorded != old.is_recorded)
                .then_some(new.is_recorded),
            ..new.settings.changes_since(&old.settings).without(&own)
        };
        // Whoever came before the start was told what is measured and kept of them.
        let own = info.settings.privacy;
        let told = self.tells_privacy(None);
        let privacy = changes.privacy.map(|new| if told { new.and(own) } else { new });
        let changes = Policy { privacy: privacy.filter(|it| *it != own), ..changes };
        let has_passcode = takes_passcode.then_some(new.has_passcode);
        if changes == Policy::default() && has_passcode.is_none() {
            return decision;
        }
        let changed = Fact::MeetingPolicyChanged { changes: Box::new(changes), has_passcode };
        decision.event(Audience::EVERYONE, changed)
    }

    fn take_people(&self, mut decision: Decision, old: &Template, new: &Template) -> Decision {
        let place = |user: UserId| self.person_of(user).map(|person| person.id);
        for &user in old.co_hosts.iter().filter(|user| !new.co_hosts.contains(user)) {
            if self.co_hosts.contains(&user) {
                let removed = Fact::CohostRemoved { user, participant: place(user) };
                decision = decision.event(Audience::EVERYONE, removed);
            }
        }
        for &user in new.co_hosts.iter().filter(|user| !old.co_hosts.contains(user)) {
            let has_room = self.co_hosts.len() < self.co_hosts_max();
            if !self.co_hosts.contains(&user) && user != self.info.host && has_room {
                let added = Fact::CohostAdded { user, participant: place(user) };
                decision = decision.event(Audience::EVERYONE, added);
            }
        }
        decision
    }

    fn take_roles(&self, mut decision: Decision, old: &Template, new: &Template) -> Decision {
        for (key, role) in new.roles.iter().filter(|(key, role)| old.roles.get(key) != Some(role)) {
            let defined = Fact::RoleDefined { key: *key, role: Box::new(role.clone()) };
            decision = decision.event(Audience::EVERYONE, defined);
        }
        decision
    }

    fn take_invitees(
        &self,
        mut decision: Decision,
        before: &Followed,
        news: &News,
    ) -> (Decision, BTreeMap<InviteeId, InviteeId>) {
        let mut invitees = before.invitees.clone();
        for (there, here) in &before.invitees {
            if !news.invitees.contains_key(there) {
                invitees.remove(there);
                if self.invitees.contains(*here) {
                    let removed = Fact::InviteeRemoved { invitee: *here };
                    decision = decision.event(Audience::STAFF, removed);
                }
            }
        }
        let mut next = self.invitees.next();
        for (there, (user, email, required)) in &news.invitees {
            let known = self.invitees.has(user.unwrap_or(UserId(0)), email.as_deref());
            if !before.invitees.contains_key(there) && !known {
                invitees.insert(*there, next);
                decision = invite(decision, next, *user, email.clone(), *required);
                next = InviteeId(next.0 + 1);
            }
        }
        (decision, invitees)
    }

    fn take_bans(&self, mut decision: Decision, news: &News, old: &Template) -> Decision {
        for (&user, &until) in &news.template.bans {
            if old.bans.get(&user) != Some(&until) && !self.is_staff(user) {
                let (key, email) =
                    news.ban_keys.get(&user).cloned().unwrap_or((BanKey::User, None));
                decision = self.ban_by_series(decision, user, until, key, email);
            }
        }
        for &user in old.bans.keys().filter(|user| !news.template.bans.contains_key(user)) {
            if self.bans.is_of_the_series(user) {
                let participant = self.person_of(user).map(|person| person.id);
                let unbanned = Fact::ParticipantUnbanned { user, participant };
                decision = decision.event(Audience::STAFF, unbanned);
            }
        }
        decision
    }
}

/// The first events of an occurrence that becomes a meeting.
pub(super) fn born(news: &News, series: &Facts, fresh: &Fresh) -> Vec<Draft> {
    let template = &news.template;
    let created = MeetingCreated {
        description: template.description.clone(),
        starts_at: Some(template.starts_at),
        ends_at: template.ends_at,
        max_participants: template.max_participants,
        requires_approval: template.requires_approval,
        is_recorded: template.is_recorded,
        has_passcode: template.has_passcode,
        co_hosts: template.co_hosts.clone(),
        settings: template.settings.clone(),
        time_zone: template.time_zone.clone(),
        parent: Some(template.series),
        original_start: Some(template.original_start),
        ..MeetingCreated::new(
            fresh.meeting,
            fresh.code.clone(),
            template.title.clone(),
            series.owner(),
        )
    };
    let mut decision = Decision::by_system();
    decision.user = series.owner();
    let name = Personal { name: Some(series.info.host_name.clone()), ..Personal::default() };
    let created = Fact::MeetingCreated(Box::new(created));
    decision = decision.personal_event(Audience::EVERYONE, created, name);
    for (key, role) in &template.roles {
        let defined = Fact::RoleDefined { key: *key, role: Box::new(role.clone()) };
        decision = decision.event(Audience::EVERYONE, defined);
    }
    let mut invitees = BTreeMap::new();
    // By the same ids: so those are right too that an occurrence knows of a series that went on as this one.
    for (invitee, (user, email, required)) in &news.invitees {
        invitees.insert(*invitee, *invitee);
        decision = invite(decision, *invitee, *user, email.clone(), *required);
    }
    for (&user, &until) in &template.bans {
        let (key, email) = news.ban_keys.get(&user).cloned().unwrap_or((BanKey::User, None));
        decision = banned(decision, user, None, until, key, email);
    }
    let took_passcode = template.has_passcode;
    let followed = Followed { template: template.clone(), invitees, took_passcode };
    let followed = Fact::SeriesFollowed(Box::new(followed));
    decision.event(Audience::NOBODY, followed).events
}

fn invite(
    decision: Decision,
    invitee: InviteeId,
    user: Option<UserId>,
    email: Option<String>,
    required: bool,
) -> Decision {
    let added = Fact::InviteeAdded { invitee, user, required };
    decision.personal_event(
        Audience::holders(quorate_protocol::Permission::ParticipantInvite),
        added,
        Personal { email, ..Personal::default() },
    )
}

/// A ban that comes from the series.
pub(in crate::meeting) fn banned(
    decision: Decision,
    user: UserId,
    participant: Option<quorate_protocol::ParticipantId>,
    until: Option<Timestamp>,
    key: BanKey,
    email: Option<String>,
) -> Decision {
    let scope = BanScope::Series;
    let banned = Fact::ParticipantBanned { user, participant, until, scope, key };
    let personal = Personal { email, ..Personal::default() };
    decision.personal_event(Audience::STAFF, banned, personal)
}
