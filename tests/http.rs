//! Both connectors against the sandbox over real sockets: every call, with the limit off.

use std::{future::Future, net::SocketAddr, sync::Arc, time::Duration};

use couplet::{
    clock::Clock,
    merge::normalise,
    model::{FieldChange, FieldName, Kind, Lane, Millis, Record, RecordId, Side, Snapshot, Value},
    remote::{
        Auth, Connector, Deleted, Found, Ghl, Growbots, HttpTransport, MemorySlots, NewRecord,
        Page, PageRequest, Parts, Read, RemoteError, Settings, Updated,
    },
    sandbox::{self, Sandbox},
    secrets::Secret,
};
use serde_json::json;
use tokio::net::TcpListener;

const LANE: Lane = Lane::Operator;

struct Bench {
    ghl: Ghl,
    growbots: Growbots,
    control: String,
    location: String,
    addr: SocketAddr,
}

impl Bench {
    fn both(&self) -> [&dyn Connector; 2] {
        [&self.ghl, &self.growbots]
    }

    async fn faults(&self, faults: serde_json::Value) {
        let url = format!("{}/faults", self.control);
        let answer = reqwest::Client::new().put(url).json(&faults).send().await;
        assert!(answer.expect("the sandbox").status().is_success());
    }
}

/// A sandbox with 40 people, served on loopback while `test` runs.
fn bench<F: Future<Output = ()>>(test: impl FnOnce(Bench) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let clock = Clock::system();
        let sandbox = Sandbox::new(sandbox::Settings {
            seed: 7,
            contacts: 40,
            limit: sandbox::LimitSpec::Off,
            lag_ms: 0,
            faults: None,
            clock: clock.clone(),
        })
        .expect("a sandbox");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let addr = listener.local_addr().expect("bound");
        let hello = sandbox.hello(addr);
        let text = |key: &str| hello[key].as_str().expect(key).to_owned();
        let transport = HttpTransport::new(Duration::from_secs(10)).expect("a client");
        let parts = Parts {
            transport: Arc::new(transport),
            clock,
            slots: Arc::new(MemorySlots::default()),
            normalise: Arc::new(normalise::record),
            gate: Arc::new(|| true),
        };
        let settings = |side: &str| Settings {
            base_url: text(side).parse().expect("a URL"),
            auth: Auth::bearer(Secret::new(text(&format!("{side}_token")))),
            location: text("location_id"),
            timeout: Duration::from_secs(10),
        };
        let bench = Bench {
            ghl: Ghl::new(settings("ghl"), parts.clone()),
            growbots: Growbots::new(settings("growbots"), parts),
            control: text("control"),
            location: text("location_id"),
            addr,
        };
        let served =
            tokio::spawn(async move { sandbox.serve(listener, std::future::pending()).await });
        for side in bench.both() {
            side.setup(LANE).await.expect("a setup");
        }
        test(bench).await;
        served.abort();
    });
}

async fn page(side: &dyn Connector, kind: Kind, read: Read) -> Page {
    let request = PageRequest {
        kind,
        read,
        after: None,
    };
    let page = side.page(LANE, &request).await;
    page.unwrap_or_else(|error| panic!("{} {kind}: {error:?}", side.side()))
}

fn record(fields: &[(FieldName, &str)]) -> Record {
    Record::from_fields(fields.iter().map(|(field, text)| {
        let value = Value::parse(field.ty(), text).expect("a value");
        (field.clone(), value.expect("not empty"))
    }))
}

fn new(kind: Kind, parent: Option<&Snapshot>, fields: &[(FieldName, &str)]) -> NewRecord {
    NewRecord {
        kind,
        parent: parent.map(|parent| parent.id.clone()),
        record: record(fields),
        external_id: None,
        mark: None,
        key: format!("key-{kind}"),
    }
}

fn contact(email: &str) -> NewRecord {
    new(
        Kind::Contact,
        None,
        &[
            (FieldName::FirstName, "Ida"),
            (FieldName::LastName, "Quill"),
            (FieldName::Email, email),
            (FieldName::Phone, "+12025550177"),
            (FieldName::Company, "Quillworks"),
            (FieldName::City, "Bonn"),
            (FieldName::PostalCode, "53111"),
            (FieldName::Country, "DE"),
            (FieldName::Tags, "vip, newsletter"),
        ],
    )
}

fn change(seen: &Snapshot, field: FieldName, to: &str) -> FieldChange {
    FieldChange {
        from: seen.record.get(&field).cloned(),
        to: Value::parse(field.ty(), to).expect("a value"),
        field,
    }
}

