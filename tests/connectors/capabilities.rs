//! A Growbots server that lacks a capability: couplet makes up for it (`facts/growbots.md` 3.9).

use serde_json::{Value, json};

use super::lab::Lab;
use super::together;

/// A sandbox whose Growbots can do what it can but for these; it says so itself.
pub fn lab_without(lacking: &[&str]) -> Lab {
    let lab = Lab::quick(20, 9);
    let now = || {
        let (_, now) = lab.call("GET", "/settings", None);
        let now: Value = serde_json::from_str(&now).expect("JSON");
        now["growbots.capabilities"]["value"].clone()
    };
    let mut can = now();
    let names = can.as_array_mut().expect("a list");
    names.retain(|name| !lacking.contains(&name.as_str().expect("a name")));
    let settings = json!({"growbots.capabilities": can});
    let (status, text) = lab.call("PUT", "/settings", Some(&settings));
    assert!(status < 300, "{status} {text}");
    assert_eq!(now(), can);
    lab
}

fn without(lacking: &[&str]) {
    together::edits_and_deletes_on_both_sides_arrive_once(&lab_without(lacking), &|_| {});
}

#[test]
fn without_a_change_feed_lists_and_sweeps_bring_both_sides_together() {
    without(&["changes"]);
}

#[test]
fn without_tombstones_in_lists_a_missing_record_is_read_by_id() {
    without(&["include_deleted"]);
}

#[test]
fn without_etags_a_record_is_read_just_before_it_is_written() {
    without(&["etag"]);
}

#[test]
fn without_idempotency_nothing_is_made_twice() {
    without(&["idempotency"]);
}

#[test]
fn without_external_ids_links_are_held_here() {
    without(&["external_id"]);
}

#[test]
fn without_batches_each_write_is_sent_alone() {
    without(&["batch"]);
}

#[test]
fn without_restore_and_webhooks_nothing_is_missed() {
    without(&["restore", "webhooks"]);
}

#[test]
fn a_server_that_can_do_none_of_it_still_comes_together() {
    without(&[
        "changes",
        "include_deleted",
        "etag",
        "idempotency",
        "external_id",
        "batch",
        "restore",
        "webhooks",
    ]);
}

#[test]
fn without_idempotency_a_lost_answer_is_looked_up_and_not_sent_again() {
    let lab = lab_without(&["idempotency"]);
    together::pass(&lab, &[], &|_| {});
    let body = json!({"firstName": "Cy", "lastName": "Lost", "email": "cy@x.test"});
    lab.add("ghl", "contact", &body);
    lab.faults(&json!({"growbots": {"drop_response": 1.0, "only": ["POST /leads"]}}));
    together::pass(&lab, &[], &|_| {});
    lab.faults(&json!({}));
    let last = together::pass(&lab, &[], &|_| {});
    assert_eq!(last["waiting"], 0, "{last}");
    let made = lab.events().into_iter().filter(|event| {
        event["side"] == "growbots" && event["op"] == "create" && event["actor"] == "api"
    });
    let of_cy = lab.records("growbots", "contact").into_values();
    assert_eq!(of_cy.filter(|raw| raw["email"] == "cy@x.test").count(), 1);
    assert!(made.count() > 0, "couplet made it");
}
