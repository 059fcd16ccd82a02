//! Taking things back: writes, decisions, records made and deleted, whole passes; and who is to blame for a value.

use serde_json::{Value, json};

use super::lab::Lab;

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_else(|| panic!("{key}: {row}"))
}

/// The writes of the log, newest first.
fn writes(lab: &Lab) -> Vec<Value> {
    let log = lab.run(&["log", "list", "--json"]).ended(&[0]).json();
    let lines = log.as_array().expect("an array").clone();
    let is_write = |line: &Value| ["create", "update", "delete"].contains(&text(line, "op"));
    lines.into_iter().filter(is_write).collect()
}

fn id(line: &Value) -> String {
    line["id"].to_string()
}

fn value(lab: &Lab, side: &str, id: &str, key: &str) -> Value {
    lab.records(side, "contact")[id][key].clone()
}

/// Asks for an undo and lets a pass carry it out.
#[track_caller]
fn undo(lab: &Lab, args: &[&str]) -> Value {
    let asked = lab
        .run(&[&["undo", "--json"], args].concat())
        .ended(&[0])
        .json();
    lab.pass(&[]);
    asked
}

#[test]
fn a_write_goes_back_on_both_sides_and_the_log_says_by_whom() {
    let lab = Lab::quick(20, 3);
    lab.pass(&[]);
    let person = lab.in_step(0);
    let (ghl, growbots) = (text(&person, "ghl_id"), text(&person, "growbots_id"));
    let before = value(&lab, "ghl", ghl, "lastName");
    lab.edit("ghl", "contact", ghl, &json!({"lastName": "Wrongly"}));
    lab.pass(&[]);
    assert_eq!(value(&lab, "growbots", growbots, "last_name"), "Wrongly");

    let line = &writes(&lab)[0];
    let shown = lab
        .run(&["contacts", "show", ghl, "--json"])
        .ended(&[0])
        .json();
    let blame = shown["blame"].as_array().expect("an array").iter();
    let blame: Vec<_> = blame.filter(|row| row["field"] == "last_name").collect();
    assert_eq!(blame[0]["side"], "ghl", "{blame:?}");
    assert_eq!(blame[0]["cause"], "edit in GHL");
    assert_eq!(blame[0]["operation"], line["id"]);

    let events = lab.events().len();
    let dry = lab
        .run(&["undo", &id(line), "--dry-run", "--json"])
        .ended(&[0])
        .json();
    let plan = dry["plan"].as_array().expect("an array");
    assert_eq!(plan.len(), 2, "{dry}");
    for write in plan {
        assert_eq!(write["fields"][0]["from"], "Wrongly", "{dry}");
        assert_eq!(write["fields"][0]["to"], before, "{dry}");
    }
    assert_eq!(dry["cost"]["requests"], json!({"ghl": 3, "growbots": 1}));
    assert_eq!(dry["action"], Value::Null);
    lab.pass(&[]);
    assert_eq!(lab.events().len(), events, "a preview writes nothing");

    undo(&lab, &[&id(line)]);
    assert_eq!(value(&lab, "ghl", ghl, "lastName"), before);
    assert_eq!(value(&lab, "growbots", growbots, "last_name"), before);
    let after = &writes(&lab)[0];
    assert_eq!(after["operator"], "dana");
    assert_eq!(after["cause"], format!("dana undid operation {}", id(line)));
    let page = lab.run(&["contacts", "show", ghl]).ended(&[0]).out;
    assert!(page.contains("dana undid operation"), "{page}");

    // What was taken back is no value any more that could be taken back.
    let again = lab.run(&["undo", &id(line)]).ended(&[1]);
    assert!(again.out.contains("moved since"), "{}", again.out);
}

