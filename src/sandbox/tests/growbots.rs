use super::*;

fn key(key: &str) -> [(&str, &str); 1] {
    [("idempotency-key", key)]
}

#[tokio::test]
async fn a_lead_is_made_read_and_edited_by_its_version() {
    let bench = Bench::new(settings(0));
    let made = bench
        .growbots("POST", "/leads", &key("k1"), json!({"first_name": " Mara ", "email": "Mara@Example.com", "external_ids": {"ghl": "x"}}))
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    let id = made.body["id"].as_str().unwrap();
    let path = format!("/leads/{id}");
    assert_eq!(made.header("location"), format!("/v1{path}"));
    assert_eq!(made.header("etag"), "\"1\"");
    assert_eq!(
        (
            &made.body["first_name"],
            &made.body["status"],
            &made.body["phone"]
        ),
        (&json!("Mara"), &json!("new"), &Value::Null)
    );

    let tagged = |tag: &'static str| [("if-match", tag)];
    for (headers, body, status, code) in [
        (
            vec![],
            json!({"title": "CEO"}),
            428,
            "precondition_required",
        ),
        (
            tagged("\"9\"").to_vec(),
            json!({"title": "CEO"}),
            412,
            "version_mismatch",
        ),
        (
            tagged("\"1\"").to_vec(),
            json!({"titel": "CEO"}),
            422,
            "validation_failed",
        ),
        (
            tagged("\"1\"").to_vec(),
            json!({"version": 3}),
            422,
            "validation_failed",
        ),
        (
            tagged("\"1\"").to_vec(),
            json!({"status": "dead"}),
            422,
            "validation_failed",
        ),
        (
            tagged("\"1\"").to_vec(),
            json!({"company_id": "co_x"}),
            422,
            "reference_not_found",
        ),
        (
            tagged("\"1\"").to_vec(),
            json!({"email": null, "first_name": null}),
            422,
            "validation_failed",
        ),
    ] {
        let got = bench.growbots("PATCH", &path, &headers, body.clone()).await;
        assert_eq!(
            (got.status, got.body["code"].as_str().unwrap()),
            (status, code),
            "{body}"
        );
        assert_eq!(got.header("content-type"), "application/problem+json");
        if status == 412 {
            assert_eq!(got.body["current"]["version"], 1);
        }
    }
}

#[tokio::test]
async fn a_merge_patch_changes_members_and_a_change_of_nothing_is_no_version() {
    let bench = Bench::new(settings(0));
    let path = format!(
        "/leads/{}",
        bench.new_lead(json!({"first_name": "Mara"})).await
    );
    let tagged = |tag: &'static str| [("if-match", tag)];
    let same = bench
        .growbots(
            "PATCH",
            &path,
            &tagged("\"1\""),
            json!({"first_name": "Mara"}),
        )
        .await;
    assert_eq!(
        (same.status, same.header("etag")),
        (200, "\"1\""),
        "a change of nothing is no version"
    );
    let put = bench
        .growbots(
            "PATCH",
            &path,
            &tagged("*"),
            json!({"address": {"city": "Oslo"}, "custom_fields": {"a": 1, "b": "x"}}),
        )
        .await;
    assert_eq!(
        (put.status, put.header("etag")),
        (200, "\"2\""),
        "{}",
        put.body
    );
    assert_eq!(
        put.body["address"],
        json!({"street": null, "city": "Oslo", "region": null, "postal_code": null, "country": null})
    );
    let put = bench
        .growbots(
            "PATCH",
            &path,
            &tagged("\"2\""),
            json!({"address": {"region": "03"}, "custom_fields": {"a": null}}),
        )
        .await;
    assert_eq!(
        (&put.body["address"]["city"], &put.body["custom_fields"]),
        (&json!("Oslo"), &json!({"b": "x"}))
    );
    let unchanged = bench
        .growbots("GET", &path, &[("if-none-match", "\"3\"")], Value::Null)
        .await;
    assert_eq!((unchanged.status, unchanged.text.as_str()), (304, ""));
}

