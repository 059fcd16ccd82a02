//! Two sides that are brought together: edits, conflicts, deletes, and a program that is killed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::lab::Lab;

/// What both sides should agree on, by e-mail: name, phone and tags of everyone who has one.
fn people(lab: &Lab, side: &str) -> BTreeMap<String, (String, String, String, BTreeSet<String>)> {
    let keys = if side == "ghl" {
        ["firstName", "lastName"]
    } else {
        ["first_name", "last_name"]
    };
    let text = |raw: &Value, key: &str| raw[key].as_str().unwrap_or("").trim().to_owned();
    let rows = lab.records(side, "contact").into_values();
    rows.filter(|raw| !text(raw, "email").is_empty())
        .map(|raw| {
            let tags = raw["tags"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str);
            let tags = tags.map(str::to_lowercase).collect();
            // The same number in another format is the same number.
            let phone = text(&raw, "phone")
                .chars()
                .filter(char::is_ascii_digit)
                .collect();
            let who = (text(&raw, keys[0]), text(&raw, keys[1]), phone, tags);
            (text(&raw, "email").to_lowercase(), who)
        })
        .collect()
}

/// Tasks as title, due second and whether they are done; a bag, since titles repeat.
fn tasks(lab: &Lab, side: &str) -> BTreeMap<(String, String, bool), usize> {
    let due = if side == "ghl" { "dueDate" } else { "due_at" };
    let mut bag = BTreeMap::new();
    for raw in lab.records(side, "task").into_values() {
        let at = raw[due].as_str().unwrap_or("").chars().take(19).collect();
        let key = (
            raw["title"].as_str().unwrap_or("").to_owned(),
            at,
            raw["completed"].as_bool().unwrap_or(false),
        );
        *bag.entry(key).or_insert(0) += 1;
    }
    bag
}

/// Addresses of people whom an open conflict or a parked field holds apart.
fn held(lab: &Lab) -> BTreeSet<String> {
    let all = lab.run(&["contacts", "list", "--json"]).ended(&[0]).json();
    let rows = all.as_array().expect("an array").iter();
    let apart = rows.filter(|row| row["state"] != "in_step" || row["fields_held"] != json!([]));
    apart
        .filter_map(|row| row["email"].as_str().map(str::to_lowercase))
        .collect()
}

#[test]
fn two_passes_bring_both_sides_together_and_the_third_does_nothing() {
    let lab = Lab::quick(300, 7);
    lab.pass(&[]);
    lab.pass(&[]);
    let before = lab.events().len();
    let third = lab.pass(&[]);
    assert_eq!(
        lab.events().len(),
        before,
        "the third pass wrote something: {third}"
    );
    let requests = third["requests"]["ghl"].as_u64().unwrap()
        + third["requests"]["growbots"].as_u64().unwrap();
    assert!(requests <= 4, "{third}");
    assert_eq!(third["waiting"], 0, "{third}");

    let held = held(&lab);
    let (ghl, growbots) = (people(&lab, "ghl"), people(&lab, "growbots"));
    let everyone: BTreeSet<&String> = ghl.keys().chain(growbots.keys()).collect();
    for email in everyone {
        assert!(
            held.contains(email) || ghl.get(email) == growbots.get(email),
            "{email}: {:?} {:?}",
            ghl.get(email),
            growbots.get(email)
        );
    }
    assert!(
        held.len() < everyone_limit(&ghl),
        "{} of {} are held",
        held.len(),
        ghl.len()
    );
    let (ghl, growbots) = (tasks(&lab, "ghl"), tasks(&lab, "growbots"));
    let apart: Vec<_> = ghl
        .iter()
        .filter(|(key, n)| growbots.get(key) != Some(n))
        .collect();
    let waiting = lab.run(&["tasks", "list", "--json"]).ended(&[0]).json();
    let waiting = waiting
        .as_array()
        .unwrap()
        .iter()
        .filter(|task| task["state"] != "in_step")
        .count();
    assert!(apart.len() <= waiting, "{apart:?}");
}

/// At most a tenth of the people may be held in a fresh world.
fn everyone_limit(people: &BTreeMap<String, (String, String, String, BTreeSet<String>)>) -> usize {
    people.len() / 10
}

