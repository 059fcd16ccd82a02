//! Several writes in one request to Growbots: what it saves, what becomes of the one that is refused, and of a lost
//! answer.

use serde_json::{Value, json};

use super::capabilities::lab_without;
use super::lab::Lab;

/// How often an operation of Growbots was asked for.
fn asked(lab: &Lab, operation: &str) -> u64 {
    let (_, text) = lab.call("GET", "/requests", None);
    let all: Value = serde_json::from_str(&text).expect("JSON");
    let by_status = all["growbots"]["by_operation"][operation].as_object();
    let counts = by_status.into_iter().flatten();
    counts.filter_map(|(_, count)| count.as_u64()).sum()
}

fn add(lab: &Lab, nth: usize, first_name: &str) {
    let body =
        json!({"firstName": first_name, "lastName": "Batch", "email": format!("b{nth}@x.test")});
    lab.add("ghl", "contact", &body);
}

fn leads(lab: &Lab) -> Vec<String> {
    let all = lab.records("growbots", "contact").into_values();
    let mine = all.filter(|raw| raw["last_name"] == "Batch");
    mine.map(|raw| raw["email"].as_str().expect("an address").to_owned())
        .collect()
}

#[test]
fn many_writes_go_in_few_requests() {
    let lab = Lab::quick(60, 3);
    let first = lab.pass(&[]);
    let batches = asked(&lab, "POST /batch");
    assert!(batches > 0, "{first}");
    assert_eq!(asked(&lab, "POST /leads"), 0, "none was made alone");
    let requests = first["requests"]["growbots"].as_u64().expect("a count");
    let by_us = |event: &Value| event["side"] == "growbots" && event["actor"] == "api";
    let written = lab.events().iter().filter(|event| by_us(event)).count();
    // All reads are among the requests.
    assert!(
        written > 30 && requests < written as u64 * 2 / 3,
        "{written}: {first}"
    );
}

#[test]
fn without_the_capability_each_goes_alone() {
    let lab = lab_without(&["batch"]);
    for nth in 0..5 {
        add(&lab, nth, "Ann");
    }
    lab.pass(&[]);
    assert_eq!(asked(&lab, "POST /batch"), 0);
    assert_eq!(leads(&lab).len(), 5);
}

#[test]
fn one_that_is_refused_holds_up_no_other() {
    let lab = Lab::quick(5, 3);
    lab.pass(&[]);
    for nth in 0..6 {
        // Growbots takes 100 characters.
        let name = if nth == 2 {
            "N".repeat(120)
        } else {
            "Ann".into()
        };
        add(&lab, nth, &name);
    }
    let before = asked(&lab, "POST /batch");
    let pass = lab.pass(&[]);
    assert_eq!(asked(&lab, "POST /batch"), before + 1, "{pass}");
    let made = leads(&lab);
    assert_eq!(made.len(), 5, "{made:?}");
    assert!(!made.contains(&"b2@x.test".to_owned()), "{made:?}");
    let errors = lab.run(&["errors", "list", "--json"]).ended(&[0]).json();
    let named = errors.as_array().expect("rows").iter();
    let named = named.filter(|row| row.to_string().contains("first_name"));
    assert_eq!(named.count(), 1, "{errors}");
    // The record changes, and goes.
    let all = lab.records("ghl", "contact").into_iter();
    let mut all = all.filter(|(_, raw)| raw["email"] == "b2@x.test");
    let (id, _) = all.next().expect("it is there");
    lab.edit("ghl", "contact", &id, &json!({"firstName": "Short"}));
    lab.pass(&[]);
    assert_eq!(leads(&lab).len(), 6);
}

#[test]
fn after_a_lost_answer_nothing_is_made_twice() {
    let lab = Lab::quick(5, 3);
    lab.pass(&[]);
    for nth in 0..8 {
        add(&lab, nth, "Ann");
    }
    for fault in ["drop_response", "http_500", "truncate_body", "reset"] {
        let plan = json!({fault: 1.0, "only": ["POST /batch"], "next": 1});
        lab.faults(&json!({"growbots": plan}));
        lab.run(&["sync", "--once"]).ended(&[0, 1, 3]);
    }
    lab.faults(&json!({}));
    let mut last = Value::Null;
    for _ in 0..3 {
        last = lab.pass(&[]);
    }
    assert_eq!(last["waiting"], 0, "{last}");
    let mut made = leads(&lab);
    made.sort_unstable();
    let want: Vec<String> = (0..8).map(|nth| format!("b{nth}@x.test")).collect();
    assert_eq!(made, want);
}
