//! Edits and deletes on both sides, and whether they came together.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::{Value, json};

use super::lab::Lab;

/// A pass of couplet as `with` sets it up; its summary.
#[track_caller]
pub fn pass(lab: &Lab, more: &[&str], with: &dyn Fn(&mut Command)) -> Value {
    let mut command = lab.command(&[&["sync", "--once", "--json"], more].concat());
    with(&mut command);
    let ran = command.output().expect("it starts");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(
        matches!(ran.status.code(), Some(0 | 3)),
        "{:?} {said}",
        ran.status
    );
    serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error} {said}"))
}

/// How often each e-mail address is there.
fn addresses(lab: &Lab, side: &str) -> BTreeMap<String, usize> {
    let mut count = BTreeMap::new();
    for raw in lab.records(side, "contact").into_values() {
        if let Some(email) = raw["email"].as_str().filter(|email| !email.is_empty()) {
            *count.entry(email.to_lowercase()).or_default() += 1;
        }
    }
    count
}

fn titles(lab: &Lab, side: &str) -> BTreeMap<String, usize> {
    let mut count = BTreeMap::new();
    for raw in lab.records(side, "task").into_values() {
        *count
            .entry(raw["title"].as_str().expect("a title").to_owned())
            .or_default() += 1;
    }
    count
}

/// The id of the contact with this address.
fn who(lab: &Lab, side: &str, email: &str) -> Option<String> {
    let of = |raw: &Value| {
        raw["email"]
            .as_str()
            .is_some_and(|has| has.eq_ignore_ascii_case(email))
    };
    let mut all = lab.records(side, "contact").into_iter();
    all.find(|(_, raw)| of(raw)).map(|(id, _)| id)
}

/// Brings both sides together, makes, edits and deletes contacts and tasks on both, and says whether all of it
/// arrived once.
pub fn edits_and_deletes_on_both_sides_arrive_once(lab: &Lab, with: &dyn Fn(&mut Command)) {
    let full = &["--full", "--children"];
    pass(lab, full, with);
    pass(lab, full, with);
    let mine = |n: usize| format!("together-{n}@x.test");
    for n in 0..3 {
        let body = json!({"firstName": "Ann", "lastName": format!("G{n}"), "email": mine(n)});
        lab.add("ghl", "contact", &body);
        let body = json!({"first_name": "Bob", "last_name": format!("W{n}"), "email": mine(n + 3)});
        lab.add("growbots", "contact", &body);
    }
    pass(lab, full, with);
    let id =
        |side, n| who(lab, side, &mine(n)).unwrap_or_else(|| panic!("{side} has no {}", mine(n)));
    for n in 0..6 {
        id("ghl", n);
        id("growbots", n);
    }

    lab.edit(
        "ghl",
        "contact",
        &id("ghl", 0),
        &json!({"city": "Leipzig", "tags": ["ghl-tag"]}),
    );
    let edit = json!({"last_name": "Renamed", "tags": ["growbots-tag"]});
    lab.edit("growbots", "contact", &id("growbots", 0), &edit);
    lab.delete("ghl", "contact", &id("ghl", 1));
    lab.delete("growbots", "contact", &id("growbots", 4));
    let task = json!({"title": "From GHL", "contactId": id("ghl", 2), "completed": false,
        "dueDate": "2030-01-02T10:00:00.000Z"});
    lab.add("ghl", "task", &task);
    let task = json!({"title": "From Growbots", "lead_id": id("growbots", 3),
        "due_at": "2030-01-02T10:00:00.000Z"});
    lab.add("growbots", "task", &task);
    let note = json!({"body": "A note", "contactId": id("ghl", 2)});
    lab.add("ghl", "note", &note);
    pass(lab, full, with);
    pass(lab, full, with);

    let of = |side: &'static str, n| lab.records(side, "contact")[&id(side, n)].clone();
    let (ghl, growbots) = (of("ghl", 0), of("growbots", 0));
    assert_eq!(ghl["lastName"], "Renamed");
    assert_eq!(growbots["address"]["city"], "Leipzig");
    for (side, raw) in [("ghl", &ghl), ("growbots", &growbots)] {
        for tag in ["ghl-tag", "growbots-tag"] {
            let tags = raw["tags"].as_array().expect("tags");
            assert!(tags.contains(&json!(tag)), "{side} {tags:?}");
        }
    }
    for (side, n) in [("ghl", 1), ("growbots", 1), ("ghl", 4), ("growbots", 4)] {
        assert_eq!(who(lab, side, &mine(n)), None, "{side} still has {n}");
    }
    for side in ["ghl", "growbots"] {
        for title in ["From GHL", "From Growbots"] {
            assert_eq!(titles(lab, side).get(title), Some(&1), "{side} {title}");
        }
        let notes = lab.records(side, "note").into_values();
        assert_eq!(
            notes.filter(|raw| raw["body"] == "A note").count(),
            1,
            "{side}"
        );
        let twice: Vec<_> = addresses(lab, side)
            .into_iter()
            .filter(|(_, n)| *n > 1)
            .collect();
        assert!(twice.is_empty(), "{side} {twice:?}");
    }

    let done = json!({"completed": true});
    let task_of = |side: &str, title: &str| {
        let mut all = lab.records(side, "task").into_iter();
        all.find(|(_, raw)| raw["title"] == title)
            .expect("the task")
    };
    lab.edit("ghl", "task", &task_of("ghl", "From Growbots").0, &done);
    lab.edit(
        "growbots",
        "task",
        &task_of("growbots", "From GHL").0,
        &done,
    );
    pass(lab, full, with);
    for (side, title) in [("growbots", "From Growbots"), ("ghl", "From GHL")] {
        assert_eq!(task_of(side, title).1["completed"], true, "{side} {title}");
    }

    edits_and_deletes_of_every_kind(lab, with, (&id("ghl", 2), &id("growbots", 2)));

    let before = lab.events().len();
    let last = pass(lab, &[], with);
    assert_eq!(
        lab.events().len(),
        before,
        "a pass without news wrote: {last}"
    );
    assert_eq!(last["waiting"], 0, "{last}");
}

