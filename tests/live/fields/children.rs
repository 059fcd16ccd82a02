//! Tasks, which go both ways, and what only comes from GHL: notes, appointments and businesses.

use serde_json::{Value, json};

use super::{World, ghl, growbots};

#[test]
fn every_field_of_a_task_goes_both_ways() {
    let world = World::new(5);
    let person = world.person();
    let (user, other) = (&world.users[1], &world.users[2]);
    let task = json!({"contactId": person.0, "title": "Call", "dueDate": "2030-01-02T10:00:00.000Z",
        "completed": false});
    world.lab.add("ghl", "task", &task);
    world.pass();
    let task = world.pair("task", "title", "Call");
    let ids = (task.0.as_str(), task.1.as_str());
    assert_eq!(
        world.value("growbots", "task", ids.1, "lead_id"),
        json!(person.1)
    );
    world.holds(
        "task",
        ids,
        &[
            ghl(json!({"title": "Call Ida"}), "title", "Call Ida"),
            ghl(json!({"body": "one\n  two"}), "body", "one\n  two"),
            ghl(
                json!({"dueDate": "2030-02-03T11:30:00.000Z"}),
                "due_at",
                "2030-02-03T11:30:00.000Z",
            ),
            ghl(json!({"assignedTo": user.0}), "assignee_id", user.1.clone()),
            ghl(json!({"completed": true}), "completed", true),
        ],
    );
    world.holds(
        "task",
        ids,
        &[
            growbots(json!({"title": "Call Ada"}), "title", "Call Ada"),
            growbots(json!({"body": "three\nfour"}), "body", "three\nfour"),
            growbots(
                json!({"due_at": "2030-03-04T12:00:00.000Z"}),
                "dueDate",
                "2030-03-04T12:00:00.000Z",
            ),
            growbots(
                json!({"assignee_id": other.1}),
                "assignedTo",
                other.0.clone(),
            ),
            growbots(json!({"completed": false}), "completed", false),
        ],
    );
    world.holds(
        "task",
        ids,
        &[
            growbots(json!({"completed": true}), "completed", true),
            ghl(json!({"body": null}), "body", Value::Null),
        ],
    );
    let again =
        json!({"lead_id": person.1, "title": "Write", "due_at": "2030-01-02T10:00:00.000Z"});
    world.lab.add("growbots", "task", &again);
    world.pass();
    let (ghl, growbots) = world.pair("task", "title", "Write");
    assert_eq!(
        world.value("ghl", "task", &ghl, "contactId"),
        json!(person.0)
    );
    world.lab.delete("growbots", "task", &growbots);
    world.lab.delete("ghl", "task", ids.0);
    world.pass();
    world.pass();
    assert!(!world.is_there("ghl", "task", &ghl));
    assert!(!world.is_there("growbots", "task", ids.1));
}

#[test]
fn notes_come_to_growbots_as_plain_text_and_follow_edits_and_deletes() {
    let world = World::new(6);
    let person = world.person();
    let (user, other) = (&world.users[1], &world.users[2]);
    let note = json!({"contactId": person.0, "title": "Met Ida", "userId": user.0, "pinned": false,
        "body": "<p>Fish &amp; chips</p><p>see <a href=\"https://a.example.com/\">the menu</a></p>"});
    world.lab.add("ghl", "note", &note);
    world.pass();
    let (ghl_id, id) = world.pair("note", "title", "Met Ida");
    let there = |path: &str| world.value("growbots", "note", &id, path);
    assert_eq!(
        there("body"),
        "Met Ida\nFish & chips\nsee the menu (https://a.example.com/)"
    );
    assert_eq!(there("author_id"), user.1);
    assert_eq!(there("lead_id"), json!(person.1));
    world.holds(
        "note",
        (&ghl_id, &id),
        &[
            ghl(json!({"body": "One<br>two"}), "body", "Met Ida\nOne\ntwo"),
            ghl(json!({"userId": other.0}), "author_id", other.1.clone()),
            ghl(json!({"pinned": true}), "pinned", true),
        ],
    );
    world.lab.delete("ghl", "note", &ghl_id);
    world.pass();
    world.pass();
    assert!(!world.is_there("growbots", "note", &id), "it went too");
}

