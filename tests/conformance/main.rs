//! Every answer of the sandbox against the official specs of GHL: what it says yes and no with, and what it refuses.

mod bench;
mod known_differences;
#[path = "../support/spec.rs"]
mod spec;

use std::collections::BTreeSet;

use couplet::sandbox::LimitSpec;
use serde_json::{Map, Value, json};

use bench::{Bench, Place};
use known_differences::{KNOWN, Known, NOT_SERVED, is_served};
use spec::Difference;

const NONE: Value = Value::Null;

/// Asks everything that the sandbox serves, so that each operation succeeds once. What deletes comes last.
async fn walk(bench: &Bench) {
    let place = Place::new(bench).await;
    let (location, company) = (bench.location(), &place.company);
    let Place {
        contact,
        task,
        note,
        event,
        business,
        calendar,
        user,
        field,
        tag,
        ..
    } = &place;
    let span = "startTime=1750000000000&endTime=1800000000000";
    let seeded = "+12125550142";
    for (method, target, body) in [
        ("GET", format!("/contacts/{contact}"), NONE),
        (
            "PUT",
            format!("/contacts/{contact}"),
            json!({"city": "Denver", "dnd": true}),
        ),
        ("GET", format!("/contacts/?locationId={location}"), NONE),
        (
            "GET",
            format!("/contacts/?locationId={location}&limit=100&query=a"),
            NONE,
        ),
        (
            "POST",
            "/contacts/search".into(),
            json!({"locationId": location, "pageLimit": 50}),
        ),
        (
            "GET",
            format!(
                "/contacts/search/duplicate?locationId={location}&email=marta.quill%40example.org"
            ),
            NONE,
        ),
        (
            "GET",
            format!("/contacts/search/duplicate?locationId={location}&number={seeded}"),
            NONE,
        ),
        (
            "POST",
            "/contacts/upsert".into(),
            json!({"locationId": location, "email": "new@example.org"}),
        ),
        (
            "POST",
            "/contacts/upsert".into(),
            json!({"locationId": location, "email": "new@example.org", "city": "Rome"}),
        ),
        (
            "POST",
            "/contacts/bulk/business".into(),
            json!({"locationId": location, "ids": [contact], "businessId": business}),
        ),
        (
            "GET",
            format!("/contacts/business/{business}?locationId={location}"),
            NONE,
        ),
        (
            "POST",
            "/contacts/bulk/tags/update/add".into(),
            json!({"locationId": location, "contacts": [contact, "gone"], "tags": ["x"]}),
        ),
        ("GET", format!("/contacts/{contact}/tasks"), NONE),
        ("GET", format!("/contacts/{contact}/tasks/{task}"), NONE),
        (
            "PUT",
            format!("/contacts/{contact}/tasks/{task}"),
            json!({"body": "ask", "assignedTo": user}),
        ),
        (
            "PUT",
            format!("/contacts/{contact}/tasks/{task}/completed"),
            json!({"completed": true}),
        ),
        ("GET", format!("/contacts/{contact}/notes"), NONE),
        ("GET", format!("/contacts/{contact}/notes/{note}"), NONE),
        (
            "PUT",
            format!("/contacts/{contact}/notes/{note}"),
            json!({"body": "b", "userId": user}),
        ),
        ("GET", format!("/contacts/{contact}/appointments"), NONE),
        (
            "POST",
            format!("/contacts/{contact}/tags"),
            json!({"tags": ["y"]}),
        ),
        (
            "DELETE",
            format!("/contacts/{contact}/tags"),
            json!({"tags": ["y"]}),
        ),
        (
            "POST",
            format!("/contacts/{contact}/followers"),
            json!({"followers": [user]}),
        ),
        (
            "DELETE",
            format!("/contacts/{contact}/followers"),
            json!({"followers": [user]}),
        ),
        (
            "POST",
            format!("/contacts/{contact}/campaigns/c1"),
            json!({}),
        ),
        ("DELETE", format!("/contacts/{contact}/campaigns/c1"), NONE),
        (
            "DELETE",
            format!("/contacts/{contact}/campaigns/removeAll"),
            NONE,
        ),
        (
            "POST",
            format!("/contacts/{contact}/workflow/w1"),
            json!({"eventStartTime": "2021-06-23T03:30:00+01:00"}),
        ),
        (
            "DELETE",
            format!("/contacts/{contact}/workflow/w1"),
            json!({}),
        ),
        ("GET", "/locations/search".into(), NONE),
        ("GET", format!("/locations/{location}"), NONE),
        (
            "POST",
            format!("/locations/{location}/tasks/search"),
            json!({}),
        ),
        (
            "GET",
            format!("/locations/{location}/customFields?model=all"),
            NONE,
        ),
        (
            "GET",
            format!("/locations/{location}/customFields/{field}"),
            NONE,
        ),
        (
            "PUT",
            format!("/locations/{location}/customFields/{field}"),
            json!({"name": "Shoe"}),
        ),
        ("GET", format!("/locations/{location}/tags"), NONE),
        ("GET", format!("/locations/{location}/tags/{tag}"), NONE),
        ("GET", format!("/users/search?companyId={company}"), NONE),
        (
            "POST",
            "/users/search/filter-by-email".into(),
            json!({"companyId": company, "emails": "a@b.example"}),
        ),
        ("GET", format!("/users/{user}"), NONE),
        ("GET", format!("/businesses/?locationId={location}"), NONE),
        ("GET", format!("/businesses/{business}"), NONE),
        (
            "PUT",
            format!("/businesses/{business}"),
            json!({"phone": "+12025550177"}),
        ),
        ("GET", format!("/calendars/{calendar}"), NONE),
        (
            "GET",
            format!("/calendars/events?locationId={location}&calendarId={calendar}&{span}"),
            NONE,
        ),
        (
            "GET",
            format!("/calendars/events/appointments/{event}"),
            NONE,
        ),
        (
            "GET",
            format!("/calendars/groups?locationId={location}"),
            NONE,
        ),
        (
            "GET",
            format!("/calendars/blocked-slots?locationId={location}&userId={user}&{span}"),
            NONE,
        ),
        ("DELETE", format!("/calendars/events/{event}"), json!({})),
        (
            "PUT",
            format!("/locations/{location}/tags/{tag}"),
            json!({"name": "Fair 2027"}),
        ),
        (
            "DELETE",
            format!("/locations/{location}/customFields/{field}"),
            NONE,
        ),
        ("DELETE", format!("/contacts/{contact}/notes/{note}"), NONE),
        ("DELETE", format!("/contacts/{contact}/tasks/{task}"), NONE),
        ("DELETE", format!("/contacts/{contact}"), NONE),
        ("DELETE", format!("/businesses/{business}"), NONE),
    ] {
        bench.ok(method, &target, body).await;
    }
    let tags = bench
        .ok("GET", &format!("/locations/{location}/tags"), NONE)
        .await;
    let tag = tags["tags"][0]["id"].as_str().expect("a tag");
    bench
        .ok("DELETE", &format!("/locations/{location}/tags/{tag}"), NONE)
        .await;
}

