//! Muting: turning off what others send, and asking them to turn it on again. Nobody is unmuted by others.

use quorate_protocol::{
    MUTE_EXCEPT_MAX, Media, MediaKind, Mute, MuteAll, ParticipantId, Permission, SignalBody,
    UnmuteRequested,
};

use super::event::{Audience, Fact};
use super::facts::Facts;
use super::person::Person;
use super::{Decision, Refusal, SignalTo};

impl Facts {
    pub(super) fn mute(&self, me: &Person, ask: &Mute) -> Result<Decision, Refusal> {
        self.require(me, Permission::ParticipantMuteOther)?;
        let media = each_once(&ask.media)?;
        self.not_oneself(me, ask.participant)?;
        let person = self.target(me, ask.participant)?.who_is_in()?;
        if !may_send(person, &media) {
            return Ok(Decision::already(None));
        }
        let muted = Fact::ParticipantMuted { participant: person.id, media };
        Ok(Decision::by(me).event(Audience::EVERYONE, muted))
    }

    /// Everyone who is in, of a lower rank, and not excepted; never the owner.
    pub(super) fn mute_all(&self, me: &Person, ask: &MuteAll) -> Result<Decision, Refusal> {
        self.require(me, Permission::ParticipantMuteOther)?;
        let media = each_once(&ask.media)?;
        if ask.except.len() > MUTE_EXCEPT_MAX {
            return Err(Refusal::TooLarge { field: "except", limit: MUTE_EXCEPT_MAX });
        }
        let mut except = ask.except.clone();
        except.sort();
        except.dedup();
        except.iter().try_for_each(|id| self.person(*id).map(drop))?;
        let concerned = |person: &&Person| {
            person.is_in() && may_send(person, &media) && !except.contains(&person.id)
        };
        let people = self.people.values().filter(concerned);
        let people = people.filter(|person| self.outrank(me, person.user).is_ok());
        let participants: Vec<_> = people.map(|person| person.id).collect();
        if participants.is_empty() {
            return Ok(Decision::already(None));
        }
        let muted = Fact::ParticipantsMuted { media, except, participants };
        Ok(Decision::by(me).event(Audience::EVERYONE, muted))
    }

    pub(super) fn request_unmute(&self, me: &Person, ask: &Mute) -> Result<Decision, Refusal> {
        self.require(me, Permission::ParticipantRequestUnmute)?;
        let media = each_once(&ask.media)?;
        self.not_oneself(me, ask.participant)?;
        let person = self.target(me, ask.participant)?.who_is_in()?;
        if media.iter().all(|kind| sends(person.media, &[*kind])) {
            return Ok(Decision::already(None));
        }
        let request = SignalBody::UnmuteRequested(UnmuteRequested { by: me.id, media });
        Ok(Decision::by(me).signal(SignalTo::Latest(person.id), request))
    }

    pub(super) fn muted(&mut self, participants: &[ParticipantId], media: &[MediaKind]) {
        for id in participants {
            if let Some(person) = self.people.get_mut(id) {
                for kind in media {
                    *of(&mut person.media, *kind) = false;
                    person.microphone_known |= *kind == MediaKind::Audio;
                }
            }
        }
    }
}

/// At least one kind, and each once.
fn each_once(media: &[MediaKind]) -> Result<Vec<MediaKind>, Refusal> {
    let mut kinds = media.to_vec();
    kinds.sort();
    kinds.dedup();
    if kinds.is_empty() {
        let message = "name at least one of audio, video and share";
        return Err(Refusal::Invalid { field: "media", message });
    }
    Ok(kinds)
}

/// Whether any of these is on, or may be: who never turned a microphone on may speak by telephone, and who mutes
/// them ends that.
fn may_send(person: &Person, kinds: &[MediaKind]) -> bool {
    let unknown = !person.microphone_known && kinds.contains(&MediaKind::Audio);
    unknown || sends(person.media, kinds)
}

/// Whether any of these is on.
fn sends(mut media: Media, kinds: &[MediaKind]) -> bool {
    kinds.iter().any(|kind| *of(&mut media, *kind))
}

fn of(media: &mut Media, kind: MediaKind) -> &mut bool {
    match kind {
        MediaKind::Audio => &mut media.audio,
        MediaKind::Video => &mut media.video,
        MediaKind::Share => &mut media.share,
    }
}
