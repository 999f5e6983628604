//! Gives the program the digest of its sources (`METRICIS_SOURCE`), so that a report of the test suites holds for the very program
//! that was tested, wherever it was compiled, and with or without a repository around it.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// What the program is made of; tests and documents are no part of it.
const FILES: [&str; 5] = ["Cargo.toml", "Cargo.lock", "web/package.json", "web/package-lock.json", "web/compress.mjs"];
const FOLDERS: [&str; 4] = ["web/api", "web/console", "web/participant", "web/tasks"];
const IGNORED: [&str; 3] = ["node_modules", "dist", "dev-dist"];
/// Hex digits of the digest: enough to tell versions apart, short enough to be read out.
const DIGITS: usize = 12;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files: Vec<PathBuf> = FILES.iter().map(|name| root.join(name)).collect();
    for room in entries(&root.join("crates")) {
        files.extend([room.join("Cargo.toml"), room.join("build.rs")].into_iter().filter(|file| file.exists()));
        collect(&room.join("src"), &mut files);
    }
    for folder in FOLDERS {
        collect(&root.join(folder), &mut files);
    }
    println!("cargo::rerun-if-changed=build.rs");
    match digest(&root, files) {
        Ok(source) => println!("cargo::rustc-env=METRICIS_SOURCE={source}"),
        Err(error) => println!("cargo::error=the sources cannot be read: {error}"),
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// Every file below a folder; the folder itself is watched for what may be added to it.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    println!("cargo::rerun-if-changed={}", folder.display());
    for path in entries(folder) {
        if IGNORED.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

fn digest(root: &Path, mut files: Vec<PathBuf>) -> std::io::Result<String> {
    files.sort();
    let mut whole = Sha256::new();
    for file in files {
        println!("cargo::rerun-if-changed={}", file.display());
        let name = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().into_owned();
        whole.update(Sha256::digest(name));
        whole.update(Sha256::digest(fs::read(&file)?));
    }
    let hex: String = whole.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(hex[..DIGITS].to_owned())
}
