//! `metricis`: the one program. It alone reads the environment, the clock and the system's chance.

mod args;
mod clock;
mod commands;
mod config;
mod demo;
mod logging;
mod output;

use std::process::ExitCode;

use clap::Parser;

/// The version, with the digest of the sources that this program is made of: two builds of the same sources say the same.
pub(crate) const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "+", env!("METRICIS_SOURCE"));

/// A request is made of many small pieces. Without huge pages, which would cost a process at rest more than all it holds.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args = args::Args::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output::CliError::Unavailable(format!("cannot start: {error}")).report(args.json),
    };
    match runtime.block_on(commands::run(&args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(args.json),
    }
}
