//! The facts' section g from S13 on: what is stored, listed and shown; the points before are in `ghl_facts`.

use super::*;

const NONE: Value = Value::Null;

#[tokio::test]
async fn s13_what_is_stored_is_normal() {
    let bench = Bench::new(settings(0));
    let made = bench
        .made(json!({
            "name": " Marta  Quill ", "email": " Marta@Example.org ", "phone": "(202) 555-0143", "tags": [" VIP", "vip"],
            "dateOfBirth": "09/25/1990",
        }))
        .await;
    let contact = &made.body["contact"];
    for (key, want) in [
        ("firstName", json!("Marta")),
        ("lastNameLowerCase", json!("quill")),
        ("fullNameLowerCase", json!("marta quill")),
        ("email", json!("Marta@Example.org")),
        ("emailLowerCase", json!("marta@example.org")),
        ("phone", json!("+12025550143")),
        ("tags", json!(["vip"])),
        ("type", json!("lead")),
        ("country", json!("US")),
        ("dateOfBirth", json!("1990-09-25T00:00:00.000Z")),
        ("deleted", json!(false)),
    ] {
        assert_eq!(contact[key], want, "{key}");
    }
    let read = bench.contact(contact["id"].as_str().unwrap()).await;
    assert_eq!(read["dateOfBirth"], "1990-09-25");
    assert!(read.get("deleted").is_none());
}

#[tokio::test]
async fn s14_a_put_changes_only_what_is_sent_and_always_moves_the_time_on() {
    let bench = Bench::new(settings(0));
    let field = |value: &str| json!([{"key": "tier", "field_value": value}]);
    let id = bench
        .made_id(json!({"firstName": "Ann", "city": "Rome", "tags": ["a", "b"], "customFields": field("A")}))
        .await;
    let path = format!("/contacts/{id}");
    let before = bench.contact(&id).await;
    let job = json!([{"key": "job_title", "field_value": "CEO"}]);
    let put = bench
        .ghl(
            "PUT",
            &path,
            json!({"city": null, "tags": ["c"], "customFields": job}),
        )
        .await;
    let after = &put.body["contact"];
    assert!(after.get("city").is_none());
    assert_eq!(after["firstName"], "Ann");
    assert_eq!(after["tags"], json!(["c"]));
    assert_eq!(after["customFields"].as_array().unwrap().len(), 2);
    assert!(after["dateUpdated"].as_str() > before["dateUpdated"].as_str());
    let same = bench.ghl("PUT", &path, json!({})).await;
    assert_eq!(same.status, 200);
    assert!(same.body["contact"]["dateUpdated"].as_str() > after["dateUpdated"].as_str());
}

#[tokio::test]
async fn s15_custom_fields_are_written_by_id_or_bare_key_and_read_by_id() {
    let bench = Bench::new(settings(0));
    let fields = format!("/locations/{}/customFields", bench.location());
    let defined = bench.ghl("GET", &fields, NONE).await.body["customFields"].clone();
    let named = |name: &str| {
        let list = defined.as_array().unwrap();
        list.iter()
            .find(|f| f["name"] == name)
            .unwrap_or_else(|| panic!("{name}"))
            .clone()
    };
    for (name, data_type) in [
        ("Job title", "TEXT"),
        ("Budget", "NUMERICAL"),
        ("Tier", "SINGLE_OPTIONS"),
        ("Interests", "MULTIPLE_OPTIONS"),
        ("Contract end", "DATE"),
        ("Contract value", "MONETORY"),
    ] {
        assert_eq!(named(name)["dataType"], data_type, "{name}");
    }
    let (budget, tier) = (named("Budget")["id"].clone(), named("Tier")["id"].clone());
    for (given, want) in [
        (
            json!({"id": budget, "field_value": 100.5}),
            Some((&budget, json!(100.5))),
        ),
        (
            json!({"id": budget, "fieldValue": 7}),
            Some((&budget, json!(7))),
        ),
        (
            json!({"key": "tier", "field_value": "A"}),
            Some((&tier, json!("A"))),
        ),
        (json!({"key": "contact.tier", "field_value": "A"}), None),
        (json!({"id": "unknown", "field_value": "A"}), None),
    ] {
        let made = bench
            .made(json!({"firstName": "A", "customFields": [given]}))
            .await;
        assert_eq!(made.status, 201);
        let want = want.map(|(id, value)| json!({"id": id, "value": value}));
        let want: Vec<Value> = want.into_iter().collect();
        assert_eq!(made.body["contact"]["customFields"], json!(want), "{given}");
    }
}

