//! JSON values read with tolerance: what is absent, null, a number or of another type does not fail a record.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::model::{FieldType, Millis, Value};

/// A plain value; numbers are kept as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scalar<'a> {
    /// The key is not there: not observed.
    #[default]
    Absent,
    /// Null.
    Null,
    /// A list or a group where a plain value belongs: what the record has is not known.
    Odd,
    /// Text or a number.
    Text(Cow<'a, str>),
    /// Yes or no.
    Bool(bool),
}

impl Scalar<'_> {
    /// Whether the key is there.
    pub const fn is_here(&self) -> bool {
        !matches!(self, Self::Absent)
    }

    /// Whether it is no plain value.
    pub const fn is_odd(&self) -> bool {
        matches!(self, Self::Odd)
    }

    /// The text, "" where there is none.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            _ => "",
        }
    }

    /// Whether it is `true`, or the word.
    pub fn is_yes(&self) -> bool {
        match self {
            Self::Bool(yes) => *yes,
            Self::Text(text) => matches!(text.as_ref(), "true" | "1"),
            _ => false,
        }
    }

    /// The moment: RFC 3339, a date and time taken as UTC, or milliseconds since 1970.
    pub fn millis(&self) -> Option<Millis> {
        let text = self.text();
        match text.parse::<i64>() {
            Ok(ms) => Some(Millis(ms)),
            Err(_) => Millis::parse(text),
        }
    }

    /// A field's value, `None` where it is empty.
    pub fn value(&self, ty: FieldType) -> Option<Value> {
        match ty {
            FieldType::Bool => Value::yes(self.is_yes()),
            FieldType::Time => Some(Value::Time(self.millis()?.to_second())),
            FieldType::Text | FieldType::Lines => Value::text(self.text()),
            FieldType::Set => Value::set([self.text()]),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Scalar<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Scalar::Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Scalar::Text(Cow::Owned(text.to_owned())))
            }
            fn visit_bool<E>(self, yes: bool) -> Result<Self::Value, E> {
                Ok(Scalar::Bool(yes))
            }
            fn visit_i64<E>(self, n: i64) -> Result<Self::Value, E> {
                Ok(Scalar::Text(Cow::Owned(n.to_string())))
            }
            fn visit_u64<E>(self, n: u64) -> Result<Self::Value, E> {
                Ok(Scalar::Text(Cow::Owned(n.to_string())))
            }
            fn visit_f64<E>(self, n: f64) -> Result<Self::Value, E> {
                Ok(Scalar::Text(Cow::Owned(n.to_string())))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Scalar::Null)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Scalar::Odd)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Scalar::Odd)
            }
        }
        from.deserialize_any(Any)
    }
}

/// A list of words, or one word alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words<'a> {
    /// Whether the key is there.
    pub is_here: bool,
    /// The words as they came.
    pub words: Vec<Scalar<'a>>,
}

impl Words<'_> {
    /// Whether something else than words came.
    pub fn is_odd(&self) -> bool {
        self.words.iter().any(Scalar::is_odd)
    }

    /// The set, `None` where it is empty.
    pub fn value(&self) -> Option<Value> {
        Value::set(self.words.iter().map(Scalar::text))
    }

    /// The texts.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.words
            .iter()
            .map(Scalar::text)
            .filter(|text| !text.is_empty())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Words<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Vec<Scalar<'de>>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("words")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(vec![Scalar::Text(Cow::Borrowed(text))])
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(vec![Scalar::Text(Cow::Owned(text.to_owned()))])
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(vec![])
            }
            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(vec![])
            }
            fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                Ok(vec![])
            }
            fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                Ok(vec![])
            }
            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(vec![])
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut words = vec![];
                while let Some(word) = seq.next_element()? {
                    words.push(word);
                }
                Ok(words)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(vec![Scalar::Odd])
            }
        }
        Ok(Self {
            is_here: true,
            words: from.deserialize_any(Any)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_type_of_value_fails() {
        for (json, text, yes, millis) in [
            ("\"a\"", "a", false, None),
            ("\"a\\nb\"", "a\nb", false, None),
            ("true", "", true, None),
            ("\"true\"", "true", true, None),
            ("12", "12", false, Some(Millis(12))),
            ("-1", "-1", false, Some(Millis(-1))),
            ("1.5", "1.5", false, None),
            ("null", "", false, None),
            ("[1,[2]]", "", false, None),
            ("{\"a\":{}}", "", false, None),
            (
                "\"1970-01-01 00:00:01\"",
                "1970-01-01 00:00:01",
                false,
                Some(Millis(1_000)),
            ),
        ] {
            let scalar: Scalar<'_> = serde_json::from_str(json).expect(json);
            assert_eq!(scalar.text(), text, "{json}");
            assert_eq!(scalar.is_yes(), yes, "{json}");
            assert_eq!(scalar.millis(), millis, "{json}");
        }
    }

    #[test]
    fn a_message_is_one_text_or_many() {
        for (json, want) in [
            ("\"a\"", vec!["a"]),
            ("[\"a\",\"b\"]", vec!["a", "b"]),
            ("null", vec![]),
            ("{\"a\":1}", vec![]),
            ("7", vec![]),
        ] {
            let words: Words<'_> = serde_json::from_str(json).expect(json);
            assert_eq!(words.texts().collect::<Vec<_>>(), want, "{json}");
        }
    }
}
