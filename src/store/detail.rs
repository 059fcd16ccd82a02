//! One link with everything that belongs to it, and the link that a text names.

use rusqlite::Connection;

use crate::model::{
    Businesses, End, FieldName, Held, Kind, LinkId, Linked, RecordId, Side, Value, Why,
};

use super::{ContactDetail, conflicts, convert::rows, error::Res, links, log, outbox, snapshots};

/// Log lines that a detail has at most.
const HISTORY: u32 = 200;

/// The link without what belongs to it.
pub(super) fn outline(conn: &Connection, link: LinkId) -> Res<Option<ContactDetail>> {
    let (Some(mut linked), Some((state, mut held))) =
        (links::load(conn, link)?, links::standing(conn, link)?)
    else {
        return Ok(None);
    };
    name_business(conn, &mut linked)?;
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

/// The names of businesses by their ids, those that are gone too: the log speaks of them.
pub(super) fn businesses(conn: &Connection) -> Res<Businesses> {
    let mut all = Vec::new();
    for side in Side::BOTH {
        all.extend(rows(
            conn,
            "SELECT id, record ->> '$.name' AS name FROM snapshot WHERE side = ?1 AND kind = 'business'",
            [side.name()],
            |row| {
                let name: Option<String> = row.get("name")?;
                Ok((row.get("id")?, name.unwrap_or_default()))
            },
        )?);
    }
    Ok(Businesses::new(all))
}

/// A lead names a company, its contact the business of that: the same to whoever looks at both.
fn name_business(conn: &Connection, linked: &mut Linked) -> Res<()> {
    if linked.kind != Kind::Contact {
        return Ok(());
    }
    let (End::Live(end) | End::Gone(end)) = &mut linked.ends.growbots else {
        return Ok(());
    };
    let Some(Value::Text(company)) = end.record.get(&FieldName::Business) else {
        return Ok(());
    };
    let company = RecordId::from(&**company);
    let Some(link) = snapshots::link_of(conn, Side::Growbots, Kind::Business, &company)? else {
        return Ok(());
    };
    let business = links::load(conn, link)?;
    if let Some(business) = business.as_ref().and_then(|one| one.ends.ghl.last_seen()) {
        let id = Value::text(business.id.to_string());
        end.record.set(FieldName::Business, id);
    }
    Ok(())
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
