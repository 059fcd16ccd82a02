//! The rules that make values canonical, so that two values that mean the same are equal. Applied when a record is
//! read from a side or typed by an operator, never when it is compared.
//!
//! The rules are those of `facts/growbots.md`, section 7. Each is idempotent.

use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::model::{FieldName, FieldType, Kind, Record, Value};

pub use super::html::html_to_text;
use super::phone;

/// The record with every field in canonical form. `country` (alpha-2) is the location's, for phone numbers
/// without a country code. Fields that come out empty are dropped.
pub fn record(kind: Kind, country: &str, record: Record) -> Record {
    let mut canonical = Record::default();
    for (field, typed) in record.iter() {
        canonical.set(field.clone(), value(kind, field, country, typed.clone()));
    }
    canonical
}

/// One value in canonical form; `None` where it comes out empty. A value of another type than its field's stays as
/// it is.
pub fn value(kind: Kind, field: &FieldName, country: &str, value: Value) -> Option<Value> {
    match (value, field.ty()) {
        (Value::Text(typed), FieldType::Text) => {
            Value::text(text_by_rule(kind, field, country, &typed))
        }
        (Value::Text(typed), FieldType::Lines) => Value::text(lines(&typed)),
        (Value::Time(at), _) => Some(Value::Time(at.to_second())),
        (Value::Bool(yes), _) => Value::yes(yes),
        (Value::Set(words), _) => Value::set(words.iter().map(|word| folded(&text(word)))),
        (other, _) => Some(other),
    }
}

fn text_by_rule(kind: Kind, field: &FieldName, country: &str, typed: &str) -> String {
    use FieldName as F;
    let text = text(typed);
    match (kind, field) {
        (_, F::Email) => folded(&text),
        // Users are named by their e-mail where it is known, else by an id, which keeps its case.
        (_, F::Owner | F::Assignee | F::Author | F::Host) if text.contains('@') => folded(&text),
        (_, F::Phone) => phone::canonical(country, &text),
        (_, F::Website) => url(&text),
        (Kind::Contact | Kind::Business, F::Country) => alpha2(&text),
        _ => text,
    }
}

/// NFC, no white space around, one space for runs of it.
fn text(typed: &str) -> String {
    let mut out = String::with_capacity(typed.len());
    for word in typed.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    nfc(out)
}

/// NFC, line feeds only, no white space at the end of a line or of the whole.
fn lines(typed: &str) -> String {
    let unix = typed.replace("\r\n", "\n").replace('\r', "\n");
    let mut out = String::with_capacity(unix.len());
    for line in unix.split('\n') {
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    nfc(out)
}

fn nfc(text: String) -> String {
    if is_nfc(&text) {
        text
    } else {
        text.nfc().collect()
    }
}

/// Lower case, and NFC again: lower case can take that away.
fn folded(text: &str) -> String {
    nfc(text.to_lowercase())
}

/// Scheme and host in lower case, no `/` at the end.
fn url(text: &str) -> String {
    let text = text.trim_end_matches('/');
    let host_from = text.find("://").map_or(0, |at| at + "://".len());
    let host_to = text[host_from..]
        .find(['/', '?', '#'])
        .map_or(text.len(), |at| host_from + at);
    let (host, path) = text.split_at(host_to);
    format!("{}{path}", folded(host))
}

/// Names and codes that people and other systems write for a country; all else must be alpha-2 already.
const COUNTRIES: &[(&str, &[&str])] = &[
    ("AE", &["ARE", "UAE", "UNITED ARAB EMIRATES"]),
    ("AT", &["AUT", "AUSTRIA"]),
    ("AU", &["AUS", "AUSTRALIA"]),
    ("BE", &["BEL", "BELGIUM"]),
    ("BR", &["BRA", "BRAZIL"]),
    ("CA", &["CAN", "CANADA"]),
    ("CH", &["CHE", "SWITZERLAND"]),
    ("DE", &["DEU", "GERMANY"]),
    ("DK", &["DNK", "DENMARK"]),
    ("ES", &["ESP", "SPAIN"]),
    ("FI", &["FIN", "FINLAND"]),
    ("FR", &["FRA", "FRANCE"]),
    ("GB", &["UK", "GBR", "UNITED KINGDOM", "GREAT BRITAIN"]),
    ("IE", &["IRL", "IRELAND"]),
    ("IN", &["IND", "INDIA"]),
    ("IT", &["ITA", "ITALY"]),
    ("JP", &["JPN", "JAPAN"]),
    ("MX", &["MEX", "MEXICO"]),
    ("NL", &["NLD", "NETHERLANDS", "THE NETHERLANDS"]),
    ("NO", &["NOR", "NORWAY"]),
    ("NZ", &["NZL", "NEW ZEALAND"]),
    ("PL", &["POL", "POLAND"]),
    ("PT", &["PRT", "PORTUGAL"]),
    ("SE", &["SWE", "SWEDEN"]),
    ("SG", &["SGP", "SINGAPORE"]),
    ("US", &["USA", "UNITED STATES", "UNITED STATES OF AMERICA"]),
    ("ZA", &["ZAF", "SOUTH AFRICA"]),
];

/// The alpha-2 code of a country; what is none stays as typed.
fn alpha2(text: &str) -> String {
    let upper = text.to_uppercase();
    let known = COUNTRIES
        .iter()
        .find(|(_, names)| names.contains(&upper.as_str()));
    match known {
        Some((code, _)) => (*code).to_owned(),
        None if upper.len() == 2 && upper.bytes().all(|b| b.is_ascii_uppercase()) => upper,
        None => text.to_owned(),
    }
}
