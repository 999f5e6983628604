//! `metricis demo`: the main job, told as it happens, on real parts: a REDCap simulator, the server and a worker, all over HTTP.
//!
//! Every step checks what it promises; the first that is not as promised ends the run with exit code 1.

mod api;
mod board;
mod enrol;
mod failure;
mod log;
mod narrator;
mod script;
mod setup;
mod stage;
mod story;

use crate::args::{Args, DemoArgs};
use crate::output::CliError;

/// Plays the story, then keeps serving unless `--once`.
///
/// # Errors
/// The first step that is not as promised.
pub async fn run(args: &Args, demo: &DemoArgs) -> Result<(), CliError> {
    let script = script::Script::choose(demo)?;
    let mut stage = stage::Stage::build(args, demo, script).await?;
    if let Err(error) = story::tell(&mut stage).await {
        stage.end(false, &format!("\nThe log is {}.", stage.log.display()));
        return Err(error);
    }
    if demo.once {
        return stage.close().await;
    }
    stage.keep_serving().await
}