/// Asks each served operation in the ways that go wrong.
async fn walk_astray(bench: &Bench) {
    let token = format!("Bearer {}", bench.token());
    for operation in spec::operations() {
        let (method, pattern) = operation.name.split_once(' ').expect("a name");
        if !is_served(&operation.name) {
            continue;
        }
        for (location, id) in [
            (bench.location(), "zzzzzzzzzzzzzzzzzzzz"),
            ("elsewhere", "z"),
        ] {
            let path: Vec<&str> = pattern
                .split('/')
                .map(|segment| match segment {
                    "{locationId}" => location,
                    _ if segment.starts_with('{') => id,
                    _ => segment,
                })
                .collect();
            let target = format!("{}?locationId={location}", path.join("/"));
            for body in [NONE, json!({"locationId": location}), json!([1])] {
                bench.ask(method, &target, body).await;
            }
            bench.ask(method, &path.join("/"), NONE).await;
            for headers in [
                vec![("authorization", token.as_str())],
                vec![("version", "2021-07-28")],
                vec![("version", "2020-01-01"), ("authorization", token.as_str())],
            ] {
                bench.send(method, &target, &headers, &NONE).await;
            }
        }
    }
    let email = json!({"locationId": bench.location(), "email": "twice@example.org"});
    bench.ok("POST", "/contacts/", email.clone()).await;
    let (status, _) = bench.ask("POST", "/contacts/", email).await;
    assert_eq!(status, 400, "a duplicate");
}

