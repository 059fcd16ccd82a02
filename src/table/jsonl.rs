//! One JSON object a line.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Calls `each` with the name and the JSON of every member of the object, in order.
pub fn members<'a>(line: &'a str, each: impl FnMut(&str, &'a str)) -> serde_json::Result<()> {
    let mut json = serde_json::Deserializer::from_str(line);
    json.deserialize_map(Members(each))?;
    json.end()
}

/// What a value says as text: a string's content, nothing for null, and else its JSON.
pub fn text(json: &str) -> Cow<'_, str> {
    match json.as_bytes().first() {
        // A raw value has been read once already, so it is a string.
        Some(b'"') => {
            serde_json::from_str::<Text<'_>>(json).map_or(Cow::Borrowed(""), |text| text.0)
        }
        Some(b'n') => Cow::Borrowed(""),
        _ => Cow::Borrowed(json),
    }
}

/// A string, borrowed where it holds no escape.
#[derive(Deserialize)]
pub struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

struct Members<F>(F);

impl<'de, F: FnMut(&str, &'de str)> Visitor<'de> for Members<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some((name, json)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
            (self.0)(&name.0, json.get());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_in_order_with_their_json() {
        let mut got = Vec::new();
        members(
            r#"{"id": 7, "na\u006de": "A\nB", "tags": ["x"], "none": null}"#,
            |name, json| {
                got.push((name.to_owned(), json, text(json)));
            },
        )
        .unwrap();
        let want = [
            ("id".to_owned(), "7", "7".into()),
            ("name".to_owned(), r#""A\nB""#, "A\nB".into()),
            ("tags".to_owned(), r#"["x"]"#, r#"["x"]"#.into()),
            ("none".to_owned(), "null", "".into()),
        ];
        assert_eq!(got, want);
        for bad in ["[1]", "{", "{}x", "7"] {
            assert!(members(bad, |_, _| ()).is_err(), "{bad}");
        }
    }
}
