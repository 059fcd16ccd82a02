//! What can be asked of records and conflicts, and the JSON that tells of them.

use couplet::clock::Clock;
use couplet::store::Writer;
use serde_json::Value as Json;

use crate::user::{User, said, with_conflict};

#[test]
fn an_answer_must_fit_its_conflict_and_the_revision_that_was_seen() {
    let user = User::new();
    with_conflict(&user.database());
    let revision = user.json("conflicts list --json")[0]["revision"].clone();
    let moved = format!(
        "conflicts resolve 1 --take ghl --revision {}",
        revision.as_i64().unwrap() + 1
    );
    let seen = format!("conflicts resolve 1 --take ghl --revision {revision} --note gone");
    for (line, code, message) in [
        (
            "conflicts resolve 1 --approve",
            2,
            "this is no answer to conflict 1, whose reason is `delete_edit`",
        ),
        (
            "conflicts resolve 1 --match a b",
            2,
            "answer with `--take ghl` or `--take growbots`",
        ),
        ("conflicts resolve 1 --take base", 2, "this is no answer"),
        (
            "conflicts resolve 1 --field email --take ghl",
            2,
            "this is no answer",
        ),
        (
            "conflicts resolve 99 --take ghl",
            1,
            "there is no conflict 99",
        ),
        ("conflicts show 99", 1, "there is no conflict 99"),
        ("conflicts defer 1 --until soon", 2, "`soon` is no time"),
        (moved.as_str(), 1, "conflict 1 moved"),
        (
            seen.as_str(),
            0,
            "nobody runs the loop, so the next pass carries it out",
        ),
    ] {
        let output = user.run(line);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(code), "{line}: {said}");
        assert!(said.contains(message), "{line}: {said}");
    }
    let writer = Writer::open(&user.database(), &Clock::system()).unwrap();
    let actions = writer.pending_actions().unwrap();
    assert_eq!(actions.len(), 1, "{actions:?}");
    assert_eq!(actions[0].1, "dana");
}

#[test]
fn what_is_asked_of_a_record_is_stored_for_the_one_who_runs_the_loop() {
    let user = User::new();
    let link = with_conflict(&user.database());
    for (line, code, message) in [
        (
            format!("contacts edit {link} --set last_name=Nord --set title="),
            0,
            "stored",
        ),
        (
            "contacts edit g1 --set last_name=Ost".into(),
            1,
            "has these values already",
        ),
        (
            "contacts edit g1 --set due_at=1d".into(),
            2,
            "a contact has no field `due_at`",
        ),
        (
            "contacts edit nobody --set last_name=Ost".into(),
            1,
            "there is no record `nobody`",
        ),
        (
            "contacts tag l1 --add new --remove vip --json".into(),
            0,
            "{\"action\":",
        ),
        (
            "contacts tag l1 --add VIP".into(),
            1,
            "exactly these tags already",
        ),
        ("contacts note g1 hello".into(), 0, "stored"),
        ("contacts ignore g1".into(), 0, "stored"),
        ("contacts sync".into(), 0, "stored"),
        ("tasks add g1 --title Call --due 2d".into(), 0, "stored"),
        (
            "tasks complete g1".into(),
            1,
            "`g1` is a contact, not a task",
        ),
        ("errors retry 5".into(), 1, "there is no open error 5"),
        ("sync pause ghl --for 2h --note lunch".into(), 0, "stored"),
        (
            "sync pause ghl --for ever".into(),
            2,
            "`ever` is no span of time",
        ),
        ("sync resume".into(), 0, "stored"),
    ] {
        let output = user.run(&line);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(code), "{line}: {said}");
        assert!(said.contains(message), "{line}: {said}");
    }
    let writer = Writer::open(&user.database(), &Clock::system()).unwrap();
    assert_eq!(writer.pending_actions().unwrap().len(), 8);
}

#[test]
fn json_has_the_keys_of_the_contract() {
    let user = User::new();
    let link = with_conflict(&user.database());
    let shown = format!("contacts show {link} --json");
    for (line, keys) in [
        (
            "contacts list --json",
            "id ghl_id growbots_id state fields_held first_name last_name email phone tags do_not_contact address.postal_code updated_at",
        ),
        (
            shown.as_str(),
            "id base ghl growbots tasks notes appointments history",
        ),
        (
            "conflicts list --json",
            "id kind reason state title revision opened_at fields candidates deferred_until note decided_by",
        ),
        (
            "conflicts show 1 --json",
            "id kind reason state title revision opened_at fields candidates",
        ),
        (
            "log list --json --limit 1",
            "id at pass side kind record op fields cause operator requests",
        ),
        (
            "status --json",
            "holder state idle_since paused last_pass waiting held conflicts_open errors_open sides",
        ),
    ] {
        let json = user.json(line);
        let object = json.get(0).unwrap_or(&json);
        for key in keys.split(' ') {
            assert!(object.get(key).is_some(), "{line}: no `{key}` in {object}");
        }
    }
    let contact = &user.json("contacts list --json")[0];
    assert_eq!(contact["ghl_id"], "g1");
    assert_eq!(contact["growbots_id"], "l1");
    assert_eq!(contact["state"], "conflict");
    assert_eq!(contact["tags"], serde_json::json!(["vip"]));
    assert_eq!(contact["email"], Json::Null);
    assert_eq!(contact["do_not_contact"], false);
    assert_eq!(contact["updated_at"], "1970-01-01T00:00:02.000Z");
    assert_eq!(user.json("status --json")["conflicts_open"], 1);
    for what in ["tasks", "errors"] {
        assert_eq!(
            user.json(&format!("{what} list --json")),
            serde_json::json!([]),
            "{what}"
        );
    }
}

#[test]
fn filters_and_limits_choose_rows_in_every_form() {
    let user = User::new();
    with_conflict(&user.database());
    for (line, rows) in [
        ("contacts list --jsonl", 1),
        ("contacts list --jsonl --filter state:conflict", 1),
        ("contacts list --jsonl --filter -state:conflict", 0),
        ("contacts list --jsonl --filter tag:vip", 1),
        ("contacts list --jsonl --filter ann", 1),
        ("contacts list --jsonl --filter nobody", 0),
        ("contacts list --jsonl --limit 0", 0),
        ("conflicts list --jsonl --filter deferred:yes", 0),
        ("conflicts list --jsonl --filter reason:delete_edit", 1),
        // A table has its heads too.
        ("contacts list", 2),
        ("contacts list --filter tag:none", 0),
    ] {
        let output = user.run(line);
        assert_eq!(output.status.code(), Some(0), "{line}: {}", said(&output));
        let lines = String::from_utf8(output.stdout).unwrap().lines().count();
        assert_eq!(lines, rows, "{line}");
    }
    let output = user.run("contacts list --filter tag:");
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
}
