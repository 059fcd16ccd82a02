//! The field map as settings: what they make of records, a changed map, and mistakes in it.

use serde_json::{Value, json};

use super::lab::Lab;

const MAP: &str = r#"
[map.contact.title]
ghl = "Job title"
policy = "newest"
to_growbots = "{{ value | title }}"
to_ghl = "{{ value | lower }}"

[map.contact.custom.budget]
"#;

fn configure(lab: &Lab, text: &str) -> String {
    let path = lab.data().join("map.toml");
    std::fs::write(&path, text).expect("it can be written");
    path.display().to_string()
}

fn id(person: &Value, side: &str) -> String {
    person[format!("{side}_id")]
        .as_str()
        .expect("it is linked")
        .to_owned()
}

/// The id of a custom field of the sandbox's location.
fn ghl_field(lab: &Lab, key: &str) -> Value {
    lab.ghl_get("/locations/{location}/customFields")["customFields"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|field| field["fieldKey"] == format!("contact.{key}"))
        .expect("the sandbox has it")["id"]
        .clone()
}

#[test]
fn tasks_keep_to_what_each_side_can_take() {
    let lab = Lab::quick(20, 3);
    lab.pass(&[]);
    let person = lab.in_step(0);
    let (ghl, growbots) = (id(&person, "ghl"), id(&person, "growbots"));
    let title = "x".repeat(300);
    let task = json!({"title": title, "contactId": ghl, "dueDate": "2030-01-02T10:00:00.000Z", "completed": false});
    lab.add("ghl", "task", &task);
    lab.add(
        "growbots",
        "task",
        &json!({"lead_id": growbots, "title": "Without a date"}),
    );
    lab.pass(&["--full"]);
    lab.pass(&["--full"]);
    let find = |side: &str, title: &str| {
        let all = lab.records(side, "task");
        let found = all.into_iter().find(|(_, raw)| raw["title"] == title);
        found.unwrap_or_else(|| panic!("{side} has no task `{title}`"))
    };
    find("ghl", &title);
    let (cut, _) = find("growbots", &title[..255]);
    let (_, on_ghl) = find("ghl", "Without a date");
    let (_, on_growbots) = find("growbots", "Without a date");
    let due = on_ghl["dueDate"].as_str().expect("GHL has a date");
    assert_eq!(
        &due[..19],
        &on_growbots["due_at"].as_str().expect("so has Growbots")[..19]
    );
    // The whole title stays in GHL, whatever becomes of the cut one.
    lab.edit("growbots", "task", &cut, &json!({"title": "shorter"}));
    lab.pass(&["--full"]);
    find("ghl", &title);
    find("growbots", "shorter");
}

/// How many records a preview would write on each side.
fn planned(preview: &Value) -> Value {
    let plan = preview["plan"].as_array().expect("a plan");
    let of = |side: &str| plan.iter().filter(|write| write["side"] == side).count();
    json!({"ghl": of("ghl"), "growbots": of("growbots")})
}

#[test]
fn a_new_map_on_contacts_in_step_is_nobodys_edit() {
    let lab = Lab::quick(300, 7);
    lab.pass(&[]);
    lab.pass(&[]);
    let before = lab.pass(&[]);
    // Some titles stand in one of the two fields only.
    let config = configure(
        &lab,
        "[map.contact.title]\nghl = \"custom.job_title\"\npolicy = \"growbots\"\n",
    );
    let config = ["--config", config.as_str()];
    let preview = lab.pass(&[&config[..], &["--dry-run"]].concat());
    let planned = planned(&preview);
    for side in ["ghl", "growbots"] {
        assert_ne!(planned[side], 0, "the preview lists every write: {preview}");
    }
    let changed = lab.pass(&config);
    assert_eq!(
        changed["conflicts_open"], before["conflicts_open"],
        "{changed}"
    );
    assert_eq!(
        changed["updated"], planned,
        "what the preview said: {changed}"
    );
    let after = lab.pass(&config);
    assert_eq!(
        after["updated"],
        json!({"ghl": 0, "growbots": 0}),
        "{after}"
    );
}

