//! What operators ask for: stored as a row, carried out by whoever runs the loop.

use serde_json::json;

use crate::model::Action;

use super::args::Form;
use super::context::Context;
use super::exit::{Exit, Problem};
use super::output::{document, note};

/// Stores actions, in order, and says who will carry them out. Needs no lease.
pub fn submit(context: &Context, form: Form, actions: &[Action]) -> Result<Exit, Problem> {
    let mut writer = context.writer()?;
    for action in actions {
        let id = writer.submit(context.config.operator(), action)?;
        if form.json {
            document(&json!({"action": id.0}))?;
        }
    }
    note(&match writer.reader()?.holder()? {
        Some(holder) => format!(
            "stored; {} on {} (process {}) carries it out",
            holder.operator, holder.host, holder.pid
        ),
        None => {
            "stored; nobody runs the loop, so the next pass carries it out: `couplet sync --once`"
                .into()
        }
    });
    Ok(Exit::Done)
}
