//! The contract's bodies (`facts/growbots.md` 5) and what the connector makes of them.

use serde_json::{Value as Json, json};

use crate::model::{FieldChange, FieldName, Kind, Lane, Millis, Record, RecordId, Snapshot, Value};
use crate::remote::{
    Connector, Deleted, Found, Growbots, NewRecord, PageRequest, Read, RemoteError, Setup, Updated,
    testing::{Line, Script, ok},
};

const LANE: Lane = Lane::Operator;

fn mara(version: u32) -> Json {
    json!({
        "id": "ld_1", "version": version, "first_name": "Mara", "last_name": "Quill",
        "email": "mara@quillworks.example", "phone": "+14155550132", "company": "Quillworks",
        "company_id": null, "title": null, "website": null,
        "address": {"street": "1 Elm", "city": null, "country": "US"}, "time_zone": null,
        "status": "new", "do_not_contact": false, "tags": ["Inbound"], "custom_fields": {},
        "owner_id": "u1", "source": null, "external_ids": {"ghl": "c1"},
        "created_at": "2026-03-01T09:30:00.000Z", "updated_at": "2026-03-01T09:30:00.000Z",
        "deleted_at": null,
    })
}

fn mara_with(version: u32, key: &str, value: Json) -> Json {
    let mut lead = mara(version);
    lead[key] = value;
    lead
}

fn stale(current: &Json) -> Line {
    Line::Says(
        412,
        json!({"status": 412, "code": "version_mismatch", "current": current}),
    )
}

fn problem(status: u16, code: &str) -> Line {
    Line::Says(
        status,
        json!({"status": status, "code": code, "title": "No"}),
    )
}

async fn read(kind: Kind, body: Json) -> Snapshot {
    let growbots = Script::new([ok(body)]).connector(Growbots::new);
    let id = RecordId::from("x");
    match growbots.get(LANE, kind, None, &id).await {
        Ok(Found::Live(snapshot)) => snapshot,
        other => panic!("{other:?}"),
    }
}

async fn seen() -> Snapshot {
    read(Kind::Contact, mara(1)).await
}

#[tokio::test(start_paused = true)]
async fn records_are_read_under_their_canonical_names() {
    for (kind, body, want) in [
        (
            Kind::Contact,
            mara(1),
            json!({
                "first_name": "Mara", "last_name": "Quill", "email": "mara@quillworks.example",
                "phone": "+14155550132", "company": "Quillworks", "address.street": "1 Elm",
                "address.country": "US", "tags": ["inbound"], "owner": "u1@x.test",
            }),
        ),
        (
            Kind::Contact,
            json!({"id": "ld_2", "status": "unsubscribed", "do_not_contact": false, "address": null}),
            json!({"do_not_contact": true}),
        ),
        (
            Kind::Task,
            json!({"id": "tk_1", "lead_id": "ld_1", "title": "Call", "due_at": "2026-06-20T15:00:00.500Z",
                "completed": false, "assignee_id": "u9", "kind": "call"}),
            json!({"title": "Call", "due_at": "2026-06-20T15:00:00.000Z", "assignee": "user:u9"}),
        ),
        (
            Kind::Note,
            json!({"id": "nt_1", "lead_id": "ld_1", "body": "a\nb", "author_id": "u2", "pinned": true}),
            json!({"body": "a\nb", "author": "u2@x.test", "pinned": true}),
        ),
        (
            Kind::Appointment,
            json!({"id": "mt_1", "lead_id": "ld_1", "title": "Intro", "status": "no_show",
                "starts_at": "2026-06-22T16:00:00.000Z", "host_id": "u1"}),
            json!({"title": "Intro", "status": "no_show", "starts_at": "2026-06-22T16:00:00.000Z",
                "host": "u1@x.test"}),
        ),
        (
            Kind::Business,
            json!({"id": "co_1", "name": "Quillworks", "address": {"postal_code": "80014"}}),
            json!({"name": "Quillworks", "address.postal_code": "80014"}),
        ),
    ] {
        let got = read(kind, body).await;
        let want: Record = serde_json::from_value(want).expect("canonical");
        assert_eq!(got.record, want, "{kind}");
    }
    let lead = seen().await;
    assert_eq!(lead.external_id, Some("c1".into()));
    assert_eq!(lead.version.as_deref(), Some("1"));
}

