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
pub fn record(kind: Kind, country: &str, mut record: Record) -> Record {
    for (field, typed) in record.clone().iter() {
        record.set(field.clone(), value(kind, field, country, typed.clone()));
    }
    record
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
        // What has several lines is a long text, whatever the sides call its type.
        (_, F::Custom(_)) if typed.trim().contains(['\n', '\r']) => lines(typed.trim()),
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
    let text = text.trim_end_matches(['/', ' ']);
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

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select};

    use super::*;
    use crate::merge::{FieldMap, RecordMerge, merge_record, support};

    #[test]
    fn each_field_has_its_rule() {
        use FieldName as F;
        for (kind, field, typed, want) in [
            // text
            (
                Kind::Contact,
                F::FirstName,
                "  Ann\t Mary\u{a0} ",
                "Ann Mary",
            ),
            (Kind::Contact, F::FirstName, "Zoe\u{308}", "Zo\u{eb}"),
            (Kind::Contact, F::FirstName, "ANN", "ANN"),
            (Kind::Contact, F::FirstName, " \n ", ""),
            (Kind::Contact, F::Custom("x".into()), " a  b \n", "a b"),
            (
                Kind::Contact,
                F::Custom("x".into()),
                "\n a  b \r\n  c\n",
                "a  b\n  c",
            ),
            (Kind::Contact, F::TimeZone, " Mars/Base ", "Mars/Base"),
            // lines
            (Kind::Task, F::Body, "a  \r\n b\rc\n\n", "a\n b\nc"),
            (Kind::Task, F::Body, " \n ", ""),
            // e-mail
            (
                Kind::Contact,
                F::Email,
                " Ann.Lee+x@A.Test ",
                "ann.lee+x@a.test",
            ),
            (Kind::Contact, F::Owner, "Dana@X.test", "dana@x.test"),
            (Kind::Contact, F::Owner, "ocQHyuzHv", "ocQHyuzHv"),
            // phone
            (Kind::Contact, F::Phone, "(415) 555-0132", "+14155550132"),
            // url
            (
                Kind::Contact,
                F::Website,
                " HTTPS://Acme.Test/Path/ ",
                "https://acme.test/Path",
            ),
            (Kind::Contact, F::Website, "Acme.test/", "acme.test"),
            (Kind::Contact, F::Website, "Acme.test?Q=A", "acme.test?Q=A"),
            (Kind::Contact, F::Website, "/", ""),
            // country
            (Kind::Contact, F::Country, "us", "US"),
            (Kind::Contact, F::Country, "United States", "US"),
            (Kind::Contact, F::Country, "uk", "GB"),
            (Kind::Contact, F::Country, "Narnia", "Narnia"),
            (Kind::Contact, F::Country, "é", "é"),
            // sets, times, yes or no
            (
                Kind::Contact,
                F::Tags,
                " VIP ,lead,vip, Q4  List",
                "lead, q4 list, vip",
            ),
            (Kind::Contact, F::Tags, " , ", ""),
            (Kind::Contact, F::DoNotContact, "no", ""),
        ] {
            let row = format!("{field}: {typed:?}");
            let got =
                support::typed(&field, typed).and_then(|typed| value(kind, &field, "US", typed));
            assert_eq!(
                got.map_or(String::new(), |got| got.to_string()),
                want,
                "{row}"
            );
        }
        let at = value(
            Kind::Task,
            &F::DueAt,
            "US",
            Value::Time(crate::model::Millis(1_999)),
        );
        assert_eq!(at, Some(Value::Time(crate::model::Millis(1_000))));
    }

    fn wild() -> impl Strategy<Value = (FieldName, Value)> {
        let text = prop_oneof![
            ".{0,12}",
            "[0-9 +()x./-]{0,16}",
            "(https?|HTTP)://[A-Z./?#]{0,9}"
        ];
        let fields: Vec<FieldName> = FieldName::of(Kind::Contact).to_vec();
        (select(fields), text).prop_map(|(field, text)| {
            let value = match field.ty() {
                FieldType::Set => Value::Set(text.split(' ').map(Box::from).collect()),
                FieldType::Bool => Value::Bool(text.len() > 3),
                _ => Value::Text(text.into()),
            };
            (field, value)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2048, ..Default::default() })]
        #[test]
        fn a_second_time_changes_nothing((field, typed) in wild(), country in select(vec!["US", "DE", "GB", "JP", ""])) {
            let Some(once) = value(Kind::Contact, &field, country, typed) else { return Ok(()) };
            prop_assert_eq!(value(Kind::Contact, &field, country, once.clone()), Some(once));
        }

        #[test]
        fn normalising_alone_is_never_a_change(fields in proptest::collection::vec(wild(), 0..8)) {
            let canonical = |typed| record(Kind::Contact, "US", typed);
            let once = canonical(Record::from_fields(fields));
            let again = canonical(once.clone());
            let linked = support::linked(Kind::Contact, Some(once.clone()), once.clone(), again);
            let nothing = RecordMerge { base: std::borrow::Cow::Owned(once), ..RecordMerge::default() };
            prop_assert_eq!(merge_record(&linked, &FieldMap::default()), nothing);
        }
    }
}