#[test]
fn edits_travel_merge_and_conflict_and_a_decision_brings_them_together() {
    let lab = Lab::quick(40, 3);
    lab.pass(&[]);
    lab.pass(&[]);
    let person = lab.in_step(0);
    let (ghl, growbots) = (
        person["ghl_id"].as_str().unwrap(),
        person["growbots_id"].as_str().unwrap(),
    );
    let now = |side: &str, id: &str, key: &str| lab.records(side, "contact")[id][key].clone();

    lab.edit("ghl", "contact", ghl, &json!({"city": "Monterey"}));
    lab.edit(
        "growbots",
        "contact",
        growbots,
        &json!({"last_name": "Oststern"}),
    );
    lab.pass(&[]);
    assert_eq!(now("growbots", growbots, "address")["city"], "Monterey");
    assert_eq!(now("ghl", ghl, "lastName"), "Oststern");

    lab.edit("ghl", "contact", ghl, &json!({"lastName": "Ost"}));
    lab.edit(
        "growbots",
        "contact",
        growbots,
        &json!({"last_name": "West"}),
    );
    lab.run(&["sync", "--once"]).ended(&[3]);
    assert_eq!(now("ghl", ghl, "lastName"), "Ost");
    assert_eq!(now("growbots", growbots, "last_name"), "West");

    let conflicts = lab.run(&["conflicts", "list", "--json"]).ended(&[0]).json();
    let mine = |conflict: &&Value| conflict["fields"][0]["ghl"] == "Ost";
    let id = conflicts
        .as_array()
        .unwrap()
        .iter()
        .find(mine)
        .expect("a conflict")["id"]
        .to_string();
    lab.run(&[
        "conflicts",
        "resolve",
        &id,
        "--field",
        "last_name",
        "--take",
        "ghl",
    ])
    .ended(&[0]);
    lab.pass(&[]);
    assert_eq!(now("growbots", growbots, "last_name"), "Ost");
    let shown = lab
        .run(&["conflicts", "show", &id, "--json"])
        .ended(&[0])
        .json();
    assert_eq!(shown["state"], "resolved", "{shown}");
}

#[test]
fn a_delete_is_carried_over_and_against_an_edit_it_waits_for_an_operator() {
    let lab = Lab::quick(40, 5);
    lab.pass(&["--full", "--children"]);
    lab.pass(&[]);
    let (gone, kept) = (lab.in_step(0), lab.in_step(1));
    let task = json!({"title": "Renewal call", "contactId": kept["ghl_id"], "dueDate": "2030-01-02T10:00:00.000Z", "completed": false});
    lab.add("ghl", "task", &task);
    lab.pass(&["--full"]);
    let renewals = |side: &str| {
        lab.records(side, "task")
            .into_values()
            .filter(|raw| raw["title"] == "Renewal call")
            .count()
    };
    assert_eq!(
        (renewals("ghl"), renewals("growbots")),
        (1, 1),
        "the task is on both sides"
    );
    let id = |person: &Value, side: &str| person[format!("{side}_id")].as_str().unwrap().to_owned();

    lab.delete("ghl", "contact", &id(&gone, "ghl"));
    lab.delete("growbots", "contact", &id(&kept, "growbots"));
    lab.edit(
        "ghl",
        "contact",
        &id(&kept, "ghl"),
        &json!({"city": "Leipzig"}),
    );
    lab.pass(&["--full"]);
    assert!(
        !lab.records("growbots", "contact")
            .contains_key(&id(&gone, "growbots")),
        "the delete was not carried over"
    );
    assert!(
        lab.records("ghl", "contact")
            .contains_key(&id(&kept, "ghl")),
        "an edited record was deleted"
    );
    let conflicts = lab
        .run(&[
            "conflicts",
            "list",
            "--json",
            "--filter",
            "reason:delete_edit",
        ])
        .ended(&[0])
        .json();
    let conflict = &conflicts.as_array().unwrap()[0];
    lab.run(&[
        "conflicts",
        "resolve",
        &conflict["id"].to_string(),
        "--take",
        "ghl",
    ])
    .ended(&[0]);
    lab.pass(&[]);
    let back = lab.records("growbots", "contact").into_values();
    let found = back
        .filter(|raw| raw["external_ids"]["ghl"] == json!(id(&kept, "ghl")))
        .count();
    assert_eq!(found, 1, "made again and linked");
    lab.pass(&["--full"]);
    assert_eq!(
        (renewals("ghl"), renewals("growbots")),
        (1, 1),
        "its task came back with it, and did not go"
    );
}

#[test]
fn a_loop_whose_key_is_refused_says_so_and_ends() {
    let lab = Lab::quick(10, 1);
    let ended = lab
        .command(&["sync"])
        .env("COUPLET_GHL_TOKEN", "wrong")
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(5), "{said}");
    assert!(
        said.contains("GHL did not accept the token") && said.contains("COUPLET_GHL_TOKEN"),
        "{said}"
    );
    assert!(!said.contains("wrong"), "{said}");
}

