//! What happens to a machine: a database that is locked, damaged, newer, or put back from an older copy; a clock that is
//! wrong; a week of sleep. Each ends well or says what to do.

use std::fs;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::lab::{Lab, Ran};

fn database(lab: &Lab) -> std::path::PathBuf {
    lab.data().join("default.db")
}

fn remove_beside(lab: &Lab) {
    for ending in ["-wal", "-shm"] {
        let _none = fs::remove_file(lab.data().join(format!("default.db{ending}")));
    }
}

#[track_caller]
fn fails(lab: &Lab, args: &[&str], words: &str, hint: &str) -> Ran {
    let ran = lab.run(args).ended(&[1]);
    assert!(ran.err.contains(words), "{}", ran.err);
    assert!(
        ran.err.contains("hint: ") && ran.err.contains(hint),
        "{}",
        ran.err
    );
    ran
}

fn id<'a>(person: &'a Value, side: &str) -> &'a str {
    person[format!("{side}_id")].as_str().expect("an id")
}

#[test]
fn a_locked_database_says_so_and_nothing_was_sent() {
    let lab = Lab::quick(10, 41);
    lab.pass(&[]);
    let person = lab.in_step(0);
    lab.edit(
        "ghl",
        "contact",
        id(&person, "ghl"),
        &json!({"lastName": "Waits"}),
    );
    let events = lab.events().len();
    let other = Connection::open(database(&lab)).expect("a database");
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    fails(
        &lab,
        &["sync", "--once"],
        "locked",
        "close what else has it open",
    );
    assert_eq!(lab.events().len(), events);
    other.execute_batch("ROLLBACK").expect("no lock");
    lab.pass(&[]);
    let there = &lab.records("growbots", "contact")[id(&person, "growbots")];
    assert_eq!(there["last_name"], "Waits");
}

#[test]
fn a_damaged_or_newer_database_is_left_as_it_is_and_the_way_out_works() {
    let lab = Lab::quick(10, 42);
    lab.pass(&[]);
    let path = database(&lab);
    let conn = Connection::open(&path).expect("a database");
    let version: i64 = conn
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .expect("a version");
    conn.pragma_update(None, "user_version", version + 1)
        .expect("a version");
    drop(conn);
    fails(&lab, &["sync", "--once"], "newer couplet", "--data-dir");

    remove_beside(&lab);
    let garbage = "no database at all ".repeat(500);
    fs::write(&path, &garbage).expect("a file");
    for args in [&["sync", "--once"][..], &["contacts", "list"]] {
        fails(&lab, args, "damaged", "run `couplet sync --once`");
    }
    assert_eq!(fs::read_to_string(&path).expect("text"), garbage);
    let events = lab.events().len();
    fs::rename(&path, lab.data().join("kept")).expect("a name");
    lab.pass(&[]);
    let creates = lab.events();
    let creates = creates[events..]
        .iter()
        .filter(|event| event["op"] == "create");
    assert_eq!(
        creates.count(),
        0,
        "the cache fills again, and nobody is made twice"
    );
}

#[test]
fn a_disk_that_is_full_stops_before_anything_is_sent_and_goes_on_when_there_is_room() {
    let lab = Lab::quick(10, 43);
    lab.pass(&[]);
    let person = lab.in_step(0);
    lab.edit(
        "ghl",
        "contact",
        id(&person, "ghl"),
        &json!({"lastName": "Full"}),
    );
    let events = lab.events().len();
    // A disk of which the program may use no more than it does.
    let shell = format!(
        "ulimit -f 1; trap '' XFSZ; exec {} sync --once",
        super::lab::EXE
    );
    let ran = std::process::Command::new("sh")
        .args(["-c", &shell])
        .envs(lab.env())
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(1), "{said}");
    assert!(said.contains("hint: "), "{said}");
    assert_eq!(lab.events().len(), events, "{said}");
    lab.pass(&[]);
    let there = &lab.records("growbots", "contact")[id(&person, "growbots")];
    assert_eq!(there["last_name"], "Full");
}

