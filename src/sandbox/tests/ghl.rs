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
async fn a_search_pages_by_the_cursor_of_its_last_row() {
    let bench = Bench::new(settings(40));
    let mut seen = Vec::new();
    let mut after = json!([]);
    loop {
        let page = bench
            .search(json!({"pageLimit": 7, "searchAfter": after, "sort": [{"field": "dateUpdated", "direction": "asc"}]}))
            .await;
        assert_eq!(page.body["total"], 36);
        let rows = page.body["contacts"].as_array().unwrap().clone();
        seen.extend(rows.iter().map(|row| {
            (
                row["dateUpdated"].as_str().unwrap().to_owned(),
                row["id"].clone(),
            )
        }));
        match rows.last() {
            Some(row) => after = row["searchAfter"].clone(),
            None => break,
        }
    }
    assert_eq!(seen.len(), 36);
    assert!(seen.is_sorted_by_key(|row| row.0.clone()));
}

#[tokio::test]
async fn a_search_filters_as_the_facts_say() {
    let bench = Bench::new(settings(0));
    for (first, city, tags) in [
        ("Ann", Some("Denver"), json!(["vip"])),
        ("Bob", Some("Austin"), json!([])),
        ("Cid", None, json!(["vip", "new"])),
    ] {
        bench.new_contact(json!({"firstName": first, "city": city, "tags": tags, "email": format!("{first}@example.com")})).await;
    }
    let leaf = |field: &str, operator: &str, value: Value| json!({"field": field, "operator": operator, "value": value});
    for (filters, want) in [
        (json!([]), "Ann Bob Cid"),
        (
            json!([leaf("email", "eq", json!("ANN@example.com"))]),
            "Ann",
        ),
        (
            json!([leaf("email", "not_eq", json!("ann@example.com"))]),
            "Bob Cid",
        ),
        (json!([leaf("city", "contains", json!("en"))]), "Ann"),
        (json!([leaf("city", "exists", Value::Null)]), "Ann Bob"),
        (json!([leaf("city", "not_exists", Value::Null)]), "Cid"),
        (json!([leaf("tags", "contains", json!(["vip"]))]), "Ann Cid"),
        (
            json!([
                leaf("tags", "contains", json!(["vip"])),
                leaf("city", "exists", Value::Null)
            ]),
            "Ann",
        ),
        (
            json!([{"group": "OR", "filters": [leaf("city", "eq", json!("austin")), leaf("tags", "eq", json!("new"))]}]),
            "Bob Cid",
        ),
        (
            json!([leaf(
                "dateUpdated",
                "range",
                json!({"gte": START.to_string()})
            )]),
            "Ann Bob Cid",
        ),
        (
            json!([leaf("dateUpdated", "range", json!({"gt": START.0}))]),
            "",
        ),
    ] {
        let got = bench.search(json!({"filters": filters, "sort": [{"field": "firstNameLowerCase", "direction": "asc"}]})).await;
        let names: Vec<&str> = got.body["contacts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c["firstName"].as_str().unwrap())
            .collect();
        assert_eq!(names.join(" "), want, "{filters}");
    }
    for (body, status) in [
        (
            json!({"filters": [leaf("nickname", "eq", json!("x"))]}),
            400,
        ),
        (json!({"filters": [leaf("email", "range", json!({}))]}), 400),
        (json!({"pageLimit": 501}), 422),
        (json!({"pageLimit": null}), 422),
        (json!({"page": 101}), 400),
        (json!({"locationId": "other"}), 403),
    ] {
        assert_eq!(bench.search(body.clone()).await.status, status, "{body}");
    }
    assert_eq!(
        bench
            .search(json!({"filters": [leaf("nickname", "eq", json!("x"))]}))
            .await
            .body["message"],
        "Invalid field nickname",
    );
}

#[tokio::test]
async fn a_full_row_has_every_key_and_a_short_one_has_not() {
    let bench = Bench::new(settings(0));
    bench
        .new_contact(json!({"firstName": "Ann", "email": "Ann@example.com"}))
        .await;
    let row = bench.search(json!({})).await.body["contacts"][0].clone();
    for key in [
        "firstName",
        "lastName",
        "address1",
        "city",
        "website",
        "timezone",
        "assignedTo",
        "dnd",
        "businessId",
    ] {
        assert!(row.as_object().unwrap().contains_key(key), "{key}");
    }
    assert_eq!(row["lastName"], Value::Null);
    bench
        .control("PUT", "/settings", json!({"ghl.search_full_rows": false}))
        .await;
    let row = bench.search(json!({})).await.body["contacts"][0].clone();
    assert!(row.get("firstName").is_none());
    assert_eq!(
        (&row["firstNameLowerCase"], &row["email"]),
        (&json!("ann"), &json!("ann@example.com"))
    );
}

#[tokio::test]
async fn a_search_lags_behind_and_a_read_by_id_does_not() {
    let mut settings = settings(0);
    settings.lag_ms = 2_000;
    let bench = Bench::new(settings);
    let id = bench.new_contact(json!({"firstName": "Ann"})).await;
    let path = format!("/contacts/{id}");
    let first_name =
        async || bench.search(json!({})).await.body["contacts"][0]["firstName"].clone();
    assert_eq!(first_name().await, Value::Null);
    assert_eq!(
        bench.ghl("GET", &path, Value::Null).await.body["contact"]["firstName"],
        "Ann"
    );
    bench
        .control("POST", "/clock", json!({"advance_ms": 2_000}))
        .await;
    assert_eq!(first_name().await, "Ann");
    bench.ghl("PUT", &path, json!({"firstName": "Bea"})).await;
    assert_eq!(first_name().await, "Ann");
    bench
        .control("POST", "/clock", json!({"advance_ms": 2_000}))
        .await;
    assert_eq!(first_name().await, "Bea");
    bench.ghl("DELETE", &path, Value::Null).await;
    assert_eq!(first_name().await, "Bea");
    bench
        .control("POST", "/clock", json!({"advance_ms": 2_000}))
        .await;
    assert_eq!(first_name().await, Value::Null);
}

#[tokio::test]
async fn the_deprecated_list_pages_newest_first_with_two_cursors() {
    let bench = Bench::new(settings(30));
    let mut url = format!("/contacts/?locationId={}&limit=10", bench.location());
    let mut seen = Vec::new();
    for page in 1..=3 {
        let got = bench.ghl("GET", &url, Value::Null).await;
        seen.extend(
            got.body["contacts"]
                .as_array()
                .unwrap()
                .iter()
                .map(|c| c["dateAdded"].as_str().unwrap().to_owned()),
        );
        let meta = &got.body["meta"];
        assert_eq!(
            (&meta["total"], &meta["currentPage"]),
            (&json!(27), &json!(page))
        );
        assert_eq!(meta["nextPage"].is_null(), page == 3);
        url = format!(
            "/contacts/?locationId={}&limit=10&startAfter={}&startAfterId={}",
            bench.location(),
            meta["startAfter"],
            meta["startAfterId"].as_str().unwrap(),
        );
    }
    assert_eq!(seen.len(), 27);
    assert!(seen.is_sorted_by(|a, b| a >= b));
    let got = bench
        .ghl(
            "GET",
            &format!("/contacts/?locationId={}&limit=101", bench.location()),
            Value::Null,
        )
        .await;
    assert_eq!(
        (got.status, &got.body["message"]),
        (422, &json!(["limit must not be greater than 100"]))
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
