//! Places in the burst windows, in a small database file of its own that all processes share, so that a long write
//! of the engine holds no request back.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, params};

use crate::model::{Millis, Side, Slots, SlotsError, Taken};

use super::db;

/// A request whose answer never came (a killed process) has ended by then.
const REQUEST_MS: i64 = 10_000;
/// When to ask again where a place waits for an answer that is due.
const SOON_MS: i64 = 50;
/// Requests are counted by minutes, for the day.
const MINUTE_MS: i64 = 60_000;
const KEPT_MS: i64 = 2 * 86_400_000;
/// Waits for the file, of a millisecond each.
const MOST_WAITS: i32 = 5_000;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS slot (
    id INTEGER PRIMARY KEY AUTOINCREMENT, side TEXT NOT NULL, sent INTEGER NOT NULL, window INTEGER NOT NULL,
    answered INTEGER NOT NULL DEFAULT 0, freed INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS slot_freed ON slot (side, freed);
CREATE TABLE IF NOT EXISTS sent (
    side TEXT NOT NULL, minute INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (side, minute)
) STRICT, WITHOUT ROWID;
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

/// Frees what is over. Where the clock was set back, a place would be taken for as long as that: no place is taken
/// for longer than a request and two windows from now.
fn tidy(conn: &Connection, side: Side, now: Millis) -> rusqlite::Result<()> {
    conn.prepare_cached("DELETE FROM slot WHERE side = ?1 AND freed <= ?2")?
        .execute(params![side.name(), now.0])?;
    conn.prepare_cached(
        "UPDATE slot SET sent = ?2, freed = ?2 + window + ?3 * (answered = 0) \
         WHERE side = ?1 AND freed > ?2 + 2 * window + ?3",
    )?
    .execute(params![side.name(), now.0, REQUEST_MS])?;
    Ok(())
}

/// Places in use at `now`, and when to look again for the next. One that waits for its answer is freed a window
/// after that; at the earliest a window after it was sent.
fn in_use(conn: &Connection, side: Side, now: Millis) -> rusqlite::Result<(u32, Option<Millis>)> {
    conn.prepare_cached(
        "SELECT count(*), min(iif(answered, freed, max(freed - ?3, ?2 + ?4))) FROM slot \
         WHERE side = ?1 AND freed > ?2",
    )?
    .query_row(params![side.name(), now.0, REQUEST_MS, SOON_MS], |row| {
        Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?.map(Millis)))
    })
}

impl Slots for SqliteSlots {
    fn take(
        &self,
        side: Side,
        limit: u32,
        window_ms: u32,
        now: Millis,
    ) -> Result<Taken, SlotsError> {
        let window = i64::from(window_ms);
        self.write(|conn| {
            tidy(conn, side, now)?;
            let (used, next) = in_use(conn, side, now)?;
            if used >= limit {
                return Ok(Taken::Wait(next.unwrap_or(now.plus(window.max(SOON_MS)))));
            }
            conn.prepare_cached(
                "INSERT INTO slot (side, sent, window, freed) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![
                side.name(),
                now.0,
                window,
                now.plus(window + REQUEST_MS).0
            ])?;
            let slot = conn.last_insert_rowid();
            let minute = now.0.div_euclid(MINUTE_MS);
            let fresh = conn
                .prepare_cached(
                    "INSERT INTO sent (side, minute, n) VALUES (?1, ?2, 1) \
                     ON CONFLICT DO UPDATE SET n = n + 1 RETURNING n",
                )?
                .query_row(params![side.name(), minute], |row| row.get::<_, i64>(0))?;
            if fresh == 1 {
                conn.prepare_cached("DELETE FROM sent WHERE side = ?1 AND minute < ?2")?
                    .execute(params![
                        side.name(),
                        now.plus(-KEPT_MS).0.div_euclid(MINUTE_MS)
                    ])?;
            }
            Ok(Taken::Go(slot))
        })
    }

    fn release(&self, slot: i64, window_ms: u32, now: Millis) -> Result<(), SlotsError> {
        self.write(|conn| {
            conn.prepare_cached("UPDATE slot SET answered = 1, freed = ?2 WHERE id = ?1")?
                .execute(params![slot, now.plus(i64::from(window_ms)).0])?;
            Ok(())
        })
    }

    fn in_use(&self, side: Side, now: Millis) -> Result<(u32, Option<Millis>), SlotsError> {
        let conn = self.conn.lock().unwrap_or_else(PoisonError::into_inner);
        in_use(&conn, side, now).map_err(fault)
    }

    fn sent_since(&self, side: Side, since: Millis) -> Result<u64, SlotsError> {
        let conn = self.conn.lock().unwrap_or_else(PoisonError::into_inner);
        let count = || {
            conn.prepare_cached("SELECT sum(n) FROM sent WHERE side = ?1 AND minute >= ?2")?
                .query_row(params![side.name(), since.0.div_euclid(MINUTE_MS)], |row| {
                    row.get::<_, Option<i64>>(0)
                })
                .optional()
        };
        let sum = count().map_err(fault)?.flatten().unwrap_or(0);
        Ok(u64::try_from(sum).unwrap_or(0))
    }
}
