//! Every row of the field map, in each direction that it allows, over HTTP: an edit on one side, a pass, a look at
//! the other.

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

/// A value in a record of a side: `address.city`, or a custom field by `custom.KEY`.
fn value(lab: &Lab, side: &str, kind: &str, id: &str, path: &str) -> Value {
    let raw = lab.records(side, kind)[id].clone();
    if let Some(key) = path.strip_prefix("custom.") {
        let id = ghl_field(lab, key);
        let fields = raw["customFields"].as_array().cloned().unwrap_or_default();
        let found = fields.into_iter().find(|field| field["id"] == id);
        return found.map_or(Value::Null, |field| field["value"].clone());
    }
    path.split('.').fold(raw, |raw, part| raw[part].clone())
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
#[expect(clippy::too_many_lines, reason = "one table, a row a field")]
fn every_field_of_a_contact_goes_the_ways_that_the_map_allows() {
    let lab = Lab::quick(40, 3);
    let config = configure(&lab, MAP);
    let pass = || lab.pass(&["--config", &config]);
    pass();
    pass();
    let person = lab.in_step(0);
    let (ghl, growbots) = (id(&person, "ghl"), id(&person, "growbots"));
    let users = lab.ghl_get("/users/?locationId={location}")["users"].clone();
    let user = |nth: usize| users[nth]["id"].clone();
    for (from, patch, path, want) in [
        (
            "ghl",
            json!({"firstName": "Ida"}),
            "first_name",
            json!("Ida"),
        ),
        (
            "growbots",
            json!({"first_name": "Ada"}),
            "firstName",
            json!("Ada"),
        ),
        ("ghl", json!({"lastName": "Ost"}), "last_name", json!("Ost")),
        (
            "growbots",
            json!({"last_name": "West"}),
            "lastName",
            json!("West"),
        ),
        (
            "ghl",
            json!({"email": "one@example.com"}),
            "email",
            json!("one@example.com"),
        ),
        (
            "growbots",
            json!({"email": "two@example.com"}),
            "email",
            json!("two@example.com"),
        ),
        (
            "ghl",
            json!({"phone": "+14155550199"}),
            "phone",
            json!("+14155550199"),
        ),
        (
            "growbots",
            json!({"phone": "+14155550188"}),
            "phone",
            json!("+14155550188"),
        ),
        (
            "ghl",
            json!({"companyName": "Acme"}),
            "company",
            json!("Acme"),
        ),
        (
            "ghl",
            json!({"website": "https://a.example.com"}),
            "website",
            json!("https://a.example.com"),
        ),
        (
            "growbots",
            json!({"website": "https://b.example.com"}),
            "website",
            json!("https://b.example.com"),
        ),
        (
            "ghl",
            json!({"address1": "1 Main St"}),
            "address.street",
            json!("1 Main St"),
        ),
        (
            "growbots",
            json!({"address": {"street": "2 Main St"}}),
            "address1",
            json!("2 Main St"),
        ),
        (
            "ghl",
            json!({"city": "Bath"}),
            "address.city",
            json!("Bath"),
        ),
        (
            "growbots",
            json!({"address": {"city": "York"}}),
            "city",
            json!("York"),
        ),
        (
            "ghl",
            json!({"state": "Avon"}),
            "address.region",
            json!("Avon"),
        ),
        (
            "growbots",
            json!({"address": {"region": "Kent"}}),
            "state",
            json!("Kent"),
        ),
        (
            "ghl",
            json!({"postalCode": "12345"}),
            "address.postal_code",
            json!("12345"),
        ),
        (
            "growbots",
            json!({"address": {"postal_code": "54321"}}),
            "postalCode",
            json!("54321"),
        ),
        (
            "ghl",
            json!({"country": "DE"}),
            "address.country",
            json!("DE"),
        ),
        (
            "growbots",
            json!({"address": {"country": "FR"}}),
            "country",
            json!("FR"),
        ),
        (
            "ghl",
            json!({"timezone": "Europe/Rome"}),
            "time_zone",
            json!("Europe/Rome"),
        ),
        (
            "growbots",
            json!({"time_zone": "Europe/Oslo"}),
            "timezone",
            json!("Europe/Oslo"),
        ),
        (
            "ghl",
            json!({"tags": ["only ghl"]}),
            "tags",
            json!(["only ghl"]),
        ),
        (
            "growbots",
            json!({"tags": ["only growbots"]}),
            "tags",
            json!(["only growbots"]),
        ),
        (
            "growbots",
            json!({"title": "Head Of Sales"}),
            "custom.job_title",
            json!("head of sales"),
        ),
        (
            "growbots",
            json!({"custom_fields": {"budget": "900"}}),
            "custom.budget",
            json!(900),
        ),
        ("ghl", json!({"dnd": true}), "do_not_contact", json!(true)),
    ] {
        let (other, end, to) = if from == "ghl" {
            ("growbots", &ghl, &growbots)
        } else {
            ("ghl", &growbots, &ghl)
        };
        lab.edit(from, "contact", end, &patch);
        pass();
        assert_eq!(
            value(&lab, other, "contact", to, path),
            want,
            "{from} {patch}"
        );
    }
    let field = |key: &str, value: Value| json!({"customFields": [{"id": ghl_field(&lab, key), "field_value": value}]});
    lab.edit(
        "ghl",
        "contact",
        &ghl,
        &field("job_title", json!("vice president")),
    );
    lab.edit("ghl", "contact", &ghl, &field("budget", json!(1200)));
    lab.edit("ghl", "contact", &ghl, &json!({"assignedTo": user(1)}));
    pass();
    assert_eq!(
        value(&lab, "growbots", "contact", &growbots, "title"),
        "Vice President"
    );
    let budget = value(
        &lab,
        "growbots",
        "contact",
        &growbots,
        "custom_fields.budget",
    );
    assert!(budget == json!("1200") || budget == json!(1200), "{budget}");
    let shown = lab
        .run(&["contacts", "show", &ghl, "--json"])
        .ended(&[0])
        .json();
    assert_eq!(shown["owner"], users[1]["email"], "{shown}");
    assert_ne!(
        value(&lab, "growbots", "contact", &growbots, "owner_id"),
        Value::Null
    );

    // One way: an edit in Growbots stays, differs, and is not overwritten until GHL's value moves.
    lab.edit(
        "growbots",
        "contact",
        &growbots,
        &json!({"company": "Other", "source": "fair"}),
    );
    pass();
    assert_eq!(value(&lab, "ghl", "contact", &ghl, "companyName"), "Acme");
    let shown = lab
        .run(&["contacts", "show", &ghl, "--json"])
        .ended(&[0])
        .json();
    let differs = json!([{"field": "company", "why": "differs"}]);
    assert_eq!(shown["fields_held"], differs, "{shown}");
    // Set when the contact was made, and nobody's concern since.
    assert_ne!(value(&lab, "ghl", "contact", &ghl, "source"), "fair");
}

#[test]
fn an_unsubscribed_lead_is_not_to_be_contacted() {
    let lab = Lab::quick(20, 3);
    lab.pass(&[]);
    let person = lab.in_step(0);
    lab.edit(
        "growbots",
        "contact",
        &id(&person, "growbots"),
        &json!({"status": "unsubscribed"}),
    );
    lab.pass(&[]);
    assert_eq!(
        value(&lab, "ghl", "contact", &id(&person, "ghl"), "dnd"),
        true
    );
}

#[test]
fn a_business_becomes_a_company_that_its_contacts_name_and_can_lose() {
    let lab = Lab::quick(40, 3);
    lab.pass(&[]);
    lab.pass(&[]);
    let businesses = lab.records("ghl", "business");
    let of = |business: &str| {
        let all = lab.records("growbots", "business");
        all.into_iter()
            .find(|(_, raw)| raw["external_ids"]["ghl"] == business)
    };
    for (business, raw) in &businesses {
        let (_, company) = of(business).expect("each business has a company");
        assert_eq!(
            company["name"].as_str().map(str::trim),
            raw["name"].as_str().map(str::trim)
        );
    }
    let (business, _) = businesses
        .first_key_value()
        .expect("the world has businesses");
    let (company, _) = of(business).expect("it has one");
    let person = lab.in_step(0);
    let (ghl, growbots) = (id(&person, "ghl"), id(&person, "growbots"));
    lab.edit("ghl", "contact", &ghl, &json!({"businessId": business}));
    lab.pass(&[]);
    assert_eq!(
        value(&lab, "growbots", "contact", &growbots, "company_id"),
        company
    );
    lab.edit("ghl", "contact", &ghl, &json!({"businessId": null}));
    lab.pass(&[]);
    assert_eq!(
        value(&lab, "growbots", "contact", &growbots, "company_id"),
        Value::Null
    );
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
