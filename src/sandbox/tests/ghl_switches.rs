//! Every switch of the GHL side changes what it says, and nothing else is needed for it; and the search's refusals.

use super::*;

const NONE: Value = Value::Null;

/// What the tests of OAuth and webhooks try.
const ELSEWHERE: [&str; 4] = [
    "refresh_grace_ms",
    "rewrites",
    "webhook_signatures",
    "task_create_is_sparse",
];

/// One contact with children, and what each switch can be seen in.
#[expect(clippy::too_many_lines, reason = "a table, one row a switch")]
async fn seen(bench: &Bench, name: &str, id: &str) -> Value {
    let of = format!("/contacts/{id}");
    let location = bench.location();
    let list = format!("/contacts/?locationId={location}");
    let search = format!("/locations/{location}/tasks/search");
    let new = |mut fields: Value| {
        fields["locationId"] = location.into();
        fields
    };
    let put = async |fields: Value| bench.ghl("PUT", &of, fields).await.body;
    let read = async || bench.ghl("GET", &of, NONE).await.body["contact"].clone();
    let made = async |fields: Value| bench.ghl("POST", "/contacts/", new(fields)).await;
    let twin = json!({"email": "ann@example.org"});
    let field =
        |key: &str, value: Value| json!({"customFields": [{"key": key, "field_value": value}]});
    let days = |range: Value| json!({"filters": [{"field": "dateAdded", "operator": "range", "value": range}]});
    match name {
        "allow_duplicates" => made(twin).await.status.into(),
        "match_phone_first" => {
            made(json!({"phone": "+12025550188"})).await;
            let both = json!({"email": "ann@example.org", "phone": "+12025550188"});
            made(both).await.body["meta"]["matchingField"].clone()
        }
        "put_refuses_duplicates" => {
            let other = made(json!({"firstName": "Bob"})).await.body["contact"]["id"].clone();
            let path = format!("/contacts/{}", other.as_str().unwrap());
            bench.ghl("PUT", &path, twin).await.status.into()
        }
        "search_full_rows" => {
            let rows = bench.search(json!({})).await.body["contacts"][0].clone();
            rows.as_object().unwrap().contains_key("assignedTo").then(|| rows.get("gender").is_some()).into()
        }
        "empty_text_clears" => put(json!({"city": ""})).await["contact"]["city"].clone(),
        "unchanged_put_bumps" => {
            let before = read().await["dateUpdated"].clone();
            (put(json!({})).await["contact"]["dateUpdated"] != before).into()
        }
        "children_bump_contact" => {
            let before = read().await["dateUpdated"].clone();
            bench.ghl("POST", &format!("{of}/notes"), json!({"body": "b"})).await;
            (read().await["dateUpdated"] != before).into()
        }
        "new_shows_date_updated" => made(json!({"firstName": "N"})).await.body["contact"].get("dateUpdated").is_some().into(),
        "name_in_replies" => read().await["name"].clone(),
        "lower_case_names" => read().await["firstName"].clone(),
        "normalise_tags" => put(json!({"tags": ["A"]})).await["contact"]["tags"].clone(),
        "default_country" => made(json!({"firstName": "N"})).await.body["contact"]["country"].clone(),
        "phone_by_contact" => put(json!({"country": "GB", "phone": "020 7946 0018"})).await["contact"]["phone"].clone(),
        "refuse_bad_email" => bench.ghl("PUT", &of, json!({"email": "nobody"})).await.status.into(),
        "put_takes_company" => bench.ghl("PUT", &of, json!({"companyName": "Q"})).await.status.into(),
        "custom_fields_replaced" => {
            put(field("tier", json!("A"))).await;
            put(field("job_title", json!("CEO"))).await["contact"]["customFields"].as_array().unwrap().len().into()
        }
        "prefixed_keys_write" => put(field("contact.tier", json!("A"))).await["contact"]["customFields"].as_array().unwrap().len().into(),
        "refuse_unknown_custom_fields" => bench.ghl("PUT", &of, field("unknown", json!("A"))).await.status.into(),
        "numbers_as_text" => put(field("budget", json!(100))).await["contact"]["customFields"][0]["value"].clone(),
        "dates_as_millis" => put(field("contract_end", json!("2026-06-10"))).await["contact"]["customFields"][0]["value"].clone(),
        "orphan_tasks" => {
            bench.ghl("DELETE", &of, NONE).await;
            bench.ghl("POST", &search, json!({})).await.body["tasks"].as_array().unwrap().len().into()
        }
        "task_rows_by_underscore_id" => bench.ghl("POST", &search, json!({})).await.body["tasks"][0].get("_id").is_some().into(),
        "task_search_total" => bench.ghl("POST", &search, json!({})).await.body["count"].clone(),
        "cancelled_appointments" => bench.ghl("GET", &format!("{of}/appointments"), NONE).await.body["events"].as_array().unwrap().len().into(),
        "appointments_in_utc" => bench.ghl("GET", &format!("{of}/appointments"), NONE).await.body["events"][0]["startTime"].clone(),
        "list_newest_first" => bench.ghl("GET", &list, NONE).await.body["contacts"][0]["id"].clone(),
        "list_cursor_alone" => bench.ghl("GET", &format!("{list}&startAfter=1"), NONE).await.body["contacts"].as_array().unwrap().len().into(),
        "page_limit_is_422" => bench.search(json!({"pageLimit": 501})).await.status.into(),
        "deep_page_is_422" => bench.search(json!({"page": 101})).await.status.into(),
        "page_with_cursor_refused" => bench.search(json!({"page": 1, "searchAfter": [1, "a"]})).await.status.into(),
        "range_takes_millis" => bench.search(days(json!({"gte": 1}))).await.status.into(),
        "upsert_answers_201" => bench.ghl("POST", "/contacts/upsert", new(json!({"email": "new@example.org"}))).await.status.into(),
        "task_search_answers_201" => bench.ghl("POST", &search, json!({})).await.status.into(),
        "tag_create_answers_201" => bench.ghl("POST", &format!("/locations/{location}/tags"), json!({"name": "new"})).await.status.into(),
        "strict_slashes" => bench.ghl("GET", &list.replace("/?", "?"), NONE).await.status.into(),
        "extra_keys" => read().await.get("unheardOf").is_some().into(),
        "missing_contact_message" => bench.ghl("GET", "/contacts/x", NONE).await.body["message"].clone(),
        "missing_task_message" => bench.ghl("GET", &format!("{of}/tasks/x"), NONE).await.body["message"].clone(),
        "missing_note_message" => bench.ghl("GET", &format!("{of}/notes/x"), NONE).await.body["message"].clone(),
        "type_message" => put(json!({"city": 1})).await["message"][0].clone(),
        "list_limit_message" => bench.ghl("GET", &format!("{list}&limit=101"), NONE).await.body["message"][0].clone(),
        "expired_token_message" => {
            let token = json!({"side": "ghl", "expires_in": 0});
            let token = bench.control("POST", "/tokens", token).await.body["token"].clone();
            let token = format!("Bearer {}", token.as_str().unwrap());
            let headers = [("version", "v3"), ("authorization", token.as_str())];
            bench.send("GET", "/ghl/contacts/x", &headers, NONE).await.body["message"].clone()
        }
        "throttled_message" | "retry_after" | "daily_reset_header" => {
            bench.control("PUT", "/faults", json!({"ghl": {"http_429": 1.0}})).await;
            let got = bench.ghl("GET", &of, NONE).await;
            match name {
                "throttled_message" => got.body["message"].clone(),
                "retry_after" => got.headers.contains_key("retry-after").into(),
                _ => got.headers.contains_key("x-ratelimit-daily-reset").into(),
            }
        }
        _ => panic!("no row for {name}"),
    }
}

