//! Which deletions and renames of the log are new, and whose record they concern.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Duration, NaiveDateTime};

use crate::Timestamp;
use crate::ids::ParticipantId;

/// A record that was deleted, or renamed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fate {
    /// The name that it had.
    pub record: String,
    /// The name that it has since; none when it was deleted.
    pub renamed_to: Option<String>,
}

/// One that has its flag already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownFate {
    /// What happened.
    pub fate: Fate,
    /// When, in REDCap's time.
    pub at: NaiveDateTime,
    /// Whose record it was.
    pub participant: Option<ParticipantId>,
    /// Nobody has decided yet what follows from it.
    pub open: bool,
}

/// One that needs a flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFate {
    /// What happened.
    pub fate: Fate,
    /// When, in REDCap's time.
    pub at: NaiveDateTime,
    /// Whose record it was; none when it concerns nobody, and there is nothing for a person to decide.
    pub participant: Option<ParticipantId>,
}

/// No place on earth is further from UTC, and a log has been seen to be an hour off.
const SLACK: Duration = Duration::hours(15);

/// Whether what happened `at` a moment of REDCap's time may concern somebody who was enrolled at `since`: not when it was over
/// before, wherever that server is.
#[must_use]
pub fn may_concern(since: Timestamp, at: NaiveDateTime) -> bool {
    since.naive_utc() - SLACK <= at
}

/// Compares what the log shows since `begin` with the flags there are. `shown` is in the order of the log, `known` in the order
/// in which they were raised, and may reach further back; `holder` is the participant that has a record's name by now, if they
/// may have had it then.
#[must_use]
pub fn plan_fates(
    shown: &[(NaiveDateTime, Fate)],
    known: &[KnownFate],
    begin: NaiveDateTime,
    holder: impl Fn(&str, NaiveDateTime) -> Option<ParticipantId>,
) -> Vec<NewFate> {
    let mut flagged: BTreeMap<&Fate, usize> = BTreeMap::new();
    for one in known.iter().filter(|one| one.at >= begin) {
        *flagged.entry(&one.fate).or_default() += 1;
    }
    let mut names = Names::of(known);
    let mut ended: BTreeSet<&str> = known.iter().map(|one| one.fate.record.as_str()).collect();
    let targets = shown.iter().enumerate().filter_map(|(index, (_, fate))| Some((fate.renamed_to.as_deref()?, index)));
    // Where each name was given last, of several times.
    let given_last: BTreeMap<&str, usize> = targets.collect();
    let mut new = vec![];
    for (index, (at, fate)) in shown.iter().enumerate() {
        // The oldest rows of a stretch are those that were read before.
        match flagged.get_mut(fate).filter(|left| **left > 0) {
            Some(left) => *left -= 1,
            None => {
                let participant = names.holder(&fate.record).or_else(|| holder(&fate.record, *at));
                // Somebody was enrolled under the new name. REDCap gives none that is taken, so that they came after the rename; and
                // they would not have been enrolled, had the former name been a participant's then. Unless the name was given again.
                let is_enrolled_since = |to: &str| {
                    !ended.contains(to)
                        && holder(to, *at).is_some_and(|other| Some(other) != participant)
                        && given_last.get(to).is_none_or(|last| *last <= index)
                };
                let participant = participant.filter(|_| !fate.renamed_to.as_deref().is_some_and(is_enrolled_since));
                names.follow(fate, participant);
                new.push(NewFate { fate: fate.clone(), at: *at, participant });
            }
        }
        ended.insert(&fate.record);
    }
    new
}

/// The name from which the last rename gave a record its own, and whether a participant has that name, unless the rename has its flag
/// already. `shown` and `known` reach equally far back; `holder` is as for [`plan_fates`].
#[must_use]
pub fn former_name<'a>(
    name: &str,
    shown: &'a [(NaiveDateTime, Fate)],
    known: &[KnownFate],
    holder: impl Fn(&str, NaiveDateTime) -> Option<ParticipantId>,
) -> Option<(&'a str, bool)> {
    let (at, former) = unflagged_rename(name, shown, known)?;
    // Of a chain whose beginning is flagged and not decided on yet, the participant has the first name still.
    let is_undecided = known.iter().any(|one| one.open && one.fate.renamed_to.as_deref() == Some(former));
    Some((former, is_undecided || holder(former, at).is_some()))
}

