//! `content=record`, `action=randomize`: a record gets the next allocation of its stratum.
//! Invariant: a refused call uses up nothing; the words of a refusal are ours, no public source has them.

use super::Call;
use super::answer::{Answer, ApiError, cells};
use super::places::known_record;
use crate::state::change::{Blanks, Change};
use crate::state::randomization::NotRandomized;
use crate::state::records::{Place, Repeat};

/// What stands for an alternative target that the caller did not ask for or may not see.
const CONCEALED: &str = "*";

/// # Errors
/// 400 for an unknown randomization or record, one that is randomized already, lacks the value of a stratum, or finds nothing left.
pub(super) fn randomize(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let id = call.params.get("randomization_id").trim();
    let wanted = id.parse().ok();
    let index = call.project.randomizations.iter().position(|one| Some(one.id) == wanted);
    let unknown = || ApiError::bad(format!("The randomization_id \"{id}\" does not exist in the project"));
    let index = index.ok_or_else(unknown)?;
    let record = known_record(call)?;
    let allocation = call.project.allocate(index, &record).map_err(|reason| refused(&record, &reason))?;
    let randomization = &call.project.randomizations[index];
    let (id, field) = (randomization.id, randomization.field.clone());
    let change = Change {
        record: record.clone(),
        place: Place { event: randomization.event, repeat: Repeat::No },
        values: vec![(field, allocation.target.clone())],
        group: None,
        blanks: Blanks::Ignore,
    };
    let (user, now) = (call.user.username.clone(), call.now);
    call.project.apply(change, &user, "(API)", now);
    let details = format!("Randomize record (randomization_id = {id})");
    call.project.note_record(now, &user, "Randomize record (API)", &record, details);
    let shown = call.params.flag("returnAlt") && call.rights.may("random_setup");
    let object = cells([
        ("randomization_id", id.into()),
        ("record", record.into()),
        ("target_field", allocation.target.into()),
        ("target_field_alt", if shown { allocation.alt.into() } else { CONCEALED.into() }),
    ]);
    Ok(Answer::Object { format: call.params.return_format(), object })
}

fn refused(record: &str, reason: &NotRandomized) -> ApiError {
    ApiError::bad(match reason {
        NotRandomized::Already => format!("The record \"{record}\" has already been randomized"),
        NotRandomized::NoValue(field) => {
            format!("The record \"{record}\" has no value in the stratification field \"{field}\"")
        }
        NotRandomized::UsedUp => format!("No allocation is left for the record \"{record}\" in its stratum"),
    })
}
