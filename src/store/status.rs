//! Small things that are kept: notes, the status of the loop, totals, the bars of the Rates chart.

use rusqlite::{Connection, params};

use crate::model::{Kind, LinkState, LoopStatus, Millis, RateBar, Side};

use super::{
    Totals,
    convert::{first, json, rows, text_at},
    db::Tx,
    error::{Fault, Res},
};

/// There in a backup until somebody takes its lease.
pub(super) const BACKUP: &str = "backup";
/// The number of the pass that began last.
pub(super) const LAST_PASS: &str = "last_pass";
/// Why it ran.
pub(super) const PASS_BECAUSE: &str = "pass_because";
const DATABASE_ID: &str = "database_id";
const STATUS: &str = "status";
const DAY_MS: i64 = 86_400_000;

pub(super) fn meta(conn: &Connection, name: &str) -> Res<Option<String>> {
    first(
        conn,
        "SELECT text FROM meta WHERE name = ?1",
        [name],
        |row| Ok(row.get(0)?),
    )
}

pub(super) fn put_meta(tx: &Tx<'_>, name: &str, text: &str) -> Res<()> {
    tx.run(
        "INSERT INTO meta (name, text) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET text = excluded.text",
        [name, text],
    )?;
    Ok(())
}

/// Takes a fact about the file away.
pub(super) fn drop_meta(tx: &Tx<'_>, name: &str) -> Res<()> {
    tx.run("DELETE FROM meta WHERE name = ?1", [name])?;
    Ok(())
}

/// Gives the database a name of its own, unless it has one.
pub(super) fn ensure_database_id(tx: &Tx<'_>) -> Res<()> {
    if meta(tx.conn, DATABASE_ID)?.is_none() {
        new_database_id(tx)?;
    }
    Ok(())
}

/// Gives the database another name: a copy must not use the keys of the original for its own writes.
pub(super) fn new_database_id(tx: &Tx<'_>) -> Res<()> {
    let id = format!("{:032x}", fastrand::u128(..));
    put_meta(tx, DATABASE_ID, &id)
}

/// The name of this database, for the keys of intents.
pub(super) fn database_id(conn: &Connection) -> Res<String> {
    meta(conn, DATABASE_ID)?.ok_or_else(|| Fault::Unreadable("the database has no id".into()))
}

pub(super) fn note(conn: &Connection, name: &str) -> Res<Option<String>> {
    first(
        conn,
        "SELECT text FROM note WHERE name = ?1",
        [name],
        |row| Ok(row.get(0)?),
    )
}

pub(super) fn put_note(tx: &Tx<'_>, name: &str, text: Option<&str>) -> Res<()> {
    match text {
        Some(text) => tx.run(
            "INSERT INTO note (name, text) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET text = excluded.text",
            [name, text],
        )?,
        None => tx.run("DELETE FROM note WHERE name = ?1", [name])?,
    };
    Ok(())
}

/// The note that says `true` once a side was read in full.
pub fn backfill_note(side: Side) -> String {
    format!("backfill.{}", side.name())
}

pub(super) fn is_backfilled(conn: &Connection) -> Res<bool> {
    for side in Side::BOTH {
        if note(conn, &backfill_note(side))?.as_deref() != Some("true") {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(super) fn status(conn: &Connection) -> Res<LoopStatus> {
    let text = meta(conn, STATUS)?;
    Ok(text.map_or_else(
        || Ok(LoopStatus::default()),
        |text| serde_json::from_str(&text),
    )?)
}

/// The text of a status, to see whether it is another one.
pub(super) fn status_text(status: &LoopStatus) -> Res<String> {
    json(status)
}

/// Whether the stored status is this one.
pub(super) fn is_status(conn: &Connection, text: &str) -> Res<bool> {
    Ok(meta(conn, STATUS)?.as_deref() == Some(text))
}

pub(super) fn put_status(tx: &Tx<'_>, text: &str) -> Res<()> {
    put_meta(tx, STATUS, text)
}

pub(super) fn totals(conn: &Connection) -> Res<Totals> {
    let mut totals = Totals::default();
    rows(conn, "SELECT name, n FROM tally", [], |row| {
        let n = u64::try_from(row.get::<_, i64>("n")?).unwrap_or(0);
        match text_at(row, "name")? {
            "tasks_open" => totals.tasks_open = n,
            "conflicts_open" => totals.conflicts_open = n,
            "conflicts_undecided" => totals.conflicts_undecided = n,
            "errors_open" => totals.errors_open = n,
            "waiting" => totals.waiting = n,
            "held" => totals.held = n,
            name => {
                if let Some(kind) = Kind::ALL
                    .iter()
                    .find(|kind| name.strip_prefix("link.") == Some(kind.name()))
                {
                    totals.links.insert(*kind, n);
                } else if let Some(state) = LinkState::ALL
                    .iter()
                    .find(|state| name.strip_prefix("contact.") == Some(state.name()))
                {
                    totals.contacts.insert(*state, n);
                }
            }
        }
        Ok(())
    })?;
    Ok(totals)
}

pub(super) fn add_rates(tx: &Tx<'_>, side: Side, bar: RateBar) -> Res<()> {
    let at = bar.at.0.div_euclid(30_000) * 30_000;
    tx.run(
        "INSERT INTO rate (side, at, ours, others, throttled) VALUES (?1, ?2, ?3, ?4, ?5) \
         ON CONFLICT DO UPDATE SET ours = ours + excluded.ours, others = others + excluded.others, \
         throttled = throttled + excluded.throttled",
        params![side.name(), at, bar.ours, bar.others, bar.throttled],
    )?;
    tx.run(
        "DELETE FROM rate WHERE side = ?1 AND at < ?2",
        params![side.name(), tx.now.plus(-DAY_MS).0],
    )?;
    Ok(())
}

pub(super) fn rates(conn: &Connection, side: Side, since: Millis) -> Res<Vec<RateBar>> {
    rows(
        conn,
        "SELECT at, ours, others, throttled FROM rate WHERE side = ?1 AND at >= ?2 ORDER BY at",
        params![side.name(), since.0],
        |row| {
            Ok(RateBar {
                at: Millis(row.get("at")?),
                ours: row.get("ours")?,
                others: row.get("others")?,
                throttled: row.get("throttled")?,
            })
        },
    )
}
