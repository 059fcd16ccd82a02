//! Whether anything has happened to records, links, conflicts, writes or what operators ask for: what would be found
//! among them is found again as long as nothing has.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;

/// The tables that say which record may be whose pair. Each has a row id, without which SQLite tells nothing.
const TABLES: [&str; 5] = ["snapshot", "link", "conflict", "intent", "action"];

/// Rows of these tables that one connection has changed since it was opened.
#[derive(Clone, Default)]
pub(super) struct Changes(Arc<AtomicU64>);

impl Changes {
    /// Counts on this connection from now on.
    pub(super) fn of(conn: &mut Connection) -> rusqlite::Result<Self> {
        let changes = Self::default();
        let count = Arc::clone(&changes.0);
        conn.update_hook(Some(move |_, _: &str, table: &str, _| {
            if TABLES.contains(&table) {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }))?;
        Ok(changes)
    }

    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Takes back what was counted since: it changes nothing that anybody looks for.
    pub(super) fn back_to(&self, count: u64) {
        self.0.store(count, Ordering::Relaxed);
    }
}

/// A state of these tables. Where it is as it was, they are too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// By this connection.
    pub(super) here: u64,
    /// By any other.
    pub(super) elsewhere: i64,
}
