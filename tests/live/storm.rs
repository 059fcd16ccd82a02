//! Growbots' records change under couplet's hands, and a database that is lost is built again from what Growbots keeps.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::lab::Lab;

/// The last value that each side's users gave each field of a contact, of those that a side shows flat.
fn last_of(lab: &Lab, after: usize) -> BTreeMap<(String, String), Value> {
    let mut last = BTreeMap::new();
    for event in lab.events().split_off(after) {
        let id = event["id"].as_str().expect("an id").to_owned();
        let is_theirs = event["side"] == "growbots" && event["actor"] == "fault";
        for change in event["fields"].as_array().into_iter().flatten() {
            let field = change["field"].as_str().expect("a name").to_owned();
            if is_theirs {
                last.insert((id.clone(), field), change["to"].clone());
            }
        }
    }
    last
}

#[test]
fn in_a_storm_of_412_nothing_is_lost_and_only_real_conflicts_are_opened() {
    let lab = Lab::quick(60, 11);
    lab.pass(&[]);
    lab.pass(&[]);
    let quiet = lab.pass(&[]);
    let open = |answer: &Value| answer["conflicts_open"].as_u64().expect("a count");
    let began = lab.events().len();
    let mut cities = Vec::new();
    for nth in 0..15 {
        let person = lab.in_step(nth);
        let id = |side: &str| person[side].as_str().expect("linked").to_owned();
        let city = format!("City {nth}");
        lab.edit("ghl", "contact", &id("ghl_id"), &json!({"city": city}));
        cities.push((id("ghl_id"), id("growbots_id"), city));
    }
    // Each write of couplet's finds the record changed since it was read.
    let storm = json!({"edit_before_write": 1.0, "only": ["PATCH /leads/{id}"], "seed": 3});
    lab.faults(&json!({"growbots": storm}));
    for _ in 0..3 {
        lab.pass(&[]);
    }
    lab.faults(&json!({}));
    let met = last_of(&lab, began);
    assert!(met.len() >= 15, "the storm hit: {}", met.len());
    let mut last = Value::Null;
    for _ in 0..3 {
        last = lab.pass(&[]);
    }
    assert_eq!(last["waiting"], 0, "{last}");

    let (ghl, growbots) = (
        lab.records("ghl", "contact"),
        lab.records("growbots", "contact"),
    );
    let conflicts = lab.run(&["conflicts", "list", "--json"]).ended(&[0]).json();
    let conflicts = conflicts.as_array().expect("rows");
    // Of a field in conflict both values stand on their sides; every other value is on both.
    let mut real = BTreeSet::new();
    for (here, there, city) in &cities {
        let now = growbots[there]["address"]["city"].as_str();
        if now != Some(city) {
            assert!(
                met.keys()
                    .any(|(id, field)| id == there && field == "address.city"),
                "{city} became {now:?} and nobody wrote that"
            );
            assert_eq!(ghl[here]["city"], json!(city));
            let held = |one: &&Value| {
                let fields = one["fields"].as_array().expect("fields");
                let is_city =
                    |field: &Value| field["field"] == "address.city" && field["ghl"] == json!(city);
                fields.iter().any(is_city)
            };
            assert!(conflicts.iter().any(|one| held(&one)), "{city} is lost");
            real.insert(here);
        }
    }
    assert_eq!(
        open(&last) - open(&quiet),
        real.len() as u64,
        "a conflict is two values for one field: {conflicts:?}"
    );
    for ((id, field), value) in &met {
        let now = field.split('.').fold(&growbots[id], |raw, part| &raw[part]);
        assert!(
            now == value,
            "{id} {field}: somebody wrote {value}, and it is {now}"
        );
    }
    let before = lab.events().len();
    lab.pass(&[]);
    assert_eq!(lab.events().len(), before, "it is quiet again");
}

/// `COUPLET_TEST_PAIRS` says of how many pairs; a debug build does a thousand in some seconds.
#[test]
fn a_fresh_database_finds_every_pair_again_and_writes_nothing() {
    let pairs = std::env::var("COUPLET_TEST_PAIRS").unwrap_or_else(|_| "600".into());
    let pairs: u32 = pairs.parse().expect("a number");
    let lab = Lab::quick(pairs, 17);
    let mut last = Value::Null;
    for _ in 0..3 {
        last = lab.pass(&["--full", "--children"]);
    }
    assert_eq!(last["waiting"], 0, "{last}");
    let linked = |more: &[(&str, &str)]| {
        let mut command = lab.command(&["contacts", "list", "--jsonl"]);
        let ran = command
            .envs(more.iter().copied())
            .output()
            .expect("it starts");
        let rows = String::from_utf8(ran.stdout).expect("text");
        let rows = rows
            .lines()
            .map(|row| serde_json::from_str::<Value>(row).expect("JSON"));
        let both = rows.filter(|row| !row["ghl_id"].is_null() && !row["growbots_id"].is_null());
        both.map(|row| (row["ghl_id"].to_string(), row["growbots_id"].to_string()))
            .collect::<BTreeSet<_>>()
    };
    let known = linked(&[]);
    assert!(known.len() as u32 >= pairs * 9 / 10, "{}", known.len());

    let other = tempfile::tempdir().expect("a folder");
    let other = other.path().to_str().expect("a path");
    let fresh = [("COUPLET_DATA_DIR", other)];
    let before = lab.events().len();
    for _ in 0..2 {
        let ran = lab
            .command(&["sync", "--once", "--json", "--full", "--children"])
            .envs(fresh)
            .output()
            .expect("it starts");
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert!(matches!(ran.status.code(), Some(0 | 3)), "{said}");
        let wrote = lab.events().split_off(before);
        assert!(wrote.is_empty(), "{said} {wrote:?}");
    }
    assert_eq!(linked(&fresh), known);
}
