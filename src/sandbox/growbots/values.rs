//! How the value of one field is checked and merged with what was there.

use serde_json::{Value, json};

use super::{
    problem::FieldError,
    schema::{Field, Rule, Type},
};
use crate::model::{Millis, Side};
use crate::sandbox::{record::Body, world::World};

const ADDRESS: [(&str, usize); 5] = [
    ("street", 500),
    ("city", 100),
    ("region", 100),
    ("postal_code", 20),
    ("country", 2),
];

impl Field {
    /// Puts a value into a record; gives what is wrong with it.
    pub fn apply(
        &self,
        world: &World,
        body: &mut Body,
        value: &Value,
        is_new: bool,
    ) -> Vec<FieldError> {
        let wrong = |code, detail: &str| vec![FieldError::new(self.name, code, detail)];
        if matches!(self.of, Type::ReadOnly) {
            return wrong("read_only", "this field cannot be written");
        }
        if self.rule == Rule::Fixed && !is_new && body.get(self.name) != Some(value) {
            return wrong("immutable", "this field cannot change");
        }
        if value.is_null() {
            return match (self.rule, self.of) {
                (Rule::Nullable, _) => {
                    body.insert(self.name.into(), Value::Null);
                    Vec::new()
                }
                // RFC 7396: null takes the member away, so all keys of these go
                (_, Type::Custom | Type::External) => {
                    body.insert(self.name.into(), json!({}));
                    Vec::new()
                }
                _ => wrong("required", "this field cannot be null"),
            };
        }
        match self.checked(world, body.get(self.name), value) {
            Ok(value) => {
                body.insert(self.name.into(), value);
                Vec::new()
            }
            Err(errors) => errors,
        }
    }

    /// The value as it is stored, merged with what was there.
    fn checked(
        &self,
        world: &World,
        old: Option<&Value>,
        value: &Value,
    ) -> Result<Value, Vec<FieldError>> {
        let wrong = |code, detail: &str| vec![FieldError::new(self.name, code, detail)];
        let string = || {
            value
                .as_str()
                .map(str::trim)
                .ok_or_else(|| wrong("invalid_type", "text is expected"))
        };
        match self.of {
            Type::Text(max) | Type::Filled(max) => {
                let given = string()?;
                if given.chars().count() > max {
                    return Err(wrong("too_long", &format!("at most {max} characters")));
                }
                if given.is_empty() && matches!(self.of, Type::Filled(_)) {
                    return Err(wrong("required", "this field cannot be empty"));
                }
                Ok(given.into())
            }
            Type::Choice(all) if all.contains(&string()?) => Ok(string()?.into()),
            Type::Choice(all) => Err(wrong("invalid", &format!("one of {}", all.join(", ")))),
            Type::Bool if value.is_boolean() => Ok(value.clone()),
            Type::Bool => Err(wrong("invalid_type", "true or false is expected")),
            Type::Time => match Millis::parse(string()?) {
                Some(at) => Ok(at.to_string().into()),
                None => Err(wrong("invalid", "a time in RFC 3339 is expected")),
            },
            Type::TimeZone => {
                let name = string()?;
                let is_name =
                    name == "UTC" || name.contains('/') && !name.contains(char::is_whitespace);
                is_name
                    .then(|| name.into())
                    .ok_or_else(|| wrong("invalid", "an IANA time zone is expected"))
            }
            Type::User => {
                let id = string()?;
                let is_there = world.place.users.iter().any(|user| user.ids.growbots == id);
                is_there
                    .then(|| id.into())
                    .ok_or_else(|| wrong("reference_not_found", "there is no such user"))
            }
            Type::Record(kind) => {
                let id = string()?;
                let is_there = world.live(Side::Growbots, kind, id).is_some();
                is_there
                    .then(|| id.into())
                    .ok_or_else(|| wrong("reference_not_found", "there is no such record"))
            }
            Type::Tags => self.tags(value),
            Type::Address => self.address(old, value),
            Type::Custom => self.members(old, value, 200, 64, |v| match v {
                Value::String(text) => text.chars().count() <= 10_000,
                Value::Array(list) => list.iter().all(Value::is_string),
                Value::Object(_) => false,
                _ => true,
            }),
            Type::External => self.members(old, value, 10, 32, |v| {
                v.is_null() || v.as_str().is_some_and(|text| text.chars().count() <= 128)
            }),
            Type::ReadOnly => Err(wrong("read_only", "this field cannot be written")),
        }
    }

