//! A project as REDCap's own project file (CDISC ODM 1.3.1 with `redcap:` attributes) describes it.
//! Invariant: what is loaded here is complete and consistent, or the whole file is refused with the reason.

pub(crate) mod definition;
mod empty;
pub(crate) mod field;
pub(crate) mod index;
pub(crate) mod logic;
mod odm;
mod odm_dictionary;
mod odm_records;
mod odm_settings;
mod odm_write;
mod odm_write_dictionary;
mod odm_write_records;
pub(crate) mod report;
pub(crate) mod xml;
mod xml_text;

pub(crate) use empty::empty;
pub(crate) use odm::{Loaded, load};
pub(crate) use odm_write::{OdmContents, OdmOptions, write};

/// Why a project file cannot become a project.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum OdmError {
    /// Not well-formed XML; the position is in bytes.
    #[error("not well-formed XML at byte {position}: {message}")]
    Xml { position: u64, message: String },
    /// Well-formed, but no REDCap project file.
    #[error("not a REDCap project file: {0}")]
    NotAProject(String),
    /// Contradicts itself, for instance a form that names a missing field.
    #[error("the project file contradicts itself: {0}")]
    Broken(String),
    /// Another project already has this id or token.
    #[error("the {0} is already taken by another project")]
    Taken(&'static str),
}