async fn get(side: &dyn Connector, of: &Snapshot) -> Found {
    let found = side.get(LANE, of.kind, of.parent.as_ref(), &of.id).await;
    found.unwrap_or_else(|error| panic!("{} {}: {error:?}", side.side(), of.kind))
}

async fn update(side: &dyn Connector, seen: &Snapshot, changes: &[FieldChange]) -> Snapshot {
    match side.update(LANE, seen, changes, "key-update").await {
        Ok(Updated::Done(after)) => after,
        other => panic!("{} {}: {other:?}", side.side(), seen.kind),
    }
}

#[test]
fn the_setup_tells_who_and_where() {
    bench(|bench| async move {
        for side in bench.both() {
            let setup = side.setup(LANE).await.expect("a setup");
            assert!(!setup.name.is_empty() && !setup.time_zone.is_empty());
            assert!(setup.users.iter().all(|user| user.email.contains('@')));
            assert!(!setup.users.is_empty());
        }
        assert!(bench.growbots.has_changes());
        assert!(!bench.ghl.has_changes());
    });
}

#[test]
fn a_listing_gives_everyone_as_a_read_by_id_does() {
    bench(|bench| async move {
        for side in bench.both() {
            let all = page(side, Kind::Contact, Read::All).await;
            assert!(all.rows.len() >= 20, "{}", all.rows.len());
            assert_eq!(all.next, None);
            let since = page(side, Kind::Contact, Read::Since(Millis(0))).await;
            assert_eq!(since.rows.len(), all.rows.len());
            for row in &all.rows {
                assert!(row.complete, "{}: {}", side.side(), row.snapshot.raw);
                let Found::Live(by_id) = get(side, &row.snapshot).await else {
                    panic!("listed, but not there")
                };
                assert_eq!(by_id.record, row.snapshot.record);
                assert_eq!(by_id.updated_at, row.snapshot.updated_at);
            }
        }
    });
}

#[test]
fn tasks_and_businesses_are_listed_and_children_are_read() {
    bench(|bench| async move {
        for side in bench.both() {
            let all = page(side, Kind::Task, Read::All).await;
            let open = page(side, Kind::Task, Read::Open).await;
            assert!(!open.rows.is_empty() && open.rows.len() < all.rows.len());
            let done = |row: &couplet::remote::Row| row.snapshot.record.is(&FieldName::Completed);
            assert!(!open.rows.iter().any(done));
            let task = &open.rows[0].snapshot;
            let parent = task.parent.as_ref().expect("a task has a contact");
            for kind in [Kind::Task, Kind::Note, Kind::Appointment] {
                let children = side.children(LANE, kind, parent).await.expect("a list");
                let children = children.expect("the contact is there");
                if kind == Kind::Task {
                    let same = children.iter().find(|child| child.id == task.id);
                    assert_eq!(same.expect("listed").record, task.record);
                }
                for child in &children {
                    assert_eq!(child.parent.as_ref(), Some(parent));
                    assert!(matches!(get(side, child).await, Found::Live(_)));
                }
            }
            let businesses = page(side, Kind::Business, Read::All).await;
            for row in &businesses.rows {
                assert!(matches!(get(side, &row.snapshot).await, Found::Live(_)));
            }
        }
        let nobody = RecordId::from("zzzzzzzzzzzzzzzzzzzz");
        let none = bench.ghl.children(LANE, Kind::Note, &nobody).await;
        assert_eq!(none.expect("an answer"), None);
    });
}

