//! The canonical fields, their types and their values.

use std::{fmt, str::FromStr};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, DeserializeSeed, SeqAccess, Visitor},
};

use super::{Kind, Millis};

/// The type of a field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldType {
    /// One line of text.
    Text,
    /// Text with line ends.
    Lines,
    /// Yes or no; absent is no.
    Bool,
    /// A moment, to the second.
    Time,
    /// A set of words, compared without case.
    Set,
}

macro_rules! fields {
    ($($(#[$doc:meta])* $variant:ident $name:literal $ty:ident),* $(,)?) => {
        /// The canonical name of a field: that of the Growbots contract, with the address flattened.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FieldName {
            $($(#[$doc])* $variant,)*
            /// A custom field, by its key.
            Custom(Box<str>),
        }

        impl FieldName {
            /// All fields but the custom ones, in the order in which screens list them.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),*];

            /// The name without the `custom.` of a custom field.
            fn bare(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Custom(key) => key,
                }
            }

            /// The field of a name, if it is no custom one.
            fn known(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// What its values are. Custom fields are text.
            pub const fn ty(&self) -> FieldType {
                match self {
                    $(Self::$variant => FieldType::$ty,)*
                    Self::Custom(_) => FieldType::Text,
                }
            }
        }
    };
}

fields! {
    /// Given name.
    FirstName "first_name" Text,
    /// Family name.
    LastName "last_name" Text,
    /// Name of a business.
    Name "name" Text,
    /// Job title of a contact; title of a task or an appointment.
    Title "title" Text,
    /// E-mail address, lower case.
    Email "email" Text,
    /// Phone number, E.164 where it can be read as one.
    Phone "phone" Text,
    /// Name of the firm, as typed.
    Company "company" Text,
    /// Web site.
    Website "website" Text,
    /// Street and number.
    Street "address.street" Text,
    /// City.
    City "address.city" Text,
    /// State or region.
    Region "address.region" Text,
    /// Postal code.
    PostalCode "address.postal_code" Text,
    /// Country, ISO 3166 alpha-2.
    Country "address.country" Text,
    /// IANA time zone.
    TimeZone "time_zone" Text,
    /// Tags.
    Tags "tags" Set,
    /// The user who looks after a contact, by e-mail.
    Owner "owner" Text,
    /// Where the contact came from.
    Source "source" Text,
    /// Stop all outreach.
    DoNotContact "do_not_contact" Bool,
    /// The linked business.
    Business "business" Text,
    /// Long text of a task or a note.
    Body "body" Lines,
    /// When a task is due.
    DueAt "due_at" Time,
    /// Whether a task is done.
    Completed "completed" Bool,
    /// Who is to do a task, by e-mail.
    Assignee "assignee" Text,
    /// Who wrote a note, by e-mail.
    Author "author" Text,
    /// Whether a note is pinned.
    Pinned "pinned" Bool,
    /// Start of an appointment.
    StartsAt "starts_at" Time,
    /// End of an appointment.
    EndsAt "ends_at" Time,
    /// Status of an appointment.
    Status "status" Text,
    /// Where an appointment is.
    Location "location" Text,
    /// Longer text of an appointment or a business.
    Description "description" Lines,
    /// Which calendar an appointment is in.
    Calendar "calendar" Text,
    /// Who holds an appointment, by e-mail.
    Host "host" Text,
}

impl FieldName {
    /// The fields that a record of `kind` can have, in screen order; custom fields come after them.
    pub const fn of(kind: Kind) -> &'static [Self] {
        use FieldName as F;
        match kind {
            Kind::Contact => &[
                F::FirstName,
                F::LastName,
                F::Email,
                F::Phone,
                F::Company,
                F::Title,
                F::Website,
                F::Street,
                F::City,
                F::Region,
                F::PostalCode,
                F::Country,
                F::TimeZone,
                F::Tags,
                F::Owner,
                F::Source,
                F::DoNotContact,
                F::Business,
            ],
            Kind::Task => &[F::Title, F::Body, F::DueAt, F::Completed, F::Assignee],
            Kind::Note => &[F::Body, F::Author, F::Pinned],
            Kind::Appointment => &[
                F::Title,
                F::StartsAt,
                F::EndsAt,
                F::Status,
                F::Location,
                F::Description,
                F::Calendar,
                F::Host,
            ],
            Kind::Business => &[
                F::Name,
                F::Phone,
                F::Email,
                F::Website,
                F::Description,
                F::Street,
                F::City,
                F::Region,
                F::PostalCode,
                F::Country,
            ],
        }
    }

    /// What screens call it: `first name`, `postal code`, `custom.budget`.
    pub fn label(&self) -> String {
        let name = self.to_string();
        match name.strip_prefix("address.") {
            Some(part) => part.replace('_', " "),
            None if matches!(self, Self::Custom(_)) => name,
            None => name.replace('_', " "),
        }
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Custom(key) => write!(f, "custom.{key}"),
            _ => f.pad(self.bare()),
        }
    }
}

impl FromStr for FieldName {
    type Err = super::UnknownName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(key) = text.strip_prefix("custom.") {
            return Ok(Self::Custom(key.into()));
        }
        Self::known(text).ok_or_else(|| super::UnknownName(text.into()))
    }
}

impl Serialize for FieldName {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Custom(_) => to.collect_str(self),
            _ => to.serialize_str(self.bare()),
        }
    }
}

