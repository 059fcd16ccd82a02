//! Which fields flow where, and who decides when both sides changed one.

use crate::model::{FieldName, Kind, Side};

use super::Policy;

/// The ways that a field flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Both ways.
    Both,
    /// From GHL to Growbots.
    ToGrowbots,
    /// From Growbots to GHL.
    ToGhl,
}

impl Direction {
    /// Whether it leads to that side.
    pub const fn leads_to(self, side: Side) -> bool {
        matches!(
            (self, side),
            (Self::Both, _) | (Self::ToGrowbots, Side::Growbots) | (Self::ToGhl, Side::Ghl)
        )
    }

    /// The arrow in tables, GHL on the left.
    pub const fn arrow(self) -> &'static str {
        match self {
            Self::Both => "<->",
            Self::ToGrowbots => "->",
            Self::ToGhl => "<-",
        }
    }
}

/// How one field of one kind is synced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapEntry {
    /// Of which kind.
    pub kind: Kind,
    /// Which field.
    pub field: FieldName,
    /// The ways that it flows, in creates and, but for `on_create_only`, in updates.
    pub direction: Direction,
    /// Who decides when both sides changed it.
    pub policy: Policy,
    /// The ways that it flows only when a record is made there.
    pub on_create_only: Option<Direction>,
}

impl MapEntry {
    /// A field that flows both ways, and where an operator decides.
    pub const fn new(kind: Kind, field: FieldName) -> Self {
        Self {
            kind,
            field,
            direction: Direction::Both,
            policy: Policy::Manual,
            on_create_only: None,
        }
    }

    /// The same with another policy.
    pub fn policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// The same, flowing that way only.
    pub fn direction(self, direction: Direction) -> Self {
        Self { direction, ..self }
    }

    /// The same, but what flows that way does so in creates only.
    pub fn on_create_only(self, direction: Direction) -> Self {
        Self {
            on_create_only: Some(direction),
            ..self
        }
    }

    /// Whether an update may write it on that side.
    pub fn updates(&self, side: Side) -> bool {
        self.creates(side) && !self.on_create_only.is_some_and(|way| way.leads_to(side))
    }

    /// Whether a create may write it on that side.
    pub const fn creates(&self, side: Side) -> bool {
        self.direction.leads_to(side)
    }
}

/// The fields that are synced, for each kind. Fields that are not in it are left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldMap {
    /// For each kind, in the order of [`Kind::ALL`], sorted by field.
    kinds: [Vec<MapEntry>; Kind::ALL.len()],
}

impl FieldMap {
    /// How a field is synced; `None` where it is not.
    pub fn entry(&self, kind: Kind, field: &FieldName) -> Option<&MapEntry> {
        let entries = &self.kinds[kind as usize];
        let at = entries
            .binary_search_by(|entry| entry.field.cmp(field))
            .ok()?;
        Some(&entries[at])
    }

    /// Whether an edit of a field goes to the other side, from at least one of them.
    pub fn carries(&self, kind: Kind, field: &FieldName) -> bool {
        let entry = self.entry(kind, field);
        entry.is_some_and(|entry| Side::BOTH.into_iter().any(|side| entry.updates(side)))
    }

    /// The synced fields of a kind, in field order.
    pub fn fields(&self, kind: Kind) -> impl Iterator<Item = &MapEntry> {
        self.kinds[kind as usize].iter()
    }

    /// Adds a field, or puts this in the place of what the map has for it.
    pub fn set(&mut self, entry: MapEntry) {
        let entries = &mut self.kinds[entry.kind as usize];
        match entries.binary_search_by(|old| old.field.cmp(&entry.field)) {
            Ok(at) => entries[at] = entry,
            Err(at) => entries.insert(at, entry),
        }
    }

    /// Takes a field out, so that it is left alone.
    pub fn remove(&mut self, kind: Kind, field: &FieldName) {
        self.kinds[kind as usize].retain(|entry| entry.field != *field);
    }

    /// Whether records of a kind are made (and deleted) on that side because the other has them (or lost them):
    /// where any of their fields flows to it.
    pub fn creates(&self, kind: Kind, to: Side) -> bool {
        self.fields(kind).any(|entry| entry.creates(to))
    }
}

/// The default field map of the Growbots contract (`facts/growbots.md`, section 7). Off until they are configured:
/// the title of a contact, the link to a business, and businesses.
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
        let received = [Kind::Note, Kind::Appointment]
            .into_iter()
            .flat_map(|kind| F::of(kind).iter().map(move |field| one_way(kind, field)));

        let mut map = Self {
            kinds: Default::default(),
        };
        for entry in contact.into_iter().chain(task).chain(received) {
            map.set(entry);
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_map_says_which_kinds_flow_where() {
        let map = FieldMap::default();
        for (kind, to_ghl, to_growbots) in [
            (Kind::Contact, true, true),
            (Kind::Task, true, true),
            (Kind::Note, false, true),
            (Kind::Appointment, false, true),
            (Kind::Business, false, false),
        ] {
            assert_eq!(map.creates(kind, Side::Ghl), to_ghl, "{kind}");
            assert_eq!(map.creates(kind, Side::Growbots), to_growbots, "{kind}");
        }
    }

    #[test]
    fn company_and_source_reach_ghl_in_a_create_only() {
        use FieldName as F;
        let map = FieldMap::default();
        for (field, create, update) in [
            (F::Email, [true, true], [true, true]),
            (F::Company, [true, true], [false, true]),
            (F::Source, [true, true], [false, false]),
        ] {
            let entry = map.entry(Kind::Contact, &field).unwrap();
            assert_eq!(Side::BOTH.map(|s| entry.creates(s)), create, "{field}");
            assert_eq!(Side::BOTH.map(|s| entry.updates(s)), update, "{field}");
        }
        for off in [F::Title, F::Business, F::Custom("budget".into())] {
            assert_eq!(map.entry(Kind::Contact, &off), None, "{off}");
        }
    }

    #[test]
    fn a_field_that_is_set_is_found_and_one_that_is_removed_is_not() {
        let budget = FieldName::Custom("budget".into());
        let mut map = FieldMap::default();
        map.set(MapEntry::new(Kind::Contact, budget.clone()).policy(Policy::Newest));
        let found = map.entry(Kind::Contact, &budget).map(|entry| entry.policy);
        assert_eq!(found, Some(Policy::Newest));
        map.remove(Kind::Contact, &budget);
        assert_eq!(map, FieldMap::default());
    }
}
