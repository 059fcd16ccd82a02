//! POST /batch: facts of Growbots, sections 3.7, 3.8 and 5.

use super::*;

impl Bench {
    async fn batch(&self, key: &str, operations: Value) -> Got {
        let headers = [("idempotency-key", key)];
        let body = json!({"operations": operations});
        self.growbots("POST", "/batch", &headers, body).await
    }
}

fn statuses(got: &Got) -> Vec<(u64, u64)> {
    let rows = got.body["results"].as_array().unwrap().iter();
    rows.map(|row| {
        (
            row["index"].as_u64().unwrap(),
            row["status"].as_u64().unwrap(),
        )
    })
    .collect()
}

#[tokio::test]
async fn each_operation_of_a_batch_has_its_own_result_in_order() {
    let bench = Bench::new(settings(0));
    let id = bench
        .new_lead(json!({"first_name": "Ann", "email": "ann@example.com"}))
        .await;
    let gone = bench.new_lead(json!({"first_name": "Bo"})).await;
    let got = bench
        .batch("b1", json!([
            {"op": "create", "kind": "leads", "record": {"first_name": "Cy"}},
            {"op": "create", "kind": "leads", "record": {"email": "ANN@example.com"}},
            {"op": "update", "kind": "leads", "id": id, "if_match": "\"1\"", "record": {"title": "CEO"}},
            {"op": "update", "kind": "leads", "id": id, "if_match": "\"1\"", "record": {"title": "CTO"}},
            {"op": "update", "kind": "leads", "id": id, "record": {"title": "CTO"}},
            {"op": "delete", "kind": "leads", "id": gone, "if_match": "*"},
            {"op": "delete", "kind": "leads", "id": gone, "if_match": "*"},
            {"op": "create", "kind": "tasks", "record": {"lead_id": id, "title": ""}},
            {"op": "upsert", "kind": "leads", "record": {}},
            {"op": "create", "kind": "users", "record": {}},
        ]))
        .await;
    assert_eq!(got.status, 207, "{}", got.body);
    let wanted = [201, 409, 200, 412, 428, 204, 410, 422, 422, 422];
    let wanted: Vec<(u64, u64)> = (0..).zip(wanted).collect();
    assert_eq!(statuses(&got), wanted);
    let results = &got.body["results"];
    assert_eq!(results[0]["record"]["first_name"], "Cy");
    assert_eq!(results[1]["problem"]["existing_id"], json!(id));
    assert_eq!(results[3]["problem"]["current"]["title"], "CEO");
    assert!(results[5].get("record").is_none() && results[5].get("problem").is_none());
}

#[tokio::test]
async fn a_repeated_batch_and_a_repeated_item_are_carried_out_once() {
    let bench = Bench::new(settings(0));
    let one =
        json!({"op": "create", "kind": "leads", "key": "in_1", "record": {"first_name": "Cy"}});
    let first = bench.batch("b1", json!([one])).await;
    let again = bench.batch("b1", json!([one])).await;
    assert_eq!(
        (again.header("idempotent-replayed"), &again.body),
        ("true", &first.body)
    );
    let made = &first.body["results"][0]["record"]["id"];
    // the item in another batch, and as a request of its own
    let other = bench
        .batch(
            "b2",
            json!([one, {"op": "create", "kind": "leads", "record": {"first_name": "Di"}}]),
        )
        .await;
    assert_eq!(&other.body["results"][0]["record"]["id"], made);
    let headers = [("idempotency-key", "in_1")];
    let single = bench
        .growbots("POST", "/leads", &headers, json!({"first_name": "Cy"}))
        .await;
    assert_eq!((single.status, &single.body["id"]), (201, made));
    let mut changed = one.clone();
    changed["record"]["first_name"] = json!("Ed");
    let reused = bench.batch("b3", json!([changed])).await;
    assert_eq!(
        reused.body["results"][0]["problem"]["code"],
        "idempotency_key_reused"
    );
    let state = bench.control("GET", "/state", Value::Null).await.body;
    assert_eq!(state["growbots"]["contact"], 2);
}

#[tokio::test]
async fn a_batch_is_refused_whole_only_for_its_form() {
    let bench = Bench::new(settings(0));
    let operation = json!({"op": "create", "kind": "leads", "record": {"first_name": "X"}});
    for (key, body, status, code) in [
        (
            None,
            json!({"operations": []}),
            400,
            "idempotency_key_required",
        ),
        (Some("a"), json!([]), 400, "invalid_json"),
        (Some("b"), json!({}), 422, "validation_failed"),
        (
            Some("c"),
            json!({"operations": vec![&operation; 101]}),
            422,
            "validation_failed",
        ),
        (
            Some("d"),
            json!({"operations": ["x".repeat(4 << 20)]}),
            413,
            "payload_too_large",
        ),
    ] {
        let headers: Vec<(&str, &str)> = key
            .map(|key| ("idempotency-key", key))
            .into_iter()
            .collect();
        let got = bench.growbots("POST", "/batch", &headers, body).await;
        assert_eq!(
            (got.status, got.body["code"].as_str().unwrap()),
            (status, code)
        );
    }
    let all = bench.batch("e", json!(vec![&operation; 100])).await;
    assert!(statuses(&all).iter().all(|(_, status)| *status == 201));

    let token = json!({"side": "growbots", "scopes": ["tasks.write"]});
    let token = bench.control("POST", "/tokens", token).await;
    let bearer = format!("Bearer {}", token.body["token"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "f")];
    let body = json!({"operations": [operation]});
    let got = bench
        .send("POST", "/growbots/v1/batch", &headers, body)
        .await;
    let problem = &got.body["results"][0]["problem"];
    assert_eq!(
        (got.status, &problem["required_scope"]),
        (207, &json!("leads.write"))
    );
}

#[tokio::test]
async fn a_batch_costs_one_and_one_more_for_each_started_ten() {
    let mut settings = settings(0);
    settings.limit = "18/10/1000".parse().unwrap();
    let bench = Bench::new(settings);
    let operation = json!({"op": "delete", "kind": "leads", "id": "x", "if_match": "*"});
    let mut left = 18;
    for (n, cost) in [(0, 1), (1, 2), (10, 2), (11, 3)] {
        let got = bench
            .batch(&n.to_string(), json!(vec![&operation; n]))
            .await;
        left -= cost;
        assert_eq!(
            (got.status, got.header("ratelimit-remaining")),
            (207, left.to_string().as_str())
        );
    }
    let over = bench.batch("over", json!(vec![&operation; 100])).await;
    assert_eq!((over.status, over.header("retry-after")), (429, "10"));
    assert_eq!(
        bench
            .batch("fits", json!(vec![&operation; 90]))
            .await
            .status,
        207
    );
    let shown = bench
        .control("GET", "/requests?log=1", Value::Null)
        .await
        .body;
    assert_eq!(shown["growbots"]["max_in_window"], 29);
    assert_eq!(
        shown["growbots"]["log"][3],
        json!({
            "side": "growbots", "at": START.to_string(), "operation": "POST /batch", "status": 207, "cost": 3,
            "duration_ms": 0, "request_id": shown["growbots"]["log"][3]["request_id"],
        })
    );
    let setting = json!({"growbots.capabilities": ["idempotency"]});
    bench.control("PUT", "/settings", setting).await;
    bench
        .control("POST", "/clock", json!({"advance_ms": 10_000}))
        .await;
    assert_eq!(bench.batch("gone", json!([operation])).await.status, 404);
}
