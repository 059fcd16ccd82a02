//! How webhooks are delivered: facts of GHL, section e and S29; of Growbots, section 6.

use super::*;
use crate::sandbox::{Delivery, Received, World};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use ring::{hmac, signature};

const HOUR_MS: i64 = 3_600_000;

impl Bench {
    pub async fn listen(&self, side: &str, more: Value) {
        let mut body = json!({"side": side, "url": format!("http://receiver.example/{side}")});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let got = self.control("PUT", "/webhooks", body).await;
        assert_eq!(got.status, 200, "{}", got.body);
    }

    /// All webhooks that are due, each answered so.
    pub fn carry(&self, received: Received) -> Vec<Delivery> {
        let taken = self.sandbox.take_deliveries();
        for delivery in &taken {
            self.sandbox.delivered(delivery.clone(), received);
        }
        taken
    }

    pub fn carry_bodies(&self) -> Vec<Value> {
        let taken = self.carry(answered(200));
        taken
            .iter()
            .map(|sent| serde_json::from_slice(&sent.body).unwrap())
            .collect()
    }

    async fn wait(&self, ms: i64) {
        self.control("POST", "/clock", json!({"advance_ms": ms}))
            .await;
    }

    /// Whether the Ed25519 signature of a delivery is the published key's.
    pub fn ghl_verifies(&self, sent: &Delivery) -> bool {
        let pem = self.hello["ghl_webhook_key"].as_str().unwrap();
        let spki = BASE64.decode(pem.lines().nth(1).unwrap()).unwrap();
        let key = signature::UnparsedPublicKey::new(&signature::ED25519, &spki[12..]);
        let Some(given) = header(sent, "x-ghl-signature") else {
            return false;
        };
        key.verify(&sent.body, &BASE64.decode(given).unwrap())
            .is_ok()
    }
}

pub fn answered(status: u16) -> Received {
    Received {
        status: Some(status),
        retry_after_s: None,
    }
}

pub fn header<'a>(sent: &'a Delivery, name: &str) -> Option<&'a str> {
    let found = sent.headers.iter().find(|(have, _)| *have == name);
    found.map(|(_, value)| value.as_str())
}

/// Whether any of a delivery's signatures was made with a secret.
fn standard_verifies(sent: &Delivery, secret: &str) -> bool {
    let key = BASE64
        .decode(secret.strip_prefix("whsec_").unwrap())
        .unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let [id, at] = ["webhook-id", "webhook-timestamp"].map(|name| header(sent, name).unwrap());
    let signed = [format!("{id}.{at}.").as_bytes(), &sent.body].concat();
    header(sent, "webhook-signature")
        .unwrap()
        .split(' ')
        .any(|one| {
            let tag = BASE64.decode(one.strip_prefix("v1,").unwrap()).unwrap();
            hmac::verify(&key, &signed, &tag).is_ok()
        })
}