async fn bench_with_one() -> (Bench, String) {
    let bench = Bench::new(settings(0));
    let old = json!({"firstName": "Old"});
    bench.new_contact(old).await;
    bench
        .control("POST", "/clock", json!({"advance_ms": 1_000}))
        .await;
    let fields =
        json!({"firstName": "Ann", "lastName": "Lee", "email": "ann@example.org", "city": "Rome"});
    let id = bench.new_contact(fields).await;
    let task = json!({"contactId": id, "title": "Call", "dueDate": "2026-06-20T15:00:00Z"});
    bench.control("POST", "/records/ghl/task", task).await;
    let event = json!({
        "contactId": id, "title": "Call", "startTime": "2026-06-22 10:00:00", "endTime": "2026-06-22 10:30:00",
        "appointmentStatus": "cancelled",
    });
    bench
        .control("POST", "/records/ghl/appointment", event)
        .await;
    (bench, id)
}

#[tokio::test]
async fn every_switch_of_ghl_changes_what_it_says() {
    let (bench, _) = bench_with_one().await;
    let all = bench.control("GET", "/settings", NONE).await.body;
    let mut tried = 0;
    for (name, row) in all.as_object().unwrap() {
        let Some(short) = name
            .strip_prefix("ghl.")
            .filter(|short| !ELSEWHERE.contains(short))
        else {
            continue;
        };
        let other = match &row["value"] {
            Value::Bool(value) => json!(!value),
            Value::String(_) if short == "task_search_total" => json!("count"),
            Value::String(_) => json!("other words"),
            value => panic!("{name} {value}"),
        };
        let (plain, id) = bench_with_one().await;
        let before = seen(&plain, short, &id).await;
        let (set, id) = bench_with_one().await;
        let done = set
            .control("PUT", "/settings", json!({(name.as_str()): other}))
            .await;
        assert_eq!(done.status, 200, "{name}");
        let after = seen(&set, short, &id).await;
        assert_ne!(before, after, "{name}");
        if other == "other words" {
            assert_eq!(after, other, "{name}");
        }
        tried += 1;
    }
    assert!(tried > 40, "{tried}");
}

