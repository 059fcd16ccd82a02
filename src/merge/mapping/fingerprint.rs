//! What a base of a field means under the map: where that changes, the base is not known any more.

use std::collections::BTreeMap;

use crate::model::{FieldName, Kind};

use super::{FieldMap, MapEntry, Transform};

/// For each synced field what its base depends on; kept in the database beside the bases.
pub type Fingerprints = BTreeMap<String, String>;

impl FieldMap {
    /// The fingerprints of all synced fields. The policy is not in them: it decides what comes, not what was.
    pub fn fingerprints(&self) -> Fingerprints {
        let entries = Kind::ALL.into_iter().flat_map(|kind| self.fields(kind));
        entries
            .map(|entry| (name(entry.kind, &entry.field), fingerprint(entry)))
            .collect()
    }

    /// Fields that are new in this map, or that mean something else than they did: what both sides have in them was
    /// never agreed under it.
    pub fn news(&self, before: &Fingerprints) -> Vec<(Kind, FieldName)> {
        let entries = Kind::ALL.into_iter().flat_map(|kind| self.fields(kind));
        entries
            .filter(|entry| {
                before.get(&name(entry.kind, &entry.field)) != Some(&fingerprint(entry))
            })
            .map(|entry| (entry.kind, entry.field.clone()))
            .collect()
    }
}

fn name(kind: Kind, field: &FieldName) -> String {
    format!("{kind}.{field}")
}

fn fingerprint(entry: &MapEntry) -> String {
    let source = |template: &Option<Transform>| {
        template
            .as_ref()
            .map_or_else(String::new, |template| template.source().to_owned())
    };
    let created = entry.on_create_only.map_or("", super::Direction::arrow);
    [
        entry.ghl.to_string(),
        format!("{} {created}", entry.direction),
        source(&entry.to_growbots),
        source(&entry.to_ghl),
    ]
    .join("\u{1f}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::{Direction, Policy};

    #[test]
    fn a_field_is_news_when_its_base_means_something_else() {
        let before = FieldMap::default().fingerprints();
        let city = || MapEntry::new(Kind::Contact, FieldName::City);
        for (what, entry, is_news) in [
            ("the same", city(), false),
            ("another policy", city().policy(Policy::Ghl), false),
            (
                "another direction",
                city().direction(Direction::ToGhl),
                true,
            ),
            (
                "another name",
                MapEntry {
                    ghl: FieldName::Custom("town".into()),
                    ..city()
                },
                true,
            ),
            (
                "a template",
                MapEntry {
                    to_growbots: Transform::new("{{ value | title }}").ok(),
                    ..city()
                },
                true,
            ),
            (
                "a new field",
                MapEntry::new(Kind::Contact, FieldName::Custom("budget".into())),
                true,
            ),
        ] {
            let mut map = FieldMap::default();
            let field = entry.field.clone();
            map.set(entry);
            let want: Vec<_> = is_news
                .then_some((Kind::Contact, field))
                .into_iter()
                .collect();
            assert_eq!(map.news(&before), want, "{what}");
        }
    }

    #[test]
    fn a_field_that_is_taken_out_is_no_news() {
        let mut map = FieldMap::default();
        let before = map.fingerprints();
        map.remove(Kind::Contact, &FieldName::City);
        assert_eq!(map.news(&before), vec![]);
    }
}