#[test]
fn a_new_map_that_would_write_much_waits_for_an_operator() {
    let lab = Lab::quick(500, 7);
    lab.pass(&[]);
    lab.pass(&[]);
    let before = lab.pass(&[]);
    // Every title of Growbots would be written in another way.
    let config = configure(
        &lab,
        "[map.contact.title]\nghl = \"custom.job_title\"\npolicy = \"ghl\"\ndirection = \"->\"\n\
         to_growbots = \"{{ value | lower }}\"\n",
    );
    let config = ["--config", config.as_str()];
    let none = json!({"ghl": 0, "growbots": 0});
    let preview = lab.pass(&[&config[..], &["--dry-run"]].concat());
    let titles = planned(&preview)["growbots"].as_u64().expect("a count");
    assert!(titles > 200, "the brake lets 200 go: {titles}");
    for _ in 0..2 {
        let changed = lab.pass(&config);
        assert_eq!(changed["updated"], none, "{changed}");
        assert_eq!(changed["held"], titles, "{changed}");
    }
    let conflicts = lab.run(&["conflicts", "list", "--json"]).ended(&[0, 3]);
    let conflicts = conflicts.json();
    let conflicts = conflicts.as_array().expect("rows");
    let opened = before["conflicts_open"].as_u64().expect("a count") + 1;
    assert_eq!(conflicts.len() as u64, opened, "one for all of them");
    let brake = conflicts
        .iter()
        .find(|conflict| conflict["reason"] == "mass_change")
        .expect("it asks");
    let brake = brake["id"].to_string();
    lab.run(&["conflicts", "resolve", &brake, "--approve"])
        .ended(&[0, 3]);
    let approved = lab.pass(&config);
    assert_eq!(approved["updated"]["growbots"], titles, "{approved}");
    assert_eq!(
        approved["conflicts_open"], before["conflicts_open"],
        "{approved}"
    );
    assert_eq!(lab.pass(&config)["updated"], none);
}

#[test]
fn a_mapping_that_is_wrong_is_named_with_line_and_way_out() {
    let lab = Lab::quick(10, 1);
    let config = configure(
        &lab,
        "[map.contact.email]\n\n[map.contact.first_name]\npolcy = \"newest\"\n",
    );
    let ran = lab
        .run(&["config", "check", "--config", &config])
        .ended(&[2]);
    for part in [
        "map.toml line 4",
        "`map.contact.first_name`",
        "no setting `polcy`",
        "did you mean `policy`?",
    ] {
        assert!(ran.err.contains(part), "{part}: {}", ran.err);
    }
}

#[test]
fn map_check_shows_before_and_after_and_what_is_lost() {
    let lab = Lab::quick(30, 3);
    lab.pass(&[]);
    let person = lab.in_step(0);
    let title = json!({"customFields": [{"id": ghl_field(&lab, "job_title"), "field_value": "Head of Sales"}]});
    lab.edit("ghl", "contact", &id(&person, "ghl"), &title);
    let config = configure(&lab, MAP);
    let writes = lab.events().len();
    let checked = lab.run(&[
        "map",
        "check",
        "--json",
        "--samples",
        "500",
        "--config",
        &config,
    ]);
    let checked = checked.ended(&[0, 1]).json();
    assert_eq!(lab.events().len(), writes, "a check writes nothing");
    let rows = checked["rows"].as_array().expect("rows");
    let title = rows
        .iter()
        .find(|row| row["field"] == "title" && row["kind"] == "contact")
        .expect("a row");
    assert_ne!(title["verdict"], "no values", "{title}");
    let samples = title["samples"].as_array().expect("samples");
    assert!(!samples.is_empty(), "{title}");
    let offered = checked["custom_fields"].as_array().expect("a list");
    assert!(
        offered.iter().any(|field| field["key"] == "plan"),
        "{checked}"
    );
    let shown = lab.run(&["map", "show", "--config", &config]).ended(&[0]);
    assert!(shown.out.contains("{{ value | title }}"), "{}", shown.out);
}
