//! The settings of a meeting: checked when it is made and when they change, and what a change does at
//! once to those who wait.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use quorate_protocol::{
    COHOSTS_MAX, END_AFTER_MINUTES_MAX, END_WHEN_EMPTY_MINUTES_MAX, ENGAGEMENT_WEIGHT_MAX,
    EngagementWeights, FEEDBACK_DAYS_MAX, HARD_STOP_MINUTES_MAX, MAX_BOTS_MAX, PARTICIPANTS_MAX,
    ParticipantId, Pass, Permission, PermissionSet, Policy, REMIND_MINUTES_MAX, REMINDERS_MAX,
    RETENTION_DAYS_MAX, Role, SLOW_MODE_SECONDS_MAX, Settings, UserKind, Via, WAITING_CAPACITY_MAX,
    WAITING_DOMAINS_MAX, WAITING_MESSAGE_CHARS_MAX, WaitingThen,
};

use super::event::{Audience, Fact};
use super::facts::Facts;
use super::person::{Person, Place};
use super::roles::built_in_sets;
use super::{Decision, Refusal, text};

/// What `max_participants` may be.
const CAPACITIES: RangeInclusive<u32> = 2..=PARTICIPANTS_MAX;

pub(super) fn check_max_participants(max: Option<u32>) -> Result<(), Refusal> {
    if max.is_some_and(|max| !CAPACITIES.contains(&max)) {
        let message = "must be between 2 and 10000";
        return Err(Refusal::Invalid { field: "max_participants", message });
    }
    Ok(())
}

/// Settings that were checked, as they are kept: each thing once, in order, domains in small letters.
pub(super) fn tidy(mut settings: Settings) -> Settings {
    settings.waiting_passes.sort();
    settings.waiting_passes.dedup();
    settings.waiting_domains.iter_mut().for_each(|domain| domain.make_ascii_lowercase());
    settings.waiting_domains.sort();
    settings.waiting_domains.dedup();
    settings.remind_minutes.sort_by(|a, b| b.cmp(a));
    settings.remind_minutes.dedup();
    settings.locks = set(&settings.locks).iter().collect();
    settings.grants.retain(|_, grants| !grants.is_empty());
    settings.grants.values_mut().for_each(|grants| *grants = set(grants).iter().collect());
    settings
}

fn set(permissions: &[Permission]) -> PermissionSet {
    permissions.iter().copied().collect()
}

/// What a lock can take: what presenters or attendees have by default, or may be granted.
fn lockable() -> PermissionSet {
    let sets = [Role::Presenter, Role::Attendee].map(built_in_sets);
    sets.iter().fold(PermissionSet::NONE, |all, sets| all.or(sets.default).or(sets.grantable))
}

/// The field as `meeting.policy` has it, which names no `settings` around it.
fn bare(refusal: Refusal) -> Refusal {
    let bare = |field: &'static str| field.strip_prefix("settings.").unwrap_or(field);
    match refusal {
        Refusal::Invalid { field, message } => Refusal::Invalid { field: bare(field), message },
        Refusal::TooLarge { field, limit } => Refusal::TooLarge { field: bare(field), limit },
        Refusal::InvalidPermission { field, permission, message } => {
            Refusal::InvalidPermission { field: bare(field), permission, message }
        }
        other => other,
    }
}

fn check_reminders(minutes: &[u32]) -> Result<(), Refusal> {
    let field = "settings.remind_minutes";
    if minutes.len() > REMINDERS_MAX {
        return Err(Refusal::TooLarge { field, limit: REMINDERS_MAX });
    }
    if minutes.iter().any(|minutes| !(1..=REMIND_MINUTES_MAX).contains(minutes)) {
        return Err(Refusal::Invalid { field, message: "must be between 1 and 1440, a day" });
    }
    Ok(())
}

fn check_measuring(settings: &Settings) -> Result<(), Refusal> {
    let invalid = |field, message| Err(Refusal::Invalid { field, message });
    if let Some(weights) = settings.engagement_weights {
        let EngagementWeights { presence, voice, chat, response, signal } = weights;
        if [presence, voice, chat, response, signal].iter().any(|it| *it > ENGAGEMENT_WEIGHT_MAX) {
            return invalid("settings.engagement_weights", "must be at most 100 each");
        }
        if presence == 0 {
            let field = "settings.engagement_weights.presence";
            return invalid(field, "must be at least 1: it is what always applies");
        }
    }
    let days = settings.privacy.retention_days;
    if days.is_some_and(|days| !(1..=RETENTION_DAYS_MAX).contains(&days)) {
        let field = "settings.privacy.retention_days";
        return invalid(field, "must be between 1 and 3650, ten years, or null");
    }
    Ok(())
}

