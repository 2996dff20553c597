//! The colours of the page and its charts: after Okabe and Ito (2008), dark enough on white and light enough
//! on black. Neighbours in a chart differ in lightness too, and what is bad has a pattern.
//!
//! A chart is drawn in the light colours, and is right by itself; the style sheet replaces each colour by a
//! variable, which has another value in the dark.

use std::fmt::Write as _;

use plotters::style::RGBColor;

macro_rules! inks {
    ($($Ink:ident $name:literal $light:literal $dark:literal)+) => {
        /// A colour by what it is for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Ink { $($Ink),+ }

        impl Ink {
            /// All of them.
            const ALL: &[Ink] = &[$(Ink::$Ink),+];

            /// The variable's name, and its values on light and on dark.
            const fn values(self) -> (&'static str, u32, u32) {
                match self { $(Ink::$Ink => ($name, $light, $dark)),+ }
            }
        }
    };
}

inks! {
    Paper      "paper"      0xFFFFFF 0x15191E
    Text       "text"       0x1B1F24 0xE8EBEE
    Muted      "muted"      0x555E68 0xA9B2BC
    Grid       "grid"       0xDDE2E7 0x343B44
    Track      "track"      0xE9EDF1 0x2A313A
    Edge       "edge"       0x76808B 0x8A95A0
    Blue       "blue"       0x0072B2 0x56A9DE
    Sky        "sky"        0x3D93CB 0xA6D8F7
    Green      "green"      0x00775A 0x33B78E
    Orange     "orange"     0xC07B00 0xEDB548
    Purple     "purple"     0x9C3F77 0xCC6CA6
    Vermillion "vermillion" 0xB54900 0xF28C50
    Excellent  "excellent"  0x00588A 0xA4D7F8
    Good       "good"       0x4096CD 0x4590C2
    Fair       "fair"       0xC27C01 0xF0BC58
    Poor       "poor"       0x9A3B00 0xE57A3C
}

impl Ink {
    /// The colour to draw in.
    pub(super) fn rgb(self) -> RGBColor {
        let [_, red, green, blue] = self.values().1.to_be_bytes();
        RGBColor(red, green, blue)
    }

    /// As it stands in a drawing: `#0072B2`.
    pub(super) fn hex(self) -> String {
        format!("#{:06X}", self.values().1)
    }

    /// The fill in a style sheet: what is not good is known by its pattern too.
    fn fill(self) -> String {
        match self {
            Ink::Fair => "url(#pattern-fair)".to_owned(),
            Ink::Poor => "url(#pattern-poor)".to_owned(),
            _ => format!("var(--{})", self.values().0),
        }
    }
}

/// The variables, and the rules by which drawings use them.
pub(super) fn style() -> String {
    let mut style = String::from(":root{");
    let values = |style: &mut String, value: fn(Ink) -> u32| {
        for ink in Ink::ALL {
            // Writing to a string cannot fail.
            let _ = write!(style, "--{}:#{:06X};", ink.values().0, value(*ink));
        }
    };
    values(&mut style, |ink| ink.values().1);
    style.push_str("}@media screen and (prefers-color-scheme:dark){:root{");
    values(&mut style, |ink| ink.values().2);
    style.push_str("}}");
    for ink in Ink::ALL {
        let (name, hex) = (ink.values().0, ink.hex());
        let _ = write!(style, "svg [fill=\"{hex}\"]{{fill:{}}}", ink.fill());
        let _ = write!(style, "svg [stroke=\"{hex}\"]{{stroke:var(--{name})}}");
    }
    style
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance and contrast: WCAG 2.2.
    fn luminance(color: u32) -> f64 {
        let [_, red, green, blue] = color.to_be_bytes().map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    fn contrast(one: u32, other: u32) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    fn check(one: Ink, other: Ink, least: f64) {
        let ((_, light, dark), (_, on_light, on_dark)) = (one.values(), other.values());
        assert!(contrast(light, on_light) >= least, "{one:?} on {other:?}, light");
        assert!(contrast(dark, on_dark) >= least, "{one:?} on {other:?}, dark");
    }

    #[test]
    fn text_is_read_and_figures_are_told_from_the_paper() {
        check(Ink::Text, Ink::Paper, 7.0);
        check(Ink::Muted, Ink::Paper, 4.5);
        check(Ink::Blue, Ink::Paper, 4.5);
        // All but the paper, what is written, the lines behind, and a track, which is known by its edge.
        for ink in &Ink::ALL[5..] {
            check(*ink, Ink::Paper, 3.0);
        }
        // The numbers of rooms stand on their bars.
        for room in [Ink::Green, Ink::Purple, Ink::Vermillion] {
            check(Ink::Paper, room, 4.5);
        }
    }

    #[test]
    fn neighbours_differ_in_lightness() {
        for stack in [
            &[Ink::Excellent, Ink::Good, Ink::Fair, Ink::Poor][..],
            &[Ink::Blue, Ink::Sky, Ink::Purple, Ink::Orange, Ink::Green],
        ] {
            for pair in stack.windows(2) {
                if pair != [Ink::Good, Ink::Fair] {
                    check(pair[0], pair[1], 1.35);
                }
            }
        }
    }

    #[test]
    fn no_colour_stands_for_two_things() {
        let mut hexes: Vec<_> = Ink::ALL.iter().map(|ink| ink.hex()).collect();
        hexes.sort();
        hexes.dedup();
        assert_eq!(hexes.len(), Ink::ALL.len());
    }
}
