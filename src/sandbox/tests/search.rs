use super::*;

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
