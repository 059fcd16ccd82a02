//! From single fields to writes in sending order, with what they cost.

use crate::model::{
    BySide, Cost, FieldName, Kind, Linked, Millis, Op, Plan, Side, SideStatus, Value, Write,
};

use super::SideWrite;

/// Length of the burst window of both sides, in seconds.
const WINDOW_S: u32 = 10;
/// A day whose end is not known.
const DAY_S: i64 = 86_400;

/// One write for each side and cause, GHL first; fields stay in their order.
///
/// Fields for an end that is not live are left out: there is no record to write them to.
pub fn group_writes(link: &Linked, writes: Vec<SideWrite>) -> Vec<Write> {
    let mut grouped: Vec<Write> = Vec::new();
    for write in writes {
        let same = grouped
            .iter_mut()
            .find(|group| group.side == write.side && group.cause == write.cause);
        if let Some(group) = same {
            group.fields.push(write.change);
        } else if let Some(end) = link.ends.get(write.side).live() {
            grouped.push(Write {
                link: link.id,
                side: write.side,
                kind: link.kind,
                id: Some(end.id.clone()),
                op: Op::Update,
                fields: vec![write.change],
                cause: write.cause,
            });
        }
    }
    grouped.sort_by_key(|write| write.side);
    grouped
}

/// Puts writes in sending order: parents before their children, creates, updates and stamps before deletes, and
/// the deletes of children before those of contacts. The order in which they came does not matter.
pub fn order(writes: &mut [Write]) {
    let rank = |write: &Write| match (write.kind.is_child(), write.op) {
        (_, Op::Delete) => 6 + u8::from(!write.kind.is_child()),
        (child, Op::Create) => 3 * u8::from(child),
        (child, Op::Update) => 3 * u8::from(child) + 1,
        (child, Op::Stamp) => 3 * u8::from(child) + 2,
    };
    // A business stands before the contacts that name it, and goes after them.
    let place = |write: &Write| match (write.kind, write.op) {
        (Kind::Business, Op::Delete) => 2,
        (Kind::Business, _) => 0,
        _ => 1,
    };
    let first_field = |write: &Write| write.fields.first().map(|change| change.field.clone());
    writes.sort_by_cached_key(|write| {
        (
            rank(write),
            place(write),
            write.kind,
            write.link,
            write.side,
            first_field(write),
        )
    });
}

/// The requests that one write takes on its side.
///
/// GHL: a create and its read-back; before an update a read, after it another, between them one call for plain
/// fields (a task's `completed` alone has a call of its own) and one each for added and removed tags; a delete and
/// the read before it. Growbots answers with the record and has conditional writes, so one request does, and one
/// more where tags go with other fields.
fn requests<'w>(write: &'w Write) -> u32 {
    let tags = write
        .fields
        .iter()
        .find(|change| change.field == FieldName::Tags);
    let plain = u32::from(write.fields.len() > usize::from(tags.is_some()));
    match (write.side, write.op) {
        (Side::Ghl, Op::Create | Op::Delete) => 2,
        (Side::Ghl, Op::Update) => {
            let words = |value: Option<&'w Value>| value.map_or(&[][..], Value::words);
            let from = words(tags.and_then(|change| change.from.as_ref()));
            let to = words(tags.and_then(|change| change.to.as_ref()));
            let adds = to.iter().any(|word| !from.contains(word));
            let removes = from.iter().any(|word| !to.contains(word));
            2 + plain + u32::from(adds) + u32::from(removes)
        }
        (Side::Growbots, Op::Update) => (plain + u32::from(tags.is_some())).max(1),
        (_, Op::Stamp) | (Side::Growbots, Op::Create | Op::Delete) => 1,
    }
}

