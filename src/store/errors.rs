//! Failures: one row a pattern, with the records that it concerns.

use rusqlite::{Connection, Row, params};

use crate::model::{ErrorId, ErrorRow, ErrorState, Failure, LinkId, Millis, Side};

use super::{
    convert::{first, name_at, name_or_none, rows, text_or_none, time_or_none},
    db::Tx,
    error::Res,
    links,
    refresh::{refresh, title},
};

/// Raises a failure. A pattern that was closed or skipped is open again; a muted one stays muted.
pub(super) fn raise(tx: &Tx<'_>, failure: &Failure) -> Res<ErrorId> {
    let name = failure.link.map(|link| title(tx, link)).transpose()?;
    let id = first(
        tx.conn,
        "INSERT INTO error (pattern, state, side, operation, status, message, link, title, count, first_at, \
         last_at, next_retry_at) VALUES (?1, 'open', ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8, ?8, ?9) \
         ON CONFLICT DO UPDATE SET side = excluded.side, operation = excluded.operation, \
         status = excluded.status, message = excluded.message, link = excluded.link, title = excluded.title, \
         last_at = excluded.last_at, next_retry_at = excluded.next_retry_at, \
         first_at = iif(state = 'closed', excluded.first_at, first_at), \
         operator = iif(state = 'closed', NULL, operator), note = iif(state = 'closed', NULL, note), \
         state = iif(state = 'muted', 'muted', 'open') RETURNING id",
        params![
            failure.pattern,
            failure.side.map(Side::name),
            failure.operation,
            failure.status,
            failure.message,
            failure.link.map(|link| link.0),
            name.unwrap_or_default(),
            tx.now.0,
            failure.next_retry_at.map(|at| at.0)
        ],
        |row| Ok(ErrorId(row.get(0)?)),
    )?
    .unwrap_or_default();
    if let Some(link) = failure.link {
        tx.run(
            "INSERT OR IGNORE INTO error_record (error, link) VALUES (?1, ?2)",
            [id.0, link.0],
        )?;
        refresh(tx, link)?;
    }
    recount(tx, id)?;
    Ok(id)
}

/// A failure without a record counts as one.
fn recount(tx: &Tx<'_>, error: ErrorId) -> Res<()> {
    tx.run(
        "UPDATE error SET count = max(1, (SELECT count(*) FROM error_record WHERE error = ?1)) WHERE id = ?1",
        [error.0],
    )?;
    Ok(())
}

/// A record has no trouble any more (on one side); a pattern that concerned no other one is closed.
pub(super) fn drop_record(tx: &Tx<'_>, link: LinkId, side: Option<Side>) -> Res<()> {
    let errors = rows(
        tx.conn,
        "SELECT error.id FROM error_record JOIN error ON error.id = error_record.error \
         WHERE error_record.link = ?1 AND (?2 IS NULL OR error.side = ?2)",
        params![link.0, side.map(Side::name)],
        |row| Ok(ErrorId(row.get(0)?)),
    )?;
    for error in errors {
        tx.run(
            "DELETE FROM error_record WHERE error = ?1 AND link = ?2",
            [error.0, link.0],
        )?;
        tx.run(
            "UPDATE error SET state = 'closed' WHERE id = ?1 \
             AND NOT EXISTS (SELECT 1 FROM error_record WHERE error = ?1)",
            [error.0],
        )?;
        recount(tx, error)?;
    }
    Ok(())
}

fn records(tx: &Tx<'_>, error: ErrorId) -> Res<Vec<LinkId>> {
    rows(
        tx.conn,
        "SELECT link FROM error_record WHERE error = ?1 ORDER BY link",
        [error.0],
        |row| Ok(LinkId(row.get(0)?)),
    )
}

/// Closes a pattern that is open, muted or skipped.
pub(super) fn settle(tx: &Tx<'_>, pattern: &str) -> Res<()> {
    let found = first(
        tx.conn,
        "SELECT id FROM error WHERE pattern = ?1 AND state <> 'closed'",
        [pattern],
        |row| Ok(ErrorId(row.get(0)?)),
    )?;
    found.map_or(Ok(()), |error| {
        set_state(tx, error, ErrorState::Closed, None, None)
    })
}

/// Gives a pattern another state; `by` says which operator did, where one did, and `note` why.
pub(super) fn set_state(
    tx: &Tx<'_>,
    error: ErrorId,
    state: ErrorState,
    by: Option<&str>,
    note: Option<&str>,
) -> Res<()> {
    let records = records(tx, error)?;
    tx.run(
        "UPDATE error SET state = ?2, note = iif(?3 IS NULL, note, ?4), operator = coalesce(?3, operator) \
         WHERE id = ?1",
        params![error.0, state.name(), by, note],
    )?;
    if state == ErrorState::Closed {
        tx.run("DELETE FROM error_record WHERE error = ?1", [error.0])?;
    }
    for link in records {
        if state == ErrorState::Open {
            tx.run(
                "DELETE FROM parked WHERE link = ?1 AND side IS (SELECT side FROM error WHERE id = ?2)",
                [link.0, error.0],
            )?;
            links::touch(tx, link)?;
        }
        refresh(tx, link)?;
    }
    Ok(())
}

fn read(row: &Row<'_>) -> Res<ErrorRow> {
    Ok(ErrorRow {
        id: ErrorId(row.get("id")?),
        state: name_at(row, "state")?,
        last: Failure {
            pattern: row.get("pattern")?,
            side: name_or_none(row, "side")?,
            operation: row.get("operation")?,
            status: row.get("status")?,
            message: row.get("message")?,
            link: row.get::<_, Option<i64>>("link")?.map(LinkId),
            next_retry_at: time_or_none(row, "next_retry_at")?,
        },
        title: row.get("title")?,
        count: row.get::<_, i64>("count")?.unsigned_abs(),
        first_at: Millis(row.get("first_at")?),
        last_at: Millis(row.get("last_at")?),
        operator: text_or_none(row, "operator")?.map(Into::into),
        note: text_or_none(row, "note")?.map(Into::into),
    })
}

/// The records of an error with their names, at most `limit`.
pub(super) fn records_of(
    conn: &Connection,
    error: ErrorId,
    limit: u32,
) -> Res<Vec<(LinkId, String)>> {
    rows(
        conn,
        "SELECT error_record.link, coalesce(contact.name, task.title, '') FROM error_record \
         LEFT JOIN contact ON contact.link = error_record.link LEFT JOIN task ON task.link = error_record.link \
         WHERE error_record.error = ?1 ORDER BY error_record.link LIMIT ?2",
        params![error.0, limit],
        |row| Ok((LinkId(row.get(0)?), row.get(1)?)),
    )
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, state, pattern, side, operation, status, message, link, title, count, first_at, last_at, \
             next_retry_at, operator, note FROM error ",
            $rest
        )
    };
}

/// Errors that are not closed: most records first, then the latest.
pub(super) fn list(conn: &Connection, limit: u32) -> Res<Vec<ErrorRow>> {
    rows(
        conn,
        select!("WHERE state <> 'closed' ORDER BY count DESC, last_at DESC, id LIMIT ?1"),
        [limit],
        read,
    )
}

/// Errors that are closed, the latest first.
pub(super) fn closed(conn: &Connection, limit: u32) -> Res<Vec<ErrorRow>> {
    rows(
        conn,
        select!("WHERE state = 'closed' ORDER BY last_at DESC, id DESC LIMIT ?1"),
        [limit],
        read,
    )
}
