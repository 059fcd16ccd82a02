//! What operators ask for: stored as a row, carried out by whoever runs the loop.

use serde_json::json;

use crate::model::{Action, ActionId};

use super::args::{Asking, Form};
use super::assemble::Ready;
use super::context::Context;
use super::exit::{Exit, Problem};
use super::json;
use super::output::{Page, document, note};
use super::plan::told;

/// Stores actions, in order, and says who will carry them out; or says what they would write. Needs no lease.
pub fn submit(
    context: &Context,
    asking: impl Into<Asking>,
    actions: &[Action],
) -> Result<Exit, Problem> {
    let Asking { dry_run, form } = asking.into();
    if dry_run {
        return preview(context, form, actions);
    }
    for id in store(context, actions)? {
        if form.json {
            document(&json!({"action": id.0}))?;
        }
    }
    say_who(context)?;
    Ok(Exit::Done)
}

/// Says what actions would write, and what that would cost. Exit 1 where one of them would be refused.
fn preview(context: &Context, form: Form, actions: &[Action]) -> Result<Exit, Problem> {
    let operator = context.config.operator();
    let preview = Ready::new(context)?.engine()?.preview(operator, actions)?;
    if form.json {
        document(&json!({
            "plan": json::plan(&preview.plan.writes),
            "refused": preview.refused,
            "cost": preview.plan.cost,
        }))?;
    } else {
        let mut page = Page::default();
        let names = context.reader()?.businesses()?;
        told(&mut page, &preview.plan.writes, &preview.plan.cost, &names);
        page.print()?;
    }
    match preview.refused.first() {
        Some(why) => Err(Problem::failed(
            why.clone(),
            "nothing was stored; look again at what is there now",
        )),
        None => Ok(Exit::Done),
    }
}

/// Stores actions, in order; their numbers.
pub fn store(context: &Context, actions: &[Action]) -> Result<Vec<ActionId>, Problem> {
    let mut writer = context.writer()?;
    let operator = context.config.operator();
    let stored = actions.iter().map(|action| writer.submit(operator, action));
    Ok(stored.collect::<Result<_, _>>()?)
}

/// Says who will carry out what was stored.
pub fn say_who(context: &Context) -> Result<(), Problem> {
    note(&match context.reader()?.holder()? {
        Some(holder) => format!(
            "stored; {} on {} (process {}) carries it out",
            holder.operator, holder.host, holder.pid
        ),
        None => {
            "stored; nobody runs the loop, so the next pass carries it out: `couplet sync --once`"
                .into()
        }
    });
    Ok(())
}
