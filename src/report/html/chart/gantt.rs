//! Who was there when: a row per person, with time from left to right.

use maud::{Markup, html};
use plotters::style::text_anchor::HPos;
use quorate_protocol::Timestamp;

use super::label::{APART_PX, fitted, width};
use super::time_axis::{AXIS_PX, time_axis};
use super::{Failed, Sheet, Size, Stand, chart};
use crate::report::html::clock::Clock;
use crate::report::html::ink::Ink;

/// Rows of one drawing, which is not broken between pages.
const ROWS_PER_DRAWING: usize = 40;
/// The height of a row, in pixels.
const ROW_PX: i32 = 20;

/// A row.
pub(in super::super) struct Row {
    /// Who.
    pub(in super::super) label: String,
    /// Stretches: from, until, how it is drawn, and what is written on it.
    pub(in super::super) spans: Vec<(Timestamp, Timestamp, Ink, String)>,
}

/// A chart of rows, in as many drawings as it takes.
pub(in super::super) fn gantt(
    about: &str,
    rows: &[Row],
    stretch: (Timestamp, Timestamp),
    clock: Clock,
) -> Markup {
    let several = rows.len() > ROWS_PER_DRAWING;
    html! {
        @for (n, rows) in rows.chunks(ROWS_PER_DRAWING).enumerate() {
            @let first = n * ROWS_PER_DRAWING + 1;
            @let rows_are = format!("{about}, rows {first} to {}", first + rows.len() - 1);
            div.drawing {
                (chart(
                    if several { &rows_are } else { about },
                    |_: Size| rows.len() as i32 * ROW_PX + AXIS_PX + 4,
                    |sheet| paint(sheet, rows, stretch, clock),
                ))
            }
        }
    }
}

fn paint(
    sheet: &Sheet<'_>,
    rows: &[Row],
    (start, end): (Timestamp, Timestamp),
    clock: Clock,
) -> Result<(), Failed> {
    let size = sheet.size();
    let end = end.max(start.plus_seconds(1));
    let left = size.or(196, 104);
    let right = size.width() - size.or(16, 10);
    let height = rows.len() as i32 * ROW_PX;
    let ms = |at: Timestamp| at.clamp(start, end).ms_since(start) as f64;
    let plot = sheet.plot((left..right, 4..4 + height), 0.0..ms(end), 0.0..rows.len() as f64);
    let pixel = ms(end) / f64::from(right - left);
    time_axis(&plot, size, clock, (start, end))?;
    for (n, row) in rows.iter().enumerate() {
        let top = n as f64;
        let name = Stand { side: HPos::Right, off: (-APART_PX, 0), ink: Ink::Text };
        plot.text((0.0, top + 0.5), &fitted(&row.label, left - APART_PX), name)?;
        for (from, to, ink, label) in &row.spans {
            // Even a moment is seen.
            let (from, to) = (ms(*from), ms(*to));
            let to = to.max(from + 1.5 * pixel);
            plot.fill((from, top + 0.2), (to, top + 0.8), *ink)?;
            if !label.is_empty() && to - from > f64::from(width(label) + 6) * pixel {
                let over = Stand { side: HPos::Center, off: (0, 0), ink: Ink::Paper };
                plot.text(((from + to) / 2.0, top + 0.5), label, over)?;
            }
        }
    }
    Ok(())
}