#[test]
fn a_database_put_back_from_yesterday_deletes_nothing_before_it_has_read_everything() {
    let lab = Lab::quick(20, 44);
    lab.pass(&["--full", "--children"]);
    // Somebody with whom nothing else would go.
    let alone = (0..8).map(|nth| lab.in_step(nth)).find(|person| {
        let id = person["id"].to_string();
        let shown = lab
            .run(&["contacts", "show", &id, "--json"])
            .ended(&[0])
            .json();
        ["tasks", "notes", "appointments"]
            .iter()
            .all(|kind| shown[kind] == json!([]))
    });
    let person = alone.expect("somebody");
    let copy = lab.data().join("yesterday.db");
    lab.run(&["backup", copy.to_str().expect("a path")])
        .ended(&[0]);
    lab.add(
        "ghl",
        "contact",
        &json!({"firstName": "Today", "email": "today@late.example"}),
    );
    lab.pass(&[]);
    lab.delete("growbots", "contact", id(&person, "growbots"));

    remove_beside(&lab);
    fs::copy(&copy, database(&lab)).expect("a copy");
    // A sweep cannot run yet: the delete waits for it.
    lab.run(&["sync", "pause", "--lane", "sweep"]).ended(&[0]);
    let pass = lab.pass(&[]);
    assert_eq!(pass["deleted"], json!({"ghl": 0, "growbots": 0}), "{pass}");
    assert!(
        lab.records("ghl", "contact")
            .contains_key(id(&person, "ghl"))
    );
    let errors = lab.run(&["errors", "list", "--json"]).ended(&[0]).json();
    assert!(
        errors.to_string().contains("put back from an older copy"),
        "{errors}"
    );

    lab.run(&["sync", "resume"]).ended(&[0]);
    lab.pass(&[]);
    lab.pass(&[]);
    assert!(
        !lab.records("ghl", "contact")
            .contains_key(id(&person, "ghl"))
    );
    let errors = lab.run(&["errors", "list", "--json"]).ended(&[0]).json();
    assert!(!errors.to_string().contains("put back"), "{errors}");
    for side in ["ghl", "growbots"] {
        let all = lab.records(side, "contact").into_values();
        let today = all
            .filter(|raw| raw["email"] == "today@late.example")
            .count();
        assert_eq!(
            today, 1,
            "{side}: what the copy did not know is not made twice"
        );
    }
}

#[test]
fn a_clock_that_is_wrong_by_a_day_is_told_and_changes_nothing_that_is_synced() {
    let lab = Lab::quick(20, 45);
    lab.pass(&[]);
    let (one, two) = (lab.in_step(0), lab.in_step(1));
    lab.call("POST", "/clock", Some(&json!({"advance_ms": 86_400_000})));
    lab.edit(
        "ghl",
        "contact",
        id(&one, "ghl"),
        &json!({"lastName": "Dayoff"}),
    );
    lab.edit(
        "growbots",
        "contact",
        id(&two, "growbots"),
        &json!({"last_name": "Offday"}),
    );
    lab.pass(&[]);
    lab.pass(&[]);
    assert_eq!(
        lab.records("growbots", "contact")[id(&one, "growbots")]["last_name"],
        "Dayoff"
    );
    assert_eq!(
        lab.records("ghl", "contact")[id(&two, "ghl")]["lastName"],
        "Offday"
    );
    let errors = lab.run(&["errors", "list", "--json"]).ended(&[0]).json();
    assert!(
        errors
            .to_string()
            .contains("the clock of this machine is 8"),
        "{errors}"
    );
    let events = lab.events().len();
    lab.pass(&["--full"]);
    assert_eq!(lab.events().len(), events);
}

#[test]
fn after_a_week_of_sleep_it_catches_up() {
    let lab = Lab::quick(20, 46);
    lab.pass(&[]);
    lab.pass(&[]);
    let (one, two) = (lab.in_step(0), lab.in_step(1));
    lab.edit(
        "ghl",
        "contact",
        id(&one, "ghl"),
        &json!({"lastName": "Before"}),
    );
    for day in 0..7 {
        lab.call("POST", "/clock", Some(&json!({"advance_ms": 86_400_000})));
        lab.edit(
            "ghl",
            "contact",
            id(&one, "ghl"),
            &json!({"lastName": format!("Day{day}")}),
        );
        let title = format!("Daily {day}");
        let task = json!({"lead_id": id(&two, "growbots"), "title": title, "due_at": "2030-01-02T10:00:00.000Z"});
        lab.add("growbots", "task", &task);
    }
    lab.pass(&[]);
    lab.pass(&[]);
    assert_eq!(
        lab.records("growbots", "contact")[id(&one, "growbots")]["last_name"],
        "Day6"
    );
    let tasks = lab.records("ghl", "task").into_values();
    let daily = tasks.filter(|raw| {
        raw["title"]
            .as_str()
            .is_some_and(|title| title.starts_with("Daily "))
    });
    assert_eq!(daily.count(), 7);
    let events = lab.events().len();
    lab.pass(&["--full"]);
    assert_eq!(lab.events().len(), events);
}
