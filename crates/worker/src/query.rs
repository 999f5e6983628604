//! What is asked of records to know what they are here, and nothing else: the same for an import and for a reconcile, because a
//! difference between the two would look like an edit.

use std::collections::BTreeSet;

use metricis_redcap::RecordQuery;
use metricis_redcap::wire::{Field, Row};
use metricis_store::{Site, StoredStudy, StoredWindow};

use crate::failure::Failure;

const DAG: &str = "redcap_data_access_group";

/// The fields that decide, of those that the project has: a default mapping names one that it need not have.
pub(crate) fn query_of(study: &StoredStudy, windows: &[StoredWindow], fields: &[Field]) -> RecordQuery {
    let config = &study.config.redcap;
    // A checkbox is mapped by one of its columns and asked for by its name.
    let plain = |field: &str| field.split_once("___").map_or(field, |(name, _)| name).to_owned();
    let mapped = config.participant_field_mapping.iter().flatten().map(|(field, _)| plain(field));
    let code = config.participant_field_mapping.is_none().then(|| "participant_code".to_owned());
    let anchor = config.anchor_date_field.clone();
    let surveys = windows.iter().flat_map(|window| window.survey_instruments.iter().cloned());
    let forms = surveys.chain(config.enrollment_instrument.clone());
    let forms: BTreeSet<String> = forms.filter(|form| fields.iter().any(|known| known.form_name == *form)).collect();
    let is_field = |name: &String| fields.iter().any(|known| known.field_name == *name);
    let completions: Vec<String> = forms.iter().map(|form| format!("{form}_complete")).collect();
    let asked = mapped.chain(code).chain(anchor).filter(|name| is_field(name) || completions.contains(name));
    let asked: BTreeSet<String> = asked.chain(completions.iter().cloned()).collect();
    RecordQuery { fields: asked.into_iter().collect(), export_dags: true, ..RecordQuery::default() }
}

/// Without the column everybody would be taken for outside all sites.
///
/// # Errors
/// The study's sites stand for groups, and no row tells one.
pub(crate) fn refuse_hidden_groups<'a>(sites: &[Site], rows: impl Iterator<Item = &'a Row>) -> Result<(), Failure> {
    let wanted = sites.iter().any(|site| site.redcap_dag.is_some());
    let mut rows = rows.peekable();
    let hidden = rows.peek().is_some() && rows.all(|row| row.get(DAG).is_none());
    if wanted && hidden {
        return Err(Failure::refused(
            "REDCap tells no data access groups, which the study's sites stand for: the API token's user is inside a group, or \
             the project has none; set the token of a user outside all groups, or correct the sites",
        ));
    }
    Ok(())
}
