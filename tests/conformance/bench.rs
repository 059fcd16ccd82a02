//! A sandbox whose every answer is checked as it comes.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use axum::body::Body;
use couplet::{
    clock::Clock,
    model::Millis,
    sandbox::{LimitSpec, Sandbox, Settings},
};
use http::{Method, Request};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::spec::{self, Difference};

pub struct Bench {
    sandbox: Sandbox,
    hello: Value,
    /// All differences so far.
    pub found: RefCell<BTreeSet<Difference>>,
    /// Statuses by operation of the files.
    pub seen: RefCell<BTreeMap<String, BTreeSet<u16>>>,
}

impl Bench {
    pub fn new(limit: LimitSpec) -> Self {
        let sandbox = Sandbox::new(Settings {
            seed: 7,
            contacts: 60,
            limit,
            lag_ms: 0,
            faults: None,
            clock: Clock::manual(Millis(1_781_092_800_000)),
        })
        .expect("a sandbox");
        let hello = sandbox.hello("127.0.0.1:1".parse().expect("an address"));
        Self {
            sandbox,
            hello,
            found: RefCell::default(),
            seen: RefCell::default(),
        }
    }

    pub fn location(&self) -> &str {
        self.hello["location_id"].as_str().expect("text")
    }

    pub fn token(&self) -> &str {
        self.hello["ghl_token"].as_str().expect("text")
    }

    /// Asks GHL with headers of the asker's choice, and checks the answer.
    pub async fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> (u16, Value) {
        let (status, bytes) = self
            .raw(method, &format!("/ghl{target}"), headers, body)
            .await;
        let path = target.split('?').next().unwrap_or_default();
        let method: Method = method.parse().expect("a method");
        if let Err(differences) = spec::check_answer(&method, path, status, &bytes) {
            self.found.borrow_mut().extend(differences);
        }
        if let Some(operation) = spec::operation(&method, path) {
            let mut seen = self.seen.borrow_mut();
            seen.entry(operation.name.clone())
                .or_default()
                .insert(status);
        }
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    async fn raw(
        &self,
        method: &str,
        uri: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> (u16, Vec<u8>) {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            Body::from(body.to_string())
        };
        let request = request.body(body).expect("a request");
        let answer = self.sandbox.router().oneshot(request).await;
        let (parts, body) = answer.expect("the router does not fail").into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 24).await.expect("a body");
        (parts.status.as_u16(), bytes.to_vec())
    }

    /// Asks as an app does that knows the files: the version that they want, and the token of the first line.
    pub async fn ask(&self, method: &str, target: &str, body: Value) -> (u16, Value) {
        let token = format!("Bearer {}", self.token());
        let version = if target.starts_with("/calendars") {
            "2021-04-15"
        } else {
            "2021-07-28"
        };
        let headers = [("authorization", token.as_str()), ("version", version)];
        self.send(method, target, &headers, &body).await
    }

    /// The same, where success is certain.
    pub async fn ok(&self, method: &str, target: &str, body: Value) -> Value {
        let (status, answer) = self.ask(method, target, body).await;
        assert!(
            (200..300).contains(&status),
            "{method} {target}: {status} {answer}"
        );
        answer
    }

    /// Asks the control API.
    pub async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, bytes) = self
            .raw(method, &format!("/_sandbox{path}"), &[], &body)
            .await;
        assert!(status < 300, "{method} {path}: {status}");
        serde_json::from_slice(&bytes).unwrap_or_default()
    }
}

/// A record that every operation can be about.
pub struct Place {
    pub contact: String,
    pub task: String,
    pub note: String,
    pub event: String,
    pub business: String,
    pub calendar: String,
    pub company: String,
    pub user: String,
    pub field: String,
    pub tag: String,
}

impl Place {
    /// Made by the API, and by a user where it cannot.
    pub async fn new(bench: &Bench) -> Self {
        let location = bench.location();
        let text = |value: &Value| value.as_str().expect("an id").to_owned();
        let contact = json!({
            "locationId": location, "firstName": "Marta", "lastName": "Quill", "email": "Marta.Quill@example.org",
            "phone": "+12025550143", "dateOfBirth": "1990-09-25", "tags": ["VIP"], "companyName": "Harbour",
            "customFields": [{"key": "tier", "field_value": "A"}],
        });
        let contact = bench.ok("POST", "/contacts/", contact).await;
        let contact = text(&contact["contact"]["id"]);
        let of = format!("/contacts/{contact}");
        let task = json!({"title": "Call", "dueDate": "2026-06-20T15:00:00Z", "completed": false});
        let task = bench.ok("POST", &format!("{of}/tasks"), task).await;
        let note = json!({"body": "Met at booth 14.", "title": "Fair", "color": "#3366CC", "pinned": true});
        let note = bench.ok("POST", &format!("{of}/notes"), note).await;
        let event = json!({
            "contactId": contact, "title": "Intro call", "startTime": "2026-06-22 10:00:00",
            "endTime": "2026-06-22 10:30:00", "address": "https://meet.example.org/x1",
        });
        let place = bench
            .ok("GET", &format!("/locations/{location}"), Value::Null)
            .await;
        let users = format!("/users/?locationId={location}");
        let user = text(&bench.ok("GET", &users, Value::Null).await["users"][0]["id"]);
        let mut event = event;
        event["assignedUserId"] = user.clone().into();
        let event = bench
            .control("POST", "/records/ghl/appointment", event)
            .await;
        let business = json!({"name": "Quill & Sons", "locationId": location, "city": "Denver"});
        let business = bench.ok("POST", "/businesses/", business).await;
        let fields = format!("/locations/{location}/customFields");
        let field = json!({"name": "Shoe size", "dataType": "NUMERICAL", "model": "contact"});
        let field = bench.ok("POST", &fields, field).await;
        let tags = format!("/locations/{location}/tags");
        let tag = bench.ok("POST", &tags, json!({"name": "Fair 2026"})).await;
        let calendars = format!("/calendars/?locationId={location}");
        let calendars = bench.ok("GET", &calendars, Value::Null).await;
        Self {
            task: text(&task["task"]["id"]),
            note: text(&note["note"]["id"]),
            event: text(&event["id"]),
            business: text(&business["buiseness"]["id"]),
            calendar: text(&calendars["calendars"][0]["id"]),
            company: text(&place["location"]["companyId"]),
            field: text(&field["customField"]["id"]),
            tag: text(&tag["tag"]["id"]),
            user,
            contact,
        }
    }
}
