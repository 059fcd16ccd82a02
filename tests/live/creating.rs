//! `create.ghl` and `create.growbots`: which contacts are made on the other side.

use serde_json::{Value, json};

use super::lab::Lab;

/// Settings, and the path of their file.
fn config(lab: &Lab, text: &str) -> String {
    let path = lab.data().join("creating.toml");
    std::fs::write(&path, text).expect("it can be written");
    path.display().to_string()
}

fn has(lab: &Lab, side: &str, email: &str) -> bool {
    let mut all = lab.records(side, "contact").into_values();
    all.any(|raw| raw["email"] == email)
}

fn made(summary: &Value) -> (&Value, &Value) {
    (&summary["created"]["ghl"], &summary["created"]["growbots"])
}

#[test]
fn only_whom_the_settings_let_through_are_made_and_a_change_of_them_is_followed() {
    let lab = Lab::quick(20, 6);
    let new = |side: &str, email: &str, tag: &str| {
        let body = if side == "ghl" {
            json!({"firstName": "New", "email": email, "tags": [tag]})
        } else {
            json!({"first_name": "New", "email": email, "tags": [tag]})
        };
        lab.add(side, "contact", &body);
    };
    new("ghl", "vip@example.com", "vip");
    new("ghl", "other@example.com", "other");
    new("growbots", "lead@example.com", "vip");
    let find = |email: &str| {
        let mut all = lab.records("ghl", "contact").into_iter();
        all.find(|(_, raw)| raw["email"] == email)
            .expect("it is there")
            .0
    };
    let task = json!({"title": "Of the other", "contactId": find("other@example.com"),
        "completed": false, "dueDate": "2031-01-02T10:00:00.000Z"});
    lab.add("ghl", "task", &task);
    let path = config(&lab, "[create]\nghl = \"off\"\ngrowbots = \"tag:vip\"\n");
    for _ in 0..2 {
        lab.pass(&["--full", "--config", &path]);
    }
    assert!(has(&lab, "growbots", "vip@example.com"));
    assert!(!has(&lab, "growbots", "other@example.com"));
    assert!(!has(&lab, "ghl", "lead@example.com"));
    let tasks = lab.records("growbots", "task").into_values();
    assert_eq!(
        tasks.filter(|raw| raw["title"] == "Of the other").count(),
        0
    );
    let quiet = lab.pass(&["--config", &path]);
    assert_eq!(made(&quiet), (&json!(0), &json!(0)), "{quiet}");

    // Somebody tags them: then they are made. Pairs go on whatever the settings are.
    lab.edit(
        "ghl",
        "contact",
        &find("other@example.com"),
        &json!({"tags": ["vip"]}),
    );
    lab.pass(&["--config", &path]);
    lab.pass(&["--config", &path]);
    assert!(has(&lab, "growbots", "other@example.com"));
    let tasks = lab.records("growbots", "task").into_values();
    assert_eq!(
        tasks.filter(|raw| raw["title"] == "Of the other").count(),
        1
    );

    // Without the settings all of them are made, first in a preview.
    let preview = lab.pass(&["--dry-run"]);
    let writes = preview["plan"].as_array().expect("a plan").iter();
    let creates = writes.filter(|write| write["op"] == "create" && write["side"] == "ghl");
    assert!(creates.count() > 0, "{preview}");
    lab.pass(&[]);
    assert!(has(&lab, "ghl", "lead@example.com"));
}

#[test]
fn a_rule_makes_the_lead_of_its_contact_where_the_settings_would_not() {
    let lab = Lab::quick(10, 6);
    let path = config(
        &lab,
        "[create]\ngrowbots = \"off\"\n\n[rules]\ndefaults = true\n",
    );
    lab.pass(&["--config", &path]);
    let body = json!({"firstName": "Ida", "email": "ida@example.com"});
    lab.add("ghl", "contact", &body);
    lab.add(
        "ghl",
        "contact",
        &json!({"firstName": "No", "email": "no@example.com", "dnd": true}),
    );
    lab.pass(&["--config", &path]);
    lab.pass(&["--config", &path]);
    assert!(has(&lab, "growbots", "ida@example.com"));
    assert!(
        !has(&lab, "growbots", "no@example.com"),
        "no rule asked for it"
    );
    let tasks = lab.records("growbots", "task").into_values();
    assert_eq!(
        tasks
            .filter(|raw| raw["title"] == "Follow up with Ida")
            .count(),
        1
    );
    let log = lab
        .run(&["log", "list", "--json", "--config", &path])
        .ended(&[0])
        .json();
    let causes = log.as_array().expect("rows").iter();
    let made = causes
        .filter(|line| line["op"] == "create" && line["cause"] == "rule new-contact-follow-up");
    assert_eq!(made.count(), 2, "the lead and the task: {log}");
}

#[test]
fn a_filter_that_is_none_is_named_with_its_line() {
    let lab = Lab::quick(2, 1);
    for (text, parts) in [
        (
            "[create]\nghl = \"tga:vip\"\n",
            ["creating.toml line 2", "did you mean `tag`?"],
        ),
        (
            "[create]\n\ngrowbots = \"tag:\\\"vip\"\n",
            ["creating.toml line 3", "create.growbots"],
        ),
    ] {
        let path = config(&lab, text);
        let ran = lab.run(&["config", "check", "--config", &path]).ended(&[2]);
        for part in parts {
            assert!(ran.err.contains(part), "{part}: {}", ran.err);
        }
    }
}

#[test]
fn a_note_written_in_couplet_goes_to_both() {
    let lab = Lab::quick(10, 6);
    lab.pass(&[]);
    let person = lab.in_step(0);
    let ghl = person["ghl_id"].as_str().expect("linked");
    lab.run(&["contacts", "note", ghl, "Called back: wants a quote"])
        .ended(&[0]);
    lab.pass(&[]);
    let copies = |side: &str, parent: &str, key: &str| {
        let notes = lab.records(side, "note").into_values();
        let ours = notes.filter(|raw| {
            raw["body"] == "Called back: wants a quote" && raw[parent] == person[key]
        });
        ours.count()
    };
    for _ in 0..2 {
        assert_eq!(copies("ghl", "contactId", "ghl_id"), 1);
        assert_eq!(copies("growbots", "lead_id", "growbots_id"), 1);
        lab.pass(&["--full", "--children"]);
    }
}