#[tokio::test]
async fn s16_what_is_not_set_is_left_out_by_id_and_null_in_rows() {
    let bench = Bench::new(settings(0));
    let id = bench.made_id(json!({"firstName": "Ann"})).await;
    let contact = bench.contact(&id).await;
    assert!(
        contact
            .as_object()
            .unwrap()
            .values()
            .all(|value| !value.is_null())
    );
    let rows = bench.search(json!({})).await;
    assert!(rows.body["contacts"][0]["city"].is_null());
    assert!(
        rows.body["contacts"][0]
            .as_object()
            .unwrap()
            .contains_key("city")
    );
}

#[tokio::test]
async fn s17_the_list_goes_page_by_page_from_the_newest() {
    let bench = Bench::new(settings(45));
    let base = format!("/contacts/?locationId={}", bench.location());
    let first = bench.ghl("GET", &base, NONE).await;
    assert_eq!(first.body["contacts"].as_array().unwrap().len(), 20);
    let (mut seen, mut more, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let got = bench
            .ghl("GET", &format!("{base}&limit=15{more}"), NONE)
            .await;
        let rows = got.body["contacts"].as_array().unwrap();
        seen.extend(
            rows.iter()
                .map(|row| row["dateAdded"].as_str().unwrap().to_owned()),
        );
        let meta = &got.body["meta"];
        let keys: Vec<&str> = meta
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(keys.len(), 7, "{keys:?}");
        pages += 1;
        if meta["nextPage"].is_null() {
            break;
        }
        assert!(
            meta["nextPageUrl"]
                .as_str()
                .unwrap()
                .starts_with("http://localhost:5058/")
        );
        let id = meta["startAfterId"].as_str().unwrap();
        more = format!("&startAfter={}&startAfterId={id}", meta["startAfter"]);
    }
    assert_eq!((pages, seen.len()), (3, 41));
    assert!(seen.is_sorted_by(|one, two| one >= two));
    let alone = bench
        .ghl("GET", &format!("{base}&startAfter=1"), NONE)
        .await;
    assert_eq!(alone.body["contacts"], first.body["contacts"]);
    let over = bench.ghl("GET", &format!("{base}&limit=101"), NONE).await;
    assert_eq!(
        (over.status, &over.body["message"]),
        (422, &json!(["limit must not be greater than 100"]))
    );
}

#[tokio::test]
async fn s20_a_task_has_seven_fields_on_its_contact_and_times_in_the_search() {
    let bench = Bench::new(settings(0));
    let id = bench.made_id(json!({"firstName": "Ann"})).await;
    let user = bench
        .ghl(
            "GET",
            &format!("/users/?locationId={}", bench.location()),
            NONE,
        )
        .await;
    let user = user.body["users"][0]["id"].clone();
    let tasks = format!("/contacts/{id}/tasks");
    for at in 0..30 {
        let task = json!({"title": format!("t{at}"), "body": "b", "assignedTo": user, "dueDate": "2026-06-20T15:00:00Z", "completed": at % 2 == 0});
        assert_eq!(bench.ghl("POST", &tasks, task).await.status, 201);
    }
    let shown = bench.ghl("GET", &tasks, NONE).await;
    let keys: Vec<&str> = shown.body["tasks"][0]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let seven = [
        "id",
        "title",
        "body",
        "assignedTo",
        "dueDate",
        "completed",
        "contactId",
    ];
    assert_eq!(keys, seven);
    let search = format!("/locations/{}/tasks/search", bench.location());
    for (body, rows) in [
        (json!({}), 25),
        (json!({"skip": 25}), 5),
        (json!({"limit": 7}), 7),
        (json!({"limit": 99, "completed": true}), 15),
        (json!({"limit": 99, "contactId": [id]}), 30),
        (json!({"limit": 99, "contactId": ["other"]}), 0),
        (json!({"limit": 99, "assignedTo": [user]}), 30),
        (json!({"limit": 99, "query": "T7"}), 1),
        (json!({"limit": 99, "businessId": "b"}), 0),
    ] {
        let got = bench.ghl("POST", &search, body.clone()).await;
        assert_eq!(got.body["tasks"].as_array().unwrap().len(), rows, "{body}");
    }
}

#[tokio::test]
async fn s21_a_note_shows_what_is_set_and_no_time_of_its_last_change() {
    let bench = Bench::new(settings(0));
    let id = bench.made_id(json!({"firstName": "Ann"})).await;
    let notes = format!("/contacts/{id}/notes");
    let note = bench
        .ghl("POST", &notes, json!({"body": "<p>Hi</p>"}))
        .await
        .body["note"]
        .clone();
    let path = format!("{notes}/{}", note["id"].as_str().unwrap());
    let keys: Vec<&str> = note
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(keys, ["id", "body", "contactId", "dateAdded"]);
    let put = bench
        .ghl(
            "PUT",
            &path,
            json!({"title": "T", "color": "#3366CC", "pinned": true}),
        )
        .await;
    assert_eq!(put.body["note"]["body"], "<p>Hi</p>");
    assert_eq!(put.body["note"]["pinned"], true);
    assert!(put.body["note"].get("dateUpdated").is_none());
}

