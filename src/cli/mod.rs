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
mod resolve;
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

use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{Config, Flags, Workspaces};

use args::{Command, Couplet};
use context::Context;
use dashboard::First;
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
    // Settings that cannot be read are said by what needs them.
    let config = Workspaces::load(&flags, &context::env);
    let config = config.and_then(|all| all.chosen_or_first()).ok();
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
    if let Some(command) = args.command {
        return act(command, flags);
    }
    match dashboard::first_run(&flags)? {
        First::Opens => dashboard::open(&flags),
        First::Leaves => Ok(Exit::Done),
        First::Takes(command) => act(*command, flags),
    }
}

fn act(command: Command, flags: Flags) -> Result<Exit, Problem> {
    let context = || Context::load(&flags);
    match command {
        Command::Demo(demo) => demo::run(&demo, flags),
        Command::Sandbox(sandbox) => sandbox::run(&sandbox),
        Command::Sync(sync) => sync::run(&context()?, &sync),
        Command::Serve(args) => serve::run(&flags, &args),
        Command::Status(form) => status::show(&context()?, form),
        Command::Conflicts(command) => conflicts::run(&context()?, &command),
        Command::Contacts(command) => contacts::run(&context()?, &command),
        Command::Tasks(command) => tasks::run(&context()?, &command),
        Command::Log(args::Log::List(listing)) => log::list(&context()?, &listing),
        Command::Undo(args) => undo::run(&context()?, &args),
        Command::Errors(command) => errors::run(&context()?, &command),
        Command::Alerts(command) => alerts::run(&context()?, &command),
        Command::Links(command) => links::run(&context()?, &command),
        Command::Policies(command) => policies::run(&context()?, &command),
        Command::Bench(command) => bench::run(&context()?, &command),
        Command::Backup { file } => backup::run(&context()?, &file),
        Command::Forget { id, form } => contacts::forget(&context()?, &id, form),
        Command::Export(export) => export::run(&context()?, &export),
        Command::Completions { shell } => shell::completions(shell),
        Command::Man => shell::man(),
        Command::Map(command) => map::run(&context()?, &command),
        Command::Rules(command) => rules::run(&context()?, &command),
        Command::Config(command) => config::run(&flags, &command),
        Command::Auth(command) => auth::run(&context()?, &command),
        Command::Doctor(asked) => doctor::run(&flags, asked),
        Command::Merge(merge) => merge::run(&merge),
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
    // Nobody knows what a library tells of: one that reads phone numbers told of each.
    let ours = filter_fn(|of| of.target().starts_with("couplet"));
    // Set once, at the start; a second subscriber cannot be.
    drop(if as_json {
        lines
            .json()
            .flatten_event(true)
            .finish()
            .with(ours)
            .try_init()
    } else {
        lines.finish().with(ours).try_init()
    });
}
