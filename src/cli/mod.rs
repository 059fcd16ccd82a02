//! Arguments in, results out: results on stdout, all else on stderr, and the exit codes of the contract.

mod actions;
mod args;
mod assemble;
mod auth;
mod config;
mod conflicts;
mod contacts;
mod context;
mod dashboard;
mod demo;
mod doctor;
mod edit;
mod errors;
mod exit;
mod json;
mod log;
mod map;
mod mapping;
mod merge;
mod moment;
mod output;
mod progress;
mod rules;
mod sandbox;
mod serve;
mod status;
mod stop;
mod sync;
mod tasks;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Parser as _;

use crate::config::Flags;

use args::{Command, Couplet};
use context::Context;
use exit::{Exit, Problem};

/// Does what the command line asks for; an error is printed once, on stderr.
pub fn main() -> ExitCode {
    let args = match Couplet::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Also the way of `--help` and `--version`, which go to stdout and are no failure.
            drop(error.print());
            return match error.exit_code() {
                0 => Exit::Done.into(),
                _ => Exit::Usage.into(),
            };
        }
    };
    match run(args) {
        Ok(exit) => exit.into(),
        Err(problem) => problem.print().into(),
    }
}

fn run(args: Couplet) -> Result<Exit, Problem> {
    let flags = Flags::from(args.place);
    if !matches!(args.command, None | Some(Command::Demo(_))) {
        trace();
    }
    let context = || Context::load(&flags);
    match args.command {
        None => dashboard::open(&context()?),
        Some(Command::Demo(demo)) => demo::run(&demo, flags),
        Some(Command::Sandbox(sandbox)) => sandbox::run(&sandbox),
        Some(Command::Sync(sync)) => sync::run(&context()?, &sync),
        Some(Command::Serve(args)) => serve::run(&flags, &args),
        Some(Command::Status(form)) => status::show(&context()?, form),
        Some(Command::Conflicts(command)) => conflicts::run(&context()?, &command),
        Some(Command::Contacts(command)) => contacts::run(&context()?, &command),
        Some(Command::Tasks(command)) => tasks::run(&context()?, &command),
        Some(Command::Log(args::Log::List(listing))) => log::list(&context()?, &listing),
        Some(Command::Errors(command)) => errors::run(&context()?, &command),
        Some(Command::Map(command)) => map::run(&context()?, &command),
        Some(Command::Rules(command)) => rules::run(&context()?, &command),
        Some(Command::Config(command)) => config::run(&flags, &command),
        Some(Command::Auth(command)) => auth::run(&context()?, &command),
        Some(Command::Doctor(asked)) => doctor::run(&flags, asked),
        Some(Command::Merge(merge)) => merge::run(&merge),
    }
}

/// Writes traces to stderr when `COUPLET_LOG` says which; never under the dashboard, whose screen they would spoil.
fn trace() {
    let Ok(filter) = std::env::var("COUPLET_LOG") else {
        return;
    };
    // Set once, at the start; a second subscriber cannot be.
    drop(
        tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::new(filter))
            .with_ansi(std::io::stderr().is_terminal())
            .with_writer(std::io::stderr)
            .try_init(),
    );
}
