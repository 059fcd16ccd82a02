use std::collections::BTreeSet;

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

#[tokio::test]
async fn a_range_alone_finds_whom_it_finds_among_other_filters() {
    let bench = Bench::new(settings(40));
    let all = bench.search(json!({})).await.body;
    let rows = all["contacts"].as_array().unwrap();
    let middle = rows[rows.len() / 2]["searchAfter"][0].as_i64().unwrap();
    let ids = async |filter: Value| {
        let found = bench.search(json!({"filters": [filter]})).await.body;
        let rows = found["contacts"].as_array().unwrap();
        assert_eq!(found["total"], rows.len());
        rows.iter().map(|row| row["id"].clone()).collect::<Vec<_>>()
    };
    for bound in ["gte", "gt", "lte", "lt"] {
        for at in [json!(middle), json!(middle as f64 + 0.5), json!(middle - 1)] {
            let range = json!({"field": "dateAdded", "operator": "range", "value": {(bound): at}});
            // in a group of alternatives it is asked of each contact; alone it says where to read
            let asked_of_each = json!({"group": "OR", "filters": [range]});
            let found = ids(range).await;
            assert!(
                !found.is_empty() && found.len() < rows.len(),
                "{bound} {at}"
            );
            assert_eq!(found, ids(asked_of_each).await, "{bound} {at}");
        }
    }
}

#[tokio::test]
async fn the_old_list_meets_everybody_once_in_either_order_and_by_either_cursor() {
    let bench = Bench::new(settings(40));
    for (newest_first, is_alone) in [(true, false), (false, false), (false, true), (true, true)] {
        let order =
            json!({"ghl.list_newest_first": newest_first, "ghl.list_cursor_alone": is_alone});
        bench.control("PUT", "/settings", order.clone()).await;
        let first = format!("/contacts/?locationId={}&limit=7", bench.location());
        let (mut path, mut times, mut ids) = (first.clone(), Vec::new(), BTreeSet::new());
        loop {
            let got = bench.ghl("GET", &path, Value::Null).await.body;
            for row in got["contacts"].as_array().unwrap() {
                times.push(row["dateAdded"].as_str().unwrap().to_owned());
                ids.insert(row["id"].as_str().unwrap().to_owned());
            }
            assert_eq!(got["meta"]["total"], 36);
            if got["meta"]["nextPage"].is_null() {
                break;
            }
            path = format!("{first}&startAfter={}", got["meta"]["startAfter"]);
            if !is_alone {
                let id = got["meta"]["startAfterId"].as_str().unwrap();
                path = format!("{path}&startAfterId={id}");
            }
        }
        if newest_first {
            times.reverse();
        }
        assert!(times.is_sorted());
        assert_eq!((times.len(), ids.len()), (36, 36), "{order}");
    }
}

#[tokio::test]
async fn a_task_search_tells_how_many_there_are_whatever_it_asks_for() {
    let bench = Bench::new(settings(40));
    let setting = json!({"ghl.task_search_total": "total"});
    bench.control("PUT", "/settings", setting).await;
    let path = format!("/locations/{}/tasks/search", bench.location());
    let all = bench.ghl("POST", &path, json!({"limit": 1_000})).await.body;
    let all = all["tasks"].as_array().unwrap();
    let contact = &all[0]["contactId"];
    assert!(contact.is_string());
    let of_contact = all.iter().filter(|task| task["contactId"] == *contact);
    let open = all.iter().filter(|task| task["completed"] == false);
    for (asked, want) in [
        (json!({}), all.len()),
        (json!({"completed": false}), open.count()),
        (json!({"contactId": [contact]}), of_contact.count()),
    ] {
        for (skip, limit) in [(0, 2), (1, 2), (want, 2)] {
            let mut body = asked.clone();
            body["skip"] = skip.into();
            body["limit"] = limit.into();
            let got = bench.ghl("POST", &path, body).await.body;
            let shown = got["tasks"].as_array().unwrap().len();
            assert_eq!(got["total"], want, "{asked}");
            assert_eq!(shown, limit.min(want - skip), "{asked} from {skip}");
        }
    }
}
