//! A consistent copy of the database, for a dry run or a backup.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::model::Millis;

use super::{
    StoreError,
    db::{self, Tx},
    error::Res,
    lease, outbox, status,
};

/// Copies to a file that is not there yet, mode 0600. In the copy nobody holds the lease, what was on its way has an
/// unknown end, and intents made from now on have keys of their own: a copy that goes on beside the original, or
/// in its place, must not use the same keys for other writes.
///
/// A backup knows that it is one: whoever first takes its lease has a restored database.
pub(super) fn copy_to(
    conn: &Connection,
    path: &Path,
    now: Millis,
    is_backup: bool,
) -> Result<(), StoreError> {
    if path.exists() {
        return Err(StoreError::Open {
            path: path.into(),
            source: "it is there already".into(),
        });
    }
    db::make_file(path).map_err(|source| StoreError::Open {
        path: path.into(),
        source: Box::new(source),
    })?;
    let copy = || -> Res<()> {
        let name = path.to_string_lossy();
        conn.execute("VACUUM INTO ?1", [&*name])?;
        let mut copy = Connection::open(path)?;
        let tx = copy.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // nothing is sent from here
        let work = Tx {
            conn: &tx,
            now,
            ticks: 0,
        };
        lease::release(&work)?;
        outbox::lose_sending(&work)?;
        status::new_database_id(&work)?;
        if is_backup {
            status::put_meta(&work, status::BACKUP, "yes")?;
        }
        tx.commit()?;
        Ok(())
    };
    copy().map_err(|fault| {
        // half a copy is no copy; that it cannot be removed says less than why it failed
        drop(std::fs::remove_file(path));
        fault.at("copy_to")
    })
}