/// The same of what belongs to a contact, and of a business.
fn edits_and_deletes_of_every_kind(lab: &Lab, with: &dyn Fn(&mut Command), contact: (&str, &str)) {
    let full = &["--full", "--children"];
    // Kind, what is made, its name in GHL and in Growbots, and what becomes of it there.
    let made = [
        (
            "task",
            json!({"title": "Kept task", "contactId": contact.0, "completed": false,
                "dueDate": "2030-01-02T10:00:00.000Z"}),
            ("title", "title", "Kept task"),
            (json!({"body": "edited"}), "body", json!("edited")),
        ),
        (
            "note",
            json!({"body": "Kept note", "contactId": contact.0}),
            ("body", "body", "Kept note"),
            (json!({"pinned": true}), "pinned", json!(true)),
        ),
        (
            "appointment",
            json!({"title": "Kept meeting", "contactId": contact.0, "appointmentStatus": "new",
                "startTime": "2031-03-04T10:00:00Z", "endTime": "2031-03-04T10:30:00Z"}),
            ("title", "title", "Kept meeting"),
            (
                json!({"appointmentStatus": "confirmed"}),
                "status",
                json!("confirmed"),
            ),
        ),
        (
            "business",
            json!({"name": "Kept business"}),
            ("name", "name", "Kept business"),
            (
                json!({"description": "edited"}),
                "description",
                json!("edited"),
            ),
        ),
    ];
    let all = |side: &str, kind: &str, key: &str, name: &str| {
        let all = lab.records(side, kind).into_iter();
        all.filter(|(_, raw)| raw[key] == name).collect::<Vec<_>>()
    };
    for (kind, body, ..) in &made {
        lab.add("ghl", kind, body);
    }
    pass(lab, full, with);
    for (kind, _, (key, _, name), (edit, ..)) in &made {
        let found = all("ghl", kind, key, name);
        assert_eq!(found.len(), 1, "GHL {kind}");
        lab.edit("ghl", kind, &found[0].0, edit);
    }
    pass(lab, full, with);
    for (kind, _, (ours, theirs, name), (_, field, want)) in &made {
        let found = all("growbots", kind, theirs, name);
        assert_eq!(found.len(), 1, "Growbots {kind}");
        assert_eq!(&found[0].1[field], want, "{kind}");
        lab.delete("ghl", kind, &all("ghl", kind, ours, name)[0].0);
    }
    pass(lab, full, with);
    pass(lab, full, with);
    for (kind, _, (_, theirs, name), _) in &made {
        let left = all("growbots", kind, theirs, name);
        assert!(left.is_empty(), "Growbots still has the {kind}");
    }
}
