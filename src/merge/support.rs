//! What the tests of this layer build their records with.

use crate::model::{
    BySide, Cause, ConflictId, Decided, End, FieldName, Kind, LinkId, Linked, Millis, Parked,
    Record, Side, Snapshot, Value,
};

/// A value as a table writes it; "" is empty.
pub(super) fn typed(field: &FieldName, text: &str) -> Option<Value> {
    Value::parse(field.ty(), text).unwrap()
}

/// A record of `name=value` lines.
pub(super) fn record(fields: &[(&str, &str)]) -> Record {
    let mut record = Record::default();
    for (name, text) in fields {
        let field: FieldName = name.parse().unwrap();
        let value = typed(&field, text);
        record.set(field, value);
    }
    record
}

pub(super) fn snapshot(side: Side, kind: Kind, record: Record) -> Snapshot {
    Snapshot::new(side, kind, format!("{side}-1"), record)
}

/// A link of two live records.
pub(super) fn linked(kind: Kind, base: Option<Record>, ghl: Record, growbots: Record) -> Linked {
    let ends = BySide {
        ghl: End::Live(snapshot(Side::Ghl, kind, ghl)),
        growbots: End::Live(snapshot(Side::Growbots, kind, growbots)),
    };
    Linked::new(LinkId(1), kind, base, ends)
}

pub(super) fn live(linked: &mut Linked, side: Side) -> &mut Snapshot {
    match linked.ends.get_mut(side) {
        End::Live(snapshot) => snapshot,
        other => panic!("the {side} end is {other:?}"),
    }
}

/// Server times of both ends, in seconds.
pub(super) fn updated(linked: &mut Linked, ghl: Option<i64>, growbots: Option<i64>) {
    for (side, seconds) in [(Side::Ghl, ghl), (Side::Growbots, growbots)] {
        live(linked, side).updated_at = seconds.map(|s| Millis(s * 1000));
    }
}

/// A decision of dana's in conflict 12.
pub(super) fn decided(field: &FieldName, value: &str, seen: [&str; 2]) -> Decided {
    Decided {
        field: field.clone(),
        value: typed(field, value),
        seen: BySide {
            ghl: typed(field, seen[0]),
            growbots: typed(field, seen[1]),
        },
        cause: Cause::Decision {
            conflict: ConflictId(12),
            operator: "dana".into(),
            policy: None,
        },
    }
}

pub(super) fn parked(field: &FieldName, side: Side, seen: [&str; 2]) -> Parked {
    Parked {
        field: field.clone(),
        side,
        seen: BySide {
            ghl: typed(field, seen[0]),
            growbots: typed(field, seen[1]),
        },
        why: "refused".into(),
    }
}
