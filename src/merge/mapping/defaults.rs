//! The default field map of the Growbots contract (`facts/growbots.md`, section 7).

use super::{Direction, FieldMap, MapEntry, Policy};
use crate::model::{BySide, FieldName, Kind};

/// All rows of section 7. The title of a contact is off until a custom field of GHL is named for it.
impl Default for FieldMap {
    fn default() -> Self {
        use FieldName as F;
        let both = MapEntry::new;
        let one_way = |kind, field: &F| both(kind, field.clone()).direction(Direction::ToGrowbots);
        let contact = [
            both(Kind::Contact, F::FirstName),
            both(Kind::Contact, F::LastName),
            both(Kind::Contact, F::Email),
            both(Kind::Contact, F::Phone),
            // GHL takes the firm's name when a contact is made, and never again.
            both(Kind::Contact, F::Company).on_create_only(Direction::ToGhl),
            one_way(Kind::Contact, &F::Business),
            both(Kind::Contact, F::Website),
            both(Kind::Contact, F::Street),
            both(Kind::Contact, F::City),
            both(Kind::Contact, F::Region),
            both(Kind::Contact, F::PostalCode),
            both(Kind::Contact, F::Country),
            both(Kind::Contact, F::TimeZone),
            both(Kind::Contact, F::Tags).policy(Policy::Union),
            both(Kind::Contact, F::Owner).policy(Policy::Ghl),
            both(Kind::Contact, F::Source).on_create_only(Direction::Both),
            both(Kind::Contact, F::DoNotContact).policy(Policy::Restrictive),
        ];
        let task = [
            both(Kind::Task, F::Title),
            both(Kind::Task, F::Body),
            both(Kind::Task, F::DueAt),
            both(Kind::Task, F::Completed),
            both(Kind::Task, F::Assignee).policy(Policy::Newest),
        ];
        let received = [Kind::Note, Kind::Appointment, Kind::Business]
            .into_iter()
            .flat_map(|kind| F::of(kind).iter().map(move |field| one_way(kind, field)));

        let mut map = Self {
            kinds: std::array::from_fn(|_| Vec::new()),
            off: Vec::new(),
            country: "".into(),
            creating: BySide::default(),
            status_tags: false,
        };
        for entry in contact.into_iter().chain(task).chain(received) {
            map.set(entry);
        }
        map.switch_off(
            both(Kind::Contact, F::Title),
            "GHL has no job title: name a custom field for it",
        );
        map
    }
}
