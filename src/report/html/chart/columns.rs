//! Columns over time, each of parts on top of each other.

use maud::Markup;
use plotters::style::text_anchor::HPos;
use quorate_protocol::Timestamp;

use super::time_axis::{AXIS_PX, time_axis};
use super::{Failed, Sheet, Size, Stand, chart};
use crate::report::html::clock::Clock;
use crate::report::html::ink::Ink;
use crate::report::html::text::finite;

/// The height of the columns, in pixels.
const HEIGHT_PX: i32 = 120;

/// Columns over time.
pub(in super::super) struct Columns {
    /// When each begins, and its parts from the bottom.
    pub(in super::super) columns: Vec<(Timestamp, Vec<(f64, Ink)>)>,
    /// How long each is, in seconds.
    pub(in super::super) seconds: u32,
    /// Up to when time goes.
    pub(in super::super) end: Timestamp,
    /// How high the axis goes at least.
    pub(in super::super) least: f64,
    /// What a mark of the axis is called.
    pub(in super::super) mark: fn(f64) -> String,
}

impl Columns {
    fn highest(&self) -> f64 {
        let height =
            |parts: &[(f64, Ink)]| parts.iter().map(|(part, _)| finite(*part)).sum::<f64>();
        self.columns.iter().map(|(_, parts)| height(parts)).fold(self.least, f64::max)
    }

    /// The chart.
    pub(in super::super) fn chart(&self, about: &str, clock: Clock) -> Markup {
        chart(about, |_: Size| HEIGHT_PX + AXIS_PX + 10, |sheet| self.paint(sheet, clock))
    }

    fn paint(&self, sheet: &Sheet<'_>, clock: Clock) -> Result<(), Failed> {
        let size = sheet.size();
        let Some(&(start, _)) = self.columns.first() else { return Ok(()) };
        let end = self.end.max(start.plus_seconds(1));
        let ms = |at: Timestamp| at.clamp(start, end).ms_since(start) as f64;
        let marks = marks(self.highest());
        let top = marks.last().copied().unwrap_or(1.0);
        let (left, right) = (52, size.width() - size.or(16, 10));
        let pixels = (left..right, 8..8 + HEIGHT_PX);
        let plot = sheet.plot(pixels, 0.0..ms(end), top..0.0);
        for mark in marks {
            plot.line((0.0, mark), (ms(end), mark), Ink::Grid)?;
            let stand = Stand { side: HPos::Right, off: (-8, 0), ink: Ink::Muted };
            plot.text((0.0, mark), &(self.mark)(mark), stand)?;
        }
        time_axis(&plot, size, clock, (start, end))?;
        let pixel = ms(end) / f64::from(right - left);
        for (at, parts) in &self.columns {
            let (from, to) = (ms(*at), ms(at.plus_seconds(self.seconds)));
            let apart = if to - from > 6.0 * pixel { pixel } else { 0.0 };
            let mut base = 0.0;
            for (part, ink) in parts.iter().map(|(part, ink)| (finite(*part), *ink)) {
                if part > 0.0 {
                    plot.fill((from, base + part), (to - apart, base), ink)?;
                }
                base += part;
            }
        }
        Ok(())
    }
}

/// Round marks from 0 on, at most five, the last of them at or above the highest.
fn marks(highest: f64) -> Vec<f64> {
    let highest = finite(highest).max(f64::MIN_POSITIVE);
    let ten = 10_f64.powf((highest / 4.0).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * ten);
    let step = steps.into_iter().find(|step| step * 4.0 >= highest * 0.999).unwrap_or(ten * 10.0);
    let many = (highest / step * 0.999).ceil().max(1.0) as u32;
    (0..=many).map(|n| f64::from(n) * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_reach_the_highest() {
        assert_eq!(marks(1.0), [0.0, 0.5, 1.0]);
        assert_eq!(marks(12.0), [0.0, 5.0, 10.0, 15.0]);
        assert_eq!(marks(4.0), [0.0, 1.0, 2.0, 3.0, 4.0]);
        assert_eq!(marks(1_000.0), [0.0, 500.0, 1_000.0]);
        for highest in [0.0, 1e-300, f64::NAN, 3.3, 7e12] {
            let marks = marks(highest);
            assert!((2..=5).contains(&marks.len()), "{highest}: {marks:?}");
            assert!(marks[marks.len() - 1] >= finite(highest), "{highest}: {marks:?}");
        }
    }
}
