use super::*;

#[tokio::test]
async fn state_and_records_agree() {
    let bench = Bench::new(settings(40));
    let state = bench.control("GET", "/state", Value::Null).await.body;
    assert_eq!(
        (&state["seed"], &state["clock"]),
        (&json!(7), &json!(START.to_string()))
    );
    for side in ["ghl", "growbots"] {
        for kind in ["contact", "task", "note", "appointment", "business"] {
            let rows = bench
                .control("GET", &format!("/records/{side}/{kind}"), Value::Null)
                .await
                .lines();
            assert_eq!(state[side][kind], json!(rows.len()), "{side} {kind}");
            assert!(
                rows.iter()
                    .all(|row| row["id"].is_string() && row["raw"]["id"] == row["id"])
            );
        }
    }
    let row = &bench
        .control("GET", "/records/ghl/contact", Value::Null)
        .await
        .lines()[0];
    let read = bench
        .ghl(
            "GET",
            &format!("/contacts/{}", row["id"].as_str().unwrap()),
            Value::Null,
        )
        .await;
    assert_eq!(row["raw"], read.body["contact"]);
}

#[tokio::test]
async fn a_user_may_do_what_the_api_does_not_allow() {
    let bench = Bench::new(settings(0));
    let id = bench.new_contact(json!({"firstName": "Ann"})).await;
    let got = bench
        .control(
            "PATCH",
            &format!("/records/ghl/contact/{id}"),
            json!({"companyName": "Kestrel"}),
        )
        .await;
    assert_eq!(
        (got.status, &got.body["raw"]["companyName"]),
        (200, &json!("Kestrel"))
    );
    let gone = bench
        .control("DELETE", &format!("/records/ghl/contact/{id}"), Value::Null)
        .await;
    assert_eq!(gone.status, 200);
    assert_eq!(
        bench
            .control("PATCH", &format!("/records/ghl/contact/{id}"), json!({}))
            .await
            .status,
        400
    );
    for (method, path) in [
        ("GET", "/records/hubspot/contact"),
        ("GET", "/records/ghl/deal"),
        ("GET", "/nowhere"),
    ] {
        assert_eq!(
            bench.control(method, path, Value::Null).await.status,
            404,
            "{path}"
        );
    }
}

