//! GHL's bodies (`facts/highlevel.md` h) and what the connector makes of them.

use serde_json::{Value as Json, json};

use crate::model::{FieldChange, FieldName, Kind, Lane, Record, RecordId, Snapshot, Value};
use crate::remote::{
    Connector, Deleted, Found, Ghl, NewRecord, PageRequest, Read, RemoteError, Updated,
    testing::{Line, Script, ghl_missing, ok},
};

const LANE: Lane = Lane::Operator;

fn marta() -> Json {
    json!({
        "id": "c1", "locationId": "loc", "firstName": "Marta", "lastName": "Quill",
        "firstNameLowerCase": "marta", "email": "Marta.Quill@example.org", "phone": "+12025550143",
        "type": "lead", "country": "US", "timezone": "America/Denver", "source": "trade show",
        "assignedTo": "u1", "tags": ["newsletter", "vip"],
        "customFields": [{"id": "cf1", "value": ["mon", "thu"]}], "dnd": false,
        "businessId": "b1", "dateAdded": "2026-03-02T14:05:11.120Z",
        "dateUpdated": "2026-06-10T08:30:45.907Z",
    })
}

async fn read(kind: Kind, body: Json) -> Snapshot {
    let ghl = Script::new([ok(body)]).connector(Ghl::new);
    let (parent, id) = (RecordId::from("c1"), RecordId::from("x"));
    match ghl.get(LANE, kind, Some(&parent), &id).await {
        Ok(Found::Live(snapshot)) => snapshot,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_value_does_not_pass_for_empty() {
    for (field, odd) in [
        ("website", json!({"odd": 1})),
        ("firstName", json!([1])),
        ("assignedTo", json!({"id": "u1"})),
        ("tags", json!({"odd": 1})),
        ("tags", json!(["vip", ["deep"]])),
    ] {
        let mut contact = marta();
        contact[field] = odd;
        let row = json!({"contacts": [contact.clone()], "total": 1});
        let ghl = Script::new([ok(json!({"contact": contact})), ok(row)]).connector(Ghl::new);
        let read = ghl
            .get(LANE, Kind::Contact, None, &RecordId::from("c1"))
            .await;
        let error = read.expect_err(field);
        assert!(error.to_string().contains("has no plain value"), "{error}");
        let request = PageRequest {
            kind: Kind::Contact,
            read: Read::All,
            after: None,
        };
        let page = ghl.page(LANE, &request).await.expect("a page");
        assert!(
            !page.rows[0].complete,
            "{field}: a reason to read it, no more"
        );
    }
}

fn shown(snapshot: &Snapshot) -> Json {
    serde_json::to_value(&snapshot.record).expect("plain")
}

#[tokio::test(start_paused = true)]
async fn records_are_read_under_their_canonical_names() {
    for (kind, body, want) in [
        (
            Kind::Contact,
            json!({"contact": marta(), "traceId": "t"}),
            json!({
                "first_name": "Marta", "last_name": "Quill", "email": "Marta.Quill@example.org",
                "phone": "+12025550143", "address.country": "US", "time_zone": "America/Denver",
                "tags": ["newsletter", "vip"], "owner": "u1@x.test", "source": "trade show",
                "business": "b1",
            }),
        ),
        (
            Kind::Contact,
            json!({"contact": {"_id": "c2", "address1": "1 Elm", "state": "CO", "postalCode": 80014,
                "companyName": "Q", "dnd": true, "assignedTo": "u9", "email": "", "city": null,
                "tags": null, "x": {"odd": 1}}}),
            json!({
                "company": "Q", "address.street": "1 Elm", "address.region": "CO",
                "address.postal_code": "80014", "owner": "user:u9", "do_not_contact": true,
            }),
        ),
        (
            Kind::Task,
            json!({"task": {"_id": "t1", "title": "Call", "body": "ask", "assignedTo": "u2",
                "dueDate": "2026-06-20T15:00:00.000Z", "completed": true, "contactId": "c1"}}),
            json!({"title": "Call", "body": "ask", "due_at": "2026-06-20T15:00:00.000Z",
                "completed": true, "assignee": "u2@x.test"}),
        ),
        (
            Kind::Note,
            json!({"note": {"id": "n1", "body": "e-mail", "title": "Preference", "userId": "u1",
                "pinned": true, "contactId": "c1"}}),
            json!({"body": "Preference\ne-mail", "author": "u1@x.test", "pinned": true}),
        ),
        (
            Kind::Appointment,
            json!({"events": [{"id": "x", "calendarId": "k1", "title": "Intro", "contactId": "c1",
                "appointmentStatus": "noshow", "assignedUserId": "u1", "address": "room 1",
                "startTime": "2026-06-22 10:00:00", "endTime": "2026-06-22T10:30:00-06:00"}]}),
            json!({"title": "Intro", "starts_at": "2026-06-22T16:00:00.000Z",
                "ends_at": "2026-06-22T16:30:00.000Z", "status": "no_show", "location": "room 1",
                "calendar": "k1", "host": "u1@x.test"}),
        ),
        (
            Kind::Business,
            json!({"business": {"id": "b1", "name": "Quillworks", "address": "2 Oak",
                "website": "https://q.test"}}),
            json!({"name": "Quillworks", "website": "https://q.test", "address.street": "2 Oak"}),
        ),
    ] {
        let sorted =
            |json: &Json| serde_json::from_value::<Record>(json.clone()).expect("canonical");
        let got = shown(&read(kind, body).await);
        assert_eq!(sorted(&got), sorted(&want), "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_by_id_tells_live_from_missing_from_a_wrong_address() {
    for (line, want) in [
        (ok(json!({"contact": marta()})), "live"),
        (ghl_missing(), "missing"),
        (
            Line::Says(400, json!({"message": ["Contact not found for id:c1"]})),
            "missing",
        ),
        (
            Line::Says(
                404,
                json!({"message": "Cannot GET /x", "error": "Not Found"}),
            ),
            "refused",
        ),
        (
            Line::Says(401, json!({"message": "Invalid Private Integration token"})),
            "token",
        ),
        (
            Line::Says(
                401,
                json!({"message": "The token is not authorized for this scope."}),
            ),
            "forbidden",
        ),
        (
            Line::Says(
                403,
                json!({"message": "The token does not have access to this location."}),
            ),
            "forbidden",
        ),
        (ok(json!({"traceId": "t"})), "malformed"),
        (ok(json!({"contact": {"firstName": "no id"}})), "malformed"),
    ] {
        let ghl = Script::new([line]).connector(Ghl::new);
        let id = RecordId::from("c1");
        let found = ghl.get(LANE, Kind::Contact, None, &id);
        let got = match found.await {
            Ok(Found::Live(_)) => "live",
            Ok(_) => "missing",
            Err(RemoteError::Unauthorised { .. }) => "token",
            Err(RemoteError::Forbidden { .. }) => "forbidden",
            Err(RemoteError::Refused { .. }) => "refused",
            Err(RemoteError::Malformed { .. }) => "malformed",
            Err(other) => panic!("{other:?}"),
        };
        assert_eq!(got, want);
    }
}

#[tokio::test(start_paused = true)]
async fn a_search_goes_on_from_its_last_row_verbatim() {
    let row = |at: usize| json!({"id": format!("c{at}"), "searchAfter": [at, format!("c{at}")]});
    let rows: Vec<_> = (0..500).map(row).collect();
    let script = Script::new([
        ok(json!({"contacts": rows, "total": 501})),
        ok(json!({"contacts": [marta()], "total": 501})),
    ]);
    let ghl = script.connector(Ghl::new);
    let mut request = PageRequest {
        kind: Kind::Contact,
        read: Read::All,
        after: None,
    };
    let page = ghl.page(LANE, &request).await.expect("a page");
    assert_eq!(page.total, Some(501));
    assert_eq!(page.next.as_deref(), Some("[499,\"c499\"]"));
    assert!(!page.rows[0].complete, "a sparse row");
    request.after = page.next;
    let page = ghl.page(LANE, &request).await.expect("a page");
    assert_eq!(page.next, None);
    assert!(script.asked()[1].contains("\"searchAfter\":[499,\"c499\"]"));
}

#[tokio::test(start_paused = true)]
async fn a_row_with_the_key_of_every_field_is_complete() {
    let mut full = marta();
    for key in [
        "companyName",
        "website",
        "address",
        "city",
        "state",
        "postalCode",
    ] {
        full[key] = Json::Null;
    }
    for (row, want) in [(marta(), false), (full, true)] {
        let script = Script::new([ok(json!({"contacts": [row]}))]);
        let request = PageRequest {
            kind: Kind::Contact,
            read: Read::Since(crate::model::Millis(0)),
            after: None,
        };
        let ghl = script.connector(Ghl::new);
        let page = ghl.page(LANE, &request).await.expect("a page");
        assert_eq!(page.rows[0].complete, want);
    }
}

fn change(field: FieldName, from: Option<Value>, to: Option<Value>) -> FieldChange {
    FieldChange { field, from, to }
}

fn city(from: &str, to: &str) -> FieldChange {
    change(FieldName::City, Value::text(from), Value::text(to))
}

async fn seen() -> Snapshot {
    read(Kind::Contact, json!({"contact": marta()})).await
}

fn marta_with(key: &str, value: Json) -> Line {
    let mut contact = marta();
    contact[key] = value;
    ok(json!({ "contact": contact }))
}

#[tokio::test(start_paused = true)]
async fn an_update_sends_what_changes_and_nothing_else() {
    let tags = change(
        FieldName::Tags,
        Value::set(["newsletter", "vip"]),
        Value::set(["vip", "won"]),
    );
    let owner = change(
        FieldName::Owner,
        Value::text("u1@x.test"),
        Value::text("u2@x.test"),
    );
    let email = change(
        FieldName::Email,
        Value::text("Marta.Quill@example.org"),
        None,
    );
    let script = Script::new([
        ok(json!({"contact": marta()})),
        ok(json!({"succeded": true, "contact": {"id": "c1"}})),
        Line::Says(201, json!({"tags": []})),
        ok(json!({"tags": []})),
        marta_with("city", json!("Bonn")),
    ]);
    let ghl = script.connector(Ghl::new);
    let changes = [city("", "Bonn"), tags, owner, email];
    let done = ghl.update(LANE, &seen().await, &changes, "k").await;
    let Ok(Updated::Done(after)) = done else {
        panic!("{done:?}")
    };
    assert_eq!(after.record.text(&FieldName::City), "Bonn");
    let asked = script.asked();
    assert_eq!(
        asked[1],
        "PUT /base/contacts/c1 {\"city\":\"Bonn\",\"assignedTo\":\"u2\",\"email\":null}"
    );
    assert_eq!(asked[2], "POST /base/contacts/c1/tags {\"tags\":[\"won\"]}");
    assert_eq!(
        asked[3],
        "DELETE /base/contacts/c1/tags {\"tags\":[\"newsletter\"]}"
    );
    assert_eq!(asked[4], "GET /base/contacts/c1");
}

#[tokio::test(start_paused = true)]
async fn an_update_writes_nothing_where_the_field_is_done_moved_or_gone() {
    for (now, want) in [
        (marta_with("city", json!("Bonn")), "done"),
        (marta_with("city", json!("Graz")), "moved"),
        (ghl_missing(), "gone"),
    ] {
        let script = Script::new([now]);
        let ghl = script.connector(Ghl::new);
        let changes = [city("", "Bonn")];
        let got = match ghl.update(LANE, &seen().await, &changes, "k").await {
            Ok(Updated::Done(_)) => "done",
            Ok(Updated::Moved(_)) => "moved",
            Ok(Updated::Gone) => "gone",
            Ok(Updated::Undone { .. }) => "undone",
            Err(error) => panic!("{error:?}"),
        };
        assert_eq!(got, want);
        assert_eq!(script.asked().len(), 1, "only the read");
    }
}

#[tokio::test(start_paused = true)]
async fn what_ghl_cannot_take_is_refused_without_asking() {
    for (field, to) in [
        (FieldName::PostalCode, None),
        (FieldName::Country, None),
        (FieldName::Company, Value::text("Q")),
        (FieldName::Owner, Value::text("user:u9")),
        (FieldName::Owner, Value::text("nobody@x.test")),
        (FieldName::Business, Value::text("b2")),
    ] {
        let script = Script::default();
        let ghl = script.connector(Ghl::new);
        let changes = [change(field.clone(), None, to)];
        let done = ghl.update(LANE, &seen().await, &changes, "k").await;
        match done {
            Err(RemoteError::Refused { fields, .. }) => assert_eq!(fields, [field]),
            other => panic!("{field}: {other:?}"),
        }
        assert!(script.asked().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_only_completed_has_its_own_call() {
    let task = |completed| json!({"task": {"id": "t1", "title": "Call", "completed": completed, "contactId": "c1"}});
    let script = Script::new([ok(task(false)), ok(task(true)), ok(task(true))]);
    let ghl = script.connector(Ghl::new);
    let seen = read(Kind::Task, task(false)).await;
    let changes = [change(FieldName::Completed, None, Value::yes(true))];
    let done = ghl.update(LANE, &seen, &changes, "k").await;
    assert!(matches!(done, Ok(Updated::Done(_))), "{done:?}");
    assert_eq!(
        script.asked()[1],
        "PUT /base/contacts/c1/tasks/t1/completed {\"completed\":true}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refused_create_names_the_holder_or_the_fields() {
    let text = |text: &str| Value::text(text).expect("not empty");
    let new = NewRecord {
        kind: Kind::Contact,
        parent: None,
        record: Record::from_fields([
            (FieldName::Email, text("m@x.test")),
            (FieldName::Company, text("Q")),
        ]),
        external_id: None,
        mark: None,
        key: "k".into(),
    };
    let duplicate = json!({"statusCode": 400,
        "message": "This location does not allow duplicated contacts.",
        "meta": {"contactId": "c7", "contactName": "marta quill", "matchingField": "email"}});
    let ghl = Script::new([Line::Says(400, duplicate)]).connector(Ghl::new);
    match ghl.create(LANE, &new).await {
        Err(RemoteError::Duplicate { holder, field, .. }) => {
            assert_eq!((holder.as_str(), field), ("c7", FieldName::Email));
        }
        other => panic!("{other:?}"),
    }
    let unknown = json!({"statusCode": 422, "error": "Unprocessable Entity",
        "message": ["email must be an email", "property companyName should not exist"]});
    let ghl = Script::new([Line::Says(422, unknown)]).connector(Ghl::new);
    match ghl.create(LANE, &new).await {
        Err(RemoteError::Refused { fields, said, .. }) => {
            assert_eq!(fields, [FieldName::Email, FieldName::Company]);
            assert!(said.contains("must be an email"), "{said}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_that_cannot_be_read_back_was_still_made() {
    let made = json!({"contact": {"id": "c9", "email": "m@x.test"}});
    let script = Script::new([Line::Says(201, made)]);
    let ghl = script.connector(Ghl::new);
    let new = NewRecord {
        kind: Kind::Contact,
        parent: None,
        record: Record::default(),
        external_id: None,
        mark: None,
        key: "k".into(),
    };
    let snapshot = ghl.create(LANE, &new).await.expect("made");
    assert_eq!(snapshot.id.as_str(), "c9");
}

#[tokio::test(start_paused = true)]
async fn a_delete_is_sent_only_for_what_was_seen() {
    for (lines, want) in [
        (
            vec![
                ok(json!({"contact": marta()})),
                ok(json!({"succeded": true})),
            ],
            "done",
        ),
        (vec![ok(json!({"contact": marta()})), ghl_missing()], "done"),
        (vec![ghl_missing()], "done"),
        (vec![marta_with("city", json!("Bonn"))], "moved"),
    ] {
        let times = lines.len();
        let script = Script::new(lines);
        let ghl = script.connector(Ghl::new);
        let got = match ghl.delete(LANE, &seen().await).await {
            Ok(Deleted::Done) => "done",
            Ok(Deleted::Moved(_)) => "moved",
            Err(error) => panic!("{error:?}"),
        };
        assert_eq!((got, script.asked().len()), (want, times));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_search_is_made_up_for_by_the_deprecated_list_to_its_end() {
    let refused = || Line::Says(404, json!({"message": "Cannot POST /contacts/search"}));
    let rows: Vec<Json> = (0..100)
        .map(|n| json!({"id": format!("c{n}"), "dateAdded": "2026-03-02T14:05:11.120Z"}))
        .collect();
    let script = Script::new([
        refused(),
        ok(
            json!({"contacts": rows, "meta": {"startAfter": 5, "startAfterId": "c99",
            "nextPage": 2, "nextPageUrl": "http://localhost:5058/x"}}),
        ),
        ok(json!({"contacts": rows, "count": 200})),
        ok(json!({"contacts": [], "count": 200})),
    ]);
    let ghl = script.connector(Ghl::new);
    let mut request = PageRequest {
        kind: Kind::Contact,
        read: Read::All,
        after: None,
    };
    let mut met = 0;
    loop {
        let page = ghl.page(LANE, &request).await.expect("a page");
        met += page.rows.len();
        request.after = page.next;
        if request.after.is_none() {
            break;
        }
    }
    assert_eq!(met, 200);
    let asked = script.asked();
    let list = "GET /base/contacts/?locationId=loc&limit=100";
    assert_eq!(
        asked[1..],
        [
            list.to_owned(),
            format!("{list}&startAfter=5&startAfterId=c99"),
            // Without a cursor in the answer it is made of the last row.
            format!("{list}&startAfter=1772460311120&startAfterId=c99"),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn what_changed_since_a_time_cannot_be_told_from_the_list_and_gives_nothing() {
    let refused = Line::Says(403, json!({"message": "no search for you"}));
    let list = ok(json!({"contacts": [{"id": "c1"}], "meta": {"nextPage": null}}));
    let ghl = Script::new([refused, list]).connector(Ghl::new);
    let request = PageRequest {
        kind: Kind::Contact,
        read: Read::Since(crate::model::Millis(5)),
        after: None,
    };
    let page = ghl.page(LANE, &request).await.expect("a page");
    assert_eq!((page.rows.len(), page.next), (0, None));
}

#[tokio::test(start_paused = true)]
async fn the_contacts_of_a_business_are_read_to_the_last() {
    let rows: Vec<Json> = (0..100).map(|n| json!({"id": format!("c{n}")})).collect();
    let script = Script::new([
        ok(json!({"contacts": rows, "count": 101})),
        ok(json!({"contacts": [{"id": "last"}], "count": "101"})),
    ]);
    let ghl = script.connector(Ghl::new);
    let business = RecordId::from("b1");
    let members = ghl.children(LANE, Kind::Contact, &business).await;
    assert_eq!(members.expect("no error").map(|all| all.len()), Some(101));
    let path = "GET /base/contacts/business/b1?locationId=loc&limit=100&skip";
    assert_eq!(script.asked(), [format!("{path}=0"), format!("{path}=100")]);
}
