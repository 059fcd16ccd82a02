//! Mass changes: held, and answered for some of the records while the rest waits on.

use serde_json::{Value, json};

use super::lab::{Lab, Ran};

/// The mass change that is open.
fn held(lab: &Lab) -> Value {
    let all = lab.run(&["conflicts", "list", "--json"]).ended(&[0]).json();
    let mut all = all.as_array().expect("an array").iter();
    let held = all.find(|conflict| conflict["reason"] == "mass_change");
    held.cloned().unwrap_or_default()
}

/// The ids of the records that it holds, on the side that would be written.
fn ids(held: &Value) -> Vec<String> {
    let candidates = held["candidates"].as_array().expect("an array").iter();
    let id = |one: &Value| one["id"].as_str().expect("an id").to_owned();
    candidates.map(id).collect()
}

fn resolve(lab: &Lab, held: &Value, answer: &[&str]) -> Ran {
    let id = held["id"].to_string();
    lab.run(&[&["conflicts", "resolve", &id], answer].concat())
}

/// The pairs of a lab that are in step: ids in GHL and in Growbots.
fn pairs(lab: &Lab) -> Vec<(String, String)> {
    let all = lab.run(&["contacts", "list", "--json"]).ended(&[0]).json();
    let text = |row: &Value, key: &str| row[key].as_str().map(str::to_owned);
    let rows = all.as_array().expect("an array").iter();
    let rows = rows.filter(|row| row["state"] == "in_step");
    let pair = |row: &Value| text(row, "ghl_id").zip(text(row, "growbots_id"));
    rows.filter_map(pair).collect()
}

/// A lab where somebody deleted 30 leads, and the mass change that came of it.
fn emptied() -> (Lab, Value) {
    let lab = Lab::quick(60, 11);
    // With their notes: a note that only GHL were known to have would hold its contact back.
    lab.pass(&["--full", "--children"]);
    lab.pass(&["--full", "--children"]);
    for (_, growbots) in pairs(&lab).iter().take(30) {
        lab.delete("growbots", "contact", growbots);
    }
    let pass = lab.pass(&["--full"]);
    assert_eq!(
        (&pass["held"], &pass["deleted"]["ghl"]),
        (&json!(30), &json!(0)),
        "{pass}"
    );
    let mass = held(&lab);
    assert_eq!(mass["title"], "30 contacts");
    (lab, mass)
}

#[test]
fn deletes_that_are_held_go_for_some_are_undone_for_some_and_wait_for_the_rest() {
    let (lab, mass) = emptied();
    let all = ids(&mass);
    // The first of them stands for all: what is said of it must not wait for the others.
    let (gone, kept, rest) = (&all[..5], &all[5..8], &all[8..]);
    let preview = resolve(
        &lab,
        &mass,
        &[
            "--approve",
            "--only",
            &gone.join(","),
            "--dry-run",
            "--json",
        ],
    );
    let preview = preview.ended(&[0]).json();
    let deletes = preview["plan"].as_array().expect("an array").iter();
    let deletes = deletes.filter(|write| write["op"] == "delete");
    assert_eq!(deletes.count(), 5, "{preview:#}");

    let before = lab.records("ghl", "contact").len();
    let leads = lab.records("growbots", "contact").len();
    let approve = ["--approve", "--only", &gone.join(","), "--revision", "1"];
    resolve(&lab, &mass, &approve).ended(&[0]);
    let pass = lab.pass(&[]);
    assert_eq!(pass["held"], 25, "{pass}");
    let there = lab.records("ghl", "contact");
    assert_eq!(there.len(), before - 5, "{pass}");
    assert!(gone.iter().all(|id| !there.contains_key(id)));
    let now = held(&lab);
    assert_eq!((&now["id"], &now["revision"]), (&mass["id"], &json!(2)));
    assert_eq!(
        (&now["title"], ids(&now).len()),
        (&json!("25 contacts"), 25)
    );

    let refused = resolve(&lab, &now, &approve).ended(&[1]);
    assert!(
        refused.err.contains("is not held by conflict"),
        "{}",
        refused.err
    );
    let reject = ["--reject", "--only", &kept.join(","), "--revision", "1"];
    let refused = resolve(&lab, &now, &reject).ended(&[1]);
    assert!(
        refused
            .err
            .contains("moved: it has revision 2 now, you saw 1"),
        "{}",
        refused.err
    );
    resolve(&lab, &now, &["--reject", "--only", &kept.join(",")]).ended(&[0]);
    let pass = lab.pass(&[]);
    assert_eq!(
        (&pass["held"], &pass["deleted"]["ghl"]),
        (&json!(22), &json!(0)),
        "{pass}"
    );
    assert_eq!(
        lab.records("growbots", "contact").len(),
        leads + 3,
        "made again"
    );
    let left = held(&lab);
    assert_eq!(left["revision"], 3);
    assert_eq!(ids(&left), rest);

    let log = lab.run(&["log", "list", "--json"]).ended(&[0]).json();
    let mut causes = log
        .as_array()
        .expect("an array")
        .iter()
        .filter_map(|line| line["cause"].as_str());
    let said = format!(
        "dana decided some of conflict {}: take 3 back, 22 still held",
        mass["id"]
    );
    assert!(causes.any(|cause| cause == said), "{log:#}");

    resolve(&lab, &left, &["--approve"]).ended(&[0]);
    let pass = lab.pass(&[]);
    assert_eq!(pass["held"], 0, "{pass}");
    assert_eq!(lab.records("ghl", "contact").len(), before - 27);
    assert_eq!(held(&lab), json!(null));
    let pass = lab.pass(&["--full"]);
    assert_eq!(pass["deleted"], json!({"ghl": 0, "growbots": 0}), "{pass}");
}

