//! Arguments in, results out: results on stdout, all else on stderr, and the exit codes of the contract.

mod actions;
mod alerts;
mod args;
mod assemble;
mod auth;
mod backup;
mod bench;
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
mod export;
mod json;
mod links;
mod log;
mod map;
mod mapping;
mod merge;
mod moment;
mod output;
mod plan;
mod policies;
mod progress;
mod rules;
mod sandbox;
mod serve;
mod setup;
mod shell;
mod status;
mod stop;
mod sync;
mod tasks;
mod undo;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Parser as _;

use crate::config::{Config, Flags};

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

/// Whether these words after `couplet` are a command, or what is wrong with them; nothing is run. A command that is only
/// `named` may lack what it needs.
pub fn can_be_typed(words: &[String], named: bool) -> Result<(), String> {
    use clap::error::ErrorKind as Why;
    let line = std::iter::once("couplet").chain(words.iter().map(String::as_str));
    match Couplet::try_parse_from(line) {
        Err(error)
            if !(named
                && matches!(
                    error.kind(),
                    Why::MissingRequiredArgument
                        | Why::MissingSubcommand
                        | Why::DisplayHelpOnMissingArgumentOrSubcommand
                )) =>
        {
            Err(error.to_string())
        }
        _ => Ok(()),
    }
}

fn run(args: Couplet) -> Result<Exit, Problem> {
    let flags = Flags::from(args.place);
    let context = || Context::load(&flags);
    // Settings that cannot be read are said by what needs them.
    let config = context().ok().map(|context| context.config);
    if let Some(command) = &args.command {
        if config.as_ref().is_some_and(Config::is_viewer) && !command.only_looks() {
            return Err(Problem::usage(
                "a viewer may look and change nothing",
                "`role` in the settings or `--role` says who you are; ask an operator",
            ));
        }
        let is_service = matches!(command, Command::Serve(_));
        if !matches!(command, Command::Demo(_)) {
            trace(is_service, config.as_ref().is_some_and(Config::logs_json));
        }
    }
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
        Some(Command::Undo(args)) => undo::run(&context()?, &args),
        Some(Command::Errors(command)) => errors::run(&context()?, &command),
        Some(Command::Alerts(command)) => alerts::run(&context()?, &command),
        Some(Command::Links(command)) => links::run(&context()?, &command),
        Some(Command::Policies(command)) => policies::run(&context()?, &command),
        Some(Command::Bench(command)) => bench::run(&context()?, &command),
        Some(Command::Backup { file }) => backup::run(&context()?, &file),
        Some(Command::Forget { id, form }) => contacts::forget(&context()?, &id, form),
        Some(Command::Export(export)) => export::run(&context()?, &export),
        Some(Command::Completions { shell }) => shell::completions(shell),
        Some(Command::Man) => shell::man(),
        Some(Command::Map(command)) => map::run(&context()?, &command),
        Some(Command::Rules(command)) => rules::run(&context()?, &command),
        Some(Command::Config(command)) => config::run(&flags, &command),
        Some(Command::Auth(command)) => auth::run(&context()?, &command),
        Some(Command::Doctor(asked)) => doctor::run(&flags, asked),
        Some(Command::Merge(merge)) => merge::run(&merge),
    }
}

/// Writes traces to stderr: those that `COUPLET_LOG` names; without it, a service's from `info` on. Never under the
/// dashboard, whose screen they would spoil.
fn trace(is_service: bool, as_json: bool) {
    let named = std::env::var("COUPLET_LOG").ok();
    let Some(filter) = named.or_else(|| is_service.then(|| "info".into())) else {
        return;
    };
    let lines = tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(filter))
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // Set once, at the start; a second subscriber cannot be.
    drop(if as_json {
        lines.json().flatten_event(true).try_init()
    } else {
        lines.try_init()
    });
}
