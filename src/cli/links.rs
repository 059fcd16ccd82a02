//! `couplet links`: which records are the same.

use serde_json::json;

use crate::model::{Action, LinkId, Side};

use super::actions::submit;
use super::args::{Links, Listing};
use super::contacts::PAGE;
use super::context::{Context, find};
use super::exit::{Exit, Problem};
use super::output::{Column, Rows};

const COLUMNS: &[Column] = &[
    ("ID", 8),
    ("KIND", 11),
    ("STATE", 8),
    ("GHL", 26),
    ("GROWBOTS", 0),
];

/// Does what `couplet links …` asks for.
pub fn run(context: &Context, command: &Links) -> Result<Exit, Problem> {
    match command {
        Links::List(listing) => list(context, listing),
        Links::Match {
            ghl,
            growbots,
            form,
        } => {
            let reader = context.reader()?;
            for (side, id) in [(Side::Ghl, ghl), (Side::Growbots, growbots)] {
                let linked = find(&reader, id)?.linked;
                let there = linked.ends.get(side).live();
                if there.is_none_or(|end| end.id.as_str() != id) {
                    return Err(Problem::failed(
                        format!("{side} has no record `{id}`"),
                        "give the id in GHL first, then that in Growbots; `couplet links list` shows them",
                    ));
                }
            }
            let pair = Action::Match {
                ghl: ghl.as_str().into(),
                growbots: growbots.as_str().into(),
            };
            submit(context, *form, &[pair])
        }
        Links::Split { id, form } => {
            let linked = find(&context.reader()?, id)?.linked;
            if Side::BOTH
                .iter()
                .any(|side| linked.ends.get(*side).live().is_none())
            {
                return Err(Problem::failed(
                    format!("link {} is no pair: one side has no record", linked.id),
                    "`couplet links list` shows what is linked",
                ));
            }
            submit(context, *form, &[Action::Split { link: linked.id }])
        }
    }
}

fn list(context: &Context, listing: &Listing) -> Result<Exit, Problem> {
    let mut rows = Rows::new(listing, COLUMNS, &context.clock)?;
    let reader = context.reader()?;
    let mut after = LinkId::default();
    while rows.want_more() {
        let limit = rows.page(PAGE);
        let page = reader.links(after, limit as u32)?;
        let ended = page.len() < limit;
        after = page.last().map_or(after, |row| row.id);
        for row in page {
            rows.offer(
                || {
                    Ok(json!({
                        "id": row.id.0,
                        "kind": row.kind.name(),
                        "ghl_id": row.ids.ghl,
                        "growbots_id": row.ids.growbots,
                        "state": row.state.name(),
                    }))
                },
                || {
                    let id = |side| {
                        let id: Option<&crate::model::RecordId> = row.ids.get(side).as_ref();
                        id.map_or_else(|| "-".into(), ToString::to_string)
                    };
                    vec![
                        row.id.to_string(),
                        row.kind.name().into(),
                        row.state.name().into(),
                        id(Side::Ghl),
                        id(Side::Growbots),
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
