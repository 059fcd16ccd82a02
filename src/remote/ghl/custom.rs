//! GHL's custom fields: known by id on the wire, by key to everybody else (`facts/highlevel.md` c6).

use std::borrow::Cow;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::model::{FieldName, Record, Value};
use crate::remote::CustomField;

/// How values of a data type are read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Text,
    Number,
    /// A day, `YYYY-MM-DD`.
    Date,
    Words,
}

/// `None` for files, signatures and lists of boxes, which are objects that couplet does not touch. A data type that
/// is not known is text.
fn shape(data_type: &str) -> Option<Shape> {
    match data_type {
        "NUMERICAL" | "MONETORY" | "MONETARY" => Some(Shape::Number),
        "CHECKBOX" | "MULTIPLE_OPTIONS" => Some(Shape::Words),
        "DATE" => Some(Shape::Date),
        "TEXTBOX_LIST" | "FILE_UPLOAD" | "SIGNATURE" => None,
        _ => Some(Shape::Text),
    }
}

#[derive(Debug, Deserialize)]
struct Entry<'a> {
    #[serde(borrow, default)]
    id: Cow<'a, str>,
    #[serde(default, alias = "field_value", alias = "fieldValue")]
    value: Json,
}

/// Puts the values of `raw`, a JSON array of `{id, value}`, into the record under `custom.<key>`. Values of fields
/// that are not in `fields` are left out: their key is not known.
pub fn read(fields: &[CustomField], raw: &str, record: &mut Record) {
    let entries: Vec<Json> = serde_json::from_str(raw).unwrap_or_default();
    for entry in entries {
        let Ok(entry) = Entry::deserialize(&entry) else {
            continue;
        };
        let field = fields.iter().find(|field| field.id == *entry.id);
        if let Some((field, shape)) =
            field.and_then(|field| Some((field, shape(&field.data_type)?)))
        {
            let name = FieldName::Custom(field.key.as_str().into());
            record.set(name, value(shape, &entry.value));
        }
    }
}

fn value(shape: Shape, json: &Json) -> Option<Value> {
    let text = match json {
        Json::String(text) => text.clone(),
        Json::Number(number) => number.to_string(),
        Json::Bool(yes) => yes.to_string(),
        Json::Array(words) if shape == Shape::Words => {
            return Value::set(words.iter().filter_map(Json::as_str));
        }
        _ => return None,
    };
    match shape {
        Shape::Text => Value::text(text),
        Shape::Number => Value::text(number(&text).map_or(text, |number| number.to_string())),
        Shape::Date => Value::text(day(&text).map_or(text, |day| day.to_string())),
        Shape::Words => Value::set([text]),
    }
}

/// A number as JSON writes it: `100.50` and `100.5` are the same.
fn number(text: &str) -> Option<serde_json::Number> {
    let text = text.trim();
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    let number = text.parse::<f64>().ok()?;
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return Some((number as i64).into());
    }
    serde_json::Number::from_f64(number)
}

/// The day of an ISO text or of milliseconds since 1970.
fn day(text: &str) -> Option<Date> {
    let text = text.trim();
    if let Ok(ms) = text.parse::<i64>() {
        let at = Timestamp::from_millisecond(ms).ok()?;
        return Some(TimeZone::UTC.to_datetime(at).date());
    }
    text.get(..10)?.parse().ok()
}

/// The entry of a body that writes a custom field; the error says why GHL cannot take it.
pub fn entry(
    fields: &[CustomField],
    key: &str,
    value: Option<&Value>,
) -> Result<Json, &'static str> {
    let field = fields
        .iter()
        .find(|field| field.key == key)
        .ok_or("is no custom field of this location")?;
    let shape = shape(&field.data_type).ok_or("is of a type that couplet does not write")?;
    let json = match (shape, value) {
        (Shape::Words, None) => json!([]),
        // No clearing is documented: an empty text is what the web app sends.
        (_, None) => json!(""),
        (Shape::Words, Some(Value::Set(words))) => {
            words.iter().map(|word| spelt(field, word)).collect()
        }
        (Shape::Words, Some(value)) => json!([spelt(field, &value.to_string())]),
        (Shape::Number, Some(value)) => number(&value.to_string())
            .map(Json::Number)
            .ok_or("is a number in GHL")?,
        (Shape::Date, Some(value)) => day(&value.to_string())
            .map(|day| json!(day.to_string()))
            .ok_or("is a date in GHL")?,
        (Shape::Text, Some(value)) => json!(value.to_string()),
    };
    Ok(json!({ "id": field.id, "field_value": json }))
}

