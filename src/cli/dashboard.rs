//! `couplet`: the dashboard, with the sync loop on its own thread.

use std::io::IsTerminal as _;
use std::sync::mpsc;
use std::time::Duration;

use crate::engine;
use crate::engine::port::Port;

use super::alerts;
use super::assemble::{self, Ready};
use super::context::Context;
use super::exit::{Exit, Problem};
use super::sync::{not_yet, waits_for_yes};

/// The pause between passes of the demo: its people are edited many times a minute.
pub const DEMO_POLL: Duration = Duration::from_secs(2);

/// Opens the dashboard on the workspace.
pub fn open(context: &Context) -> Result<Exit, Problem> {
    if context.config.is_viewer() {
        return look(context);
    }
    if waits_for_yes(context)? {
        return Err(not_yet(context));
    }
    show(context, false)
}

/// The dashboard of a viewer: no loop runs in it, and whatever it asks is refused.
fn look(context: &Context) -> Result<Exit, Problem> {
    has_terminal()?;
    // Not opened to write: it must be there, and of this program's schema.
    context.reader()?;
    let (events, told) = mpsc::channel();
    let port = Port::refusing(move |event| drop(events.send(event)))?;
    assemble::dashboard(context, port, told, false)
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

/// Shows the dashboard until the operator leaves it; then the loop stops and gives the lease back.
pub fn show(context: &Context, demo: bool) -> Result<Exit, Problem> {
    has_terminal()?;
    let mut ready = Ready::new(context)?;
    if demo {
        ready = ready.every(DEMO_POLL);
    }
    // Brings the schema up to date before anything reads it, and says here what is wrong with the file.
    context.prepare()?;
    let (events, told) = mpsc::channel();
    let rings = events.clone();
    // A dashboard that is closing listens no more.
    let watching = alerts::watch(context, move |event| drop(rings.send(event)))?;
    let tell = move |event| drop(events.send(event));
    let look = watching.poke();
    let engine = engine::spawn(move || ready.build_in_time(&|_| {}), tell, move |_| look())?;
    let shown = assemble::dashboard(context, engine.port.clone(), told, demo);
    drop(watching);
    let stopped = engine.stop();
    let exit = shown?;
    stopped?;
    Ok(exit)
}
