//! `content=arm`: the arms of a longitudinal project.
//! Invariant: an arm is exported once it has an event; an arm that goes takes its events and their data with it.

use super::Call;
use super::answer::{Answer, ApiError, cells, count_of};
use super::sent::{cell, read_rows};
use crate::project::definition::Arm;

/// # Errors
/// 400 for a classic project.
pub(super) fn export(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    longitudinal(call, "export arms")?;
    let definition = &call.project.definition;
    let has_event = |arm: &&Arm| definition.events.iter().any(|event| event.arm == arm.num);
    let arms = definition.arms.iter().filter(has_event).filter(|arm| wanted(call, arm.num));
    let rows = arms.map(|arm| cells([("arm_num", arm.num.into()), ("name", arm.name.as_str().into())]));
    Ok(Answer::table("arms", call.params.format(), rows.collect()))
}

/// Adds arms and renames known ones; with `override=1` nothing else is left, no event and no designation either.
///
/// # Errors
/// 400 for a classic project, or a number or name that cannot be one.
pub(super) fn import(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    longitudinal(call, "import arms")?;
    let mut sent = Vec::new();
    for row in read_rows(call.params)? {
        let (num, name) = (cell(&row, "arm_num").trim(), cell(&row, "name").trim());
        let number = num.parse().ok().filter(|number| (1..=MAX_ARM).contains(number));
        let Some(num) = number else {
            return Err(ApiError::bad(format!("The arm_num '{num}' is not a whole number from 1 to {MAX_ARM}.")));
        };
        if name.is_empty() {
            return Err(ApiError::bad(format!("The arm {num} has no name.")));
        }
        sent.push(Arm { num, name: name.to_owned() });
    }
    if call.params.flag("override") {
        call.project.set_events(Vec::new());
        call.project.definition.arms.clear();
    }
    let answer = count_of(sent.len());
    let arms = &mut call.project.definition.arms;
    for arm in sent {
        match arms.iter_mut().find(|known| known.num == arm.num) {
            Some(known) => known.name = arm.name,
            None => arms.push(arm),
        }
    }
    arms.sort_by_key(|arm| arm.num);
    Ok(answer)
}

const MAX_ARM: u32 = 99;

/// # Errors
/// 400 for a classic project or an arm that does not exist; nothing is deleted then.
pub(super) fn delete(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    longitudinal(call, "delete arms")?;
    let definition = &call.project.definition;
    let mut nums = Vec::new();
    for text in call.params.list("arms") {
        let known = definition.arms.iter().find(|arm| arm.num.to_string() == text);
        let Some(arm) = known else {
            return Err(ApiError::bad(format!("The following arm does not exist in the project: {text}")));
        };
        nums.push(arm.num);
    }
    if nums.is_empty() {
        return Err(ApiError::bad("The parameter \"arms\" is missing or empty"));
    }
    let mut events = call.project.definition.events.clone();
    events.retain(|event| !nums.contains(&event.arm));
    call.project.set_events(events);
    call.project.definition.arms.retain(|arm| !nums.contains(&arm.num));
    Ok(count_of(nums.len()))
}

/// Arms asked for by `arms[]`; all when none is named.
pub(super) fn wanted(call: &Call<'_>, num: u32) -> bool {
    let wanted = call.params.list("arms");
    wanted.is_empty() || wanted.iter().any(|arm| *arm == num.to_string())
}

/// # Errors
/// 400 for a classic project: `You cannot export arms for classic projects`.
pub(super) fn longitudinal(call: &Call<'_>, what: &str) -> Result<(), ApiError> {
    match call.project.definition.longitudinal {
        true => Ok(()),
        false => Err(ApiError::bad(format!("You cannot {what} for classic projects"))),
    }
}