#[test]
fn what_moved_since_stays_and_is_named() {
    let lab = Lab::quick(20, 4);
    lab.pass(&[]);
    let person = lab.in_step(0);
    let ghl = text(&person, "ghl_id");
    lab.edit(
        "ghl",
        "contact",
        ghl,
        &json!({"lastName": "Wrongly", "city": "Monterey"}),
    );
    let pass = lab.pass(&[])["pass"].to_string();
    lab.edit("ghl", "contact", ghl, &json!({"lastName": "Later"}));
    lab.pass(&[]);
    let asked = undo(&lab, &["--pass", &pass]);
    assert_eq!(
        asked["refused"][0]["why"],
        "`last_name` moved since: it is `Later` in GHL now"
    );
    assert_eq!(value(&lab, "ghl", ghl, "lastName"), "Later");
    assert_ne!(value(&lab, "ghl", ghl, "city"), "Monterey");

    // Moved between the preview and the pass that carries it out.
    lab.edit("ghl", "contact", ghl, &json!({"lastName": "Anew"}));
    lab.pass(&[]);
    let line = &writes(&lab)[0];
    lab.run(&["undo", &id(line)]).ended(&[0]);
    lab.edit(
        "growbots",
        "contact",
        text(&person, "growbots_id"),
        &json!({"last_name": "Elsewhere"}),
    );
    lab.pass(&[]);
    lab.pass(&[]);
    let events = lab.events();
    let lost = events.iter().any(|event| {
        event["actor"] == "api"
            && event["fields"]
                .as_array()
                .is_some_and(|fields| fields.iter().any(|field| field["from"] == "Elsewhere"))
    });
    assert!(
        !lost,
        "a value that somebody wrote meanwhile was overwritten"
    );
}

#[test]
fn a_decision_goes_back_to_what_the_other_side_had() {
    let lab = Lab::quick(20, 5);
    lab.pass(&[]);
    let person = lab.in_step(0);
    let (ghl, growbots) = (text(&person, "ghl_id"), text(&person, "growbots_id"));
    lab.edit("ghl", "contact", ghl, &json!({"lastName": "Ost"}));
    lab.edit(
        "growbots",
        "contact",
        growbots,
        &json!({"last_name": "West"}),
    );
    let pass = lab.pass(&[]);
    assert!(pass["conflicts_open"].as_u64() > Some(0), "{pass}");
    let open = lab.run(&["conflicts", "list", "--json"]).ended(&[0]).json();
    let open = open.as_array().expect("an array").iter();
    let conflict = open
        .filter(|row| row["link"] == person["id"])
        .map(|row| row["id"].to_string())
        .next()
        .expect("a conflict");
    lab.run(&[
        "conflicts",
        "resolve",
        &conflict,
        "--field",
        "last_name",
        "--take",
        "ghl",
    ])
    .ended(&[0]);
    lab.pass(&[]);
    assert_eq!(value(&lab, "growbots", growbots, "last_name"), "Ost");
    let log = lab.run(&["log", "list", "--json"]).ended(&[0]).json();
    let resolved = log.as_array().expect("an array").iter();
    let resolved = resolved
        .filter(|line| line["op"] == "resolved")
        .map(id)
        .next();
    undo(
        &lab,
        &[&resolved.expect("the log says that it was resolved")],
    );
    assert_eq!(value(&lab, "ghl", ghl, "lastName"), "West");
    assert_eq!(value(&lab, "growbots", growbots, "last_name"), "West");
}

#[test]
fn a_copy_goes_and_its_original_stays_alone_until_that_is_undone_too() {
    let lab = Lab::quick(5, 6);
    lab.pass(&[]);
    lab.pass(&[]);
    let of = |side: &str| {
        let all = lab.records(side, "contact").into_iter();
        let mut is_ada = all.filter(|(_, raw)| raw.to_string().contains("ada@undo.example"));
        is_ada.next().map(|(id, _)| id)
    };
    lab.add(
        "ghl",
        "contact",
        &json!({"firstName": "Ada", "email": "ada@undo.example"}),
    );
    lab.pass(&[]);
    assert!(of("growbots").is_some());
    let made = writes(&lab)[0].clone();
    assert_eq!(made["op"], "create");
    undo(&lab, &[&id(&made)]);
    assert_eq!(of("growbots"), None);
    let events = lab.events().len();
    lab.pass(&["--full"]);
    lab.pass(&[]);
    assert!(of("ghl").is_some(), "the original stays");
    assert_eq!(lab.events().len(), events, "and nothing more is written");

    let gone = writes(&lab)[0].clone();
    assert_eq!(gone["op"], "delete");
    undo(&lab, &[&id(&gone)]);
    assert!(of("growbots").is_some(), "it has a copy again");
    assert!(of("ghl").is_some());
}

