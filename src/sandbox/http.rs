//! Requests and answers as plain values, and how a path finds its route.

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::Value;

/// A request to one of the APIs, read in full. `path` is without the API's base.
#[derive(Debug)]
pub struct Call {
    pub method: Method,
    pub path: String,
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub request_id: String,
}

impl Call {
    /// The first value of a query parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// A header as text; absent where it is not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The bearer token, if one was sent.
    pub fn bearer(&self) -> Option<&str> {
        let value = self.header("authorization")?;
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }
}

/// What goes back: a status, headers beside the usual ones, and JSON or nothing.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub content_type: &'static str,
    pub body: Option<Value>,
}

impl Answer {
    /// JSON with a status.
    pub const fn json(status: u16, body: Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content_type: "application/json; charset=utf-8",
            body: Some(body),
        }
    }

    /// A status alone.
    pub const fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content_type: "application/json; charset=utf-8",
            body: None,
        }
    }

    /// The same answer with one more header.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// The values of a pattern's `{…}` segments if `path` has its form. A slash at the end counts on neither.
pub fn captures(pattern: &str, path: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let mut rest = path.trim_end_matches('/').split('/');
    for part in pattern.trim_end_matches('/').split('/') {
        let given = rest.next()?;
        if part.starts_with('{') {
            if given.is_empty() {
                return None;
            }
            found.push(given.to_owned());
        } else if part != given {
            return None;
        }
    }
    rest.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::captures;

    #[test]
    fn a_path_matches_segment_by_segment() {
        for (pattern, path, want) in [
            ("/contacts/", "/contacts", Some(vec![])),
            ("/contacts/{contactId}", "/contacts/a", Some(vec!["a"])),
            ("/contacts/{contactId}", "/contacts/", None),
            (
                "/contacts/{id}/tasks/{t}",
                "/contacts/a/tasks/b/",
                Some(vec!["a", "b"]),
            ),
            ("/contacts/{id}/tasks", "/contacts/a/tasks/b", None),
            ("/contacts/{id}/tasks", "/contacts/a/notes", None),
        ] {
            let want = want.map(|w| w.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(captures(pattern, path), want, "{pattern} | {path}");
        }
    }
}
