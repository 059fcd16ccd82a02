//! The schema: an ordered list of migrations, appended and never edited.

use rusqlite::{Connection, TransactionBehavior};

/// Marks the file as a cache of couplet: `cplt`.
pub(super) const APPLICATION_ID: i32 = 0x6370_6c74;

/// Each step brings the schema from its index to the next; `user_version` counts the steps taken.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("schema/0001.sql"),
    include_str!("schema/0002.sql"),
    include_str!("schema/0003.sql"),
    include_str!("schema/0004.sql"),
    include_str!("schema/0005.sql"),
    include_str!("schema/0006.sql"),
    include_str!("schema/0007.sql"),
    include_str!("schema/0008.sql"),
    include_str!("schema/0009.sql"),
    include_str!("schema/0010.sql"),
    include_str!("schema/0011.sql"),
];

/// The newest schema that this program knows.
pub(super) const NEWEST: i64 = MIGRATIONS.len() as i64;

/// Takes the steps that are missing, each in a transaction of its own, so that one cut short is taken again.
pub(super) fn migrate(conn: &mut Connection) -> rusqlite::Result<()> {
    migrate_to(conn, NEWEST)
}

fn migrate_to(conn: &mut Connection, to: i64) -> rusqlite::Result<()> {
    loop {
        // the version is read under the write lock: two processes may start at once
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let at = version(&tx)?;
        if at >= to {
            return Ok(());
        }
        let step = MIGRATIONS[usize::try_from(at).unwrap_or(0)];
        tx.execute_batch(step)?;
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        tx.pragma_update(None, "user_version", at + 1)?;
        tx.commit()?;
    }
}

/// How many steps the file has taken.
pub(super) fn version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.pragma_query_value(None, "user_version", |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_applies_from_empty_to_the_newest() {
        let mut conn = Connection::open_in_memory().unwrap();
        for step in 1..=NEWEST {
            migrate_to(&mut conn, step).unwrap();
            assert_eq!(version(&conn).unwrap(), step);
        }
        migrate(&mut conn).unwrap();
        assert_eq!(version(&conn).unwrap(), NEWEST);
        let check: String = conn
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(check, "ok");
    }

    #[test]
    fn every_table_is_strict() {
        let mut conn = Connection::open_in_memory().unwrap();
        migrate(&mut conn).unwrap();
        let loose: i64 = conn
            .query_row(
                "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table' \
                 AND strict = 0 AND name NOT LIKE 'sqlite_%'",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(loose, 0);
    }
}
