//! The rest of Growbots' contract, each test named by its section of the facts.

use super::*;

const DAY_MS: i64 = 86_400_000;

fn key(key: &str) -> [(&str, &str); 1] {
    [("idempotency-key", key)]
}

impl Bench {
    async fn later(&self, ms: i64) {
        self.control("POST", "/clock", json!({"advance_ms": ms}))
            .await;
    }

    async fn get(&self, path: &str) -> Got {
        self.growbots("GET", path, &[], Value::Null).await
    }

    /// A create that is refused for this field; for none if it is empty.
    async fn checked(&self, kind: &str, body: Value, field: &str) {
        let what = body.to_string();
        let unique = fastrand::u64(..).to_string();
        let path = format!("/{kind}");
        let got = self.growbots("POST", &path, &key(&unique), body).await;
        let said = got.body["errors"][0]["field"].as_str().unwrap_or_default();
        assert_eq!(said, field, "{kind} {}", what.get(..80).unwrap_or(&what));
        assert_eq!(got.status, if field.is_empty() { 201 } else { 422 });
    }

    async fn capabilities(&self, list: &[&str]) {
        let setting = json!({"growbots.capabilities": list});
        let set = self.control("PUT", "/settings", setting).await;
        assert_eq!(set.status, 200, "{}", set.body);
    }
}

#[tokio::test]
async fn section_3_1_forms_of_requests_and_the_id_of_each() {
    let bench = Bench::new(settings(0));
    let id = bench.new_lead(json!({"first_name": "Ann"})).await;
    let path = format!("/leads/{id}");
    let echoed = bench
        .growbots("GET", &path, &[("x-request-id", "mine-1")], Value::Null)
        .await;
    assert_eq!(echoed.header("x-request-id"), "mine-1");
    assert!(
        bench
            .get(&path)
            .await
            .header("x-request-id")
            .starts_with("rq_")
    );
    for (method, path, content_type, status) in [
        (
            "PATCH",
            path.as_str(),
            "application/json; charset=utf-8",
            200,
        ),
        ("PATCH", &path, "application/merge-patch+json", 200),
        ("PATCH", &path, "text/plain", 415),
        ("POST", "/leads", "application/merge-patch+json", 415),
        ("PUT", &path, "application/json", 405),
    ] {
        let headers = [
            ("content-type", content_type),
            ("if-match", "*"),
            ("idempotency-key", "k"),
        ];
        let got = bench
            .growbots(method, path, &headers, json!({"title": "CEO"}))
            .await;
        assert_eq!(got.status, status, "{method} {content_type}");
        if status == 405 {
            assert_eq!(got.header("allow"), "GET, PATCH, DELETE");
        }
    }
    for size in [1 << 20, 5 << 20] {
        let large = json!({"first_name": "x".repeat(size)});
        let got = bench.growbots("POST", "/leads", &key("large"), large).await;
        assert_eq!(
            (got.status, &got.body["code"]),
            (413, &json!("payload_too_large"))
        );
    }
}