impl<'de> Deserialize<'de> for FieldName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Name;

        impl Visitor<'_> for Name {
            type Value = FieldName;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a field")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<FieldName, E> {
                name.parse().map_err(E::custom)
            }
        }

        from.deserialize_str(Name)
    }
}

/// A canonical value. Empty values do not exist: a field without a value is absent from its record, and a `false`
/// is absent too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// Text, never empty.
    Text(Box<str>),
    /// Yes.
    Bool(bool),
    /// A moment, whole seconds.
    Time(Millis),
    /// Sorted, folded, unique, never empty.
    Set(Vec<Box<str>>),
}

impl Value {
    /// Text, or nothing where it is empty.
    pub fn text(text: impl Into<Box<str>>) -> Option<Self> {
        let text = text.into();
        (!text.is_empty()).then_some(Self::Text(text))
    }

    /// Yes, or nothing.
    pub fn yes(yes: bool) -> Option<Self> {
        yes.then_some(Self::Bool(true))
    }

    /// A set of words made canonical: trimmed, lower case, sorted, unique. Nothing where it is empty.
    pub fn set<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> Option<Self> {
        let mut set: Vec<Box<str>> = words
            .into_iter()
            .map(|word| word.as_ref().trim().to_lowercase().into_boxed_str())
            .filter(|word| !word.is_empty())
            .collect();
        set.sort_unstable();
        set.dedup();
        (!set.is_empty()).then_some(Self::Set(set))
    }

    /// The text of a text value.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The words of a set; empty for other values.
    pub fn words(&self) -> &[Box<str>] {
        match self {
            Self::Set(words) => words,
            _ => &[],
        }
    }

    /// Reads what [`Value::to_json`] wrote, or what a person typed, as a value of `ty`. `Ok(None)` is empty.
    /// Values are taken as they stand but for sets and times; normalising is `merge`'s.
    pub fn parse(ty: FieldType, text: &str) -> Result<Option<Self>, BadValue> {
        let trimmed = text.trim();
        match ty {
            FieldType::Text | FieldType::Lines => Ok(Self::text(text)),
            FieldType::Set => Ok(Self::set(text.split([',', ';']))),
            _ if trimmed.is_empty() => Ok(None),
            FieldType::Bool => match trimmed.to_ascii_lowercase().as_str() {
                "true" | "yes" | "1" => Ok(Some(Self::Bool(true))),
                "false" | "no" | "0" => Ok(None),
                _ => Err(BadValue {
                    wanted: "yes or no",
                    got: trimmed.into(),
                }),
            },
            FieldType::Time => match Millis::parse(trimmed) {
                Some(at) => Ok(Some(Self::Time(at.to_second()))),
                None => Err(BadValue {
                    wanted: "a time such as `2026-03-01T09:30:00Z`",
                    got: trimmed.into(),
                }),
            },
        }
    }

    /// A JSON value: string, boolean, RFC 3339 string or array of strings.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Text(text) => (**text).into(),
            Self::Bool(yes) => (*yes).into(),
            Self::Time(at) => at.to_string().into(),
            Self::Set(words) => words
                .iter()
                .map(|word| serde_json::Value::from(&**word))
                .collect(),
        }
    }

    /// Reads what [`Value::to_json`] wrote for a field of type `ty`; null, "", false and [] are nothing.
    pub fn from_json(ty: FieldType, json: &serde_json::Value) -> Result<Option<Self>, BadValue> {
        match json {
            serde_json::Value::Null => Ok(None),
            serde_json::Value::Bool(yes) => Ok(Self::yes(*yes)),
            serde_json::Value::String(text) => Self::parse(ty, text),
            serde_json::Value::Number(number) => Self::parse(ty, &number.to_string()),
            serde_json::Value::Array(items) => Ok(Self::set(
                items.iter().filter_map(serde_json::Value::as_str),
            )),
            serde_json::Value::Object(_) => Err(BadValue {
                wanted: "a plain value",
                got: "an object".into(),
            }),
        }
    }
}

/// As [`Value::to_json`], without the value between.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => to.serialize_str(text),
            Self::Bool(yes) => to.serialize_bool(*yes),
            Self::Time(at) => to.collect_str(at),
            Self::Set(words) => to.collect_seq(words),
        }
    }
}

/// Reads the value of a field of this type, as [`Value::from_json`], without the value between.
impl<'de> DeserializeSeed<'de> for FieldType {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Option<Value>, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for FieldType {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a plain value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Option<Value>, E> {
        Ok(None)
    }

    fn visit_bool<E: de::Error>(self, yes: bool) -> Result<Option<Value>, E> {
        Ok(Value::yes(yes))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Option<Value>, E> {
        Value::parse(self, text).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Option<Value>, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Option<Value>, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Option<Value>, E> {
        self.visit_str(&serde_json::Value::from(number).to_string())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Option<Value>, A::Error> {
        let mut words = Vec::new();
        while let Some(item) = items.next_element::<serde_json::Value>()? {
            if let serde_json::Value::String(word) = item {
                words.push(word);
            }
        }
        Ok(Value::set(words))
    }
}

/// As text for a log line or a form: sets with `, ` between, times as RFC 3339, `yes`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Bool(yes) => f.write_str(if *yes { "yes" } else { "no" }),
            Self::Time(at) => write!(f, "{at}"),
            Self::Set(words) => f.write_str(&words.join(", ")),
        }
    }
}

/// A text that is no value of the wanted type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{got}` is not {wanted}")]
pub struct BadValue {
    /// What would be right.
    pub wanted: &'static str,
    /// What was given.
    pub got: String,
}
