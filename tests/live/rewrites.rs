//! Sides that do not save what they are given: what they make of it is learnt, and what never comes to rest is left
//! alone and told.

use serde_json::{Value, json};

use super::lab::Lab;

fn ids(person: &Value) -> (&str, &str) {
    let id = |key: &str| person[key].as_str().expect("an id");
    (id("ghl_id"), id("growbots_id"))
}

fn set(lab: &Lab, switches: &Value) {
    let (status, text) = lab.call("PUT", "/settings", Some(switches));
    assert!(status < 300, "{text}");
}

fn website(lab: &Lab, side: &str, id: &str) -> Value {
    lab.records(side, "contact")[id]["website"].clone()
}

#[test]
fn a_value_that_a_side_rewrites_on_save_is_no_edit() {
    for (switch, from, to, edit) in [
        ("growbots.rewrites", "ghl", "growbots", "website"),
        ("ghl.rewrites", "growbots", "ghl", "website"),
    ] {
        let lab = Lab::quick(20, 31);
        lab.pass(&[]);
        lab.pass(&[]);
        let person = lab.in_step(0);
        let (ghl, growbots) = ids(&person);
        let id = |side: &str| if side == "ghl" { ghl } else { growbots };
        let open = lab.pass(&[])["conflicts_open"].clone();
        set(&lab, &json!({switch: "alike"}));
        lab.edit(
            from,
            "contact",
            id(from),
            &json!({edit: "https://shop.example.com/a"}),
        );
        let pass = lab.pass(&[]);
        assert_eq!(website(&lab, to, id(to)), "https://shop.example.com/a/");
        assert_eq!(pass["conflicts_open"], open, "{switch}: {pass}");
        let events = lab.events().len();
        let pass = lab.pass(&["--full"]);
        assert_eq!(
            lab.events().len(),
            events,
            "{switch}: it goes to and fro: {pass}"
        );
        assert_eq!(website(&lab, from, id(from)), "https://shop.example.com/a");

        // An edit there is an edit.
        set(&lab, &json!({switch: "no"}));
        lab.edit(
            to,
            "contact",
            id(to),
            &json!({edit: "https://other.example.com"}),
        );
        lab.pass(&[]);
        assert_eq!(
            website(&lab, from, id(from)),
            "https://other.example.com",
            "{switch}"
        );
    }
}

#[test]
fn a_field_that_never_comes_to_rest_is_left_alone_until_an_operator_retries() {
    let lab = Lab::quick(20, 32);
    std::fs::create_dir_all(lab.data().join("couplet")).expect("a folder");
    std::fs::write(
        lab.data().join("couplet/config.toml"),
        "[map.contact.website]\npolicy = \"growbots\"\n",
    )
    .expect("a file");
    lab.pass(&[]);
    lab.pass(&[]);
    let person = lab.in_step(0);
    let (ghl, growbots) = ids(&person);
    set(&lab, &json!({"ghl.rewrites": "anew"}));
    let before = lab.events().len();
    lab.edit(
        "growbots",
        "contact",
        growbots,
        &json!({"website": "https://mine.example.com"}),
    );
    for _ in 0..4 {
        lab.pass(&["--full"]);
    }
    let ours = |lab: &Lab| {
        let events = lab.events();
        let ours = events[before..].iter();
        ours.filter(|event| event["actor"] == "api" && event["id"] == json!(ghl))
            .count()
    };
    assert_eq!(
        ours(&lab),
        2,
        "two writes came back changed, there is no third"
    );
    assert_eq!(
        website(&lab, "growbots", growbots),
        "https://mine.example.com"
    );
    let errors = lab.run(&["errors", "list", "--json"]).ended(&[0]).json();
    let row = errors.as_array().expect("an array").iter();
    let mut row = row.filter(|row| row["operation"] == "ping-pong");
    let row = row.next().unwrap_or_else(|| panic!("{errors}")).clone();
    assert!(
        row["message"]
            .as_str()
            .expect("a text")
            .contains("`website`"),
        "{row}"
    );
    let shown = lab
        .run(&["contacts", "show", ghl, "--json"])
        .ended(&[0])
        .json();
    assert_eq!(
        shown["fields_held"],
        json!([{"field": "website", "why": "parked"}]),
        "{shown}"
    );
    // Other fields of the record go on.
    lab.edit(
        "growbots",
        "contact",
        growbots,
        &json!({"last_name": "Goeson"}),
    );
    lab.pass(&[]);
    assert_eq!(lab.records("ghl", "contact")[ghl]["lastName"], "Goeson");

    set(&lab, &json!({"ghl.rewrites": "no"}));
    lab.run(&["errors", "retry", &row["id"].to_string()])
        .ended(&[0]);
    lab.pass(&[]);
    lab.pass(&[]);
    assert_eq!(website(&lab, "ghl", ghl), "https://mine.example.com");
    let shown = lab
        .run(&["contacts", "show", ghl, "--json"])
        .ended(&[0])
        .json();
    assert_eq!(shown["state"], "in_step", "{shown}");
}
