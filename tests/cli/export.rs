//! Tables for elsewhere, and what shells are told.

use std::os::unix::fs::PermissionsExt as _;

use couplet::clock::Clock;
use couplet::model::{Failure, Holder, Side};
use couplet::store::{Lease, Writer};
use serde_json::json;

use crate::user::{Sandbox, User, said, with_conflict};

#[test]
fn each_kind_and_the_log_can_be_exported_in_both_forms() {
    let (_sandbox, user) = Sandbox::start();
    user.pass();
    for kind in ["contact", "task", "note", "appointment", "business", "log"] {
        let csv = user.run(&format!("export {kind} --format csv"));
        assert_eq!(csv.status.code(), Some(0), "{kind}: {}", said(&csv));
        let text = String::from_utf8(csv.stdout).unwrap();
        assert!(text.starts_with("id,"), "{kind}: {text}");
        let lines = user.run(&format!("export {kind} --format jsonl"));
        let lines = String::from_utf8(lines.stdout).unwrap();
        for line in lines.lines() {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(row["id"].is_i64(), "{kind}: {line}");
        }
    }
    let all = user.json("contacts list --json").as_array().unwrap().len();
    let lines = user.run("export contact --format jsonl");
    assert_eq!(
        String::from_utf8(lines.stdout).unwrap().lines().count(),
        all
    );
}

#[test]
fn a_cell_that_a_spreadsheet_would_run_is_made_harmless_and_a_file_is_for_its_owner() {
    let (sandbox, user) = Sandbox::start();
    user.pass();
    let contact = &user.in_step()[0];
    sandbox.edit(
        "ghl",
        &contact["ghl_id"],
        &json!({"lastName": "=HYPERLINK(1)"}),
    );
    user.pass();
    let out = user.home.path().join("people.csv");
    let line = format!("export contact --format csv --out {}", out.display());
    user.done(&line);
    let text = std::fs::read_to_string(&out).unwrap();
    assert!(text.contains(",'=HYPERLINK(1),"), "{text}");
    let mode = std::fs::metadata(&out).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(user.run(&line).status.code(), Some(1));
}

#[test]
fn errors_can_be_exported_by_their_numbers() {
    let user = User::new();
    with_conflict(&user.database());
    let clock = Clock::system();
    let mut writer = Writer::open(&user.database(), &clock).unwrap();
    let us = Holder {
        operator: "dana".into(),
        host: "desk".into(),
        pid: 1,
        since: clock.now(),
    };
    let Lease::Ours(fence) = writer.acquire(&us).unwrap() else {
        panic!("somebody holds the lease")
    };
    for operation in ["pull", "push"] {
        let failure = Failure {
            pattern: format!("GHL {operation} 500"),
            side: Some(Side::Ghl),
            operation: operation.into(),
            status: Some(500),
            message: format!("=GHL failed, with 500 on {operation}"),
            link: None,
            next_retry_at: None,
        };
        writer.raise(fence, &failure).unwrap();
    }
    writer.release(fence).unwrap();
    let listed = user.json("errors list --json");
    let pull = listed.as_array().unwrap().iter();
    let pull = pull.into_iter().find(|row| row["operation"] == "pull");
    let id = &pull.unwrap()["id"];
    let csv = user.run(&format!("errors export {id} --format csv"));
    let text = String::from_utf8(csv.stdout).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.starts_with("id,state,side,operation,"), "{text}");
    assert!(
        text.contains("\"'=GHL failed, with 500 on pull\""),
        "{text}"
    );
    let lines = user.run(&format!("errors export {id} --format jsonl"));
    let row: serde_json::Value = serde_json::from_slice(&lines.stdout).unwrap();
    assert_eq!(&row, pull.unwrap());
    let none = user.run("errors export 99 --format csv");
    assert_eq!(none.status.code(), Some(1), "{}", said(&none));
    assert!(said(&none).contains("there is no open error 99"));
}

#[test]
fn shells_and_man_are_told_every_command() {
    let user = User::new();
    for (line, words) in [
        ("completions bash", "conflicts"),
        ("completions fish", "policies"),
        ("man", "couplet links split"),
    ] {
        let output = user.run(line);
        assert_eq!(output.status.code(), Some(0), "{line}: {}", said(&output));
        let text = String::from_utf8(output.stdout).unwrap().replace('\\', "");
        assert!(text.contains(words), "{line}: no `{words}`");
    }
}

#[test]
fn a_contact_that_is_added_reaches_both_sides_and_one_can_be_read_again() {
    let (sandbox, user) = Sandbox::start();
    user.pass();
    user.done("contacts add --set first_name=Mara --set last_name=Quill --set email=mara.quill@example.com");
    user.pass();
    let made = user.json("contacts list --json --filter email:mara.quill@example.com")[0].clone();
    assert_eq!(made["email"], "mara.quill@example.com");
    let lead = sandbox.record("growbots", "contact", &made["growbots_id"]);
    assert_eq!(lead["last_name"], "Quill");
    user.done(&format!("contacts sync {}", made["id"]));
    user.done("contacts sync");
    let other = User::new();
    with_conflict(&other.database());
    assert_eq!(other.run("contacts sync nobody").status.code(), Some(1));
}