/// What writes cost together. `burst` is the limit of each side and the length of its window in seconds; a limit
/// of 0 is none.
pub fn cost(writes: &[Write], burst: BySide<(u32, u32)>) -> Cost {
    let mut sent = BySide::<u32>::default();
    for write in writes {
        *sent.get_mut(write.side) += requests(write);
    }
    let seconds = |side| {
        let (limit, window_s) = *burst.get(side);
        let work = u64::from(*sent.get(side)) * u64::from(window_s);
        work.div_ceil(u64::from(limit).max(1)) * u64::from(limit > 0)
    };
    Cost {
        seconds: seconds(Side::Ghl).max(seconds(Side::Growbots)),
        requests: sent,
    }
}

/// What writes cost at the budgets of now: others' use of the burst window is left to them, and what a day has no
/// room for waits for the next one.
pub fn cost_at(writes: &[Write], sides: &BySide<SideStatus>, now: Millis) -> Cost {
    let burst = sides.as_ref().map(|side| {
        let limit = if side.burst.limit == 0 {
            100
        } else {
            side.burst.limit
        };
        (limit.saturating_sub(side.burst.others).max(1), WINDOW_S)
    });
    let mut cost = cost(writes, burst);
    for side in Side::BOTH {
        let day = &sides.get(side).day;
        let left = day.limit.saturating_sub(day.used + day.others.unwrap_or(0));
        if day.limit > 0 && u64::from(*cost.requests.get(side)) > left {
            let wait = day.resets_at.map_or(DAY_S, |at| at.since(now) / 1_000);
            cost.seconds = cost.seconds.max(u64::try_from(wait).unwrap_or(0));
        }
    }
    cost
}

/// The writes in sending order, with their cost at the budgets of now.
pub fn plan_at(mut writes: Vec<Write>, sides: &BySide<SideStatus>, now: Millis) -> Plan {
    order(&mut writes);
    let cost = cost_at(&writes, sides, now);
    Plan { writes, cost }
}

