//! Broken answers of every kind: never a panic, never a value of a person in an error.

use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use couplet::clock::Clock;
use couplet::model::{FieldChange, FieldName, Kind, Lane, Millis, Record, RecordId, Value};
use couplet::remote::{
    Auth, Connector, Ghl, Growbots, HttpTransport, MemorySlots, NewRecord, PageRequest, Parts,
    Read, RemoteError, RouterTransport, Settings, Transport,
};
use couplet::secrets::Secret;
use http::{HeaderMap, Response};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value as Json, json};

use super::lab::Lab;
use super::proxy::{Answered, Asked, Between, Proxy};

const PERSON: &str = "secret@person.test";
const LANE: Lane = Lane::Operator;

fn parts(transport: Arc<dyn Transport>) -> Parts {
    Parts {
        transport,
        clock: Clock::of_runtime(Millis(1_000_000)),
        slots: Arc::new(MemorySlots::default()),
        normalise: Arc::new(|_, _, record| record),
        gate: Arc::new(|| true),
    }
}

fn settings(url: &str) -> Settings {
    Settings {
        base_url: url.parse().expect("a URL"),
        auth: Auth::bearer(Secret::new("pit-token".to_owned())),
        location: "loc".to_owned(),
        timeout: Duration::from_secs(10),
    }
}

fn new_contact() -> NewRecord {
    NewRecord {
        kind: Kind::Contact,
        parent: None,
        record: Record::from_fields([(FieldName::Email, Value::text(PERSON).expect("text"))]),
        external_id: None,
        mark: None,
        key: "in_1".into(),
    }
}

/// What an error says is one line, without the person.
fn is_readable(error: &RemoteError) {
    let said = error.to_string();
    assert!(!said.contains("person"), "{said}");
    assert!(
        said.len() < 500 && !said.chars().any(char::is_control),
        "{said}"
    );
}

/// Asks everything of a side that always gives this answer.
async fn ask_everything(side: &dyn Connector) {
    let (id, parent) = (RecordId::from("x"), RecordId::from("p"));
    let tell = |error: Option<RemoteError>| error.iter().for_each(is_readable);
    tell(side.setup(LANE).await.err());
    tell(side.changes(LANE, Some("c")).await.err());
    tell(side.holders(LANE, Some(PERSON), None).await.err());
    tell(side.create(LANE, &new_contact()).await.err());
    for kind in Kind::ALL {
        for read in [Read::All, Read::Since(Millis(5)), Read::Open] {
            let request = PageRequest {
                kind,
                read,
                after: None,
            };
            tell(side.page(LANE, &request).await.err());
        }
        tell(side.get(LANE, kind, Some(&parent), &id).await.err());
        if kind.is_child() {
            tell(side.children(LANE, kind, &parent).await.err());
        }
    }
    if let Ok(seen) = side.create(LANE, &new_contact()).await {
        let change = FieldChange {
            field: FieldName::City,
            from: seen.record.get(&FieldName::City).cloned(),
            to: Value::text("X"),
        };
        tell(side.update(LANE, &seen, &[change], "in_2").await.err());
        tell(side.delete(LANE, &seen).await.err());
    }
}

/// Something like an answer of either side, with a hole where anything can stand.
fn shape(hole: &Json) -> impl Strategy<Value = Json> + use<> {
    let record = json!({"id": "x", "version": 1, "email": PERSON, "firstName": hole, "tags": hole,
        "customFields": hole, "custom_fields": hole, "address": hole, "dateUpdated": hole,
        "external_ids": {"ghl": hole}, "searchAfter": hole, "dueDate": hole, "updated_at": hole});
    // What a server says in its own words is shown, but for addresses and numbers.
    let words = if hole.to_string().contains(PERSON) {
        json!("odd")
    } else {
        hole.clone()
    };
    let all = [
        hole.clone(),
        record.clone(),
        json!({"contact": record, "task": hole, "note": hole, "business": record, "event": record}),
        json!({"contacts": [record, hole], "tasks": hole, "total": hole, "meta": hole}),
        json!({"contacts": [record], "notes": [record], "events": [hole], "businesses": [hole]}),
        json!({"contacts": hole, "users": hole, "location": {"companyId": hole}}),
        json!({"data": [record, hole], "page": hole}),
        json!({"data": [{"kind": "leads", "id": hole, "op": hole, "record": hole}],
            "page": {"next_cursor": hole, "has_more": false}}),
        json!({"message": words, "code": words, "errors": [words], "meta": {"contactId": words},
            "current": record, "tombstone": hole, "existing_id": words, "detail": words}),
    ];
    prop::sample::select(all.to_vec())
}

fn hole() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        ".{0,12}".prop_map(Json::from),
        Just(json!(PERSON)),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Json::from),
            prop::collection::btree_map("id|value|[a-z]{1,4}", inner, 0..3)
                .prop_map(|map| json!(map)),
        ]
    })
}

