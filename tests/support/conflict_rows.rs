//! Conflicts of each kind.

use couplet::model::*;

use super::held_rows;
use super::mara::text;
use super::world::{MARA, at};

fn field(
    field: FieldName,
    base: Option<Value>,
    ghl: Option<Value>,
    growbots: Option<Value>,
    newer: Option<Side>,
) -> ConflictField {
    ConflictField {
        field,
        base,
        ghl,
        growbots,
        newer,
    }
}

fn conflict(id: i64, link: i64, reason: Reason, title: &str, opened: &str) -> Conflict {
    Conflict {
        id: ConflictId(id),
        link: LinkId(link),
        kind: Kind::Contact,
        reason,
        state: ConflictState::Open,
        title: title.into(),
        revision: 3,
        opened_at: at(opened),
        fields: Vec::new(),
        candidates: Vec::new(),
        gone: None,
        deferred_until: None,
        note: None,
        decided_by: None,
        staged: Vec::new(),
    }
}

fn candidate(id: &str, title: &str, link: i64) -> Candidate {
    Candidate {
        side: Side::Growbots,
        id: id.into(),
        title: title.into(),
        link: Some(LinkId(link)),
    }
}

/// All of them, heaviest first.
pub fn conflicts() -> Vec<Conflict> {
    let mut all = of_records();
    all.extend(of_fields());
    all
}

fn of_records() -> Vec<Conflict> {
    let freight = Conflict {
        gone: Some(Side::Growbots),
        ..conflict(
            4098,
            6,
            Reason::DeleteEdit,
            "Harlow Freight",
            "2026-11-18T10:05:00Z",
        )
    };
    let percy = Conflict {
        candidates: vec![
            candidate("ld_01J2K4", "Percy Underhill", 101),
            candidate("ld_01J8R0", "P. Underhill", 102),
            candidate("ld_01JA77", "Ada Underhill", 103),
        ],
        ..conflict(
            4121,
            23,
            Reason::AmbiguousMatch,
            "Underhill, Percy",
            "2026-11-23T13:02:00Z",
        )
    };
    let mass = Conflict {
        kind: Kind::Task,
        gone: Some(Side::Growbots),
        candidates: held_rows::tasks().0,
        ..conflict(
            4126,
            40,
            Reason::MassChange,
            "31 tasks",
            "2026-11-24T13:24:00Z",
        )
    };
    vec![freight, percy, mass]
}

fn of_fields() -> Vec<Conflict> {
    let newer = Some(Side::Growbots);
    let zoe = Conflict {
        fields: vec![field(
            FieldName::City,
            text("Stockholm"),
            text("Göteborg"),
            text("Malmö"),
            None,
        )],
        ..conflict(
            4102,
            13,
            Reason::Field,
            "Lindqvist, Zoë",
            "2026-11-20T09:00:00Z",
        )
    };
    let thea = Conflict {
        fields: vec![field(
            FieldName::Title,
            text("Controller"),
            text("CFO"),
            text("Finance Director"),
            None,
        )],
        staged: vec![Staged {
            operator: "ravi".into(),
            answer: Answer::Field {
                field: FieldName::Title,
                take: "ghl".into(),
                value: "CFO".into(),
            },
            revision: 3,
            at: at("2026-11-24T14:00:00Z"),
        }],
        ..conflict(
            4111,
            12,
            Reason::Field,
            "Kessler, Thea",
            "2026-11-22T09:00:00Z",
        )
    };
    let mara = Conflict {
        fields: vec![
            field(
                FieldName::Phone,
                text("+1 415 555 0132"),
                text("+1 415 555 0177"),
                text("+1 415 555 0190"),
                newer,
            ),
            field(
                FieldName::Title,
                text("Buyer"),
                text("Senior Buyer"),
                text("Head of Procurement"),
                newer,
            ),
        ],
        ..conflict(
            4127,
            MARA.0,
            Reason::Field,
            "Quill, Mara",
            "2026-11-24T13:58:00Z",
        )
    };
    let call = Conflict {
        kind: Kind::Task,
        fields: vec![field(
            FieldName::DueAt,
            Some(Value::Time(at("2026-11-25T09:00:00Z"))),
            Some(Value::Time(at("2026-11-26T09:00:00Z"))),
            Some(Value::Time(at("2026-11-26T15:00:00Z"))),
            None,
        )],
        deferred_until: Some(at("2026-11-26T09:00:00Z")),
        ..conflict(
            4129,
            60,
            Reason::Field,
            "Call back about the November delivery",
            "2026-11-24T13:59:00Z",
        )
    };
    vec![zoe, thea, mara, call]
}

/// What operators chose to remember.
pub fn policies() -> Vec<Remembered> {
    let policy =
        |id: i64, scope: Scope, policy: &str, note: Option<&str>, at_time: &str| Remembered {
            id: PolicyId(id),
            what: NewPolicy {
                kind: Kind::Contact,
                field: if id == 9 {
                    FieldName::Website
                } else {
                    FieldName::Title
                },
                scope,
                policy: policy.into(),
                note: note.map(Into::into),
            },
            operator: if id == 9 { "ravi" } else { "dana" }.into(),
            at: at(at_time),
        };
    let filter = Scope::Filter {
        filter: "tag:q4-list".into(),
    };
    let note = Some("imports set the title last");
    vec![
        policy(12, filter, "newest", note, "2026-11-24T14:00:00Z"),
        policy(9, Scope::Field, "ghl", None, "2026-10-02T09:00:00Z"),
    ]
}

/// How often they have settled something.
pub fn policy_uses() -> Vec<PolicyUse> {
    let used = |name: &str, count, last| PolicyUse {
        name: name.into(),
        count,
        last: at(last),
    };
    vec![
        used(
            "newest, remembered as 12 by dana",
            7,
            "2026-11-24T14:06:00Z",
        ),
        used("ghl", 812, "2026-11-24T13:41:00Z"),
    ]
}
