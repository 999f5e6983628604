//! What is to be exported, whether a call says so in its parameters or a report in the project.
//! Invariant: every name in a request exists and every logic is understood, or the request is refused.

use std::collections::BTreeSet;

use super::Call;
use super::answer::{ApiError, Format};
use super::export_columns::refuse_unknown;
use super::params::Params;
use crate::project::logic::Logic;
use crate::project::report::Report;

/// `None` and empty lists ask for everything.
pub(super) struct ExportRequest {
    pub(super) format: Format,
    pub(super) eav: bool,
    pub(super) records: Option<BTreeSet<String>>,
    pub(super) fields: Vec<String>,
    pub(super) forms: Vec<String>,
    pub(super) events: Vec<String>,
    /// Unique names of groups.
    pub(super) groups: Vec<String>,
    /// All must hold in a row.
    pub(super) logic: Vec<Logic>,
    pub(super) labels: bool,
    pub(super) label_headers: bool,
    pub(super) style: ValueStyle,
    pub(super) survey_fields: bool,
    pub(super) group_column: bool,
    /// One column for a checkbox, `1,2,7`.
    pub(super) combined: bool,
    pub(super) delimiter: char,
    /// Columns, and whether they fall.
    pub(super) order: Vec<(String, bool)>,
}

/// How values are written.
#[derive(Clone, Copy)]
pub(super) struct ValueStyle {
    /// `exportCheckboxLabel`: the choice's own label instead of Checked and Unchecked.
    pub(super) checkbox_labels: bool,
    pub(super) blank_gray: bool,
    /// Numbers with a comma.
    pub(super) comma: bool,
}

impl ExportRequest {
    /// # Errors
    /// 400 for an event that does not exist, or a filter that is not understood.
    pub(super) fn of_params(call: &Call<'_>) -> Result<Self, ApiError> {
        let (params, definition) = (call.params, &call.project.definition);
        let events = params.list("events");
        let unknown = |name: &&String| definition.longitudinal && definition.event_index(name).is_none();
        refuse_unknown("events", events.iter().filter(unknown))?;
        let records: BTreeSet<String> = params.list("records").into_iter().collect();
        let mut request = Self::plain(call);
        request.eav = params.choice("type", &["flat", "eav"]) == "eav";
        request.records = Some(records).filter(|records| !records.is_empty());
        (request.fields, request.forms, request.events) = (params.list("fields"), params.list("forms"), events);
        request.logic.extend(logic(call, "filterLogic", params.get("filterLogic"))?);
        request.survey_fields = params.flag("exportSurveyFields");
        request.group_column &= params.flag("exportDataAccessGroups");
        request.combined = params.flag("combineCheckboxOptions");
        Ok(request)
    }

    /// A report's own rows and columns, in the form that the call asks for.
    ///
    /// # Errors
    /// 400 for a filter of the report that is not understood.
    pub(super) fn of_report(call: &Call<'_>, report: &Report) -> Result<Self, ApiError> {
        let definition = &call.project.definition;
        let mut request = Self::plain(call);
        let known = |name: &String| definition.field(name).is_some() || definition.column(name).is_some();
        request.fields = report.list("redcap_reports_fields").into_iter().filter(known).collect();
        request.events = report.list("redcap_reports_filter_events");
        request.events.retain(|event| definition.event_index(event).is_some());
        request.groups = report.list("redcap_reports_filter_dags");
        for name in ["advanced_logic", "limiter_logic"] {
            request.logic.extend(logic(call, name, report.attr(name))?);
        }
        request.survey_fields = report.attr("output_survey_fields") == "1";
        request.group_column &= report.attr("output_dags") == "1";
        request.combined = report.attr("combine_checkbox_values") == "1";
        let order =
            (1..=3).map(|n| (report.attr(&format!("orderby_field{n}")), report.attr(&format!("orderby_sort{n}"))));
        let order = order.filter(|(field, _)| !field.is_empty() && *field != definition.record_id_field());
        request.order = order.map(|(field, sort)| (field.to_owned(), sort == "DESC")).collect();
        Ok(request)
    }

    /// Everything, in the form that the call asks for. A person inside a group never gets the column of groups.
    fn plain(call: &Call<'_>) -> Self {
        let params = call.params;
        Self {
            format: params.format(),
            eav: false,
            records: None,
            fields: Vec::new(),
            forms: Vec::new(),
            events: Vec::new(),
            groups: Vec::new(),
            logic: Vec::new(),
            labels: params.choice("rawOrLabel", &["raw", "label"]) == "label",
            label_headers: params.choice("rawOrLabelHeaders", &["raw", "label"]) == "label"
                && params.format() == Format::Csv,
            style: ValueStyle {
                checkbox_labels: params.flag("exportCheckboxLabel"),
                blank_gray: params.flag("exportBlankForGrayFormStatus"),
                comma: params.choice("decimalCharacter", &[".", ","]) == ",",
            },
            survey_fields: false,
            group_column: call.user.dag.is_none() && !call.project.definition.groups.is_empty(),
            combined: false,
            delimiter: delimiter(params),
            order: Vec::new(),
        }
    }
}

fn delimiter(params: &Params) -> char {
    match params.get("csvDelimiter") {
        "tab" | "TAB" | "\t" => '\t',
        other => other.chars().next().unwrap_or(','),
    }
}

fn logic(call: &Call<'_>, name: &str, text: &str) -> Result<Option<Logic>, ApiError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let refused = |reason| ApiError::bad(format!("The logic in \"{name}\" cannot be evaluated: {reason}"));
    Logic::parse(text, &call.project.definition).map(Some).map_err(refused)
}