pub fn types(bodies: &[Value]) -> Vec<&str> {
    bodies
        .iter()
        .map(|body| body["type"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn s29_ghl_tries_again_only_on_429_six_times_with_the_same_id() {
    let bench = Bench::new(settings(0));
    bench.listen("ghl", json!({})).await;
    for status in [Some(500), Some(404), None] {
        bench.new_contact(json!({"firstName": "Ann"})).await;
        let received = Received {
            status,
            retry_after_s: None,
        };
        assert_eq!(bench.carry(received).len(), 1);
        assert_eq!(bench.sandbox.next_delivery(), None, "{status:?} is final");
    }
    bench.new_contact(json!({"firstName": "Ann"})).await;
    let mut ids = Vec::new();
    for try_ in 0..7 {
        let sent = bench.carry(answered(429));
        assert_eq!(sent.len(), 1, "{try_}");
        ids.push((sent[0].id.clone(), sent[0].body.clone()));
        bench.wait(11 * 60_000).await;
    }
    assert!(ids.iter().all(|sent| *sent == ids[0]));
    assert!(bench.carry(answered(429)).is_empty());
    let shown = bench.control("GET", "/webhooks", Value::Null).await.body;
    assert_eq!(
        (&shown["ghl"]["sent"], &shown["ghl"]["failed"]),
        (&json!(10), &json!(4))
    );
}

#[tokio::test]
async fn s29_webhooks_are_repeated_lost_late_reordered_and_forged_on_demand() {
    let bench = Bench::new(settings(0));
    let ten = async |more: Value| {
        bench.listen("ghl", more).await;
        let mut made = Vec::new();
        for n in 0..10 {
            made.push(
                bench
                    .new_contact(json!({"firstName": format!("N{n}")}))
                    .await,
            );
        }
        made
    };
    ten(json!({"repeat": true})).await;
    let sent = bench.carry(answered(200));
    assert_eq!(sent.len(), 20);
    assert!(
        sent.chunks(2)
            .all(|two| two[0].id == two[1].id && two[0].body == two[1].body)
    );
    ten(json!({"lose": 1})).await;
    assert!(bench.carry(answered(200)).is_empty());
    ten(json!({"delay_ms": 5_000})).await;
    bench.wait(4_999).await;
    assert!(bench.carry(answered(200)).is_empty());
    bench.wait(1).await;
    assert_eq!(bench.carry(answered(200)).len(), 10);
    let made = ten(json!({"reorder": 1, "seed": 3})).await;
    bench.wait(2_000).await;
    let sent = bench.carry_bodies();
    let order: Vec<&str> = sent
        .iter()
        .map(|body| body["id"].as_str().unwrap())
        .collect();
    assert_eq!(order.len(), 10);
    assert_ne!(order, made);
    ten(json!({"forge": 0.5, "seed": 3})).await;
    let good = bench
        .carry(answered(200))
        .iter()
        .filter(|sent| bench.ghl_verifies(sent))
        .count();
    assert!((1..10).contains(&good), "{good}");
    for bad in [
        json!({"side": "ghl", "lose": 2}),
        json!({"side": "ghl", "url": "ftp://x"}),
        json!({}),
    ] {
        assert_eq!(bench.control("PUT", "/webhooks", bad).await.status, 400);
    }
}

#[tokio::test]
async fn anything_can_be_emitted_signed_such_as_a_call() {
    let bench = Bench::new(settings(0));
    let call = json!({"type": "InboundMessage", "messageType": "CALL", "direction": "inbound", "callStatus": "voicemail"});
    let emit = async |side: &str, body: Value| {
        let body = json!({"side": side, "body": body});
        bench.control("POST", "/webhooks/emit", body).await.status
    };
    assert_eq!(emit("ghl", call.clone()).await, 409, "nobody is listening");
    bench.listen("ghl", json!({})).await;
    bench.listen("growbots", json!({})).await;
    assert_eq!(emit("ghl", call.clone()).await, 202);
    assert_eq!(emit("ghl", json!("{\"type\": \"Contact")).await, 202);
    assert_eq!(
        emit("growbots", json!({"type": "lead.updated", "data": {}})).await,
        202
    );
    let sent = bench.carry(answered(200));
    assert!(bench.ghl_verifies(&sent[0]) && bench.ghl_verifies(&sent[1]));
    let body: Value = serde_json::from_slice(&sent[0].body).unwrap();
    assert_eq!(
        (&body["messageType"], &body["locationId"]),
        (&call["messageType"], &json!(bench.location()))
    );
    assert_eq!(body["webhookId"], sent[0].id);
    assert_eq!(
        sent[1].body, "{\"type\": \"Contact",
        "text goes out as it is"
    );
    let secret = bench.hello["growbots_webhook_secret"].as_str().unwrap();
    assert!(standard_verifies(&sent[2], secret));
}

#[tokio::test]
async fn growbots_tries_again_for_days_and_stops_at_410() {
    let bench = Bench::new(settings(0));
    bench.listen("growbots", json!({})).await;
    bench.new_lead(json!({"first_name": "Ann"})).await;
    let first = bench
        .carry(Received {
            status: Some(503),
            retry_after_s: Some(60),
        })
        .remove(0);
    assert_eq!(bench.sandbox.next_delivery(), Some(START.plus(60_000)));
    bench.wait(60_000).await;
    let second = bench.carry(answered(500)).remove(0);
    assert_eq!((&second.id, &second.body), (&first.id, &first.body));
    assert_ne!(
        header(&second, "webhook-timestamp"),
        header(&first, "webhook-timestamp")
    );
    let mut tries = 2;
    while let Some(due) = bench.sandbox.next_delivery() {
        let now = bench.sandbox.with_world(World::now);
        bench.wait(due.since(now)).await;
        tries += bench.carry(answered(302)).len();
    }
    assert_eq!(tries, 10);
    bench.new_lead(json!({"first_name": "Bo"})).await;
    assert_eq!(bench.carry(answered(410)).len(), 1);
    bench.new_lead(json!({"first_name": "Cy"})).await;
    assert_eq!(
        bench.sandbox.next_delivery(),
        None,
        "the subscription is off"
    );
    let hooks = bench.growbots("GET", "/webhooks", &[], Value::Null).await;
    assert_eq!(hooks.body["data"][0]["enabled"], false);
}

#[tokio::test]
async fn growbots_webhooks_are_made_rotated_tested_and_deleted_over_its_api() {
    let bench = Bench::new(settings(0));
    for (body, field) in [
        (json!({"events": ["*"]}), "url"),
        (
            json!({"url": "http://far.example/x", "events": ["*"]}),
            "url",
        ),
        (
            json!({"url": "https://a.example", "events": ["lead.exploded"]}),
            "events",
        ),
        (
            json!({"url": "https://a.example", "events": ["note.completed"]}),
            "events",
        ),
        (
            json!({"url": "https://a.example", "events": ["*"], "colour": 1}),
            "colour",
        ),
    ] {
        let got = bench.growbots("POST", "/webhooks", &[], body.clone()).await;
        assert_eq!(
            (got.status, &got.body["errors"][0]["field"]),
            (422, &json!(field)),
            "{body}"
        );
    }
    let body = json!({"url": "http://127.0.0.1:9/x", "events": ["task.completed"]});
    let made = bench.growbots("POST", "/webhooks", &[], body).await;
    assert_eq!(made.status, 201);
    let old = made.body["secret"].as_str().unwrap().to_owned();
    let path = format!("/webhooks/{}", made.body["id"].as_str().unwrap());
    let read = bench.growbots("GET", &path, &[], Value::Null).await;
    assert!(read.body.get("secret").is_none(), "shown once");
    bench.new_lead(json!({"first_name": "Ann"})).await;
    assert_eq!(bench.sandbox.next_delivery(), None, "not asked for");

    let rotated = bench
        .growbots("POST", &format!("{path}/rotate"), &[], Value::Null)
        .await;
    let new = rotated.body["secret"].as_str().unwrap().to_owned();
    let ping = async || {
        let got = bench
            .growbots("POST", &format!("{path}/test"), &[], Value::Null)
            .await;
        assert_eq!(got.status, 202);
        bench.carry(answered(204)).remove(0)
    };
    let sent = ping().await;
    assert_eq!(
        serde_json::from_slice::<Value>(&sent.body).unwrap()["type"],
        "ping"
    );
    assert!(standard_verifies(&sent, &new) && standard_verifies(&sent, &old));
    bench.wait(24 * HOUR_MS).await;
    let sent = ping().await;
    assert!(standard_verifies(&sent, &new) && !standard_verifies(&sent, &old));

    let off = bench
        .growbots("PATCH", &path, &[], json!({"enabled": false}))
        .await;
    assert_eq!((off.status, &off.body["enabled"]), (200, &json!(false)));
    assert_eq!(
        bench
            .growbots("DELETE", &path, &[], Value::Null)
            .await
            .status,
        204
    );
    assert_eq!(
        bench.growbots("GET", &path, &[], Value::Null).await.status,
        404
    );
    let setting = json!({"growbots.capabilities": ["changes"]});
    bench.control("PUT", "/settings", setting).await;
    assert_eq!(
        bench
            .growbots("GET", "/webhooks", &[], Value::Null)
            .await
            .status,
        404
    );
}

/// A receiver on a socket, that answers 429 first and 200 then.
#[tokio::test]
async fn a_serving_sandbox_delivers_over_http_and_again() {
    use std::sync::{Arc, Mutex};
    let got = Arc::new(Mutex::new(Vec::new()));
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let kept = Arc::clone(&got);
    let receiver = axum::Router::new().fallback(move |request: Request<Body>| {
        let (kept, told) = (Arc::clone(&kept), told.clone());
        async move {
            let signature = request.headers()["x-ghl-signature"].clone();
            kept.lock().unwrap().push(signature);
            let count = kept.lock().unwrap().len();
            told.send(count).unwrap();
            if count == 1 {
                StatusCode::TOO_MANY_REQUESTS
            } else {
                StatusCode::OK
            }
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, receiver).await.unwrap() });

    let mut settings = settings(0);
    settings.clock = Clock::system();
    let bench = Bench::new(settings);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let sandbox = bench.sandbox.clone();
    tokio::spawn(async move {
        sandbox
            .serve(listener, std::future::pending())
            .await
            .unwrap();
    });
    bench
        .listen("ghl", json!({"url": url, "retry_scale": 0}))
        .await;
    bench.new_contact(json!({"firstName": "Ann"})).await;
    assert_eq!(heard.recv().await, Some(1));
    assert_eq!(heard.recv().await, Some(2));
    let got = got.lock().unwrap();
    assert_eq!(got[0], got[1], "the same body again");
}
