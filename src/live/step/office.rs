//! The back office: someone acts who need not be there, and meetings come to be of a series.

use quorate_protocol::Timestamp;

use super::Running;
use crate::live::mail::{ActAs, Acted, Keep, Named};
use crate::live::{clock, ids};
use crate::meeting::office::{Act, Actor, INSIDE};
use crate::meeting::series::{Fresh, Split};
use crate::meeting::{Answer, Input, Refusal};
use crate::store::UserRow;

impl Running {
    /// Carries out what someone asks who need not be there.
    pub(super) fn act(&mut self, who: ActAs) -> Result<Acted, Refusal> {
        let (dry_run, keep) = (who.dry_run, who.keep.clone());
        let fresh = who.named.fresh.clone();
        let (user, act) = self.actor(who);
        self.acted(user, fresh, &Input::Act(Box::new(act)), dry_run, keep)
    }

    /// Who acts, with a participant id for one who has no place here yet.
    fn actor(&self, who: ActAs) -> (UserRow, Act) {
        let ActAs { user, email, bot, scopes, admin, revisions, named, of, commands, .. } = who;
        let actor = Actor {
            user: user.id,
            kind: user.kind,
            name: user.name.clone(),
            email,
            bot,
            scopes,
            admin,
        };
        let known = self.meeting.facts.person_of(user.id).map(|person| person.id);
        let participant = known.unwrap_or_else(|| self.context.ids.participant());
        let Named { kind: named, address, role_exists, .. } = named;
        (user, Act { actor, participant, revisions, named, address, role_exists, of, commands })
    }

    /// Carries it out, or only says what would come of it.
    fn acted(
        &mut self,
        user: UserRow,
        fresh: Option<UserRow>,
        input: &Input,
        dry_run: bool,
        keep: Option<Keep>,
    ) -> Result<Acted, Refusal> {
        let mut decision = self.decide(input)?;
        let answer = std::mem::replace(&mut decision.answer, Answer::Data("{}".into()));
        let Answer::Data(data) = answer else { return Err(INSIDE) };
        if dry_run {
            return Ok(Acted { seq: None, data, in_series: false });
        }
        if !decision.events.is_empty() {
            self.step.kept.extend(keep.map(|keep| keep.of(user.id, &data, clock::wall())));
            self.step.users.push(user);
            self.step.users.extend(fresh);
        }
        let seq = self.carry_out(decision, None);
        Ok(Acted { seq, data, in_series: self.meeting.facts.info.recurrence.is_some() })
    }

    /// Splits a series as someone asks who need not be there.
    pub(super) fn split(&mut self, who: ActAs, at: Timestamp) -> Result<Acted, Refusal> {
        let (dry_run, keep) = (who.dry_run, who.keep.clone());
        let (user, act) = self.actor(who);
        let participant = self.context.ids.participant();
        let split = Split { act, at, fresh: self.fresh_meeting(), participant };
        self.acted(user, None, &Input::Split(Box::new(split)), dry_run, keep)
    }

    /// Makes an occurrence of a series a meeting.
    pub(super) fn make_occurrence(&mut self, original_start: Timestamp) -> Result<Acted, Refusal> {
        let input = Input::Occurrence { original_start, fresh: self.fresh_meeting() };
        let mut decision = self.decide(&input)?;
        let answer = std::mem::replace(&mut decision.answer, Answer::Data("{}".into()));
        let Answer::Data(data) = answer else { return Err(INSIDE) };
        let seq = self.carry_out(decision, None);
        Ok(Acted { seq, data, in_series: self.meeting.facts.info.recurrence.is_some() })
    }

    /// What a new meeting is known by.
    pub(super) fn fresh_meeting(&self) -> Fresh {
        Fresh { meeting: self.context.ids.meeting(), code: ids::meeting_code() }
    }
}
