//! Moving a rule to other days and times of day.

use chrono::{NaiveDateTime, TimeDelta, Timelike, Weekday};
use rrule::{Frequency, NWeekday};

use super::Invalid;
use super::rule::Rule;

impl Rule {
    /// The rule whose matches are this rule's, each later by what lies between `first` and `to`, one of its
    /// matches and where that goes.
    ///
    /// # Errors
    ///
    /// [`Invalid::CannotMove`] where the rule's parts cannot say that.
    pub(super) fn shifted(&self, first: NaiveDateTime, to: NaiveDateTime) -> Result<Rule, Invalid> {
        let mut rule = self.clone();
        rule.shift_time(first, to)?;
        let days = (to.date() - first.date()).num_days();
        if days != 0 {
            rule.shift_days(days)?;
        }
        Ok(rule)
    }

    fn shift_time(&mut self, first: NaiveDateTime, to: NaiveDateTime) -> Result<(), Invalid> {
        if !self.says_time() || first.time() == to.time() {
            return Ok(());
        }
        if self.times_a_day() == 1 {
            let parts = [
                (&mut self.hours, to.hour()),
                (&mut self.minutes, to.minute()),
                (&mut self.seconds, to.second()),
            ];
            // Said again only where it was: what was left to the start still is.
            for (list, value) in parts.into_iter().filter(|(list, _)| !list.is_empty()) {
                *list = vec![u8::try_from(value).unwrap_or(0)];
            }
            return Ok(());
        }
        let whole_hours = (first.minute(), first.second()) == (to.minute(), to.second());
        let hours = i64::from(to.hour()) - i64::from(first.hour());
        let moved = self.hours.iter().map(|it| u8::try_from(i64::from(*it) + hours).ok());
        let moved: Option<Vec<u8>> = moved.map(|it| it.filter(|it| *it < 24)).collect();
        self.hours = moved
            .filter(|_| whole_hours && !self.hours.is_empty())
            .ok_or(Invalid::CannotMove("it has several times a day"))?;
        Ok(())
    }

    fn shift_days(&mut self, days: i64) -> Result<(), Invalid> {
        match self.frequency {
            Frequency::Yearly | Frequency::Monthly => self.shift_month_days(days),
            _ if !self.months.is_empty() || !self.month_days.is_empty() => {
                Err(Invalid::CannotMove("it is bound to months or days of the month"))
            }
            _ => {
                for day in &mut self.weekdays {
                    if let NWeekday::Every(day) = day {
                        *day = later(*day, days);
                    }
                }
                // With it, what was one week stays one: this matters to every second week.
                if self.frequency == Frequency::Weekly && self.interval > 1 {
                    self.week_start = later(self.week_start, days);
                }
                Ok(())
            }
        }
    }

    /// Days up to the 28th exist in every month; beyond, and across the end of a month, occurrences would be
    /// gained or lost.
    fn shift_month_days(&mut self, days: i64) -> Result<(), Invalid> {
        let by_day_alone = self.weekdays.is_empty()
            && self.weeks.is_empty()
            && self.year_days.is_empty()
            && self.positions.is_empty();
        if !by_day_alone {
            return Err(Invalid::CannotMove("it is bound to weekdays within months or years"));
        }
        for day in &mut self.month_days {
            let to = i64::from(*day) + days;
            if !(1..=28).contains(day) || !(1..=28).contains(&to) {
                return Err(Invalid::CannotMove("months differ in length"));
            }
            *day = i8::try_from(to).unwrap_or(1);
        }
        Ok(())
    }
}

/// Adding the difference does what a clock on the wall would show.
pub(super) fn moved(wall: NaiveDateTime, by: TimeDelta) -> NaiveDateTime {
    wall.checked_add_signed(by).unwrap_or(wall)
}

fn later(day: Weekday, days: i64) -> Weekday {
    (0..days.rem_euclid(7)).fold(day, |day, _| day.succ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weekday_moves_both_ways() {
        assert_eq!(later(Weekday::Fri, 3), Weekday::Mon);
        assert_eq!(later(Weekday::Mon, -1), Weekday::Sun);
        assert_eq!(later(Weekday::Mon, 14), Weekday::Mon);
    }
}