/// The last rename that gave a record its name, unless it has its flag already: then a person has decided, or is asked to, and nothing
/// follows from the log.
fn unflagged_rename<'a>(
    name: &str,
    shown: &'a [(NaiveDateTime, Fate)],
    known: &[KnownFate],
) -> Option<(NaiveDateTime, &'a str)> {
    let (at, fate) = shown.iter().rfind(|(_, fate)| fate.renamed_to.as_deref() == Some(name))?;
    let lines = shown.iter().filter(|(_, other)| other == fate).count();
    let flags = known.iter().filter(|one| one.fate == *fate).count();
    (lines > flags).then_some((*at, fate.record.as_str()))
}

/// Whose record a name is after renames that nobody has decided on yet.
struct Names(BTreeMap<String, Option<ParticipantId>>);

impl Names {
    fn of(known: &[KnownFate]) -> Self {
        let mut names = Self(BTreeMap::new());
        // What was decided on stands in the participant's own record.
        known.iter().filter(|one| one.open).for_each(|one| names.follow(&one.fate, one.participant));
        names
    }

    fn follow(&mut self, fate: &Fate, participant: Option<ParticipantId>) {
        self.0.remove(&fate.record);
        if let Some(name) = &fate.renamed_to {
            self.0.insert(name.clone(), participant);
        }
    }

    fn holder(&self, name: &str) -> Option<ParticipantId> {
        self.0.get(name).copied().flatten()
    }
}

/// The participants' records that REDCap no longer lists and of which no open flag says that they went: who was said to have their
/// record again does not have it.
#[must_use]
pub fn unexplained<'a>(absent: &'a [(String, ParticipantId)], known: &[KnownFate]) -> Vec<&'a str> {
    let explained: BTreeSet<(&str, ParticipantId)> = known
        .iter()
        .filter(|one| one.open)
        .filter_map(|one| Some((one.fate.record.as_str(), one.participant?)))
        .collect();
    let names = absent.iter().map(|(record, participant)| (record.as_str(), *participant));
    names.filter(|absent| !explained.contains(absent)).map(|(record, _)| record).collect()
}

#[cfg(test)]
mod tests {
    use chrono::Duration;
    use proptest::prelude::*;

    use super::super::quiet_begin;
    use super::*;

    fn at(minutes: i64) -> NaiveDateTime {
        NaiveDateTime::default() + Duration::minutes(minutes)
    }

    fn deleted(record: &str) -> Fate {
        Fate { record: record.to_owned(), renamed_to: None }
    }

    fn renamed(record: &str, to: &str) -> Fate {
        Fate { record: record.to_owned(), renamed_to: Some(to.to_owned()) }
    }

    fn person(number: i64) -> ParticipantId {
        ParticipantId(uuid::Uuid::from_u128(u128::from(number.unsigned_abs())))
    }

    fn holds_7(name: &str, _: NaiveDateTime) -> Option<ParticipantId> {
        (name == "7").then(|| person(7))
    }

    fn flagged(fate: Fate, participant: Option<ParticipantId>, open: bool) -> KnownFate {
        KnownFate { fate, at: at(1), participant, open }
    }

    #[test]
    fn a_chain_of_renames_leads_to_the_participant_of_its_first_name() {
        let shown = [(at(1), renamed("7", "8")), (at(2), renamed("8", "9")), (at(3), deleted("9"))];
        let new = plan_fates(&shown, &[], at(0), holds_7);
        assert_eq!(new.iter().map(|one| one.participant).collect::<Vec<_>>(), [Some(person(7)); 3]);
        let first = flagged(renamed("7", "8"), Some(person(7)), true);
        let later = plan_fates(&shown[1..2], &[first], at(2), holds_7);
        assert_eq!(later[0].participant, Some(person(7)), "the first rename was read in an earlier run");
    }

    #[test]
    fn a_rename_to_a_name_under_which_somebody_was_enrolled_since_is_not_of_whoever_has_the_former_name_now() {
        // 7 became 8; 8 was enrolled, and then a new 7; then 8 was deleted.
        let both = |name: &str, _: NaiveDateTime| ["7", "8"].contains(&name).then(|| person(name.parse().unwrap_or(0)));
        let whose = |shown: &[(NaiveDateTime, Fate)]| -> Vec<_> {
            plan_fates(shown, &[], at(0), both).into_iter().map(|one| one.participant).collect()
        };
        assert_eq!(whose(&[(at(1), renamed("7", "8")), (at(2), deleted("8"))]), [None, Some(person(8))]);
        // The first 8 was deleted before: what is 8 since was 7.
        let lines = [(at(1), deleted("8")), (at(2), renamed("7", "8")), (at(3), deleted("8"))];
        assert_eq!(whose(&lines), [Some(person(8)), Some(person(7)), Some(person(7))]);
        // 7 became 8 and then 9; then 5 became 8, who was enrolled.
        let lines = [(at(1), renamed("7", "8")), (at(2), renamed("8", "9")), (at(3), renamed("5", "8"))];
        assert_eq!(whose(&lines), [Some(person(7)), Some(person(7)), None]);
    }

