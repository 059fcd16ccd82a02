//! What holds for every merge, whatever the values, the map, decisions and parked fields.

use proptest::{prelude::*, sample::select};

use super::*;
use crate::merge::support::{linked, live, record, updated};
use crate::merge::{Direction, MapEntry};
use crate::model::{ConflictId, Kind, Parked};

/// One field of each type.
const FIELDS: [&str; 5] = ["first_name", "body", "do_not_contact", "due_at", "tags"];

fn value_of(name: &str, n: u8) -> &'static str {
    match name {
        "do_not_contact" => ["", "yes", "", "yes"][usize::from(n % 4)],
        "due_at" => [
            "",
            "2026-01-01T00:00:00Z",
            "2026-01-02T00:00:00Z",
            "2026-01-03T00:00:00Z",
        ][usize::from(n % 4)],
        "tags" => ["", "a", "a,b", "b,c"][usize::from(n % 4)],
        _ => ["", "x", "y", "z"][usize::from(n % 4)],
    }
}

/// A record of small values: three are enough for every shape.
fn records() -> impl Strategy<Value = [u8; 5]> {
    proptest::array::uniform5(0..4u8)
}

fn built(values: [u8; 5]) -> Record {
    let fields: Vec<_> = FIELDS
        .iter()
        .zip(values)
        .map(|(name, n)| (*name, value_of(name, n)))
        .collect();
    record(&fields)
}

/// A base, and each side either as it or moved in some fields.
fn links() -> impl Strategy<Value = Linked> {
    let moved = || (records(), proptest::array::uniform5(any::<bool>()));
    let times = (
        select(vec![None, Some(0), Some(3)]),
        select(vec![None, Some(0), Some(9)]),
    );
    (any::<bool>(), records(), moved(), moved(), times).prop_map(
        |(has_base, base, ghl, growbots, times)| {
            let side = |(values, moves): ([u8; 5], [bool; 5])| {
                built(std::array::from_fn(|at| {
                    if moves[at] { values[at] } else { base[at] }
                }))
            };
            let mut linked = linked(
                Kind::Contact,
                has_base.then(|| built(base)),
                side(ghl),
                side(growbots),
            );
            updated(&mut linked, times.0, times.1);
            linked
        },
    )
}

/// Any direction and policy for each field.
fn maps() -> impl Strategy<Value = FieldMap> {
    let directions = select(vec![
        Direction::Both,
        Direction::Both,
        Direction::ToGhl,
        Direction::ToGrowbots,
    ]);
    let on_create = select(vec![
        None,
        None,
        Some(Direction::ToGhl),
        Some(Direction::Both),
    ]);
    let policies = select(Policy::ALL.to_vec());
    proptest::collection::vec((directions, policies, on_create), FIELDS.len()).prop_map(|entries| {
        let mut map = FieldMap::default();
        for (name, (direction, policy, on_create_only)) in FIELDS.iter().zip(entries) {
            map.set(MapEntry {
                on_create_only,
                ..MapEntry::new(Kind::Contact, name.parse().unwrap())
                    .direction(direction)
                    .policy(policy)
            });
        }
        map
    })
}

