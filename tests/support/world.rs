//! Believable rows: what the cache of a small firm holds on a Tuesday afternoon.

use std::collections::BTreeMap;

use couplet::model::*;
use couplet::store::{ContactDetail, ContactQuery, TaskQuery, Totals};
use couplet::tui::window::Row;

/// Tuesday 24 November 2026, 14:05 UTC.
pub fn now() -> Millis {
    at("2026-11-24T14:05:00Z")
}

pub fn at(text: &str) -> Millis {
    Millis::parse(text).unwrap()
}

/// What the cache holds.
pub struct World {
    pub contacts: Vec<ContactRow>,
    pub tasks: Vec<TaskRow>,
    pub conflicts: Vec<Conflict>,
    pub passes: Vec<PassSummary>,
    pub log: Vec<LogEntry>,
    pub errors: Vec<ErrorRow>,
    pub status: LoopStatus,
    pub holder: Option<Holder>,
    pub bars: BySide<Vec<RateBar>>,
}

const PEOPLE: &str = "\
= Abendroth, Jonas|jonas@abendroth-bau.example|lou|2026-11-24T09:14:00Z
= Adeyemi-Brightwater, Oluwaseun|o.adeyemi@brightwater.example|dana|2026-11-12T09:31:00Z
. Beispiel, Test|test@harbor.example||2026-02-03T10:00:00Z
> Castellanos, Inés|ines@castellanos.example|lou|2026-11-24T14:01:00Z
= Drăgulescu, Mihai|mihai.d@carpat.example||2026-11-18T10:00:00Z
[ Eastgate Dental|front@eastgate.example|dana|2026-11-19T10:00:00Z
! Fairweather, June|june@fairweather.example|ravi|2026-11-24T13:20:00Z
= Gunnarsdóttir, Sólveig|solveig@nordur.example|lou|2026-11-21T10:00:00Z
= Haddad, Rami|rami@haddad-legal.example||2026-10-08T10:00:00Z
] Ibarra Montenegro, Luz|luz.ibarra@montenegro-textile.example||2026-11-20T10:00:00Z
< Jankowska, Ewa|ewa@jankowska.example|ravi|2026-11-24T14:02:00Z
= Kessler, Thea|thea@kessler.example|dana|2026-11-17T10:00:00Z
= Lindqvist, Zoë|zoe@lindqvist.example|lou|2026-11-02T10:00:00Z
= Mwangi, Faith|faith@mwangi-tours.example||2026-11-22T10:00:00Z
= Ng, Wei Ling|weiling@ng-partners.example|dana|2026-11-24T10:37:00Z
= Орлова, Лена|lena@orlova.example||2026-11-14T10:00:00Z
= Patel-Whitcombe, Asha|asha@whitcombe.example|ravi|2026-11-24T11:05:00Z
# Quill, Mara|mara@quillworks.example|dana|2026-11-24T13:58:00Z
= Raman, Priya|priya@raman-foods.example|lou|2026-11-16T10:00:00Z
x Sørensen, Kåre|kaare@fjordlink.example||2026-11-24T14:02:00Z
= 田辺 愛子|aiko@tanabe-print.example|lou|2026-11-05T10:00:00Z
= Tremblay, Odile|odile@tremblay.example||2026-10-30T10:00:00Z
# Underhill, Percy|percy@underhill-daughters.example|dana|2026-11-23T12:00:00Z
= Vasquez, Noa|noa@vasquez.example|ravi|2026-11-01T10:00:00Z
= Wierzbicki, Tomasz|tomasz@wierzbicki.example||2025-09-19T10:00:00Z
= Xanthopoulos, Iris|iris@xanth.example|lou|2026-11-24T12:48:00Z
= Yıldız, Deniz|deniz@yildiz.example||2026-11-07T10:00:00Z
= Zabriskie, Hal|hal@zabriskie.example|dana|2026-10-28T10:00:00Z";

/// The link of a person of the list, by number from 1.
pub const MARA: LinkId = LinkId(18);