#[tokio::test]
async fn s22_appointments_are_zoneless_on_the_contact_and_have_an_offset_in_the_calendar() {
    let bench = Bench::new(settings(0));
    let id = bench.made_id(json!({"firstName": "Ann"})).await;
    let event = json!({
        "contactId": id, "title": "Call", "startTime": "2026-06-22 10:00:00", "endTime": "2026-06-22 10:30:00",
        "appointmentStatus": "cancelled",
    });
    let event = bench
        .control("POST", "/records/ghl/appointment", event)
        .await
        .body["id"]
        .clone();
    let listed = bench
        .ghl("GET", &format!("/contacts/{id}/appointments"), NONE)
        .await;
    let listed = &listed.body["events"][0];
    assert_eq!(listed["startTime"], "2026-06-22 10:00:00");
    assert_eq!(listed["appointmentStatus"], "cancelled");
    assert_eq!(listed["dateAdded"], "2026-06-10 12:00:00");
    let event = event.as_str().unwrap();
    let one = bench
        .ghl(
            "GET",
            &format!("/calendars/events/appointments/{event}"),
            NONE,
        )
        .await;
    assert_eq!(one.body["event"]["startTime"], "2026-06-22T10:00:00-04:00");
    let calendar = listed["calendarId"].as_str().unwrap();
    let all = format!("/calendars/?locationId={}", bench.location());
    let all = bench.ghl("GET", &all, NONE).await;
    assert_eq!(
        (
            &all.body["calendars"][0]["id"],
            &all.body["calendars"][0]["name"]
        ),
        (&json!(calendar), &json!("Intro calls"))
    );
    let ten = 1_782_136_800_000_i64;
    let base = format!("/calendars/events?locationId={}", bench.location());
    for (query, want) in [
        (
            format!("&calendarId={calendar}&startTime={ten}&endTime={ten}"),
            Some(1),
        ),
        (
            format!(
                "&calendarId={calendar}&startTime={}&endTime={}",
                ten + 1,
                ten + 9
            ),
            Some(0),
        ),
        (
            format!("&userId=nobody&startTime={ten}&endTime={ten}"),
            Some(0),
        ),
        (format!("&startTime={ten}&endTime={ten}"), None),
        (
            format!("&calendarId={calendar}&startTime=today&endTime={ten}"),
            None,
        ),
    ] {
        let got = bench.ghl("GET", &format!("{base}{query}"), NONE).await;
        let rows = got.body["events"].as_array().map(Vec::len);
        assert_eq!(rows, want, "{query} {}", got.body);
        assert_eq!(got.status == 400, want.is_none(), "{query}");
    }
}

#[tokio::test]
async fn s23_tags_are_a_set_that_only_deltas_change() {
    let bench = Bench::new(settings(0));
    let id = bench
        .made_id(json!({"firstName": "Ann", "tags": ["a"]}))
        .await;
    let tags = format!("/contacts/{id}/tags");
    for (method, body, status, want) in [
        ("POST", json!({"tags": ["A", "b"]}), 201, json!(["a", "b"])),
        (
            "DELETE",
            json!({"tags": ["absent"]}),
            200,
            json!(["a", "b"]),
        ),
        ("DELETE", json!({"tags": ["A"]}), 200, json!(["b"])),
    ] {
        let got = bench.ghl(method, &tags, body.clone()).await;
        assert_eq!(
            (got.status, &got.body["tags"]),
            (status, &want),
            "{method} {body}"
        );
    }
    assert_eq!(bench.ghl("DELETE", &tags, NONE).await.status, 422);
}

