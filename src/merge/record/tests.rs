//! The rules of the merge as tables. What a merge comes to is written in one line: each write, then what is held,
//! dropped, and the base where it moved.

use super::*;
use crate::merge::support::{decided, linked, parked, record, typed, updated};
use crate::merge::{Direction, MapEntry};
use crate::model::Kind;

/// One line for what a merge of one field comes to.
fn shown(merge: &RecordMerge, base: Option<&Record>, field: &FieldName) -> String {
    let or_dash = |value: Option<&Value>| value.map_or("-".to_owned(), Value::to_string);
    let mut parts = Vec::new();
    for write in &merge.writes {
        let to = or_dash(write.change.to.as_ref());
        parts.push(format!("{}={to} ({})", write.side.name(), write.cause));
    }
    for held in &merge.held {
        parts.push(format!("{:?}", held.why).to_lowercase());
    }
    parts.extend(merge.conflicts.iter().filter_map(|conflict| {
        let side = conflict.newer?;
        Some(format!("newer {}", side.name()))
    }));
    if !merge.drop_decided.is_empty() {
        parts.push("decision done".into());
    }
    if !merge.drop_parked.is_empty() {
        parts.push("unparked".into());
    }
    let value = merge.base.get(field);
    if value != base.and_then(|base| base.get(field)) {
        parts.push(format!("base {}", or_dash(value)));
    }
    parts.join(", ")
}

/// A link of records with one field: base (none at all where `None`), GHL, Growbots.
fn one_field(kind: Kind, field: &FieldName, base: Option<&str>, ends: [&str; 2]) -> Linked {
    let name = field.to_string();
    let of = |text: &str| record(&[(name.as_str(), text)]);
    linked(kind, base.map(of), of(ends[0]), of(ends[1]))
}

fn merged(linked: &Linked, map: &FieldMap, field: &FieldName) -> String {
    shown(&merge_record(linked, map), linked.base.as_ref(), field)
}

#[test]
fn each_field_follows_the_default_map() {
    use FieldName as F;
    let map = FieldMap::default();
    for (field, base, ghl, growbots, want) in [
        // both ways, manual
        (F::FirstName, "Ann", "Ann", "Ann", ""),
        (
            F::FirstName,
            "Ann",
            "Anna",
            "Ann",
            "growbots=Anna (edit in GHL)",
        ),
        (
            F::FirstName,
            "Ann",
            "Ann",
            "Anna",
            "ghl=Anna (edit in Growbots)",
        ),
        (F::FirstName, "Ann", "", "Ann", "growbots=- (edit in GHL)"),
        (F::FirstName, "", "Ann", "", "growbots=Ann (edit in GHL)"),
        (F::FirstName, "Ann", "Anna", "Anna", "base Anna"),
        (F::FirstName, "Ann", "", "", "base -"),
        (F::FirstName, "Ann", "Anna", "Anne", "conflict"),
        (F::FirstName, "Ann", "", "Anne", "conflict"),
        // one way, and what stays on the receiving side
        (
            F::Company,
            "Acme",
            "Acme Inc",
            "Acme",
            "growbots=Acme Inc (edit in GHL)",
        ),
        (F::Company, "Acme", "Acme", "ACME", "differs"),
        (F::Company, "Acme", "Acme", "", "differs"),
        (F::Company, "Acme", "Acme Inc", "ACME", "conflict"),
        (F::Company, "Acme", "Acme Inc", "Acme Inc", "base Acme Inc"),
        // set when the record is made, and never again
        (F::Source, "web", "fair", "web", ""),
        (F::Source, "web", "web", "fair", ""),
        (F::Source, "web", "fair", "shop", ""),
        (F::Source, "web", "fair", "fair", ""),
        // sets
        (F::Tags, "a", "a,b", "a", "growbots=a, b (edit in GHL)"),
        (F::Tags, "a", "", "a", "growbots=- (edit in GHL)"),
        (
            F::Tags,
            "a",
            "a,b",
            "a,c",
            "ghl=a, b, c (both sides changed), growbots=a, b, c (both sides changed)",
        ),
        (
            F::Tags,
            "a,b",
            "a",
            "a,b,c",
            "ghl=a, c (both sides changed), growbots=a, c (both sides changed)",
        ),
        (
            F::Tags,
            "a,b",
            "a",
            "b",
            "ghl=- (both sides changed), growbots=- (both sides changed)",
        ),
        (
            F::Tags,
            "a",
            "a,b,c",
            "a,b",
            "growbots=a, b, c (both sides changed)",
        ),
        // restrictive
        (
            F::DoNotContact,
            "no",
            "yes",
            "no",
            "growbots=yes (edit in GHL)",
        ),
        (
            F::DoNotContact,
            "no",
            "no",
            "yes",
            "ghl=yes (edit in Growbots)",
        ),
        (F::DoNotContact, "yes", "no", "yes", "conflict"),
        (F::DoNotContact, "yes", "yes", "no", "conflict"),
        (F::DoNotContact, "yes", "no", "no", "base -"),
        (F::DoNotContact, "no", "yes", "yes", "base yes"),
        // GHL decides
        (
            F::Owner,
            "a@x.test",
            "b@x.test",
            "c@x.test",
            "growbots=b@x.test (policy ghl)",
        ),
        (
            F::Owner,
            "a@x.test",
            "a@x.test",
            "c@x.test",
            "ghl=c@x.test (edit in Growbots)",
        ),
        // not in the map
        (F::Title, "CEO", "CTO", "CEO", ""),
    ] {
        let row = format!("{field}: {base} | {ghl} | {growbots}");
        let linked = one_field(Kind::Contact, &field, Some(base), [ghl, growbots]);
        assert_eq!(merged(&linked, &map, &field), want, "{row}");
    }
}

