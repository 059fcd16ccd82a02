//! What webhooks told, each once.

use rusqlite::params;

use crate::model::{End, Fence, Happened, Hint, HintId, LinkId, Side};

use super::convert::{json, json_at, rows};
use super::{StoreError, Writer};

/// How long an event is remembered: longer than either side repeats one (`facts/growbots.md` 6 asks for 4 days).
const REMEMBERED_MS: i64 = 5 * 24 * 3_600_000;
/// Hints that may wait; more says that nobody carries them out.
const WAITING: i64 = 100_000;

/// What became of a hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HintTaken {
    /// Stored.
    New,
    /// Was there already.
    Repeated,
    /// Too many wait.
    Full,
}

impl Writer {
    /// Stores a hint, unless the same event was told before. Needs no lease.
    pub fn take_hint(&mut self, hint: &Hint) -> Result<HintTaken, StoreError> {
        self.write("take_hint", |tx| {
            let waiting: i64 = tx.conn.query_row(
                "SELECT count(*) FROM (SELECT 1 FROM hint WHERE done = 0 LIMIT ?1)",
                [WAITING],
                |row| row.get(0),
            )?;
            if waiting >= WAITING {
                return Ok(HintTaken::Full);
            }
            let new = tx.run(
                "INSERT OR IGNORE INTO hint (side, event, at, hint) VALUES (?1, ?2, ?3, ?4)",
                params![hint.side.name(), hint.event, tx.now.0, json(hint)?],
            )?;
            Ok(if new == 1 {
                HintTaken::New
            } else {
                HintTaken::Repeated
            })
        })
    }

    /// Asks for both ends of records to be read with the next pass, as webhooks would. Needs no lease.
    pub fn read_again(&mut self, links: &[LinkId]) -> Result<(), StoreError> {
        for link in links {
            let Some(linked) = self.linked(*link)? else {
                continue;
            };
            let now = self.now();
            let seen = linked.ends.as_ref().map(End::last_seen);
            for end in Side::BOTH.into_iter().filter_map(|side| *seen.get(side)) {
                self.take_hint(&Hint {
                    side: end.side,
                    event: format!("asked {} {}", end.id, now.0),
                    kind: linked.kind,
                    id: end.id.clone(),
                    parent: None,
                    what: Happened::Moved,
                })?;
            }
        }
        Ok(())
    }

    /// Hints that wait, oldest first.
    pub fn pending_hints(&self, limit: u32) -> Result<Vec<(HintId, Hint)>, StoreError> {
        rows(
            &self.conn,
            "SELECT id, hint FROM hint WHERE done = 0 ORDER BY id LIMIT ?1",
            [limit],
            |row| Ok((HintId(row.get("id")?), json_at(row, "hint")?)),
        )
        .map_err(|fault| fault.at("pending_hints"))
    }

    /// Hints that were followed. Those of long ago are forgotten.
    pub fn finish_hints(&mut self, fence: Fence, hints: &[HintId]) -> Result<(), StoreError> {
        self.fenced("finish_hints", fence, |tx| {
            for hint in hints {
                tx.run("UPDATE hint SET done = 1 WHERE id = ?1", [hint.0])?;
            }
            tx.run(
                "DELETE FROM hint WHERE done = 1 AND at < ?1",
                [tx.now.plus(-REMEMBERED_MS).0],
            )?;
            Ok(())
        })
    }
}