/// The writes in sending order, with their cost.
pub fn plan(mut writes: Vec<Write>, burst: BySide<(u32, u32)>) -> Plan {
    order(&mut writes);
    let cost = cost(&writes, burst);
    Plan { writes, cost }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::merge::support::{linked, live, record, typed};
    use crate::merge::{FieldMap, merge_record};
    use crate::model::{Cause, FieldChange, LinkId};

    const BURST: BySide<(u32, u32)> = BySide {
        ghl: (100, 10),
        growbots: (100, 10),
    };

    fn change(name: &str, from: &str, to: &str) -> FieldChange {
        let field: FieldName = name.parse().unwrap();
        FieldChange {
            from: typed(&field, from),
            to: typed(&field, to),
            field,
        }
    }

    fn write(kind: Kind, op: Op, side: Side, link: i64, fields: Vec<FieldChange>) -> Write {
        Write {
            link: LinkId(link),
            side,
            kind,
            id: (op != Op::Create).then(|| format!("{link}").into()),
            op,
            fields,
            cause: Cause::Change { side: side.other() },
        }
    }

    #[test]
    fn a_write_costs_the_requests_that_its_side_needs() {
        let name = || change("first_name", "a", "b");
        let tags = |from, to| change("tags", from, to);
        for (kind, op, fields, ghl, growbots) in [
            (Kind::Contact, Op::Create, vec![name()], 2, 1),
            (Kind::Contact, Op::Delete, vec![], 2, 1),
            (Kind::Contact, Op::Stamp, vec![], 1, 1),
            (Kind::Contact, Op::Update, vec![name()], 3, 1),
            (Kind::Contact, Op::Update, vec![tags("a", "a,b")], 3, 1),
            (Kind::Contact, Op::Update, vec![tags("a,b", "a")], 3, 1),
            (Kind::Contact, Op::Update, vec![tags("a", "b")], 4, 1),
            (
                Kind::Contact,
                Op::Update,
                vec![name(), tags("a", "b")],
                5,
                2,
            ),
            (
                Kind::Task,
                Op::Update,
                vec![change("completed", "", "yes")],
                3,
                1,
            ),
        ] {
            for (side, want) in [(Side::Ghl, ghl), (Side::Growbots, growbots)] {
                let write = write(kind, op, side, 1, fields.clone());
                assert_eq!(requests(&write), want, "{write:?}");
            }
        }
    }

    #[test]
    fn the_slower_side_tells_how_long_a_plan_takes() {
        for (writes, seconds) in [(0, 0), (1, 1), (34, 11), (1_000, 300)] {
            let name = || vec![change("first_name", "a", "b")];
            let writes: Vec<Write> = (0..writes)
                .map(|link| write(Kind::Contact, Op::Update, Side::Ghl, link, name()))
                .collect();
            let cost = cost(&writes, BURST);
            assert_eq!(cost.seconds, seconds, "{cost:?}");
            assert_eq!(cost.requests.growbots, 0);
        }
    }

    #[test]
    fn parents_come_before_children_and_deletes_last() {
        let wanted = [
            (Kind::Business, Op::Create),
            (Kind::Contact, Op::Create),
            (Kind::Contact, Op::Update),
            (Kind::Contact, Op::Stamp),
            (Kind::Task, Op::Create),
            (Kind::Note, Op::Create),
            (Kind::Task, Op::Update),
            (Kind::Task, Op::Stamp),
            (Kind::Appointment, Op::Delete),
            (Kind::Contact, Op::Delete),
            (Kind::Business, Op::Delete),
        ];
        let mut writes: Vec<Write> = wanted
            .into_iter()
            .rev()
            .map(|(kind, op)| write(kind, op, Side::Ghl, 1, vec![]))
            .collect();
        order(&mut writes);
        let got: Vec<_> = writes.iter().map(|write| (write.kind, write.op)).collect();
        assert_eq!(got, wanted);
    }

    #[test]
    fn fields_of_one_cause_go_in_one_write_of_a_side() {
        let mut link = linked(
            Kind::Contact,
            Some(record(&[("tags", "a"), ("owner", "a@x.test")])),
            record(&[
                ("first_name", "Ann"),
                ("last_name", "Lee"),
                ("tags", "a,b"),
                ("owner", "b@x.test"),
            ]),
            record(&[
                ("address.city", "Bath"),
                ("tags", "a,c"),
                ("owner", "c@x.test"),
            ]),
        );
        let merge = merge_record(&link, &FieldMap::default());
        let shown = |writes: &[Write]| -> Vec<String> {
            let names = |write: &Write| {
                let names = write.fields.iter().map(|change| change.field.to_string());
                names.collect::<Vec<_>>().join(" ")
            };
            writes
                .iter()
                .map(|write| format!("{}: {} ({})", write.side.name(), names(write), write.cause))
                .collect()
        };
        let writes = group_writes(&link, merge.writes.clone());
        assert_eq!(
            shown(&writes),
            [
                "ghl: address.city (edit in Growbots)",
                "ghl: tags (both sides changed)",
                "growbots: first_name last_name (edit in GHL)",
                "growbots: tags (both sides changed)",
                "growbots: owner (policy ghl)",
            ]
        );
        assert!(
            writes
                .iter()
                .all(|write| write.id.as_ref() == Some(&live(&mut link, write.side).id))
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]
        #[test]
        fn the_order_does_not_depend_on_how_the_writes_came(
            picks in proptest::collection::btree_set((0..5usize, 0..4usize, any::<bool>(), 0..3i64), 0..12),
            seed in any::<u64>(),
        ) {
            const OPS: [Op; 4] = [Op::Create, Op::Update, Op::Stamp, Op::Delete];
            let mut writes: Vec<Write> = picks
                .into_iter()
                .map(|(kind, op, is_ghl, link)| {
                    let side = if is_ghl { Side::Ghl } else { Side::Growbots };
                    write(Kind::ALL[kind], OPS[op], side, link, vec![])
                })
                .collect();
            let planned = plan(writes.clone(), BURST);
            fastrand::Rng::with_seed(seed).shuffle(&mut writes);
            prop_assert_eq!(plan(writes, BURST), planned);
        }
    }
}
