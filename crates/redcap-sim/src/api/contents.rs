//! Which `content` values the API has, with which actions, and who answers each (`redcap.md` 2.2).
//! Invariant: this table is the whole API; a call that is not in it is refused, and what a call leaves in the log stands here.

use super::answer::{Answer, ApiError};
use super::{
    Call, arms, dags, dictionary, dictionary_import, events, export, files, import, log, mapping, participants, pdf,
    project, project_xml, randomize, records, repeats, reports, repository, rights, roles, surveys, users,
};
use crate::state::log::DESIGN;

type Handler = fn(&mut Call<'_>) -> Result<Answer, ApiError>;

/// What a call leaves in the project's log once it has succeeded.
enum Noted {
    /// Nothing, or what the handler itself writes.
    Itself,
    /// `Manage/Design ` with these details.
    Design(&'static str),
}
use Noted::{Design, Itself};

struct Operation {
    content: &'static str,
    action: &'static str,
    /// The rights that the caller must have, all of them.
    needs: &'static [&'static str],
    noted: Noted,
    run: Handler,
}

const fn operation(
    content: &'static str,
    action: &'static str,
    needs: &'static [&'static str],
    noted: Noted,
    run: Handler,
) -> Operation {
    Operation { content, action, needs, noted, run }
}

const READ: &[&str] = &["api_export"];
const WRITE: &[&str] = &["api_import"];
const RANDOMIZE: &[&str] = &["api_import", "random_perform"];
const DESIGN_WRITE: &[&str] = &["api_import", "design"];
const GROUPS_READ: &[&str] = &["api_export", "data_access_groups"];
const GROUPS_WRITE: &[&str] = &["api_import", "data_access_groups"];
const USERS_READ: &[&str] = &["api_export", "user_rights"];
const USERS_WRITE: &[&str] = &["api_import", "user_rights"];
const FILES_READ: &[&str] = &["api_export", "file_repository"];
const FILES_WRITE: &[&str] = &["api_import", "file_repository"];

