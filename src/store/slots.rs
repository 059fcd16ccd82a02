//! Places in the burst windows, in a small database file of its own that all processes share, so that a long write
//! of the engine holds no request back.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, params};

use crate::model::{Millis, Sent, Side, Slots, SlotsError, Taken};

use super::db;

/// A request whose answer never came (a killed process) has ended by then.
const REQUEST_MS: i64 = 10_000;
/// When to ask again where a place waits for an answer that is due.
const SOON_MS: i64 = 50;
/// Requests are counted by spans of five minutes, for the day.
const SPAN_MS: i64 = 300_000;
const KEPT_MS: i64 = 2 * 86_400_000;
/// Waits for the file, of a millisecond each.
const MOST_WAITS: i32 = 5_000;

/// `place`: times are ticks; `freed` is when it is free at the latest until `answered` is known. `spent`: by span of
/// wall time. The two tables that are dropped kept wall time and minutes.
/// The index has all that a count looks at.
const SCHEMA: &str = "
DROP TABLE IF EXISTS slot;
DROP TABLE IF EXISTS sent;
DROP INDEX IF EXISTS place_freed;
CREATE TABLE IF NOT EXISTS place (
    id INTEGER PRIMARY KEY AUTOINCREMENT, side TEXT NOT NULL, sent INTEGER NOT NULL, window INTEGER NOT NULL,
    answered INTEGER, freed INTEGER NOT NULL, span INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS place_use ON place (side, freed, window, answered);
CREATE TABLE IF NOT EXISTS spent (
    side TEXT NOT NULL, span INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (side, span)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS heard (side TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
";

/// The places of all processes that use one file.
pub struct SqliteSlots {
    conn: Mutex<Connection>,
}

impl SqliteSlots {
    /// Opens or makes the file (mode 0600).
    pub fn open(path: &Path) -> Result<Self, SlotsError> {
        db::make_file(path).map_err(|error| SlotsError(Box::new(error)))?;
        let open = || -> rusqlite::Result<Connection> {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let mut conn = Connection::open_with_flags(path, flags)?;
            // the usual back-off of SQLite starves a waiter under constant contention
            conn.busy_handler(Some(wait_a_little))?;
            conn.pragma_update(None, "journal_mode", "WAL")?;
            conn.pragma_update(None, "synchronous", "NORMAL")?;
            let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            tx.execute_batch(SCHEMA)?;
            tx.commit()?;
            Ok(conn)
        };
        let conn = open().map_err(fault)?;
        Ok(Self {
            conn: Mutex::new(conn),
        })
    }

    fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, SlotsError> {
        let conn = self.conn.lock().unwrap_or_else(PoisonError::into_inner);
        work(&conn).map_err(fault)
    }

    fn write<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, SlotsError> {
        let mut conn = self.conn.lock().unwrap_or_else(PoisonError::into_inner);
        let all = || {
            let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let answer = work(&tx)?;
            tx.commit()?;
            Ok(answer)
        };
        all().map_err(fault)
    }
}

fn fault(error: rusqlite::Error) -> SlotsError {
    SlotsError(Box::new(error))
}

#[expect(
    clippy::disallowed_methods,
    reason = "SQLite asks for a wait on this thread; there is no event to wait for"
)]
fn wait_a_little(waits: i32) -> bool {
    std::thread::sleep(Duration::from_millis(1));
    waits < MOST_WAITS
}

/// Forgets what is over for a window. Ticks begin anew when the machine does, so that a place of before would be taken
/// for long: no place is taken for longer than a request and two windows from now.
fn tidy(conn: &Connection, side: Side, now: i64) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "DELETE FROM place WHERE side = ?1 AND freed <= ?2 AND freed <= ?2 - 2 * window",
    )?
    .execute(params![side.name(), now])?;
    conn.prepare_cached(
        "UPDATE place SET sent = ?2, freed = ?2 + window + ?3 * (answered IS NULL), \
         answered = iif(answered IS NULL, NULL, ?2) \
         WHERE side = ?1 AND freed > ?2 + ?3 AND freed > ?2 + 2 * window + ?3",
    )?
    .execute(params![side.name(), now, REQUEST_MS])?;
    Ok(())
}

