//! What operators ask for: stored as a row, carried out by whoever runs the loop.

use serde_json::json;

use crate::model::{Action, ActionId};

use super::args::Form;
use super::context::Context;
use super::exit::{Exit, Problem};
use super::output::{document, note};

/// Stores actions, in order, and says who will carry them out. Needs no lease.
pub fn submit(context: &Context, form: Form, actions: &[Action]) -> Result<Exit, Problem> {
    for id in store(context, actions)? {
        if form.json {
            document(&json!({"action": id.0}))?;
        }
    }
    say_who(context)?;
    Ok(Exit::Done)
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
