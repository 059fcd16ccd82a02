//! The sync log: every write and every turn of a conflict, with its cause; and the passes.

use rusqlite::{Connection, Row, params};

use crate::model::{
    Cause, FieldChange, Kind, LinkId, LogEntry, LogId, LogOp, Lost, Millis, NewLog, PassId,
    PassSummary, Side, Write,
};

use super::{
    convert::{first, json, json_at, name_at, name_or_none, rows, text_or_none},
    db::Tx,
    error::Res,
    links,
    refresh::title,
    status,
};

/// The op of a line about a link that is taken away.
pub(super) const UNLINK: &str = "unlink";

#[derive(Default)]
struct Line<'a> {
    /// `None`: that of the link.
    kind: Option<Kind>,
    side: Option<Side>,
    op: &'a str,
    fields: &'a [FieldChange],
    cause: &'a str,
    operator: Option<&'a str>,
    requests: u32,
    source: Option<&'a Cause>,
    lost: Option<&'a Lost>,
}

fn insert(tx: &Tx<'_>, pass: PassId, link: LinkId, line: &Line<'_>) -> Res<LogId> {
    let kind = match line.kind {
        Some(kind) => kind,
        None => links::kind_of(tx.conn, link)?,
    };
    tx.run(
        "INSERT INTO log (at, pass, side, kind, link, title, op, fields, cause, operator, requests, source, lost) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        params![
            tx.now.0,
            pass.0,
            line.side.map(Side::name),
            kind.name(),
            link.0,
            title(tx, link)?,
            line.op,
            json(&line.fields)?,
            line.cause,
            line.operator,
            line.requests,
            line.source.map(json).transpose()?,
            line.lost.map(json).transpose()?
        ],
    )?;
    Ok(LogId(tx.conn.last_insert_rowid()))
}

/// A line without fields and requests.
pub(super) fn words(
    tx: &Tx<'_>,
    pass: PassId,
    link: LinkId,
    op: &str,
    why: &str,
    operator: Option<&str>,
) -> Res<()> {
    insert(
        tx,
        pass,
        link,
        &Line {
            op,
            cause: why,
            operator,
            ..Line::default()
        },
    )?;
    Ok(())
}

/// A conflict that an operator's decision closed.
pub(super) fn decided(
    tx: &Tx<'_>,
    pass: PassId,
    link: LinkId,
    why: &str,
    decision: &Cause,
) -> Res<()> {
    insert(
        tx,
        pass,
        link,
        &Line {
            op: LogOp::Resolved.name(),
            cause: why,
            operator: decision.operator(),
            source: Some(decision),
            ..Line::default()
        },
    )?;
    Ok(())
}

/// A write that was confirmed. The line of a delete has the fields that are gone.
pub(super) fn wrote(
    tx: &Tx<'_>,
    pass: PassId,
    write: &Write,
    lost: Option<&(Lost, Vec<FieldChange>)>,
    requests: u32,
) -> Res<LogId> {
    insert(
        tx,
        pass,
        write.link,
        &Line {
            kind: Some(write.kind),
            side: Some(write.side),
            op: write.op.name(),
            fields: lost.map_or(&write.fields, |(_, fields)| fields),
            cause: &write.cause.to_string(),
            operator: write.cause.operator(),
            requests,
            source: Some(&write.cause),
            lost: lost.map(|(lost, _)| lost),
        },
    )
}

/// A write that was refused.
pub(super) fn refused(tx: &Tx<'_>, pass: PassId, write: &Write, message: &str) -> Res<LogId> {
    insert(
        tx,
        pass,
        write.link,
        &Line {
            kind: Some(write.kind),
            side: Some(write.side),
            op: LogOp::Refused.name(),
            fields: &write.fields,
            cause: message,
            operator: write.cause.operator(),
            ..Line::default()
        },
    )
}

pub(super) fn add(tx: &Tx<'_>, pass: PassId, link: LinkId, line: &NewLog) -> Res<()> {
    let cause = line.cause.as_ref();
    insert(
        tx,
        pass,
        link,
        &Line {
            side: line.side,
            op: line.op.name(),
            fields: &line.fields,
            cause: &cause.map_or_else(|| line.words.clone(), ToString::to_string),
            operator: cause.and_then(|cause| cause.operator()),
            requests: line.requests,
            source: cause,
            ..Line::default()
        },
    )?;
    Ok(())
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, at, pass, side, kind, link, title, op, fields, cause, operator, requests FROM log ",
            $rest
        )
    };
}

