//! Initializing a REDCap project: only one that holds no record and is in development.
//!
//! Invariant: the steps stand in the one order in which each finds what it needs, a part that is as wanted has no step, and
//! each step may be made again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::rules::settings_that_lack;
use super::{
    DesignEvent, DictionaryDiff, ProjectDesign, ProjectFacts, dictionary_digest, diff_dictionaries, digest_of,
};
use crate::study::RedcapConfig;

/// A project as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectState {
    /// What decides.
    pub facts: ProjectFacts,
    /// Whether events may have days.
    pub scheduling_enabled: bool,
    /// How many records it holds.
    pub records: usize,
    /// Its design.
    pub design: ProjectDesign,
}

/// One write to REDCap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InitStep {
    /// The project has events, and days for them.
    Settings,
    /// The fields.
    Dictionary,
    /// The arms; what they held goes.
    Arms,
    /// The events.
    Events,
    /// Which instrument is collected when.
    FormEventMapping,
    /// What repeats.
    Repeating,
}

impl InitStep {
    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Dictionary => "dictionary",
            Self::Arms => "arms",
            Self::Events => "events",
            Self::FormEventMapping => "form_event_mapping",
            Self::Repeating => "repeating",
        }
    }
}

/// An arm, an event, a designation or a repeat: before and after.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PartChange {
    /// Which.
    pub name: String,
    /// What it is; null when it is not there.
    pub before: Option<String>,
    /// What it will be; null when it goes.
    pub after: Option<String>,
}

/// What an initialization would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitReview {
    /// Of the dictionary.
    pub dictionary: DictionaryDiff,
    /// Of the arms.
    pub arms: Vec<PartChange>,
    /// Of the events.
    pub events: Vec<PartChange>,
    /// Of which instrument is collected when.
    pub form_event_mapping: Vec<PartChange>,
    /// Of what repeats.
    pub repeating: Vec<PartChange>,
    /// The project is a classic one and gets events.
    pub becomes_longitudinal: bool,
    /// REDCap's scheduling is switched on, for the events' days.
    pub enables_scheduling: bool,
    /// What would be written, in this order.
    pub steps: Vec<InitStep>,
    /// What a person should know.
    pub warnings: Vec<String>,
    /// Why it must not be done.
    pub refusals: Vec<String>,
    /// Of the dictionary that is there.
    pub before_digest: String,
    /// Of the dictionary that is wanted.
    pub after_digest: String,
}

/// Compares a project with the design that it is to have.
#[must_use]
pub fn review_init(config: &RedcapConfig, now: &ProjectState, wanted: &ProjectDesign) -> InitReview {
    let has = &now.design;
    let days = wanted.has_days();
    let arms = changes(&arms_of(has), &arms_of(wanted));
    let events = changes(&events_of(has, days), &events_of(wanted, days));
    let mapping = changes(&mapping_of(has), &mapping_of(wanted));
    let repeating = changes(&repeats_of(has), &repeats_of(wanted));
    let mut review = InitReview {
        dictionary: diff_dictionaries(&has.dictionary, &wanted.dictionary),
        becomes_longitudinal: wanted.is_longitudinal() && !now.facts.is_longitudinal,
        enables_scheduling: days && !now.scheduling_enabled,
        steps: vec![],
        warnings: settings_that_lack(config, &wanted.dictionary),
        refusals: refusals(now, wanted),
        before_digest: dictionary_digest(&has.dictionary),
        after_digest: dictionary_digest(&wanted.dictionary),
        arms,
        events,
        form_event_mapping: mapping,
        repeating,
    };
    review.steps = steps(&review, wanted);
    review
}

fn refusals(now: &ProjectState, wanted: &ProjectDesign) -> Vec<String> {
    let project = now.facts.project_id;
    let mut reasons: Vec<String> = now.facts.refusal().into_iter().collect();
    if now.records > 0 {
        reasons.push(format!(
            "the REDCap project {project} holds {} record{}; only an empty one is initialized",
            now.records,
            if now.records == 1 { "" } else { "s" }
        ));
    }
    if now.facts.is_longitudinal && !wanted.is_longitudinal() {
        reasons.push(format!(
            "the REDCap project {project} has events and the design has none; give the design its events"
        ));
    }
    reasons
}

