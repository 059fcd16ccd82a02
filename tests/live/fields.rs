//! Every row of the field map (`docs/mapping.md`), in each direction that it allows, over HTTP: edits on one side, a
//! pass, a look at the other.

mod children;

use serde_json::{Value, json};

use super::lab::Lab;

const MAP: &str = r#"
[map.contact.title]
ghl = "Job title"
policy = "newest"
to_growbots = "{{ value | title }}"
to_ghl = "{{ value | lower }}"

[map.contact.custom.budget]
[map.contact.custom.plan]
[map.contact.custom.best_days]
[map.contact.custom.story]
"#;

const CHILDREN: &[&str] = &["--full", "--children"];

/// A row of the field map: what somebody enters on one side, and what the other has then.
struct Row {
    from: &'static str,
    patch: Value,
    /// Where the other side has it.
    path: &'static str,
    want: Value,
}

fn ghl(patch: Value, path: &'static str, want: impl Into<Value>) -> Row {
    let want = want.into();
    Row {
        from: "ghl",
        patch,
        path,
        want,
    }
}

fn growbots(patch: Value, path: &'static str, want: impl Into<Value>) -> Row {
    let want = want.into();
    Row {
        from: "growbots",
        patch,
        path,
        want,
    }
}

/// A sandbox that is in step, and couplet with the map above.
struct World {
    lab: Lab,
    config: String,
    /// Ids of the users of both sides, by the same person.
    users: Vec<(Value, Value)>,
}

impl World {
    fn new(seed: u64) -> Self {
        Self::with(seed, MAP)
    }

    fn with(seed: u64, config: &str) -> Self {
        let lab = Lab::quick(20, seed);
        let field = json!({"name": "Story", "dataType": "LARGE_TEXT"});
        lab.ghl("POST", "/locations/{location}/customFields", Some(&field));
        let path = lab.data().join("map.toml");
        std::fs::write(&path, config).expect("it can be written");
        let there = lab.growbots_get("/v1/users");
        let there = there["data"].as_array().expect("users");
        let here = lab.ghl("GET", "/users/?locationId={location}", None);
        let users = here["users"].as_array().expect("users").iter();
        let users = users.map(|user| {
            let same = |other: &&Value| other["email"] == user["email"];
            let other = there.iter().find(same).expect("the same people on both");
            (user["id"].clone(), other["id"].clone())
        });
        let world = Self {
            users: users.collect(),
            config: path.display().to_string(),
            lab,
        };
        world.pass();
        world.pass();
        world
    }

    fn pass(&self) -> Value {
        let config = ["--config", self.config.as_str()];
        self.lab.pass(&[&config[..], CHILDREN].concat())
    }

    /// A value as a custom field of GHL is written.
    fn custom(&self, key: &str, value: &Value) -> Value {
        json!({"customFields": [{"id": self.custom_id(key), "field_value": value}]})
    }

    fn custom_id(&self, key: &str) -> Value {
        let all = self
            .lab
            .ghl("GET", "/locations/{location}/customFields", None);
        let mut all = all["customFields"].as_array().expect("a list").iter();
        let found = all.find(|field| field["fieldKey"] == format!("contact.{key}"));
        found.expect("the location has it")["id"].clone()
    }

    fn value(&self, side: &str, kind: &str, id: &str, path: &str) -> Value {
        let raw = self.lab.records(side, kind)[id].clone();
        if let Some(key) = path.strip_prefix("custom.") {
            let id = self.custom_id(key);
            let fields = raw["customFields"].as_array().cloned().unwrap_or_default();
            let found = fields.into_iter().find(|field| field["id"] == id);
            return found.map_or(Value::Null, |field| field["value"].clone());
        }
        path.split('.').fold(raw, |raw, part| raw[part].clone())
    }

