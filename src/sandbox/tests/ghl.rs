use super::*;

#[tokio::test]
async fn the_door_asks_for_version_token_scope_and_location() {
    let bench = Bench::new(settings(10));
    let good = format!("Bearer {}", bench.hello["ghl_token"].as_str().unwrap());
    let narrow = bench
        .control(
            "POST",
            "/tokens",
            json!({"side": "ghl", "scopes": ["contacts.readonly"]}),
        )
        .await;
    let narrow = format!("Bearer {}", narrow.body["token"].as_str().unwrap());
    for (method, path, headers, status, message) in [
        (
            "GET",
            "/contacts/x",
            vec![("authorization", good.as_str())],
            401,
            "version header was not found.",
        ),
        (
            "GET",
            "/contacts/x",
            vec![("authorization", good.as_str()), ("version", "2020-01-01")],
            401,
            "version header is invalid",
        ),
        (
            "GET",
            "/contacts/x",
            vec![("version", "v3")],
            401,
            "Invalid JWT",
        ),
        (
            "GET",
            "/contacts/x",
            vec![("version", "v3"), ("authorization", "Bearer pit-0")],
            401,
            "Invalid Private Integration token",
        ),
        (
            "DELETE",
            "/contacts/x",
            vec![("version", "v3"), ("authorization", narrow.as_str())],
            401,
            "The token is not authorized for this scope.",
        ),
        (
            "GET",
            "/contacts/x",
            vec![("version", "v3"), ("authorization", narrow.as_str())],
            400,
            "Contact with id x not found",
        ),
        (
            "GET",
            "/locations/other/tags",
            vec![("version", "v3"), ("authorization", good.as_str())],
            403,
            "The token does not have access to this location.",
        ),
        (
            "GET",
            "/nowhere",
            vec![("version", "v3"), ("authorization", good.as_str())],
            404,
            "Cannot GET /nowhere",
        ),
    ] {
        let got = bench
            .send(method, &format!("/ghl{path}"), &headers, Value::Null)
            .await;
        assert_eq!(
            (got.status, got.body["message"].as_str().unwrap()),
            (status, message),
            "{path}"
        );
        assert_eq!(got.body["traceId"].as_str().unwrap().len(), 36);
    }
}

#[tokio::test]
async fn a_contact_is_made_normalised_edited_and_gone() {
    let bench = Bench::new(settings(10));
    let made = bench
        .ghl("POST", "/contacts/", json!({
            "locationId": bench.location(), "firstName": " Ann ", "lastName": "Lee", "email": " Ann.Lee@Example.com ",
            "phone": "(202) 555-0199", "tags": [" VIP ", "vip", "New"],
            "customFields": [{"key": "plan", "field_value": "Gold"}, {"key": "contact.plan", "field_value": "x"}],
        }))
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    let contact = &made.body["contact"];
    assert_eq!(contact["email"], "Ann.Lee@Example.com");
    assert_eq!(contact["emailLowerCase"], "ann.lee@example.com");
    assert_eq!(contact["phone"], "+12025550199");
    assert_eq!(contact["tags"], json!(["vip", "new"]));
    assert_eq!(contact["country"], "US");
    assert_eq!(contact["customFields"][0]["value"], "Gold");
    assert!(contact.get("city").is_none());

    let path = format!("/contacts/{}", contact["id"].as_str().unwrap());
    let put = bench
        .ghl("PUT", &path, json!({"city": "Denver", "lastName": null}))
        .await;
    assert_eq!((put.status, &put.body["succeded"]), (200, &json!(true)));
    assert!(put.body["contact"].get("lastName").is_none());
    assert_eq!(put.body["contact"]["firstName"], "Ann");
    assert!(put.body["contact"]["dateUpdated"].as_str() > contact["dateUpdated"].as_str());

    for field in ["locationId", "companyName", "gender"] {
        let got = bench.ghl("PUT", &path, json!({field: "x"})).await;
        assert_eq!(
            (got.status, &got.body["message"]),
            (422, &json!([format!("property {field} should not exist")]))
        );
    }
    assert_eq!(
        bench.ghl("DELETE", &path, Value::Null).await.body["succeded"],
        true
    );
    assert_eq!(bench.ghl("GET", &path, Value::Null).await.status, 400);
    assert_eq!(bench.ghl("DELETE", &path, Value::Null).await.status, 400);
}

