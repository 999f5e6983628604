//! Builds `web/` into OUT_DIR with npm, only when something in it has changed.
//!
//! `METRICIS_WEB=skip` leaves the pages out, `METRICIS_WEB=DIR` takes a folder that is built already. Without npm the build goes
//! on, with a warning and without pages: the server then says how to get them.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is built from: folders and files of `web/`. Whatever else lies there (modules, results) is no input.
const INPUTS: [&str; 8] = [
    "package.json",
    "package-lock.json",
    "tsconfig.base.json",
    "compress.mjs",
    "api",
    "console",
    "participant",
    "tasks",
];
const IGNORED: [&str; 3] = ["node_modules", "dist", "dev-dist"];
const WITHOUT: &str = "the program is built without its web pages";

fn main() {
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web");
    println!("cargo::rerun-if-env-changed=METRICIS_WEB");
    println!("cargo::rerun-if-changed=build.rs");
    for input in INPUTS {
        watch(&web.join(input));
    }
    if let Err(error) = build(&web) {
        println!("cargo::error=the web pages could not be built: {error}");
        println!("cargo::error=METRICIS_WEB=skip builds the program without them");
    }
}

/// Names every file, and every folder for what may be added to it, but not what the build itself writes.
fn watch(path: &Path) {
    println!("cargo::rerun-if-changed={}", path.display());
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        if IGNORED.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if entry.path().is_dir() {
            watch(&entry.path())
        } else {
            println!("cargo::rerun-if-changed={}", entry.path().display())
        }
    }
}

fn build(web: &Path) -> io::Result<()> {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default()).join("web");
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    fs::create_dir_all(&out)?;
    match std::env::var("METRICIS_WEB").ok().filter(|word| !word.is_empty()).as_deref() {
        Some("skip") => println!("cargo::warning=METRICIS_WEB=skip: {WITHOUT}"),
        Some(folder) => copy(Path::new(folder), &out)?,
        None if !has_npm() => {
            println!("cargo::warning=npm is not installed: {WITHOUT} (Debian: apt-get install nodejs npm)")
        }
        None => build_with_npm(web, &out)?,
    }
    Ok(())
}

fn has_npm() -> bool {
    Command::new("npm").arg("--version").output().is_ok_and(|answer| answer.status.success())
}

fn build_with_npm(web: &Path, out: &Path) -> io::Result<()> {
    // Two builds at once share one folder of modules.
    let turn = File::open(web.join("package.json"))?;
    turn.lock()?;
    let lock = fs::read(web.join("package-lock.json"))?;
    let installed = web.join("node_modules/.installed-package-lock.json");
    if fs::read(&installed).ok().as_ref() != Some(&lock) {
        npm(web, out, &["ci", "--no-audit", "--no-fund", "--loglevel=error"])?;
        fs::write(installed, lock)?;
    }
    npm(web, out, &["run", "--silent", "build"])
}

fn npm(web: &Path, out: &Path, words: &[&str]) -> io::Result<()> {
    let answer = Command::new("npm").args(words).current_dir(web).env("METRICIS_WEB_OUT", out).output()?;
    if answer.status.success() {
        return Ok(());
    }
    let text = [answer.stdout, answer.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        println!("cargo::error={line}");
    }
    Err(io::Error::other(format!("npm {} failed", words.join(" "))))
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", from.display());
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
