//! The facts' section g up to S12, one test or more a point, each named for it; the rest is in `ghl_records`. S25 and
//! S27 to S29 are tested with OAuth and webhooks; S2 to S4 also by the table of the door in `ghl`.

use super::*;

const NONE: Value = Value::Null;

impl Bench {
    /// A contact made through the API, with its answer.
    pub(super) async fn made(&self, fields: Value) -> Got {
        let mut body = json!({"locationId": self.location()});
        for (key, value) in fields.as_object().unwrap() {
            body[key] = value.clone();
        }
        self.ghl("POST", "/contacts/", body).await
    }

    /// The id of one that is made for certain.
    pub(super) async fn made_id(&self, fields: Value) -> String {
        let made = self.made(fields).await;
        assert_eq!(made.status, 201, "{}", made.body);
        made.body["contact"]["id"].as_str().unwrap().to_owned()
    }

    pub(super) async fn contact(&self, id: &str) -> Value {
        let got = self.ghl("GET", &format!("/contacts/{id}"), NONE).await;
        assert_eq!(got.status, 200, "{}", got.body);
        got.body["contact"].clone()
    }

    pub(super) async fn upsert(&self, fields: Value) -> Got {
        let mut body = json!({"locationId": self.location()});
        for (key, value) in fields.as_object().unwrap() {
            body[key] = value.clone();
        }
        self.ghl("POST", "/contacts/upsert", body).await
    }
}

#[tokio::test]
async fn s01_an_unknown_route_is_a_404_that_names_it() {
    let bench = Bench::new(settings(0));
    for (method, path) in [
        ("GET", "/x"),
        ("PATCH", "/contacts/a"),
        ("GET", "/calendars/a/b/c"),
    ] {
        let got = bench.ghl(method, path, NONE).await;
        assert_eq!(got.status, 404, "{path}");
        assert_eq!(got.body["statusCode"], 404);
        assert_eq!(got.body["message"], format!("Cannot {method} {path}"));
        assert_eq!(got.body["error"], "Not Found");
    }
}

#[tokio::test]
async fn s02_each_published_version_passes_and_no_other() {
    let bench = Bench::new(settings(0));
    let token = format!("Bearer {}", bench.hello["ghl_token"].as_str().unwrap());
    for (version, message) in [
        (Some("legacy"), "Contact with id x not found"),
        (Some("2021-04-15"), "Contact with id x not found"),
        (Some("2021-07-28"), "Contact with id x not found"),
        (Some("2023-02-21"), "Contact with id x not found"),
        (Some("v3"), "Contact with id x not found"),
        (Some("v2"), "version header is invalid"),
        (Some(""), "version header is invalid"),
        (None, "version header was not found."),
    ] {
        let mut headers = vec![("authorization", token.as_str())];
        headers.extend(version.map(|version| ("version", version)));
        let got = bench.send("GET", "/ghl/contacts/x", &headers, NONE).await;
        assert_eq!(got.body["message"], message, "{version:?}");
    }
}

#[tokio::test]
async fn s03_a_token_at_its_end_is_told_apart_from_one_that_never_was() {
    let bench = Bench::new(settings(0));
    let short = json!({"side": "ghl", "scopes": ["contacts.readonly"], "expires_in": 10});
    let token = bench.control("POST", "/tokens", short).await.body["token"].clone();
    let token = format!("Bearer {}", token.as_str().unwrap());
    let headers = [("version", "2021-07-28"), ("authorization", token.as_str())];
    let ask = || bench.send("GET", "/ghl/contacts/x", &headers, NONE);
    assert_eq!(ask().await.status, 400);
    bench
        .control("POST", "/clock", json!({"advance_ms": 10_000}))
        .await;
    let got = ask().await;
    assert_eq!(
        (got.status, got.body["message"].as_str().unwrap()),
        (401, "Invalid token: access token is invalid")
    );
}