#[tokio::test]
async fn a_second_contact_with_the_same_email_or_phone_is_refused_unless_the_location_allows_it() {
    let bench = Bench::new(settings(0));
    let id = bench
        .new_contact(
            json!({"firstName": "Ann", "email": "ann@example.com", "phone": "+12025550100"}),
        )
        .await;
    let other = bench
        .new_contact(json!({"firstName": "Bob", "email": "bob@example.com"}))
        .await;
    let new = |fields: Value| {
        let mut body = json!({"locationId": bench.location()});
        for (key, value) in fields.as_object().unwrap() {
            body[key] = value.clone();
        }
        body
    };
    for (fields, field) in [
        (json!({"email": "ANN@example.com"}), "email"),
        (
            json!({"email": "new@example.com", "phone": "202-555-0100"}),
            "phone",
        ),
    ] {
        let got = bench.ghl("POST", "/contacts/", new(fields.clone())).await;
        assert_eq!(got.status, 400, "{fields}");
        assert_eq!(
            got.body["meta"],
            json!({"contactId": id, "contactName": "ann", "matchingField": field})
        );
    }
    let put = bench
        .ghl(
            "PUT",
            &format!("/contacts/{other}"),
            json!({"email": "ann@example.com"}),
        )
        .await;
    assert_eq!(
        (put.status, &put.body["meta"]["contactId"]),
        (400, &json!(id))
    );

    let found = bench
        .ghl(
            "GET",
            &format!(
                "/contacts/search/duplicate?locationId={}&number=%2B12025550100",
                bench.location()
            ),
            Value::Null,
        )
        .await;
    assert_eq!(
        (&found.body["contact"]["id"], &found.body["matchingField"]),
        (&json!(id), &json!("number"))
    );

    bench
        .control("PUT", "/settings", json!({"ghl.allow_duplicates": true}))
        .await;
    assert_eq!(
        bench
            .ghl(
                "POST",
                "/contacts/",
                new(json!({"email": "ann@example.com"}))
            )
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn tasks_notes_and_tags_live_on_their_contact() {
    let bench = Bench::new(settings(0));
    let id = bench.new_contact(json!({"firstName": "Ann"})).await;
    let base = format!("/contacts/{id}");
    let made = bench
        .ghl(
            "POST",
            &format!("{base}/tasks"),
            json!({"title": "Call", "dueDate": "2026-06-20T15:00:00Z", "completed": false}),
        )
        .await;
    assert_eq!(made.status, 201);
    let task = &made.body["task"];
    let keys: Vec<&str> = task
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(keys, ["id", "title", "dueDate", "completed", "contactId"]);
    assert_eq!(task["dueDate"], "2026-06-20T15:00:00.000Z");
    let task_path = format!("{base}/tasks/{}", task["id"].as_str().unwrap());
    let done = bench
        .ghl(
            "PUT",
            &format!("{task_path}/completed"),
            json!({"completed": true}),
        )
        .await;
    assert_eq!(done.body["task"]["completed"], true);

    let search = format!("/locations/{}/tasks/search", bench.location());
    let row = bench
        .ghl("POST", &search, json!({"completed": true}))
        .await
        .body["tasks"][0]
        .clone();
    assert_eq!((&row["_id"], &row["contactId"]), (&task["id"], &json!(id)));
    assert!(row["dateUpdated"].is_string());
    assert_eq!(
        bench
            .ghl("POST", &search, json!({"completed": false}))
            .await
            .body["tasks"],
        json!([])
    );

    assert_eq!(
        bench
            .ghl("POST", &format!("{base}/notes"), json!({"title": "x"}))
            .await
            .status,
        422
    );
    let note = bench
        .ghl("POST", &format!("{base}/notes"), json!({"body": "Hello"}))
        .await;
    assert_eq!(
        (note.status, &note.body["note"]["body"]),
        (201, &json!("Hello"))
    );
    assert!(note.body["note"].get("pinned").is_none());

    let tags = bench
        .ghl(
            "POST",
            &format!("{base}/tags"),
            json!({"tags": ["VIP", "vip"]}),
        )
        .await;
    assert_eq!((tags.status, &tags.body["tags"]), (201, &json!(["vip"])));
    let tags = bench
        .ghl(
            "DELETE",
            &format!("{base}/tags"),
            json!({"tags": ["absent"]}),
        )
        .await;
    assert_eq!((tags.status, &tags.body["tags"]), (200, &json!(["vip"])));

    bench.ghl("DELETE", &base, Value::Null).await;
    assert_eq!(bench.ghl("GET", &task_path, Value::Null).await.status, 400);
    let rows = bench.ghl("POST", &search, json!({})).await;
    assert_eq!(
        rows.body["tasks"].as_array().unwrap().len(),
        1,
        "a task outlives its contact here"
    );
    let records = bench.control("GET", "/records/ghl/task", Value::Null).await;
    assert_eq!(records.text, "");
}

#[tokio::test]
async fn every_answer_shows_the_limits_and_one_over_them_is_429() {
    let mut settings = settings(0);
    settings.limit = "3/10/100".parse().unwrap();
    let bench = Bench::new(settings);
    for (status, remaining) in [(400, "2"), (400, "1"), (400, "0"), (429, "0")] {
        let got = bench.ghl("GET", "/contacts/x", Value::Null).await;
        assert_eq!(
            (got.status, got.header("x-ratelimit-remaining")),
            (status, remaining)
        );
        assert_eq!(got.header("x-ratelimit-max"), "3");
        assert_eq!(got.header("x-ratelimit-interval-milliseconds"), "10000");
        assert_eq!(got.header("x-ratelimit-limit-daily"), "100");
        assert!(!got.header("x-ratelimit-daily-remaining").is_empty());
        assert!(got.headers.get("retry-after").is_none());
    }
    bench
        .control("POST", "/clock", json!({"advance_ms": 10_000}))
        .await;
    assert_eq!(
        bench.ghl("GET", "/contacts/x", Value::Null).await.status,
        400
    );
}

#[tokio::test]
async fn what_stands_around_the_contacts_can_be_read() {
    let bench = Bench::new(settings(20));
    let location = bench.location();
    let place = bench
        .ghl("GET", &format!("/locations/{location}"), Value::Null)
        .await;
    let company = place.body["location"]["companyId"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        place.body["location"]["settings"]["allowDuplicateContact"],
        false
    );
    let fields = bench
        .ghl(
            "GET",
            &format!("/locations/{location}/customFields?model=contact"),
            Value::Null,
        )
        .await;
    assert_eq!(
        fields.body["customFields"][0]["fieldKey"],
        "contact.job_title"
    );
    let users = bench
        .ghl(
            "GET",
            &format!("/users/search?companyId={company}"),
            Value::Null,
        )
        .await;
    assert_eq!(
        (users.status, users.body["users"].as_array().unwrap().len()),
        (200, 4)
    );
    assert_eq!(
        bench
            .ghl(
                "GET",
                &format!("/users/?locationId={location}"),
                Value::Null
            )
            .await
            .body["users"],
        users.body["users"]
    );
    let id = users.body["users"][1]["id"].as_str().unwrap();
    assert_eq!(
        bench
            .ghl("GET", &format!("/users/{id}"), Value::Null)
            .await
            .body["email"],
        users.body["users"][1]["email"]
    );
    let firms = bench
        .ghl(
            "GET",
            &format!("/businesses/?locationId={location}"),
            Value::Null,
        )
        .await;
    let id = firms.body["businesses"][0]["id"].as_str().unwrap();
    assert_eq!(
        bench
            .ghl("GET", &format!("/businesses/{id}"), Value::Null)
            .await
            .body["business"]["id"],
        id
    );
    let tags = bench
        .ghl("GET", &format!("/locations/{location}/tags"), Value::Null)
        .await;
    assert!(
        tags.body["tags"]
            .as_array()
            .unwrap()
            .iter()
            .all(|tag| tag["id"].as_str().unwrap().len() == 20)
    );
}
