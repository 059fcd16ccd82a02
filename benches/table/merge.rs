//! The three-way merge of canonical contacts in memory, on one core.

use couplet::merge::{FieldMap, merge_record};
use couplet::model::{BySide, End, FieldName, Kind, LinkId, Linked, Record, Side, Snapshot, Value};

use crate::process;
use crate::report::{Against, Report};

const CONTACTS: usize = 50_000;
const ROUNDS: usize = 20;

/// How the sides of a contact are apart.
#[derive(Clone, Copy)]
enum Apart {
    Nowhere,
    OneField,
    SameField,
}

fn contact(number: usize, apart: Apart) -> Linked {
    let text = |field: &FieldName| format!("{field} of number {number}");
    let fields = FieldName::of(Kind::Contact).iter();
    let base = Record::from_fields(fields.filter_map(|field| {
        let value = match field {
            FieldName::Tags => Value::set(["vip", "inbound"]),
            FieldName::DoNotContact => None,
            _ => Value::text(text(field)),
        };
        Some((field.clone(), value?))
    }));
    let end = |side: Side| {
        let mut record = base.clone();
        let changes = match apart {
            Apart::Nowhere => false,
            Apart::OneField => side == Side::Ghl,
            Apart::SameField => true,
        };
        if changes {
            record.set(FieldName::City, Value::text(format!("{side}, {number}")));
        }
        End::Live(Snapshot::new(
            side,
            Kind::Contact,
            format!("{side}{number}"),
            record,
        ))
    };
    let ends = BySide::from_fn(end);
    Linked::new(LinkId(number as i64), Kind::Contact, Some(base), ends)
}

/// Processor time of this process: nothing else of it runs.
fn spent_s() -> f64 {
    process::cpu_ms(std::process::id()).unwrap_or(f64::NAN) / 1000.0
}

pub fn measure(report: &mut Report) {
    let map = FieldMap::default();
    // of a thousand contacts that a pass looks at, most have changed on one side
    let mixes: [(&str, [usize; 3]); 3] = [
        ("all in step", [100, 0, 0]),
        ("one changed field in each", [0, 100, 0]),
        (
            "as in a job: 80 % in step, 19 % changed, 1 % in conflict",
            [80, 19, 1],
        ),
    ];
    for (what, [same, changed, _]) in mixes {
        let linked: Vec<Linked> = (0..CONTACTS)
            .map(|number| {
                let apart = match number * 7 % 100 {
                    at if at < same => Apart::Nowhere,
                    at if at < same + changed => Apart::OneField,
                    _ => Apart::SameField,
                };
                contact(number, apart)
            })
            .collect();
        let mut best = f64::MAX;
        let mut writes = 0;
        for _ in 0..ROUNDS {
            let began = spent_s();
            writes = 0;
            for linked in &linked {
                writes += merge_record(linked, &map).writes.len();
            }
            best = best.min(spent_s() - began);
        }
        let rate = CONTACTS as f64 / best;
        let what = format!("merge of contacts with 17 fields, {what} ({writes} writes)");
        report.row(&what, rate, "a CPU second", &Against::Least(1e6), "limit");
    }
}