#[test]
fn what_was_deleted_comes_back_under_its_id_in_growbots_and_is_linked_again() {
    let lab = Lab::quick(20, 7);
    lab.pass(&["--full", "--children"]);
    // Somebody with whom nothing else would go.
    let person = (0..8).map(|nth| lab.in_step(nth)).find(|person| {
        let shown = lab
            .run(&["contacts", "show", &id(person), "--json"])
            .ended(&[0])
            .json();
        ["tasks", "notes", "appointments"]
            .iter()
            .all(|kind| shown[kind] == json!([]))
    });
    let person = person.expect("somebody");
    let (ghl, growbots) = (text(&person, "ghl_id"), text(&person, "growbots_id"));
    let name = value(&lab, "growbots", growbots, "last_name");
    lab.delete("ghl", "contact", ghl);
    lab.pass(&["--full"]);
    lab.pass(&[]);
    assert!(!lab.records("growbots", "contact").contains_key(growbots));
    let gone = writes(&lab).into_iter().find(|line| line["op"] == "delete");
    let gone = gone.expect("the log has the delete");
    let dry = lab.run(&["undo", &id(&gone), "--dry-run"]).ended(&[0]).out;
    assert!(dry.contains("create") && dry.contains(growbots), "{dry}");

    undo(&lab, &[&id(&gone)]);
    lab.pass(&[]);
    assert_eq!(value(&lab, "growbots", growbots, "last_name"), name);
    let back = lab
        .run(&["contacts", "show", growbots, "--json"])
        .ended(&[0])
        .json();
    assert_eq!(back["state"], "in_step", "{back}");
    let again = text(&back, "ghl_id");
    assert_ne!(again, ghl, "GHL made it anew");
    assert_eq!(value(&lab, "ghl", again, "lastName"), name);
    assert_eq!(
        value(&lab, "growbots", growbots, "external_ids")["ghl"],
        again
    );
    let events = lab.events().len();
    lab.pass(&["--full"]);
    assert_eq!(lab.events().len(), events);
}

#[test]
fn a_lane_that_rests_reads_and_writes_nothing_while_operators_go_on() {
    let lab = Lab::quick(20, 8);
    lab.pass(&[]);
    let person = lab.in_step(0);
    let (ghl, growbots) = (text(&person, "ghl_id"), text(&person, "growbots_id"));
    lab.run(&[
        "sync",
        "pause",
        "--lane",
        "incremental",
        "--note",
        "month end",
    ])
    .ended(&[0]);
    lab.run(&["sync", "pause", "--lane", "operator"])
        .ended(&[2]);
    lab.edit("ghl", "contact", ghl, &json!({"lastName": "Resting"}));
    lab.pass(&[]);
    lab.pass(&[]);
    assert_ne!(value(&lab, "growbots", growbots, "last_name"), "Resting");
    let status = lab.run(&["status", "--json"]).ended(&[0]).json();
    assert_eq!(status["lanes_paused"][0]["lane"], "incremental", "{status}");
    assert_eq!(status["lanes_paused"][0]["note"], "month end", "{status}");
    assert_eq!(status["paused"], Value::Null);

    lab.run(&["contacts", "edit", growbots, "--set", "first_name=Dana"])
        .ended(&[0]);
    lab.pass(&[]);
    assert_eq!(value(&lab, "ghl", ghl, "firstName"), "Dana");
    assert_ne!(value(&lab, "growbots", growbots, "last_name"), "Resting");

    lab.run(&["sync", "resume", "--lane", "incremental"])
        .ended(&[0]);
    lab.pass(&[]);
    assert_eq!(value(&lab, "growbots", growbots, "last_name"), "Resting");
}
