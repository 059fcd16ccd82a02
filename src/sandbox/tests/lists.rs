use super::*;

#[tokio::test]
async fn lists_page_by_cursor_and_filter_by_parameters() {
    let bench = Bench::new(settings(50));
    let mut seen = Vec::new();
    let mut url = "/leads?limit=20".to_owned();
    loop {
        let page = bench.growbots("GET", &url, &[], Value::Null).await;
        seen.extend(
            page.body["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|lead| lead["updated_at"].as_str().unwrap().to_owned()),
        );
        assert_eq!(page.body["page"]["limit"], 20);
        match page.body["page"]["next_cursor"].as_str() {
            Some(cursor) => url = format!("/leads?cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 45);
    assert!(seen.is_sorted());
    let late = bench
        .growbots(
            "GET",
            &format!("/leads?updated_after={}", seen[40]),
            &[],
            Value::Null,
        )
        .await;
    assert_eq!(late.body["data"].as_array().unwrap().len(), 5, "inclusive");

    let id = bench.new_lead(json!({"email": "Pat@example.com", "phone": "+1 202 555 0100", "tags": ["Hot"], "external_ids": {"ghl": "g9"}})).await;
    for query in [
        "email=pat@EXAMPLE.com",
        "phone=%2B12025550100",
        "tag=hot",
        "external_id=ghl:g9",
    ] {
        let got = bench
            .growbots("GET", &format!("/leads?{query}"), &[], Value::Null)
            .await;
        assert_eq!(got.body["data"][0]["id"], json!(id), "{query}");
        assert_eq!(got.body["data"].as_array().unwrap().len(), 1, "{query}");
    }
    let cursor = bench
        .growbots("GET", "/leads?limit=20", &[], Value::Null)
        .await
        .body["page"]["next_cursor"]
        .clone();
    let cursor = cursor.as_str().unwrap();
    for (query, code) in [
        ("limit=201".to_owned(), "invalid_parameter"),
        ("colour=red".to_owned(), "invalid_parameter"),
        ("cursor=zz".to_owned(), "invalid_cursor"),
        (format!("cursor={cursor}&limit=30"), "cursor_mismatch"),
    ] {
        let got = bench
            .growbots("GET", &format!("/leads?{query}"), &[], Value::Null)
            .await;
        assert_eq!(
            (got.status, got.body["code"].as_str().unwrap()),
            (400, code),
            "{query}"
        );
    }
}

#[tokio::test]
async fn no_change_comes_behind_a_cursor_that_was_given_out() {
    let mut settings = settings(0);
    settings.lag_ms = 3_000;
    let bench = Bench::new(settings);
    let id = bench.new_lead(json!({"first_name": "Ann"})).await;
    let now = bench
        .growbots("GET", "/changes?from=now", &[], Value::Null)
        .await;
    assert_eq!(now.body["data"], json!([]));
    let url = format!(
        "/changes?cursor={}",
        now.body["page"]["next_cursor"].as_str().unwrap()
    );
    assert_eq!(
        bench.growbots("GET", &url, &[], Value::Null).await.body["data"],
        json!([])
    );
    bench
        .control("POST", "/clock", json!({"advance_ms": 3_000}))
        .await;
    bench
        .growbots(
            "DELETE",
            &format!("/leads/{id}"),
            &[("if-match", "*")],
            Value::Null,
        )
        .await;
    let got = bench.growbots("GET", &url, &[], Value::Null).await;
    assert_eq!(
        (&got.body["data"][0]["op"], &got.body["data"][0]["version"]),
        (&json!("upsert"), &json!(1))
    );
    assert_eq!(got.body["data"].as_array().unwrap().len(), 1);
    bench
        .control("POST", "/clock", json!({"advance_ms": 3_000}))
        .await;
    let url = format!(
        "/changes?kinds=leads&cursor={}",
        got.body["page"]["next_cursor"].as_str().unwrap()
    );
    let got = bench.growbots("GET", &url, &[], Value::Null).await;
    assert_eq!(
        (&got.body["data"][0]["op"], &got.body["data"][0]["kind"]),
        (&json!("delete"), &json!("leads"))
    );
    let none = bench
        .growbots("GET", &url.replace("leads", "tasks"), &[], Value::Null)
        .await;
    assert_eq!(
        (&none.body["data"], &none.body["page"]["has_more"]),
        (&json!([]), &json!(false))
    );
}
