//! A record as a filter looks at it.

use super::{FieldName, FieldType, Filter, Record, Value};

/// The values of a field under the names that filters have for it: `tag`, `dnd`, `city` for `address.city`, `plan` for
/// `custom.plan`. A yes-or-no field without a value is `no`; another one gives nothing.
pub fn values(record: &Record, field: &str) -> Vec<String> {
    let name = match field {
        "dnd" => "do_not_contact",
        other => Filter::canonical(other),
    };
    for (known, value) in record.iter() {
        let known = known.to_string();
        let short = ["address.", "custom."];
        let mut short = short.iter().filter_map(|group| known.strip_prefix(group));
        if known == name || short.any(|short| short == name) {
            return plain(value);
        }
    }
    let is_bool = |field: FieldName| field.ty() == FieldType::Bool;
    if name.parse().is_ok_and(is_bool) {
        return vec!["no".into()];
    }
    Vec::new()
}

/// Everything in a record that bare words search.
pub fn words(record: &Record) -> String {
    let all = record.iter().flat_map(|(_, value)| plain(value));
    all.collect::<Vec<_>>().join(" ")
}

fn plain(value: &Value) -> Vec<String> {
    match value {
        Value::Set(words) => words.iter().map(ToString::to_string).collect(),
        other => vec![other.to_string()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_under_each_of_its_names() {
        let record = Record::from_fields([
            (FieldName::City, Value::text("Bath").unwrap()),
            (FieldName::Tags, Value::set(["vip", "lead"]).unwrap()),
            (
                FieldName::Custom("plan".into()),
                Value::text("gold").unwrap(),
            ),
        ]);
        let none: [&str; 0] = [];
        for (field, want) in [
            ("city", &["Bath"][..]),
            ("address.city", &["Bath"]),
            ("tag", &["lead", "vip"]),
            ("tags", &["lead", "vip"]),
            ("plan", &["gold"]),
            ("custom.plan", &["gold"]),
            ("dnd", &["no"]),
            ("do_not_contact", &["no"]),
            ("phone", &none),
            ("unheard_of", &none),
        ] {
            assert_eq!(values(&record, field), want, "{field}");
        }
        assert_eq!(words(&record), "Bath lead vip gold");
    }
}
