//! Answers as HTTP: headers that stand on all of them, bodies that end early, and no answer at all.

use axum::{body::Body as HttpBody, response::Response};
use bytes::Bytes;
use http::{HeaderValue, header};

use super::{faults::After, http::Answer};
use crate::model::Millis;

/// Stands in the extensions of a response whose connection closes without a byte, for callers in the same process:
/// they must treat the answer as lost. Its body fails when it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Severed {
    /// Whether the request was carried out before.
    pub applied: bool,
}

/// Why the body of a response ends early.
#[derive(Debug, thiserror::Error)]
#[error("the sandbox closed the connection on purpose")]
struct CutOff;

/// An answer as it goes out, or what a fault makes of it.
pub fn response(answer: &Answer, now: Millis, after: Option<After>) -> Response {
    let text = answer.body.as_ref().map(ToString::to_string);
    let mut bytes = Bytes::from(text.unwrap_or_default());
    let after = after.filter(|_| !bytes.is_empty());
    if after == Some(After::Malformed) {
        bytes = Bytes::from_static(b"{\"contacts\": [{\"id\": \xff\xfe, ]}");
    }
    let has_body = !bytes.is_empty();
    let body = match after {
        Some(After::Truncate) => cut_off(bytes.slice(..bytes.len() / 2)),
        _ => HttpBody::from(bytes),
    };
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(answer.status).unwrap_or_default();
    let headers = response.headers_mut();
    if has_body {
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(answer.content_type),
        );
    }
    headers.insert("x-couplet-sandbox", HeaderValue::from_static("1"));
    if let Some(date) = http_date(now) {
        headers.insert(header::DATE, date);
    }
    for (name, value) in &answer.headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(*name, value);
        }
    }
    response
}

/// The world's time, which may have been moved on, as a `Date` header has it.
pub fn http_date(now: Millis) -> Option<HeaderValue> {
    let at = jiff::Timestamp::from_millisecond(now.0).ok()?;
    HeaderValue::from_str(&at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()).ok()
}

/// A body of text.
pub fn plain(status: u16, content_type: &'static str, body: String) -> Response {
    let mut response = Response::new(HttpBody::from(body));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
        .headers_mut()
        .insert("x-couplet-sandbox", HeaderValue::from_static("1"));
    response
}

/// A response of which not one byte is sent: the body fails before the head is flushed, and the server closes.
pub fn severed(applied: bool) -> Response {
    let never = futures_util::stream::iter([Err::<Bytes, CutOff>(CutOff)]);
    let mut response = Response::new(HttpBody::from_stream(never));
    response.extensions_mut().insert(Severed { applied });
    response
}

/// A body that ends in the middle: the part, then a closed connection.
fn cut_off(part: Bytes) -> HttpBody {
    let states = futures_util::stream::unfold(0_u8, move |step| {
        let part = part.clone();
        async move {
            match step {
                0 => Some((Ok(part), 1)),
                1 => {
                    // lets the server flush what it has
                    tokio::task::yield_now().await;
                    Some((Err(CutOff), 2))
                }
                _ => None,
            }
        }
    });
    HttpBody::from_stream(states)
}