impl Facts {
    /// Refuses settings beyond their bounds, and such as make no sense.
    pub(super) fn check_settings(&self, settings: &Settings) -> Result<(), Refusal> {
        let bounds = [
            (
                "settings.end_after_minutes",
                settings.end_after_minutes,
                END_AFTER_MINUTES_MAX,
                "must be at most 1440, a day",
            ),
            (
                "settings.slow_mode_seconds",
                settings.slow_mode_seconds,
                SLOW_MODE_SECONDS_MAX,
                "must be at most 3600, an hour",
            ),
            ("settings.max_bots", settings.max_bots, MAX_BOTS_MAX, "must be at most 50"),
            (
                "settings.feedback_days",
                settings.feedback_days,
                FEEDBACK_DAYS_MAX,
                "must be at most 90",
            ),
            (
                "settings.max_waiting",
                settings.max_waiting,
                WAITING_CAPACITY_MAX,
                "must be at most 500",
            ),
            (
                "settings.max_cohosts",
                settings.max_cohosts,
                COHOSTS_MAX as u32,
                "must be at most 25",
            ),
            (
                "settings.end_when_empty_minutes",
                settings.end_when_empty_minutes.unwrap_or_default(),
                END_WHEN_EMPTY_MINUTES_MAX,
                "must be at most 10080, a week",
            ),
            (
                "settings.hard_stop_minutes",
                settings.hard_stop_minutes.unwrap_or_default(),
                HARD_STOP_MINUTES_MAX,
                "must be at most 1440, a day",
            ),
        ];
        for (field, value, max, message) in bounds {
            if value > max {
                return Err(Refusal::Invalid { field, message });
            }
        }
        check_reminders(&settings.remind_minutes)?;
        check_measuring(settings)?;
        let message = settings.waiting_message.as_deref();
        text::check_some("settings.waiting_message", message, WAITING_MESSAGE_CHARS_MAX)?;
        check_domains(&settings.waiting_domains)?;
        self.check_guest_role(settings.guest_max_role)?;
        if let Some(permission) = set(&settings.locks).minus(lockable()).iter().next() {
            let message = "is nothing that a lock can take";
            let field = "settings.locks";
            return Err(Refusal::InvalidPermission { field, permission, message });
        }
        self.check_grants(&settings.grants)
    }

    fn check_guest_role(&self, role: Role) -> Result<(), Refusal> {
        let known = match role {
            Role::Host | Role::CoHost => false,
            Role::Moderator | Role::Presenter | Role::Attendee => true,
            Role::Custom(key) => self.roles.contains_key(&key),
        };
        if known {
            return Ok(());
        }
        let message = "must be moderator, presenter, attendee or a custom role of this meeting";
        Err(Refusal::Invalid { field: "settings.guest_max_role", message })
    }

    fn check_grants(&self, grants: &BTreeMap<Role, Vec<Permission>>) -> Result<(), Refusal> {
        let field = "settings.grants";
        for (role, granted) in grants {
            if matches!(role, Role::Custom(key) if !self.roles.contains_key(key)) {
                let message = "names a role that is not defined here";
                return Err(Refusal::Invalid { field, message });
            }
            let grantable = self.role_sets(*role).grantable;
            if let Some(permission) = set(granted).minus(grantable).iter().next() {
                let message = "cannot be granted to that role";
                return Err(Refusal::InvalidPermission { field, permission, message });
            }
        }
        Ok(())
    }

    /// Changes what the policy names. A passcode is a hash by now; it stands in no event.
    pub(super) fn change_policy(&self, me: &Person, ask: &Policy) -> Result<Decision, Refusal> {
        self.require(me, Permission::MeetingPolicy)?;
        // What the policy leaves out has its default here, with which nothing is wrong.
        self.check_settings(&Settings::default().with(ask)).map_err(bare)?;
        check_max_participants(ask.max_participants.flatten())?;
        if ask.waiting.is_some() && ask.requires_approval != Some(false) {
            let message = "goes with requires_approval: false";
            return Err(Refusal::Invalid { field: "waiting", message });
        }
        let settings = tidy(self.info.settings.with(ask));
        if settings.feedback != self.info.settings.feedback && self.feedback.is_given() {
            let message = "somebody gave feedback already, and was told how it is taken";
            return Err(Refusal::Conflict(message));
        }
        let stricter = settings.privacy.and(self.info.settings.privacy);
        if settings.privacy != stricter && self.tells_privacy(Some(me.id)) {
            let message = "people were in and were told what is measured and kept of them; \
                           from then on privacy can only become stricter";
            return Err(Refusal::Conflict(message));
        }
        self.may_grant(me, &settings.grants)?;
        let (changes, has_passcode) = self.policy_changes(ask, &settings);
        if changes == Policy::default() && has_passcode.is_none() {
            return Ok(Decision::already(None));
        }
        let changed = Fact::MeetingPolicyChanged { changes: Box::new(changes), has_passcode };
        let mut decision = Decision::by(me).event(Audience::EVERYONE, changed);
        decision.passcode = has_passcode.and(ask.passcode.clone());
        Ok(decision)
    }

    /// Whether anyone was in already, but for one, and was told what is measured and kept of them.
    pub(super) fn tells_privacy(&self, but: Option<ParticipantId>) -> bool {
        let was_told = |it: &Person| it.kind != UserKind::Bot && it.attendance.is_any();
        self.people.values().any(|it| Some(it.id) != but && was_told(it))
    }