#[tokio::test]
async fn s18_a_search_that_asks_for_what_is_not_there_is_refused() {
    let bench = Bench::new(settings(5));
    let leaf = |field: &str, operator: &str, value: Value| json!({"filters": [{"field": field, "operator": operator, "value": value}]});
    let long = "x".repeat(76);
    for (more, status, message) in [
        (
            json!({"pageLimit": null}),
            422,
            json!(["pageLimit must be a number"]),
        ),
        (
            json!({"locationId": null}),
            422,
            json!(["locationId must be a string"]),
        ),
        (
            json!({"pageLimit": 0}),
            422,
            json!(["pageLimit must not be less than 1"]),
        ),
        (
            json!({"pageLimit": 501}),
            422,
            json!(["pageLimit must not be greater than 500"]),
        ),
        (
            json!({"query": long}),
            422,
            json!(["query must be shorter than or equal to 75 characters"]),
        ),
        (
            json!({"page": 101}),
            400,
            json!("page is too deep: use searchAfter"),
        ),
        (
            leaf("businessId", "eq", json!("b")),
            400,
            json!("Invalid field businessId"),
        ),
        (
            leaf("deleted", "eq", json!(true)),
            400,
            json!("Invalid field deleted"),
        ),
        (
            leaf("city", "range", json!({"gte": 1})),
            400,
            json!("Invalid operator range for field city"),
        ),
        (
            leaf("email", "contains", json!("a")),
            400,
            json!("Invalid operator contains for field email"),
        ),
        (
            leaf("id", "exists", NONE),
            400,
            json!("Invalid operator exists for field id"),
        ),
        (
            leaf("dateAdded", "range", json!({"above": 1})),
            400,
            json!("Invalid range for field dateAdded"),
        ),
        (
            leaf("city", "eq", json!(long)),
            400,
            json!("Invalid value for field city: it is longer than 75 characters"),
        ),
    ] {
        let got = bench.search(more.clone()).await;
        assert_eq!(
            (got.status, &got.body["message"]),
            (status, &message),
            "{more}"
        );
    }
}

