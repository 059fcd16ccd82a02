//! Which fields flow where, through what, and who decides when both sides changed one.
//!
//! A field has one name, that of the Growbots contract. Where GHL keeps it elsewhere (a custom field), or in another
//! form (a template), `translate` brings GHL's record to that name and form before the merge, and what is to be
//! written back afterwards. Everything between is the same for all fields.

mod configure;
mod creating;
mod defaults;
mod describe;
mod fingerprint;
mod status_tags;
mod translate;

use std::{fmt, str::FromStr};

use crate::model::{BySide, FieldName, Kind, Side, UnknownName};

use super::{Policy, Transform};

pub use configure::{MapError, MapRow, nearest};
pub use creating::Creating;
pub use describe::{Described, Standing};
pub use fingerprint::Fingerprints;
pub use translate::{Canonical, RoundTrip, Stuck};

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

/// Writes the arrow.
impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.arrow())
    }
}

/// Reads the arrow.
impl FromStr for Direction {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        [Self::Both, Self::ToGrowbots, Self::ToGhl]
            .into_iter()
            .find(|way| way.arrow() == text)
            .ok_or_else(|| UnknownName(text.into()))
    }
}

/// How one field of one kind is synced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapEntry {
    /// Of which kind.
    pub kind: Kind,
    /// Which field.
    pub field: FieldName,
    /// What GHL's records call it: the same, or a custom field.
    pub ghl: FieldName,
    /// What GHL's value goes through on its way to Growbots.
    pub to_growbots: Option<Transform>,
    /// What Growbots' value goes through on its way to GHL.
    pub to_ghl: Option<Transform>,
    /// The ways that it flows, in creates and, but for `on_create_only`, in updates.
    pub direction: Direction,
    /// Who decides when both sides changed it.
    pub policy: Policy,
    /// The ways that it flows only when a record is made there.
    pub on_create_only: Option<Direction>,
    /// Where this row of the map was set: `default`, or a file and a line.
    pub origin: Box<str>,
}

/// The origin of what nobody set.
const DEFAULT: &str = "default";

impl MapEntry {
    /// A field that flows both ways, and where an operator decides.
    pub fn new(kind: Kind, field: FieldName) -> Self {
        Self {
            kind,
            ghl: field.clone(),
            field,
            to_growbots: None,
            to_ghl: None,
            direction: Direction::Both,
            policy: Policy::Manual,
            on_create_only: None,
            origin: DEFAULT.into(),
        }
    }

    /// Whether GHL's value stands under another name or in another form than the canonical one.
    pub fn is_translated(&self) -> bool {
        self.ghl != self.field || self.to_growbots.is_some() || self.to_ghl.is_some()
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
    /// Fields that are known to the map and not synced, with the reason.
    off: Vec<(MapEntry, Box<str>)>,
    /// The location's country, alpha-2, for phone numbers that come out of a template.
    country: Box<str>,
    /// Which contacts are made on each side.
    creating: BySide<Creating>,
    /// Whether tags of GHL say the status of a lead.
    status_tags: bool,
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
        self.off
            .retain(|(off, _)| (off.kind, &off.field) != (entry.kind, &entry.field));
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

    /// Takes a field out and remembers why, for those who ask what the map does.
    pub fn switch_off(&mut self, entry: MapEntry, why: impl Into<Box<str>>) {
        self.remove(entry.kind, &entry.field);
        self.off
            .retain(|(off, _)| (off.kind, &off.field) != (entry.kind, &entry.field));
        self.off.push((entry, why.into()));
    }

    /// Whether records of a kind are made (and deleted) on that side because the other has them (or lost them):
    /// where any of their fields flows to it.
    pub fn creates(&self, kind: Kind, to: Side) -> bool {
        self.fields(kind).any(|entry| entry.creates(to))
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
            (Kind::Business, false, true),
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
        for off in [F::Title, F::Custom("budget".into())] {
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
