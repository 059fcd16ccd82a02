//! What is asked of the sandbox: everything it serves, so that each operation succeeds once, and each astray.

use serde_json::{Value, json};

use crate::{
    bench::{Bench, Place},
    known_differences::is_served,
    spec,
};

const NONE: Value = Value::Null;

/// Asks everything that the sandbox serves, so that each operation succeeds once. What deletes comes last.
#[expect(clippy::too_many_lines, reason = "a table, one row a request")]
pub async fn walk(bench: &Bench) {
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
pub async fn walk_astray(bench: &Bench) {
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