#[test]
fn lost_answers_and_failing_sides_make_no_duplicate_and_lose_no_edit() {
    let lab = Lab::quick(60, 13);
    lab.pass(&[]);
    let faults = json!({"drop_response": 0.2, "http_500": 0.1, "seed": 5});
    lab.faults(&json!({"ghl": faults, "growbots": faults}));
    let mut wanted = Vec::new();
    for nth in 0..5 {
        let person = lab.in_step(nth);
        let id = |side: &str| {
            person[format!("{side}_id")]
                .as_str()
                .expect("it is linked")
                .to_owned()
        };
        let city = format!("City {nth}");
        lab.edit("ghl", "contact", &id("ghl"), &json!({"city": city}));
        lab.edit(
            "growbots",
            "contact",
            &id("growbots"),
            &json!({"website": format!("https://site{nth}.example.com")}),
        );
        wanted.push((id("ghl"), id("growbots"), nth));
        let new = json!({"first_name": "New", "last_name": format!("Person {nth}"), "email": format!("new{nth}@example.com")});
        lab.add("growbots", "contact", &new);
        // It may fail as a whole; what it has done stands, and what it has not is done later.
        lab.run(&["sync", "--once"]).ended(&[0, 1, 3]);
    }
    lab.faults(&json!({"ghl": {}, "growbots": {}}));
    let mut last = json!(null);
    for _ in 0..5 {
        last = lab.pass(&["--full"]);
    }
    assert_eq!(last["waiting"], 0, "{last}");
    let (ghl, growbots) = (
        lab.records("ghl", "contact"),
        lab.records("growbots", "contact"),
    );
    for (ghl_id, growbots_id, nth) in wanted {
        assert_eq!(
            growbots[&growbots_id]["address"]["city"],
            json!(format!("City {nth}"))
        );
        assert_eq!(
            ghl[&ghl_id]["website"],
            json!(format!("https://site{nth}.example.com"))
        );
        let email = format!("new{nth}@example.com");
        let made = |all: &BTreeMap<String, Value>| {
            all.values()
                .filter(|raw| raw["email"] == json!(email))
                .count()
        };
        assert_eq!((made(&ghl), made(&growbots)), (1, 1), "{email}");
    }
}

/// Kills `sync` with SIGKILL while it pushes, some times; what was lost on the way is found, not written twice.
#[test]
fn killed_in_the_middle_of_pushing_it_makes_no_duplicate() {
    let lab = Lab::quick(120, 9);
    lab.faults(&json!({"ghl": {"latency_ms": 15}, "growbots": {"latency_ms": 15}}));
    for round in 0..6_usize {
        let events = lab.events().len();
        let mut sync = lab.command(&["sync", "--once"]).spawn().expect("it starts");
        // Some writes further on each round, counted by the sandbox: no clock decides when the blow falls.
        while lab.events().len() < events + 8 + round * 5
            && sync.try_wait().expect("a child").is_none()
        {}
        sync.kill().expect("SIGKILL");
        sync.wait().expect("a child");
    }
    lab.faults(&json!({"ghl": {}, "growbots": {}}));
    let mut last = lab.pass(&[]);
    for _ in 0..4 {
        last = lab.pass(&[]);
    }
    assert_eq!(last["waiting"], 0, "{last}");
    for side in ["ghl", "growbots"] {
        let mut seen: BTreeMap<String, u32> = BTreeMap::new();
        for raw in lab.records(side, "contact").into_values() {
            if let Some(email) = raw["email"].as_str().filter(|email| !email.is_empty()) {
                *seen.entry(email.to_lowercase()).or_default() += 1;
            }
        }
        let twice: Vec<_> = seen.iter().filter(|(_, n)| **n > 1).collect();
        assert!(twice.is_empty(), "{side}: {twice:?}");
    }
    let made = lab
        .events()
        .into_iter()
        .filter(|event| event["op"] == "create" && event["actor"] == "api");
    let mut by_source: BTreeMap<String, u32> = BTreeMap::new();
    for event in made.filter(|event| event["side"] == "growbots" && event["kind"] == "task") {
        *by_source.entry(event["id"].to_string()).or_default() += 1;
    }
    let (ghl, growbots) = (tasks(&lab, "ghl"), tasks(&lab, "growbots"));
    let more: Vec<_> = growbots
        .iter()
        .filter(|(key, n)| ghl.get(key).is_some_and(|ghl| *n > ghl))
        .collect();
    assert!(more.is_empty(), "tasks made twice: {more:?}");
}
