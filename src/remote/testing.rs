//! A side that says what a test wrote down, and remembers what it was asked.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{body::Body, response::Response};
use http::Request;
use http_body_util::BodyExt;
use serde_json::{Value as Json, json};

use super::{
    Auth, Connector, MemorySlots, Parts, RouterTransport, Settings, Setup, Transport,
    TransportError, User,
};
use crate::{clock::Clock, model::Millis, secrets::Secret};

/// What a script answers.
pub enum Line {
    /// A status and a body.
    Says(u16, Json),
    /// A status and headers.
    Refuses(u16, Vec<(&'static str, &'static str)>),
    /// The connection breaks.
    Breaks,
    /// No answer comes.
    Hangs,
}

/// The answers that are left, and what was asked so far.
#[derive(Clone, Default)]
pub struct Script {
    lines: Arc<Mutex<VecDeque<Line>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Script {
    /// A script of these answers; a request beyond them breaks.
    pub fn new(lines: impl IntoIterator<Item = Line>) -> Self {
        Self {
            lines: Arc::new(Mutex::new(lines.into_iter().collect())),
            ..Self::default()
        }
    }

    /// Each request: method, path, body.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("one thread").clone()
    }

    fn transport(&self) -> Arc<dyn Transport> {
        let script = self.clone();
        Arc::new(RouterTransport::new(tower::service_fn(
            move |request: Request<Body>| {
                let script = script.clone();
                async move { script.answer(request).await }
            },
        )))
    }

    async fn answer(&self, request: Request<Body>) -> Result<Response, TransportError> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.expect("in memory").to_bytes();
        let path = head.uri.path_and_query().map_or("", |path| path.as_str());
        let tag = head
            .headers
            .get("if-match")
            .map_or("", |tag| tag.to_str().expect("ASCII"));
        let words = [head.method.as_str(), path, tag];
        let mut asked = words.join(" ").trim().to_owned();
        if !body.is_empty() {
            asked = format!("{asked} {}", String::from_utf8_lossy(&body));
        }
        self.asked.lock().expect("one thread").push(asked);
        let line = self.lines.lock().expect("one thread").pop_front();
        match line {
            Some(Line::Says(status, body)) => Ok(Response::builder()
                .status(status)
                .body(Body::from(body.to_string()))
                .expect("valid")),
            Some(Line::Refuses(status, headers)) => {
                let mut response = Response::builder().status(status);
                for (name, value) in headers {
                    response = response.header(name, value);
                }
                Ok(response.body(Body::from("<html>")).expect("valid"))
            }
            Some(Line::Hangs) => std::future::pending().await,
            Some(Line::Breaks) | None => Err(TransportError::Closed("the script ends".into())),
        }
    }

    /// A connector that speaks with this script; users `u1` and `u2` are known.
    pub fn connector<C: Connector>(&self, new: impl FnOnce(Settings, Parts) -> C) -> C {
        self.gated(new, true)
    }

    /// As [`Script::connector`], with a gate that is open or not.
    pub fn gated<C: Connector>(&self, new: impl FnOnce(Settings, Parts) -> C, open: bool) -> C {
        let settings = Settings {
            base_url: "http://side.test/base".parse().expect("valid"),
            auth: Auth::bearer(Secret::new("pit-secret".to_owned())),
            location: "loc".to_owned(),
            timeout: Duration::from_secs(10),
        };
        let parts = Parts {
            transport: self.transport(),
            clock: Clock::of_runtime(Millis(1_000_000)),
            slots: Arc::new(MemorySlots::default()),
            normalise: Arc::new(|_, _, record| record),
            gate: Arc::new(move || open),
        };
        let connector = new(settings, parts);
        connector.use_setup(&Setup {
            name: "Test".into(),
            country: "US".into(),
            time_zone: "America/Denver".into(),
            users: ["u1", "u2"].map(user).to_vec(),
            capabilities: ["changes", "etag", "external_id", "idempotency", "restore"]
                .map(str::to_owned)
                .to_vec(),
            ..Setup::default()
        });
        connector
    }
}

fn user(id: &str) -> User {
    User {
        id: id.to_owned(),
        email: format!("{id}@x.test"),
        name: id.to_owned(),
    }
}

/// An answer of 200.
pub fn ok(body: Json) -> Line {
    Line::Says(200, body)
}

/// GHL's answer for a record that is not there.
pub fn ghl_missing() -> Line {
    Line::Says(
        400,
        json!({"statusCode": 400, "message": "Contact with id c1 not found", "error": "Bad Request"}),
    )
}
