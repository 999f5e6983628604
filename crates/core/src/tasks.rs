//! What a visit asks of its participant, and when that makes it held.
//!
//! Invariant: there is one list of a visit's tasks; the portal shows it, and the last one done holds the visit, whether it is
//! a result that arrives from a device or a survey of which REDCap says that it is complete.

use std::collections::BTreeMap;

use crate::study::TaskMapping;

/// REDCap's word for a form that is done.
pub const COMPLETE: u8 = 2;

/// One task of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VisitTask<'a> {
    /// A cognitive task, by its name: its result is submitted here.
    Assessment(&'a str),
    /// A survey in REDCap, by its instrument.
    Survey(&'a str),
}

/// The tasks of a visit whose event has `instruments`, `surveys` among them: mapped tasks first, then the surveys. An instrument
/// into which results are written is no survey, whatever it is called.
#[must_use]
pub fn tasks_of_visit<'a>(
    mapping: &'a BTreeMap<String, TaskMapping>,
    instruments: &[String],
    surveys: &'a [String],
) -> Vec<VisitTask<'a>> {
    let assessments = mapping.iter().filter(|(_, to)| instruments.contains(&to.instrument));
    let is_mapped = |instrument: &String| mapping.values().any(|to| to.instrument == *instrument);
    let surveys = surveys.iter().filter(|instrument| !is_mapped(instrument));
    let assessments = assessments.map(|(task, _)| VisitTask::Assessment(task));
    assessments.chain(surveys.map(|instrument| VisitTask::Survey(instrument))).collect()
}

/// Whether a visit is held: each of its tasks is done. One without tasks is not: only a person knows of it.
#[must_use]
pub fn is_held<'a>(tasks: &[VisitTask<'a>], is_done: impl Fn(VisitTask<'a>) -> bool) -> bool {
    !tasks.is_empty() && tasks.iter().all(|task| is_done(*task))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn mapping() -> BTreeMap<String, TaskMapping> {
        let to = |instrument: &str| TaskMapping { instrument: instrument.to_owned(), ..TaskMapping::default() };
        [("nback".to_owned(), to("nback_results")), ("stroop".to_owned(), to("stroop_results"))].into()
    }

    #[test]
    fn the_tasks_are_those_of_the_event_and_a_mapped_instrument_is_no_survey() {
        let (mapping, surveys) = (mapping(), names(&["mood", "nback_results"]));
        let tasks = tasks_of_visit(&mapping, &names(&["nback_results", "mood", "labs"]), &surveys);
        assert_eq!(tasks, [VisitTask::Assessment("nback"), VisitTask::Survey("mood")]);
    }

    #[test]
    fn the_last_task_holds_the_visit_whichever_it_is() {
        let tasks = [VisitTask::Assessment("nback"), VisitTask::Survey("mood")];
        for last in tasks {
            assert!(!is_held(&tasks, |task| task != last), "{last:?} is left");
        }
        assert!(is_held(&tasks, |_| true));
        assert!(is_held(&tasks[1..], |_| true), "a visit of surveys only");
        assert!(!is_held(&[], |_| true), "nothing was asked");
    }
}