#[tokio::test]
async fn a_repeated_create_gets_the_first_answer_again() {
    let bench = Bench::new(settings(0));
    let lead = json!({"first_name": "Mara"});
    let first = bench
        .growbots("POST", "/leads", &key("k1"), lead.clone())
        .await;
    let again = bench
        .growbots("POST", "/leads", &key("k1"), lead.clone())
        .await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(
        (
            again.header("idempotent-replayed"),
            first.header("idempotent-replayed")
        ),
        ("true", "")
    );
    let other = bench
        .growbots("POST", "/leads", &key("k1"), json!({"first_name": "Ola"}))
        .await;
    assert_eq!(
        (other.status, &other.body["code"]),
        (422, &json!("idempotency_key_reused"))
    );
    let none = bench.growbots("POST", "/leads", &[], lead.clone()).await;
    assert_eq!(
        (none.status, &none.body["code"]),
        (400, &json!("idempotency_key_required"))
    );
    let second = bench
        .growbots("POST", "/leads", &key("k2"), lead.clone())
        .await;
    assert_ne!(second.body["id"], first.body["id"]);
    bench
        .control("POST", "/clock", json!({"advance_ms": 24 * 3_600_000}))
        .await;
    let late = bench.growbots("POST", "/leads", &key("k1"), lead).await;
    assert_ne!(late.body["id"], first.body["id"], "kept for 24 h");
}

