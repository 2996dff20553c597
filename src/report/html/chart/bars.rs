//! Bars that lie, one per thing, each with its name and what it says.

use maud::{Markup, html};
use plotters::style::text_anchor::HPos;

use super::label::{APART_PX, fitted, width};
use super::{Failed, Sheet, Size, Stand, chart};
use crate::report::html::ink::Ink;
use crate::report::html::text::finite;

/// Bars of one drawing, which is not broken between pages.
const BARS_PER_DRAWING: usize = 30;

/// A bar.
pub(in super::super) struct Bar {
    /// What it is of.
    pub(in super::super) label: String,
    /// Its parts, end to end.
    pub(in super::super) parts: Vec<(f64, Ink)>,
    /// How long it could have been, or was to be.
    pub(in super::super) track: f64,
    /// What it comes to, in words.
    pub(in super::super) value: String,
}

impl Bar {
    fn length(&self) -> f64 {
        self.parts.iter().map(|(part, _)| finite(*part)).sum::<f64>().max(finite(self.track))
    }
}

/// Bars in as many drawings as it takes.
pub(in super::super) fn drawings(about: &str, all: &[Bar]) -> Markup {
    html! { @for some in all.chunks(BARS_PER_DRAWING) { div.drawing { (bars(about, some)) } } }
}

/// A chart of bars.
pub(in super::super) fn bars(about: &str, bars: &[Bar]) -> Markup {
    let longest = bars.iter().map(Bar::length).fold(0.0, f64::max);
    let longest = if longest > 0.0 { longest } else { 1.0 };
    let height = |size: Size| row_px(size) * bars.len() as i32 + 4;
    chart(about, height, |sheet| paint(sheet, bars, longest))
}

fn row_px(size: Size) -> i32 {
    size.or(26, 42)
}

fn paint(sheet: &Sheet<'_>, bars: &[Bar], longest: f64) -> Result<(), Failed> {
    let (size, row) = (sheet.size(), row_px(sheet.size()));
    // Narrow, what is said has a line of its own above the bar.
    let left = size.or(196, 0);
    let right = size.width() - size.or(172, 4);
    let page = sheet.pixels();
    for (n, bar) in bars.iter().enumerate() {
        let top = row * n as i32 + 2;
        let (from, to) = (top + size.or(5, 20), top + row - size.or(5, 6));
        let middle = f64::from(from + to) / 2.0;
        let room = size.or(left, right - width(&bar.value)) - APART_PX;
        let label = fitted(&bar.label, room);
        let name = Stand { side: size.or(HPos::Right, HPos::Left), off: (0, 0), ink: Ink::Text };
        let at = size.or((f64::from(left - APART_PX), middle), (0.0, f64::from(top + 10)));
        page.text(at, &label, name)?;
        let plot = sheet.plot((left..right, from..to), 0.0..longest, 0.0..1.0);
        let track = finite(bar.track);
        // A pixel, to the right and down.
        let (gap, line) = (longest / f64::from(right - left), 1.0 / f64::from(to - from));
        if track > 0.0 {
            plot.fill((0.0, 0.0), (track, 1.0), Ink::Edge)?;
            plot.fill((gap, line), ((track - gap).max(gap), 1.0 - line), Ink::Track)?;
        }
        let thin = if track > 0.0 { 0.15 } else { 0.0 };
        let mut start = 0.0;
        for (part, ink) in bar.parts.iter().map(|(part, ink)| (finite(*part), *ink)) {
            if part > 0.0 {
                let apart = if bar.parts.len() > 1 { gap.min(part / 2.0) } else { 0.0 };
                plot.fill((start, thin), (start + part - apart, 1.0 - thin), ink)?;
            }
            start += part;
        }
        plot.line((0.0, -0.2), (0.0, 1.2), Ink::Grid)?;
        let value = Stand { side: size.or(HPos::Left, HPos::Right), ..name };
        let at =
            size.or((f64::from(right + APART_PX), middle), (f64::from(right), f64::from(top + 10)));
        page.text(at, &bar.value, value)?;
    }
    Ok(())
}
