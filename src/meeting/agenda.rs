//! The agenda: its items, which one is spoken of, and how long each took.

use quorate_protocol::{
    AGENDA_ITEMS_MAX, AgendaGoTo, AgendaItem, AgendaPlan, AgendaSet, ITEM_MINUTES_MAX,
    ITEM_TITLE_CHARS_MAX, ItemId, ParticipantId, Permission, Timestamp,
};
use serde::{Deserialize, Serialize};

use super::attendance::Attendance;
use super::event::{Audience, Fact, Personal};
use super::facts::Facts;
use super::person::Person;
use super::{Decision, Refusal, text};

/// The agenda of a meeting.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Agenda {
    items: Vec<Item>,
    /// The item that is spoken of, and since when.
    current: Option<(ItemId, Timestamp)>,
    /// The highest id that any item had; none is given twice.
    last: u32,
}

#[derive(Debug, Clone, PartialEq)]
struct Item {
    plan: Planned,
    title: String,
}

/// An item as the journal has it: without its title, with the time it took before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// Its id.
    pub item: ItemId,
    /// How many minutes it is to take.
    pub minutes: u32,
    /// Who leads it.
    pub owner: Option<ParticipantId>,
    /// When it first became the current one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// For how long it was the current one before, in milliseconds.
    #[serde(default)]
    pub spent_ms: u64,
}

impl Planned {
    /// The item as clients see it.
    pub(super) fn shown(&self, title: String) -> AgendaItem {
        AgendaItem {
            item: self.item,
            title,
            minutes: self.minutes,
            owner: self.owner,
            started_at: self.started_at,
            spent_seconds: self.spent_ms / 1000,
        }
    }
}

impl Agenda {
    fn get(&self, id: ItemId) -> Result<&Item, Refusal> {
        let found = self.items.iter().find(|item| item.plan.item == id);
        found.ok_or(Refusal::NotFound { what: "item", last: None })
    }

    /// An item with the time that it took up to now: while it was the current one and the meeting ran.
    fn as_of(&self, now: Timestamp, ran: &Attendance, item: &Item) -> Planned {
        let mut plan = item.plan.clone();
        if let Some((id, since)) = self.current
            && id == plan.item
        {
            plan.spent_ms += ran.ms_after(since, now);
        }
        plan
    }

    /// Another agenda; the item that is spoken of stays it while it is among them.
    pub(super) fn set(&mut self, plans: &[Planned], personal: Option<&Personal>, at: Timestamp) {
        let titles = Personal::texts(personal, plans.len());
        let item = |(plan, title): (&Planned, String)| Item { plan: plan.clone(), title };
        self.items = plans.iter().zip(titles).map(item).collect();
        // What it took until now is in the plan.
        let current = self.current.filter(|(id, _)| plans.iter().any(|plan| plan.item == *id));
        self.current = current.map(|(id, _)| (id, at));
        self.last = plans.iter().map(|plan| plan.item.0).fold(self.last, u32::max);
    }

    /// Another item is spoken of, or none.
    pub(super) fn moved(&mut self, to: Option<ItemId>, ran: &Attendance, at: Timestamp) {
        for item in &mut self.items {
            if let Some((_, since)) = self.current.filter(|(id, _)| *id == item.plan.item) {
                item.plan.spent_ms += ran.ms_after(since, at);
            }
            if to == Some(item.plan.item) {
                item.plan.started_at.get_or_insert(at);
            }
        }
        self.current = to.map(|id| (id, at));
    }
}

impl Facts {
    /// The agenda as everyone sees it.
    #[must_use]
    pub fn agenda_shown(&self, now: Timestamp) -> quorate_protocol::Agenda {
        let Agenda { items, current, .. } = &self.agenda;
        let as_of = |item| self.agenda.as_of(now, &self.ran, item);
        quorate_protocol::Agenda {
            items: items.iter().map(|item| as_of(item).shown(item.title.clone())).collect(),
            current: current.map(|(id, _)| id),
        }
    }

    pub(super) fn set_agenda(
        &self,
        now: Timestamp,
        me: &Person,
        ask: &AgendaSet,
    ) -> Result<Decision, Refusal> {
        self.require(me, Permission::AgendaManage)?;
        if ask.items.len() > AGENDA_ITEMS_MAX {
            return Err(Refusal::TooLarge { field: "items", limit: AGENDA_ITEMS_MAX });
        }
        let mut items: Vec<Planned> = Vec::new();
        let mut last = self.agenda.last;
        for plan in &ask.items {
            let item = self.plan(now, plan, &mut last)?;
            if items.iter().any(|before| before.item == item.item) {
                let message = "must name each item once";
                return Err(Refusal::Invalid { field: "items.item", message });
            }
            items.push(item);
        }
        let texts = ask.items.iter().map(|plan| plan.title.clone()).collect();
        let personal = Personal { texts, ..Personal::default() };
        let fact = Fact::AgendaSet { items };
        Ok(Decision::by(me).personal_event(Audience::EVERYONE, fact, personal))
    }

    /// An item of the new agenda: one that is there already with its time, or a new one.
    fn plan(&self, now: Timestamp, plan: &AgendaPlan, last: &mut u32) -> Result<Planned, Refusal> {
        text::check("items.title", &plan.title, ITEM_TITLE_CHARS_MAX)?;
        if plan.minutes > ITEM_MINUTES_MAX {
            let message = "must be at most 1440, a day";
            return Err(Refusal::Invalid { field: "items.minutes", message });
        }
        if let Some(owner) = plan.owner {
            self.person(owner)?;
        }
        let (minutes, owner) = (plan.minutes, plan.owner);
        match plan.item {
            Some(id) => {
                let kept = self.agenda.as_of(now, &self.ran, self.agenda.get(id)?);
                Ok(Planned { minutes, owner, ..kept })
            }
            None => {
                *last += 1;
                let item = ItemId(*last);
                Ok(Planned { item, minutes, owner, started_at: None, spent_ms: 0 })
            }
        }
    }

    pub(super) fn go_to_item(&self, me: &Person, ask: AgendaGoTo) -> Result<Decision, Refusal> {
        self.require(me, Permission::AgendaManage)?;
        ask.item.map_or(Ok(()), |id| self.agenda.get(id).map(drop))?;
        let from = self.agenda.current.map(|(id, _)| id);
        if from == ask.item {
            return Ok(Decision::already(None));
        }
        let moved = Fact::AgendaMoved { item: ask.item, from };
        Ok(Decision::by(me).event(Audience::EVERYONE, moved))
    }
}
