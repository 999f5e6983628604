//! Uploaded files: those of file fields, and the project's file repository.
//! Invariant: a document's number is given once on this server; a folder that has gone holds nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The bytes of a file; Base64 where they are written as text.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl Bytes {
    pub(crate) fn to_base64(&self) -> String {
        STANDARD.encode(&self.0)
    }

    /// `None` when the text is no Base64; line breaks are ignored.
    pub(crate) fn from_base64(text: &str) -> Option<Self> {
        let text: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        STANDARD.decode(text).ok().map(Self)
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        sink.serialize_str(&self.to_base64())
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let text = String::deserialize(source)?;
        Self::from_base64(&text).ok_or_else(|| serde::de::Error::custom("not Base64"))
    }
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Document {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) bytes: Bytes,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Folder {
    pub(crate) id: u32,
    pub(crate) name: String,
    /// `None` at the top.
    pub(crate) parent: Option<u32>,
    /// Id of the group that alone sees it.
    pub(crate) group: Option<u32>,
    /// Unique name of the role that alone sees it.
    pub(crate) role: Option<String>,
}

/// A project's file repository.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Repository {
    pub(crate) folders: Vec<Folder>,
    /// With the folder that each is in; `None` at the top.
    pub(crate) documents: Vec<(Option<u32>, Document)>,
}
