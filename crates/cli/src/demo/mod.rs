//! `metricis demo`: the main job, told as it happens, on real parts: a REDCap simulator, the server and a worker, all over HTTP.
//!
//! Every step checks what it promises; the first that is not as promised ends the run with exit code 1.

mod api;
mod board;
mod enrol;
mod failure;
mod guest;
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
    let told = async {
        let cast = story::tell(&mut stage).await?;
        // One who only looks at the story's data finds in it what the story tells.
        if demo.once { Ok(None) } else { guest::invite(&stage, &cast).await.map(Some) }
    };
    match told.await {
        Ok(None) => stage.close().await,
        Ok(Some(guest)) => stage.keep_serving(&guest).await,
        Err(error) => {
            stage.end(false, &format!("\nThe log is {}.", stage.log.display()));
            Err(error)
        }
    }
}