    fn tags(&self, value: &Value) -> Result<Value, Vec<FieldError>> {
        let wrong = |detail: &str| vec![FieldError::new(self.name, "invalid", detail)];
        let given = value
            .as_array()
            .ok_or_else(|| wrong("a list of tags is expected"))?;
        let mut tags: Vec<String> = Vec::new();
        for tag in given {
            let tag = tag
                .as_str()
                .map(str::trim)
                .filter(|t| !t.is_empty() && t.chars().count() <= 100);
            let tag = tag.ok_or_else(|| wrong("a tag is text of 1 to 100 characters"))?;
            if !tags
                .iter()
                .any(|have| have.to_lowercase() == tag.to_lowercase())
            {
                tags.push(tag.to_owned());
            }
        }
        if tags.len() > 100 {
            return Err(wrong("at most 100 tags"));
        }
        Ok(tags.into())
    }

    fn address(&self, old: Option<&Value>, value: &Value) -> Result<Value, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let Some(given) = value.as_object() else {
            return Err(vec![FieldError::new(
                self.name,
                "invalid_type",
                "an object is expected",
            )]);
        };
        let mut merged = old.and_then(Value::as_object).cloned().unwrap_or_default();
        for (member, _) in ADDRESS {
            merged.entry(member).or_insert(Value::Null);
        }
        for (member, value) in given {
            let path = format!("{}.{member}", self.name);
            let max = ADDRESS
                .iter()
                .find(|(name, _)| name == member)
                .map(|(_, max)| *max);
            let text = value.as_str().map(str::trim);
            match (max, text) {
                (None, _) => wrong.push(FieldError::new(
                    &path,
                    "unknown_field",
                    "there is no such field",
                )),
                (Some(_), None) if !value.is_null() => {
                    wrong.push(FieldError::new(&path, "invalid_type", "text is expected"));
                }
                (Some(max), Some(text)) if text.chars().count() > max => {
                    wrong.push(FieldError::new(
                        &path,
                        "too_long",
                        format!("at most {max} characters"),
                    ));
                }
                (Some(_), Some(code))
                    if member == "country"
                        && !(code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())) =>
                {
                    wrong.push(FieldError::new(
                        &path,
                        "invalid",
                        "a country code of two letters is expected",
                    ));
                }
                (Some(_), text) => {
                    merged.insert(member.clone(), text.into());
                }
            }
        }
        if wrong.is_empty() {
            Ok(merged.into())
        } else {
            Err(wrong)
        }
    }

    fn members(
        &self,
        old: Option<&Value>,
        value: &Value,
        most: usize,
        longest: usize,
        fits: impl Fn(&Value) -> bool,
    ) -> Result<Value, Vec<FieldError>> {
        let Some(given) = value.as_object() else {
            return Err(vec![FieldError::new(
                self.name,
                "invalid_type",
                "an object is expected",
            )]);
        };
        let mut merged = old.and_then(Value::as_object).cloned().unwrap_or_default();
        let mut wrong = Vec::new();
        for (key, value) in given {
            let path = format!("{}.{key}", self.name);
            let is_key = (1..=longest).contains(&key.len())
                && key
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
            if !is_key || !fits(value) {
                wrong.push(FieldError::new(
                    &path,
                    "invalid",
                    "the key or the value is not allowed here",
                ));
            } else if value.is_null() {
                merged.shift_remove(key);
            } else {
                merged.insert(key.clone(), value.clone());
            }
        }
        if merged.len() > most {
            wrong.push(FieldError::new(
                self.name,
                "too_many",
                format!("at most {most} keys"),
            ));
        }
        if wrong.is_empty() {
            Ok(merged.into())
        } else {
            Err(wrong)
        }
    }
}
