//! What participants do, and how often.

use std::fmt;
use std::str::FromStr;

use rand::{Rng, RngExt};

/// Something a participant does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Write to all.
    Chat,
    /// Write to one person.
    Private,
    /// Write to staff.
    Staff,
    /// Raise the hand, or lower it.
    Hand,
    /// Send a reaction.
    Reaction,
    /// Turn the microphone on, or off.
    Media,
    /// Change an attribute.
    Attributes,
    /// Drop the socket, and resume.
    Drop,
}

const NAMES: [(&str, Act, u32); 8] = [
    ("chat", Act::Chat, 60),
    ("private", Act::Private, 10),
    ("staff", Act::Staff, 5),
    ("hand", Act::Hand, 6),
    ("reaction", Act::Reaction, 8),
    ("media", Act::Media, 6),
    ("attributes", Act::Attributes, 3),
    ("drop", Act::Drop, 2),
];

/// Acts with their weights: `chat=60,private=10,…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mix(Vec<(Act, u32)>);

impl Mix {
    /// One of the acts.
    pub(crate) fn choose(&self, rng: &mut impl Rng) -> Act {
        let total = self.0.iter().map(|(_, weight)| weight).sum();
        let mut at = rng.random_range(0..total);
        for &(act, weight) in &self.0 {
            if at < weight {
                return act;
            }
            at -= weight;
        }
        unreachable!("the weights add up to the total")
    }
}

impl Default for Mix {
    fn default() -> Self {
        Mix(NAMES.iter().map(|&(_, act, weight)| (act, weight)).collect())
    }
}

impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (act, weight)) in self.0.iter().enumerate() {
            let name = NAMES.iter().find(|(_, other, _)| other == act).map_or("", |entry| entry.0);
            write!(f, "{}{name}={weight}", if at == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl FromStr for Mix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let acts = text.split(',').map(|part| {
            let (name, weight) = part.split_once('=').unwrap_or((part, "1"));
            let known = NAMES.iter().find(|(known, ..)| *known == name.trim());
            let (_, act, _) = known.ok_or_else(|| format!("no act is called `{name}`"))?;
            let weight = weight.parse().map_err(|_| format!("`{weight}` is no weight"))?;
            Ok((*act, weight))
        });
        let acts: Vec<(Act, u32)> = acts.collect::<Result<_, String>>()?;
        let any = acts.iter().any(|(_, weight)| *weight > 0);
        if any { Ok(Mix(acts)) } else { Err("all weights are 0".to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_as_it_is_written() {
        assert_eq!(Mix::default().to_string().parse(), Ok(Mix::default()));
        assert_eq!("chat".parse(), Ok(Mix(vec![(Act::Chat, 1)])));
        assert!("shout=3".parse::<Mix>().is_err());
        assert!("chat=0".parse::<Mix>().is_err());
    }
}
