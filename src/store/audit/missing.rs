//! The rows whose personal part is gone and that no redaction has named yet.

use std::collections::BTreeMap;

/// A set of numbers as ranges: a redaction of a million neighbours is one entry.
#[derive(Debug, Default)]
pub(super) struct Missing {
    /// First and last.
    ranges: BTreeMap<u64, u64>,
}

impl Missing {
    /// Adds a number higher than all before it.
    pub(super) fn add(&mut self, seq: u64) {
        match self.ranges.last_entry() {
            Some(mut range) if *range.get() + 1 == seq => *range.get_mut() = seq,
            _ => drop(self.ranges.insert(seq, seq)),
        }
    }

    /// Takes out the numbers from `first` to `last`.
    pub(super) fn remove(&mut self, first: u64, last: u64) {
        if first > last {
            return;
        }
        if let Some((&start, &end)) = self.ranges.range(..first).next_back()
            && end >= first
        {
            self.ranges.insert(start, first - 1);
            // What of it lies behind the range is cut off below.
            self.ranges.insert(first, end);
        }
        while let Some((&start, &end)) = self.ranges.range(first..=last).next() {
            self.ranges.remove(&start);
            if end > last {
                self.ranges.insert(last + 1, end);
            }
        }
    }

    /// The lowest.
    pub(super) fn first(&self) -> Option<u64> {
        self.ranges.first_key_value().map(|(first, _)| *first)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_the_set_of_what_was_added_and_not_removed(
            added in prop::collection::btree_set(1_u64..60, 0..40),
            removed in prop::collection::vec((1_u64..60, 0_u64..60), 0..8),
        ) {
            let mut missing = Missing::default();
            added.iter().for_each(|seq| missing.add(*seq));
            let mut model: BTreeSet<u64> = added;
            for (first, last) in removed {
                missing.remove(first, last);
                model.retain(|seq| !(first..=last).contains(seq));
                prop_assert_eq!(missing.first(), model.first().copied());
            }
            let left = missing.ranges.iter().flat_map(|(first, last)| *first..=*last);
            prop_assert!(left.eq(model));
        }
    }
}