#[tokio::test]
async fn s04_a_scope_that_a_token_lacks_is_a_401_and_another_location_a_403() {
    let bench = Bench::new(settings(0));
    let narrow = json!({"side": "ghl", "scopes": ["users.readonly"]});
    let token = bench.control("POST", "/tokens", narrow).await.body["token"].clone();
    let token = format!("Bearer {}", token.as_str().unwrap());
    let headers = [("version", "2021-07-28"), ("authorization", token.as_str())];
    let got = bench.send("GET", "/ghl/contacts/x", &headers, NONE).await;
    assert_eq!(
        (got.status, got.body["message"].as_str().unwrap()),
        (401, "The token is not authorized for this scope.")
    );
    for (method, path, body) in [
        ("GET", "/contacts/?locationId=other", NONE),
        ("POST", "/contacts/", json!({"locationId": "other"})),
        ("POST", "/contacts/upsert", json!({"locationId": "other"})),
        (
            "POST",
            "/contacts/search",
            json!({"locationId": "other", "pageLimit": 1}),
        ),
        ("GET", "/locations/other", NONE),
        ("GET", "/users/search?companyId=other", NONE),
        (
            "POST",
            "/contacts/bulk/business",
            json!({"locationId": "other", "ids": [], "businessId": null}),
        ),
    ] {
        let got = bench.ghl(method, path, body).await;
        assert_eq!(
            (got.status, got.body["message"].as_str().unwrap()),
            (403, "The token does not have access to this location."),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn s05_every_body_has_a_trace_id_of_its_own() {
    let bench = Bench::new(settings(3));
    let mut seen = std::collections::BTreeSet::new();
    let list = format!("/contacts/?locationId={}", bench.location());
    for path in ["/nowhere", "/contacts/x", list.as_str(), list.as_str()] {
        let got = bench.ghl("GET", path, NONE).await;
        let trace = got.body["traceId"].as_str().unwrap().to_owned();
        assert_eq!((trace.len(), trace.matches('-').count()), (36, 4));
        assert!(seen.insert(trace), "{path}");
    }
}

#[tokio::test]
async fn s06_a_record_that_is_not_there_is_a_400_on_every_route_of_it() {
    let bench = Bench::new(settings(0));
    let id = bench.made_id(json!({"firstName": "Ann"})).await;
    bench.ghl("DELETE", &format!("/contacts/{id}"), NONE).await;
    let task = json!({"title": "t", "dueDate": "2026-06-20T15:00:00Z", "completed": false});
    for (method, rest, body) in [
        ("GET", "", NONE),
        ("PUT", "", json!({})),
        ("DELETE", "", NONE),
        ("GET", "/tasks", NONE),
        ("POST", "/tasks", task),
        ("GET", "/notes", NONE),
        ("POST", "/notes", json!({"body": "b"})),
        ("GET", "/appointments", NONE),
        ("POST", "/tags", json!({"tags": ["a"]})),
        ("DELETE", "/tags", json!({"tags": ["a"]})),
        ("POST", "/followers", json!({"followers": []})),
        ("POST", "/campaigns/c", json!({})),
        ("POST", "/workflow/w", json!({})),
    ] {
        for id in [id.as_str(), "neverwas"] {
            let got = bench
                .ghl(method, &format!("/contacts/{id}{rest}"), body.clone())
                .await;
            assert_eq!(got.status, 400, "{method} {rest}");
            assert_eq!(
                got.body["message"],
                format!("Contact with id {id} not found"),
                "{rest}"
            );
        }
    }
}

#[tokio::test]
async fn s07_an_undeclared_property_is_refused_with_a_message_each() {
    let bench = Bench::new(settings(0));
    let id = bench.made_id(json!({"firstName": "Ann"})).await;
    let of = format!("/contacts/{id}");
    for (method, path, body, names) in [
        (
            "PUT",
            of.clone(),
            json!({"locationId": "l", "gender": "f"}),
            vec!["locationId", "gender"],
        ),
        (
            "POST",
            format!("{of}/notes"),
            json!({"body": "b", "locationId": "l"}),
            vec!["locationId"],
        ),
        (
            "POST",
            format!("{of}/tags"),
            json!({"tags": [], "locationId": "l"}),
            vec!["locationId"],
        ),
        (
            "POST",
            format!("{of}/tasks"),
            json!({"title": "t", "dueDate": "2026-06-20", "completed": true, "contactId": "c"}),
            vec!["contactId"],
        ),
    ] {
        let got = bench.ghl(method, &path, body).await;
        let want: Vec<String> = names
            .iter()
            .map(|n| format!("property {n} should not exist"))
            .collect();
        assert_eq!(
            (got.status, &got.body["message"]),
            (422, &json!(want)),
            "{path}"
        );
        assert_eq!(got.body["error"], "Unprocessable Entity");
    }
    let got = bench
        .ghl("POST", "/contacts/", json!({"firstName": "A"}))
        .await;
    assert_eq!(
        (got.status, &got.body["message"]),
        (422, &json!(["locationId must be a string"]))
    );
}

#[tokio::test]
async fn s08_a_wrong_type_and_a_missing_property_are_named() {
    let bench = Bench::new(settings(0));
    let id = bench.made_id(json!({"firstName": "Ann"})).await;
    let of = format!("/contacts/{id}");
    for (path, body, want) in [
        (
            of.clone(),
            json!({"city": 7, "dnd": "yes"}),
            json!(["city must be a string", "dnd must be a boolean value"]),
        ),
        (
            of.clone(),
            json!({"tags": "a"}),
            json!(["tags must be an array"]),
        ),
        (
            format!("{of}/tasks"),
            json!({}),
            json!([
                "title must be a string",
                "dueDate must be a string",
                "completed must be a boolean value"
            ]),
        ),
        (
            format!("{of}/notes"),
            json!({}),
            json!(["body must be a string"]),
        ),
    ] {
        let method = if path == of { "PUT" } else { "POST" };
        let got = bench.ghl(method, &path, body).await;
        assert_eq!((got.status, &got.body["message"]), (422, &want), "{path}");
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table, one row a route")]
async fn s09_and_s10_each_write_has_its_own_status_and_spelling() {
    let bench = Bench::new(settings(0));
    let id = bench.made_id(json!({"firstName": "Ann"})).await;
    let (of, location) = (format!("/contacts/{id}"), bench.location());
    let user = bench
        .ghl("GET", &format!("/users/?locationId={location}"), NONE)
        .await;
    let user = user.body["users"][0]["id"].clone();
    let task = json!({"title": "t", "dueDate": "2026-06-20T15:00:00Z", "completed": false});
    let task = bench.ghl("POST", &format!("{of}/tasks"), task).await;
    let note = bench
        .ghl("POST", &format!("{of}/notes"), json!({"body": "b"}))
        .await;
    let firm = json!({"name": "Quill", "locationId": location});
    let firm = bench.ghl("POST", "/businesses/", firm).await;
    let event = json!({"contactId": id, "title": "Call", "startTime": "2026-06-22 10:00:00", "endTime": "2026-06-22 10:30:00"});
    let event = bench
        .control("POST", "/records/ghl/appointment", event)
        .await
        .body["id"]
        .clone();
    for (got, status, key) in [
        (&task, 201, "task"),
        (&note, 201, "note"),
        (&firm, 201, "buiseness"),
    ] {
        assert_eq!(got.status, status, "{key}");
        assert!(got.body[key]["id"].is_string(), "{key}");
    }
    let firm = firm.body["buiseness"]["id"].as_str().unwrap().to_owned();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (task, note) = (
        text(&task.body["task"]["id"]),
        text(&note.body["note"]["id"]),
    );
    let bulk = json!({"locationId": location, "contacts": [id], "tags": ["a"]});
    for (method, path, body, status, key, value) in [
        (
            "PUT",
            of.clone(),
            json!({}),
            200,
            "succeded",
            Some(json!(true)),
        ),
        (
            "POST",
            format!("{of}/followers"),
            json!({"followers": [user]}),
            201,
            "followersAdded",
            Some(json!([user])),
        ),
        (
            "DELETE",
            format!("{of}/followers"),
            json!({"followers": [user]}),
            200,
            "followersRemoved",
            Some(json!([user])),
        ),
        (
            "POST",
            "/contacts/bulk/tags/update/add".into(),
            bulk,
            201,
            "succeded",
            Some(json!(true)),
        ),
        (
            "PUT",
            format!("/businesses/{firm}"),
            json!({"city": "Rome"}),
            200,
            "buiseness",
            None,
        ),
        (
            "GET",
            format!("/businesses/{firm}"),
            NONE,
            200,
            "business",
            None,
        ),
        (
            "GET",
            format!("{of}/appointments"),
            NONE,
            200,
            "events",
            None,
        ),
        (
            "GET",
            format!("/users/{}", text(&user)),
            NONE,
            200,
            "id",
            Some(user.clone()),
        ),
        (
            "DELETE",
            format!("/calendars/events/{}", text(&event)),
            json!({}),
            201,
            "succeeded",
            Some(json!(true)),
        ),
        (
            "DELETE",
            format!("{of}/tasks/{task}"),
            NONE,
            200,
            "succeded",
            Some(json!(true)),
        ),
        (
            "DELETE",
            format!("{of}/notes/{note}"),
            NONE,
            200,
            "succeded",
            Some(json!(true)),
        ),
        (
            "DELETE",
            of.clone(),
            NONE,
            200,
            "succeded",
            Some(json!(true)),
        ),
        (
            "DELETE",
            format!("/businesses/{firm}"),
            NONE,
            200,
            "success",
            Some(json!(true)),
        ),
    ] {
        let got = bench.ghl(method, &path, body).await;
        assert_eq!(got.status, status, "{method} {path} {}", got.body);
        assert!(got.body.get(key).is_some(), "{path} {}", got.body);
        assert!(
            value.is_none_or(|value| got.body[key] == value),
            "{path} {}",
            got.body
        );
    }
}

#[tokio::test]
async fn s11_a_duplicate_is_refused_and_nothing_is_written() {
    let bench = Bench::new(settings(0));
    let id = bench
        .made_id(json!({"name": "Marta Quill", "email": "m@example.org"}))
        .await;
    let got = bench
        .made(json!({"email": " M@Example.ORG ", "city": "Rome"}))
        .await;
    assert_eq!(
        got.body["meta"],
        json!({"contactId": id, "contactName": "marta quill", "matchingField": "email"})
    );
    assert_eq!(got.status, 400);
    let state = bench.control("GET", "/state", NONE).await;
    assert_eq!(state.body["ghl"]["contact"], 1);
    assert!(bench.contact(&id).await.get("city").is_none());
}

#[tokio::test]
async fn s12_an_upsert_edits_whom_it_finds_and_else_makes_one() {
    let bench = Bench::new(settings(0));
    let first = bench
        .upsert(json!({"email": "a@example.org", "gender": "female", "tags": ["one"]}))
        .await;
    assert_eq!((first.status, &first.body["new"]), (200, &json!(true)));
    let id = first.body["contact"]["id"].clone();
    let again = bench
        .upsert(json!({"email": "A@example.org", "phone": "+12025550111", "gender": "male", "tags": ["two"]}))
        .await;
    assert_eq!((again.status, &again.body["new"]), (200, &json!(false)));
    let contact = &again.body["contact"];
    assert_eq!(
        (&contact["id"], &contact["tags"], &contact["gender"]),
        (&id, &json!(["two"]), &json!("female"))
    );
    // e-mail and phone of two contacts: the first in order wins, the other is left alone
    let other = bench.made_id(json!({"email": "b@example.org"})).await;
    let both = bench
        .upsert(json!({"email": "b@example.org", "phone": "+12025550111"}))
        .await;
    assert_eq!(both.body["contact"]["id"], other);
    assert!(both.body["contact"].get("phone").is_none());
    bench
        .control("PUT", "/settings", json!({"ghl.match_phone_first": true}))
        .await;
    let both = bench
        .upsert(json!({"email": "b@example.org", "phone": "+12025550111"}))
        .await;
    assert_eq!(both.body["contact"]["id"], id);
    // a new one only where the location allows duplicates
    let wanted = json!({"email": "b@example.org", "createNewIfDuplicateAllowed": true});
    assert_eq!(bench.upsert(wanted.clone()).await.body["new"], false);
    bench
        .control("PUT", "/settings", json!({"ghl.allow_duplicates": true}))
        .await;
    assert_eq!(bench.upsert(wanted).await.body["new"], true);
}

#[tokio::test]
async fn s12_a_match_on_a_secondary_address_makes_it_the_first_and_drops_the_old() {
    let bench = Bench::new(settings(0));
    let more = json!([{"email": "Second@example.org"}, {"email": "third@example.org"}]);
    let id = bench
        .made_id(json!({"email": "first@example.org", "additionalEmails": more}))
        .await;
    let got = bench.upsert(json!({"email": "second@example.org"})).await;
    assert_eq!(
        (&got.body["new"], &got.body["contact"]["id"]),
        (&json!(false), &json!(id))
    );
    let contact = bench.contact(&id).await;
    assert_eq!(contact["email"], "second@example.org");
    assert_eq!(
        contact["additionalEmails"],
        json!([{"email": "third@example.org"}])
    );
}