#[tokio::test]
async fn section_3_4_a_cursor_of_a_list_is_good_for_a_day_and_for_its_parameters() {
    let bench = Bench::new(settings(30));
    let page = bench.get("/leads?limit=5&status=new").await;
    let cursor = page.body["page"]["next_cursor"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(cursor.len() <= 1024);
    for (query, code) in [
        (format!("cursor={cursor}"), ""),
        (format!("cursor={cursor}&limit=5&status=new"), ""),
        (
            format!("cursor={cursor}&status=customer"),
            "cursor_mismatch",
        ),
        (format!("cursor={cursor}&tag=x"), "cursor_mismatch"),
    ] {
        let got = bench.get(&format!("/leads?{query}")).await;
        assert_eq!(
            got.body["code"].as_str().unwrap_or_default(),
            code,
            "{query}"
        );
    }
    let other = bench.get(&format!("/tasks?cursor={cursor}")).await;
    assert_eq!(other.body["code"], "cursor_mismatch", "of another list");
    let users = bench.get("/users?limit=3").await;
    let next = format!(
        "/users?cursor={}",
        users.body["page"]["next_cursor"].as_str().unwrap()
    );
    assert_eq!(
        bench.get(&next).await.body["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    let changes = bench.get("/changes?from=now").await;
    let changes = format!(
        "/changes?cursor={}",
        changes.body["page"]["next_cursor"].as_str().unwrap()
    );
    bench.later(DAY_MS + 1).await;
    let late = bench.get(&format!("/leads?cursor={cursor}")).await;
    assert_eq!(
        (late.status, &late.body["code"]),
        (400, &json!("invalid_cursor"))
    );
    assert_eq!(bench.get(&changes).await.status, 200);
    bench.later(29 * DAY_MS).await;
    let late = bench.get(&changes).await;
    assert_eq!(
        (late.status, &late.body["code"]),
        (410, &json!("cursor_expired"))
    );
}

#[tokio::test]
async fn section_3_5_tombstones_are_kept_for_90_days() {
    let bench = Bench::new(settings(0));
    let id = bench.new_lead(json!({"first_name": "Ann"})).await;
    let path = format!("/leads/{id}");
    bench
        .growbots("DELETE", &path, &[("if-match", "*")], Value::Null)
        .await;
    bench.later(90 * DAY_MS).await;
    assert_eq!(bench.get(&path).await.status, 410);
    let listed = bench.get("/leads?include_deleted=true").await;
    assert_eq!(listed.body["data"].as_array().unwrap().len(), 1);
    bench.later(1).await;
    assert_eq!(bench.get(&path).await.status, 404);
    assert_eq!(
        bench.get("/leads?include_deleted=true").await.body["data"],
        json!([])
    );
    let back = bench
        .growbots("POST", &format!("{path}/restore"), &key("r"), Value::Null)
        .await;
    assert_eq!(back.status, 404);
}

#[tokio::test]
async fn section_3_5_a_deleted_company_leaves_its_leads_and_a_child_does_not_come_back_alone() {
    let bench = Bench::new(settings(0));
    let company = bench
        .growbots("POST", "/companies", &key("c"), json!({"name": "Kestrel"}))
        .await;
    let company = company.body["id"].as_str().unwrap();
    let id = bench
        .new_lead(json!({"first_name": "Ann", "company_id": company}))
        .await;
    let tag = [("if-match", "*")];
    bench
        .growbots(
            "DELETE",
            &format!("/companies/{company}"),
            &tag,
            Value::Null,
        )
        .await;
    let lead = bench.get(&format!("/leads/{id}")).await;
    assert_eq!(
        (&lead.body["company_id"], &lead.body["version"]),
        (&Value::Null, &json!(2))
    );
    let note = json!({"lead_id": id, "body": "x"});
    let note = bench.growbots("POST", "/notes", &key("n"), note).await;
    let note = note.body["id"].as_str().unwrap();
    bench
        .growbots("DELETE", &format!("/leads/{id}"), &tag, Value::Null)
        .await;
    let back = bench
        .growbots(
            "POST",
            &format!("/notes/{note}/restore"),
            &key("r"),
            Value::Null,
        )
        .await;
    assert_eq!(
        (back.status, &back.body["code"]),
        (422, &json!("reference_not_found"))
    );
}

#[tokio::test]
async fn section_3_7_a_second_request_with_the_key_of_one_still_running_is_told_to_wait() {
    let bench = Bench::new(settings(0));
    let slow = json!({"growbots": {"latency_ms": 60, "next": 1}});
    bench.control("PUT", "/faults", slow).await;
    let (headers, lead) = (key("k"), json!({"first_name": "Ann"}));
    let (first, second) = tokio::join!(
        bench.growbots("POST", "/leads", &headers, lead.clone()),
        bench.growbots("POST", "/leads", &headers, lead.clone()),
    );
    assert_eq!(
        (second.status, &second.body["code"]),
        (409, &json!("idempotency_in_progress"))
    );
    assert_eq!(second.header("retry-after"), "1");
    let third = bench.growbots("POST", "/leads", &key("k"), lead).await;
    assert_eq!((first.status, &first.body["id"]), (201, &third.body["id"]));
}

#[tokio::test]
async fn section_3_7_a_key_is_printable_and_a_refusal_is_kept_too() {
    let bench = Bench::new(settings(0));
    let long = "k".repeat(256);
    for bad in ["", "\t", long.as_str()] {
        let got = bench
            .growbots("POST", "/leads", &key(bad), json!({"first_name": "A"}))
            .await;
        assert_eq!(got.body["code"], "idempotency_key_required", "{bad:?}");
    }
    let first = bench
        .growbots("POST", "/leads", &key("k"), json!({"status": "x"}))
        .await;
    let again = bench
        .growbots("POST", "/leads", &key("k"), json!({"status": "x"}))
        .await;
    assert_eq!((again.status, &again.body), (422, &first.body));
    assert_eq!(again.header("idempotent-replayed"), "true");
    let token = json!({"side": "growbots", "scopes": ["leads.read"]});
    let token = bench.control("POST", "/tokens", token).await;
    let bearer = format!("Bearer {}", token.body["token"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "s")];
    let refused = bench
        .send(
            "POST",
            "/growbots/v1/leads",
            &headers,
            json!({"first_name": "A"}),
        )
        .await;
    assert_eq!(refused.status, 403);
    let made = bench
        .growbots("POST", "/leads", &key("s"), json!({"first_name": "A"}))
        .await;
    assert_eq!(made.status, 201, "a 403 is not kept");
}

#[tokio::test]
async fn section_3_8_the_limit_is_said_in_either_form() {
    let mut settings = settings(0);
    settings.limit = "5/10/100".parse().unwrap();
    let bench = Bench::new(settings);
    for (form, policy, old, new) in [
        ("draft6", "5;w=10, 100;w=86400", "4", ""),
        (
            "later",
            "\"burst\";q=5;w=10, \"day\";q=100;w=86400",
            "",
            "\"burst\";r=3;t=10",
        ),
        (
            "both",
            "\"burst\";q=5;w=10, \"day\";q=100;w=86400",
            "2",
            "\"burst\";r=2;t=10",
        ),
    ] {
        let setting = json!({"growbots.ratelimit_headers": form});
        bench.control("PUT", "/settings", setting).await;
        let got = bench.get("/account").await;
        assert_eq!(got.header("ratelimit-policy"), policy);
        assert_eq!(got.header("ratelimit-remaining"), old, "{form}");
        assert_eq!(got.header("ratelimit"), new, "{form}");
    }
    let bad = json!({"growbots.ratelimit_headers": "draft9"});
    assert_eq!(bench.control("PUT", "/settings", bad).await.status, 400);
}

#[tokio::test]
async fn section_3_9_each_capability_can_be_taken_away_alone() {
    const ALL: [&str; 8] = [
        "changes",
        "include_deleted",
        "etag",
        "idempotency",
        "external_id",
        "batch",
        "restore",
        "webhooks",
    ];
    let bench = Bench::new(settings(0));
    let offered = bench.get("/account").await;
    let offered: Vec<String> =
        serde_json::from_value(offered.body["capabilities"].clone()).unwrap();
    assert_eq!(offered, ALL);
    let id = bench
        .new_lead(json!({"first_name": "Ann", "external_ids": {"ghl": "a"}}))
        .await;
    let path = format!("/leads/{id}");
    let named = json!({"first_name": "B"});
    let twin = json!({"first_name": "B", "external_ids": {"ghl": "a"}});
    let batch = json!({"operations": []});
    let title = json!({"title": "x"});
    // a probe of each, whether it has a key, and what it answers with and without
    let probes = [
        ("changes", "GET /changes", false, Value::Null, [200, 404]),
        (
            "include_deleted",
            "GET /leads?include_deleted=true",
            false,
            Value::Null,
            [200, 400],
        ),
        ("etag", &format!("PATCH {path}"), false, title, [412, 200]),
        ("idempotency", "POST /leads", false, named, [400, 201]),
        (
            "external_id",
            "GET /leads?external_id=ghl:a",
            false,
            Value::Null,
            [200, 400],
        ),
        ("external_id", "POST /leads", true, twin, [409, 422]),
        ("batch", "POST /batch", true, batch, [207, 404]),
        (
            "restore",
            &format!("POST {path}/restore"),
            true,
            Value::Null,
            [409, 404],
        ),
        ("webhooks", "GET /webhooks", false, Value::Null, [200, 404]),
    ];
    for (name, operation, has_key, body, [with, without]) in probes {
        let (method, path) = operation.split_once(' ').unwrap();
        let mut headers = vec![("if-match", "\"77\"")];
        headers.extend(has_key.then_some(("idempotency-key", "k")));
        let others = ALL.into_iter().filter(|have| *have != name).collect();
        for (list, status) in [(ALL.to_vec(), with), (others, without)] {
            bench.capabilities(&list).await;
            bench.later(2 * DAY_MS).await;
            let got = bench.growbots(method, path, &headers, body.clone()).await;
            assert_eq!(
                got.status, status,
                "{operation} with {list:?}: {}",
                got.body
            );
        }
    }
    bench.capabilities(&ALL[3..]).await;
    assert_eq!(bench.get(&path).await.header("etag"), "");
    let bad = json!({"growbots.capabilities": ["telepathy"]});
    assert_eq!(bench.control("PUT", "/settings", bad).await.status, 400);
}

#[tokio::test]
async fn section_4_lengths_of_leads_count_scalars_and_each_field_is_checked() {
    let bench = Bench::new(settings(0));
    let many = |n: usize| -> Value {
        (0..n)
            .map(|k| (format!("k{k}"), json!(1)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let tags = |n: usize| -> Value { (0..n).map(|k| json!(format!("t{k}"))).collect() };
    for (kind, body, wrong) in [
        ("leads", json!({"first_name": "😀".repeat(100)}), ""),
        (
            "leads",
            json!({"first_name": "😀".repeat(101)}),
            "first_name",
        ),
        ("leads", json!({"phone": "1".repeat(33)}), "phone"),
        ("leads", json!({"first_name": "A", "tags": tags(100)}), ""),
        (
            "leads",
            json!({"first_name": "A", "tags": tags(101)}),
            "tags",
        ),
        ("leads", json!({"first_name": "A", "tags": [3]}), "tags"),
        (
            "leads",
            json!({"first_name": "A", "custom_fields": many(200)}),
            "",
        ),
        (
            "leads",
            json!({"first_name": "A", "custom_fields": many(201)}),
            "custom_fields",
        ),
        (
            "leads",
            json!({"first_name": "A", "custom_fields": {"Bad": 1}}),
            "custom_fields.Bad",
        ),
        (
            "leads",
            json!({"first_name": "A", "custom_fields": {"a": {}}}),
            "custom_fields.a",
        ),
        (
            "leads",
            json!({"first_name": "A", "external_ids": many(11)}),
            "external_ids.k0",
        ),
        (
            "leads",
            json!({"first_name": "A", "address": {"country": "usa"}}),
            "address.country",
        ),
        (
            "leads",
            json!({"first_name": "A", "campaign_ids": []}),
            "campaign_ids",
        ),
        ("leads", json!({"title": "CEO"}), "email"),
    ] {
        bench.checked(kind, body, wrong).await;
    }
}

#[tokio::test]
async fn section_4_fields_of_what_belongs_to_leads_are_checked() {
    let bench = Bench::new(settings(0));
    let id = bench.new_lead(json!({"first_name": "Ann"})).await;
    for (kind, body, wrong) in [
        (
            "tasks",
            json!({"lead_id": id, "title": "x".repeat(255)}),
            "",
        ),
        (
            "tasks",
            json!({"lead_id": id, "title": "x".repeat(256)}),
            "title",
        ),
        ("tasks", json!({"title": "x"}), "lead_id"),
        (
            "tasks",
            json!({"lead_id": id, "title": "x", "priority": "urgent"}),
            "priority",
        ),
        (
            "tasks",
            json!({"lead_id": id, "title": "x", "due_at": "tomorrow"}),
            "due_at",
        ),
        ("notes", json!({"lead_id": id, "body": " "}), "body"),
        (
            "notes",
            json!({"lead_id": id, "body": "x".repeat(20_001)}),
            "body",
        ),
        (
            "meetings",
            json!({"lead_id": id, "title": "x", "starts_at": "2026-07-01T10:00:00Z", "ends_at": "2026-07-01T10:00:00Z"}),
            "",
        ),
        (
            "meetings",
            json!({"lead_id": id, "title": "x", "starts_at": "2026-07-01T10:00:00Z", "ends_at": "2026-07-01T09:00:00Z"}),
            "ends_at",
        ),
        ("companies", json!({"name": "x".repeat(201)}), "name"),
    ] {
        bench.checked(kind, body, wrong).await;
    }
}

#[tokio::test]
async fn section_5_tags_and_merge_take_only_what_they_know() {
    let bench = Bench::new(settings(0));
    let id = bench.new_lead(json!({"first_name": "Ann"})).await;
    for (n, (path, body, status)) in [
        (format!("/leads/{id}/tags"), json!({"add": "x"}), 422),
        (format!("/leads/{id}/tags"), json!({"set": []}), 422),
        (format!("/leads/{id}/tags"), json!({"add": [" "]}), 422),
        ("/leads/ld_no/tags".to_owned(), json!({"add": ["x"]}), 404),
        (format!("/leads/{id}/merge"), json!({"into": id}), 422),
        (format!("/leads/{id}/merge"), json!({"into": "ld_no"}), 422),
        (format!("/leads/{id}/merge"), json!({}), 422),
        ("/tasks/tk_no/complete".to_owned(), Value::Null, 404),
    ]
    .into_iter()
    .enumerate()
    {
        let n = n.to_string();
        let headers = [("idempotency-key", n.as_str()), ("if-match", "*")];
        let got = bench.growbots("POST", &path, &headers, body.clone()).await;
        assert_eq!(got.status, status, "{path} {body}: {}", got.body);
    }
}
