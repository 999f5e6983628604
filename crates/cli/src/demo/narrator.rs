//! Says what happens, one line a step, with a spinner while a person waits; with `--json`, one object a step and one at the end.

use std::future::Future;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::output::{CliError, say};

/// Counts the steps and prints them.
#[derive(Clone)]
pub struct Narrator {
    step: usize,
    json: bool,
}

impl Narrator {
    pub const fn new(json: bool) -> Self {
        Self { step: 0, json }
    }

    /// What is for people only.
    pub fn aside(&self, text: &str) {
        if !self.json {
            say(text);
        }
    }

    /// A heading.
    pub fn chapter(&self, title: &str) {
        self.aside(&format!("\n{title}"));
    }

    /// Runs a step and prints what it showed.
    ///
    /// # Errors
    /// What was promised and what came instead.
    pub async fn step(
        &mut self,
        promise: &str,
        work: impl Future<Output = Result<String, CliError>>,
    ) -> Result<(), CliError> {
        self.step += 1;
        let spinner = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("  {spinner} {msg}") {
            spinner.set_style(style);
        }
        spinner.set_message(promise.to_owned());
        spinner.enable_steady_tick(Duration::from_millis(120));
        let outcome = work.await;
        spinner.finish_and_clear();
        match outcome {
            Ok(evidence) => {
                self.told(promise, Some(true), &evidence);
                Ok(())
            }
            Err(error) => {
                self.told(promise, Some(false), &error.to_string());
                Err(CliError::No(format!("step {} is not as promised ({promise}): {error}", self.step)))
            }
        }
    }

    /// A step that this project cannot do.
    pub fn not_applicable(&mut self, promise: &str, why: &str) {
        self.step += 1;
        self.told(promise, None, &format!("not applicable: {why}"));
    }

    /// `ok` is none where the step was not played. The reason of a failed step is the error that ends the run.
    fn told(&self, promise: &str, ok: Option<bool>, evidence: &str) {
        if self.json {
            say(&json!({ "step": self.step, "promise": promise, "ok": ok, "evidence": evidence }).to_string());
            return;
        }
        let mark = match ok {
            Some(true) => '✓',
            Some(false) => '✗',
            None => '–',
        };
        say(&format!("  {mark} {:>2}. {promise}", self.step));
        if ok != Some(false) {
            evidence.lines().for_each(|line| say(&format!("         {line}")));
        }
    }

    /// The end: `text` for people, `facts` for machines.
    pub fn end(&self, ok: bool, text: &str, mut facts: Value) {
        if !self.json {
            return say(text);
        }
        facts["ok"] = json!(ok);
        facts["steps"] = json!(self.step);
        say(&facts.to_string());
    }
}

/// `Err` with what came instead of what was promised.
///
/// # Errors
/// Always, when `holds` is false.
pub fn promise(holds: bool, instead: impl FnOnce() -> String) -> Result<(), CliError> {
    if holds { Ok(()) } else { Err(CliError::No(instead())) }
}
