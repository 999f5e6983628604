//! Says what happens, one line a step, with a spinner while a person waits.

use std::future::Future;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::output::CliError;

/// Counts the steps and prints them.
pub struct Narrator {
    step: usize,
}

impl Narrator {
    pub fn new() -> Self {
        Self { step: 0 }
    }

    /// A heading.
    pub fn chapter(&self, title: &str) {
        println!("\n{title}");
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
                println!("  ✓ {:>2}. {promise}", self.step);
                for line in evidence.lines() {
                    println!("         {line}");
                }
                Ok(())
            }
            Err(error) => {
                println!("  ✗ {:>2}. {promise}", self.step);
                Err(CliError::No(format!("step {} is not as promised ({promise}): {error}", self.step)))
            }
        }
    }

    /// A step that this project cannot do.
    pub fn not_applicable(&mut self, promise: &str, why: &str) {
        self.step += 1;
        println!("  – {:>2}. {promise}\n         not applicable: {why}", self.step);
    }
}

/// `Err` with what came instead of what was promised.
///
/// # Errors
/// Always, when `holds` is false.
pub fn promise(holds: bool, instead: impl FnOnce() -> String) -> Result<(), CliError> {
    if holds { Ok(()) } else { Err(CliError::No(instead())) }
}
