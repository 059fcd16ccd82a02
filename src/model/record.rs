//! A record in canonical form, and a snapshot: the last version of it that was seen on a side.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};

use super::{BySide, FieldName, Kind, LinkId, Millis, RecordId, Side, Value};

/// The canonical fields of a record of any kind: sorted by field, no empty values.
///
/// In JSON an object from field name to value; absent keys are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Record {
    fields: Vec<(FieldName, Value)>,
}

impl Record {
    /// A record of these fields; of a field given twice the last value counts.
    pub fn from_fields(fields: impl IntoIterator<Item = (FieldName, Value)>) -> Self {
        let mut record = Self::default();
        for (field, value) in fields {
            record.set(field, Some(value));
        }
        record
    }

    /// The value of a field, `None` where it is empty.
    pub fn get(&self, field: &FieldName) -> Option<&Value> {
        let at = self
            .fields
            .binary_search_by(|(name, _)| name.cmp(field))
            .ok()?;
        Some(&self.fields[at].1)
    }

    /// The text of a text field, "" where it is empty.
    pub fn text(&self, field: &FieldName) -> &str {
        self.get(field).and_then(Value::as_text).unwrap_or("")
    }

    /// Whether a yes-or-no field is yes.
    pub fn is(&self, field: &FieldName) -> bool {
        matches!(self.get(field), Some(Value::Bool(true)))
    }

    /// The moment in a time field.
    pub fn time(&self, field: &FieldName) -> Option<Millis> {
        match self.get(field) {
            Some(Value::Time(at)) => Some(*at),
            _ => None,
        }
    }

    /// Gives a field a value, or empties it.
    pub fn set(&mut self, field: FieldName, value: Option<Value>) {
        let value = value.filter(|value| *value != Value::Bool(false));
        match (
            self.fields.binary_search_by(|(name, _)| name.cmp(&field)),
            value,
        ) {
            (Ok(at), Some(value)) => self.fields[at].1 = value,
            (Ok(at), None) => {
                self.fields.remove(at);
            }
            (Err(at), Some(value)) => self.fields.insert(at, (field, value)),
            (Err(_), None) => {}
        }
    }

    /// The filled fields in order.
    pub fn iter(&self) -> impl Iterator<Item = (&FieldName, &Value)> {
        self.fields.iter().map(|(field, value)| (field, value))
    }

    /// The filled fields as a sorted slice: what the merge walks.
    pub fn as_slice(&self) -> &[(FieldName, Value)] {
        &self.fields
    }

    /// Whether no field has a value.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// What a person would call this record: the name of a contact or business, the title of a task, the first
    /// line of a note; else the e-mail, the phone or "(no name)".
    pub fn title(&self, kind: Kind) -> String {
        let joined = match kind {
            Kind::Contact => [
                self.text(&FieldName::FirstName),
                self.text(&FieldName::LastName),
            ]
            .join(" ")
            .trim()
            .to_owned(),
            Kind::Task | Kind::Appointment => self.text(&FieldName::Title).to_owned(),
            Kind::Note => self
                .text(&FieldName::Body)
                .lines()
                .next()
                .unwrap_or("")
                .to_owned(),
            Kind::Business => self.text(&FieldName::Name).to_owned(),
        };
        let others = [&FieldName::Company, &FieldName::Email, &FieldName::Phone];
        let found = std::iter::once(joined.as_str()).chain(others.map(|field| self.text(field)));
        found
            .into_iter()
            .find(|text| !text.is_empty())
            .unwrap_or("(no name)")
            .to_owned()
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Record;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the fields of a record")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record, A::Error> {
                let mut record = Record::default();
                while let Some(field) = map.next_key::<FieldName>()? {
                    let value = map.next_value_seed(field.ty())?;
                    record.set(field, value);
                }
                Ok(record)
            }
        }

        from.deserialize_map(Fields)
    }
}

/// A version of a record as it was seen on a side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Where it was seen.
    pub side: Side,
    /// What it is.
    pub kind: Kind,
    /// Its id there.
    pub id: RecordId,
    /// The contact on the same side that a task, note or appointment belongs to.
    pub parent: Option<RecordId>,
    /// Its fields in canonical form.
    pub record: Record,
    /// The answer as it came, JSON.
    pub raw: Box<str>,
    /// What the side's conditional writes compare (Growbots: the number of its ETag). GHL has none.
    pub version: Option<Box<str>>,
    /// When it was made, by the side's clock.
    pub created_at: Option<Millis>,
    /// When it last changed, by the side's clock. GHL's tasks and notes have none.
    pub updated_at: Option<Millis>,
    /// On Growbots: `external_ids.ghl`, the id of the GHL record that it is linked with.
    pub external_id: Option<RecordId>,
}