/// A body: such JSON whole or cut, deep nesting, bytes of no meaning, a page of HTML.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let json = hole()
        .prop_flat_map(|hole| shape(&hole))
        .prop_map(|json| json.to_string())
        .boxed();
    prop_oneof![
        4 => json.clone().prop_map(String::into_bytes),
        2 => (json, any::<prop::sample::Index>()).prop_map(|(text, at)| {
            let bytes = text.into_bytes();
            let cut = at.index(bytes.len() + 1);
            bytes[..cut].to_vec()
        }),
        1 => Just([vec![b'['; 20_000], vec![b']'; 20_000]].concat()),
        1 => Just(br#"{"a":"#.repeat(5_000)),
        1 => prop::collection::vec(any::<u8>(), 0..64),
        1 => Just(format!("<html>\u{1b}[31m{PERSON}</html>").into_bytes()),
    ]
}

/// The same cases on each run, unless `PROPTEST_RNG_SEED` or `PROPTEST_CASES` asks for others.
fn config() -> ProptestConfig {
    let asked = |name: &str| std::env::var_os(name).is_some();
    let standard = ProptestConfig {
        failure_persistence: None,
        ..Default::default()
    };
    ProptestConfig {
        cases: if asked("PROPTEST_CASES") {
            standard.cases
        } else {
            96
        },
        rng_seed: if asked("PROPTEST_RNG_SEED") {
            standard.rng_seed
        } else {
            RngSeed::Fixed(1)
        },
        ..standard
    }
}

proptest! {
    #![proptest_config(config())]
    #[test]
    fn no_answer_makes_a_connector_panic_or_tell_of_a_person(
        status in prop::sample::select(vec![200_u16, 201, 204, 207, 400, 401, 403, 404, 409, 410, 412, 422]),
        body in body(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all().start_paused(true).build().expect("a runtime");
        runtime.block_on(async {
            let service = tower::service_fn(move |_: http::Request<Body>| {
                let answer = Response::builder().status(status).body(Body::from(body.clone()));
                async move { Ok::<_, std::convert::Infallible>(answer.expect("valid")) }
            });
            let transport: Arc<dyn Transport> = Arc::new(RouterTransport::new(service));
            let ghl = Ghl::new(settings("http://side.test"), parts(Arc::clone(&transport)));
            let growbots = Growbots::new(settings("http://side.test"), parts(transport));
            // An answer that always has a next page makes a listing that never ends: the caller's to stop.
            for side in [&ghl as &dyn Connector, &growbots] {
                let ended = tokio::time::timeout(Duration::from_hours(1), ask_everything(side));
                drop(ended.await);
            }
        });
    }
}

/// Always the same answer.
struct Broken(Mutex<(HeaderMap, Vec<u8>)>);

impl Between for Broken {
    fn answer(&self, _: &Asked, answered: &mut Answered) {
        let (headers, body) = &*self.0.lock().expect("one at a time");
        answered.status = 200;
        answered.headers = headers.clone();
        answered.body.clone_from(body);
    }
}

/// So many zeros, compressed.
fn bomb(bytes: usize) -> Vec<u8> {
    let script = format!("head -c {bytes} /dev/zero | gzip -9");
    let made = Command::new("sh").args(["-c", &script]).output();
    made.expect("gzip is there").stdout
}

#[test]
fn bodies_that_are_too_large_or_in_the_wrong_encoding_end_as_readable_errors() {
    let lab = Lab::quick(1, 1);
    let utf16 = format!("{{\"contact\":{{\"email\":\"{PERSON}\"}}}}");
    let utf16 = utf16.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let gzip = || {
        HeaderMap::from_iter([(
            "content-encoding".parse().expect("a name"),
            "gzip".parse().expect("a value"),
        )])
    };
    for (name, headers, body) in [
        ("50 MB", HeaderMap::new(), vec![b' '; 50 << 20]),
        (
            "50 MB in one text",
            HeaderMap::new(),
            [b"\"".to_vec(), vec![b'x'; 50 << 20]].concat(),
        ),
        ("a gzip bomb", gzip(), bomb(1 << 30)),
        ("gzip that is none", gzip(), b"{}".to_vec()),
        ("UTF-16", HeaderMap::new(), utf16),
        (
            "no UTF-8",
            HeaderMap::new(),
            b"{\"contact\":{\"email\":\"\xff\xfe\"}}".to_vec(),
        ),
        (
            "HTML",
            HeaderMap::new(),
            format!("<h1>{PERSON}\u{7}</h1>").into_bytes(),
        ),
    ] {
        let broken = Arc::new(Broken(Mutex::new((headers, body))));
        let proxy = Proxy::before(&lab.env()["COUPLET_GHL_URL"], broken);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(async {
            let http = || Arc::new(HttpTransport::new(Duration::from_secs(10)).expect("a client"));
            let ghl = Ghl::new(settings(&proxy.url), parts(http()));
            let growbots = Growbots::new(settings(&proxy.url), parts(http()));
            for side in [&ghl as &dyn Connector, &growbots] {
                let made = side.create(LANE, &new_contact()).await;
                let error = made.expect_err(name);
                is_readable(&error);
                let may = matches!(error.class(), couplet::remote::Class::Unknown { .. });
                assert!(may, "{name}: a write may have been done: {error}");
            }
        });
    }
}
