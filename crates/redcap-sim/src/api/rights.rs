//! What a caller must be allowed to do, and REDCap's words for one who is not (`redcap.md` 3.3).
//! Invariant: a refusal for a missing right never depends on what was sent.

use super::answer::ApiError;
use crate::state::people::Rights;

/// Rights with a refusal of their own; the other words are put together by the pattern seen for groups.
const OWN_WORDS: [(&str, &str); 4] = [
    ("api_export", "You do not have API Export privileges"),
    ("api_import", "You do not have API Import/Update privileges"),
    ("record_delete", "You do not have Delete Record privileges"),
    ("record_rename", "You do not have Rename Record privileges"),
];

const NAMES: [(&str, &str); 8] = [
    ("api_export", "API Export"),
    ("api_import", "API Import/Update"),
    ("data_access_groups", "Data Access Groups"),
    ("design", "Project Design/Setup"),
    ("file_repository", "File Repository"),
    ("logging", "Logging"),
    ("random_perform", "Randomize"),
    ("user_rights", "User Rights"),
];

/// # Errors
/// 403 when a right with words of its own is missing, 400 where REDCap names all the rights that it wants.
pub(super) fn demand(rights: &Rights, needs: &[&str]) -> Result<(), ApiError> {
    let Some(missing) = needs.iter().find(|need| !rights.may(need)) else { return Ok(()) };
    let words = |need: &str| OWN_WORDS.iter().find(|(right, _)| *right == need).map(|(_, words)| *words);
    if needs.iter().all(|need| words(need).is_some()) {
        return Err(ApiError::forbidden(words(missing).unwrap_or_default()));
    }
    let names = needs.iter().map(|need| NAMES.iter().find(|(right, _)| right == need).map_or(*need, |(_, name)| *name));
    let wanted: Vec<String> = names.map(|name| format!("'{name}' privileges")).collect();
    Err(ApiError::bad(format!("Insufficient user privileges: You must have {} in the project.", wanted.join(" and "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_redcaps() {
        let mut rights = Rights::full();
        assert_eq!(demand(&rights, &["api_export", "data_access_groups"]), Ok(()));
        rights.set("data_access_groups", 0);
        let refused = demand(&rights, &["api_export", "data_access_groups"]).unwrap_err();
        assert_eq!(
            (refused.status, refused.message.as_str()),
            (
                400,
                "Insufficient user privileges: You must have 'API Export' privileges and 'Data Access Groups' privileges in \
                 the project."
            )
        );
        let refused = demand(&Rights::default(), &["record_delete"]).unwrap_err();
        assert_eq!((refused.status, refused.message.as_str()), (403, "You do not have Delete Record privileges"));
    }
}
