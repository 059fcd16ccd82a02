//! The rules of the merge as tables, one line a case. What a merge comes to is written as each write, then what is
//! held and dropped, and the base where it moved. `-` is empty.

use super::*;
use crate::merge::support::{decided, linked, parked, record, typed, updated};
use crate::merge::{Direction, MapEntry};
use crate::model::Kind;

/// One line for what a merge of one field comes to.
fn shown(merge: &RecordMerge<'_>, base: Option<&Record>, field: &FieldName) -> String {
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

/// The cells of a table: the lines that hold something and are no remark, cut at `|`. `-` becomes "".
fn rows<const N: usize>(table: &'static str) -> Vec<[&'static str; N]> {
    let value = |cell: &'static str| match cell.trim() {
        "-" => "",
        text => text,
    };
    table
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split('|').map(value).collect::<Vec<_>>())
        .map(|cells| cells.try_into().unwrap())
        .collect()
}

fn field(name: &str) -> FieldName {
    name.parse().unwrap()
}

#[test]
fn each_field_follows_the_default_map() {
    let map = FieldMap::default();
    for row in rows(
        "
        # field | base | GHL | Growbots | comes to
        # both ways, manual
        first_name | Ann | Ann  | Ann  | -
        first_name | Ann | Anna | Ann  | growbots=Anna (edit in GHL)
        first_name | Ann | Ann  | Anna | ghl=Anna (edit in Growbots)
        first_name | Ann | -    | Ann  | growbots=- (edit in GHL)
        first_name | -   | Ann  | -    | growbots=Ann (edit in GHL)
        first_name | Ann | Anna | Anna | base Anna
        first_name | Ann | -    | -    | base -
        first_name | Ann | Anna | Anne | conflict
        first_name | Ann | -    | Anne | conflict
        # one way, and what stays on the receiving side
        company | Acme | Acme Inc | Acme     | growbots=Acme Inc (edit in GHL)
        company | Acme | Acme     | ACME     | differs
        company | Acme | Acme     | -        | differs
        company | Acme | Acme Inc | ACME     | conflict
        company | Acme | Acme Inc | Acme Inc | base Acme Inc
        # set when the record is made, and never again
        source | web | fair | web  | -
        source | web | web  | fair | -
        source | web | fair | shop | -
        source | web | fair | fair | -
        # sets
        tags | a   | a,b   | a     | growbots=a, b (edit in GHL)
        tags | a   | -     | a     | growbots=- (edit in GHL)
        tags | a   | a,b   | a,c   | ghl=a, b, c (both sides changed), growbots=a, b, c (both sides changed)
        tags | a,b | a     | a,b,c | ghl=a, c (both sides changed), growbots=a, c (both sides changed)
        tags | a,b | a     | b     | ghl=- (both sides changed), growbots=- (both sides changed)
        tags | a   | a,b,c | a,b   | growbots=a, b, c (both sides changed)
        # restrictive
        do_not_contact | no  | yes | no  | growbots=yes (edit in GHL)
        do_not_contact | no  | no  | yes | ghl=yes (edit in Growbots)
        do_not_contact | yes | no  | yes | conflict
        do_not_contact | yes | yes | no  | conflict
        do_not_contact | yes | no  | no  | base -
        do_not_contact | no  | yes | yes | base yes
        # GHL decides
        owner | a@x.test | b@x.test | c@x.test | growbots=b@x.test (policy ghl)
        owner | a@x.test | a@x.test | c@x.test | ghl=c@x.test (edit in Growbots)
        # not in the map
        title | CEO | CTO | CEO | -
        ",
    ) {
        let [name, base, ghl, growbots, want] = row;
        let field = field(name);
        let linked = one_field(Kind::Contact, &field, Some(base), [ghl, growbots]);
        assert_eq!(merged(&linked, &map, &field), want, "{row:?}");
    }
}

#[test]
fn a_first_link_fills_what_is_empty_and_asks_about_the_rest() {
    let map = FieldMap::default();
    for row in rows(
        "
        # kind | field | GHL | Growbots | comes to
        contact | first_name     | Ann      | Ann      | base Ann
        contact | first_name     | Ann      | -        | growbots=Ann (first link)
        contact | first_name     | -        | Ann      | ghl=Ann (first link)
        contact | first_name     | Ann      | Anne     | conflict
        contact | company        | -        | Acme     | differs
        contact | company        | Acme     | -        | growbots=Acme (first link)
        contact | company        | Acme     | ACME     | conflict
        contact | tags           | a        | b        | ghl=a, b (first link), growbots=a, b (first link)
        contact | do_not_contact | -        | yes      | ghl=yes (first link)
        contact | owner          | a@x.test | b@x.test | growbots=a@x.test (policy ghl)
        task    | completed      | yes      | -        | growbots=yes (first link)
        task    | completed      | -        | yes      | ghl=yes (first link)
        note    | body           | hello    | -        | growbots=hello (first link)
        ",
    ) {
        let [kind, name, ghl, growbots, want] = row;
        let field = field(name);
        let linked = one_field(kind.parse().unwrap(), &field, None, [ghl, growbots]);
        assert_eq!(merged(&linked, &map, &field), want, "{row:?}");
    }
}