/// A link with decisions and parked fields, some made on what is there now and some on older values.
fn busy_links() -> impl Strategy<Value = Linked> {
    let decisions = proptest::collection::vec((0..5usize, 0..4u8, any::<bool>()), 0..3);
    let parks = proptest::collection::vec((0..5usize, any::<bool>(), any::<bool>()), 0..3);
    (links(), decisions, parks).prop_map(|(mut linked, decisions, parks)| {
        let field = |at: usize| FIELDS[at].parse::<FieldName>().unwrap();
        let seen = |linked: &Linked, field: &FieldName, is_present: bool| {
            crate::model::BySide::from_fn(|side| {
                let value = linked.ends.get(side).live()?.record.get(field)?;
                is_present.then(|| value.clone())
            })
        };
        for (at, n, is_present) in decisions {
            let field = field(at);
            if linked.decided.iter().any(|other| other.field == field) {
                continue;
            }
            linked.decided.push(Decided {
                value: Value::parse(field.ty(), value_of(FIELDS[at], n)).unwrap(),
                seen: seen(&linked, &field, is_present),
                cause: Cause::Decision {
                    conflict: ConflictId(1),
                    operator: "dana".into(),
                    policy: None,
                },
                field,
            });
        }
        for (at, is_ghl, is_present) in parks {
            let field = field(at);
            linked.parked.push(Parked {
                side: if is_ghl { Side::Ghl } else { Side::Growbots },
                seen: seen(&linked, &field, is_present),
                why: "refused".into(),
                field,
            });
        }
        linked
    })
}

fn swapped_map(map: &FieldMap) -> FieldMap {
    let turned = |way| match way {
        Direction::Both => Direction::Both,
        Direction::ToGhl => Direction::ToGrowbots,
        Direction::ToGrowbots => Direction::ToGhl,
    };
    let mut swapped = map.clone();
    for entry in map.fields(Kind::Contact) {
        swapped.set(MapEntry {
            direction: turned(entry.direction),
            on_create_only: entry.on_create_only.map(turned),
            policy: match entry.policy {
                Policy::Ghl => Policy::Growbots,
                Policy::Growbots => Policy::Ghl,
                same => same,
            },
            ..entry.clone()
        });
    }
    swapped
}

fn swapped_link(linked: &Linked) -> Linked {
    let mut swapped = linked.clone();
    swapped.ends = swapped.ends.swapped();
    for side in Side::BOTH {
        live(&mut swapped, side).side = side;
    }
    for decided in &mut swapped.decided {
        decided.seen = decided.seen.clone().swapped();
    }
    for park in &mut swapped.parked {
        park.side = park.side.other();
        park.seen = park.seen.clone().swapped();
    }
    swapped
}

fn swapped_cause(cause: Cause) -> Cause {
    match cause {
        Cause::Change { side } => Cause::Change { side: side.other() },
        Cause::Policy { name } if name == "ghl" => Cause::Policy {
            name: "growbots".into(),
        },
        Cause::Policy { name } if name == "growbots" => Cause::Policy { name: "ghl".into() },
        same => same,
    }
}

