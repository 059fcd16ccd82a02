//! `couplet`: the dashboard, with the sync loop of the workspace that it shows on its own thread.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Context as _;

use crate::config::{ConfigError, Flags, Workspaces};
use crate::engine::port::Port;
use crate::engine::{self, EngineError, Watching};
use crate::tui::{self, Opened, Others, workspaces::Place};

use clap::Parser as _;

use super::alerts;
use super::args::{Command, Couplet};
use super::assemble::{self, Ready};
use super::context::{Context, env};
use super::exit::{Exit, Problem};
use super::setup;
use super::sync::{not_yet, waits_for_yes};
use crate::config::Source;
use crate::tui::welcome::{self, Start};

/// The pause between passes of the demo: its people are edited many times a minute.
pub const DEMO_POLL: Duration = Duration::from_secs(2);

/// What `couplet` alone does.
pub enum First {
    /// Opens the dashboard.
    Opens,
    /// Nothing is set up, and something else was chosen.
    Takes(Box<Command>),
    /// Nothing is set up, and nothing was chosen.
    Leaves,
}

/// Shows the ways on where no workspace is set up and somebody sits at a terminal.
pub fn first_run(flags: &Flags) -> Result<First, Problem> {
    let all = Workspaces::load(flags, &env)?;
    let config = match all.chosen() {
        Err(ConfigError::WhichWorkspace { .. }) => return Ok(First::Opens),
        chosen => chosen?,
    };
    let of_a_side = |name: &str| name.starts_with("ghl.") || name.starts_with("growbots.");
    let mut sides = config.all().filter(|(key, _)| of_a_side(key.name));
    let nothing_set = sides.all(|(_, setting)| setting.from == Source::Default);
    let is_new = config.file.is_none() && nothing_set && !config.database()?.exists();
    if !is_new || config.is_viewer() || has_terminal().is_err() {
        return Ok(First::Opens);
    }
    let chosen = welcome::welcome(assemble::theme(&config), config.is_ascii());
    let words: &[&str] = match chosen.map_err(anyhow::Error::from)? {
        None => return Ok(First::Leaves),
        Some(Start::Demo) => &["couplet", "demo"],
        Some(Start::SetUp) => &["couplet", "config", "init"],
        Some(Start::Check) => &["couplet", "doctor"],
    };
    let command = Couplet::try_parse_from(words).map(|args| args.command);
    let command = command.ok().flatten().expect("a command without flags");
    Ok(First::Takes(Box::new(command)))
}

/// Opens the dashboard on the workspace that is chosen; where none is, on the first, with the list of all before it.
pub fn open(flags: &Flags) -> Result<Exit, Problem> {
    has_terminal()?;
    let all = Workspaces::load(flags, &env)?;
    let (config, asks_which) = match all.chosen() {
        Err(ConfigError::WhichWorkspace { .. }) => (all.chosen_or_first()?, true),
        chosen => (chosen?, false),
    };
    // A cache that is there can be looked at without settings.
    if config.file.is_none() && config.location().is_none() && !config.database()?.exists() {
        return Err(Problem::usage(
            "no workspace is set up yet",
            "`couplet config init` asks for two addresses and two keys, and writes nothing to either side; `couplet demo` shows couplet at work without any",
        ));
    }
    let places = places(&all);
    let context = Context::of(config);
    let mut loops = Loops::default();
    let waits = !context.config.is_viewer() && waits_for_yes(&context)?;
    if waits && !setup::says_yes(&context)? {
        return Ok(Exit::Done);
    }
    let first = loops.open(&context, false, waits)?;
    let mut open = |name: &str| {
        let next = all.beside(name).map_err(Problem::from);
        let next = next.and_then(|config| loops.open(&Context::of(config), false, false));
        next.map_err(|problem| problem.message())
    };
    let shown = tui::run(
        first,
        Others {
            places,
            asks_which,
            open: &mut open,
        },
    );
    loops.end(shown.context("the dashboard ended").map(drop))
}

