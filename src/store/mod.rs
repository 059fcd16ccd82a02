//! The cache: snapshots, links, conflicts, outbox, actions, log, errors and search, in one SQLite file a
//! workspace. No SQL stands outside this folder, and no rusqlite type in its public face.
//!
//! Verbs are those of the domain, each one transaction. Each mutating verb of a pass takes the [`Fence`](crate::model::Fence) of the
//! lease under which it runs, and is refused with [`StoreError::LeaseLost`] when another holder has come since.

mod actions;
mod alerts;
mod beside;
mod board;
mod changes;
mod commit;
mod conflicts;
mod convert;
mod copy;
mod db;
mod detail;
mod echoes;
mod ends;
mod error;
mod errors;
mod exchanges;
mod fill;
mod forget;
mod gone;
mod hints;
mod known;
mod late;
mod lease;
mod links;
mod load;
mod log;
mod outbox;
mod page;
mod pairs;
mod policies;
mod presence;
mod reader;
mod refresh;
mod rules;
mod schema;
mod search;
mod sieve;
mod slots;
mod snapshots;
mod status;
#[cfg(test)]
pub(crate) mod tests;
mod types;
mod undo;
mod writer;

pub use board::{BoardDays, COUNTED, TaskBoard};
pub use changes::Moment;
pub use echoes::Echo;
pub use error::{Barred, StoreError};
pub use fill::Filled;
pub use hints::HintTaken;
pub use known::Known;
pub use lease::RESTORED;
pub use reader::Reader;
pub use rules::RULES_SINCE;
pub use slots::SqliteSlots;
pub use status::backfill_note;
pub use types::{
    ConflictUpdate, ContactDetail, ContactQuery, Lease, LinkOutcome, Lookup, Match, Seen, SeenAs,
    TaskQuery, Totals,
};
pub use writer::Writer;
