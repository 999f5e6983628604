//! The index that finds a participant by their record's name in whatever case, as REDCap does.

use super::step::Step;

pub(super) const STEP: Step = Step {
    name: "c9d0e1f2a3b4_find_records_in_any_case",
    up: &["CREATE INDEX ix_participants_folded_record ON participants (study_id, LOWER(external_id))"],
    up_sqlite: &[],
    up_postgres: &[],
    down: &["DROP INDEX ix_participants_folded_record"],
    down_postgres: &[],
    destroys: &[],
};