#[tokio::test]
async fn every_change_is_one_event_with_its_author() {
    let bench = Bench::new(settings(10));
    let id = bench
        .new_contact(json!({"firstName": "Ann", "city": "Oslo"}))
        .await;
    let put = bench
        .ghl("PUT", &format!("/contacts/{id}"), json!({"city": "Bergen"}))
        .await;
    bench
        .control("DELETE", &format!("/records/ghl/contact/{id}"), Value::Null)
        .await;
    let events = bench
        .control("GET", "/events?after=0", Value::Null)
        .await
        .lines();
    let told: Vec<(&str, &str)> = events
        .iter()
        .map(|e| (e["op"].as_str().unwrap(), e["actor"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [("create", "user"), ("update", "api"), ("delete", "user")]
    );
    assert_eq!(
        events[1]["fields"],
        json!([{"field": "city", "from": "Oslo", "to": "Bergen"}])
    );
    assert_eq!(events[1]["request_id"], put.body["traceId"]);
    assert_eq!(
        (&events[1]["side"], &events[1]["kind"], &events[1]["id"]),
        (&json!("ghl"), &json!("contact"), &json!(id))
    );
    let later = bench
        .control("GET", "/events?after=2", Value::Null)
        .await
        .lines();
    assert_eq!(later.len(), 1);
    assert_eq!(later[0]["seq"], 3);
}

#[tokio::test]
async fn requests_are_counted_by_operation_and_in_a_sliding_window() {
    let mut settings = settings(0);
    settings.limit = "3/10/100".parse().unwrap();
    let bench = Bench::new(settings);
    for wait_ms in [0, 4_000, 4_000, 1_999, 1] {
        bench
            .control("POST", "/clock", json!({"advance_ms": wait_ms}))
            .await;
        bench.ghl("GET", "/contacts/x", Value::Null).await;
    }
    let shown = bench
        .control("GET", "/requests?log=1", Value::Null)
        .await
        .body;
    let ghl = &shown["ghl"];
    assert_eq!(
        (&ghl["total"], &ghl["throttled"], &ghl["max_in_window"]),
        (&json!(5), &json!(1), &json!(4))
    );
    assert_eq!(
        ghl["by_operation"],
        json!({"GET /contacts/{contactId}": {"400": 4, "429": 1}})
    );
    assert_eq!(ghl["log"].as_array().unwrap().len(), 5);
    assert_eq!(shown["growbots"]["total"], 0);
}

#[tokio::test]
async fn settings_are_shown_with_their_meaning_and_set_all_or_nothing() {
    let bench = Bench::new(settings(0));
    let shown = bench.control("GET", "/settings", Value::Null).await.body;
    assert!(
        shown
            .as_object()
            .unwrap()
            .values()
            .all(|s| s.get("value").is_some() && s["meaning"].is_string())
    );
    let bad = bench
        .control(
            "PUT",
            "/settings",
            json!({"ghl.allow_duplicates": true, "ghl.magic": 1}),
        )
        .await;
    assert_eq!(bad.status, 400);
    assert_eq!(
        bench.control("GET", "/settings", Value::Null).await.body,
        shown
    );
    let set = bench
        .control("PUT", "/settings", json!({"ghl.allow_duplicates": true}))
        .await;
    assert_eq!(set.body["ghl.allow_duplicates"]["value"], true);
}

#[tokio::test]
async fn tokens_are_made_and_taken_back() {
    let bench = Bench::new(settings(0));
    let token = bench
        .control(
            "POST",
            "/tokens",
            json!({"side": "ghl", "scopes": ["contacts.readonly"]}),
        )
        .await;
    let token = token.body["token"].as_str().unwrap().to_owned();
    assert!(token.starts_with("pit-"));
    let bearer = format!("Bearer {token}");
    let read = async || {
        let headers = [
            ("authorization", bearer.as_str()),
            ("version", "2021-07-28"),
        ];
        bench
            .send("GET", "/ghl/contacts/x", &headers, Value::Null)
            .await
            .status
    };
    assert_eq!(read().await, 400);
    assert_eq!(
        bench
            .control("DELETE", &format!("/tokens/{token}"), Value::Null)
            .await
            .status,
        200
    );
    assert_eq!(read().await, 401);
    assert_eq!(
        bench
            .control("DELETE", &format!("/tokens/{token}"), Value::Null)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn a_reset_goes_back_to_the_seed_and_keeps_the_first_tokens() {
    let bench = Bench::new(settings(20));
    let before = bench
        .control("GET", "/records/ghl/contact", Value::Null)
        .await
        .text;
    bench.new_contact(json!({"firstName": "Ann"})).await;
    bench
        .control("PUT", "/faults", json!({"ghl": {"http_500": 1}}))
        .await;
    bench.control("POST", "/reset", Value::Null).await;
    assert_eq!(
        bench
            .control("GET", "/records/ghl/contact", Value::Null)
            .await
            .text,
        before
    );
    assert_eq!(bench.control("GET", "/events", Value::Null).await.text, "");
    assert_eq!(bench.search(json!({})).await.status, 200);
}

#[tokio::test]
async fn merging_moves_the_children_and_leaves_one_record() {
    let bench = Bench::new(settings(0));
    let keep = bench
        .new_contact(json!({"firstName": "Ann", "tags": ["a"]}))
        .await;
    let lose = bench
        .new_contact(json!({"firstName": "Anne", "email": "ann@example.com", "tags": ["b"]}))
        .await;
    bench
        .control(
            "POST",
            "/records/ghl/note",
            json!({"contactId": lose, "body": "Hello"}),
        )
        .await;
    let merged = bench
        .control(
            "POST",
            &format!("/records/ghl/contact/{lose}/merge"),
            json!({"into": keep}),
        )
        .await;
    let raw = &merged.body["raw"];
    assert_eq!(
        (&raw["firstName"], &raw["email"], &raw["tags"]),
        (&json!("Ann"), &json!("ann@example.com"), &json!(["a", "b"]))
    );
    assert_eq!(
        bench
            .ghl("GET", &format!("/contacts/{lose}"), Value::Null)
            .await
            .status,
        400
    );
    let notes = bench
        .ghl("GET", &format!("/contacts/{keep}/notes"), Value::Null)
        .await;
    assert_eq!(notes.body["notes"][0]["body"], "Hello");

    let keep = bench
        .new_lead(json!({"first_name": "Ann", "tags": ["A"]}))
        .await;
    let lose = bench
        .new_lead(json!({"first_name": "Anne", "email": "ann@example.com", "tags": ["B"]}))
        .await;
    bench
        .control(
            "POST",
            "/records/growbots/task",
            json!({"lead_id": lose, "title": "Call"}),
        )
        .await;
    let headers = [("if-match", "\"1\""), ("idempotency-key", "m")];
    let merged = bench
        .growbots(
            "POST",
            &format!("/leads/{lose}/merge"),
            &headers,
            json!({"into": keep}),
        )
        .await;
    assert_eq!(
        (merged.status, &merged.body["email"], &merged.body["tags"]),
        (200, &json!("ann@example.com"), &json!(["A", "B"]))
    );
    let gone = bench
        .growbots("GET", &format!("/leads/{lose}"), &[], Value::Null)
        .await;
    assert_eq!(
        (gone.status, &gone.body["tombstone"]["merged_into"]),
        (410, &json!(keep))
    );
    let tasks = bench
        .growbots("GET", &format!("/tasks?lead_id={keep}"), &[], Value::Null)
        .await;
    assert_eq!(tasks.body["data"].as_array().unwrap().len(), 1);
}