#[tokio::test]
async fn s26_nothing_is_conditional_and_a_second_post_makes_a_second_task() {
    let bench = Bench::new(settings(0));
    let id = bench.made_id(json!({"firstName": "Ann"})).await;
    let token = format!("Bearer {}", bench.hello["ghl_token"].as_str().unwrap());
    let headers = [
        ("authorization", token.as_str()),
        ("version", "2021-07-28"),
        ("if-match", "\"never\""),
        ("idempotency-key", "one"),
    ];
    let tasks = format!("/ghl/contacts/{id}/tasks");
    let task = json!({"title": "t", "dueDate": "2026-06-20T15:00:00Z", "completed": false});
    for _ in 0..2 {
        let got = bench.send("POST", &tasks, &headers, task.clone()).await;
        assert_eq!(got.status, 201);
        assert!(got.headers.get("etag").is_none());
    }
    let path = format!("/ghl/contacts/{id}");
    assert_eq!(
        bench
            .send("PUT", &path, &headers, json!({"city": "Rome"}))
            .await
            .status,
        200
    );
    let listed = bench
        .ghl("GET", &format!("/contacts/{id}/tasks"), NONE)
        .await;
    assert_eq!(listed.body["tasks"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn s30_a_gateway_fault_is_html_of_the_status_that_was_asked_for() {
    let bench = Bench::new(settings(0));
    for status in [500, 502, 503] {
        let plan = json!({"ghl": {"http_500": 1.0, "status": status}});
        bench.control("PUT", "/faults", plan).await;
        let got = bench.ghl("GET", "/contacts/x", NONE).await;
        assert_eq!(got.status, status);
        assert!(got.text.starts_with("<html>"), "{}", got.text);
        assert!(got.text.contains(&status.to_string()));
    }
    let plan = json!({"ghl": {"http_500": 1.0, "status": 404}});
    assert_eq!(bench.control("PUT", "/faults", plan).await.status, 400);
}

#[tokio::test]
async fn s31_ids_have_the_form_of_their_kind() {
    let bench = Bench::new(settings(60));
    let is_id = |value: &Value| {
        let id = value["id"].as_str().unwrap();
        id.len() == 20 && id.chars().all(|c| c.is_ascii_alphanumeric())
    };
    for kind in ["contact", "task", "note", "appointment"] {
        let rows = bench
            .control("GET", &format!("/records/ghl/{kind}"), NONE)
            .await
            .lines();
        assert!(!rows.is_empty() && rows.iter().all(is_id), "{kind}");
    }
    let firms = bench
        .control("GET", "/records/ghl/business", NONE)
        .await
        .lines();
    let is_hex = |value: &Value| {
        let id = value["id"].as_str().unwrap();
        id.len() == 24 && id.chars().all(|c| c.is_ascii_hexdigit())
    };
    assert!(!firms.is_empty() && firms.iter().all(is_hex));
    assert_eq!(bench.location().len(), 20);
}

#[tokio::test]
async fn s32_keys_that_no_document_knows_come_on_demand() {
    let bench = Bench::new(settings(3));
    bench
        .control("PUT", "/settings", json!({"ghl.extra_keys": true}))
        .await;
    let got = bench.search(json!({})).await;
    assert!(got.body["unheardOf"].is_object());
    assert!(got.body["contacts"][0]["unheardOf"].is_object());
    assert!(got.body["contacts"][0]["id"].is_string());
}

#[tokio::test]
async fn many_contacts_are_tagged_and_attached_at_once() {
    let bench = Bench::new(settings(0));
    let id = bench
        .made_id(json!({"firstName": "Ann", "tags": ["old"]}))
        .await;
    let location = bench.location();
    let firm = json!({"name": "Quill", "locationId": location});
    let firm = bench.ghl("POST", "/businesses/", firm).await.body["buiseness"]["id"].clone();
    let body = json!({"locationId": location, "contacts": [id, "gone"], "tags": ["New", "old"]});
    let got = bench
        .ghl("POST", "/contacts/bulk/tags/update/add", body)
        .await;
    assert_eq!(
        (&got.body["succeded"], &got.body["errorCount"]),
        (&json!(false), &json!(1))
    );
    let first = &got.body["responses"][0];
    assert_eq!(
        (
            &first["oldTags"],
            &first["tagsAdded"],
            &first["tagsRemoved"]
        ),
        (&json!(["old"]), &json!(["new"]), &json!([]))
    );
    assert_eq!(got.body["responses"][1]["type"], "error");
    let body = json!({"locationId": location, "contacts": [id], "tags": [], "removeAllTags": true});
    assert_eq!(
        bench
            .ghl("POST", "/contacts/bulk/tags/update/add", body.clone())
            .await
            .status,
        422
    );
    bench
        .ghl("POST", "/contacts/bulk/tags/update/remove", body)
        .await;
    assert_eq!(bench.contact(&id).await["tags"], json!([]));
    let members = format!(
        "/contacts/business/{}?locationId={location}",
        firm.as_str().unwrap()
    );
    for (business, count) in [(firm.clone(), 1), (NONE, 0)] {
        let body = json!({"locationId": location, "ids": [id, "gone"], "businessId": business});
        let got = bench.ghl("POST", "/contacts/bulk/business", body).await;
        assert_eq!((got.status, &got.body["ids"]), (200, &json!([id])));
        assert_eq!(bench.ghl("GET", &members, NONE).await.body["count"], count);
    }
}
