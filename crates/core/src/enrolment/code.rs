//! A participant's code: how people and labels call a participant within a study.
//!
//! Invariant: [`ParticipantCode::parse`] is the only door, for forms, stored rows and REDCap alike.

use serde::{Deserialize, Serialize};

const MAX_CHARS: usize = 64;

/// 1 to 64 printable characters without blanks at either end; letters of any script (`332-1`, `Ä-07`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ParticipantCode(String);

/// Why a text is no code. The text itself is not shown: a wrongly mapped field would put an answer here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeProblem {
    /// Nothing there.
    #[error("is empty; a participant code has 1 to 64 characters")]
    Empty,
    /// Too long.
    #[error("has {0} characters; a participant code has at most 64")]
    TooLong(usize),
    /// A blank at one end.
    #[error("begins or ends with a blank; remove it")]
    EdgeBlank,
    /// Something that cannot be seen.
    #[error("contains a character that cannot be printed (U+{0:04X}); type the code again")]
    Unprintable(u32),
}

impl ParticipantCode {
    /// Reads a code.
    ///
    /// # Errors
    /// Empty, over 64 characters, a blank at either end, or an invisible character: two codes that look alike must
    /// be alike.
    pub fn parse(text: &str) -> Result<Self, CodeProblem> {
        if text.is_empty() {
            return Err(CodeProblem::Empty);
        }
        if text.trim().len() != text.len() {
            return Err(CodeProblem::EdgeBlank);
        }
        if let Some(hidden) = text.chars().find(|character| is_invisible(*character)) {
            return Err(CodeProblem::Unprintable(hidden.into()));
        }
        match text.chars().count() {
            count if count > MAX_CHARS => Err(CodeProblem::TooLong(count)),
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ParticipantCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ParticipantCode {
    type Error = CodeProblem;
    fn try_from(text: String) -> Result<Self, CodeProblem> {
        Self::parse(&text)
    }
}

impl From<ParticipantCode> for String {
    fn from(code: ParticipantCode) -> Self {
        code.0
    }
}

/// Controls, blanks other than the space, and the marks that are invisible or turn the direction of writing.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || (character.is_whitespace() && character != ' ')
        || matches!(character,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFF}'
            | '\u{E000}'..='\u{F8FF}' | '\u{E0000}'..='\u{10FFFF}')
}

/// The code of the `n`-th participant of a study whose codes are generated: `ABC-0007`.
///
/// # Errors
/// A prefix that makes no code.
pub fn generate_participant_code(prefix: &str, n: u32) -> Result<ParticipantCode, CodeProblem> {
    ParticipantCode::parse(&format!("{prefix}-{n:04}"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("332-1")]
    #[case("Ä-07")]
    #[case("A\u{308}-07")]
    #[case("患者 7")]
    #[case("7")]
    fn codes_are_letters_of_any_script(#[case] text: &str) {
        assert_eq!(ParticipantCode::parse(text).expect("a code").as_str(), text);
    }

    #[rstest]
    #[case("", CodeProblem::Empty)]
    #[case("  ", CodeProblem::EdgeBlank)]
    #[case(" 7", CodeProblem::EdgeBlank)]
    #[case("7\n", CodeProblem::EdgeBlank)]
    #[case("7\u{0}8", CodeProblem::Unprintable(0))]
    #[case("7\t8", CodeProblem::Unprintable(9))]
    #[case("7\u{A0}8", CodeProblem::Unprintable(0xA0))]
    #[case("7\u{200B}8", CodeProblem::Unprintable(0x200B))]
    #[case("7\u{202E}8", CodeProblem::Unprintable(0x202E))]
    fn what_cannot_be_seen_is_refused(#[case] text: &str, #[case] problem: CodeProblem) {
        assert_eq!(ParticipantCode::parse(text), Err(problem));
    }

    #[test]
    fn characters_are_counted_not_bytes() {
        assert!(ParticipantCode::parse(&"Ä".repeat(64)).is_ok());
        assert_eq!(ParticipantCode::parse(&"Ä".repeat(65)), Err(CodeProblem::TooLong(65)));
    }

    #[test]
    fn json_goes_through_the_same_door() {
        assert_eq!(serde_json::from_str::<ParticipantCode>(r#""332-1""#).expect("a code").as_str(), "332-1");
        assert!(serde_json::from_str::<ParticipantCode>(r#"" 332-1""#).is_err());
    }

    #[test]
    fn generated_codes_sort_by_number() {
        assert_eq!(generate_participant_code("NBK", 7).expect("a code").as_str(), "NBK-0007");
        assert_eq!(generate_participant_code("NBK", 12_345).expect("a code").as_str(), "NBK-12345");
        assert!(generate_participant_code("\n", 7).is_err());
    }
}