#[tokio::test]
async fn every_answer_is_as_the_files_promise_but_for_the_known_differences() {
    let bench = Bench::new(LimitSpec::Off);
    walk(&bench).await;
    walk_astray(&bench).await;
    let tight = Bench::new("1/10/100".parse().expect("a limit"));
    for _ in 0..2 {
        tight.ask("GET", "/contacts/x", NONE).await;
    }
    bench
        .found
        .borrow_mut()
        .append(&mut tight.found.borrow_mut());

    let found = bench.found.borrow();
    let is_known = |difference: &Difference| KNOWN.iter().any(|known| known.covers(difference));
    let new: Vec<String> = found
        .iter()
        .filter(|d| !is_known(d))
        .map(ToString::to_string)
        .collect();
    assert!(
        new.is_empty(),
        "not as the files have it:\n{}",
        new.join("\n")
    );
    let over: Vec<&Known> = KNOWN
        .iter()
        .filter(|known| !found.iter().any(|d| known.covers(d)))
        .collect();
    assert!(over.is_empty(), "no longer different: {over:#?}");
}

#[tokio::test]
async fn every_operation_of_the_files_is_served_or_named_as_not_served() {
    let bench = Bench::new(LimitSpec::Off);
    walk(&bench).await;
    let seen = bench.seen.borrow().clone();
    let succeeded: BTreeSet<&str> = seen
        .iter()
        .filter(|(_, statuses)| statuses.iter().any(|s| *s < 300))
        .map(|(name, _)| name.as_str())
        .collect();
    for operation in spec::operations() {
        let name = operation.name.as_str();
        assert_eq!(succeeded.contains(name), is_served(name), "{name}");
        assert!(is_served(name) || !name.contains(" /contacts/"), "{name}");
        let (method, path) = name.split_once(' ').expect("a name");
        if !is_served(name) && !path.starts_with("/oauth/") {
            let (status, body) = bench.ask(method, path, NONE).await;
            assert_eq!(status, 404, "{name}: {body}");
        }
    }
    for (pattern, why) in NOT_SERVED {
        let names = spec::operations()
            .iter()
            .map(|operation| operation.name.as_str());
        assert!(
            names
                .clone()
                .any(|name| known_differences::fits(pattern, name)),
            "{pattern}: {why}"
        );
    }
}

/// A value of no type that a schema names.
fn unlike(schema: &Value) -> Option<Value> {
    let nullable = schema["anyOf"][0].is_object();
    let schema = if nullable {
        &schema["anyOf"][0]
    } else {
        schema
    };
    Some(match schema["type"].as_str() {
        Some("string" | "boolean" | "number") => json!({"not": "this"}),
        Some("array" | "object") => json!(7),
        _ if schema.get("$ref").is_some() => json!("no object"),
        _ => return None,
    })
}

/// Bodies that a schema forbids, each with why.
fn forbidden(schema: &Value, good: &Value) -> Vec<(String, Value)> {
    let name = schema["$ref"].as_str().unwrap_or_default();
    let name = name.trim_start_matches("#/$defs/");
    let dto = &schema["$defs"][name];
    let with = |key: &str, value: Value| {
        let mut body = good.clone();
        body[key] = value;
        body
    };
    let mut bodies = Vec::new();
    for key in dto["required"].as_array().into_iter().flatten() {
        let mut body = good.as_object().cloned().unwrap_or_default();
        body.shift_remove(key.as_str().unwrap_or_default());
        bodies.push((format!("without {key}"), body.into()));
    }
    let empty = Map::new();
    let properties = dto["properties"].as_object().unwrap_or(&empty);
    for (key, of) in properties {
        bodies.extend(unlike(of).map(|bad| (format!("{key} of another type"), with(key, bad))));
        if of["items"]["type"] == "string" {
            bodies.push((format!("{key} with a number in it"), with(key, json!([7]))));
        }
        if of["type"].is_string() && of.get("enum").is_none() {
            bodies.push((format!("{key} null"), with(key, NONE)));
        }
    }
    if !properties.is_empty() {
        bodies.push((
            "with what is not declared".into(),
            with("undeclared", json!(1)),
        ));
    }
    bodies
}