/// The option as the location spells it: words of a set are compared without case.
fn spelt(field: &CustomField, word: &str) -> Json {
    let option = field
        .options
        .iter()
        .find(|option| option.trim().to_lowercase() == word);
    option.map_or(word, String::as_str).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> Vec<CustomField> {
        ["TEXT", "NUMERICAL", "CHECKBOX", "DATE", "FILE_UPLOAD"]
            .map(|data_type| CustomField {
                id: format!("id_{data_type}"),
                key: data_type.to_lowercase(),
                name: data_type.into(),
                data_type: data_type.into(),
                options: vec!["Gold Plan".into()],
            })
            .to_vec()
    }

    #[test]
    fn values_are_read_by_the_type_of_their_field() {
        for (data_type, value, want) in [
            ("TEXT", json!("a"), json!("a")),
            ("TEXT", json!(5), json!("5")),
            ("TEXT", json!(["a"]), json!(null)),
            ("NUMERICAL", json!(100), json!("100")),
            ("NUMERICAL", json!("100.50"), json!("100.5")),
            ("NUMERICAL", json!(3.0), json!("3")),
            ("NUMERICAL", json!("about 5"), json!("about 5")),
            ("CHECKBOX", json!(["B", "a"]), json!(["a", "b"])),
            ("CHECKBOX", json!("B"), json!(["b"])),
            ("CHECKBOX", json!([]), json!(null)),
            (
                "DATE",
                json!("2026-03-01T00:00:00.000Z"),
                json!("2026-03-01"),
            ),
            ("DATE", json!(1_772_323_200_000_i64), json!("2026-03-01")),
            ("DATE", json!("soon"), json!("soon")),
            ("FILE_UPLOAD", json!({"x": {}}), json!(null)),
            ("UNHEARD_OF", json!("a"), json!(null)),
        ] {
            let mut record = Record::default();
            let raw = json!([3, {"value": 1}, {"id": format!("id_{data_type}"), "value": value}]);
            read(&fields(), &raw.to_string(), &mut record);
            let name = FieldName::Custom(data_type.to_lowercase().into());
            let got = record.get(&name).map_or(Json::Null, Value::to_json);
            assert_eq!(got, want, "{data_type} {value}");
        }
    }

    #[test]
    fn values_are_written_by_id_and_in_the_form_of_their_type() {
        let text = |text: &str| Value::text(text);
        for (key, value, want) in [
            ("text", text("a"), Ok(json!("a"))),
            ("text", None, Ok(json!(""))),
            ("numerical", text("12"), Ok(json!(12))),
            ("numerical", text("12.5"), Ok(json!(12.5))),
            ("numerical", text("a dozen"), Err("is a number in GHL")),
            (
                "checkbox",
                Value::set(["GOLD plan", "x"]),
                Ok(json!(["Gold Plan", "x"])),
            ),
            ("checkbox", text("gold plan"), Ok(json!(["Gold Plan"]))),
            ("checkbox", None, Ok(json!([]))),
            ("date", text("2026-03-01"), Ok(json!("2026-03-01"))),
            ("date", text("soon"), Err("is a date in GHL")),
            (
                "file_upload",
                None,
                Err("is of a type that couplet does not write"),
            ),
            (
                "unheard_of",
                None,
                Err("is no custom field of this location"),
            ),
        ] {
            let got = entry(&fields(), key, value.as_ref());
            let want = want.map(
                |value| json!({"id": format!("id_{}", key.to_uppercase()), "field_value": value}),
            );
            assert_eq!(got, want, "{key} {value:?}");
        }
    }

    #[test]
    fn a_value_that_was_written_reads_the_same() {
        for (key, value) in [
            ("numerical", Value::text("12.5")),
            ("checkbox", Value::set(["gold plan"])),
            ("date", Value::text("2026-03-01")),
        ] {
            let written = entry(&fields(), key, value.as_ref()).expect("it takes it");
            let mut record = Record::default();
            read(&fields(), &json!([written]).to_string(), &mut record);
            assert_eq!(
                record.get(&FieldName::Custom(key.into())),
                value.as_ref(),
                "{key}"
            );
        }
    }
}
