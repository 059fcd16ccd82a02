//! Records that are made on the other side, and deletes that go over.

use crate::model::{End, FieldChange, FieldName, Linked, Side, Snapshot};

use super::FieldMap;

/// The fields of a record that is to be made on `to`: those of the other end that the map carries there in a
/// create, decided values in their place. Empty where the map makes no such records there.
///
/// With no live end at all (an operator adds a record) they are the decided values as they stand.
pub fn create_fields(linked: &Linked, to: Side, map: &FieldMap) -> Vec<FieldChange> {
    let from = linked.ends.get(to.other()).live();
    if from.is_some() && !map.creates(linked.kind, to) {
        return Vec::new();
    }
    let decided = |field: &FieldName| linked.decided.iter().find(|d| d.field == *field);
    map.fields(linked.kind)
        .filter(|entry| from.is_none() || entry.creates(to))
        .filter_map(|entry| {
            let value = match decided(&entry.field) {
                Some(decided) => decided.value.as_ref(),
                None => from?.record.get(&entry.field),
            };
            Some(FieldChange {
                field: entry.field.clone(),
                from: None,
                to: Some(value?.clone()),
            })
        })
        .collect()
}

/// What becomes of a link of which an end is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeleteStep {
    /// Delete it on that side too.
    Delete(Side),
    /// The other side has something that exists only there: an operator must decide.
    Conflict {
        /// The side that deleted.
        gone: Side,
    },
    /// Nothing is left of the pair.
    Forget,
    /// Leave it as it is.
    Nothing,
}

/// Whether a delete goes over: only where nothing would go that exists only on the other side. `children_changed`
/// says whether a child there was changed or added since its base.
///
/// Kinds that do not flow back (a note that was deleted in Growbots) stay where they come from.
pub fn delete_step(linked: &Linked, children_changed: bool, map: &FieldMap) -> DeleteStep {
    let (gone, live) = match (&linked.ends.ghl, &linked.ends.growbots) {
        (End::Gone(_), End::Live(live)) => (Side::Ghl, live),
        (End::Live(live), End::Gone(_)) => (Side::Growbots, live),
        (End::Gone(_), _) | (_, End::Gone(_)) => return DeleteStep::Forget,
        _ => return DeleteStep::Nothing,
    };
    if linked.ignored || !map.creates(linked.kind, gone.other()) {
        return DeleteStep::Nothing;
    }
    let is_known = is_as_agreed(linked, live, map);
    let is_decided = linked
        .decided
        .iter()
        .any(|decided| decided.value.as_ref() != live.record.get(&decided.field));
    if is_known && !is_decided && !children_changed {
        DeleteStep::Delete(gone.other())
    } else {
        DeleteStep::Conflict { gone }
    }
}