    #[test]
    fn a_name_is_somebody_elses_once_a_person_has_said_so() {
        // 7 became 8; a person said that 8 is another one, who was enrolled since; then 8 became 9.
        let decided = flagged(renamed("7", "8"), Some(person(7)), false);
        let holds_8 = |name: &str, _: NaiveDateTime| (name == "8").then(|| person(8));
        let new = plan_fates(&[(at(5), renamed("8", "9"))], &[decided], at(2), holds_8);
        assert_eq!(new[0].participant, Some(person(8)));
    }

    #[test]
    fn each_rename_is_decided_on_by_itself() {
        let shown = [(at(1), renamed("7", "8")), (at(2), renamed("8", "7")), (at(3), renamed("7", "8"))];
        let first = flagged(renamed("7", "8"), None, false);
        assert_eq!(unflagged_rename("8", &shown[..1], &[]), Some((at(1), "7")));
        assert_eq!(unflagged_rename("8", &shown[..1], std::slice::from_ref(&first)), None);
        assert_eq!(unflagged_rename("8", &shown, &[first]), Some((at(3), "7")), "the same pair of names once more");
        assert_eq!(unflagged_rename("9", &shown, &[]), None);
    }

    #[test]
    fn what_was_over_before_somebody_was_enrolled_does_not_concern_them() {
        let since = chrono::DateTime::default() + Duration::hours(40);
        assert!(may_concern(since, at(26 * 60)), "a server may be in any zone");
        assert!(!may_concern(since, at(24 * 60)));
    }

    #[test]
    fn what_concerns_nobody_says_so() {
        let new = plan_fates(&[(at(1), deleted("99")), (at(2), renamed("98", "97"))], &[], at(0), holds_7);
        assert!(new.iter().all(|one| one.participant.is_none()) && new.len() == 2);
    }

    #[test]
    fn the_same_record_is_deleted_twice() {
        let shown = [(at(1), deleted("7")), (at(1), deleted("7"))];
        let first = flagged(deleted("7"), Some(person(7)), true);
        assert_eq!(plan_fates(&shown, &[first], at(0), holds_7).len(), 1);
    }

    #[test]
    fn an_absence_is_explained_by_what_became_of_this_participants_record() {
        let absent = [("7", 7), ("8", 8), ("12", 12)].map(|(name, number)| (name.to_owned(), person(number)));
        let known = [flagged(renamed("7", "8"), Some(person(7)), true), flagged(deleted("12"), None, false)];
        assert_eq!(unexplained(&absent, &known), ["8", "12"], "12 was nobody's when it was deleted");
    }

    proptest! {
        /// A log that grows, read by runs at any times, each of which sees it with its times up to an hour off.
        #[test]
        fn each_fate_has_one_flag(
            gaps in prop::collection::vec((0..400_i64, 0..3_usize), 1..40),
            runs in prop::collection::vec((1..6_usize, -60..=60_i64), 1..12),
        ) {
            let mut time = 10_000;
            let log: Vec<(NaiveDateTime, Fate)> = gaps
                .into_iter()
                .map(|(gap, record)| {
                    time += gap;
                    (at(time), deleted(&record.to_string()))
                })
                .collect();
            let (mut known, mut mark, mut written) = (vec![], at(9_000), 0);
            let all = (log.len(), 0);
            for (more, off) in runs.into_iter().chain([all, all].map(|(more, off)| (more, off))) {
                written = (written + more).min(log.len());
                let seen = |time: NaiveDateTime| time + Duration::minutes(off);
                let times: Vec<_> = known.iter().map(|one: &KnownFate| one.at).collect();
                let begin = quiet_begin(mark, &times);
                let shown: Vec<_> = log[..written]
                    .iter()
                    .map(|(time, fate)| (seen(*time), fate.clone()))
                    .filter(|(time, _)| *time >= begin)
                    .collect();
                for new in plan_fates(&shown, &known, begin, |_, _| None) {
                    known.push(KnownFate { fate: new.fate, at: new.at, participant: new.participant, open: true });
                }
                mark = log[..written].last().map_or(mark, |(time, _)| seen(*time));
            }
            let count = |fates: &mut dyn Iterator<Item = Fate>| {
                fates.fold(BTreeMap::<Fate, usize>::new(), |mut counts, fate| {
                    *counts.entry(fate).or_default() += 1;
                    counts
                })
            };
            let flags = count(&mut known.iter().map(|one| one.fate.clone()));
            prop_assert_eq!(flags, count(&mut log.iter().map(|(_, fate)| fate.clone())));
        }
    }
}