/// All workspaces of the config; none where one of them has wrong settings: its own commands say which.
fn places(all: &Workspaces<'_>) -> Vec<Place> {
    let one = |name: &String| -> Result<Place, ConfigError> {
        let database: PathBuf = all.beside(name)?.database()?;
        Ok(Place {
            name: name.clone(),
            database,
        })
    };
    let names = all.names();
    names
        .iter()
        .map(one)
        .collect::<Result<_, _>>()
        .unwrap_or_default()
}

fn has_terminal() -> Result<(), Problem> {
    if std::io::stdout().is_terminal() && std::io::stdin().is_terminal() {
        return Ok(());
    }
    Err(Problem::usage(
        "the dashboard needs a terminal",
        "`couplet sync` and `couplet status` do without; `couplet --help` lists all commands",
    ))
}

/// Shows the dashboard of the demo until the operator leaves it; then the loop stops and gives the lease back.
pub fn show_demo(context: &Context) -> Result<Exit, Problem> {
    has_terminal()?;
    let mut loops = Loops::default();
    let first = loops.open(context, true, true)?;
    let shown = tui::run(
        first,
        Others {
            places: Vec::new(),
            asks_which: false,
            open: &mut |_| Err("the demo has one workspace".into()),
        },
    );
    loops.end(shown.context("the dashboard ended").map(drop))
}

/// The loop of the workspace that is shown, and those that are on their way out.
#[derive(Default)]
struct Loops {
    here: Option<(engine::Handle, Watching)>,
    /// What was left may still wait for the answer to a request; nobody waits for that.
    leaving: Vec<JoinHandle<Result<(), EngineError>>>,
}

impl Loops {
    /// Starts what a workspace needs, in the place of the one before; `says_yes` to its first plan.
    fn open(&mut self, context: &Context, demo: bool, says_yes: bool) -> Result<Opened, Problem> {
        let (events, told) = mpsc::channel();
        if context.config.is_viewer() {
            // Not opened to write: it must be there, and of this program's schema. No loop runs, and whatever is asked
            // is refused.
            context.reader()?;
            return Ok(Opened {
                settings: assemble::dashboard(context, demo)?,
                port: Port::refusing(move |event| drop(events.send(event)))?,
                events: told,
            });
        }
        if !says_yes && waits_for_yes(context)? {
            return Err(not_yet(context));
        }
        let mut ready = Ready::new(context)?;
        if demo {
            ready = ready.every(DEMO_POLL);
        }
        // Brings the schema up to date before anything reads it, and says here what is wrong with the file.
        context.prepare()?;
        let settings = assemble::dashboard(context, demo)?;
        let rings = events.clone();
        // A dashboard that is closing listens no more.
        let watching = alerts::watch([context], move |_, event| drop(rings.send(event)))?;
        let tell = move |event| drop(events.send(event));
        let look = watching.poke(0);
        let engine = engine::spawn(move || ready.build_in_time(&|_| {}), tell, move |_| look())?;
        let port = engine.port.clone();
        self.leave();
        self.here = Some((engine, watching));
        Ok(Opened {
            settings,
            port,
            events: told,
        })
    }

    /// Lets the loop that runs end beside what comes next.
    fn leave(&mut self) {
        if let Some((engine, watching)) = self.here.take() {
            self.leaving.push(thread::spawn(move || {
                drop(watching);
                engine.stop()
            }));
        }
    }

    /// Waits until every loop has given its lease back; `shown` counts first.
    fn end(mut self, shown: anyhow::Result<()>) -> Result<Exit, Problem> {
        self.leave();
        let ends = self.leaving.into_iter().map(JoinHandle::join);
        let ends: Vec<_> = ends.filter_map(Result::ok).collect();
        shown?;
        ends.into_iter().collect::<Result<Vec<()>, _>>()?;
        Ok(Exit::Done)
    }
}