#[tokio::test]
async fn a_body_that_the_files_forbid_is_refused_as_they_say() {
    let bench = Bench::new(LimitSpec::Off);
    let place = Place::new(&bench).await;
    let (location, contact) = (bench.location(), &place.contact);
    let task = json!({"title": "t", "dueDate": "2026-06-20T15:00:00Z", "completed": false});
    let mut asked = 0;
    for (method, path, good) in [
        (
            "POST",
            "/contacts/".to_owned(),
            json!({"locationId": location, "firstName": "A"}),
        ),
        (
            "POST",
            "/contacts/upsert".into(),
            json!({"locationId": location, "firstName": "A"}),
        ),
        (
            "PUT",
            format!("/contacts/{contact}"),
            json!({"city": "Denver"}),
        ),
        ("POST", format!("/contacts/{contact}/tasks"), task.clone()),
        (
            "PUT",
            format!("/contacts/{contact}/tasks/{}", place.task),
            task,
        ),
        (
            "PUT",
            format!("/contacts/{contact}/tasks/{}/completed", place.task),
            json!({"completed": true}),
        ),
        (
            "POST",
            format!("/contacts/{contact}/notes"),
            json!({"body": "b"}),
        ),
        (
            "PUT",
            format!("/contacts/{contact}/notes/{}", place.note),
            json!({"body": "b"}),
        ),
        (
            "POST",
            format!("/contacts/{contact}/tags"),
            json!({"tags": ["a"]}),
        ),
        (
            "DELETE",
            format!("/contacts/{contact}/tags"),
            json!({"tags": ["a"]}),
        ),
        (
            "POST",
            format!("/contacts/{contact}/followers"),
            json!({"followers": []}),
        ),
        (
            "DELETE",
            format!("/contacts/{contact}/followers"),
            json!({"followers": []}),
        ),
        ("POST", format!("/contacts/{contact}/workflow/w"), json!({})),
        (
            "POST",
            "/contacts/bulk/business".into(),
            json!({"locationId": location, "ids": [], "businessId": null}),
        ),
        (
            "POST",
            "/contacts/bulk/tags/update/add".into(),
            json!({"locationId": location, "contacts": [], "tags": []}),
        ),
        (
            "POST",
            format!("/locations/{location}/tasks/search"),
            json!({}),
        ),
        (
            "POST",
            format!("/locations/{location}/tags"),
            json!({"name": "n"}),
        ),
        (
            "POST",
            format!("/locations/{location}/customFields"),
            json!({"name": "n", "dataType": "TEXT"}),
        ),
        (
            "POST",
            "/businesses/".into(),
            json!({"name": "n", "locationId": location}),
        ),
        (
            "PUT",
            format!("/businesses/{}", place.business),
            json!({"name": "n"}),
        ),
        (
            "POST",
            "/users/search/filter-by-email".into(),
            json!({"companyId": place.company, "emails": "a@b.example"}),
        ),
    ] {
        let operation =
            spec::operation(&method.parse().expect("a method"), &path).expect("of the files");
        let schema = operation.body_schema().expect("a body");
        for (why, body) in forbidden(schema, &good) {
            let (status, answer) = bench.ask(method, &path, body.clone()).await;
            assert_eq!(status, 422, "{} {why}: {body} got {answer}", operation.name);
            assert!(answer["message"].is_array(), "{answer}");
            asked += 1;
        }
        bench.ok(method, &path, good).await;
    }
    assert!(asked > 200, "{asked}");
}