#[test]
fn a_first_link_fills_what_is_empty_and_asks_about_the_rest() {
    use FieldName as F;
    let map = FieldMap::default();
    for (kind, field, ghl, growbots, want) in [
        (Kind::Contact, F::FirstName, "Ann", "Ann", "base Ann"),
        (
            Kind::Contact,
            F::FirstName,
            "Ann",
            "",
            "growbots=Ann (first link)",
        ),
        (
            Kind::Contact,
            F::FirstName,
            "",
            "Ann",
            "ghl=Ann (first link)",
        ),
        (Kind::Contact, F::FirstName, "Ann", "Anne", "conflict"),
        (Kind::Contact, F::Company, "", "Acme", "differs"),
        (
            Kind::Contact,
            F::Company,
            "Acme",
            "",
            "growbots=Acme (first link)",
        ),
        (Kind::Contact, F::Company, "Acme", "ACME", "conflict"),
        (
            Kind::Contact,
            F::Tags,
            "a",
            "b",
            "ghl=a, b (first link), growbots=a, b (first link)",
        ),
        (
            Kind::Contact,
            F::DoNotContact,
            "",
            "yes",
            "ghl=yes (first link)",
        ),
        (
            Kind::Contact,
            F::Owner,
            "a@x.test",
            "b@x.test",
            "growbots=a@x.test (policy ghl)",
        ),
        (
            Kind::Task,
            F::Completed,
            "yes",
            "",
            "growbots=yes (first link)",
        ),
        (Kind::Task, F::Completed, "", "yes", "ghl=yes (first link)"),
        (
            Kind::Note,
            F::Body,
            "hello",
            "",
            "growbots=hello (first link)",
        ),
    ] {
        let row = format!("{field}: {ghl} | {growbots}");
        let linked = one_field(kind, &field, None, [ghl, growbots]);
        assert_eq!(merged(&linked, &map, &field), want, "{row}");
    }
}

