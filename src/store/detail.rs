//! One link with everything that belongs to it, and the link that a text names.

use rusqlite::Connection;

use crate::model::{Held, Kind, LinkId, RecordId, Side, Why};

use super::{ContactDetail, conflicts, error::Res, links, log, outbox, snapshots};

/// Log lines that a detail has at most.
const HISTORY: u32 = 200;

/// The link without what belongs to it.
pub(super) fn outline(conn: &Connection, link: LinkId) -> Res<Option<ContactDetail>> {
    let (Some(linked), Some((state, mut held))) =
        (links::load(conn, link)?, links::standing(conn, link)?)
    else {
        return Ok(None);
    };
    // parked since the last merge
    for parked in &linked.parked {
        if !held.iter().any(|held| held.field == parked.field) {
            held.push(Held {
                field: parked.field.clone(),
                why: Why::Parked,
            });
        }
    }
    Ok(Some(ContactDetail {
        linked,
        state,
        held,
        candidates: Vec::new(),
        waiting: Vec::new(),
        tasks: Vec::new(),
        notes: Vec::new(),
        appointments: Vec::new(),
        history: Vec::new(),
    }))
}

pub(super) fn of(conn: &Connection, link: LinkId) -> Res<Option<ContactDetail>> {
    let Some(outline) = outline(conn, link)? else {
        return Ok(None);
    };
    let waiting = outbox::of_link(conn, link)?;
    Ok(Some(ContactDetail {
        candidates: conflicts::candidates(conn, link)?,
        waiting: waiting.into_iter().map(|intent| intent.write).collect(),
        tasks: links::children(conn, Kind::Task, link)?,
        notes: links::children(conn, Kind::Note, link)?,
        appointments: links::children(conn, Kind::Appointment, link)?,
        history: log::of_link(conn, link, HISTORY)?,
        ..outline
    }))
}

/// A link id, a GHL id or a Growbots id, in that order; of several kinds contacts first.
pub(super) fn find(conn: &Connection, text: &str) -> Res<Option<LinkId>> {
    let text = text.trim();
    if let Ok(link) = text.parse::<LinkId>()
        && links::kind(conn, link)?.is_some()
    {
        return Ok(Some(link));
    }
    let id = RecordId::from(text);
    for side in Side::BOTH {
        for kind in Kind::ALL {
            if let Some(link) = snapshots::link_of(conn, side, kind, &id)? {
                return Ok(Some(link));
            }
        }
    }
    Ok(None)
}