pub(super) fn read(row: &Row<'_>) -> Res<LogEntry> {
    Ok(LogEntry {
        id: LogId(row.get("id")?),
        at: Millis(row.get("at")?),
        pass: PassId(row.get("pass")?),
        side: name_or_none(row, "side")?,
        kind: name_at(row, "kind")?,
        link: LinkId(row.get("link")?),
        title: row.get("title")?,
        op: row.get("op")?,
        fields: json_at(row, "fields")?,
        cause: row.get("cause")?,
        operator: text_or_none(row, "operator")?.map(Into::into),
        requests: row.get("requests")?,
    })
}

pub(super) fn list(conn: &Connection, before: Option<LogId>, limit: u32) -> Res<Vec<LogEntry>> {
    let before = before.map_or(i64::MAX, |before| before.0);
    rows(
        conn,
        select!("WHERE id < ?1 ORDER BY id DESC LIMIT ?2"),
        params![before, limit],
        read,
    )
}

pub(super) fn of_pass(conn: &Connection, pass: PassId) -> Res<Vec<LogEntry>> {
    rows(
        conn,
        select!("WHERE pass = ?1 ORDER BY id LIMIT 500"),
        [pass.0],
        read,
    )
}

pub(super) fn of_link(conn: &Connection, link: LinkId, limit: u32) -> Res<Vec<LogEntry>> {
    rows(
        conn,
        select!("WHERE link = ?1 ORDER BY id DESC LIMIT ?2"),
        params![link.0, limit],
        read,
    )
}

/// A number for a pass that begins; it has no row before it ends.
pub(super) fn begin_pass(tx: &Tx<'_>, because: &str) -> Res<PassId> {
    let last = status::meta(tx.conn, status::LAST_PASS)?;
    let pass = last.and_then(|last| last.parse().ok()).unwrap_or(0) + 1;
    status::put_meta(tx, status::LAST_PASS, &pass.to_string())?;
    status::put_meta(tx, status::PASS_BECAUSE, because)?;
    Ok(PassId(pass))
}

/// Stores a pass with the totals of now. An idle one after an idle one becomes part of that row.
pub(super) fn end_pass(tx: &Tx<'_>, mut summary: PassSummary) -> Res<PassSummary> {
    if summary.because.is_empty() {
        summary.because = status::meta(tx.conn, status::PASS_BECAUSE)?.unwrap_or_default();
    }
    let totals = status::totals(tx.conn)?;
    summary.waiting = totals.waiting;
    summary.held = totals.held;
    summary.conflicts_open = totals.conflicts_open;
    summary.errors_open = totals.errors_open;
    let is_idle = !summary.did_something() && summary.throttled == 0;
    let mut stored = summary.clone();
    stored.dry = None;
    let mut idle = i64::from(is_idle);
    let last = first(
        tx.conn,
        "SELECT id, idle, summary FROM pass ORDER BY id DESC LIMIT 1",
        [],
        |row| {
            Ok((
                row.get::<_, i64>("id")?,
                row.get::<_, i64>("idle")?,
                json_at::<PassSummary>(row, "summary")?,
            ))
        },
    )?;
    if let Some((id, run, earlier)) = last
        && is_idle
        && run > 0
    {
        idle = run + 1;
        let end = summary.started_at.plus(summary.duration_ms as i64);
        stored.started_at = earlier.started_at;
        stored.duration_ms = u64::try_from(end.since(earlier.started_at)).unwrap_or(0);
        for side in Side::BOTH {
            *stored.requests.get_mut(side) += earlier.requests.get(side);
        }
        tx.run("DELETE FROM pass WHERE id = ?1", [id])?;
    }
    tx.run(
        "INSERT OR REPLACE INTO pass (id, idle, summary) VALUES (?1, ?2, ?3)",
        params![stored.pass.0, idle, json(&stored)?],
    )?;
    Ok(summary)
}

pub(super) fn passes(conn: &Connection, limit: u32) -> Res<Vec<PassSummary>> {
    rows(
        conn,
        "SELECT idle, summary FROM pass ORDER BY id DESC LIMIT ?1",
        [limit],
        |row| {
            let mut summary: PassSummary = json_at(row, "summary")?;
            match row.get::<_, i64>("idle")? {
                0 => {}
                1 => summary.because = "1 idle pass".into(),
                run => summary.because = format!("{run} idle passes"),
            }
            Ok(summary)
        },
    )
}
