//! The names of businesses, which stand for their ids wherever a person reads a value.

use std::collections::BTreeMap;

use super::Value;

/// Names by the ids of both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Businesses(BTreeMap<String, String>);

impl Businesses {
    /// Of ids and names; one without a name is left out, so that its id is shown.
    pub fn new(all: impl IntoIterator<Item = (String, String)>) -> Self {
        let all = all.into_iter().filter(|(_, name)| !name.is_empty());
        Self(all.collect())
    }

    /// The name of the business whose id a value is. An id is long and random: no other text is the same.
    pub fn name_of(&self, value: &Value) -> Option<&str> {
        match value {
            Value::Text(text) => self.0.get(&**text).map(String::as_str),
            _ => None,
        }
    }

    /// A value as a person reads it: the name for the id of a business.
    pub fn shown(&self, value: &Value) -> String {
        let name = self.name_of(value);
        name.map_or_else(|| value.to_string(), str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_the_id_of_a_business_and_other_values_stay() {
        let names = [("5f0QjlVM7Zl7yG23UHJJ", "Quillworks"), ("x1", "")];
        let names = names.map(|(id, name)| (id.to_owned(), name.to_owned()));
        let businesses = Businesses::new(names);
        for (value, shown) in [
            (Value::text("5f0QjlVM7Zl7yG23UHJJ"), "Quillworks"),
            (Value::text("x1"), "x1"),
            (Value::text("Quill"), "Quill"),
            (Value::set(["a", "b"]), "a, b"),
        ] {
            let value = value.expect("it is one");
            assert_eq!(businesses.shown(&value), shown);
        }
    }
}