#[tokio::test(start_paused = true)]
async fn a_read_by_id_tells_live_from_gone_from_missing_from_a_wrong_address() {
    let tombstone = json!({"code": "gone", "tombstone": {"id": "ld_1", "merged_into": "ld_2"}});
    for (line, want) in [
        (ok(mara(1)), "live"),
        (Line::Says(410, tombstone), "gone into ld_2"),
        (problem(410, "gone"), "gone"),
        (problem(404, "not_found"), "missing"),
        (Line::Refuses(404, vec![]), "refused"),
        (problem(401, "invalid_token"), "token"),
        (problem(403, "insufficient_scope"), "forbidden"),
    ] {
        let growbots = Script::new([line]).connector(Growbots::new);
        let id = RecordId::from("ld_1");
        let got = match growbots.get(LANE, Kind::Contact, None, &id).await {
            Ok(Found::Live(_)) => "live".to_owned(),
            Ok(Found::Missing) => "missing".to_owned(),
            Ok(Found::Gone(stone)) => match stone.merged_into {
                None => "gone".to_owned(),
                Some(id) => format!("gone into {id}"),
            },
            Err(RemoteError::Unauthorised { .. }) => "token".to_owned(),
            Err(RemoteError::Forbidden { .. }) => "forbidden".to_owned(),
            Err(RemoteError::Refused { .. }) => "refused".to_owned(),
            Err(other) => panic!("{other:?}"),
        };
        assert_eq!(got, want);
    }
}

#[tokio::test(start_paused = true)]
async fn the_feed_gives_every_kind_that_we_know_and_a_cursor() {
    let page = json!({"next_cursor": "s9", "has_more": true});
    let changes = json!([
        {"seq": 1, "kind": "leads", "id": "ld_1", "op": "upsert", "version": 1, "record": mara(1)},
        {"seq": 2, "kind": "campaigns", "id": "x", "op": "upsert", "record": {}},
        {"seq": 3, "kind": "tasks", "id": "tk_1", "op": "delete", "record": {"id": "tk_1"}},
    ]);
    let script = Script::new([
        ok(json!({"data": changes, "page": page})),
        ok(json!({"data": [], "page": {"next_cursor": "s0", "has_more": false}})),
        problem(410, "cursor_expired"),
        problem(400, "invalid_cursor"),
    ]);
    let growbots = script.connector(Growbots::new);
    let got = growbots.changes(LANE, Some("s8")).await.expect("a page");
    assert_eq!((got.next.as_str(), got.more), ("s9", true));
    let kinds: Vec<_> = got.changes.iter().map(|(kind, ..)| *kind).collect();
    assert_eq!(kinds, [Kind::Contact, Kind::Task]);
    assert!(matches!(got.changes[1].2, Found::Gone(_)));
    let now = growbots.changes(LANE, None).await.expect("a cursor");
    assert_eq!((now.next.as_str(), now.more), ("s0", false));
    for _ in 0..2 {
        let expired = growbots.changes(LANE, Some("s8")).await;
        assert!(matches!(expired, Err(RemoteError::CursorExpired { .. })));
    }
    assert_eq!(
        script.asked()[0],
        "GET /base/v1/changes?limit=500&cursor=s8"
    );
    assert_eq!(script.asked()[1], "GET /base/v1/changes?limit=500&from=now");
}

#[tokio::test(start_paused = true)]
async fn a_short_page_may_have_more_behind_it() {
    let script = Script::new([
        ok(json!({"data": [], "page": {"next_cursor": "p2", "has_more": true}})),
        ok(json!({"data": [mara(1)], "page": {"next_cursor": null, "has_more": false}})),
    ]);
    let growbots = script.connector(Growbots::new);
    let mut request = PageRequest {
        kind: Kind::Contact,
        read: Read::Since(Millis(0)),
        after: None,
    };
    let page = growbots.page(LANE, &request).await.expect("a page");
    assert_eq!((page.rows.len(), page.next.as_deref()), (0, Some("p2")));
    request.after = page.next;
    let page = growbots.page(LANE, &request).await.expect("a page");
    assert_eq!((page.rows.len(), page.next), (1, None));
    assert!(page.rows[0].complete);
    assert!(script.asked()[1].ends_with("updated_after=1970-01-01T00%3A00%3A00.000Z&cursor=p2"));
}

fn change(field: FieldName, from: Option<Value>, to: Option<Value>) -> FieldChange {
    FieldChange { field, from, to }
}

fn phone() -> FieldChange {
    change(
        FieldName::Phone,
        Value::text("+14155550132"),
        Value::text("+14155550199"),
    )
}