fn person(number: i64, line: &str) -> ContactRow {
    let parts: Vec<_> = line[2..].split('|').collect();
    let (state, ghl, growbots) = match &line[..1] {
        "." => (LinkState::Ignored, false, false),
        ">" => (LinkState::Waiting, false, true),
        "<" => (LinkState::Waiting, true, false),
        "x" => (LinkState::Waiting, true, true),
        "[" | "]" => (LinkState::OneSide, false, false),
        "!" => (LinkState::Error, false, false),
        "#" => (LinkState::Conflict, false, false),
        _ => (LinkState::InStep, false, false),
    };
    let id = |side: &str| Some(RecordId::from(format!("{side}{number:04}")));
    let owner = match parts[2] {
        "" => String::new(),
        user => format!("{user}@harbor.example"),
    };
    ContactRow {
        id: LinkId(number),
        key: PageKey {
            key: format!("{number:04}"),
            id: number,
        },
        ids: BySide {
            ghl: id("ghl").filter(|_| !line.starts_with(']')),
            growbots: id("ld_").filter(|_| !line.starts_with('[')),
        },
        name: parts[0].into(),
        email: parts[1].into(),
        phone: String::new(),
        company: String::new(),
        owner,
        updated_at: Some(at(parts[3])),
        state,
        waits_for: BySide { ghl, growbots },
    }
}

fn text(text: &str) -> Option<Value> {
    Value::text(text)
}

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

fn conflicts() -> Vec<Conflict> {
    let newer = Some(Side::Growbots);
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
        ..conflict(
            4126,
            40,
            Reason::MassChange,
            "31 tasks",
            "2026-11-24T13:24:00Z",
        )
    };
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
    vec![freight, percy, mass, zoe, thea, mara, call]
}

fn snapshot(side: Side, id: &str, record: Record, updated: &str) -> End {
    End::Live(Snapshot {
        side,
        kind: Kind::Contact,
        id: id.into(),
        parent: None,
        record,
        raw: "{}".into(),
        version: None,
        created_at: None,
        updated_at: Some(at(updated)),
        external_id: None,
    })
}

fn record(fields: &[(FieldName, &str)]) -> Record {
    let pairs = fields.iter().filter_map(|(field, value)| {
        Some((field.clone(), Value::parse(field.ty(), value).unwrap()?))
    });
    Record::from_fields(pairs)
}

