//! What a decision or an edit would write, said before it is asked for.

use serde_json::{Value, json};

use super::lab::Lab;

#[test]
fn a_preview_says_what_a_decision_and_an_edit_would_write_and_stores_nothing() {
    let lab = Lab::quick(20, 3);
    lab.pass(&[]);
    let person = lab.in_step(0);
    let id = |key: &str| person[key].as_str().expect("an id").to_owned();
    let (ghl, growbots) = (id("ghl_id"), id("growbots_id"));
    lab.edit("ghl", "contact", &ghl, &json!({"lastName": "Ost"}));
    let patch = json!({"last_name": "West"});
    lab.edit("growbots", "contact", &growbots, &patch);
    lab.pass(&[]);
    let list = ["conflicts", "list", "--json"];
    let conflicts = lab.run(&list).ended(&[0]).json();
    let conflict = conflicts.as_array().expect("an array").iter();
    let conflict = conflict
        .filter(|one| one["fields"][0]["field"] == "last_name")
        .find(|one| one["fields"][0]["ghl"] == "Ost")
        .expect("the conflict");
    let number = conflict["id"].to_string();
    let answer = ["conflicts", "resolve", &number, "--field", "last_name"];
    let (events, actions) = (
        lab.events().len(),
        [&answer[..], &["--take", "ghl"]].concat(),
    );

    let dry = lab.run(&[&actions[..], &["--dry-run", "--json"]].concat());
    let dry = dry.ended(&[0]).json();
    let plan = dry["plan"].as_array().expect("an array");
    assert_eq!(plan.len(), 1, "{dry}");
    assert_eq!(plan[0]["side"], "growbots", "{dry}");
    assert_eq!(plan[0]["fields"][0]["from"], "West", "{dry}");
    assert_eq!(plan[0]["fields"][0]["to"], "Ost", "{dry}");
    assert_eq!(dry["cost"]["requests"]["ghl"], 0, "{dry}");

    let edit = ["contacts", "edit", &ghl, "--set", "address.city=Monterey"];
    let told = lab.run(&[&edit[..], &["--dry-run"]].concat()).ended(&[0]);
    assert_eq!(told.out.matches("-> Monterey").count(), 2, "{}", told.out);

    lab.pass(&[]);
    assert_eq!(lab.events().len(), events, "a preview writes nothing");
    let still = lab.run(&list).ended(&[0]).json();
    assert_eq!(still, conflicts, "and decides nothing");

    lab.run(&actions).ended(&[0]);
    lab.pass(&[]);
    let lead: Value = lab.records("growbots", "contact")[&growbots].clone();
    assert_eq!(lead["last_name"], "Ost", "as it was foreseen");
}

#[test]
fn a_business_is_told_by_its_name_and_json_keeps_its_id() {
    let lab = Lab::quick(20, 3);
    for name in ["Harbor Works", "Quay Works", "Tide Works"] {
        lab.add("ghl", "business", &json!({"name": name}));
    }
    lab.pass(&["--full"]);
    lab.pass(&["--full"]);
    let id_of = |side: &str, name: &str| {
        let all = lab.records(side, "business");
        let found = all.into_iter().find(|(_, raw)| raw["name"] == name);
        found.unwrap_or_else(|| panic!("{side} has no {name}")).0
    };
    let person = lab.in_step(0);
    let id = |key: &str| person[key].as_str().expect("an id").to_owned();
    let (ghl, growbots) = (id("ghl_id"), id("growbots_id"));
    let harbor = id_of("ghl", "Harbor Works");
    lab.edit("ghl", "contact", &ghl, &json!({"businessId": harbor}));
    lab.pass(&[]);
    let told = lab.run(&["contacts", "show", &ghl]).ended(&[0]).out;
    let line = told.lines().find(|line| line.starts_with("business "));
    let line = line.expect("it has one");
    assert_eq!(
        line.matches("Harbor Works").count(),
        3,
        "base and both sides: {line}"
    );
    let shown = lab
        .run(&["contacts", "show", &ghl, "--json"])
        .ended(&[0])
        .json();
    assert_eq!(shown["business"], harbor);

    lab.edit(
        "ghl",
        "contact",
        &ghl,
        &json!({"businessId": id_of("ghl", "Quay Works")}),
    );
    let patch = json!({"company_id": id_of("growbots", "Tide Works")});
    lab.edit("growbots", "contact", &growbots, &patch);
    lab.pass(&[]);
    let conflicts = lab.run(&["conflicts", "list", "--json"]).ended(&[0]).json();
    let mut conflicts = conflicts.as_array().expect("an array").iter();
    let conflict = conflicts.find(|one| one["fields"][0]["field"] == "business");
    let conflict = conflict.expect("both sides chose another one");
    assert_eq!(conflict["fields"][0]["ghl"], id_of("ghl", "Quay Works"));
    let number = conflict["id"].to_string();
    let told = lab.run(&["conflicts", "show", &number]).ended(&[0]).out;
    for part in [
        "base      Harbor Works",
        "GHL       Quay Works",
        "Growbots  Tide Works",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let answer = [
        "conflicts",
        "resolve",
        &number,
        "--field",
        "business",
        "--take",
        "ghl",
    ];
    let told = lab
        .run(&[&answer[..], &["--dry-run"]].concat())
        .ended(&[0])
        .out;
    assert!(told.contains("Tide Works -> Quay Works"), "{told}");
}