fn swapped_merge(mut merge: RecordMerge<'_>) -> RecordMerge<'_> {
    for write in &mut merge.writes {
        write.side = write.side.other();
        write.cause = swapped_cause(write.cause.clone());
    }
    merge
        .writes
        .sort_by(|one, two| (&one.change.field, one.side).cmp(&(&two.change.field, two.side)));
    for conflict in &mut merge.conflicts {
        std::mem::swap(&mut conflict.ghl, &mut conflict.growbots);
        conflict.newer = conflict.newer.map(Side::other);
    }
    merge
}

/// The link after a pass: the writes stand where `lands` says, and what the merge said is stored.
fn after(linked: &Linked, merge: &RecordMerge<'_>, lands: impl Fn(usize) -> bool) -> Linked {
    let mut next = linked.clone();
    for (at, write) in merge.writes.iter().enumerate() {
        if lands(at) {
            let record = &mut live(&mut next, write.side).record;
            record.set(write.change.field.clone(), write.change.to.clone());
        }
    }
    next.base = Some(merge.base.clone().into_owned());
    next.decided
        .retain(|decided| !merge.drop_decided.contains(&decided.field));
    next.parked
        .retain(|park| !merge.drop_parked.contains(&park.field));
    next
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1024, ..Default::default() })]

    #[test]
    fn exchanging_the_sides_exchanges_the_answer(linked in busy_links(), map in maps()) {
        // `append` alone has an order: GHL's text first.
        let mut map = map;
        for entry in map.clone().fields(Kind::Contact).filter(|entry| entry.policy == Policy::Append) {
            map.set(entry.clone().policy(Policy::Manual));
        }
        let merge = merge_record(&linked, &map);
        let mirror = swapped_link(&linked);
        let mirrored = merge_record(&mirror, &swapped_map(&map));
        prop_assert_eq!(swapped_merge(merge), mirrored);
    }

    #[test]
    fn after_its_writes_a_second_merge_has_nothing_to_do(mut linked in busy_links(), map in maps()) {
        linked.parked.clear();
        let first = after(&linked, &merge_record(&linked, &map), |_| true);
        prop_assert_eq!(&merge_record(&first, &map).writes, &vec![], "{:?}", first);
    }

    #[test]
    fn the_merge_comes_to_rest(linked in busy_links(), map in maps()) {
        // A parked side is tried once more when the other one moved, so rest can take a pass or two longer.
        let mut rest = linked;
        for _ in 0..3 {
            rest = after(&rest, &merge_record(&rest, &map), |_| true);
        }
        let merge = merge_record(&rest, &map);
        prop_assert_eq!(&merge.writes, &vec![], "{:?}", rest);
        prop_assert_eq!(Some(&*merge.base), rest.base.as_ref());
        prop_assert_eq!(&merge.drop_decided, &Vec::<FieldName>::new());
        prop_assert_eq!(&merge.drop_parked, &Vec::<FieldName>::new());
        for entry in map.fields(Kind::Contact) {
            let field = &entry.field;
            let is_synced = Side::BOTH.into_iter().any(|side| entry.updates(side));
            if !is_synced || merge.held.iter().any(|held| held.field == *field) {
                continue;
            }
            let [ghl, growbots] = Side::BOTH.map(|side| rest.ends.get(side).live().unwrap().record.get(field));
            prop_assert_eq!(ghl, growbots, "{}", field);
            prop_assert_eq!(ghl, merge.base.get(field), "{}", field);
        }
    }

    #[test]
    fn whichever_writes_land_first_the_end_is_the_same(linked in links(), map in maps(), mask in any::<u16>()) {
        let merge = merge_record(&linked, &map);
        let whole = after(&linked, &merge, |_| true);
        let part = after(&linked, &merge, |at| mask & (1 << at) != 0);
        let rest = after(&part, &merge_record(&part, &map), |_| true);
        for side in Side::BOTH {
            prop_assert_eq!(whole.ends.get(side), rest.ends.get(side));
        }
    }

    #[test]
    fn nothing_is_written_where_the_map_does_not_lead(linked in busy_links(), map in maps()) {
        for write in merge_record(&linked, &map).writes {
            let entry = map.entry(Kind::Contact, &write.change.field).unwrap();
            prop_assert!(entry.updates(write.side), "{:?}", write);
            prop_assert_ne!(&write.change.from, &write.change.to);
        }
    }

    #[test]
    fn each_field_is_merged_by_itself(linked in busy_links(), map in maps()) {
        let whole = merge_record(&linked, &map);
        for name in FIELDS {
            let field: FieldName = name.parse().unwrap();
            let only = |record: &Record| Record::from_fields(
                record.iter().filter(|(name, _)| **name == field).map(|(name, value)| (name.clone(), value.clone())),
            );
            let mut one = linked.clone();
            one.base = one.base.as_ref().map(only);
            for side in Side::BOTH {
                let end = live(&mut one, side);
                end.record = only(&end.record);
            }
            one.decided.retain(|decided| decided.field == field);
            one.parked.retain(|park| park.field == field);
            let alone = merge_record(&one, &map);
            let of_field: Vec<_> = whole.writes.iter().filter(|write| write.change.field == field).cloned().collect();
            prop_assert_eq!(alone.writes, of_field);
            let of_field: Vec<_> = whole.held.iter().filter(|held| held.field == field).cloned().collect();
            prop_assert_eq!(alone.held, of_field);
        }
    }
}
