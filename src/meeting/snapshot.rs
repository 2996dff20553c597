//! The meeting as someone may see it now.

use quorate_protocol::{
    MeetingInfo, Participant, Permission, QualityLevel, SNAPSHOT_ATTRIBUTES_MAX,
    SNAPSHOT_NAMES_BYTES_MAX, SNAPSHOT_PARTICIPANTS_MAX, Snapshot, Standing, Timestamp, UserRef,
    WaitingEntry, You,
};

use super::event::STAFF_RANK;
use super::facts::Facts;
use super::person::Person;
use super::text;

impl Facts {
    /// The snapshot for one who is in.
    #[must_use]
    pub fn snapshot(&self, viewer: &Person, now: Timestamp) -> Snapshot {
        let admits = viewer.view.permissions.has(Permission::ParticipantAdmit);
        Snapshot {
            seq: self.head,
            participants: self.roster(viewer),
            total: self.present,
            large: self.info.large,
            waiting: admits.then(|| self.waiting_shown(now)),
            roles: self.custom_roles(),
            hands: self.hands.clone(),
            polls: self.polls.shown(viewer.id),
            agenda: self.agenda_shown(now),
            timer: self.timer.clone(),
            decisions: self.records.decisions(),
            actions: self.records.actions(),
            chat: self.recent_chat(viewer),
            rooms: self.rooms(viewer),
            pins: self.pins(viewer),
        }
    }

    /// Who waits, from the front of the line, as many as a snapshot holds.
    #[must_use]
    pub fn waiting_shown(&self, now: Timestamp) -> Vec<WaitingEntry> {
        let mut entries = self.waiting_entries(now);
        entries.truncate(fitting(entries.iter().map(|entry| &entry.name)));
        entries
    }

    /// Who is in, staff first, as many as a snapshot holds. Without `participant.list`: staff and oneself.
    #[must_use]
    pub fn roster(&self, viewer: &Person) -> Vec<Participant> {
        let lists = viewer.view.permissions.has(Permission::ParticipantList);
        let is_in = || self.people.values().filter(|person| person.is_in());
        let staff = is_in().filter(|person| person.view.rank >= STAFF_RANK);
        let others = is_in().filter(|person| person.view.rank < STAFF_RANK);
        let shown = others.filter(|person| lists || person.id == viewer.id);
        let shown: Vec<_> = staff.chain(shown).take(SNAPSHOT_PARTICIPANTS_MAX).collect();
        let fitting = fitting(shown.iter().map(|person| &person.name));
        let people = shown.into_iter().take(fitting).enumerate();
        people
            .map(|(index, person)| self.participant(person, index < SNAPSHOT_ATTRIBUTES_MAX))
            .collect()
    }

    /// Someone who is in, as the roster shows them.
    #[must_use]
    pub fn participant(&self, person: &Person, with_attributes: bool) -> Participant {
        Participant {
            id: person.id,
            user: person.user,
            name: person.name.clone(),
            kind: person.kind,
            role: self.role_of(person.user),
            status: self.presence(person),
            hand: person.hand,
            media: person.media,
            // Measured, and no fact: `Meeting` fills it in.
            quality: QualityLevel::Unknown,
            room: person.room,
            looks_like: self.shown_look_alike(person),
            joined_at: person.joined_at,
            attributes: if with_attributes {
                person.attributes.clone()
            } else {
                Default::default()
            },
        }
    }

    /// Who one is here, and what one may.
    #[must_use]
    pub fn you(&self, person: &Person) -> You {
        You {
            participant: person.id,
            user: person.user,
            name: person.name.clone(),
            kind: person.kind,
            role: self.role_of(person.user),
            status: if person.is_in() { Standing::Joined } else { Standing::Waiting },
            can: person.can.grants(),
        }
    }

    /// The meeting as `welcome` shows it to someone: of what it is about and how it is set up, one who
    /// waits learns nothing yet.
    #[must_use]
    pub fn meeting_info_for(&self, person: &Person) -> MeetingInfo {
        let info = self.meeting_info();
        if person.is_in() {
            info
        } else {
            MeetingInfo { description: None, settings: None, ..info }
        }
    }

    /// The meeting, as those see it who are in.
    #[must_use]
    pub fn meeting_info(&self) -> MeetingInfo {
        let info = &self.info;
        let host = self.person_of(info.host).map(|person| person.name.clone());
        // Who was taken over from the older application, and did not come since, has no name here.
        let host = host.filter(|name| !name.is_empty());
        MeetingInfo {
            id: info.id,
            code: info.code.clone(),
            title: info.title.clone(),
            description: info.description.clone(),
            r#type: info.kind,
            status: info.status,
            starts_at: info.starts_at,
            ends_at: info.ends_at,
            started_at: info.started_at,
            ended_at: info.ended_at,
            max_participants: info.max_participants,
            requires_approval: info.requires_approval,
            is_recorded: info.is_recorded,
            has_passcode: info.has_passcode,
            host: UserRef { id: info.host, name: host.unwrap_or_else(|| info.host_name.clone()) },
            locked: self.door_locked(),
            suspended: info.suspended,
            settings: Some(info.settings.clone()),
        }
    }
}

/// How many of these names a snapshot has room for.
fn fitting<'a>(names: impl Iterator<Item = &'a String>) -> usize {
    let mut bytes = 0;
    let fits = |name: &&String| {
        bytes += text::json_bytes(name);
        bytes <= SNAPSHOT_NAMES_BYTES_MAX
    };
    names.take_while(fits).count()
}
