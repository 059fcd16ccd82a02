//! How many open tasks each view of the tasks has, and who tasks are for.

use rusqlite::{Connection, params};

use crate::model::Millis;

use super::convert::rows;
use super::error::Res;
use super::{Reader, StoreError};

/// Rows that a count looks at: beyond that it says "or more".
pub const COUNTED: u64 = 5_000;
/// Users that a list of them has at most.
const PEOPLE: u32 = 40;

/// What the heads of the tasks list say. A count of [`COUNTED`] means so many or more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskBoard {
    /// Open ones of the operator.
    pub mine: u64,
    /// Open ones that were due before today.
    pub overdue: u64,
    /// Open ones that are due today.
    pub today: u64,
    /// Open ones that are due today or in the six days after.
    pub week: u64,
    /// Whom tasks are for and contacts belong to, the most frequent first.
    pub people: Vec<String>,
}

/// The days of the operator that a board is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardDays {
    /// Start of today.
    pub today: Millis,
    /// Start of tomorrow.
    pub tomorrow: Millis,
    /// Start of the day in a week.
    pub week: Millis,
}

impl Reader {
    /// The heads of the tasks list for an operator, who is known by e-mail or by what stands before its `@`. Cost: at
    /// most [`COUNTED`] index entries a count.
    pub fn task_board(&self, me: &str, days: &BoardDays) -> Result<TaskBoard, StoreError> {
        self.read("task_board", |conn| {
            let due = |from: i64, until: i64| {
                count(
                    conn,
                    "SELECT count(*) FROM (SELECT 1 FROM task WHERE completed = 0 AND due >= ?1 AND due < ?2 LIMIT ?3)",
                    params![from, until, COUNTED as i64],
                )
            };
            Ok(TaskBoard {
                mine: mine(conn, me)?,
                overdue: due(i64::MIN, days.today.0)?,
                today: due(days.today.0, days.tomorrow.0)?,
                week: due(days.today.0, days.week.0)?,
                people: people(conn)?,
            })
        })
    }
}

fn count(conn: &Connection, sql: &str, values: impl rusqlite::Params) -> Res<u64> {
    let n: i64 = conn
        .prepare_cached(sql)?
        .query_row(values, |row| row.get(0))?;
    Ok(n.unsigned_abs())
}

fn mine(conn: &Connection, me: &str) -> Res<u64> {
    count(
        conn,
        "SELECT count(*) FROM (SELECT assignee FROM task WHERE completed = 0 LIMIT ?2) \
         WHERE lower(assignee) = lower(?1) OR instr(lower(assignee), lower(?1) || '@') = 1",
        params![me, COUNTED as i64],
    )
}

fn people(conn: &Connection) -> Res<Vec<String>> {
    rows(
        conn,
        "SELECT who FROM (SELECT assignee AS who FROM (SELECT assignee FROM task WHERE completed = 0 LIMIT ?1) \
         UNION ALL SELECT owner FROM (SELECT owner FROM contact LIMIT ?1)) \
         WHERE who <> '' GROUP BY who ORDER BY count(*) DESC, who LIMIT ?2",
        params![COUNTED as i64, PEOPLE],
        |row| Ok(row.get(0)?),
    )
}
