//! `couplet sync`: passes without a screen.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::watch;

use crate::engine::port::{Event, Port};
use crate::engine::{EngineError, Once};
use crate::model::{Action, Businesses, BySide, Lane, PassSummary};
use crate::text::thousands;

use super::actions::submit;
use super::args::{Sync, SyncCommand};
use super::assemble::Ready;
use super::context::Context;
use super::exit::{Exit, Problem};
use super::json;
use super::moment::after;
use super::output::{Page, document, note};
use super::plan::told;
use super::progress::Progress;
use super::stop;

/// Does what `couplet sync …` asks for.
pub fn run(context: &Context, args: &Sync) -> Result<Exit, Problem> {
    match &args.command {
        Some(SyncCommand::Pause {
            side,
            lane,
            span,
            note,
            form,
        }) => {
            let now = context.clock.now();
            let until = span.as_deref().map(|span| after(span, now)).transpose()?;
            let pause = Action::Pause {
                side: *side,
                lane: lane_of(lane.as_deref()),
                until,
                note: note.clone(),
            };
            submit(context, *form, &[pause])
        }
        Some(SyncCommand::Resume { side, lane, form }) => {
            let resume = Action::Resume {
                side: *side,
                lane: lane_of(lane.as_deref()),
            };
            submit(context, *form, &[resume])
        }
        None if args.once || args.dry_run => once(context, args),
        None => on_and_on(context, args),
    }
}

/// The lane of a name; the parser lets no other through.
fn lane_of(name: Option<&str>) -> Option<Lane> {
    Lane::ALL.into_iter().find(|lane| Some(lane.name()) == name)
}

/// Whether the first plan of this workspace still waits for a yes.
pub fn waits_for_yes(context: &Context) -> Result<bool, Problem> {
    if !context.config.asks_before_first_push() {
        return Ok(false);
    }
    let path = context.config.database()?;
    Ok(!path.exists() || context.reader()?.passes(1)?.is_empty())
}

/// Why no pass may run before somebody said yes.
pub fn not_yet(context: &Context) -> Problem {
    Problem::usage(
        format!(
            "the first plan of workspace `{}` waits for a yes (`first_push` is `ask`)",
            context.config.workspace()
        ),
        "see it with `couplet sync --once --dry-run`, say yes with `couplet sync --start`",
    )
}

fn once(context: &Context, args: &Sync) -> Result<Exit, Problem> {
    let asks = !args.start && waits_for_yes(context)?;
    let mut engine = Ready::new(context)?.engine()?;
    let what = Once {
        full: args.full,
        children: args.children,
    };
    let progress = Progress::start(context)?;
    let ended = stop::runtime()?.block_on(async {
        let pass = async {
            if args.dry_run || asks {
                engine.dry_run(what).await
            } else {
                engine.once(what).await
            }
        };
        // Dropped here, a pass takes its temporary files with it.
        tokio::select! {
            pass = pass => Ok(pass?),
            told = stop::asked() => {
                told?;
                Err(Problem::failed(
                    "stopped before the pass was over",
                    "nothing is lost: the next pass goes on from here",
                ))
            }
        }
    });
    progress.end();
    if !args.dry_run {
        let mut watch = super::alerts::once(context)?;
        stop::runtime()?.block_on(watch.look(&|_| {}))?;
    }
    let mut pass = ended?;
    if asks && !args.dry_run {
        pass.waiting = pass.dry.as_ref().map_or(0, |plan| plan.writes.len() as u64);
        note(&not_yet(context).message());
        note("nothing was written; `couplet sync --once --start` says yes");
    }
    report(&pass, args.json, &context.reader()?.businesses()?)?;
    Ok(exit(pass.conflicts_open))
}

/// Passes until told to stop.
fn on_and_on(context: &Context, args: &Sync) -> Result<Exit, Problem> {
    if !args.start && waits_for_yes(context)? {
        return Err(not_yet(context));
    }
    let mut engine = Ready::new(context)?.engine_in_time()?;
    let (port, asks) = Port::new();
    if args.full {
        port.ask(crate::engine::port::Ask::Act(Action::Sync {
            full: true,
            children: args.children,
        }));
    }
    let (stop, stopped) = watch::channel(false);
    let conflicts = AtomicU64::new(0);
    let refused = AtomicBool::new(false);
    let tell = |event: Event| match event {
        Event::Lease { ours: true } => note("this process runs the loop now"),
        Event::Lease { ours: false } => {
            // Who it is stands in the store; without an answer the line says what counts.
            let holder = context.reader().ok();
            let holder = holder.and_then(|reader| reader.holder().ok().flatten());
            let who = holder.map_or_else(
                || "another process holds the lease".into(),
                |holder| EngineError::Held(holder).to_string(),
            );
            note(&format!("{who}; waiting to take over"));
        }
        Event::PassFailed {
            words,
            unauthorised,
        } => {
            note(&words);
            if unauthorised {
                refused.store(true, Ordering::Relaxed);
                stop.send_replace(true);
            }
        }
        Event::Trouble { words } => note(&words),
        Event::Alert { .. } | Event::Barred { .. } | Event::Ended { .. } => {}
    };
    let watching = super::alerts::watch([context], |_, _| {})?;
    let look = watching.poke(0);
    let done = |pass: &PassSummary| {
        look();
        conflicts.store(pass.conflicts_open, Ordering::Relaxed);
        if report(pass, args.json, &Businesses::default()).is_err() {
            // Nobody reads the summaries any more.
            stop.send_replace(true);
        }
    };
    stop::runtime()?.block_on(async {
        let told = async {
            let told = stop::asked().await;
            stop.send_replace(true);
            match told {
                Ok(()) => std::future::pending().await,
                Err(error) => Problem::from(error),
            }
        };
        tokio::select! {
            ended = engine.run(asks, stopped, &tell, &done) => ended.map_err(Problem::from),
            problem = told => Err(problem),
        }
    })?;
    drop(port);
    if refused.into_inner() {
        return Ok(Exit::Unauthorised);
    }
    Ok(exit(conflicts.into_inner()))
}

/// How a pass that left this many conflicts open ends.
pub const fn exit(conflicts_open: u64) -> Exit {
    if conflicts_open > 0 {
        Exit::ConflictsWait
    } else {
        Exit::Done
    }
}

/// Prints the summary of a pass.
pub fn report(pass: &PassSummary, as_json: bool, names: &Businesses) -> Result<(), Problem> {
    if as_json {
        return document(&json::summary(pass));
    }
    let pair =
        |sides: &BySide<u64>| format!("{}/{}", thousands(sides.ghl), thousands(sides.growbots));
    let mut parts = vec![format!(
        "pass {}  {:.1} s  GHL/Growbots: requests {}, pulled {}, created {}, updated {}, deleted {}",
        pass.pass,
        pass.duration_ms as f64 / 1000.0,
        pair(&pass.requests),
        pair(&pass.pulled),
        pair(&pass.created),
        pair(&pass.updated),
        pair(&pass.deleted),
    )];
    for (count, what) in [
        (pass.waiting, "waiting"),
        (pass.held, "held"),
        (pass.conflicts_open, "conflicts open"),
        (pass.errors_open, "errors open"),
    ] {
        if count > 0 {
            parts.push(format!("{what} {}", thousands(count)));
        }
    }
    let mut page = Page::default();
    page.line(parts.join("; "));
    if let Some(plan) = &pass.dry {
        told(&mut page, &plan.writes, &plan.cost, names);
    }
    page.print()
}
