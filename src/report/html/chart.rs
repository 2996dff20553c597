//! Charts as SVG: drawn by `plotters`, once for wide windows and paper and once for phones.

pub(super) mod bars;
pub(super) mod columns;
pub(super) mod gantt;
mod label;
mod time_axis;

use std::io;
use std::ops::Range;

use maud::{Markup, PreEscaped, Render, html};
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::{
    Cartesian2d, DrawingArea, EmptyElement, IntoDrawingArea as _, IntoFont as _, PathElement,
    Rectangle, SVGBackend, Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, ShapeStyle, TextStyle};

use super::ink::Ink;

/// The units of a drawing in a pixel of the page: plotters draws at whole units.
const UNITS: i32 = 4;
/// The size of text, in pixels.
const TEXT_PX: f64 = 12.0;

/// A drawing could not be made.
pub(super) type Failed = DrawingAreaErrorKind<io::Error>;
/// A point of a plot.
pub(super) type At = (f64, f64);

/// For what a chart is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// Wide windows and paper.
    Wide,
    /// Phones.
    Narrow,
}

impl Size {
    /// The width in pixels.
    pub(super) fn width(self) -> i32 {
        self.or(720, 356)
    }

    /// One thing for what is wide, another for what is narrow.
    pub(super) fn or<T>(self, wide: T, narrow: T) -> T {
        if self == Size::Wide { wide } else { narrow }
    }
}

/// What a chart is drawn on.
pub(super) struct Sheet<'a> {
    size: Size,
    height: i32,
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

/// A part of a sheet with its own coordinates.
pub(super) struct Plot<'a>(
    DrawingArea<SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>,
);

/// How a text stands at its point.
#[derive(Clone, Copy)]
pub(super) struct Stand {
    /// Left of it, right of it, or over it.
    pub(super) side: HPos,
    /// How far from it, in pixels: right and down.
    pub(super) off: (i32, i32),
    /// In what colour.
    pub(super) ink: Ink,
}

/// A chart in both sizes, with what it says for who does not see it.
pub(super) fn chart(
    about: &str,
    height: impl Fn(Size) -> i32,
    paint: impl Fn(&Sheet<'_>) -> Result<(), Failed>,
) -> Markup {
    let drawn = |size: Size| drawing(size, height(size), &paint);
    let (Ok(wide), Ok(narrow)) = (drawn(Size::Wide), drawn(Size::Narrow)) else {
        return html! { p.empty { "This chart could not be drawn; the table has what it shows." } };
    };
    html! {
        @for (size, inner) in [(Size::Wide, wide), (Size::Narrow, narrow)] {
            @let (width, height) = (size.width() * UNITS, height(size) * UNITS);
            svg class=(size.or("wide", "narrow")) role="img" aria-label=(about)
                viewBox=(format!("0 0 {width} {height}")) xmlns="http://www.w3.org/2000/svg" {
                desc { "The table below has the same figures." }
                (PreEscaped(inner))
            }
        }
    }
}

/// What is inside of a drawing's root element.
fn drawing(
    size: Size,
    height: i32,
    paint: impl Fn(&Sheet<'_>) -> Result<(), Failed>,
) -> Result<String, Failed> {
    let mut text = String::new();
    let units = |pixels: i32| (pixels * UNITS).unsigned_abs();
    let area = SVGBackend::with_string(&mut text, (units(size.width()), units(height)))
        .into_drawing_area();
    let sheet = Sheet { size, height, area };
    paint(&sheet)?;
    sheet.area.present()?;
    drop(sheet);
    let inner = text.split_once('>').map_or("", |(_, inner)| inner);
    Ok(inner.trim_end().strip_suffix("</svg>").unwrap_or(inner).trim().to_owned())
}

impl<'a> Sheet<'a> {
    /// For what is drawn.
    pub(super) fn size(&self) -> Size {
        self.size
    }

    /// The part between these pixels, where `x` goes from left to right and `y` from the top to the bottom.
    pub(super) fn plot(
        &self,
        pixels: (Range<i32>, Range<i32>),
        x: Range<f64>,
        y: Range<f64>,
    ) -> Plot<'a> {
        let units = |pixels: Range<i32>| pixels.start * UNITS..pixels.end * UNITS;
        let actual = (units(pixels.0), units(pixels.1));
        Plot(self.area.apply_coord_spec(Cartesian2d::new(x, y, actual)))
    }

    /// All of it, in pixels.
    pub(super) fn pixels(&self) -> Plot<'a> {
        let (width, height) = (self.size.width(), self.height);
        let (x, y) = (f64::from(width), f64::from(height));
        self.plot((0..width, 0..height), 0.0..x, 0.0..y)
    }
}

