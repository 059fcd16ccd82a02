//! From single fields to writes in sending order, with what they cost.

use crate::model::{BySide, Cost, FieldName, Kind, Linked, Op, Plan, Side, Value, Write};

use super::SideWrite;

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

/// The writes in sending order, with their cost.
pub fn plan(mut writes: Vec<Write>, burst: BySide<(u32, u32)>) -> Plan {
    order(&mut writes);
    let cost = cost(&writes, burst);
    Plan { writes, cost }
}
