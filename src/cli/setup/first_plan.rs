//! What a first pass would do, read from both sides and shown before anything is written.

use std::collections::BTreeMap;

use crate::cli::assemble::Ready;
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Problem};
use crate::cli::output::{Page, note};
use crate::cli::plan::costs;
use crate::cli::progress::Progress;
use crate::cli::stop;
use crate::model::{Kind, Op, PassSummary, Side};
use crate::text;

/// What the first pass would do, and what comes next.
pub fn preview(context: &Context) -> Result<Exit, Problem> {
    let mut page = plan(context)?;
    page.gap();
    let flag = context.config.flag();
    page.line(format!(
        "next: `couplet{flag}` asks for your yes to this plan, and opens the dashboard"
    ));
    page.line(format!(
        "      `couplet sync --once --start{flag}` says yes and carries it out without a screen"
    ));
    page.print()?;
    Ok(Exit::Done)
}

/// What the first pass would do.
pub fn plan(context: &Context) -> Result<Page, Problem> {
    note("a dry run: reads both sides, writes to neither");
    let mut engine = Ready::new(context)?.engine()?;
    let progress = Progress::start(context)?;
    let pass = stop::runtime()?.block_on(async {
        tokio::select! {
            pass = engine.dry_run(crate::engine::Once::default()) => Ok(pass?),
            told = stop::asked() => {
                told?;
                Err(Problem::failed(
                    "the dry run was stopped; the file and the keys are in place",
                    "`couplet sync --once --dry-run` looks again",
                ))
            }
        }
    });
    progress.end();
    let mut page = Page::default();
    for line in first_sync(&pass?) {
        page.line(line);
    }
    Ok(page)
}

/// A plan in a few lines: what, where, cost, time.
fn first_sync(pass: &PassSummary) -> Vec<String> {
    let read = Side::BOTH.map(|side| {
        let kinds = pass.pulled_of.get(side).iter();
        let kinds = kinds.map(|(kind, n)| format!("{} {}", text::thousands(*n), kind.many()));
        let kinds: Vec<_> = kinds.collect();
        let of = if kinds.is_empty() { "nothing" } else { "" };
        format!("read of {:<9} {of}{}", side.label(), kinds.join(", "))
    });
    let mut lines = read.to_vec();
    let Some(plan) = &pass.dry else { return lines };
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for write in &plan.writes {
        let what = format!("{} in {}", doing(write.op, write.kind), write.side);
        *counts.entry(what).or_default() += 1;
    }
    lines.push("the first sync would:".into());
    lines.extend(
        counts
            .into_iter()
            .map(|(what, n)| format!("  {:>7}  {what}", text::thousands(n))),
    );
    if plan.writes.is_empty() {
        lines.push("  write nothing: both sides are alike".into());
    }
    if pass.conflicts_open > 0 {
        lines.push(format!(
            "  {:>7}  conflicts wait for you",
            text::thousands(pass.conflicts_open)
        ));
    }
    lines.push(costs(&plan.cost));
    lines
}

fn doing(op: Op, kind: Kind) -> String {
    let records = kind.many();
    match op {
        Op::Stamp => format!("link {records} (GHL's id is noted)"),
        op => format!("{} {records}", op.name()),
    }
}