/// Places in use at `now`, and when to look again for the next. One that waits for its answer is freed a window
/// after that; at the earliest a window after it was sent.
fn in_use(conn: &Connection, side: Side, now: i64) -> rusqlite::Result<(u32, Option<i64>)> {
    conn.prepare_cached(
        "SELECT count(*), min(iif(answered IS NULL, max(freed - ?3, ?2 + ?4), freed)) FROM place \
         WHERE side = ?1 AND freed > ?2",
    )?
    .query_row(params![side.name(), now, REQUEST_MS, SOON_MS], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

impl Slots for SqliteSlots {
    fn take(
        &self,
        side: Side,
        limit: u32,
        window_ms: u32,
        ticks: i64,
        wall: Millis,
    ) -> Result<Taken, SlotsError> {
        let window = i64::from(window_ms);
        let span = wall.0.div_euclid(SPAN_MS);
        self.write(|conn| {
            tidy(conn, side, ticks)?;
            let (used, next) = in_use(conn, side, ticks)?;
            if used >= limit {
                return Ok(Taken::Wait(next.unwrap_or(ticks + window.max(SOON_MS))));
            }
            conn.prepare_cached(
                "INSERT INTO place (side, sent, window, freed, span) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                side.name(),
                ticks,
                window,
                ticks + window + REQUEST_MS,
                span
            ])?;
            let slot = conn.last_insert_rowid();
            let fresh = conn
                .prepare_cached(
                    "INSERT INTO spent (side, span, n) VALUES (?1, ?2, 1) \
                     ON CONFLICT DO UPDATE SET n = n + 1 RETURNING n",
                )?
                .query_row(params![side.name(), span], |row| row.get::<_, i64>(0))?;
            if fresh == 1 {
                conn.prepare_cached("DELETE FROM spent WHERE side = ?1 AND span < ?2")?
                    .execute(params![side.name(), span - KEPT_MS / SPAN_MS])?;
            }
            Ok(Taken::Go(slot))
        })
    }

    fn release(&self, slot: i64, keeps_ms: u32, ticks: i64) -> Result<(), SlotsError> {
        self.write(|conn| {
            conn.prepare_cached("UPDATE place SET answered = ?2, freed = ?3 WHERE id = ?1")?
                .execute(params![slot, ticks, ticks + i64::from(keeps_ms)])?;
            Ok(())
        })
    }

    fn give_back(&self, slot: i64) -> Result<(), SlotsError> {
        self.write(|conn| {
            let place = conn
                .prepare_cached("DELETE FROM place WHERE id = ?1 RETURNING side, span")?
                .query_row([slot], |row| {
                    Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
                })
                .optional()?;
            if let Some((side, span)) = place {
                conn.prepare_cached("UPDATE spent SET n = n - 1 WHERE side = ?1 AND span = ?2")?
                    .execute(params![side, span])?;
            }
            Ok(())
        })
    }

    fn in_use(&self, side: Side, ticks: i64) -> Result<(u32, Option<i64>), SlotsError> {
        self.read(|conn| in_use(conn, side, ticks))
    }

    fn requests(&self, side: Side, since: i64) -> Result<Vec<Sent>, SlotsError> {
        self.read(|conn| {
            conn.prepare_cached(
                "SELECT sent, answered, freed FROM place WHERE side = ?1 AND sent > ?2 ORDER BY id",
            )?
            .query_map(params![side.name(), since], |row| {
                Ok(Sent {
                    at: row.get(0)?,
                    answered_at: row.get(1)?,
                    free_at: row.get(2)?,
                })
            })?
            .collect()
        })
    }

    fn sent_since(&self, side: Side, since: Millis) -> Result<u64, SlotsError> {
        let sum = self.read(|conn| {
            conn.prepare_cached("SELECT sum(n) FROM spent WHERE side = ?1 AND span >= ?2")?
                .query_row(params![side.name(), since.0.div_euclid(SPAN_MS)], |row| {
                    row.get::<_, Option<i64>>(0)
                })
        })?;
        Ok(u64::try_from(sum.unwrap_or(0)).unwrap_or(0))
    }

    fn heard(&self, side: Side) -> Result<Option<String>, SlotsError> {
        self.read(|conn| {
            conn.prepare_cached("SELECT text FROM heard WHERE side = ?1")?
                .query_row([side.name()], |row| row.get(0))
                .optional()
        })
    }

    fn put_heard(&self, side: Side, text: &str) -> Result<(), SlotsError> {
        self.write(|conn| {
            conn.prepare_cached(
                "INSERT INTO heard (side, text) VALUES (?1, ?2) \
                 ON CONFLICT DO UPDATE SET text = excluded.text",
            )?
            .execute(params![side.name(), text])?;
            Ok(())
        })
    }
}