/// New arms take the events with them and the events the rest, so that whatever stands below is written again.
fn steps(review: &InitReview, wanted: &ProjectDesign) -> Vec<InitStep> {
    let mut steps = vec![];
    if review.becomes_longitudinal || review.enables_scheduling {
        steps.push(InitStep::Settings);
    }
    if !review.dictionary.is_empty() {
        steps.push(InitStep::Dictionary);
    }
    let anew = wanted.is_longitudinal() && !(review.arms.is_empty() && review.events.is_empty());
    if anew {
        steps.extend([InitStep::Arms, InitStep::Events]);
    }
    let designates = wanted.is_longitudinal() && (anew || !review.form_event_mapping.is_empty());
    if designates {
        steps.push(InitStep::FormEventMapping);
    }
    if !review.repeating.is_empty() || (designates && !wanted.repeating.is_empty()) {
        steps.push(InitStep::Repeating);
    }
    steps
}

impl InitReview {
    /// What a preview of this shows, told by one digest.
    #[must_use]
    pub fn digest(&self, now: &ProjectState) -> String {
        let parts = (&self.arms, &self.events, &self.form_event_mapping, &self.repeating, &self.steps);
        let shown = (&self.before_digest, &self.after_digest, parts, &self.warnings, &self.refusals);
        digest_of(&("init_project", now.facts.project_id, shown))
    }

    /// Names of the parts in which the project still differs.
    #[must_use]
    pub fn differing(&self) -> Vec<&'static str> {
        [
            ("dictionary", !self.dictionary.is_empty()),
            ("arms", !self.arms.is_empty()),
            ("events", !self.events.is_empty()),
            ("form_event_mapping", !self.form_event_mapping.is_empty()),
            ("repeating", !self.repeating.is_empty()),
        ]
        .into_iter()
        .filter_map(|(part, differs)| differs.then_some(part))
        .collect()
    }
}

type Parts = BTreeMap<String, String>;

fn changes(before: &Parts, after: &Parts) -> Vec<PartChange> {
    let gone = before.iter().filter(|(name, _)| !after.contains_key(*name));
    let gone = gone.map(|(name, was)| PartChange { name: name.clone(), before: Some(was.clone()), after: None });
    let here = after.iter().filter(|(name, is)| before.get(*name) != Some(is));
    let here = here.map(|(name, is)| PartChange {
        name: name.clone(),
        before: before.get(name).cloned(),
        after: Some(is.clone()),
    });
    gone.chain(here).collect()
}

fn arms_of(design: &ProjectDesign) -> Parts {
    design.arms.iter().map(|arm| (arm.arm_num.to_string(), arm.name.trim().to_owned())).collect()
}

/// Without days in the design, days that REDCap has are no difference.
fn events_of(design: &ProjectDesign, days: bool) -> Parts {
    let shown = |event: &DesignEvent| {
        let label = event.event_name.trim();
        match event.day_offset.filter(|_| days) {
            Some(day) => {
                let (min, max) =
                    (event.offset_min.unwrap_or(0).unsigned_abs(), event.offset_max.unwrap_or(0).unsigned_abs());
                format!("{label}: day {day}, -{min}/+{max}")
            }
            None => label.to_owned(),
        }
    };
    design.events.iter().map(|event| (event.unique_name(), shown(event))).collect()
}

fn mapping_of(design: &ProjectDesign) -> Parts {
    let one = |row: &super::DesignMapping| (format!("{}: {}", row.unique_event_name, row.form), "collected".to_owned());
    design.mapping.iter().map(one).collect()
}

fn repeats_of(design: &ProjectDesign) -> Parts {
    let one = |row: &super::DesignRepeat| {
        let place = [row.event_name.clone().unwrap_or_default(), row.form_name.clone()];
        let place: Vec<String> = place.into_iter().filter(|part| !part.is_empty()).collect();
        (place.join(": "), format!("repeats {}", row.custom_form_label).trim().to_owned())
    };
    design.repeating.iter().map(one).collect()
}