#[test]
fn of_two_who_answer_the_same_mass_change_the_second_is_refused() {
    let (lab, mass) = emptied();
    let all = ids(&mass);
    resolve(&lab, &mass, &["--reject", "--only", &all[..2].join(",")]).ended(&[0]);
    resolve(&lab, &mass, &["--approve"]).ended(&[0]);
    let pass = lab.pass(&[]);
    assert_eq!(
        (&pass["held"], &pass["deleted"]["ghl"]),
        (&json!(28), &json!(0)),
        "{pass}"
    );
    assert_eq!(held(&lab)["revision"], 2);
}

#[test]
fn only_names_records_that_are_held_by_any_of_their_ids() {
    let (lab, mass) = emptied();
    let link = mass["candidates"][3]["link"].to_string();
    let stranger = lab.in_step(0)["ghl_id"].as_str().expect("an id").to_owned();
    for (answer, code, said) in [
        (
            vec!["--approve", "--only", &stranger],
            1,
            "is not held by conflict",
        ),
        (
            vec!["--reject", "--only", "nobody"],
            1,
            "record `nobody` is not held",
        ),
        (
            vec!["--take", "ghl", "--only", &link],
            2,
            "cannot be used with",
        ),
    ] {
        let ran = resolve(&lab, &mass, &answer).ended(&[code]);
        assert!(ran.err.contains(said), "{answer:?}: {}", ran.err);
    }
    let id = mass["id"].to_string();
    let shown = lab.run(&["conflicts", "show", &id]).ended(&[0]);
    let told = "deleted in Growbots; till you say so, they are not deleted in GHL:";
    assert!(shown.out.contains(told), "{}", shown.out);
    assert!(shown.out.contains("--only RECORD"), "{}", shown.out);
    resolve(&lab, &mass, &["--reject", "--only", &link]).ended(&[0]);
    lab.pass(&[]);
    assert_eq!(ids(&held(&lab)).len(), 29);
}

#[test]
fn values_that_are_held_are_written_for_some_given_back_for_some_and_undone() {
    let lab = Lab::quick(280, 7);
    lab.pass(&["--full"]);
    lab.pass(&["--full"]);
    let pairs = pairs(&lab);
    let city = |side: &str, id: &str| {
        let all = lab.records(side, "contact");
        match side {
            "ghl" => all[id]["city"].clone(),
            _ => all[id]["address"]["city"].clone(),
        }
    };
    let had = city("growbots", &pairs[0].1);
    for (_, growbots) in pairs.iter().take(210) {
        lab.edit(
            "growbots",
            "contact",
            growbots,
            &json!({"address": {"city": "Atlantis"}}),
        );
    }
    let pass = lab.pass(&[]);
    assert_eq!(
        (&pass["held"], &pass["updated"]["ghl"]),
        (&json!(210), &json!(0)),
        "{pass}"
    );
    let mass = held(&lab);
    let all = ids(&mass);
    let of = |id: &str| {
        pairs
            .iter()
            .find(|(ghl, _)| ghl == id)
            .expect("a pair")
            .1
            .clone()
    };
    resolve(&lab, &mass, &["--approve", "--only", &all[..10].join(",")]).ended(&[0]);
    let pass = lab.pass(&[]);
    assert_eq!(
        (&pass["held"], &pass["updated"]["ghl"]),
        (&json!(200), &json!(10)),
        "{pass}"
    );
    assert_eq!(city("ghl", &all[0]), "Atlantis");
    assert_ne!(city("ghl", &all[10]), "Atlantis");

    // Still held, also where fewer are left than the brake lets go.
    resolve(
        &lab,
        &held(&lab),
        &["--reject", "--only", &all[10..15].join(",")],
    )
    .ended(&[0]);
    let pass = lab.pass(&[]);
    assert_eq!(pass["held"], 195, "{pass}");
    assert_eq!(pass["updated"], json!({"ghl": 0, "growbots": 5}), "{pass}");
    assert_ne!(city("growbots", &of(&all[10])), "Atlantis");
    assert_eq!(city("growbots", &of(&all[15])), "Atlantis");

    let log = lab.run(&["log", "list", "--json"]).ended(&[0]).json();
    let mut lines = log.as_array().expect("an array").iter();
    let back = lines.find(|line| line["side"] == "growbots" && line["op"] == "update");
    let back = back.expect("it was given back");
    lab.run(&["undo", &back["id"].to_string()]).ended(&[0]);
    lab.pass(&[]);
    let again = lab.records("growbots", "contact").into_iter();
    let again = again
        .filter(|(_, raw)| raw["address"]["city"] == "Atlantis")
        .count();
    assert_eq!(
        again, 206,
        "210, less 5 given back, and one of these undone; {had}"
    );
    resolve(&lab, &held(&lab), &["--approve"]).ended(&[0]);
    let pass = lab.pass(&[]);
    assert_eq!(
        (&pass["held"], &pass["updated"]["ghl"]),
        (&json!(0), &json!(195)),
        "{pass}"
    );
}