/// What a side keeps of a record that it has no longer. All empty where it keeps nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tombstone {
    /// The surviving record, when two were merged.
    pub merged_into: Option<RecordId>,
    /// The version that the delete made: whatever has a later one was brought back since.
    pub version: Option<Box<str>>,
    /// When the record last changed, by the side's clock: with the delete.
    pub updated_at: Option<Millis>,
    /// When it was deleted, by the side's clock.
    pub deleted_at: Option<Millis>,
}

impl Snapshot {
    /// A record of which no more is known than its fields: no time, no version, and nothing that it belongs to.
    pub fn new(side: Side, kind: Kind, id: impl Into<RecordId>, record: Record) -> Self {
        Self {
            side,
            kind,
            id: id.into(),
            parent: None,
            record,
            raw: "{}".into(),
            version: None,
            created_at: None,
            updated_at: None,
            external_id: None,
        }
    }
}

/// What a side has of one end of a link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// No record of this side belongs to the link.
    #[default]
    Missing,
    /// The record as last seen.
    Live(Snapshot),
    /// It was there, and the side says that it is gone; the last version seen.
    Gone(Snapshot),
}

impl End {
    /// The record, if it is there.
    pub const fn live(&self) -> Option<&Snapshot> {
        match self {
            Self::Live(snapshot) => Some(snapshot),
            _ => None,
        }
    }

    /// The record as last seen, there or gone.
    pub const fn last_seen(&self) -> Option<&Snapshot> {
        match self {
            Self::Live(snapshot) | Self::Gone(snapshot) => Some(snapshot),
            Self::Missing => None,
        }
    }

    /// Whether the side once had it and does not any more.
    pub const fn is_gone(&self) -> bool {
        matches!(self, Self::Gone(_))
    }
}

/// A link with all that a merge of it needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    /// The link.
    pub id: LinkId,
    /// What its records are.
    pub kind: Kind,
    /// The link of the contact that a child belongs to.
    pub parent: Option<LinkId>,
    /// The version that both sides last agreed on; `None` before the first agreement.
    pub base: Option<Record>,
    /// Both ends.
    pub ends: BySide<End>,
    /// Values that an operator or a rule decided and that are not yet on both sides.
    pub decided: Vec<super::Decided>,
    /// Fields that a side could not take.
    pub parked: Vec<super::Parked>,
    /// An operator wants it left alone.
    pub ignored: bool,
}

impl Linked {
    /// A link of which nothing is decided, parked or ignored, and which belongs to no other.
    pub const fn new(id: LinkId, kind: Kind, base: Option<Record>, ends: BySide<End>) -> Self {
        Self {
            id,
            kind,
            parent: None,
            base,
            ends,
            decided: Vec::new(),
            parked: Vec::new(),
            ignored: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    #[test]
    fn a_record_is_written_as_the_json_of_its_values_and_read_back() {
        let fields = [
            (FieldName::Email, Value::text("ann@example.com")),
            (FieldName::Tags, Value::set(["b", "A", "a"])),
            (FieldName::Completed, Value::yes(true)),
            (
                FieldName::DueAt,
                Some(Value::Time(Millis(1_772_357_400_000))),
            ),
            (
                FieldName::Custom("budget".into()),
                Value::text("a \"b\" \u{1}"),
            ),
        ];
        let fields = fields
            .into_iter()
            .filter_map(|(field, value)| Some((field, value?)));
        let record = Record::from_fields(fields);
        let by_value = record
            .iter()
            .map(|(field, value)| (field.to_string(), value.to_json()));
        let by_value = Json::Object(by_value.collect());
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(text, by_value.to_string());
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
        assert_eq!(serde_json::from_value::<Record>(by_value).unwrap(), record);
    }

    #[test]
    fn a_field_is_read_as_its_value_is() {
        for (name, json) in [
            ("email", json!(null)),
            ("email", json!("")),
            ("email", json!(12)),
            ("email", json!(-1.5)),
            ("email", json!(true)),
            ("completed", json!(false)),
            ("completed", json!("yes")),
            ("completed", json!("perhaps")),
            ("due_at", json!("2026-03-01T09:30:00.250Z")),
            ("due_at", json!("soon")),
            ("tags", json!([])),
            ("tags", json!([" B", 1, null, "a"])),
            ("tags", json!("a, b")),
            ("custom.budget", json!("7")),
            ("email", json!({"a": 1})),
        ] {
            let field: FieldName = name.parse().unwrap();
            let want = Value::from_json(field.ty(), &json).ok();
            let text = json!({ name: json }).to_string();
            let read = serde_json::from_str::<Record>(&text).ok();
            assert_eq!(
                read.map(|record| record.get(&field).cloned()),
                want,
                "{text}"
            );
        }
        assert!(serde_json::from_str::<Record>(r#"{"e_mail": "a"}"#).is_err());
    }
}
