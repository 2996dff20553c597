//! The times below a plot.

use std::ops::Range;

use plotters::style::text_anchor::HPos;
use quorate_protocol::Timestamp;

use super::label::width;
use super::{Failed, Plot, Size, Stand};
use crate::report::html::clock::{Clock, Tick};
use crate::report::html::ink::Ink;

/// Room for the times, in pixels.
pub(super) const AXIS_PX: i32 = 26;
/// How far labels are from each other, in pixels.
const LABELS_APART_PX: i32 = 6;

/// The times below a plot from a time to another, and a line up from each.
pub(super) fn time_axis(
    plot: &Plot<'_>,
    size: Size,
    clock: Clock,
    (start, end): (Timestamp, Timestamp),
) -> Result<(), Failed> {
    let ((top, base), length) = (plot.edges(), end.ms_since(start) as f64);
    let ticks = clock.ticks(start, end, size.or(9, 4));
    let labels = labels(&ticks, (start, end), plot.across(), size.width());
    for (tick, label) in ticks.iter().zip(labels) {
        let x = tick.at.ms_since(start) as f64;
        plot.line((x, top), (x, base), Ink::Grid)?;
        if let Some(moved) = label {
            let stand = Stand { side: HPos::Center, off: (moved, 15), ink: Ink::Muted };
            plot.text((x, base), &tick.label, stand)?;
        }
    }
    plot.line((0.0, base), (length, base), Ink::Muted)
}

/// How far from its tick each label is moved, in pixels, to stay on a sheet of this width; none where it would
/// touch the one before.
fn labels(
    ticks: &[Tick],
    (start, end): (Timestamp, Timestamp),
    plot: Range<i32>,
    sheet: i32,
) -> Vec<Option<i32>> {
    let px_per_ms = f64::from(plot.end - plot.start) / end.ms_since(start) as f64;
    let mut free = 0;
    let place = |tick: &Tick| {
        let x = plot.start + (tick.at.ms_since(start) as f64 * px_per_ms) as i32;
        let half = (width(&tick.label) + 1) / 2;
        let middle = x.max(half).min(sheet - half);
        (middle - half >= free).then(|| {
            free = middle + half + LABELS_APART_PX;
            middle - x
        })
    };
    ticks.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many labels are on a sheet, each of them in its place.
    fn check(from: &str, seconds: u32, size: Size) -> usize {
        let from: Timestamp = from.parse().unwrap();
        let to = from.plus_seconds(seconds);
        let ticks = Clock::of(None).ticks(from, to, size.or(9, 4));
        let (plot, sheet) = (size.or(52..704, 104..346), size.width());
        let placed = labels(&ticks, (from, to), plot.clone(), sheet);
        let mut free = 0;
        for (tick, moved) in ticks.iter().zip(&placed) {
            let Some(moved) = moved else { continue };
            let share = f64::from(tick.at.ms_since(from) as u32) / f64::from(seconds * 1000);
            let middle = plot.start + (share * f64::from(plot.end - plot.start)) as i32 + moved;
            let half = width(&tick.label) / 2;
            assert!(middle - half >= free, "{seconds} s: {} is on the one before", tick.label);
            assert!(middle + half <= sheet, "{seconds} s: {} is cut", tick.label);
            free = middle + half;
        }
        placed.iter().flatten().count()
    }

    #[test]
    fn labels_are_on_the_sheet_and_apart() {
        for size in [Size::Wide, Size::Narrow] {
            for seconds in (1..600).chain((600..300_000).step_by(97)) {
                check("2026-11-22T23:55:38Z", seconds, size);
                let placed = check("2026-11-22T00:00:00Z", seconds, size);
                assert!(placed > 0, "{seconds} s: no label");
            }
        }
    }

    #[test]
    fn a_label_near_the_right_edge_is_moved_and_not_cut() {
        let from: Timestamp = "2026-11-22T23:55:38Z".parse().unwrap();
        let to = from.plus_seconds(7);
        let ticks = Clock::of(None).ticks(from, to, 4);
        let said: Vec<_> = ticks.iter().map(|tick| tick.label.as_str()).collect();
        assert_eq!(said, ["23:55:40", "23:55:45"]);
        assert_eq!(labels(&ticks, (from, to), 104..346, 356), [Some(0), Some(-21)]);
    }
}
