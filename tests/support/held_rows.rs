//! What mass changes hold: tasks that were deleted, and titles of contacts that were changed.

use couplet::model::*;
use couplet::tui::tabs::held::Record as Held;

use super::mara::{record, text};
use super::world::{MARA, at};

/// The link of the first held task.
const FIRST: i64 = 301;

/// Whose they are, what they say, when they are due; the rest is like the first.
const TASKS: [(&str, &str, &str); 6] = [
    ("Abendroth, Jonas", "Welcome call", "2026-11-26T17:00:00Z"),
    ("Mwangi, Faith", "Welcome call", "2026-11-26T17:00:00Z"),
    (
        "田辺 愛子",
        "Send contract to 田辺 愛子",
        "2026-12-01T09:00:00Z",
    ),
    ("Ng, Wei Ling", "Site visit", "2026-11-12T11:00:00Z"),
    (
        "Adeyemi-Brightwater, Oluwaseun",
        "Ask for the measurements of the second loading dock",
        "2026-11-30T09:00:00Z",
    ),
    ("Raman, Priya", "Welcome call", "2026-11-27T17:00:00Z"),
];

fn link(number: usize) -> LinkId {
    LinkId(FIRST + number as i64)
}

/// 31 tasks that were deleted in Growbots: most say the same, one is done, one was edited since.
pub fn tasks() -> (Vec<Candidate>, Vec<Held>) {
    let rows = (0..31).map(|number| {
        let (contact, title, due) = TASKS.get(number).copied().unwrap_or(TASKS[5]);
        let id = RecordId::from(format!("task{number:04}"));
        let mut base = record(&[(FieldName::Title, title)]);
        base.set(FieldName::DueAt, Some(Value::Time(at(due))));
        base.set(FieldName::Completed, Value::yes(number == 3));
        let mut now = base.clone();
        if number == 1 {
            now.set(FieldName::Assignee, text("lou@harbor.example"));
        }
        let end = |side, record| Snapshot::new(side, Kind::Task, id.clone(), record);
        let ends = BySide {
            ghl: End::Live(end(Side::Ghl, now)),
            growbots: End::Gone(end(Side::Growbots, base.clone())),
        };
        let candidate = Candidate {
            side: Side::Ghl,
            id: id.clone(),
            title: title.into(),
            link: Some(link(number)),
        };
        let held = Held {
            linked: Linked::new(link(number), Kind::Task, Some(base), ends),
            contact: contact.into(),
        };
        (candidate, held)
    });
    rows.unzip()
}

/// A mass change of `many` titles of contacts, changed in Growbots.
pub fn titles(many: usize) -> (Conflict, Vec<Held>) {
    let rows = (0..many).map(|number| {
        let link = LinkId(1_001 + number as i64);
        let id = RecordId::from(format!("ghl{number:04}"));
        let name = format!("Person {:03}", number + 1);
        let with = |title: &str| record(&[(FieldName::LastName, &name), (FieldName::Title, title)]);
        let (old, new) = ("Head of Purchasing", "head of purchasing");
        let end =
            |side, title| End::Live(Snapshot::new(side, Kind::Contact, id.clone(), with(title)));
        let ends = BySide {
            ghl: end(Side::Ghl, old),
            growbots: end(Side::Growbots, new),
        };
        let candidate = Candidate {
            side: Side::Ghl,
            id: id.clone(),
            title: name.clone(),
            link: Some(link),
        };
        let held = Held {
            linked: Linked::new(link, Kind::Contact, Some(with(old)), ends),
            contact: String::new(),
        };
        (candidate, held)
    });
    let (candidates, held): (Vec<_>, _) = rows.unzip();
    let conflict = Conflict {
        id: ConflictId(4130),
        link: MARA,
        kind: Kind::Contact,
        reason: Reason::MassChange,
        state: ConflictState::Open,
        title: format!("{many} contacts"),
        revision: 1,
        opened_at: at("2026-11-24T13:30:00Z"),
        fields: Vec::new(),
        candidates,
        gone: None,
        deferred_until: None,
        note: None,
        decided_by: None,
        staged: Vec::new(),
    };
    (conflict, held)
}
