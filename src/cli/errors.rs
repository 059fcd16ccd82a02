//! `couplet errors`: what went wrong, grouped by pattern, and what to do with it.

use crate::model::{Action, ErrorId, ErrorRow, Side};

use super::actions::submit;
use super::args::{ErrorIds, Errors, Listing};
use super::context::Context;
use super::exit::{Exit, Problem};
use super::export;
use super::json;
use super::moment::shown;
use super::output::{Column, Rows};

const COLUMNS: &[Column] = &[
    ("ID", 6),
    ("STATE", 8),
    ("SIDE", 8),
    ("COUNT", 6),
    ("LAST", 16),
    ("RETRY", 16),
    ("MESSAGE", 0),
];

/// Does what `couplet errors …` asks for.
pub fn run(context: &Context, command: &Errors) -> Result<Exit, Problem> {
    match command {
        Errors::List(listing) => list(context, listing),
        Errors::Retry(ids) => act(context, ids, |error| Action::Retry { error }),
        Errors::Skip(ids) => act(context, ids, |error| Action::Skip { error, note: None }),
        Errors::Mute(ids) => act(context, ids, |error| Action::Mute { error, note: None }),
        Errors::Export { ids, table } => export::errors(&named(context, ids)?, table),
    }
}

fn list(context: &Context, listing: &Listing) -> Result<Exit, Problem> {
    let zone = context.config.zone();
    let mut rows = Rows::new(listing, COLUMNS, &context.clock)?;
    for row in context.reader()?.errors(u32::MAX)? {
        rows.offer(
            || Ok(json::error(&row)),
            || {
                vec![
                    row.id.to_string(),
                    row.state.name().into(),
                    row.last.side.map_or("", Side::label).into(),
                    row.count.to_string(),
                    shown(Some(row.last_at), &zone),
                    shown(row.last.next_retry_at, &zone),
                    row.last.message.clone(),
                ]
            },
        )?;
    }
    rows.end()?;
    Ok(Exit::Done)
}

fn act(
    context: &Context,
    ids: &ErrorIds,
    action: impl Fn(ErrorId) -> Action,
) -> Result<Exit, Problem> {
    named(context, &ids.ids)?;
    let actions: Vec<Action> = ids.ids.iter().copied().map(action).collect();
    submit(context, ids.form, &actions)
}

/// The errors of these numbers, in their order; all of them are known.
fn named(context: &Context, ids: &[ErrorId]) -> Result<Vec<ErrorRow>, Problem> {
    let known = context.reader()?.errors(u32::MAX)?;
    let rows = ids.iter().map(|id| {
        let row = known.iter().find(|row| row.id == *id).cloned();
        row.ok_or_else(|| {
            Problem::failed(
                format!("there is no open error {id}"),
                "`couplet errors list` shows them",
            )
        })
    });
    rows.collect()
}
