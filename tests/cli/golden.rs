//! Databases of every schema so far, small and real: each is opened, brought up to date, and says what it said.
//!
//! A file is named for its schema, is added before a schema is released, and is never made anew: it is what a user of
//! that version has on disk.

use couplet::clock::Clock;
use couplet::store::Writer;

use crate::user::User;

#[test]
fn a_database_of_every_schema_is_brought_up_to_date_and_loses_nothing() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    let newest = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/schema"))
        .unwrap()
        .count();
    assert!(!files.is_empty());
    for file in &files {
        let made_by: i64 = file.file_stem().unwrap().to_str().unwrap().parse().unwrap();
        let user = User::new();
        std::fs::create_dir_all(user.data()).unwrap();
        std::fs::copy(file, user.database()).unwrap();
        let look = || rusqlite::Connection::open(user.database()).unwrap();
        let version = |conn: &rusqlite::Connection| -> i64 {
            conn.pragma_query_value(None, "user_version", |row| row.get(0))
                .unwrap()
        };
        assert_eq!(version(&look()), made_by, "{}", file.display());
        drop(Writer::open(&user.database(), &Clock::system()).unwrap());
        let conn = look();
        assert_eq!(version(&conn), newest as i64, "{}", file.display());
        let sound: String = conn
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(sound, "ok", "{}", file.display());
        drop(conn);
        let contacts = user.json("contacts list --json");
        assert_eq!(
            contacts[0]["email"],
            "ann@golden.example",
            "{}: {contacts}",
            file.display()
        );
        assert_eq!(contacts[0]["state"], "conflict", "{}", file.display());
        let conflicts = user.json("conflicts list --json");
        assert_eq!(conflicts[0]["reason"], "delete_edit", "{}", file.display());
        let log = user.json("log list --json");
        assert_eq!(log[0]["cause"], "GHL changed it", "{}", file.display());
    }
}
