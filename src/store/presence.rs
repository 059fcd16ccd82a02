//! Who is at work on which conflict: what colleagues see of each other, and what became of an answer of theirs.

use rusqlite::{Connection, params};

use crate::model::{Action, Answer, Cause, ConflictId, Looking, Millis, Settled};

use super::{
    Reader, StoreError, Writer, conflicts,
    convert::{first, json_at, rows, time_or_none},
    error::Res,
    undo,
};

/// How long somebody is said to look after the last sign of it: a dashboard that died says nothing more.
const LOOKS_MS: i64 = 10 * 60_000;

impl Writer {
    /// Notes which conflict an operator has open; `None`: none any more. One for each operator, the latest. Needs no
    /// lease.
    pub fn look(&mut self, operator: &str, conflict: Option<ConflictId>) -> Result<(), StoreError> {
        self.write("look", |tx| {
            match conflict {
                Some(conflict) => tx.run(
                    "INSERT OR REPLACE INTO presence (operator, conflict, at) VALUES (?1, ?2, ?3)",
                    params![operator, conflict.0, tx.now.0],
                )?,
                None => tx.run("DELETE FROM presence WHERE operator = ?1", [operator])?,
            };
            tx.run(
                "DELETE FROM presence WHERE at < ?1",
                [tx.now.plus(-LOOKS_MS).0],
            )?;
            Ok(())
        })
    }
}

/// Who has a conflict open now.
pub(super) fn looking(conn: &Connection, now: Millis) -> Res<Vec<Looking>> {
    rows(
        conn,
        "SELECT operator, conflict FROM presence WHERE at >= ?1 ORDER BY operator",
        [now.plus(-LOOKS_MS).0],
        |row| {
            Ok(Looking {
                operator: row.get("operator")?,
                conflict: ConflictId(row.get("conflict")?),
            })
        },
    )
}

/// Who answered a conflict last, how and when.
struct Given {
    operator: String,
    at: Option<Millis>,
    answers: Vec<Answer>,
    note: Option<String>,
}

fn given(conn: &Connection, id: ConflictId) -> Res<Option<Given>> {
    first(
        conn,
        "SELECT operator, done_at, action FROM action WHERE action ->> '$.action' = 'resolve' \
         AND action ->> '$.conflict' = ?1 AND outcome ->> '$.outcome' = 'done' ORDER BY id DESC LIMIT 1",
        [id.0],
        |row| {
            let (answers, note) = match json_at(row, "action")? {
                Action::Resolve { answers, note, .. } => (answers, note),
                _ => (Vec::new(), None),
            };
            Ok(Given {
                operator: row.get("operator")?,
                at: time_or_none(row, "done_at")?,
                answers,
                note,
            })
        },
    )
}

impl Reader {
    /// What became of a conflict: who answered it last and how, and the latest write that came of it; `None` where
    /// there is no such conflict any more.
    pub fn settled(&self, id: ConflictId) -> Result<Option<Settled>, StoreError> {
        self.read("settled", |conn| {
            let Some(conflict) = conflicts::get(conn, id)? else {
                return Ok(None);
            };
            let given = given(conn, id)?;
            let of_it = |cause: &Cause| {
                matches!(cause, Cause::Decision { conflict, .. } if *conflict == id)
            };
            let written = undo::written(conn, conflict.link)?;
            let mut written = written.iter();
            let write = written.find(|line| line.cause.as_ref().is_some_and(of_it));
            let write = write.map(|line| line.entry.id);
            let (by, at, answers, note) = match given {
                Some(given) => (Some(given.operator), given.at, given.answers, given.note),
                None => (conflict.decided_by.clone(), None, Vec::new(), None),
            };
            Ok(Some(Settled {
                conflict,
                by,
                at,
                answers,
                note,
                write,
            }))
        })
    }
}