fn mara() -> ContactDetail {
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

fn log() -> Vec<LogEntry> {
    let line =
        |id, pass, side, op: &str, field: Option<(FieldName, &str, &str)>, cause: &str| LogEntry {
            id: LogId(id),
            at: at("2026-11-24T14:01:00Z"),
            pass: PassId(pass),
            side,
            kind: Kind::Contact,
            link: MARA,
            title: "Quill, Mara".into(),
            op: op.into(),
            fields: field
                .map(|(field, from, to)| FieldChange {
                    field,
                    from: text(from),
                    to: text(to),
                })
                .into_iter()
                .collect(),
            cause: cause.into(),
            operator: None,
            requests: 2,
        };
    let budget = FieldName::Custom("budget".into());
    vec![
        line(
            10230,
            3,
            Some(Side::Growbots),
            "update",
            Some((budget, "9,000", "12,000")),
            "edit in GHL",
        ),
        line(
            10231,
            3,
            None,
            "conflict",
            None,
            "both sides changed phone, title",
        ),
    ]
}

fn passes() -> Vec<PassSummary> {
    let pass =
        |id: i64, started: &str, ms, because: &str, pulled: (u64, u64), updated: (u64, u64)| {
            PassSummary {
                pass: PassId(id),
                started_at: at(started),
                duration_ms: ms,
                because: because.into(),
                requests: BySide {
                    ghl: 5,
                    growbots: 4,
                },
                pulled: BySide {
                    ghl: pulled.0,
                    growbots: pulled.1,
                },
                updated: BySide {
                    ghl: updated.0,
                    growbots: updated.1,
                },
                ..PassSummary::default()
            }
        };
    vec![
        pass(
            5,
            "2026-11-24T14:05:00Z",
            900,
            "dana ticked 2 tasks",
            (4, 3),
            (1, 1),
        ),
        pass(
            4,
            "2026-11-24T14:02:00Z",
            1_200,
            "changes on both sides",
            (6, 5),
            (2, 3),
        ),
        pass(
            3,
            "2026-11-24T14:01:00Z",
            800,
            "webhook from GHL",
            (1, 0),
            (0, 1),
        ),
        PassSummary {
            requests: BySide {
                ghl: 136,
                growbots: 136,
            },
            ..pass(
                2,
                "2026-11-24T13:41:00Z",
                17 * 60_000,
                "68 idle passes",
                (0, 0),
                (0, 0),
            )
        },
        PassSummary {
            errors: 1,
            ..pass(
                1,
                "2026-11-24T13:20:00Z",
                30_000,
                "1 write parked",
                (2, 0),
                (0, 0),
            )
        },
    ]
}

fn errors() -> Vec<ErrorRow> {
    let row = |id, side, pattern: &str, count, next: Option<&str>, state| ErrorRow {
        id: ErrorId(id),
        state,
        last: Failure {
            pattern: pattern.into(),
            side: Some(side),
            operation: "POST /tasks".into(),
            status: Some(422),
            message: format!("Return call to Fairweather was not written: {pattern}"),
            link: Some(LinkId(7)),
            next_retry_at: next.map(at),
        },
        title: "Return call to Fairweather".into(),
        count,
        first_at: at("2026-11-23T16:45:00Z"),
        last_at: at("2026-11-24T13:20:00Z"),
    };
    vec![
        row(
            1,
            Side::Growbots,
            "422 the assignee is not active",
            14,
            None,
            ErrorState::Open,
        ),
        row(
            2,
            Side::Ghl,
            "422 email must be an email",
            3,
            None,
            ErrorState::Open,
        ),
        row(
            3,
            Side::Ghl,
            "timeout on read by id",
            1,
            Some("2026-11-24T14:06:00Z"),
            ErrorState::Open,
        ),
        row(
            4,
            Side::Growbots,
            "phone not E.164, kept as typed",
            88,
            None,
            ErrorState::Muted,
        ),
    ]
}

const TASKS: &str = "\
= Send signed order form|2|2026-11-20T17:00:00Z
= Renewal letter|12|2026-11-23T12:00:00Z
! Return call to Fairweather|7|2026-11-23T17:00:00Z
> Prepare: site visit, dock 4|11|2026-11-24T11:00:00Z
= Prepare: quarterly review|15|2026-11-24T15:30:00Z
= Follow up with Inés Castellanos|4|2026-11-24T17:00:00Z
[ Check credit line before the renewal|6|2026-11-24T17:00:00Z
= 納品書を送る|21|2026-11-24T17:00:00Z
# Call back about the November delivery|18|2026-11-26T09:00:00Z
= Send price list 2027|13|2026-11-26T17:00:00Z
= Contract ends, ask about renewal|12|2026-12-01T09:00:00Z";

fn tasks(people: &[ContactRow]) -> Vec<TaskRow> {
    let one = |(at_row, line): (usize, &str)| {
        let number = at_row as i64 + 201;
        let parts: Vec<_> = line[2..].split('|').collect();
        let contact: i64 = parts[1].parse().unwrap();
        let like = person(number, &format!("{}x|||2026-11-24T09:14:00Z", &line[..2]));
        TaskRow {
            id: LinkId(number),
            key: like.key,
            ids: like.ids,
            contact: Some(LinkId(contact)),
            contact_name: people[contact as usize - 1].name.clone(),
            title: parts[0].into(),
            due_at: Some(at(parts[2])),
            completed: false,
            assignee: "dana@harbor.example".into(),
            state: like.state,
            waits_for: like.waits_for,
        }
    };
    TASKS.lines().enumerate().map(one).collect()
}

fn status() -> LoopStatus {
    let side = |used, ours, others| SideStatus {
        health: Health::Ok,
        burst: Burst {
            used,
            limit: 100,
            resets_in_ms: 9_000,
        },
        day: Day {
            used: ours,
            others: Some(others),
            limit: 200_000,
            resets_at: Some(at("2026-11-24T16:00:00Z")),
        },
        throttled: 3,
        breaker: "closed".into(),
        lanes: vec![
            LaneStatus {
                lane: Lane::Webhook,
                queued: 2,
                recent: 10,
            },
            LaneStatus {
                lane: Lane::Incremental,
                queued: 38,
                recent: 42,
            },
        ],
        operations: vec![
            ("GET /contacts/{contactId}".into(), 31_204),
            ("POST /contacts/search".into(), 22_870),
        ],
    };
    LoopStatus {
        state: LoopState::Idle,
        idle_since: Some(now()),
        progress_at: now(),
        paused: None,
        sides: BySide {
            ghl: side(62, 76_200, 21_400),
            growbots: side(18, 41_050, 350),
        },
    }
}

fn bars() -> BySide<Vec<RateBar>> {
    BySide::from_fn(|side| {
        (0..120_u32)
            .map(|n| {
                let swing = if side == Side::Ghl { n % 40 } else { n % 25 };
                RateBar {
                    at: now().plus((i64::from(n) - 119) * 30_000),
                    ours: 10 + swing * swing / 6,
                    throttled: u32::from(side == Side::Ghl && n == 100),
                }
            })
            .collect()
    })
}

impl World {
    pub fn demo() -> Self {
        let lines = PEOPLE.lines().enumerate();
        let contacts: Vec<_> = lines
            .map(|(at, line)| person(at as i64 + 1, line))
            .collect();
        Self {
            tasks: tasks(&contacts),
            contacts,
            conflicts: conflicts(),
            passes: passes(),
            log: log(),
            errors: errors(),
            status: status(),
            holder: Some(Holder {
                operator: "dana".into(),
                host: "ops-1".into(),
                pid: 1,
                since: at("2026-11-24T09:12:00Z"),
            }),
            bars: bars(),
        }
    }

    pub fn totals(&self) -> Totals {
        let mut contacts = BTreeMap::new();
        for row in &self.contacts {
            *contacts.entry(row.state).or_insert(0) += 1;
        }
        let open = self.conflicts.iter().filter(|c| c.staged.is_empty());
        let errors = self.errors.iter().filter(|e| e.state == ErrorState::Open);
        Totals {
            links: BTreeMap::from([(Kind::Contact, self.contacts.len() as u64)]),
            contacts,
            tasks_open: self.tasks.iter().filter(|task| !task.completed).count() as u64,
            conflicts_open: self.conflicts.len() as u64,
            conflicts_undecided: open.count() as u64,
            errors_open: errors.count() as u64,
            waiting: 4,
            held: 31,
        }
    }

    pub fn contacts_of(&self, query: &ContactQuery) -> Vec<ContactRow> {
        let words = query.search.to_lowercase();
        let fits = |row: &&ContactRow| {
            let text = format!("{} {}", row.name, row.email).to_lowercase();
            text.contains(&words)
        };
        let mut rows: Vec<_> = self.contacts.iter().filter(fits).cloned().collect();
        if query.sort == ContactSort::Edited {
            rows.sort_by_key(|row| std::cmp::Reverse(row.updated_at));
        }
        rows
    }

    pub fn tasks_of(&self, query: &TaskQuery) -> Vec<TaskRow> {
        let done = query.view == TaskView::Done;
        let fits = |row: &&TaskRow| row.completed == done && row.title.contains(&query.search);
        self.tasks.iter().filter(fits).cloned().collect()
    }

    pub fn detail(&self, link: LinkId) -> Option<ContactDetail> {
        if link == MARA {
            return Some(mara());
        }
        let row = self.contacts.iter().find(|row| row.id == link)?;
        let (last, first) = row.name.split_once(", ").unwrap_or((&row.name, ""));
        let record = record(&[
            (FieldName::FirstName, first),
            (FieldName::LastName, last),
            (FieldName::Email, &row.email),
            (FieldName::Owner, &row.owner),
        ]);
        let end = |side: Side| match row.ids.get(side) {
            Some(id) => snapshot(side, id.as_str(), record.clone(), "2026-11-18T10:05:00Z"),
            None => End::Missing,
        };
        Some(ContactDetail {
            linked: Linked {
                id: link,
                kind: Kind::Contact,
                parent: None,
                base: Some(record.clone()),
                ends: BySide::from_fn(end),
                decided: Vec::new(),
                parked: Vec::new(),
                ignored: row.state == LinkState::Ignored,
            },
            state: row.state,
            held: Vec::new(),
            candidates: Vec::new(),
            waiting: Vec::new(),
            tasks: Vec::new(),
            notes: Vec::new(),
            appointments: Vec::new(),
            history: Vec::new(),
        })
    }
}

/// Rows after or before a key, as the store gives them.
pub fn after<R: Row + Clone>(
    rows: &[R],
    from: Option<&PageKey>,
    way: Direction,
    limit: u16,
) -> Vec<R> {
    let at = from.and_then(|key| rows.iter().position(|row| row.key() == key));
    let limit = limit as usize;
    match way {
        Direction::Forward => {
            let start = at.map_or(0, |at| at + 1);
            rows.iter().skip(start).take(limit).cloned().collect()
        }
        Direction::Backward => {
            let end = at.unwrap_or(rows.len());
            rows[end.saturating_sub(limit)..end].to_vec()
        }
    }
}