#[test]
fn a_policy_decides_what_was_changed_apart() {
    use FieldName as F;
    let both = Direction::Both;
    for (field, policy, direction, ghl, growbots, want) in [
        (
            F::Title,
            Policy::Ghl,
            both,
            "b",
            "c",
            "growbots=b (policy ghl)",
        ),
        (
            F::Title,
            Policy::Growbots,
            both,
            "b",
            "c",
            "ghl=c (policy growbots)",
        ),
        (
            F::Title,
            Policy::Growbots,
            both,
            "b",
            "",
            "ghl=- (policy growbots)",
        ),
        (
            F::Title,
            Policy::Newest,
            both,
            "b",
            "c",
            "ghl=c (policy newest)",
        ),
        (
            F::Title,
            Policy::Append,
            both,
            "b",
            "c",
            "conflict, newer growbots",
        ),
        (
            F::Title,
            Policy::Union,
            both,
            "b",
            "c",
            "conflict, newer growbots",
        ),
        (
            F::Body,
            Policy::Append,
            both,
            "b",
            "c",
            "ghl=b\n\nc (policy append), growbots=b\n\nc (policy append)",
        ),
        (
            F::Body,
            Policy::Append,
            both,
            "",
            "c",
            "ghl=c (policy append)",
        ),
        // one side has taken the result already
        (
            F::Body,
            Policy::Append,
            both,
            "b\n\nc",
            "c",
            "growbots=b\n\nc (policy append)",
        ),
        (
            F::Body,
            Policy::Append,
            both,
            "b",
            "b\n\nc",
            "ghl=b\n\nc (policy append)",
        ),
        // one way
        (
            F::Title,
            Policy::Ghl,
            Direction::ToGrowbots,
            "b",
            "c",
            "growbots=b (policy ghl)",
        ),
        (
            F::Title,
            Policy::Growbots,
            Direction::ToGrowbots,
            "b",
            "c",
            "differs, base b",
        ),
        (
            F::Title,
            Policy::Ghl,
            Direction::ToGhl,
            "b",
            "c",
            "differs, base c",
        ),
        (
            F::Title,
            Policy::Newest,
            Direction::ToGrowbots,
            "b",
            "c",
            "differs, base b",
        ),
        (
            F::Body,
            Policy::Append,
            Direction::ToGrowbots,
            "b",
            "c",
            "conflict, newer growbots",
        ),
    ] {
        let row = format!("{field} {policy} {}: {ghl} | {growbots}", direction.arrow());
        let mut map = FieldMap::default();
        map.set(
            MapEntry::new(Kind::Task, field.clone())
                .policy(policy)
                .direction(direction),
        );
        let mut linked = one_field(Kind::Task, &field, Some("a"), [ghl, growbots]);
        updated(&mut linked, Some(100), Some(105));
        assert_eq!(merged(&linked, &map, &field), want, "{row}");
    }
}

#[test]
fn newest_needs_two_times_five_seconds_apart() {
    for (ghl, growbots, want) in [
        (Some(105), Some(100), "growbots=b@x.test (policy newest)"),
        (Some(100), Some(105), "ghl=c@x.test (policy newest)"),
        (Some(104), Some(100), "conflict"),
        (Some(100), Some(100), "conflict"),
        (None, Some(100), "conflict"),
        (Some(100), None, "conflict"),
    ] {
        let field = FieldName::Assignee;
        let mut linked = one_field(Kind::Task, &field, Some(""), ["b@x.test", "c@x.test"]);
        updated(&mut linked, ghl, growbots);
        let got = merged(&linked, &FieldMap::default(), &field);
        assert_eq!(got, want, "{ghl:?} {growbots:?}");
    }
}