#[tokio::test(start_paused = true)]
async fn an_update_is_conditional_and_its_answer_is_the_read_back() {
    let tags = change(
        FieldName::Tags,
        Value::set(["inbound"]),
        Value::set(["won"]),
    );
    let city = change(FieldName::City, None, Value::text("Bonn"));
    let street = change(FieldName::Street, Value::text("1 Elm"), None);
    let script = Script::new([
        ok(mara_with(2, "phone", json!("+14155550199"))),
        ok(mara_with(3, "tags", json!(["won"]))),
    ]);
    let growbots = script.connector(Growbots::new);
    let changes = [phone(), tags, city, street];
    let done = growbots.update(LANE, &seen().await, &changes, "k").await;
    let Ok(Updated::Done(after)) = done else {
        panic!("{done:?}")
    };
    assert_eq!(after.version.as_deref(), Some("3"));
    assert_eq!(
        script.asked(),
        [
            "PATCH /base/v1/leads/ld_1 \"1\" {\"phone\":\"+14155550199\",\"address\":{\"city\":\"Bonn\",\"street\":null}}",
            "POST /base/v1/leads/ld_1/tags {\"add\":[\"won\"],\"remove\":[\"inbound\"]}",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_stale_version_goes_back_only_if_the_field_itself_moved() {
    let elsewhere = mara_with(2, "last_name", json!("Hart"));
    let moved = mara_with(2, "phone", json!("+14155550000"));
    let already = mara_with(2, "phone", json!("+14155550199"));
    for (lines, want, times) in [
        (vec![stale(&elsewhere), ok(already.clone())], "done", 2),
        (vec![stale(&moved)], "moved", 1),
        (vec![stale(&already)], "done", 1),
        (vec![stale(&elsewhere), stale(&elsewhere)], "moved", 2),
        (
            vec![problem(412, "version_mismatch"), ok(moved)],
            "moved",
            2,
        ),
        (vec![problem(410, "gone")], "gone", 1),
        (vec![problem(404, "not_found")], "gone", 1),
    ] {
        let script = Script::new(lines);
        let growbots = script.connector(Growbots::new);
        let got = match growbots.update(LANE, &seen().await, &[phone()], "k").await {
            Ok(Updated::Done(_)) => "done",
            Ok(Updated::Moved(_)) => "moved",
            Ok(Updated::Gone) => "gone",
            Ok(Updated::Undone { .. }) => "undone",
            Err(error) => panic!("{error:?}"),
        };
        assert_eq!((got, script.asked().len()), (want, times));
    }
}

#[tokio::test(start_paused = true)]
async fn without_etags_the_record_is_read_just_before() {
    let script = Script::new([
        ok(mara(7)),
        ok(mara_with(8, "phone", json!("+14155550199"))),
    ]);
    let growbots = script.connector(Growbots::new);
    growbots.use_setup(&Setup::default());
    assert!(!growbots.has_changes());
    let done = growbots.update(LANE, &seen().await, &[phone()], "k").await;
    assert!(matches!(done, Ok(Updated::Done(_))), "{done:?}");
    assert_eq!(script.asked()[0], "GET /base/v1/leads/ld_1");
    assert!(script.asked()[1].starts_with("PATCH /base/v1/leads/ld_1 * "));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_only_completed_has_its_own_call() {
    for (to, want) in [(true, "complete"), (false, "reopen")] {
        let task = |done| json!({"id": "tk_1", "version": 1, "title": "Call", "completed": done});
        let script = Script::new([ok(task(to))]);
        let growbots = script.connector(Growbots::new);
        let seen = read(Kind::Task, task(!to)).await;
        let changes = [change(
            FieldName::Completed,
            Value::yes(!to),
            Value::yes(to),
        )];
        let done = growbots.update(LANE, &seen, &changes, "k").await;
        assert!(matches!(done, Ok(Updated::Done(_))), "{done:?}");
        assert_eq!(script.asked(), [format!("POST /base/v1/tasks/tk_1/{want}")]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_unsubscribed_lead_cannot_be_contacted_again_from_here() {
    let script = Script::default();
    let growbots = script.connector(Growbots::new);
    let seen = read(Kind::Contact, mara_with(1, "status", json!("unsubscribed"))).await;
    let changes = [change(FieldName::DoNotContact, Value::yes(true), None)];
    match growbots.update(LANE, &seen, &changes, "k").await {
        Err(RemoteError::Refused { fields, .. }) => {
            assert_eq!(fields, [FieldName::DoNotContact]);
        }
        other => panic!("{other:?}"),
    }
    assert!(script.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_stamp_survives_other_edits_and_yields_to_another_stamp() {
    let id = RecordId::from("c2");
    let edited = mara_with(2, "last_name", json!("Hart"));
    let stamped = mara_with(2, "external_ids", json!({"ghl": "c2"}));
    let other = mara_with(2, "external_ids", json!({"ghl": "c3"}));
    for (lines, want) in [
        (vec![ok(stamped.clone())], "done"),
        (vec![stale(&edited), ok(stamped.clone())], "done"),
        (vec![stale(&stamped)], "done"),
        (vec![stale(&other)], "moved"),
        (vec![problem(410, "gone")], "gone"),
    ] {
        let script = Script::new(lines);
        let growbots = script.connector(Growbots::new);
        let got = match growbots.stamp(LANE, &seen().await, Some(&id)).await {
            Ok(Updated::Done(_)) => "done",
            Ok(Updated::Moved(_)) => "moved",
            Ok(Updated::Gone) => "gone",
            Ok(Updated::Undone { .. }) => "undone",
            Err(error) => panic!("{error:?}"),
        };
        assert_eq!(got, want);
        assert!(script.asked()[0].ends_with("\"1\" {\"external_ids\":{\"ghl\":\"c2\"}}"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_delete_is_done_only_for_what_was_seen() {
    let outreach = mara_with(2, "last_contacted_at", json!("2026-06-01T00:00:00.000Z"));
    let edited = mara_with(2, "last_name", json!("Hart"));
    for (lines, want) in [
        (vec![Line::Says(204, Json::Null)], "done"),
        (vec![problem(410, "gone")], "done"),
        (vec![stale(&outreach), Line::Says(204, Json::Null)], "done"),
        (vec![stale(&edited)], "moved"),
    ] {
        let growbots = Script::new(lines).connector(Growbots::new);
        let got = match growbots.delete(LANE, &seen().await).await {
            Ok(Deleted::Done) => "done",
            Ok(Deleted::Moved(_)) => "moved",
            Err(error) => panic!("{error:?}"),
        };
        assert_eq!(got, want);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_create_names_the_holder_or_the_fields() {
    let text = |text: &str| Value::text(text).expect("not empty");
    let new = NewRecord {
        kind: Kind::Task,
        parent: Some("ld_1".into()),
        record: Record::from_fields([(FieldName::Title, text("Call"))]),
        external_id: Some("t1".into()),
        mark: None,
        key: "k".into(),
    };
    let invalid = json!({"code": "validation_failed", "detail": "Not valid", "errors": [
        {"field": "assignee_id", "code": "reference_not_found", "detail": "no such user"}]});
    let duplicate =
        json!({"code": "duplicate", "existing_id": "tk_9", "matched_on": "external_id"});
    let script = Script::new([
        Line::Says(422, invalid),
        Line::Says(409, duplicate),
        Line::Refuses(409, vec![("retry-after", "1")]),
        Line::Says(201, json!({"id": "tk_1", "version": 1, "title": "Call"})),
    ]);
    let growbots = script.connector(Growbots::new);
    match growbots.create(LANE, &new).await {
        Err(RemoteError::Refused { fields, said, .. }) => {
            assert_eq!(fields, [FieldName::Assignee]);
            assert!(said.contains("no such user"), "{said}");
        }
        other => panic!("{other:?}"),
    }
    match growbots.create(LANE, &new).await {
        Err(RemoteError::Duplicate { holder, .. }) => assert_eq!(holder.as_str(), "tk_9"),
        other => panic!("{other:?}"),
    }
    growbots
        .create(LANE, &new)
        .await
        .expect("made after a wait");
    assert_eq!(
        script.asked()[0],
        "POST /base/v1/tasks {\"title\":\"Call\",\"lead_id\":\"ld_1\",\"external_ids\":{\"ghl\":\"t1\"}}"
    );
    assert_eq!(script.asked().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_restore_gives_the_record_or_says_that_it_must_be_made_again() {
    let problem = |status, code: &str| Line::Says(status, json!({"status": status, "code": code}));
    for (lines, want) in [
        (vec![ok(mara(3))], Some("3")),
        (vec![problem(409, "not_deleted"), ok(mara(2))], Some("2")),
        (vec![problem(404, "not_found")], None),
    ] {
        let script = Script::new(lines);
        let growbots = script.connector(Growbots::new);
        let id = RecordId::from("ld_1");
        let back = growbots.restore(LANE, Kind::Contact, &id, "in_1").await;
        let version = back.expect("no error").and_then(|record| record.version);
        assert_eq!(version.as_deref(), want);
        assert_eq!(script.asked()[0], "POST /base/v1/leads/ld_1/restore");
    }
}