#[test]
fn a_policy_decides_what_was_changed_apart() {
    for row in rows(
        "
        # field | policy | direction | GHL | Growbots, which changed 5 s later; the base is `a` | comes to
        title | ghl      | <-> | b | c | growbots=b (policy ghl)
        title | growbots | <-> | b | c | ghl=c (policy growbots)
        title | growbots | <-> | b | - | ghl=- (policy growbots)
        title | newest   | <-> | b | c | ghl=c (policy newest)
        title | append   | <-> | b | c | conflict, newer growbots
        title | union    | <-> | b | c | conflict, newer growbots
        body  | append   | <-> | b | c | ghl=b~~c (policy append), growbots=b~~c (policy append)
        body  | append   | <-> | - | c | ghl=c (policy append)
        # one side has taken the result already
        body  | append   | <-> | b~~c | c    | growbots=b~~c (policy append)
        body  | append   | <-> | b    | b~~c | ghl=b~~c (policy append)
        # one way
        title | ghl      | ->  | b | c | growbots=b (policy ghl)
        title | growbots | ->  | b | c | differs, base b
        title | ghl      | <-  | b | c | differs, base c
        title | newest   | ->  | b | c | differs, base b
        body  | append   | ->  | b | c | conflict, newer growbots
        ",
    ) {
        let [name, policy, arrow, ghl, growbots, want] = row;
        let field = field(name);
        let ways = [Direction::Both, Direction::ToGrowbots, Direction::ToGhl];
        let direction = ways.into_iter().find(|way| way.arrow() == arrow).unwrap();
        let entry = MapEntry::new(Kind::Task, field.clone());
        let mut map = FieldMap::default();
        map.set(entry.policy(policy.parse().unwrap()).direction(direction));
        let ends = [ghl, growbots].map(|text| text.replace('~', "\n"));
        let mut linked = one_field(Kind::Task, &field, Some("a"), [&ends[0], &ends[1]]);
        updated(&mut linked, Some(100), Some(105));
        let got = merged(&linked, &map, &field).replace('\n', "~");
        assert_eq!(got, want, "{row:?}");
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
    let map = FieldMap::default();
    for row in rows(
        "
        # field | base | GHL, when decided | Growbots, when decided | decided | GHL now | Growbots now | comes to
        first_name | a | b | c | b | b | c | growbots=b !
        first_name | a | b | c | a | b | c | ghl=a !, growbots=a !
        first_name | a | b | c | d | b | c | ghl=d !, growbots=d !
        first_name | a | b | c | - | b | c | ghl=- !, growbots=- !
        # an edit of a field that both agreed on, and of one that nobody has
        first_name | a | a | a | d | a | a | ghl=d !, growbots=d !
        first_name | - | - | - | d | - | - | ghl=d !, growbots=d !
        # half done, done
        first_name | a | b | c | d | d | c | growbots=d !
        first_name | a | b | c | d | d | d | decision done, base d
        first_name | a | b | c | - | - | - | decision done, base -
        # a side moved: the decision is void
        first_name | a | b | c | b | e | c | conflict, decision done
        first_name | a | b | c | b | e | e | decision done, base e
        # one way: the receiving side's own value, the source's, another one
        company | a | b | c | c | b | c | differs, decision done, base b
        company | a | b | c | b | b | c | growbots=b !
        company | a | b | c | d | b | c | growbots=d !
        company | a | b | c | d | b | d | differs, decision done, base b
        company | a | b | c | d | e | d | conflict, decision done
        # what the map does not carry
        source | a | b | c | d | b | c | decision done
        title  | a | b | c | d | b | c | decision done
        # other types
        tags           | a   | b | c   | b,d | b | c   | ghl=b, d !, growbots=b, d !
        do_not_contact | yes | - | yes | -   | - | yes | growbots=- !
        ",
    ) {
        let [name, base, seen_ghl, seen_growbots, value, ghl, growbots, want] = row;
        let field = field(name);
        let mut linked = one_field(Kind::Contact, &field, Some(base), [ghl, growbots]);
        linked.decided.push(decided(&field, value, [seen_ghl, seen_growbots]));
        let want = want.replace('!', "(dana decided, conflict 12)");
        assert_eq!(merged(&linked, &map, &field), want, "{row:?}");
    }
}

#[test]
fn a_parked_field_waits_until_a_value_moves() {
    let map = FieldMap::default();
    for row in rows(
        "
        # field | GHL, when refused | Growbots, when refused | by | GHL now | Growbots now | decided | comes to
        email | b | a | growbots | b | a | no | parked
        email | b | a | growbots | c | a | no | growbots=c (edit in GHL), unparked
        email | b | a | growbots | a | a | no | unparked
        email | b | a | growbots | b | b | no | unparked, base b
        email | b | a | growbots | b | d | no | conflict, unparked
        # no conflict while it is parked
        email | b | d | growbots | b | d | no | parked
        # the other side of a set still gets its part
        tags | b | c | growbots | b | c | no | ghl=b, c (both sides changed), parked
        # decided: what was refused stays parked, another value is tried
        email | b | a | growbots | b | a | b | parked
        email | b | a | growbots | b | a | d | ghl=d !, growbots=d !, unparked
        email | b | a | growbots | b | a | a | ghl=a !, unparked
        # all that are to get the decided value refused it: it is not tried for ever
        email   | a | a | both     | a | a | d | parked
        company | b | c | growbots | b | c | d | parked
        ",
    ) {
        let [name, seen_ghl, seen_growbots, by, ghl, growbots, value, want] = row;
        let field = field(name);
        let base = if field == FieldName::Tags { "" } else { "a" };
        let mut linked = one_field(Kind::Contact, &field, Some(base), [ghl, growbots]);
        linked.parked = Side::BOTH
            .into_iter()
            .filter(|side| by == "both" || by == side.name())
            .map(|side| parked(&field, side, [seen_ghl, seen_growbots]))
            .collect();
        if value != "no" {
            linked.decided.push(decided(&field, value, [ghl, growbots]));
        }
        let want = want.replace('!', "(dana decided, conflict 12)");
        assert_eq!(merged(&linked, &map, &field), want, "{row:?}");
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
    assert!(matches!(merge.base, Cow::Borrowed(_)), "no base moved");
}
