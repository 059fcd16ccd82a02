//! Deliveries signed by keys made here, through the whole router and into a real database.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http_body_util::BodyExt as _;
use proptest::prelude::Strategy as _;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::*;
use crate::model::{CallEnd, Happened, Kind, Millis};
use crate::store::Writer;

const NOW: i64 = 1_781_260_000_000;
const SECRET: &[u8; 32] = b"0123456789abcdef0123456789abcdef";

struct Lab {
    router: Router,
    key: Ed25519KeyPair,
    database: PathBuf,
    clock: Clock,
    _folder: TempDir,
}

impl Lab {
    fn new() -> Self {
        Self::of(&format!("whsec_{}", BASE64_STANDARD.encode(SECRET)))
    }

    /// One whose Growbots signs with this secret.
    fn of(secret: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let database = folder.path().join("d.db");
        let clock = Clock::manual(Millis(NOW));
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let key = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
        // The fixed head of an Ed25519 `SubjectPublicKeyInfo`.
        let mut info = vec![
            0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
        ];
        info.extend_from_slice(key.public_key().as_ref());
        let pem = format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            BASE64_STANDARD.encode(info)
        );
        let (mut ghl, mut growbots) = (GhlReceivers::default(), GrowbotsReceivers::default());
        ghl.add(0, GhlWebhooks::new(&pem, None, "loc1").unwrap());
        growbots.add(0, GrowbotsWebhooks::new(secret).unwrap());
        let face = Face {
            clock: clock.clone(),
            workspaces: vec![Workspace {
                name: "default".into(),
                database: database.clone(),
                inbox: Inbox::new(database.clone(), clock.clone()),
            }],
            ghl,
            growbots,
        };
        Self {
            router: router(face),
            key,
            database,
            clock,
            _folder: folder,
        }
    }

    async fn send(
        &self,
        path: &str,
        headers: &[(&str, String)],
        body: impl Into<Body>,
    ) -> (StatusCode, String) {
        let mut request = Request::post(path);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.body(body.into()).unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (
            status,
            String::from_utf8(body.to_vec()).unwrap().trim().to_owned(),
        )
    }

    async fn ghl(&self, body: &str) -> (StatusCode, String) {
        let signature = BASE64_STANDARD.encode(self.key.sign(body.as_bytes()));
        self.send(
            "/webhooks/ghl",
            &[("x-ghl-signature", signature)],
            body.to_owned(),
        )
        .await
    }

    async fn growbots(&self, at: i64, body: &str) -> (StatusCode, String) {
        self.send(
            "/webhooks/growbots",
            &growbots_headers("msg_1", at, body),
            body.to_owned(),
        )
        .await
    }

    fn hints(&self) -> Vec<Hint> {
        let writer = Writer::open(&self.database, &self.clock).unwrap();
        writer
            .pending_hints(100)
            .unwrap()
            .into_iter()
            .map(|(_, hint)| hint)
            .collect()
    }
}