    /// Enters all rows, brings both sides together, and compares.
    #[track_caller]
    fn holds(&self, kind: &str, ids: (&str, &str), rows: &[Row]) {
        for row in rows {
            let id = if row.from == "ghl" { ids.0 } else { ids.1 };
            self.lab.edit(row.from, kind, id, &row.patch);
        }
        self.pass();
        for row in rows {
            let (side, id) = if row.from == "ghl" {
                ("growbots", ids.1)
            } else {
                ("ghl", ids.0)
            };
            let now = self.value(side, kind, id, row.path);
            // GHL writes times without milliseconds in some answers, and with them in others.
            let is_same = now == row.want || same_time(&now, &row.want);
            assert!(
                is_same,
                "{kind}, {} {}: {side} has {} = {now}, not {}",
                row.from, row.patch, row.path, row.want
            );
        }
        let before = self.lab.events().len();
        let quiet = self.pass();
        assert_eq!(self.lab.events().len(), before, "it goes on: {quiet}");
    }

    /// The pair of a record of GHL that was made under this title, name or text.
    fn pair(&self, kind: &str, key: &str, value: &str) -> (String, String) {
        let find = |side: &str, is: &dyn Fn(&Value) -> bool| {
            let mut all = self.lab.records(side, kind).into_iter();
            all.find(|(_, raw)| is(raw)).map(|(id, _)| id)
        };
        let ghl = find("ghl", &|raw| raw[key] == value).expect("GHL has it");
        let growbots = find("growbots", &|raw| raw["external_ids"]["ghl"] == json!(ghl));
        (ghl, growbots.expect("Growbots has it, with GHL's id"))
    }

    fn person(&self) -> (String, String) {
        let person = self.lab.in_step(0);
        let id = |side: &str| person[side].as_str().expect("linked").to_owned();
        (id("ghl_id"), id("growbots_id"))
    }

    fn is_there(&self, side: &str, kind: &str, id: &str) -> bool {
        self.lab.records(side, kind).contains_key(id)
    }
}

