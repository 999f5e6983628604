//! The names of a project's records, packed: a hundred thousand of them take about a megabyte.
//!
//! Invariant: each name stands there once, in the order in which REDCap first sent it.

use std::collections::BTreeSet;

use crate::records::folded;

/// Names of records.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RecordIds {
    text: String,
    /// Where each name ends in `text`.
    ends: Vec<u32>,
    /// The first of the names that are none, fit to be shown.
    odd: Vec<String>,
}

/// So many names that are none are kept.
const ODD_KEPT: usize = 20;

impl RecordIds {
    /// How many.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether the project has no records.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The name at this place.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)? as usize;
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| *end as usize);
        self.text.get(start..end)
    }

    /// The names, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// Whether the project has this record; REDCap compares names without regard to case.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        let wanted = folded(id);
        self.iter().any(|one| folded(one) == wanted)
    }

    /// What REDCap listed and no record is called: longer than its longest name, or with characters that would act where they are
    /// shown. Twenty at most, shortened and escaped; they are not among the names.
    #[must_use]
    pub fn odd(&self) -> &[String] {
        &self.odd
    }

    pub(crate) fn push_odd(&mut self, id: &str) {
        let shown: String = id.escape_debug().take(40).collect();
        if self.odd.len() < ODD_KEPT && !self.odd.contains(&shown) {
            self.odd.push(shown);
        }
    }

    /// Adds a name. The rows of one record follow each other, so that only the last name needs a look.
    pub(crate) fn push(&mut self, id: &str) {
        let Ok(end) = u32::try_from(self.text.len() + id.len()) else { return };
        if self.len().checked_sub(1).and_then(|last| self.get(last)) != Some(id) {
            self.text.push_str(id);
            self.ends.push(end);
        }
    }

    /// Drops the names that came again later, and the room that is not needed.
    pub(crate) fn without_repetitions(mut self) -> Self {
        let mut order: Vec<u32> = (0..u32::try_from(self.len()).unwrap_or(u32::MAX)).collect();
        let name = |index: &u32| self.get(*index as usize);
        order.sort_unstable_by(|one, other| (name(one), one).cmp(&(name(other), other)));
        let is_again = |pair: &[u32]| name(&pair[0]) == name(&pair[1]);
        let again: BTreeSet<u32> = order.windows(2).filter(|pair| is_again(pair)).map(|pair| pair[1]).collect();
        drop(order);
        if !again.is_empty() {
            let odd = std::mem::take(&mut self.odd);
            let kept = (0..).zip(self.iter()).filter(|(index, _)| !again.contains(index));
            self = kept.fold(Self { odd, ..Self::default() }, |mut kept, (_, id)| {
                kept.push(id);
                kept
            });
        }
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
        self
    }
}

impl std::fmt::Debug for RecordIds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T: AsRef<str>> FromIterator<T> for RecordIds {
    fn from_iter<I: IntoIterator<Item = T>>(names: I) -> Self {
        let mut ids = Self::default();
        names.into_iter().for_each(|name| ids.push(name.as_ref()));
        ids.without_repetitions()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_stands_there_once_in_its_order() {
        let ids = RecordIds::from_iter(["7", "7", "Ä-1", "7", "12", "Ä-1", ""]);
        assert_eq!(ids.iter().collect::<Vec<_>>(), ["7", "Ä-1", "12", ""]);
        assert_eq!((ids.len(), ids.get(2), ids.get(4)), (4, Some("12"), None));
        assert!(ids.has("ä-1") && !ids.has("1") && !RecordIds::default().has(""));
    }
}
