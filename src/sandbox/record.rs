//! One record with its recent past, so that a lagging index can show what it was a moment ago.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::model::Millis;

/// The fields of a record in the wire names of its side.
pub type Body = Map<String, Value>;

/// The longest index lag that is imitated; older versions are forgotten.
pub const LONGEST_LAG_MS: i64 = 60_000;

/// A record: its present body and those of the last minute.
#[derive(Clone, Debug, PartialEq)]
pub struct Record(Vec<Version>);

#[derive(Clone, Debug, PartialEq)]
struct Version {
    at: Millis,
    /// `None` is a record that is gone without a trace, as GHL deletes.
    body: Option<Arc<Body>>,
}

impl Record {
    /// A record first written at `at`.
    pub fn new(at: Millis, body: Arc<Body>) -> Self {
        Self(vec![Version {
            at,
            body: Some(body),
        }])
    }

    /// What a read by id sees. Tombstones are bodies too.
    pub fn present(&self) -> Option<&Arc<Body>> {
        self.0.last()?.body.as_ref()
    }

    /// What an index sees that has taken in all writes up to `until`.
    pub fn seen(&self, until: Millis) -> Option<&Arc<Body>> {
        self.0.iter().rfind(|v| v.at <= until)?.body.as_ref()
    }

    /// Adds the state after a write at `at`, and forgets what no index can show any more.
    pub fn push(&mut self, at: Millis, body: Option<Arc<Body>>) {
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

    fn body(city: &str) -> Arc<Body> {
        Arc::new(Body::from_iter([("city".into(), city.into())]))
    }

    #[test]
    fn an_index_shows_the_past_until_the_lag_has_gone_by() {
        let mut record = Record::new(Millis(1_000), body("a"));
        record.push(Millis(5_000), Some(body("b")));
        record.push(Millis(9_000), None);
        for (until, want) in [
            (999, None),
            (1_000, Some("a")),
            (4_999, Some("a")),
            (5_000, Some("b")),
            (9_000, None),
        ] {
            let seen = record
                .seen(Millis(until))
                .and_then(|b| text(b, "city").map(str::to_owned));
            assert_eq!(seen.as_deref(), want, "{until}");
        }
        assert_eq!(record.present(), None);
    }

    #[test]
    fn old_versions_are_forgotten_but_for_the_one_that_an_index_may_still_show() {
        let mut record = Record::new(Millis(0), body("a"));
        record.push(Millis(1), Some(body("b")));
        record.push(Millis(100_000), Some(body("c")));
        assert_eq!(record.0.len(), 2);
        assert_eq!(record.seen(Millis(50_000)), Some(&body("b")));
    }
}