#[test]
fn a_decision_goes_to_every_side_that_differs_unless_one_moved() {
    use FieldName as F;
    let dana = "(dana decided, conflict 12)";
    for (field, base, ends, value, seen, want) in [
        (
            F::FirstName,
            "a",
            ["b", "c"],
            "b",
            ["b", "c"],
            format!("growbots=b {dana}"),
        ),
        (
            F::FirstName,
            "a",
            ["b", "c"],
            "a",
            ["b", "c"],
            format!("ghl=a {dana}, growbots=a {dana}"),
        ),
        (
            F::FirstName,
            "a",
            ["b", "c"],
            "d",
            ["b", "c"],
            format!("ghl=d {dana}, growbots=d {dana}"),
        ),
        (
            F::FirstName,
            "a",
            ["b", "c"],
            "",
            ["b", "c"],
            format!("ghl=- {dana}, growbots=- {dana}"),
        ),
        // an edit of a field that both agreed on, and of one that nobody has
        (
            F::FirstName,
            "a",
            ["a", "a"],
            "d",
            ["a", "a"],
            format!("ghl=d {dana}, growbots=d {dana}"),
        ),
        (
            F::FirstName,
            "",
            ["", ""],
            "d",
            ["", ""],
            format!("ghl=d {dana}, growbots=d {dana}"),
        ),
        // half done, done
        (
            F::FirstName,
            "a",
            ["d", "c"],
            "d",
            ["b", "c"],
            format!("growbots=d {dana}"),
        ),
        (
            F::FirstName,
            "a",
            ["d", "d"],
            "d",
            ["b", "c"],
            "decision done, base d".into(),
        ),
        (
            F::FirstName,
            "a",
            ["", ""],
            "",
            ["b", "c"],
            "decision done, base -".into(),
        ),
        // a side moved: the decision is void
        (
            F::FirstName,
            "a",
            ["e", "c"],
            "b",
            ["b", "c"],
            "conflict, decision done".into(),
        ),
        (
            F::FirstName,
            "a",
            ["e", "e"],
            "b",
            ["b", "c"],
            "decision done, base e".into(),
        ),
        // one way: the receiving side's own value, the source's, another one
        (
            F::Company,
            "a",
            ["b", "c"],
            "c",
            ["b", "c"],
            "differs, decision done, base b".into(),
        ),
        (
            F::Company,
            "a",
            ["b", "c"],
            "b",
            ["b", "c"],
            format!("growbots=b {dana}"),
        ),
        (
            F::Company,
            "a",
            ["b", "c"],
            "d",
            ["b", "c"],
            format!("growbots=d {dana}"),
        ),
        (
            F::Company,
            "a",
            ["b", "d"],
            "d",
            ["b", "c"],
            "differs, decision done, base b".into(),
        ),
        (
            F::Company,
            "a",
            ["e", "d"],
            "d",
            ["b", "c"],
            "conflict, decision done".into(),
        ),
        // what the map does not carry
        (
            F::Source,
            "a",
            ["b", "c"],
            "d",
            ["b", "c"],
            "decision done".into(),
        ),
        (
            F::Title,
            "a",
            ["b", "c"],
            "d",
            ["b", "c"],
            "decision done".into(),
        ),
        (
            F::Tags,
            "a",
            ["b", "c"],
            "b,d",
            ["b", "c"],
            format!("ghl=b, d {dana}, growbots=b, d {dana}"),
        ),
        (
            F::DoNotContact,
            "yes",
            ["", "yes"],
            "",
            ["", "yes"],
            format!("growbots=- {dana}"),
        ),
    ] {
        let row = format!("{field}: {base} | {ends:?} decided {value}, seen {seen:?}");
        let mut linked = one_field(Kind::Contact, &field, Some(base), ends);
        linked.decided.push(decided(&field, value, seen));
        assert_eq!(merged(&linked, &FieldMap::default(), &field), want, "{row}");
    }
}