#[test]
fn a_contact_is_made_found_changed_and_deleted() {
    bench(|bench| async move {
        for side in bench.both() {
            let made = side.create(LANE, &contact("ida@quill.example")).await;
            let made = made.expect("made");
            assert_eq!(made.record.text(&FieldName::Company), "Quillworks");
            assert_eq!(made.record.text(&FieldName::City), "Bonn");
            let holders = side.holders(LANE, Some("ida@quill.example"), Some("+12025550177"));
            let holders = holders.await.expect("a list");
            assert_eq!(holders.len(), 1);
            assert_eq!(holders[0].id, made.id);

            let mut again = contact("IDA@quill.example");
            again.key = "another".into();
            match side.create(LANE, &again).await {
                Err(RemoteError::Duplicate { holder, field, .. }) => {
                    assert_eq!((holder, field), (made.id.clone(), FieldName::Email));
                }
                other => panic!("{other:?}"),
            }

            let owner = side.setup(LANE).await.expect("a setup").users[0]
                .email
                .clone();
            let after = update(
                side,
                &made,
                &[
                    change(&made, FieldName::City, "Graz"),
                    change(&made, FieldName::FirstName, ""),
                    change(&made, FieldName::Owner, &owner),
                    change(&made, FieldName::DoNotContact, "yes"),
                    change(&made, FieldName::Tags, "vip, won"),
                ],
            )
            .await;
            assert_eq!(after.record.text(&FieldName::City), "Graz");
            assert_eq!(after.record.text(&FieldName::FirstName), "");
            assert_eq!(after.record.text(&FieldName::Owner), owner);
            assert!(after.record.is(&FieldName::DoNotContact));
            assert_eq!(
                after.record.get(&FieldName::Tags),
                Value::set(["vip", "won"]).as_ref()
            );
            assert_eq!(after.record.text(&FieldName::PostalCode), "53111");

            // The snapshot from before is overtaken.
            let stale = [change(&made, FieldName::City, "Wien")];
            let moved = side.update(LANE, &made, &stale, "key-stale").await;
            assert!(matches!(moved, Ok(Updated::Moved(_))), "{moved:?}");
            let moved = side.delete(LANE, &made).await;
            assert!(matches!(moved, Ok(Deleted::Moved(_))), "{moved:?}");

            for _ in 0..2 {
                let gone = side.delete(LANE, &after).await;
                assert!(matches!(gone, Ok(Deleted::Done)), "{gone:?}");
            }
            match (side.side(), get(side, &after).await) {
                (Side::Ghl, Found::Missing) | (Side::Growbots, Found::Gone { .. }) => {}
                other => panic!("{other:?}"),
            }
            let gone = [change(&after, FieldName::City, "Bonn")];
            let gone = side.update(LANE, &after, &gone, "key-gone").await;
            assert!(matches!(gone, Ok(Updated::Gone)), "{gone:?}");
        }
    });
}

#[test]
fn children_are_made_changed_and_deleted() {
    bench(|bench| async move {
        for side in bench.both() {
            let parent = side.create(LANE, &contact("ida@quill.example")).await;
            let parent = parent.expect("made");
            let task = new(
                Kind::Task,
                Some(&parent),
                &[
                    (FieldName::Title, "Call"),
                    (FieldName::Body, "ask for the number"),
                    (FieldName::DueAt, "2026-06-20T15:00:00Z"),
                ],
            );
            let made = side.create(LANE, &task).await.expect("made");
            assert_eq!(made.record, task.record);
            assert_eq!(made.parent.as_ref(), Some(&parent.id));
            let done = update(side, &made, &[change(&made, FieldName::Completed, "yes")]).await;
            assert!(done.record.is(&FieldName::Completed));
            let both = [
                change(&done, FieldName::Completed, "no"),
                change(&done, FieldName::Title, "Call again"),
                change(&done, FieldName::Body, ""),
            ];
            let open = update(side, &done, &both).await;
            assert!(!open.record.is(&FieldName::Completed));
            assert_eq!(open.record.text(&FieldName::Title), "Call again");
            assert_eq!(open.record.get(&FieldName::Body), None);
            let gone = side.delete(LANE, &open).await.expect("deleted");
            assert_eq!(gone, Deleted::Done);

            let note = new(
                Kind::Note,
                Some(&parent),
                &[(FieldName::Body, "Met at booth 14")],
            );
            let made = side.create(LANE, &note).await.expect("made");
            assert_eq!(made.record, note.record);
            let text = [change(&made, FieldName::Body, "Met\nat booth 15")];
            let after = update(side, &made, &text).await;
            assert_eq!(after.record.text(&FieldName::Body), "Met\nat booth 15");
            let pinned = update(side, &after, &[change(&after, FieldName::Pinned, "yes")]).await;
            assert!(pinned.record.is(&FieldName::Pinned));
            assert_eq!(pinned.record.text(&FieldName::Body), "Met\nat booth 15");
            let gone = side.delete(LANE, &pinned).await.expect("deleted");
            assert_eq!(gone, Deleted::Done);
        }
    });
}

#[test]
fn meetings_and_companies_are_made_in_growbots() {
    bench(|bench| async move {
        let side = &bench.growbots;
        let parent = side.create(LANE, &contact("ida@quill.example")).await;
        let meeting = new(
            Kind::Appointment,
            Some(&parent.expect("made")),
            &[
                (FieldName::Title, "Intro"),
                (FieldName::StartsAt, "2026-06-22T16:00:00Z"),
                (FieldName::EndsAt, "2026-06-22T16:30:00Z"),
                (FieldName::Status, "confirmed"),
                (FieldName::Location, "room 1"),
            ],
        );
        let made = side.create(LANE, &meeting).await.expect("made");
        assert_eq!(made.record, meeting.record);
        let company = new(
            Kind::Business,
            None,
            &[(FieldName::Name, "Quillworks"), (FieldName::City, "Bonn")],
        );
        let made = side.create(LANE, &company).await.expect("made");
        assert_eq!(made.record, company.record);
    });
}

