//! `couplet log`: what was written, where, and why.

use crate::model::Side;

use super::args::Listing;
use super::contacts::PAGE;
use super::context::Context;
use super::exit::{Exit, Problem};
use super::json;
use super::moment::shown;
use super::output::{Column, Rows};

const COLUMNS: &[Column] = &[
    ("ID", 8),
    ("AT", 16),
    ("PASS", 6),
    ("SIDE", 8),
    ("KIND", 11),
    ("RECORD", 24),
    ("OP", 10),
    ("FIELDS", 24),
    ("CAUSE", 0),
];

/// The sync log, newest first.
pub fn list(context: &Context, listing: &Listing) -> Result<Exit, Problem> {
    let mut rows = Rows::new(listing, COLUMNS, &context.clock)?;
    let reader = context.reader()?;
    let zone = context.config.zone();
    let mut before = None;
    while rows.want_more() {
        let limit = rows.page(PAGE);
        let page = reader.log(before, limit as u32)?;
        let ended = page.len() < limit;
        before = page.last().map(|entry| entry.id);
        for entry in page {
            rows.offer(
                || Ok(json::log_entry(&entry)),
                || {
                    let fields = entry.fields.iter().map(|one| one.field.label());
                    vec![
                        entry.id.to_string(),
                        shown(Some(entry.at), &zone),
                        entry.pass.to_string(),
                        entry.side.map_or("", Side::label).into(),
                        entry.kind.name().into(),
                        entry.title.clone(),
                        entry.op.clone(),
                        fields.collect::<Vec<_>>().join(", "),
                        entry.cause.clone(),
                    ]
                },
            )?;
        }
        if ended {
            break;
        }
    }
    rows.end()?;
    Ok(Exit::Done)
}
