//! What an operator decides once for all, from the answer to the log.

use serde_json::json;

use crate::user::{Sandbox, said};

#[test]
fn a_remembered_answer_decides_later_conflicts_of_its_scope_until_it_is_removed() {
    let (sandbox, user) = Sandbox::start();
    user.pass();
    let people = user.in_step();
    let conflict = sandbox.conflict(&user, &people[0], "Ost", "West");
    let answer = format!("conflicts resolve {} --field last_name", conflict["id"]);
    let value = user.run(&format!("{answer} --take base --remember field"));
    assert_eq!(value.status.code(), Some(2), "{}", said(&value));
    user.done(&format!("{answer} --take growbots --remember field"));
    user.pass();
    let policies = user.json("policies list --json");
    assert_eq!(policies[0]["policy"], "growbots");
    assert_eq!(policies[0]["scope"], "field");
    assert_eq!(policies[0]["operator"], "dana");

    // Another record, another conflict of the field: decided, and the log says by what.
    let other = &people[1];
    let none = sandbox.conflict(&user, other, "Nord", "Sued");
    assert_eq!(none, json!(null));
    let there = sandbox.record("ghl", "contact", &other["ghl_id"]);
    assert_eq!(there["lastName"], "Sued");
    let log = user.json("log list --json");
    let line = log
        .as_array()
        .unwrap()
        .iter()
        .find(|line| line["fields"][0]["to"] == "Sued");
    let cause = line.unwrap()["cause"].as_str().unwrap();
    assert!(cause.contains("remembered as 1 by dana"), "{cause}");

    user.done("policies remove 1");
    user.pass();
    assert_eq!(user.json("policies list --json"), json!([]));
    let asked = sandbox.conflict(&user, other, "Hoch", "Tief");
    assert_eq!(asked["reason"], "field");
}

#[test]
fn a_policy_of_a_record_or_a_filter_leaves_others_alone() {
    let (sandbox, user) = Sandbox::start();
    user.pass();
    let people = user.in_step();
    sandbox.edit("ghl", &people[0]["ghl_id"], &json!({"tags": ["q4-list"]}));
    sandbox.edit("ghl", &people[1]["ghl_id"], &json!({"tags": ["q4-list"]}));
    user.pass();
    let conflict = sandbox.conflict(&user, &people[0], "Ost", "West");
    let answer = format!("conflicts resolve {} --field last_name", conflict["id"]);
    user.done(&format!("{answer} --take ghl --remember tag:q4-list"));
    user.pass();
    assert_eq!(
        sandbox.conflict(&user, &people[1], "Nord", "Sued"),
        json!(null)
    );
    let other = sandbox.conflict(&user, &people[2], "Hoch", "Tief");
    assert_eq!(other["reason"], "field");

    let answer = format!("conflicts resolve {} --field last_name", other["id"]);
    user.done(&format!("{answer} --take growbots --remember record"));
    user.pass();
    assert_eq!(
        sandbox.conflict(&user, &people[2], "Links", "Rechts"),
        json!(null)
    );
    let there = sandbox.record("ghl", "contact", &people[2]["ghl_id"]);
    assert_eq!(there["lastName"], "Rechts");
    assert_eq!(
        sandbox.conflict(&user, &people[3], "A", "B")["reason"],
        "field"
    );
}

#[test]
fn a_decision_that_follows_a_remembered_policy_is_in_the_log_as_settled_by_it() {
    let (sandbox, user) = Sandbox::start();
    user.pass();
    let people = user.in_step();
    let first = sandbox.conflict(&user, &people[0], "Ost", "West");
    let asked = ["Nord", "Hoch"].map(|name| {
        let at = if name == "Nord" { 1 } else { 2 };
        sandbox.conflict(&user, &people[at], name, "Sued")
    });
    let take = |conflict: &serde_json::Value, what: &str| {
        let id = &conflict["id"];
        user.done(&format!(
            "conflicts resolve {id} --field last_name --take {what}"
        ));
    };
    take(&first, "growbots --remember field");
    take(&asked[0], "growbots");
    take(&asked[1], "ghl");
    user.pass();
    let id = &first["id"];
    let by = format!("dana decided, conflict {id}, by policy growbots, remembered as 1 by dana");
    let uses = user.json("policies list --json");
    assert_eq!(uses[0]["settled"], 2, "the first is its own: {uses}");
    let log = user.json("log list --json");
    let cause = |value: &str| {
        let mut lines = log.as_array().unwrap().iter();
        let line = lines.find(|line| line["fields"][0]["to"] == value);
        line.map(|line| line["cause"].as_str().unwrap_or("").to_owned())
    };
    assert_eq!(cause("West"), Some(by));
    let id = &asked[0]["id"];
    let by = format!("dana decided, conflict {id}, by policy growbots, remembered as 1 by dana");
    assert_eq!(cause("Sued"), Some(by));
    let id = &asked[1]["id"];
    let against = format!("dana decided, conflict {id}");
    assert_eq!(cause("Hoch"), Some(against), "the policy says otherwise");
}