#[test]
fn a_parked_field_waits_until_a_value_moves() {
    use FieldName as F;
    use Side::{Ghl, Growbots};
    let dana = "(dana decided, conflict 12)";
    for (field, base, ends, parks, decision, want) in [
        (
            F::Email,
            "a",
            ["b", "a"],
            vec![(Growbots, ["b", "a"])],
            None,
            "parked".to_owned(),
        ),
        (
            F::Email,
            "a",
            ["c", "a"],
            vec![(Growbots, ["b", "a"])],
            None,
            "growbots=c (edit in GHL), unparked".into(),
        ),
        (
            F::Email,
            "a",
            ["a", "a"],
            vec![(Growbots, ["b", "a"])],
            None,
            "unparked".into(),
        ),
        (
            F::Email,
            "a",
            ["b", "b"],
            vec![(Growbots, ["b", "a"])],
            None,
            "unparked, base b".into(),
        ),
        (
            F::Email,
            "a",
            ["b", "d"],
            vec![(Growbots, ["b", "a"])],
            None,
            "conflict, unparked".into(),
        ),
        // no conflict while it is parked
        (
            F::Email,
            "a",
            ["b", "d"],
            vec![(Growbots, ["b", "d"])],
            None,
            "parked".into(),
        ),
        // the other side of a set still gets its part
        (
            F::Tags,
            "a",
            ["b", "c"],
            vec![(Growbots, ["b", "c"])],
            None,
            "ghl=b, c (both sides changed), parked".into(),
        ),
        // decided: what was refused stays parked, another value is tried
        (
            F::Email,
            "a",
            ["b", "a"],
            vec![(Growbots, ["b", "a"])],
            Some("b"),
            "parked".into(),
        ),
        (
            F::Email,
            "a",
            ["b", "a"],
            vec![(Growbots, ["b", "a"])],
            Some("d"),
            format!("ghl=d {dana}, growbots=d {dana}, unparked"),
        ),
        (
            F::Email,
            "a",
            ["b", "a"],
            vec![(Growbots, ["b", "a"])],
            Some("a"),
            format!("ghl=a {dana}, unparked"),
        ),
        // both refused the decided value: it is not tried for ever
        (
            F::Email,
            "a",
            ["a", "a"],
            vec![(Ghl, ["a", "a"]), (Growbots, ["a", "a"])],
            Some("d"),
            "parked".into(),
        ),
        (
            F::Company,
            "a",
            ["b", "c"],
            vec![(Growbots, ["b", "c"])],
            Some("d"),
            "parked".into(),
        ),
    ] {
        let row = format!("{field}: {base} | {ends:?} parked {parks:?} decided {decision:?}");
        let mut linked = one_field(Kind::Contact, &field, Some(base), ends);
        linked.parked = parks
            .iter()
            .map(|(side, seen)| parked(&field, *side, *seen))
            .collect();
        linked.decided = decision
            .iter()
            .map(|value| decided(&field, value, ends))
            .collect();
        assert_eq!(merged(&linked, &FieldMap::default(), &field), want, "{row}");
    }
}

#[test]
fn a_conflict_shows_all_three_values_and_a_write_what_it_replaces() {
    let mut linked = linked(
        Kind::Contact,
        Some(record(&[("email", "a@x.test"), ("phone", "1")])),
        record(&[("email", "b@x.test"), ("phone", "2")]),
        record(&[("phone", "1")]),
    );
    updated(&mut linked, Some(20), Some(10));
    let merge = merge_record(&linked, &FieldMap::default());
    let email = |text| typed(&FieldName::Email, text);
    assert_eq!(
        merge.conflicts,
        [ConflictField {
            field: FieldName::Email,
            base: email("a@x.test"),
            ghl: email("b@x.test"),
            growbots: None,
            newer: Some(Side::Ghl),
        }]
    );
    assert_eq!(
        merge.writes,
        [SideWrite {
            side: Side::Growbots,
            change: FieldChange {
                field: FieldName::Phone,
                from: typed(&FieldName::Phone, "1"),
                to: typed(&FieldName::Phone, "2"),
            },
            cause: Cause::Change { side: Side::Ghl },
        }]
    );
    assert_eq!(merge.base, linked.base.unwrap());
}
