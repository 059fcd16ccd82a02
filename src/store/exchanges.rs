//! What was sent for a line of the log, and what came back.

use rusqlite::{Connection, Row, params};

use crate::model::{Exchange, LogId, Millis};

use super::{
    convert::{rows, text_or_none},
    db::Tx,
    error::Res,
};

/// Stores what belongs to a line of the log.
pub(super) fn add(tx: &Tx<'_>, log: LogId, exchange: &Exchange) -> Res<()> {
    tx.run(
        "INSERT INTO exchange (log, at, took_ms, request, condition, sent, status, tag, answer) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            log.0,
            exchange.at.0,
            exchange.took_ms as i64,
            exchange.request,
            exchange.condition,
            exchange.sent,
            exchange.status,
            exchange.tag,
            exchange.answer,
        ],
    )?;
    Ok(())
}

fn read(row: &Row<'_>) -> Res<Exchange> {
    let text = |name| Ok::<_, super::error::Fault>(text_or_none(row, name)?.map(str::to_owned));
    Ok(Exchange {
        at: Millis(row.get("at")?),
        took_ms: u64::try_from(row.get::<_, i64>("took_ms")?).unwrap_or(0),
        request: row.get("request")?,
        condition: text("condition")?,
        sent: text("sent")?,
        status: row.get("status")?,
        tag: text("tag")?,
        answer: text("answer")?,
    })
}

/// Those of a line of the log, in the order in which they were sent.
pub(super) fn of(conn: &Connection, log: LogId) -> Res<Vec<Exchange>> {
    rows(
        conn,
        "SELECT at, took_ms, request, condition, sent, status, tag, answer FROM exchange \
         WHERE log = ?1 ORDER BY id",
        [log.0],
        read,
    )
}
