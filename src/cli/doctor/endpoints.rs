//! `couplet doctor --endpoints`: the 17 seed operations of GHL on sample data that is taken away again.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::cli::args::Doctor;
use crate::cli::assemble;
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Problem};
use crate::cli::output::{document, print};
use crate::cli::stop;
use crate::remote::{Ghl, Sample, Walked};
use crate::text::clean;

/// Walks all rows and prints what they found. Asks before it writes to anything that is no sandbox.
pub fn run(context: &Context, asked: &Doctor) -> Result<Exit, Problem> {
    let ghl = assemble::ghl(context)?;
    let mark = format!("{:x}-{:x}", context.clock.now().0, std::process::id());
    let sample = Sample::new(mark);
    let stopped = AtomicBool::new(false);
    let runtime = stop::runtime()?;
    if !runtime.block_on(ghl.is_sandbox())? && !asked.yes {
        consent(context)?;
    }
    let rows = runtime.block_on(walk(context, &ghl, &sample, &stopped))?;
    let removed = runtime.block_on(ghl.clean_up(&sample));
    show(&rows, asked)?;
    if let Err(error) = removed {
        let problem = Problem::from(error);
        return Err(Problem::failed(
            format!(
                "the sample data could not be removed: {}",
                problem.message()
            ),
            format!(
                "delete the contact `{}` and the business `{}` in GHL, if they are there",
                sample.email(),
                sample.name()
            ),
        ));
    }
    Ok(if rows.iter().any(|row| row.refused) {
        Exit::Unauthorised
    } else if rows.iter().all(|row| row.ok) {
        Exit::Done
    } else {
        Exit::Failed
    })
}

/// A signal ends the walk before its next request; the one on its way is heard out, so that what it made is known.
async fn walk(
    context: &Context,
    ghl: &Ghl,
    sample: &Sample,
    stopped: &AtomicBool,
) -> Result<Vec<Walked>, Problem> {
    let walk = ghl.walk(&context.clock, sample, stopped);
    tokio::pin!(walk);
    tokio::select! {
        rows = &mut walk => Ok(rows),
        asked = stop::asked() => {
            asked?;
            stopped.store(true, Ordering::Relaxed);
            drop(writeln!(std::io::stderr(), "stopping: the sample data is removed first"));
            Ok(walk.await)
        }
    }
}

fn consent(context: &Context) -> Result<(), Problem> {
    let url = context.config.sides()?.ghl.url;
    let host = url.host_str().unwrap_or("").to_owned();
    let hint = "look at what it does with `couplet doctor --help`, then add `--yes`";
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Problem::usage(
            format!("`{host}` is no sandbox, and nobody can be asked"),
            hint,
        ));
    }
    let mut to = std::io::stderr();
    write!(
        to,
        "`{host}` is no sandbox. A contact with a task and a note is made there, changed, and deleted again.\nGo on? [y/N] "
    )?;
    to.flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(Problem::usage("nothing was written", hint))
}

fn show(rows: &[Walked], asked: &Doctor) -> Result<(), Problem> {
    let ok = rows.iter().all(|row| row.ok);
    if asked.form.json {
        let rows = rows.iter().map(|row| {
            json!({
                "row": row.row,
                "operation": row.operation,
                "status": row.status,
                "ms": row.ms,
                "requests": row.requests,
                "ok": row.ok,
                "checked": clean(&row.checked),
            })
        });
        return document(&json!({ "rows": rows.collect::<Vec<_>>(), "ok": ok }));
    }
    print(
        "row  operation                                           status     ms  requests  ok     checked",
    )?;
    for row in rows {
        let status = row
            .status
            .map_or_else(|| "-".to_owned(), |status| status.to_string());
        print(&format!(
            "{:>3}  {:<52}{:>6}{:>7}{:>10}  {:<5}  {}",
            row.row,
            row.operation,
            status,
            row.ms,
            row.requests,
            if row.ok { "ok" } else { "wrong" },
            clean(&row.checked)
        ))?;
    }
    Ok(())
}