impl Plot<'_> {
    /// The `y` of its upper and of its lower edge.
    fn edges(&self) -> (f64, f64) {
        let y = self.0.get_y_range();
        (y.start, y.end)
    }

    /// Where it is on its sheet from left to right, in pixels.
    fn across(&self) -> Range<i32> {
        let units = self.0.get_x_axis_pixel_range();
        units.start / UNITS..units.end / UNITS
    }

    /// A filled rectangle.
    pub(super) fn fill(&self, from: At, to: At, ink: Ink) -> Result<(), Failed> {
        self.0.draw(&Rectangle::new([from, to], ink.rgb().filled()))
    }

    /// A thin line.
    pub(super) fn line(&self, from: At, to: At, ink: Ink) -> Result<(), Failed> {
        let style =
            ShapeStyle { color: ink.rgb().to_rgba(), filled: false, stroke_width: UNITS as u32 };
        self.0.draw(&PathElement::new([from, to], style))
    }

    /// A text at a point, half of it above.
    pub(super) fn text(&self, at: At, text: &str, stand: Stand) -> Result<(), Failed> {
        let (right, down) = stand.off;
        // Plotters takes the size of the whole line, and writes that of the font.
        let font = ("sans-serif", TEXT_PX * f64::from(UNITS) * 1.24).into_font();
        let color = stand.ink.rgb();
        let style = TextStyle::from(font).color(&color).pos(Pos::new(stand.side, VPos::Center));
        let text = Text::new(text.to_owned(), (right * UNITS, down * UNITS), style);
        self.0.draw(&(EmptyElement::at(at) + text))
    }
}

/// The patterns of the inks that have one, for all drawings of the page.
pub(super) fn patterns() -> Markup {
    let side = 7 * UNITS;
    let pattern = |id: &str, base: &str, path: String| {
        html! {
            pattern id=(id) width=(side) height=(side) patternUnits="userSpaceOnUse" {
                rect width=(side) height=(side) style=(format!("fill:var(--{base})")) {}
                path d=(path) style="stroke:var(--paper);fill:none" stroke-width=(UNITS) {}
            }
        }
    };
    let rising = format!("M0 {side}L{side} 0");
    html! {
        svg.patterns width="0" height="0" aria-hidden="true" {
            defs {
                (pattern("pattern-fair", "fair", rising.clone()))
                (pattern("pattern-poor", "poor", format!("{rising}M0 0L{side} {side}")))
            }
        }
    }
}

/// What the inks of a chart stand for.
pub(super) fn legend(entries: &[(Ink, impl Render)]) -> Markup {
    html! {
        ul.legend {
            @for (ink, label) in entries {
                li {
                    svg.swatch viewBox=(format!("0 0 {0} {0}", 12 * UNITS)) aria-hidden="true" {
                        @let edge = (*ink == Ink::Track).then(|| Ink::Edge.hex());
                        rect width="100%" height="100%" fill=(ink.hex()) stroke=[edge] stroke-width=(2 * UNITS) {}
                    }
                    span { (label) }
                }
            }
        }
    }
}
