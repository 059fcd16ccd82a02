//! Copies of the database, and what becomes of one that is put back.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use crate::user::{Sandbox, User, said};

fn put_back(user: &User, copy: &std::path::Path) {
    for ending in ["db", "db-wal", "db-shm"] {
        drop(std::fs::remove_file(
            user.data().join(format!("default.{ending}")),
        ));
    }
    std::fs::copy(copy, user.database()).unwrap();
}

#[test]
fn a_backup_is_for_its_owner_only_and_replaces_nothing() {
    let (_sandbox, user) = Sandbox::start();
    user.pass();
    let copy = user.home.path().join("copy.db");
    let line = format!("backup {}", copy.display());
    user.done(&line);
    let mode = std::fs::metadata(&copy).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let again = user.run(&line);
    assert_eq!(again.status.code(), Some(1), "{}", said(&again));
    assert!(
        said(&again).contains("is there already"),
        "{}",
        said(&again)
    );
}

#[test]
fn a_restored_database_reads_both_sides_in_full_before_it_deletes() {
    for as_a_backup in [true, false] {
        let (sandbox, user) = Sandbox::start();
        user.pass();
        user.pass();
        let copy = user.home.path().join("copy.db");
        if as_a_backup {
            user.done(&format!("backup {}", copy.display()));
        } else {
            std::fs::copy(user.database(), &copy).unwrap();
        }
        let gone = &user.in_step()[0];
        let path = format!(
            "/records/growbots/contact/{}",
            gone["growbots_id"].as_str().unwrap()
        );
        user.pass();
        put_back(&user, &copy);
        sandbox.ask("DELETE", &path, &json!(null));
        // No side answers its lists now: the delete is known from the feed, and must wait.
        let faults =
            json!({"ghl": {"http_500": 1.0, "only": ["POST /contacts/search"]}, "growbots": {}});
        sandbox.ask("PUT", "/faults", &faults);
        user.run("sync --once --json");
        let there = sandbox.record("ghl", "contact", &gone["ghl_id"]);
        assert_ne!(
            there,
            json!(null),
            "deleted before the sweep, backup: {as_a_backup}"
        );
        sandbox.ask("PUT", "/faults", &json!({"ghl": {}, "growbots": {}}));
        let pass = user.pass();
        assert!(
            pass["requests"]["growbots"].as_u64().unwrap() > 4,
            "no full reading: {pass}"
        );
        user.pass();
        let state = user.json("links list --json");
        let mine = state
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["ghl_id"] == gone["ghl_id"]);
        let is_held = mine.is_some_and(|row| row["state"] == "conflict");
        let there = sandbox.record("ghl", "contact", &gone["ghl_id"]);
        assert!(there.is_null() || is_held, "{there}");
    }
}
