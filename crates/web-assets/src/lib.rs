//! The built web pages, inside the program. `build.rs` makes them from `web/`; nothing else happens here.

use std::borrow::Cow;

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/web"]
struct Files;

/// One of the two web applications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum App {
    /// The staff console.
    Console,
    /// The participant's app.
    Participant,
}

/// How a file's content is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// As it is.
    None,
    /// Brotli.
    Br,
    /// gzip.
    Gzip,
}

/// A built file.
pub struct Asset {
    /// Its content, packed.
    pub bytes: Cow<'static, [u8]>,
    /// How.
    pub packing: Packing,
    /// The media type of what is packed.
    pub content_type: String,
    /// SHA-256 of `bytes`, hexadecimal.
    pub digest: String,
    /// Whether the file's name changes with its content, so that it can be kept for ever.
    pub immutable: bool,
}

impl App {
    const fn folder(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Participant => "participant",
        }
    }
}

/// The file of `app` at `path`, for example `assets/index-1a2b3c4d.js`, in the first of `packings` that it was built in.
#[must_use]
pub fn find(app: App, path: &str, packings: &[Packing]) -> Option<Asset> {
    let (packing, file) =
        packings.iter().find_map(|packing| Some((*packing, Files::get(&packing.name(app, path))?)))?;
    let content_type = match mime_guess::from_path(path).first_or_octet_stream() {
        text if text.type_() == "text" => format!("{text}; charset=utf-8"),
        other => other.to_string(),
    };
    let digest = file.metadata.sha256_hash().iter().map(|byte| format!("{byte:02x}")).collect();
    Some(Asset { bytes: file.data, packing, content_type, digest, immutable: path.starts_with("assets/") })
}

impl Packing {
    fn name(self, app: App, path: &str) -> String {
        let ending = match self {
            Self::None => "",
            Self::Br => ".br",
            Self::Gzip => ".gz",
        };
        format!("{}/{path}{ending}", app.folder())
    }
}