/// Whether a record has nothing that both sides did not have: else a delete of the other end would take it along,
/// also where it is of a kind that does not flow back. Without a base nothing shows that it is not news.
pub fn is_as_agreed(linked: &Linked, live: &Snapshot, map: &FieldMap) -> bool {
    linked.base.as_ref().is_some_and(|base| {
        map.fields(linked.kind)
            .filter(|entry| Side::BOTH.into_iter().any(|side| entry.updates(side)))
            .all(|entry| base.get(&entry.field) == live.record.get(&entry.field))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::support::{decided, linked, record};
    use crate::model::{Kind, Record};

    fn one_end(kind: Kind, side: Side, fields: &[(&str, &str)]) -> Linked {
        let mut linked = linked(kind, None, record(fields), record(fields));
        *linked.ends.get_mut(side.other()) = End::Missing;
        linked
    }

    fn shown(changes: &[FieldChange]) -> String {
        let shown = |change: &FieldChange| {
            assert_eq!(change.from, None);
            format!("{}={}", change.field, change.to.as_ref().unwrap())
        };
        changes.iter().map(shown).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_create_carries_what_the_map_carries_there() {
        let map = FieldMap::default();
        let contact = [
            ("first_name", "Ann"),
            ("title", "CEO"),
            ("company", "Acme"),
            ("source", "web"),
        ];
        for (kind, to, fields, want) in [
            (
                Kind::Contact,
                Side::Growbots,
                &contact[..],
                "first_name=Ann company=Acme source=web",
            ),
            (
                Kind::Contact,
                Side::Ghl,
                &contact[..],
                "first_name=Ann company=Acme source=web",
            ),
            (
                Kind::Task,
                Side::Ghl,
                &[("title", "Call"), ("completed", "yes")],
                "title=Call completed=yes",
            ),
            (
                Kind::Note,
                Side::Growbots,
                &[("body", "hello")],
                "body=hello",
            ),
            (Kind::Note, Side::Ghl, &[("body", "hello")], ""),
            (
                Kind::Business,
                Side::Growbots,
                &[("name", "Acme")],
                "name=Acme",
            ),
            (Kind::Business, Side::Ghl, &[("name", "Acme")], ""),
        ] {
            let linked = one_end(kind, to.other(), fields);
            assert_eq!(
                shown(&create_fields(&linked, to, &map)),
                want,
                "{kind} to {to}"
            );
        }
    }

    #[test]
    fn decided_values_stand_in_a_create() {
        let map = FieldMap::default();
        let mut linked = one_end(
            Kind::Contact,
            Side::Ghl,
            &[("first_name", "Ann"), ("email", "a@x.test")],
        );
        linked
            .decided
            .push(decided(&FieldName::FirstName, "Anna", ["Ann", ""]));
        linked
            .decided
            .push(decided(&FieldName::LastName, "Lee", ["", ""]));
        linked
            .decided
            .push(decided(&FieldName::Email, "", ["a@x.test", ""]));
        assert_eq!(
            shown(&create_fields(&linked, Side::Growbots, &map)),
            "first_name=Anna last_name=Lee"
        );
    }

    #[test]
    fn what_an_operator_adds_is_made_of_the_decided_values() {
        let map = FieldMap::default();
        let mut linked = one_end(Kind::Note, Side::Ghl, &[]);
        linked.ends.ghl = End::Missing;
        linked
            .decided
            .push(decided(&FieldName::Body, "hello", ["", ""]));
        assert_eq!(
            shown(&create_fields(&linked, Side::Ghl, &map)),
            "body=hello"
        );
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "one table, a row a case")]
    fn a_delete_goes_over_only_where_nothing_else_would_go() {
        use DeleteStep as Step;
        let map = FieldMap::default();
        let base = [("first_name", "Ann"), ("source", "web"), ("title", "CEO")];
        let renamed = [("first_name", "Anna")];
        let unmapped = [("first_name", "Ann"), ("source", "fair"), ("title", "CTO")];
        let as_base = &base[..];
        for (kind, gone, live, has_base, children_changed, want) in [
            (
                Kind::Contact,
                Side::Ghl,
                as_base,
                true,
                false,
                Step::Delete(Side::Growbots),
            ),
            (
                Kind::Contact,
                Side::Growbots,
                as_base,
                true,
                false,
                Step::Delete(Side::Ghl),
            ),
            (
                Kind::Contact,
                Side::Ghl,
                &unmapped,
                true,
                false,
                Step::Delete(Side::Growbots),
            ),
            (
                Kind::Contact,
                Side::Ghl,
                &renamed,
                true,
                false,
                Step::Conflict { gone: Side::Ghl },
            ),
            (
                Kind::Contact,
                Side::Ghl,
                as_base,
                true,
                true,
                Step::Conflict { gone: Side::Ghl },
            ),
            (
                Kind::Contact,
                Side::Ghl,
                as_base,
                false,
                false,
                Step::Conflict { gone: Side::Ghl },
            ),
            (
                Kind::Note,
                Side::Ghl,
                as_base,
                true,
                false,
                Step::Delete(Side::Growbots),
            ),
            (
                Kind::Note,
                Side::Growbots,
                as_base,
                true,
                false,
                Step::Nothing,
            ),
            (
                Kind::Business,
                Side::Ghl,
                as_base,
                true,
                false,
                Step::Delete(Side::Growbots),
            ),
            (
                Kind::Business,
                Side::Growbots,
                as_base,
                true,
                false,
                Step::Nothing,
            ),
        ] {
            let row = format!("{kind} gone in {gone}: {live:?} {has_base} {children_changed}");
            let mut linked = linked(
                kind,
                has_base.then(|| record(&base)),
                record(live),
                record(live),
            );
            let end = std::mem::take(linked.ends.get_mut(gone));
            let End::Live(snapshot) = end else {
                panic!("{row}")
            };
            *linked.ends.get_mut(gone) = End::Gone(snapshot);
            assert_eq!(delete_step(&linked, children_changed, &map), want, "{row}");
            linked.ignored = true;
            assert_eq!(
                delete_step(&linked, children_changed, &map),
                Step::Nothing,
                "{row}, ignored"
            );
        }
    }

    #[test]
    fn an_edit_that_waits_for_the_live_side_is_not_deleted_with_it() {
        let name = || record(&[("first_name", "Ann")]);
        let mut linked = linked(Kind::Contact, Some(name()), name(), name());
        linked
            .decided
            .push(decided(&FieldName::FirstName, "Anna", ["Ann", "Ann"]));
        let End::Live(snapshot) = std::mem::take(&mut linked.ends.ghl) else {
            panic!("it is live")
        };
        linked.ends.ghl = End::Gone(snapshot);
        let step = delete_step(&linked, false, &FieldMap::default());
        assert_eq!(step, DeleteStep::Conflict { gone: Side::Ghl });
    }

    #[test]
    fn a_pair_without_a_live_end_is_forgotten() {
        let map = FieldMap::default();
        let mut linked = linked(Kind::Contact, None, Record::default(), Record::default());
        assert_eq!(
            delete_step(&linked, false, &map),
            DeleteStep::Nothing,
            "both live"
        );
        let End::Live(snapshot) = std::mem::take(&mut linked.ends.ghl) else {
            panic!("it is live")
        };
        assert_eq!(
            delete_step(&linked, false, &map),
            DeleteStep::Nothing,
            "one missing"
        );
        linked.ends = crate::model::BySide {
            ghl: End::Gone(snapshot.clone()),
            growbots: End::Missing,
        };
        assert_eq!(
            delete_step(&linked, false, &map),
            DeleteStep::Forget,
            "gone and missing"
        );
        linked.ends.growbots = End::Gone(snapshot);
        assert_eq!(
            delete_step(&linked, false, &map),
            DeleteStep::Forget,
            "both gone"
        );
    }
}
