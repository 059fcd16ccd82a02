//! The map in words, for `couplet map show` and the dashboard.

use crate::model::{FieldName, FieldType, Kind};

use super::{Direction, FieldMap, MapEntry, Policy};

/// One row of the map as a person reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Of which kind.
    pub kind: Kind,
    /// The canonical name.
    pub field: FieldName,
    /// What GHL calls it.
    pub ghl: String,
    /// What Growbots calls it.
    pub growbots: String,
    /// The ways that it flows.
    pub direction: Direction,
    /// The ways that it flows only when a record is made.
    pub on_create_only: Option<Direction>,
    /// The rule that makes its values comparable.
    pub rule: &'static str,
    /// Who decides when both sides changed it.
    pub policy: Policy,
    /// The template that GHL's value goes through.
    pub to_growbots: Option<String>,
    /// The template that Growbots' value goes through.
    pub to_ghl: Option<String>,
    /// Where the row was set: `default`, or a file and a line.
    pub origin: String,
    /// Whether it is synced.
    pub standing: Standing,
}

/// Whether a row of the map is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is synced.
    On,
    /// It is not, with the reason.
    Off(String),
}

impl FieldMap {
    /// All rows of the map: kinds in their order, fields in screen order, custom ones after them.
    pub fn rows(&self) -> Vec<Described> {
        let mut rows = Vec::new();
        for kind in Kind::ALL {
            let on = self.fields(kind).map(|entry| (entry, Standing::On));
            let off = self.off.iter().filter(|(entry, _)| entry.kind == kind);
            let off = off.map(|(entry, why)| (entry, Standing::Off(why.to_string())));
            let mut of_kind: Vec<Described> = on
                .chain(off)
                .map(|(entry, standing)| described(entry, standing))
                .collect();
            let place = |field: &FieldName| FieldName::of(kind).iter().position(|one| one == field);
            of_kind.sort_by_key(|row| (place(&row.field).unwrap_or(usize::MAX), row.field.clone()));
            rows.extend(of_kind);
        }
        rows
    }

    /// The row of a field; `None` where the map does not know it.
    pub fn describe(&self, kind: Kind, field: &FieldName) -> Option<Described> {
        if let Some(entry) = self.entry(kind, field) {
            return Some(described(entry, Standing::On));
        }
        let off = self
            .off
            .iter()
            .find(|(entry, _)| (entry.kind, &entry.field) == (kind, field));
        off.map(|(entry, why)| described(entry, Standing::Off(why.to_string())))
    }
}

impl Described {
    /// In one line: `firstName <-> first_name`.
    pub fn arrow_line(&self) -> String {
        format!("{} {} {}", self.ghl, self.direction, self.growbots)
    }
}

fn described(entry: &MapEntry, standing: Standing) -> Described {
    let source =
        |template: &Option<super::Transform>| template.as_ref().map(|t| t.source().to_owned());
    Described {
        kind: entry.kind,
        field: entry.field.clone(),
        ghl: ghl_name(entry.kind, &entry.ghl),
        growbots: growbots_name(&entry.field),
        direction: entry.direction,
        on_create_only: entry.on_create_only,
        rule: rule(entry.kind, &entry.field),
        policy: entry.policy,
        to_growbots: source(&entry.to_growbots),
        to_ghl: source(&entry.to_ghl),
        origin: entry.origin.to_string(),
        standing,
    }
}

/// The names of `facts/highlevel.md` c.
fn ghl_name(kind: Kind, field: &FieldName) -> String {
    use FieldName as F;
    let name = match (kind, field) {
        (_, F::FirstName) => "firstName",
        (_, F::LastName) => "lastName",
        (_, F::Company) => "companyName",
        (Kind::Business, F::Street) | (_, F::Location) => "address",
        (_, F::Street) => "address1",
        (_, F::City) => "city",
        (_, F::Region) => "state",
        (_, F::PostalCode) => "postalCode",
        (_, F::Country) => "country",
        (_, F::TimeZone) => "timezone",
        (_, F::Owner | F::Assignee) => "assignedTo",
        (_, F::DoNotContact) => "dnd",
        (_, F::Business) => "businessId",
        (_, F::DueAt) => "dueDate",
        (_, F::Author) => "userId",
        (_, F::StartsAt) => "startTime",
        (_, F::EndsAt) => "endTime",
        (Kind::Appointment, F::Status) => "appointmentStatus",
        (Kind::Appointment, F::Description) => "notes",
        (_, F::Calendar) => "calendarId (its name)",
        (_, F::Host) => "assignedUserId",
        (Kind::Note, F::Body) => "title and body",
        (Kind::Contact, F::Title) => "(a custom field)",
        (_, field) => return field.to_string(),
    };
    name.to_owned()
}

fn growbots_name(field: &FieldName) -> String {
    match field {
        FieldName::Custom(key) => format!("custom_fields.{key}"),
        FieldName::Owner => "owner_id".into(),
        FieldName::Assignee => "assignee_id".into(),
        FieldName::Author => "author_id".into(),
        FieldName::Host => "host_id".into(),
        FieldName::Business => "company_id".into(),
        field => field.to_string(),
    }
}

fn rule(kind: Kind, field: &FieldName) -> &'static str {
    use FieldName as F;
    match (kind, field) {
        (_, F::Email) => "e-mail",
        (_, F::Phone) => "phone",
        (_, F::Website) => "url",
        (Kind::Contact | Kind::Business, F::Country) => "country",
        (_, F::Owner | F::Assignee | F::Author | F::Host) => "user",
        (_, F::Business) => "link of the business",
        (_, F::Custom(_)) => "by type",
        (Kind::Note, F::Body) | (Kind::Appointment, F::Description) => "html to text",
        (Kind::Appointment, F::Status) => "status",
        _ => match field.ty() {
            FieldType::Text => "text",
            FieldType::Lines => "lines",
            FieldType::Bool => "yes or no",
            FieldType::Time => "time",
            FieldType::Set => "tags",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_every_kind_has_a_row() {
        let rows = FieldMap::default().rows();
        for kind in Kind::ALL {
            let named: Vec<_> = rows
                .iter()
                .filter(|row| row.kind == kind)
                .map(|row| row.field.clone())
                .collect();
            assert_eq!(named, FieldName::of(kind), "{kind}");
        }
    }

    #[test]
    fn a_row_says_where_a_field_goes_and_how() {
        let map = FieldMap::default();
        for (kind, field, line, rule, policy) in [
            (
                Kind::Contact,
                F::FirstName,
                "firstName <-> first_name",
                "text",
                Policy::Manual,
            ),
            (
                Kind::Contact,
                F::Business,
                "businessId -> company_id",
                "link of the business",
                Policy::Manual,
            ),
            (
                Kind::Contact,
                F::Tags,
                "tags <-> tags",
                "tags",
                Policy::Union,
            ),
            (
                Kind::Appointment,
                F::Status,
                "appointmentStatus -> status",
                "status",
                Policy::Manual,
            ),
            (
                Kind::Business,
                F::Street,
                "address -> address.street",
                "text",
                Policy::Manual,
            ),
        ] {
            let row = map.describe(kind, &field).unwrap();
            assert_eq!(
                (row.arrow_line().as_str(), row.rule, row.policy),
                (line, rule, policy)
            );
            assert_eq!(row.standing, Standing::On);
        }
        let title = map.describe(Kind::Contact, &F::Title).unwrap();
        assert!(matches!(title.standing, Standing::Off(_)));
        assert_eq!(map.describe(Kind::Task, &F::City), None);
    }

    use FieldName as F;
}
