//! One record with its recent past, so that a lagging index can show what it was a moment ago.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::model::Millis;

/// The fields of a record in the wire names of its side.
pub type Body = Map<String, Value>;

/// The longest index lag that is imitated; older versions are forgotten.
pub const LONGEST_LAG_MS: i64 = 60_000;

/// A body as it is kept: JSON text takes a fifth of the room of a map.
#[derive(Clone, Debug, PartialEq)]
pub struct Packed {
    text: Arc<str>,
    is_live: bool,
}

impl Packed {
    /// Packs a body.
    pub fn new(body: &Body) -> Self {
        Self {
            // a map of JSON values is always text
            text: serde_json::to_string(body).unwrap_or_default().into(),
            is_live: is_live(body),
        }
    }

    /// The body again.
    pub fn body(&self) -> Body {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// See [`is_live`].
    pub const fn is_live(&self) -> bool {
        self.is_live
    }
}

/// A record that somebody wrote: its present body and those of the last minute.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record(Vec<Version>);

#[derive(Clone, Debug, PartialEq)]
struct Version {
    at: Millis,
    /// `None` is a record that is gone without a trace, as GHL deletes.
    body: Option<Packed>,
}

/// A record as an index sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Seen<'r> {
    /// As it was before anybody wrote it.
    Unwritten,
    Gone,
    As(&'r Packed),
}

impl Record {
    /// What a read by id sees. Tombstones are bodies too.
    pub fn present(&self) -> Option<&Packed> {
        self.0.last()?.body.as_ref()
    }

    /// When it was last written.
    pub fn written_at(&self) -> Millis {
        self.0.last().map(|version| version.at).unwrap_or_default()
    }

    /// What an index sees that has taken in all writes up to `until`.
    pub fn seen(&self, until: Millis) -> Seen<'_> {
        match self.0.iter().rfind(|v| v.at <= until) {
            None => Seen::Unwritten,
            Some(Version { body: None, .. }) => Seen::Gone,
            Some(Version {
                body: Some(packed), ..
            }) => Seen::As(packed),
        }
    }

    /// Adds the state after a write at `at`, and forgets what no index can show any more.
    pub fn push(&mut self, at: Millis, body: Option<Packed>) {
        let horizon = at.plus(-LONGEST_LAG_MS);
        let older = self.0.iter().filter(|v| v.at <= horizon).count();
        self.0.drain(..older.saturating_sub(1));
        self.0.push(Version { at, body });
    }
}

/// Whether a body stands for a live record: present, and not a Growbots tombstone.
pub fn is_live(body: &Body) -> bool {
    body.get("deleted_at").is_none_or(Value::is_null)
}

/// The text of a field; `None` where it is absent, null or not text.
pub fn text<'a>(body: &'a Body, name: &str) -> Option<&'a str> {
    body.get(name)?.as_str()
}

/// The moment in a field, the epoch where there is none.
pub fn moment(body: &Body, name: &str) -> Millis {
    text(body, name).and_then(Millis::parse).unwrap_or_default()
}

/// The fields of a JSON object; none of anything else.
pub fn into_body(value: Value) -> Body {
    match value {
        Value::Object(body) => body,
        _ => Body::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(city: &str) -> Packed {
        Packed::new(&Body::from_iter([("city".into(), city.into())]))
    }

    #[test]
    fn an_index_shows_the_past_until_the_lag_has_gone_by() {
        let mut record = Record::default();
        record.push(Millis(1_000), Some(body("a")));
        record.push(Millis(5_000), Some(body("b")));
        record.push(Millis(9_000), None);
        let (a, b) = (body("a"), body("b"));
        for (until, want) in [
            (999, Seen::Unwritten),
            (1_000, Seen::As(&a)),
            (4_999, Seen::As(&a)),
            (5_000, Seen::As(&b)),
            (9_000, Seen::Gone),
        ] {
            assert_eq!(record.seen(Millis(until)), want, "{until}");
        }
        assert_eq!(record.present(), None);
    }

    #[test]
    fn old_versions_are_forgotten_but_for_the_one_that_an_index_may_still_show() {
        let mut record = Record::default();
        record.push(Millis(0), Some(body("a")));
        record.push(Millis(1), Some(body("b")));
        record.push(Millis(100_000), Some(body("c")));
        assert_eq!(record.0.len(), 2);
        assert_eq!(record.seen(Millis(50_000)), Seen::As(&body("b")));
    }

    #[test]
    fn a_body_comes_back_as_it_was_packed() {
        let given = into_body(serde_json::json!({
            "z": null, "a": [1, -2, 0.25, true], "name": "Łódź \u{1} \"x\"", "deep": {"b": {}},
        }));
        let back = Packed::new(&given).body();
        assert_eq!(back, given);
        assert!(back.keys().eq(given.keys()), "in the same order");
    }
}