fn same_time(one: &Value, two: &Value) -> bool {
    let at = |value: &Value| {
        let text = value.as_str()?;
        couplet::model::Millis::parse(text)
    };
    at(one).is_some() && at(one) == at(two)
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table, a row a field")]
fn every_field_of_a_contact_goes_the_ways_that_the_map_allows() {
    let world = World::new(3);
    let person = world.person();
    let ids = (person.0.as_str(), person.1.as_str());
    let (user, other) = (&world.users[1], &world.users[2]);
    let days = json!(["mon", "fri"]);
    world.holds(
        "contact",
        ids,
        &[
            ghl(json!({"firstName": "Ida"}), "first_name", "Ida"),
            ghl(json!({"lastName": "Ost"}), "last_name", "Ost"),
            ghl(
                json!({"email": "one@example.com"}),
                "email",
                "one@example.com",
            ),
            ghl(json!({"phone": "+14155550199"}), "phone", "+14155550199"),
            ghl(json!({"companyName": "Acme"}), "company", "Acme"),
            ghl(
                json!({"website": "https://a.example.com"}),
                "website",
                "https://a.example.com",
            ),
            ghl(
                json!({"address1": "1 Main St"}),
                "address.street",
                "1 Main St",
            ),
            ghl(json!({"city": "Bath"}), "address.city", "Bath"),
            ghl(json!({"state": "Avon"}), "address.region", "Avon"),
            ghl(
                json!({"postalCode": "12345"}),
                "address.postal_code",
                "12345",
            ),
            ghl(json!({"country": "DE"}), "address.country", "DE"),
            ghl(
                json!({"timezone": "Europe/Rome"}),
                "time_zone",
                "Europe/Rome",
            ),
            ghl(json!({"tags": ["only ghl"]}), "tags", json!(["only ghl"])),
            ghl(json!({"assignedTo": user.0}), "owner_id", user.1.clone()),
            ghl(
                world.custom("job_title", &json!("vice president")),
                "title",
                "Vice President",
            ),
            ghl(
                world.custom("budget", &json!(1200)),
                "custom_fields.budget",
                "1200",
            ),
            ghl(
                world.custom("plan", &json!("Gold")),
                "custom_fields.plan",
                "Gold",
            ),
            ghl(
                world.custom("best_days", &days),
                "custom_fields.best_days",
                json!(["fri", "mon"]),
            ),
            ghl(
                world.custom("story", &json!("one\n  two")),
                "custom_fields.story",
                "one\n  two",
            ),
        ],
    );
    world.holds(
        "contact",
        ids,
        &[
            growbots(json!({"first_name": "Ada"}), "firstName", "Ada"),
            growbots(json!({"last_name": "West"}), "lastName", "West"),
            growbots(
                json!({"email": "two@example.com"}),
                "email",
                "two@example.com",
            ),
            growbots(json!({"phone": "+14155550188"}), "phone", "+14155550188"),
            growbots(
                json!({"website": "https://b.example.com"}),
                "website",
                "https://b.example.com",
            ),
            growbots(
                json!({"address": {"street": "2 Main St"}}),
                "address1",
                "2 Main St",
            ),
            growbots(json!({"address": {"city": "York"}}), "city", "York"),
            growbots(json!({"address": {"region": "Kent"}}), "state", "Kent"),
            growbots(
                json!({"address": {"postal_code": "54321"}}),
                "postalCode",
                "54321",
            ),
            growbots(json!({"address": {"country": "FR"}}), "country", "FR"),
            growbots(
                json!({"time_zone": "Europe/Oslo"}),
                "timezone",
                "Europe/Oslo",
            ),
            growbots(
                json!({"tags": ["only growbots"]}),
                "tags",
                json!(["only growbots"]),
            ),
            growbots(json!({"owner_id": other.1}), "assignedTo", other.0.clone()),
            growbots(
                json!({"title": "Head Of Sales"}),
                "custom.job_title",
                "head of sales",
            ),
            growbots(
                json!({"custom_fields": {"budget": "900"}}),
                "custom.budget",
                900,
            ),
            growbots(
                json!({"custom_fields": {"plan": "Silver"}}),
                "custom.plan",
                "Silver",
            ),
            growbots(
                json!({"custom_fields": {"best_days": ["tue"]}}),
                "custom.best_days",
                json!(["tue"]),
            ),
            growbots(
                json!({"custom_fields": {"story": "three\n\nfour"}}),
                "custom.story",
                "three\n\nfour",
            ),
        ],
    );
    // The same number and address in another form are no change.
    let before = world.lab.events().len();
    let phone = json!({"phone": "+1 (415) 555-0188", "website": "HTTPS://B.example.com/"});
    world.lab.edit("growbots", "contact", ids.1, &phone);
    world.pass();
    let by_us = world.lab.events().split_off(before);
    let by_us = by_us.iter().filter(|event| event["actor"] == "api");
    assert_eq!(by_us.count(), 0, "nothing was written");
    // What is emptied on one side is emptied on the other.
    world.holds(
        "contact",
        ids,
        &[
            ghl(json!({"website": null}), "website", Value::Null),
            ghl(json!({"address1": null}), "address.street", Value::Null),
            ghl(json!({"tags": []}), "tags", json!([])),
            ghl(json!({"assignedTo": null}), "owner_id", Value::Null),
            ghl(json!({"dnd": true}), "do_not_contact", true),
        ],
    );
    world.holds(
        "contact",
        ids,
        &[
            growbots(json!({"phone": null}), "phone", Value::Null),
            growbots(json!({"address": {"city": null}}), "city", Value::Null),
            growbots(json!({"time_zone": null}), "timezone", Value::Null),
        ],
    );
}

#[test]
fn do_not_contact_goes_over_at_once_and_comes_back_only_by_a_decision() {
    let world = World::new(4);
    let person = world.person();
    let ids = (person.0.as_str(), person.1.as_str());
    let open = |answer: &Value| answer["conflicts_open"].as_u64().expect("a count");
    let before = open(&world.pass());
    world.holds(
        "contact",
        ids,
        &[growbots(json!({"do_not_contact": true}), "dnd", true)],
    );
    world
        .lab
        .edit("ghl", "contact", ids.0, &json!({"dnd": false}));
    assert_eq!(open(&world.pass()), before + 1, "taking it back asks");
    let there = world.value("growbots", "contact", ids.1, "do_not_contact");
    assert_eq!(there, true);
    world
        .lab
        .edit("ghl", "contact", ids.0, &json!({"dnd": true}));
    assert_eq!(open(&world.pass()), before, "they agree again");
}

#[test]
fn an_unsubscribed_lead_is_not_to_be_contacted() {
    let world = World::new(3);
    let person = world.person();
    let ids = (person.0.as_str(), person.1.as_str());
    world.holds(
        "contact",
        ids,
        &[growbots(json!({"status": "unsubscribed"}), "dnd", true)],
    );
}

#[test]
fn company_and_source_reach_ghl_with_a_new_contact_only() {
    let world = World::new(3);
    let new = json!({"first_name": "Nia", "email": "nia@example.com", "company": "Nine", "source": "fair"});
    world.lab.add("growbots", "contact", &new);
    let new = json!({"firstName": "Gus", "email": "gus@example.com", "companyName": "Ten", "source": "ads"});
    world.lab.add("ghl", "contact", &new);
    world.pass();
    world.pass();
    let (ghl, growbots) = world.pair("contact", "email", "nia@example.com");
    let (_, lead) = world.pair("contact", "email", "gus@example.com");
    for (side, id, path, want) in [
        ("ghl", &ghl, "companyName", "Nine"),
        ("ghl", &ghl, "source", "fair"),
        ("growbots", &lead, "company", "Ten"),
        ("growbots", &lead, "source", "ads"),
    ] {
        assert_eq!(
            world.value(side, "contact", id, path),
            want,
            "{side} {path}"
        );
    }
    // One way: an edit in Growbots stays, differs, and is not overwritten until GHL's value moves.
    let edit = json!({"company": "Other", "source": "web"});
    world.lab.edit("growbots", "contact", &growbots, &edit);
    world.pass();
    let there = |path: &str| world.value("ghl", "contact", &ghl, path);
    assert_eq!(there("companyName"), "Nine");
    assert_eq!(there("source"), "fair");
    let shown = world.lab.run(&["contacts", "show", &ghl, "--json"]);
    let shown = shown.ended(&[0]).json();
    let differs = json!([{"field": "company", "why": "differs"}]);
    assert_eq!(shown["fields_held"], differs, "{shown}");
}

#[test]
fn the_status_of_a_lead_is_a_tag_of_its_contact_where_that_is_asked_for() {
    let world = World::with(3, "[growbots]\nstatus_tags = true\n");
    let (ghl, growbots) = world.person();
    let tags = |side: &str, id: &str| {
        let value = world.value(side, "contact", id, "tags");
        let words = value.as_array().expect("a list").iter();
        let mut words: Vec<String> = words
            .filter_map(|word| Some(word.as_str()?.to_owned()))
            .collect();
        words.sort_unstable();
        words
    };
    let edit = |side: &str, id: &str, patch: Value| {
        world.lab.edit(side, "contact", id, &patch);
        world.pass();
        world.pass();
        let before = world.lab.events().len();
        let quiet = world.pass();
        assert_eq!(world.lab.events().len(), before, "it goes on: {quiet}");
    };
    edit(
        "growbots",
        &growbots,
        json!({"status": "replied", "tags": ["vip"]}),
    );
    assert_eq!(tags("ghl", &ghl), ["growbots:replied", "vip"]);
    edit("growbots", &growbots, json!({"status": "bounced"}));
    assert_eq!(tags("ghl", &ghl), ["growbots:bounced", "vip"]);
    assert_eq!(tags("growbots", &growbots), ["vip"]);

    // It follows the lead, whatever somebody does with it in GHL.
    edit(
        "ghl",
        &ghl,
        json!({"tags": ["vip", "growbots:replied", "new"]}),
    );
    assert_eq!(tags("growbots", &growbots), ["new", "vip"]);
    assert_eq!(tags("ghl", &ghl), ["growbots:bounced", "new", "vip"]);

    let lead = json!({"email": "new@example.com", "firstName": "New", "tags": ["fair"]});
    world.lab.add("ghl", "contact", &lead);
    world.pass();
    world.pass();
    let (ghl, growbots) = world.pair("contact", "email", "new@example.com");
    assert_eq!(tags("growbots", &growbots), ["fair"]);
    assert_eq!(tags("ghl", &ghl), ["fair", "growbots:new"]);
}
