//! The outcome of a merge, link by link.

use rusqlite::params;

use crate::model::{PassId, Side};

use super::{
    LinkOutcome, conflicts,
    convert::{any, json},
    db::Tx,
    error::Res,
    errors, links, outbox,
    refresh::refresh,
};

/// Stores what a merge found for a link; nothing where the link has gone since.
pub(super) fn commit(tx: &Tx<'_>, pass: PassId, outcome: &LinkOutcome) -> Res<()> {
    let link = outcome.link;
    if links::kind(tx.conn, link)?.is_none() {
        return Ok(());
    }
    match &outcome.base {
        Some(base) => tx.run(
            "INSERT INTO base (link, record) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET record = excluded.record \
             WHERE record <> excluded.record",
            params![link.0, json(base)?],
        )?,
        None => tx.run("DELETE FROM base WHERE link = ?1", [link.0])?,
    };
    for field in &outcome.drop_decided {
        tx.run(
            "DELETE FROM decided WHERE link = ?1 AND field = ?2",
            params![link.0, field.to_string()],
        )?;
    }
    for field in &outcome.drop_parked {
        tx.run(
            "DELETE FROM parked WHERE link = ?1 AND field = ?2",
            params![link.0, field.to_string()],
        )?;
    }
    conflicts::set_fields(tx, pass, link, outcome.conflict.as_ref())?;
    let waits = outbox::replace(tx, pass, link, &outcome.writes)?;
    settle_errors(tx, outcome)?;
    tx.run(
        "UPDATE link SET held = ?2, dirty = ?3 WHERE id = ?1",
        params![link.0, json(&outcome.held)?, waits],
    )?;
    refresh(tx, link)
}

/// Where nothing is parked and no write is needed any more, the errors about the record are over. Where a write goes
/// out, its end tells.
fn settle_errors(tx: &Tx<'_>, outcome: &LinkOutcome) -> Res<()> {
    if !any(
        tx.conn,
        "SELECT 1 FROM error_record WHERE link = ?1",
        [outcome.link.0],
    )? {
        return Ok(());
    }
    for side in Side::BOTH {
        let goes_on = outcome.writes.iter().any(|write| write.side == side)
            || any(
                tx.conn,
                "SELECT 1 FROM parked WHERE link = ?1 AND side = ?2",
                params![outcome.link.0, side.name()],
            )?;
        if !goes_on {
            errors::drop_record(tx, outcome.link, Some(side))?;
        }
    }
    Ok(())
}