fn growbots_headers(id: &str, at: i64, body: &str) -> [(&'static str, String); 3] {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET);
    let tag = ring::hmac::sign(&key, format!("{id}.{at}.{body}").as_bytes());
    [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", at.to_string()),
        (
            "webhook-signature",
            format!("v1,bm8= v1,{}", BASE64_STANDARD.encode(tag)),
        ),
    ]
}

fn contact(changes: &Value) -> String {
    let mut event = json!({
        "type": "ContactUpdate", "locationId": "loc1", "webhookId": "w1",
        "timestamp": "2026-06-12T10:20:00.000Z", "id": "c1", "firstName": "Marta",
    });
    for (name, value) in changes.as_object().unwrap() {
        event[name] = value.clone();
    }
    event.to_string()
}

#[tokio::test]
async fn a_signed_event_is_stored_once_before_it_is_answered() {
    let lab = Lab::new();
    assert_eq!(
        lab.ghl(&contact(&json!({}))).await,
        (StatusCode::OK, "stored".into())
    );
    assert_eq!(
        lab.ghl(&contact(&json!({}))).await,
        (StatusCode::OK, "repeated".into())
    );
    let hints = lab.hints();
    assert_eq!(hints.len(), 1);
    assert_eq!(
        (hints[0].kind, hints[0].id.as_str(), hints[0].what),
        (Kind::Contact, "c1", Happened::Moved)
    );
}

#[tokio::test]
async fn each_event_of_ghl_says_which_record_to_look_at() {
    for (event, want) in [
        (
            json!({"type": "ContactDelete"}),
            Some((Kind::Contact, "c1", None, Happened::Moved)),
        ),
        (
            json!({"type": "TaskCreate", "id": "t1"}),
            Some((Kind::Task, "t1", None, Happened::Moved)),
        ),
        (
            json!({"type": "NoteUpdate", "id": "n1", "contactId": "c9"}),
            Some((Kind::Note, "n1", Some("c9"), Happened::Moved)),
        ),
        (
            json!({"type": "AppointmentUpdate", "appointment": {"id": "a1", "contactId": "c9"}}),
            Some((Kind::Appointment, "a1", Some("c9"), Happened::Moved)),
        ),
        (
            json!({"type": "InboundMessage", "messageType": "CALL", "direction": "inbound", "contactId": "c9", "status": "voicemail"}),
            Some((
                Kind::Contact,
                "c9",
                None,
                Happened::Called(CallEnd::Voicemail),
            )),
        ),
        (
            json!({"type": "OutboundMessage", "messageType": "CALL", "direction": "inbound", "contactId": "c9", "status": "completed", "callStatus": "completed"}),
            Some((
                Kind::Contact,
                "c9",
                None,
                Happened::Called(CallEnd::Answered),
            )),
        ),
        (
            json!({"type": "InboundMessage", "messageType": "CALL", "direction": "inbound", "contactId": "c9", "callStatus": "no-answer"}),
            Some((Kind::Contact, "c9", None, Happened::Called(CallEnd::Missed))),
        ),
        (
            json!({"type": "OutboundMessage", "messageType": "CALL", "direction": "outbound", "contactId": "c9"}),
            None,
        ),
        (json!({"type": "OpportunityCreate"}), None),
    ] {
        let lab = Lab::new();
        let (status, _) = lab.ghl(&contact(&event)).await;
        assert_eq!(status, StatusCode::OK, "{event}");
        let hints = lab.hints();
        let got = hints.first().map(|hint| {
            (
                hint.kind,
                hint.id.as_str(),
                hint.parent.as_ref().map(crate::model::RecordId::as_str),
                hint.what,
            )
        });
        assert_eq!(got, want, "{event}");
    }
}

#[tokio::test]
async fn what_is_forged_stale_foreign_or_shapeless_is_refused_and_counted() {
    let lab = Lab::new();
    let good = contact(&json!({}));
    let signature = BASE64_STANDARD.encode(lab.key.sign(good.as_bytes()));
    let unsigned = lab.send("/webhooks/ghl", &[], good.clone()).await;
    assert_eq!(unsigned, (StatusCode::UNAUTHORIZED, "unsigned".into()));
    let not_signed = lab
        .send(
            "/webhooks/ghl",
            &[("x-ghl-signature", "N/A".into())],
            good.clone(),
        )
        .await;
    assert_eq!(not_signed.1, "unsigned");
    // the older signature is behind a switch
    let older = lab
        .send(
            "/webhooks/ghl",
            &[("x-wh-signature", signature.clone())],
            good.clone(),
        )
        .await;
    assert_eq!(older.1, "unsigned");
    let changed = lab
        .send(
            "/webhooks/ghl",
            &[("x-ghl-signature", signature)],
            good.replace("c1", "c2"),
        )
        .await;
    assert_eq!(changed, (StatusCode::UNAUTHORIZED, "bad_signature".into()));
    for (event, want) in [
        (
            json!({"locationId": "loc2"}),
            (StatusCode::FORBIDDEN, "wrong_location"),
        ),
        (
            json!({"timestamp": "2026-06-12T07:00:00.000Z"}),
            (StatusCode::UNAUTHORIZED, "stale"),
        ),
        (
            json!({"timestamp": "soon"}),
            (StatusCode::UNPROCESSABLE_ENTITY, "wrong_shape"),
        ),
        (
            json!({"type": null}),
            (StatusCode::UNPROCESSABLE_ENTITY, "wrong_shape"),
        ),
        (
            json!({"id": ""}),
            (StatusCode::UNPROCESSABLE_ENTITY, "wrong_shape"),
        ),
    ] {
        let (status, said) = lab.ghl(&contact(&event)).await;
        assert_eq!((status, &*said), want, "{event}");
    }
    assert_eq!(lab.ghl("[").await.1, "wrong_shape");
    let long = lab.ghl(&" ".repeat(10 * 1024 * 1024)).await;
    assert_eq!(long, (StatusCode::PAYLOAD_TOO_LARGE, "too_large".into()));
    assert!(lab.hints().is_empty());
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let page = lab.router.clone().oneshot(request).await.unwrap();
    let page = String::from_utf8(
        page.into_body()
            .collect()
            .await
            .unwrap()
            .to_bytes()
            .to_vec(),
    )
    .unwrap();
    let line =
        r#"couplet_webhook_deliveries_total{workspace="",side="ghl",result="bad_signature"} 1"#;
    assert!(page.contains(line), "{page}");
}

#[tokio::test]
async fn a_standard_webhook_is_taken_and_its_stale_forged_and_cut_forms_are_not() {
    let lab = Lab::new();
    let body = json!({"type": "task.completed", "timestamp": "2026-06-12T10:20:00Z",
        "data": {"kind": "tasks", "id": "tk_1", "version": 3, "record": {"lead_id": "ld_1"}, "changed": ["completed"]}})
    .to_string();
    let now = NOW / 1000;
    for at in [now - 301, now + 301] {
        assert_eq!(
            lab.growbots(at, &body).await,
            (StatusCode::UNAUTHORIZED, "stale".into())
        );
    }
    let mut cut = body.clone();
    cut.pop();
    let headers = growbots_headers("msg_1", now, &body);
    assert_eq!(
        lab.send("/webhooks/growbots", &headers, cut).await.1,
        "bad_signature"
    );
    let mut other = headers.clone();
    other[0].1 = "msg_2".into();
    assert_eq!(
        lab.send("/webhooks/growbots", &other, body.clone()).await.1,
        "bad_signature"
    );
    assert_eq!(
        lab.growbots(now, &body).await,
        (StatusCode::OK, "stored".into())
    );
    assert_eq!(
        lab.growbots(now + 5, &body).await,
        (StatusCode::OK, "repeated".into())
    );
    let hints = lab.hints();
    assert_eq!(hints.len(), 1);
    assert_eq!((hints[0].kind, hints[0].id.as_str()), (Kind::Task, "tk_1"));
    let ping = json!({"type": "ping"}).to_string();
    assert_eq!(
        lab.growbots(now, &ping).await,
        (StatusCode::OK, "ignored".into())
    );
}

/// Signed by the npm and the PyPI package `standardwebhooks`: `tests/clients/README.md`.
#[tokio::test]
async fn what_somebody_elses_library_signed_is_taken_once_and_its_bad_forms_are_not() {
    let cases: Value =
        serde_json::from_str(include_str!("../../tests/clients/standard_webhooks.json")).unwrap();
    for case in cases.as_array().unwrap() {
        let text = |key: &str| case[key].as_str().unwrap().to_owned();
        let (body, at) = (text("body"), case["at"].as_i64().unwrap());
        let lab = Lab::of(&text("secret"));
        let headers = |id: String, at: i64, signature: String| {
            [
                ("webhook-id", id),
                ("webhook-timestamp", at.to_string()),
                ("webhook-signature", signature),
            ]
        };
        let good = headers(text("id"), at, text("signature"));
        let cut: String = body.chars().take(body.chars().count() - 1).collect();
        let forged = text("signature").replace(['A', 'g', '9'], "B");
        let old = headers(text("id"), at - 601, text("signature"));
        for (what, headers, body, want) in [
            ("cut", good.clone(), &cut, "bad_signature"),
            (
                "forged",
                headers(text("id"), at, forged),
                &body,
                "bad_signature",
            ),
            (
                "another id",
                headers("msg_x".into(), at, text("signature")),
                &body,
                "bad_signature",
            ),
            ("another time", old, &body, "bad_signature"),
            ("good", good.clone(), &body, "stored"),
            ("again", good.clone(), &body, "repeated"),
        ] {
            let (_, said) = lab.send("/webhooks/growbots", &headers, body.clone()).await;
            assert_eq!(said, want, "{what}: {case}");
        }
        // The same signature later is no good either.
        let late = Lab::of(&text("secret"));
        late.clock.advance(601_000);
        let (status, said) = late.send("/webhooks/growbots", &good, body.clone()).await;
        assert_eq!(
            (status, &*said),
            (StatusCode::UNAUTHORIZED, "stale"),
            "{case}"
        );
    }
}

#[tokio::test]
async fn the_vendors_keys_can_be_read() {
    assert!(GhlWebhooks::new(VENDOR_KEY, Some(VENDOR_RSA_KEY), "x").is_ok());
    for bad in [
        "",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        VENDOR_RSA_KEY,
    ] {
        assert!(GhlWebhooks::new(bad, None, "x").is_err(), "{bad}");
    }
    for bad in ["", "whsec_", "whsec_AAAA", "abc", "whsec_!"] {
        assert!(GrowbotsWebhooks::new(bad).is_err(), "{bad}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 128, failure_persistence: None, ..Default::default() })]

    /// Signed or not, cut, deep or of the wrong shape: a delivery is taken or refused, and never a fault of ours.
    #[test]
    fn whatever_is_delivered_is_taken_or_refused(
        body in proptest::prop_oneof![
            ".{0,300}",
            (1..600_usize).prop_map(|deep| "[".repeat(deep)),
            (1..600_usize).prop_map(|deep| format!("{{\"type\":{}0{}}}", "[".repeat(deep), "]".repeat(deep))),
            ("[A-Za-z]{1,24}", ".{0,40}", ".{0,40}").prop_map(|(kind, id, place)| {
                json!({"type": kind, "locationId": place, "id": id, "data": {"id": id}, "webhookId": id}).to_string()
            }),
            proptest::sample::select(vec!["ContactUpdate", "TaskCreate", "NoteDelete", "AppointmentCreate"])
                .prop_map(|kind| json!({"type": kind, "locationId": "loc1", "id": null, "contactId": 7}).to_string()),
        ],
        signature in ".{0,80}",
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let lab = Lab::new();
            let now = NOW / 1000;
            let unsigned: [(&str, String); 0] = [];
            let mut answers = vec![
                lab.ghl(&body).await.0,
                lab.growbots(now, &body).await.0,
                lab.send("/webhooks/ghl", &unsigned, body.clone()).await.0,
            ];
            if http::HeaderValue::from_str(&signature).is_ok() {
                let header = [("x-ghl-signature", signature.clone())];
                answers.push(lab.send("/webhooks/ghl", &header, body.clone()).await.0);
            }
            for status in answers {
                assert!(status == StatusCode::OK || status.is_client_error(), "{status} {body}");
            }
        });
    }
}
