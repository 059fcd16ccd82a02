//! What operators ask for, as rows that the lease holder carries out.

use rusqlite::{Connection, params};

use crate::model::{Action, ActionId, ActionOutcome};

use super::{
    convert::{first, json, json_at, rows},
    db::Tx,
    error::Res,
};

pub(super) fn submit(tx: &Tx<'_>, operator: &str, action: &Action) -> Res<ActionId> {
    tx.run(
        "INSERT INTO action (operator, at, action) VALUES (?1, ?2, ?3)",
        params![operator, tx.now.0, json(action)?],
    )?;
    Ok(ActionId(tx.conn.last_insert_rowid()))
}

pub(super) fn pending(conn: &Connection) -> Res<Vec<(ActionId, String, Action)>> {
    rows(
        conn,
        "SELECT id, operator, action FROM action WHERE outcome IS NULL ORDER BY id",
        [],
        |row| {
            Ok((
                ActionId(row.get("id")?),
                row.get("operator")?,
                json_at(row, "action")?,
            ))
        },
    )
}

/// How an action ended, and what it was; `None` while it waits.
pub(super) fn ended(conn: &Connection, action: ActionId) -> Res<Option<(Action, ActionOutcome)>> {
    first(
        conn,
        "SELECT action, outcome FROM action WHERE id = ?1 AND outcome IS NOT NULL",
        [action.0],
        |row| Ok((json_at(row, "action")?, json_at(row, "outcome")?)),
    )
}

pub(super) fn finish(tx: &Tx<'_>, action: ActionId, outcome: &ActionOutcome) -> Res<()> {
    tx.run(
        "UPDATE action SET outcome = ?2, done_at = ?3 WHERE id = ?1 AND outcome IS NULL",
        params![action.0, json(outcome)?, tx.now.0],
    )?;
    Ok(())
}
