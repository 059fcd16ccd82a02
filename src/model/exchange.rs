//! A request that changed something on a side, and its answer.

use super::Millis;

/// A request that changed something on a side, and its answer, as the log keeps them: no key is among it, bodies are
/// cut at [`Exchange::MOST`], and what looks like a secret in them is `••••`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// When it was sent, by our clock.
    pub at: Millis,
    /// Milliseconds until the answer was there, or was given up.
    pub took_ms: u64,
    /// Method, path and query: `PATCH /leads/ld_01J9ZM`.
    pub request: String,
    /// What `If-Match` said.
    pub condition: Option<String>,
    /// The body that was sent; `None` where there was none, or where it was of many records.
    pub sent: Option<String>,
    /// The status; `None` where no answer came.
    pub status: Option<u16>,
    /// What `ETag` said.
    pub tag: Option<String>,
    /// The body that came.
    pub answer: Option<String>,
}

impl Exchange {
    /// The most bytes of a body that are kept.
    pub const MOST: usize = 4096;

    /// What is kept of a body: nothing of an empty one, at most [`Exchange::MOST`] bytes, secrets covered.
    pub fn kept(body: &[u8]) -> Option<String> {
        if body.is_empty() {
            return None;
        }
        let mut text = match serde_json::from_slice::<serde_json::Value>(body) {
            Ok(mut json) => {
                cover(&mut json);
                json.to_string()
            }
            Err(_) => String::from_utf8_lossy(body).into_owned(),
        };
        if text.len() > Self::MOST {
            let mut end = Self::MOST - "…".len();
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
            text.push('…');
        }
        Some(text)
    }

    /// The same without bodies, of one among `all` records that went in one request.
    #[must_use]
    pub fn among(&self, all: usize) -> Self {
        Self {
            request: format!("{}, one of {all} in it", self.request),
            sent: None,
            answer: None,
            ..self.clone()
        }
    }
}

/// Covers what looks like a secret.
fn cover(json: &mut serde_json::Value) {
    const SECRET: [&str; 5] = ["token", "secret", "password", "authorization", "apikey"];
    match json {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                let name = name.to_lowercase().replace(['_', '-'], "");
                if SECRET.iter().any(|secret| name.contains(secret)) {
                    *value = "••••".into();
                } else {
                    cover(value);
                }
            }
        }
        serde_json::Value::Array(values) => values.iter_mut().for_each(cover),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_kept_without_secrets_and_not_whole_where_it_is_long() {
        for (body, want) in [
            ("", None),
            (r#"{"phone":"+1"}"#, Some(r#"{"phone":"+1"}"#)),
            (
                r#"{"a":[{"access_token":"x","apiKey":"y"}]}"#,
                Some(r#"{"a":[{"access_token":"••••","apiKey":"••••"}]}"#),
            ),
            ("<html>no</html>", Some("<html>no</html>")),
        ] {
            assert_eq!(Exchange::kept(body.as_bytes()).as_deref(), want);
        }
        let long = format!("{{\"bio\":\"{}\"}}", "é".repeat(4000));
        let kept = Exchange::kept(long.as_bytes()).unwrap();
        assert!(
            kept.len() <= Exchange::MOST && kept.ends_with('…'),
            "{}",
            kept.len()
        );
    }
}