#[tokio::test]
async fn an_email_and_an_external_id_stand_on_one_live_lead() {
    let bench = Bench::new(settings(0));
    let id = bench
        .new_lead(json!({"email": "Ann@example.com", "external_ids": {"ghl": "g1"}}))
        .await;
    for (n, (body, on)) in [
        (json!({"email": "ann@EXAMPLE.com"}), "email"),
        (
            json!({"first_name": "X", "external_ids": {"ghl": "g1"}}),
            "external_id",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let got = bench
            .growbots("POST", "/leads", &key(&n.to_string()), body)
            .await;
        assert_eq!(
            (
                got.status,
                &got.body["existing_id"],
                &got.body["matched_on"]
            ),
            (409, &json!(id), &json!(on))
        );
    }
    bench
        .control(
            "DELETE",
            &format!("/records/growbots/contact/{id}"),
            Value::Null,
        )
        .await;
    assert_eq!(
        bench
            .growbots(
                "POST",
                "/leads",
                &key("z"),
                json!({"email": "ann@example.com"})
            )
            .await
            .status,
        201
    );
    let back = bench
        .growbots(
            "POST",
            &format!("/leads/{id}/restore"),
            &key("r"),
            Value::Null,
        )
        .await;
    assert_eq!(
        (back.status, &back.body["code"]),
        (409, &json!("duplicate"))
    );
}

#[tokio::test]
async fn a_deleted_lead_leaves_tombstones_and_comes_back_without_its_children() {
    let bench = Bench::new(settings(0));
    let id = bench
        .new_lead(json!({"first_name": "Ann", "external_ids": {"ghl": "g1"}}))
        .await;
    let task = bench
        .growbots(
            "POST",
            "/tasks",
            &key("t"),
            json!({"lead_id": id, "title": "Call"}),
        )
        .await;
    let task = format!("/tasks/{}", task.body["id"].as_str().unwrap());
    let path = format!("/leads/{id}");
    assert_eq!(
        bench
            .growbots("DELETE", &path, &[("if-match", "\"1\"")], Value::Null)
            .await
            .status,
        204
    );
    for path in [&path, &task] {
        let gone = bench.growbots("GET", path, &[], Value::Null).await;
        assert_eq!((gone.status, &gone.body["code"]), (410, &json!("gone")));
        assert_eq!(gone.body["tombstone"]["version"], 2);
        assert!(gone.body["tombstone"].get("first_name").is_none());
    }
    assert_eq!(
        bench
            .growbots("DELETE", &path, &[("if-match", "*")], Value::Null)
            .await
            .status,
        410
    );
    assert_eq!(
        bench
            .growbots("GET", "/leads/ld_never", &[], Value::Null)
            .await
            .status,
        404
    );
    assert_eq!(
        bench.growbots("GET", "/leads", &[], Value::Null).await.body["data"],
        json!([])
    );
    let all = bench
        .growbots("GET", "/leads?include_deleted=true", &[], Value::Null)
        .await;
    assert_eq!(all.body["data"][0]["external_ids"]["ghl"], "g1");

    let back = bench
        .growbots("POST", &format!("{path}/restore"), &key("r"), Value::Null)
        .await;
    assert_eq!(
        (back.status, &back.body["first_name"], &back.body["version"]),
        (200, &json!("Ann"), &json!(3))
    );
    assert_eq!(
        bench.growbots("GET", &task, &[], Value::Null).await.status,
        410
    );
    let again = bench
        .growbots("POST", &format!("{path}/restore"), &key("r2"), Value::Null)
        .await;
    assert_eq!(
        (again.status, &again.body["code"]),
        (409, &json!("not_deleted"))
    );
}

#[tokio::test]
async fn a_task_is_completed_and_tags_are_changed_in_one_step() {
    let bench = Bench::new(settings(0));
    let id = bench
        .new_lead(json!({"first_name": "Ann", "tags": ["Hot", "New"]}))
        .await;
    let task = bench
        .growbots(
            "POST",
            "/tasks",
            &key("t"),
            json!({"lead_id": id, "title": "Call", "due_at": "2026-07-01T10:00:00+02:00"}),
        )
        .await;
    assert_eq!(task.body["due_at"], "2026-07-01T08:00:00.000Z");
    let path = format!("/tasks/{}", task.body["id"].as_str().unwrap());
    for (n, (verb, version, completed)) in [
        ("complete", 2, true),
        ("complete", 2, true),
        ("reopen", 3, false),
    ]
    .into_iter()
    .enumerate()
    {
        let got = bench
            .growbots(
                "POST",
                &format!("{path}/{verb}"),
                &key(&format!("c{n}")),
                Value::Null,
            )
            .await;
        assert_eq!(
            (&got.body["version"], &got.body["completed"]),
            (&json!(version), &json!(completed))
        );
        assert_eq!(got.body["completed_at"].is_string(), completed);
    }
    let tags = bench
        .growbots(
            "POST",
            &format!("/leads/{id}/tags"),
            &key("g"),
            json!({"add": ["VIP", "new"], "remove": ["HOT"]}),
        )
        .await;
    assert_eq!(tags.body["tags"], json!(["New", "VIP"]));
    let moved = bench
        .growbots(
            "PATCH",
            &path,
            &[("if-match", "*")],
            json!({"lead_id": "ld_other"}),
        )
        .await;
    assert_eq!(
        (moved.status, &moved.body["errors"][0]["code"]),
        (422, &json!("immutable"))
    );
}

#[tokio::test]
async fn a_capability_that_is_taken_away_is_not_there() {
    let bench = Bench::new(settings(10));
    bench
        .control("PUT", "/settings", json!({"growbots.capabilities": []}))
        .await;
    assert_eq!(
        bench
            .growbots("GET", "/account", &[], Value::Null)
            .await
            .body["capabilities"],
        json!([])
    );
    let made = bench
        .growbots("POST", "/leads", &[], json!({"first_name": "Ann"}))
        .await;
    assert_eq!((made.status, made.header("etag")), (201, ""));
    let path = format!("/leads/{}", made.body["id"].as_str().unwrap());
    assert_eq!(
        bench
            .growbots("PATCH", &path, &[], json!({"title": "CEO"}))
            .await
            .status,
        200
    );
    for (path, status) in [
        ("/changes", 404),
        ("/leads?include_deleted=true", 400),
        ("/leads?external_id=ghl:x", 400),
    ] {
        assert_eq!(
            bench.growbots("GET", path, &[], Value::Null).await.status,
            status,
            "{path}"
        );
    }
    let got = bench
        .growbots("PATCH", &path, &[], json!({"external_ids": {"ghl": "x"}}))
        .await;
    assert_eq!(got.status, 422);
}

#[tokio::test]
async fn the_door_knows_tokens_scopes_methods_and_limits() {
    let mut settings = settings(0);
    settings.limit = "5/10/100".parse().unwrap();
    let bench = Bench::new(settings);
    let narrow = bench
        .control(
            "POST",
            "/tokens",
            json!({"side": "growbots", "scopes": ["leads.read"], "expires_in": 60}),
        )
        .await;
    let narrow = format!("Bearer {}", narrow.body["token"].as_str().unwrap());
    let send = async |method, path: &str, token: &str| {
        bench
            .send(
                method,
                &format!("/growbots/v1{path}"),
                &[("authorization", token)],
                Value::Null,
            )
            .await
    };
    assert_eq!(
        send("GET", "/leads", "Bearer no").await.body["code"],
        "invalid_token"
    );
    let lacks = send("DELETE", "/leads/x", &narrow).await;
    assert_eq!(
        (lacks.status, &lacks.body["required_scope"]),
        (403, &json!("leads.write"))
    );
    assert_eq!(send("PUT", "/leads/x", &narrow).await.status, 405);
    let good = send("GET", "/leads", &narrow).await;
    assert_eq!(
        (
            good.status,
            good.header("ratelimit-remaining"),
            good.header("ratelimit-policy")
        ),
        (200, "1", "5;w=10, 100;w=86400")
    );
    send("GET", "/leads", &narrow).await;
    let over = send("GET", "/leads", &narrow).await;
    assert_eq!(
        (over.status, over.header("retry-after"), &over.body["code"]),
        (429, "10", &json!("rate_limited"))
    );
    bench
        .control("POST", "/clock", json!({"advance_ms": 60_000}))
        .await;
    assert_eq!(
        send("GET", "/leads", &narrow).await.body["code"],
        "token_expired"
    );
}
