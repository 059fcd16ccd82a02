//! Tests over the router, in this process; those that need a socket say so.

mod batch;
mod contract;
mod control;
mod events;
mod faults;
mod ghl;
mod ghl_facts;
mod ghl_records;
mod ghl_switches;
mod growbots;
mod lists;
mod oauth;
mod search;
mod seed;
mod webhooks;

use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{LimitSpec, Sandbox, Settings, Severed};
use crate::{clock::Clock, model::Millis};

/// 2026-06-10T12:00:00Z, when all test worlds begin.
const START: Millis = Millis(1_781_092_800_000);

fn settings(contacts: u32) -> Settings {
    Settings {
        seed: 7,
        contacts,
        limit: LimitSpec::Off,
        lag_ms: 0,
        faults: None,
        clock: Clock::manual(START),
    }
}

/// A sandbox with clients of all three of its APIs.
struct Bench {
    sandbox: Sandbox,
    hello: Value,
}

/// What came back. The body is null if there was none or if it is no JSON.
struct Got {
    status: u16,
    headers: HeaderMap,
    body: Value,
    text: String,
    severed: Option<Severed>,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    fn lines(&self) -> Vec<Value> {
        self.text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

impl Bench {
    fn new(settings: Settings) -> Self {
        let sandbox = Sandbox::new(settings).unwrap();
        let hello = sandbox.hello("127.0.0.1:1".parse().unwrap());
        Self { sandbox, hello }
    }

    fn location(&self) -> &str {
        self.hello["location_id"].as_str().unwrap()
    }

    async fn send(&self, method: &str, uri: &str, headers: &[(&str, &str)], body: Value) -> Got {
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.send_raw(method, uri, headers, text).await
    }

    async fn send_raw(
        &self,
        method: &str,
        uri: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Got {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self
            .sandbox
            .router()
            .oneshot(request.body(Body::from(body)).unwrap())
            .await
            .unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 24)
            .await
            .unwrap_or_default();
        Got {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
            text: String::from_utf8_lossy(&bytes).into_owned(),
            severed: parts.extensions.get::<Severed>().copied(),
        }
    }

    async fn ghl(&self, method: &str, path: &str, body: Value) -> Got {
        let token = format!("Bearer {}", self.hello["ghl_token"].as_str().unwrap());
        let headers = [("authorization", token.as_str()), ("version", "2021-07-28")];
        self.send(method, &format!("/ghl{path}"), &headers, body)
            .await
    }

    async fn growbots(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Value,
    ) -> Got {
        let token = format!("Bearer {}", self.hello["growbots_token"].as_str().unwrap());
        let mut all = vec![("authorization", token.as_str())];
        all.extend_from_slice(headers);
        self.send(method, &format!("/growbots/v1{path}"), &all, body)
            .await
    }

    async fn control(&self, method: &str, path: &str, body: Value) -> Got {
        self.send(method, &format!("/_sandbox{path}"), &[], body)
            .await
    }

    async fn new_contact(&self, fields: Value) -> String {
        let made = self.control("POST", "/records/ghl/contact", fields).await;
        assert_eq!(made.status, 201, "{}", made.body);
        made.body["id"].as_str().unwrap().to_owned()
    }

    async fn new_lead(&self, fields: Value) -> String {
        let made = self
            .control("POST", "/records/growbots/contact", fields)
            .await;
        assert_eq!(made.status, 201, "{}", made.body);
        made.body["id"].as_str().unwrap().to_owned()
    }

    async fn search(&self, more: Value) -> Got {
        let mut body = json!({"locationId": self.location(), "pageLimit": 100});
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        self.ghl("POST", "/contacts/search", body).await
    }
}

#[tokio::test]
async fn every_answer_of_both_apis_says_that_it_is_a_sandbox() {
    let bench = Bench::new(settings(10));
    for (uri, status) in [
        ("/ghl/contacts/x", StatusCode::UNAUTHORIZED),
        ("/ghl/nowhere", StatusCode::NOT_FOUND),
        ("/growbots/v1/leads", StatusCode::UNAUTHORIZED),
        ("/growbots/v1/nowhere", StatusCode::NOT_FOUND),
        ("/growbots/leads", StatusCode::NOT_FOUND),
        ("/elsewhere", StatusCode::NOT_FOUND),
        ("/_sandbox/state", StatusCode::OK),
    ] {
        let got = bench.send("GET", uri, &[], Value::Null).await;
        assert_eq!(got.status, status.as_u16(), "{uri}");
        assert_eq!(got.header("x-couplet-sandbox"), "1", "{uri}");
    }
}
