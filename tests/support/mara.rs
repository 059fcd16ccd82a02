//! Mara Quill, whose fields stand in every way that there is.

use couplet::model::*;
use couplet::store::ContactDetail;

use super::loop_rows::log;
use super::world::{MARA, at};

/// A text value.
pub fn text(text: &str) -> Option<Value> {
    Value::text(text)
}

pub fn snapshot(side: Side, id: &str, record: Record, updated: &str) -> End {
    End::Live(Snapshot {
        updated_at: Some(at(updated)),
        ..Snapshot::new(side, Kind::Contact, id, record)
    })
}

pub fn record(fields: &[(FieldName, &str)]) -> Record {
    let pairs = fields.iter().filter_map(|(field, value)| {
        Some((
            field.clone(),
            Value::parse(field.ty(), value).expect("a value")?,
        ))
    });
    Record::from_fields(pairs)
}

pub fn mara() -> ContactDetail {
    use FieldName as F;
    let common = [
        (F::FirstName, "Mara"),
        (F::LastName, "Quill"),
        (F::Email, "mara@quillworks.example"),
        (F::Website, "https://quillworks.example"),
        (F::Street, "18 Cannery Row"),
        (F::City, "Monterey"),
        (F::Region, "CA"),
        (F::Country, "US"),
        (F::TimeZone, "America/Los_Angeles"),
        (F::Tags, "inbound,q4-list"),
        (F::Owner, "dana@harbor.example"),
    ];
    let budget = F::Custom("budget".into());
    let with = |more: &[(FieldName, &str)]| {
        let all: Vec<_> = common.iter().chain(more).cloned().collect();
        record(&all)
    };
    let base = with(&[
        (F::Phone, "+1 415 555 0132"),
        (F::Title, "Buyer"),
        (F::Company, "Quillworks"),
        (F::PostalCode, "93940"),
        (budget.clone(), "12,000"),
    ]);
    let ghl = with(&[
        (F::Phone, "+1 415 555 0177"),
        (F::Title, "Senior Buyer"),
        (F::Company, "Quillworks"),
        (F::PostalCode, "93940"),
        (budget.clone(), "15,000"),
    ]);
    let growbots = with(&[
        (F::Phone, "+1 415 555 0190"),
        (F::Title, "Head of Procurement"),
        (F::Company, "Quillworks Ltd"),
        (budget.clone(), "12,000"),
    ]);
    let held = |field, why| Held { field, why };
    ContactDetail {
        linked: Linked {
            id: MARA,
            kind: Kind::Contact,
            parent: None,
            base: Some(base),
            ends: BySide {
                ghl: snapshot(
                    Side::Ghl,
                    "ocQHyuzHvysMo5N5VsXc",
                    ghl,
                    "2026-11-23T16:20:00Z",
                ),
                growbots: snapshot(
                    Side::Growbots,
                    "ld_01J9ZM",
                    growbots,
                    "2026-11-24T13:58:00Z",
                ),
            },
            decided: Vec::new(),
            parked: vec![Parked {
                field: F::PostalCode,
                side: Side::Ghl,
                seen: BySide {
                    ghl: text("93940"),
                    growbots: None,
                },
                why: "cannot be cleared".into(),
            }],
            ignored: false,
        },
        state: LinkState::Conflict,
        held: vec![
            held(F::Phone, Why::Conflict),
            held(F::Title, Why::Conflict),
            held(F::Company, Why::Differs),
            held(F::PostalCode, Why::Parked),
        ],
        candidates: Vec::new(),
        waiting: vec![Write {
            link: MARA,
            side: Side::Growbots,
            kind: Kind::Contact,
            id: Some("ld_01J9ZM".into()),
            op: Op::Update,
            fields: vec![FieldChange {
                field: budget,
                from: text("12,000"),
                to: text("15,000"),
            }],
            cause: Cause::Change { side: Side::Ghl },
        }],
        tasks: Vec::new(),
        notes: Vec::new(),
        appointments: Vec::new(),
        history: log().into_iter().filter(|line| line.link == MARA).collect(),
    }
}