#[test]
fn appointments_become_meetings_with_zone_status_and_calendar() {
    let world = World::new(7);
    let person = world.person();
    let user = &world.users[1];
    // New York, where the location is, is five hours behind UTC in January and four in July.
    let new = json!({"contactId": person.0, "title": "Demo", "startTime": "2031-01-06T09:00:00",
        "endTime": "2031-01-06T09:30:00", "appointmentStatus": "new"});
    world.lab.add("ghl", "appointment", &new);
    world.pass();
    let (ghl_id, id) = world.pair("appointment", "title", "Demo");
    let there = |path: &str| world.value("growbots", "appointment", &id, path);
    for (path, want) in [
        ("lead_id", json!(person.1)),
        ("starts_at", json!("2031-01-06T14:00:00.000Z")),
        ("ends_at", json!("2031-01-06T14:30:00.000Z")),
        ("status", json!("scheduled")),
    ] {
        assert_eq!(there(path), want, "{path}");
    }
    let calendars = world
        .lab
        .ghl("GET", "/calendars/?locationId={location}", None);
    assert_eq!(there("calendar"), calendars["calendars"][0]["name"]);
    world.holds(
        "appointment",
        (&ghl_id, &id),
        &[
            ghl(json!({"title": "Second demo"}), "title", "Second demo"),
            ghl(
                json!({"startTime": "2031-07-07T09:00:00"}),
                "starts_at",
                "2031-07-07T13:00:00.000Z",
            ),
            ghl(
                json!({"endTime": "2031-07-07T15:30:00+02:00"}),
                "ends_at",
                "2031-07-07T13:30:00.000Z",
            ),
            ghl(json!({"address": "Room 1"}), "location", "Room 1"),
            ghl(
                json!({"notes": "<b>Bring</b> slides"}),
                "description",
                "Bring slides",
            ),
            ghl(json!({"assignedUserId": user.0}), "host_id", user.1.clone()),
        ],
    );
    for (status, want) in [
        ("booked", "scheduled"),
        ("confirmed", "confirmed"),
        ("active", "scheduled"),
        ("showed", "completed"),
        ("cancelled", "cancelled"),
        ("noshow", "no_show"),
        ("invalid", "cancelled"),
        ("completed", "completed"),
    ] {
        let edit = json!({"appointmentStatus": status});
        world.lab.edit("ghl", "appointment", &ghl_id, &edit);
        world.pass();
        assert_eq!(there("status"), want, "{status}");
    }
    let errors = |say: &str| {
        let all = world.lab.run(&["errors", "list", "--json"]).ended(&[0]);
        let all = all.json();
        let mut rows = all.as_array().expect("rows").clone();
        rows.retain(|row| row["message"].as_str().is_some_and(|it| it.contains(say)));
        rows.len()
    };
    assert_eq!(errors("appointmentStatus"), 0);
    let edit = json!({"appointmentStatus": "tentative", "title": null});
    world.lab.edit("ghl", "appointment", &ghl_id, &edit);
    world.pass();
    assert_eq!(there("status"), "scheduled", "one that nobody knows");
    assert_eq!(there("title"), "Appointment", "one without a title");
    assert_eq!(errors("appointmentStatus"), 1, "an error says so");
    world.lab.delete("ghl", "appointment", &ghl_id);
    world.pass();
    world.pass();
    assert!(!world.is_there("growbots", "appointment", &id));
}

#[test]
fn every_field_of_a_business_goes_to_its_company() {
    let world = World::new(8);
    let person = world.person();
    world
        .lab
        .add("ghl", "business", &json!({"name": "Brand New Works"}));
    world.pass();
    let business = world.pair("business", "name", "Brand New Works");
    let ids = (business.0.as_str(), business.1.as_str());
    world.holds(
        "business",
        ids,
        &[
            ghl(json!({"name": "Newer Works"}), "name", "Newer Works"),
            ghl(json!({"phone": "+14155550177"}), "phone", "+14155550177"),
            ghl(
                json!({"email": "Works@Example.com"}),
                "email",
                "works@example.com",
            ),
            ghl(
                json!({"website": "HTTPS://Works.example.com/"}),
                "website",
                "https://works.example.com",
            ),
            ghl(
                json!({"description": "one\ntwo"}),
                "description",
                "one\ntwo",
            ),
            ghl(
                json!({"address": "3 Main St"}),
                "address.street",
                "3 Main St",
            ),
            ghl(json!({"city": "Hull"}), "address.city", "Hull"),
            ghl(json!({"state": "East"}), "address.region", "East"),
            ghl(
                json!({"postalCode": "99999"}),
                "address.postal_code",
                "99999",
            ),
            ghl(json!({"country": "GB"}), "address.country", "GB"),
        ],
    );
    world.holds(
        "business",
        ids,
        &[
            ghl(json!({"city": ""}), "address.city", Value::Null),
            ghl(json!({"description": ""}), "description", Value::Null),
        ],
    );
    // The link of a contact to it, and no link.
    let contact = (person.0.as_str(), person.1.as_str());
    world.holds(
        "contact",
        contact,
        &[ghl(json!({"businessId": ids.0}), "company_id", ids.1)],
    );
    world.holds(
        "contact",
        contact,
        &[ghl(json!({"businessId": null}), "company_id", Value::Null)],
    );
    world.lab.delete("ghl", "business", ids.0);
    world.pass();
    world.pass();
    assert!(!world.is_there("growbots", "business", ids.1));
}

#[test]
fn every_record_that_couplet_makes_or_links_names_the_one_of_ghl() {
    let world = World::new(9);
    for kind in ["contact", "task", "note", "appointment", "business"] {
        let ghl = world.lab.records("ghl", kind);
        let named = world.lab.records("growbots", kind).into_values();
        let named = named.filter(|raw| {
            let id = raw["external_ids"]["ghl"].as_str();
            id.is_some_and(|id| ghl.contains_key(id))
        });
        assert!(named.count() * 10 >= ghl.len() * 8, "{kind}");
    }
}