    /// R2: nobody grants what he lacks, nor to a rank at or above his own. What stays as it is, is granted
    /// by nobody.
    fn may_grant(
        &self,
        me: &Person,
        grants: &BTreeMap<Role, Vec<Permission>>,
    ) -> Result<(), Refusal> {
        let before = &self.info.settings.grants;
        let of = |grants: &BTreeMap<Role, Vec<Permission>>, role| {
            grants.get(role).map_or(PermissionSet::NONE, |granted| set(granted))
        };
        for role in before.keys().chain(grants.keys()) {
            let (had, has) = (of(before, role), of(grants, role));
            if had != has && self.rank(*role) >= me.view.rank {
                return Err(Refusal::RankTooLow);
            }
            has.minus(had).iter().try_for_each(|permission| self.require(me, permission))?;
        }
        Ok(())
    }

    /// What a policy changes, with the passcode apart from it: whether there is one now, where it says.
    fn policy_changes(&self, ask: &Policy, settings: &Settings) -> (Policy, Option<bool>) {
        let info = &self.info;
        let requires_approval = ask.requires_approval.filter(|it| *it != info.requires_approval);
        let turned_off = requires_approval == Some(false);
        let changes = Policy {
            max_participants: ask.max_participants.filter(|it| *it != info.max_participants),
            requires_approval,
            is_recorded: ask.is_recorded.filter(|it| *it != info.is_recorded),
            waiting: turned_off.then(|| ask.waiting.unwrap_or(WaitingThen::AdmitAll)),
            ..settings.changes_since(&info.settings)
        };
        let has_passcode = ask.passcode.as_ref().map(Option::is_some);
        (changes, has_passcode.filter(|has| *has || info.has_passcode))
    }

    pub(super) fn policy_changed(&mut self, changes: &Policy, has_passcode: Option<bool>) {
        let info = &mut self.info;
        info.settings = info.settings.with(changes);
        info.max_participants = changes.max_participants.unwrap_or(info.max_participants);
        info.is_recorded = changes.is_recorded.unwrap_or(info.is_recorded);
        info.has_passcode = has_passcode.unwrap_or(info.has_passcode);
        if let Some(requires_approval) = changes.requires_approval {
            info.requires_approval = requires_approval;
            if !requires_approval && changes.waiting != Some(WaitingThen::Keep) {
                self.let_pass_who_waits();
            }
        }
        if self.info.requires_approval {
            self.hold_who_passes_no_more();
        }
    }

    /// The waiting room was turned off. It holds who was removed or sent back, and strangers to a private
    /// meeting; the others come in by themselves, in order, as soon as there are seats.
    fn let_pass_who_waits(&mut self) {
        for id in self.waiting.values() {
            if let Some(person) = self.people.get_mut(id)
                && let Place::Waiting { passes: passes @ None, stranger, .. } = &mut person.place
                && !(person.removed || person.sent_back || *stranger)
            {
                *passes = Some(Via::Open);
            }
        }
    }

    /// The waiting room holds those too who wait for something else, by a rule that lets nobody pass any
    /// more. Those whom a new rule would let pass go on waiting: it is looked at when one comes.
    fn hold_who_passes_no_more(&mut self) {
        let line: Vec<_> = self.waiting.values().copied().collect();
        for id in line {
            let Some(user) = self.people.get(&id).map(|person| person.user) else { continue };
            let seated = self.is_seated(user);
            let allowed = &self.info.settings.waiting_passes;
            if let Some(person) = self.people.get_mut(&id)
                && let Place::Waiting { passes, .. } = &mut person.place
            {
                let passes_by = |via: &Via| seated || is_allowed(*via, allowed);
                *passes = passes.filter(passes_by);
            }
        }
    }
}

/// Whether this rule lets people pass a waiting room that has these.
fn is_allowed(via: Via, allowed: &[Pass]) -> bool {
    let pass = match via {
        Via::Open | Via::Approval => return false,
        Via::Staff => Pass::Staff,
        Via::Returning => Pass::Returning,
        Via::Invited => Pass::Invited,
        Via::Domain => Pass::Domain,
        Via::Passcode => Pass::Passcode,
        Via::BotScope => Pass::BotScope,
        Via::Members => Pass::Members,
    };
    allowed.contains(&pass)
}

fn check_domains(domains: &[String]) -> Result<(), Refusal> {
    let field = "settings.waiting_domains";
    if domains.len() > WAITING_DOMAINS_MAX {
        return Err(Refusal::TooLarge { field, limit: WAITING_DOMAINS_MAX });
    }
    if domains.iter().all(|domain| is_domain(domain)) {
        return Ok(());
    }
    Err(Refusal::Invalid { field, message: "must be domains, as in example.org" })
}

/// Letters, digits and hyphens between dots, at least one of them.
fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    domain.len() <= 253 && domain.contains('.') && domain.split('.').all(is_label)
}
