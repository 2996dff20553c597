//! Names: given and taken in a meeting, and compared by what they look like.
//!
//! A name belongs to its meeting: `users.full_name` stays as it is. One that somebody else gave stays
//! when its bearer comes again; one's own choice lasts until one comes again, under the name one brings.

use std::collections::{BTreeMap, BTreeSet};

use quorate_protocol::{ParticipantId, Permission, Rename, UserKind};
use unicode_normalization::UnicodeNormalization;

use super::event::{Audience, Fact, Personal};
use super::facts::Facts;
use super::person::Person;
use super::roles::built_in_rank;
use super::{Decision, Refusal, text};

/// Who is in, by what their names look like.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Names(BTreeMap<String, BTreeSet<ParticipantId>>);

/// What a name looks like (UTS 39): two names of the same skeleton are taken for one another. To be
/// compared only, never shown. Empty where there is nothing to see.
pub(super) fn skeleton(name: &str) -> String {
    let plain: String = name.to_lowercase().nfc().collect();
    let looks: String = unicode_security::skeleton(&plain).collect();
    looks.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Names {
    /// Someone of such a name is in.
    pub(super) fn came(&mut self, skeleton: &str, id: ParticipantId) {
        if !skeleton.is_empty() {
            self.0.entry(skeleton.to_owned()).or_default().insert(id);
        }
    }

    /// Someone of such a name is in no longer, or not under that name.
    pub(super) fn went(&mut self, skeleton: &str, id: ParticipantId) {
        if let Some(ids) = self.0.get_mut(skeleton) {
            ids.remove(&id);
            if ids.is_empty() {
                self.0.remove(skeleton);
            }
        }
    }

    /// Who is in under a name that looks so.
    fn of(&self, skeleton: &str) -> impl Iterator<Item = ParticipantId> {
        self.0.get(skeleton).into_iter().flatten().copied()
    }

    /// Whether they are in under a name that looks so.
    pub(super) fn has(&self, skeleton: &str, id: ParticipantId) -> bool {
        self.0.get(skeleton).is_some_and(|ids| ids.contains(&id))
    }

    /// Someone else who is in, and whose name looks so.
    pub(super) fn like(&self, skeleton: &str, me: ParticipantId) -> Option<ParticipantId> {
        self.0.get(skeleton)?.iter().copied().find(|id| *id != me)
    }
}

impl Facts {
    /// One renames oneself, or another of a lower rank; who is below co-host renames guests only.
    pub(super) fn rename(&self, me: &Person, ask: &Rename) -> Result<Decision, Refusal> {
        let other = ask.participant.filter(|id| *id != me.id);
        let permission = match other {
            None => Permission::ParticipantRenameSelf,
            Some(_) => Permission::ParticipantRenameOther,
        };
        self.require(me, permission)?;
        let name = text::name("name", &ask.name)?;
        let person = match other {
            None => me,
            Some(id) => self.renamed_by(me, id)?,
        };
        let given = other.is_some();
        if name == person.name && person.name_given >= given {
            return Ok(Decision::already(None));
        }
        let looks_like = self.names.like(&skeleton(&name), person.id);
        let renamed = Fact::ParticipantRenamed { participant: person.id, given, looks_like };
        let name = Personal { name: Some(name), ..Personal::default() };
        Ok(Decision::by(me).personal_event(Audience::EVERYONE, renamed, name))
    }

    /// The other, where one may rename them.
    fn renamed_by(&self, me: &Person, id: ParticipantId) -> Result<&Person, Refusal> {
        let person = self.target(me, id)?.who_is_in()?;
        let cohost = built_in_rank(quorate_protocol::Role::CoHost);
        if me.view.rank < cohost && person.kind != UserKind::Guest {
            return Err(Refusal::Conflict("moderators rename guests only; ask a host or co-host"));
        }
        Ok(person)
    }

    pub(super) fn renamed(
        &mut self,
        id: ParticipantId,
        given: bool,
        looks_like: Option<ParticipantId>,
        personal: Option<&Personal>,
    ) {
        self.name_gone(id);
        let Some(person) = self.people.get_mut(&id) else { return };
        // Without its personal part it is not known any more what they were called.
        person.name = personal.and_then(|personal| personal.name.clone()).unwrap_or_default();
        person.skeleton = skeleton(&person.name);
        (person.name_given, person.looks_like) = (given, looks_like);
        if person.is_in() {
            self.names.came(&person.skeleton, id);
        }
    }

    /// Someone is in no longer, or not under that name. Who looked like them came before them, should they
    /// come again.
    pub(super) fn name_gone(&mut self, id: ParticipantId) {
        let Some(gone) = self.people.get(&id) else { return };
        self.names.went(&gone.skeleton, id);
        for other in self.names.of(&gone.skeleton).collect::<Vec<_>>() {
            if let Some(person) = self.people.get_mut(&other)
                && person.looks_like == Some(id)
            {
                person.looks_like = None;
            }
        }
    }

    /// Whom one looks like who comes in by this decision: who is in, or comes in by it before them.
    pub(super) fn look_alike_of(
        &self,
        person: &Person,
        decision: &Decision,
    ) -> Option<ParticipantId> {
        if person.skeleton.is_empty() {
            return None;
        }
        let before = || {
            decision.events.iter().find_map(|draft| match draft.fact {
                Fact::ParticipantJoined { participant, .. } => self
                    .people
                    .get(&participant)
                    .is_some_and(|other| other.skeleton == person.skeleton)
                    .then_some(participant),
                _ => None,
            })
        };
        self.names.like(&person.skeleton, person.id).or_else(before)
    }

    /// Whom someone looks like, while the other is in under that name.
    pub(super) fn shown_look_alike(&self, person: &Person) -> Option<ParticipantId> {
        person.looks_like.filter(|other| self.names.has(&person.skeleton, *other))
    }
}

impl Person {
    /// This person, if they are in.
    pub(super) fn who_is_in(&self) -> Result<&Person, Refusal> {
        match self.is_in() {
            true => Ok(self),
            false => Err(Refusal::NotFound { what: "participant", last: self.last() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::skeleton;

    #[test]
    fn names_that_look_the_same_have_one_skeleton() {
        for (one, other) in [
            ("Ada", "ada"),
            ("Ada", "\u{410}da"),
            ("Ada  Lovelace", "Ada Lovelace"),
            ("Ada", "A\u{200b}da"),
            ("Zo\u{eb}", "Zoe\u{308}"),
            ("scope", "\u{455}\u{441}\u{43e}\u{440}\u{435}"),
        ] {
            assert_eq!(skeleton(one), skeleton(other), "{one:?} {other:?}");
        }
        assert_ne!(skeleton("Ada"), skeleton("Adam"));
        assert_eq!(skeleton("\u{200b}"), "");
    }
}
