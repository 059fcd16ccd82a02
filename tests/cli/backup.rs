//! Copies of the database, and what becomes of one that is put back.

use std::os::unix::fs::PermissionsExt as _;

use couplet::clock::Clock;
use couplet::model::Holder;
use couplet::store::{Lease, RESTORED, Writer};
use serde_json::{Value as Json, json};

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
fn a_restored_database_is_known_and_reads_both_sides_in_full_before_it_deletes() {
    let clock = Clock::system();
    for as_a_backup in [true, false] {
        let (sandbox, user) = Sandbox::start();
        user.pass();
        user.pass();
        let restored = || {
            let writer = Writer::open(&user.database(), &clock).unwrap();
            writer.note(RESTORED).unwrap()
        };
        let copy = user.home.path().join("copy.db");
        if as_a_backup {
            user.done(&format!("backup {}", copy.display()));
        } else {
            std::fs::copy(user.database(), &copy).unwrap();
        }
        let idle = user.pass();
        let gone = user.in_step()[0].clone();
        assert_eq!(restored(), None);
        put_back(&user, &copy);
        let path = gone["growbots_id"].as_str().unwrap();
        let path = format!("/records/growbots/contact/{path}");
        sandbox.ask("DELETE", &path, &json!(null));

        let fence = {
            let us = Holder {
                operator: "dana".into(),
                host: rustix::system::uname()
                    .nodename()
                    .to_string_lossy()
                    .into_owned(),
                pid: std::process::id(),
                since: clock.now(),
            };
            let mut writer = Writer::open(&user.database(), &clock).unwrap();
            let Lease::Ours(fence) = writer.acquire(&us).unwrap() else {
                panic!("somebody holds the lease")
            };
            writer.release(fence).unwrap();
            fence
        };
        // Three passes before it was put back, and one holder more.
        assert!(fence.0 >= 4, "{fence}, backup: {as_a_backup}");
        assert!(restored().is_some(), "backup: {as_a_backup}");

        let pass = user.pass();
        let asked = |pass: &Json| pass["requests"]["growbots"].as_u64().unwrap();
        assert!(asked(&pass) > asked(&idle) + 3, "{pass} after {idle}");
        assert_eq!(restored(), None);
        user.pass();
        let links = user.json("links list --json");
        let mut links = links.as_array().unwrap().iter();
        let is_held =
            links.any(|row| row["ghl_id"] == gone["ghl_id"] && row["state"] == "conflict");
        let there = sandbox.record("ghl", "contact", &gone["ghl_id"]);
        assert!(there.is_null() || is_held, "{there}");
    }
}
