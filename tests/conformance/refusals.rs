//! Bodies that the files forbid, made from their schemas, and refused.

use couplet::sandbox::LimitSpec;
use serde_json::{Map, Value, json};

use crate::{
    bench::{Bench, Place},
    spec,
};

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
            bodies.push((format!("{key} null"), with(key, Value::Null)));
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
#[expect(clippy::too_many_lines, reason = "a table, one row a body")]
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