#[tokio::test]
async fn s18_custom_fields_channels_and_opportunities_can_be_searched() {
    let bench = Bench::new(settings(0));
    let fields = format!("/locations/{}/customFields", bench.location());
    let defined = bench.ghl("GET", &fields, NONE).await.body["customFields"].clone();
    let id = |name: &str| {
        let list = defined.as_array().unwrap();
        let field = list.iter().find(|field| field["name"] == name).unwrap();
        format!("customFields.{}", field["id"].as_str().unwrap())
    };
    for (first, budget, tier, ends, status) in [
        ("Ann", json!(100.5), "A", "2026-06-10", "active"),
        ("Bob", json!("200"), "B", "2027-01-31", "inactive"),
    ] {
        let fields = json!([
            {"key": "budget", "field_value": budget}, {"key": "tier", "field_value": tier},
            {"key": "contract_end", "field_value": ends},
        ]);
        bench
            .new_contact(json!({"firstName": first, "customFields": fields, "dndSettings": {"SMS": {"status": status}}}))
            .await;
    }
    let (budget, tier, ends) = (id("Budget"), id("Tier"), id("Contract end"));
    for (field, operator, value, want) in [
        (budget.as_str(), "range", json!({"gt": 100.5}), vec!["bob"]),
        (
            &budget,
            "range",
            json!({"gte": 100, "lt": 150}),
            vec!["ann"],
        ),
        (&budget, "eq", json!(100.5), vec!["ann"]),
        (&tier, "eq", json!("a"), vec!["ann"]),
        (&tier, "not_eq", json!("A"), vec!["bob"]),
        (
            &ends,
            "range",
            json!({"gte": "2026-12-31T00:00:00.000Z"}),
            vec!["bob"],
        ),
        ("customFields.Budget", "exists", NONE, vec![]),
        ("dndSettings.SMS.status", "eq", json!("active"), vec!["ann"]),
        (
            "opportunity",
            "nested",
            json!([{"pipelineId": "p"}]),
            vec![],
        ),
    ] {
        let more = json!({
            "filters": [{"field": field, "operator": operator, "value": value}],
            "sort": [{"field": "firstNameLowerCase", "direction": "asc"}],
        });
        let got = bench.search(more).await;
        let rows = got.body["contacts"]
            .as_array()
            .unwrap_or_else(|| panic!("{}", got.body));
        let names: Vec<&str> = rows
            .iter()
            .map(|row| row["firstNameLowerCase"].as_str().unwrap())
            .collect();
        assert_eq!(names, want, "{field} {operator} {value}");
    }
}

#[tokio::test]
async fn s19_a_write_comes_into_the_search_late_and_can_be_read_at_once() {
    let mut settings = settings(0);
    settings.lag_ms = 2_000;
    let bench = Bench::new(settings);
    let id = bench.new_contact(json!({"firstName": "Ann"})).await;
    assert_eq!(
        bench
            .ghl("GET", &format!("/contacts/{id}"), NONE)
            .await
            .status,
        200
    );
    for (advance_ms, rows) in [(1_999, 0), (1, 1)] {
        bench
            .control("POST", "/clock", json!({"advance_ms": advance_ms}))
            .await;
        let got = bench.search(json!({})).await;
        assert_eq!(
            got.body["contacts"].as_array().unwrap().len(),
            rows,
            "{advance_ms}"
        );
    }
}

#[tokio::test]
async fn s24_the_limit_slides_and_every_answer_shows_it() {
    let mut settings = settings(0);
    settings.limit = "2/10/100".parse().unwrap();
    let bench = Bench::new(settings);
    let mut seen = Vec::new();
    for advance_ms in [0, 9_000, 500, 500, 0, 8_999, 1] {
        bench
            .control("POST", "/clock", json!({"advance_ms": advance_ms}))
            .await;
        let got = bench.ghl("GET", "/contacts/x", NONE).await;
        for header in [
            "x-ratelimit-limit-daily",
            "x-ratelimit-daily-remaining",
            "x-ratelimit-interval-milliseconds",
            "x-ratelimit-max",
            "x-ratelimit-remaining",
        ] {
            assert!(!got.header(header).is_empty(), "{header} of {}", got.status);
        }
        assert!(got.headers.get("retry-after").is_none());
        seen.push(got.status);
    }
    assert_eq!(seen, [400, 400, 429, 400, 429, 429, 400]);
}