#[test]
fn a_stamp_is_seen_and_a_create_with_a_used_key_gives_the_same_record() {
    bench(|bench| async move {
        let side = &bench.growbots;
        let made = side.create(LANE, &contact("ida@quill.example")).await;
        let made = made.expect("made");
        let again = side.create(LANE, &contact("ida@quill.example")).await;
        assert_eq!(again.expect("replayed").id, made.id);
        let id = RecordId::from("ghl-1");
        let mut seen = made.clone();
        for stamp in [Some(&id), None] {
            match side.stamp(LANE, &seen, stamp).await {
                Ok(Updated::Done(after)) => seen = after,
                other => panic!("{other:?}"),
            }
            assert_eq!(seen.external_id.as_ref(), stamp);
        }
        // A snapshot from before another stamp is overtaken.
        let stamped = side.stamp(LANE, &seen, Some(&id)).await;
        assert!(matches!(stamped, Ok(Updated::Done(_))), "{stamped:?}");
        let other = RecordId::from("ghl-2");
        let moved = side.stamp(LANE, &seen, Some(&other)).await;
        assert!(matches!(moved, Ok(Updated::Moved(_))), "{moved:?}");
    });
}

#[test]
fn the_feed_tells_of_each_change_and_delete() {
    bench(|bench| async move {
        let side = &bench.growbots;
        let start = side.changes(LANE, None).await.expect("a cursor");
        assert!(start.changes.is_empty());
        let made = side.create(LANE, &contact("ida@quill.example")).await;
        let made = made.expect("made");
        let after = side.changes(LANE, Some(&start.next)).await.expect("a page");
        let [(Kind::Contact, id, Found::Live(seen))] = after.changes.as_slice() else {
            panic!("{:?}", after.changes)
        };
        assert_eq!((id, &seen.record), (&made.id, &made.record));
        side.delete(LANE, &made).await.expect("deleted");
        let after = side.changes(LANE, Some(&after.next)).await.expect("a page");
        assert!(matches!(
            after.changes.as_slice(),
            [(Kind::Contact, _, Found::Gone { .. })]
        ));
        let bad = side.changes(LANE, Some("no such cursor")).await;
        assert!(
            matches!(bad, Err(RemoteError::CursorExpired { .. })),
            "{bad:?}"
        );
    });
}

#[test]
fn a_lost_answer_to_a_write_is_told_and_a_failed_read_is_made_again() {
    bench(|bench| async move {
        let dropped = json!({"drop_response": 1.0, "next": 1});
        for side in bench.both() {
            bench.faults(json!({side.side().name(): dropped})).await;
            let made = side.create(LANE, &contact("ida@quill.example")).await;
            match made {
                Err(RemoteError::Lost { write, closed, .. }) => assert!(write && closed),
                other => panic!("{}: {other:?}", side.side()),
            }
            let holders = side.holders(LANE, Some("ida@quill.example"), None).await;
            assert_eq!(holders.expect("a list").len(), 1, "it was applied");
        }
        for fault in ["http_500", "reset", "truncate_body", "malformed_json"] {
            for side in bench.both() {
                bench
                    .faults(json!({side.side().name(): {fault: 1.0, "next": 1}}))
                    .await;
                let all = page(side, Kind::Contact, Read::All).await;
                assert!(!all.rows.is_empty(), "{fault}");
            }
        }
    });
}

#[test]
fn a_wrong_key_or_place_is_told_apart_from_a_missing_record() {
    bench(|bench| async move {
        let connect = |token: &str, location: &str| {
            let settings = Settings {
                base_url: format!("http://{}/ghl", bench.addr).parse().expect("a URL"),
                auth: Auth::bearer(Secret::new(token.to_owned())),
                location: location.to_owned(),
                timeout: Duration::from_secs(10),
            };
            let transport = HttpTransport::new(Duration::from_secs(10)).expect("a client");
            Ghl::new(
                settings,
                Parts {
                    transport: Arc::new(transport),
                    clock: Clock::system(),
                    slots: Arc::new(MemorySlots::default()),
                    normalise: Arc::new(normalise::record),
                    gate: Arc::new(|| true),
                },
            )
        };
        let refused = connect("pit-none", &bench.location).setup(LANE).await;
        let error = refused.expect_err("a wrong key");
        assert!(
            matches!(error, RemoteError::Unauthorised { .. }),
            "{error:?}"
        );
        let nobody = RecordId::from("zzzzzzzzzzzzzzzzzzzz");
        for side in bench.both() {
            let found = side.get(LANE, Kind::Contact, None, &nobody).await;
            assert_eq!(found.expect("an answer"), Found::Missing);
        }
    });
}
