//! What things may cost, as counts that no machine changes: allocations, bytes of a frame, requests, rows read. A
//! bound that is exact is moved on purpose, with a word in `docs/performance.md`.

use allocation_counter::measure;
use couplet::merge::{FieldMap, merge_record};
use couplet::model::{BySide, End, FieldName, Kind, LinkId, Linked, Record, Side, Snapshot, Value};

fn contact(changed: &[Side]) -> Linked {
    let fields = FieldName::of(Kind::Contact).iter();
    let base = Record::from_fields(fields.filter_map(|field| {
        let value = match field {
            FieldName::Tags => Value::set(["vip", "inbound"]),
            FieldName::DoNotContact => None,
            _ => Value::text(format!("a {field}")),
        };
        Some((field.clone(), value?))
    }));
    let end = |side: Side| {
        let mut record = base.clone();
        if changed.contains(&side) {
            record.set(FieldName::City, Value::text(side.name()));
        }
        End::Live(Snapshot::new(side, Kind::Contact, side.name(), record))
    };
    let ends = BySide::from_fn(end);
    Linked::new(LinkId(1), Kind::Contact, Some(base), ends)
}

#[test]
fn merging_a_contact_allocates_only_what_it_gives_back() {
    let map = FieldMap::default();
    for (changed, most, why) in [
        (&[][..], 0, "in step"),
        // the list of writes, and the two values of the change
        (&[Side::Ghl], 3, "one field on one side"),
        // the list of conflicts with its three values, and the list of held fields
        (&Side::BOTH, 5, "the same field on both"),
    ] {
        let linked = contact(changed);
        let mut writes = 0;
        let spent = measure(|| writes = merge_record(&linked, &map).writes.len());
        assert_eq!(writes, usize::from(changed.len() == 1), "{why}");
        assert_eq!(spent.count_total, most, "{why}");
    }
}