const OPERATIONS: &[Operation] = &[
    operation("arm", "delete", DESIGN_WRITE, Design("Delete arms (API)"), arms::delete),
    operation("arm", "export", READ, Design("Export arms (API)"), arms::export),
    operation("arm", "import", DESIGN_WRITE, Design("Import arms (API)"), arms::import),
    operation("dag", "delete", GROUPS_WRITE, Design("Delete DAGs (API)"), dags::delete),
    operation("dag", "export", GROUPS_READ, Design("Export DAGs (API)"), dags::export),
    operation("dag", "import", GROUPS_WRITE, Design("Import DAGs (API)"), dags::import),
    operation("dag", "switch", &[], Design("Switch DAG (API)"), dags::switch),
    operation("event", "delete", DESIGN_WRITE, Design("Delete events (API)"), events::delete),
    operation("event", "export", READ, Design("Export events (API)"), events::export),
    operation("event", "import", DESIGN_WRITE, Design("Import events (API)"), events::import),
    operation("exportFieldNames", "export", READ, Design("Export field names (API)"), dictionary::export_field_names),
    operation("file", "delete", WRITE, Itself, files::delete),
    operation("file", "export", READ, Itself, files::export),
    operation("file", "import", WRITE, Itself, files::import),
    operation(
        "fileRepository",
        "createFolder",
        FILES_WRITE,
        Design("Create folder in File Repository (API)"),
        repository::create_folder,
    ),
    operation(
        "fileRepository",
        "delete",
        FILES_WRITE,
        Design("Delete file from File Repository (API)"),
        repository::delete,
    ),
    operation(
        "fileRepository",
        "export",
        FILES_READ,
        Design("Download file from File Repository (API)"),
        repository::export,
    ),
    operation(
        "fileRepository",
        "import",
        FILES_WRITE,
        Design("Upload file to File Repository (API)"),
        repository::import,
    ),
    operation(
        "fileRepository",
        "list",
        FILES_READ,
        Design("Export list of files/folders from File Repository (API)"),
        repository::list,
    ),
    operation("formEventMapping", "export", READ, Design("Export instrument-event mappings (API)"), mapping::export),
    operation(
        "formEventMapping",
        "import",
        DESIGN_WRITE,
        Design("Import instrument-event mappings (API)"),
        mapping::import,
    ),
    operation("generateNextRecordName", "export", &[], Itself, records::next_name),
    operation("instrument", "export", READ, Design("Export instruments (API)"), dictionary::export_instruments),
    operation("log", "export", &["api_export", "logging"], Design("Export Logging (API)"), log::export),
    operation("metadata", "export", READ, Design("Export metadata (API)"), dictionary::export),
    operation("metadata", "import", DESIGN_WRITE, Design("Import metadata (API)"), dictionary_import::import),
    operation("participantList", "export", READ, Design("Export survey participant list (API)"), participants::export),
    operation("pdf", "export", READ, Itself, pdf::export),
    operation("project", "export", READ, Design("Export project information (API)"), project::export),
    operation("project", "import", &[], Itself, project::create_without_super_token),
    operation("project_settings", "import", DESIGN_WRITE, Design("Import project information (API)"), project::import),
    operation("project_xml", "export", READ, Design("Export project XML (API)"), project_xml::export),
    operation("record", "delete", &["record_delete"], Itself, records::delete),
    operation("record", "export", READ, Itself, export::export),
    operation("record", "import", WRITE, Itself, import::import),
    operation("record", "randomize", RANDOMIZE, Itself, randomize::randomize),
    operation("record", "rename", &["api_import", "record_rename"], Itself, records::rename),
    operation(
        "repeatingFormsEvents",
        "export",
        READ,
        Design("Export repeating instruments and events (API)"),
        repeats::export,
    ),
    operation(
        "repeatingFormsEvents",
        "import",
        DESIGN_WRITE,
        Design("Import repeating instruments and events (API)"),
        repeats::import,
    ),
    operation("report", "export", READ, Design("Export report (API)"), reports::export),
    operation("surveyAccessCode", "export", READ, Itself, surveys::access_code),
    operation("surveyLink", "export", READ, Itself, surveys::link),
    operation("surveyQueueLink", "export", READ, Itself, surveys::queue_link),
    operation("surveyReturnCode", "export", READ, Itself, surveys::return_code),
    operation("user", "delete", USERS_WRITE, Design("Delete users (API)"), users::delete),
    operation("user", "export", USERS_READ, Design("Export users (API)"), users::export),
    operation("user", "import", USERS_WRITE, Design("Import users (API)"), users::import),
    operation(
        "userDagMapping",
        "export",
        GROUPS_READ,
        Design("Export User-DAG assignments (API)"),
        dags::export_people,
    ),
    operation(
        "userDagMapping",
        "import",
        GROUPS_WRITE,
        Design("Import User-DAG assignments (API)"),
        dags::import_people,
    ),
    operation("userRole", "delete", USERS_WRITE, Design("Delete user roles (API)"), roles::delete),
    operation("userRole", "export", USERS_READ, Design("Export user roles (API)"), roles::export),
    operation("userRole", "import", USERS_WRITE, Design("Import user roles (API)"), roles::import),
    operation(
        "userRoleMapping",
        "export",
        USERS_READ,
        Design("Export User-Role assignments (API)"),
        roles::export_people,
    ),
    operation(
        "userRoleMapping",
        "import",
        USERS_WRITE,
        Design("Import User-Role assignments (API)"),
        roles::import_people,
    ),
    operation("version", "export", &[], Itself, project::version),
];

/// What can be done with a content; nothing when there is no such content.
pub(crate) fn actions_of(content: &str) -> Vec<&'static str> {
    OPERATIONS.iter().filter(|operation| operation.content == content).map(|operation| operation.action).collect()
}

/// Answers one call.
///
/// # Errors
/// 400 when there is no such content, or it has no such action; what the handler refuses.
pub(super) fn dispatch(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let (content, action) = (call.params.content(), call.params.action());
    let not_valid = |parameter: &str| ApiError::bad(format!("The value of the parameter \"{parameter}\" is not valid"));
    let of_content = || OPERATIONS.iter().filter(|operation| operation.content == content);
    let operation = match of_content().find(|operation| operation.action == action) {
        Some(operation) => operation,
        None if of_content().next().is_none() => return Err(not_valid("content")),
        None => return Err(not_valid("action")),
    };
    rights::demand(&call.rights, operation.needs)?;
    let answer = (operation.run)(call)?;
    if let Design(details) = operation.noted {
        call.note(DESIGN, details);
    }
    Ok(answer)
}
