//! Believable rows: what the cache of a small firm holds on a Tuesday afternoon.

use std::collections::BTreeMap;

use couplet::merge::{NotUndone, UndoPlan, UndoStep};
use couplet::model::*;
use couplet::store::{BoardDays, ContactDetail, ContactQuery, TaskBoard, TaskQuery, Totals};
use couplet::tui::plan::Planned;
use couplet::tui::tabs::held::Record as Held;
use couplet::tui::undo::Preview;
use couplet::tui::window::Row;

use super::conflict_rows::{conflicts, policies, policy_uses};
use super::held_rows;
use super::loop_rows::{bars, errors, exchanges, log, passes, status};
use super::mara::{mara, record, snapshot, text};

/// Tuesday 24 November 2026, 14:05 UTC.
pub fn now() -> Millis {
    at("2026-11-24T14:05:00Z")
}

pub fn at(text: &str) -> Millis {
    Millis::parse(text).expect("a time")
}

/// What the cache holds.
#[derive(Clone)]
pub struct World {
    pub contacts: Vec<ContactRow>,
    pub tasks: Vec<TaskRow>,
    pub conflicts: Vec<Conflict>,
    /// What its mass change holds.
    pub held: Vec<Held>,
    pub businesses: Businesses,
    pub looking: Vec<Looking>,
    pub settled: Vec<Settled>,
    pub policies: Vec<Remembered>,
    pub policy_uses: Vec<PolicyUse>,
    pub exchanges: Vec<Exchange>,
    pub passes: Vec<PassSummary>,
    pub log: Vec<LogEntry>,
    pub errors: Vec<ErrorRow>,
    pub alerts: Vec<Alert>,
    pub status: LoopStatus,
    pub holder: Option<Holder>,
    pub bars: BySide<Vec<RateBar>>,
    /// Whether both sides were read in full once.
    pub backfilled: bool,
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
        phone: format!("+1 415 555 {number:04}"),
        company: String::new(),
        owner,
        updated_at: Some(at(parts[3])),
        state,
        waits_for: BySide { ghl, growbots },
    }
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
        let contact: i64 = parts[1].parse().expect("a number");
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
            held: held_rows::tasks().1,
            businesses: Businesses::default(),
            looking: Vec::new(),
            settled: Vec::new(),
            policies: policies(),
            policy_uses: policy_uses(),
            exchanges: exchanges(),
            passes: passes(),
            log: log(),
            errors: errors(),
            alerts: Vec::new(),
            status: status(),
            holder: Some(Holder {
                operator: "dana".into(),
                host: "ops-1".into(),
                pid: 1,
                since: at("2026-11-24T09:12:00Z"),
            }),
            bars: bars(),
            backfilled: true,
        }
    }

    /// Records that the mass change holds.
    pub fn held_of(&self, links: &[LinkId]) -> Vec<Held> {
        let held = self.held.iter();
        let held = held.filter(|record| links.contains(&record.linked.id));
        held.cloned().collect()
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
            let look = |field: &str| match Filter::canonical(field) {
                "state" => vec![row.state.name().to_owned()],
                "owner" => vec![row.owner.split('@').next().unwrap_or_default().to_owned()],
                "updated_at" => row.updated_at.iter().map(ToString::to_string).collect(),
                _ => Vec::new(),
            };
            text.contains(&words) && query.filter.matches(now(), &look, &|| text.clone())
        };
        let mut rows: Vec<_> = self.contacts.iter().filter(fits).cloned().collect();
        if query.sort == ContactSort::Edited {
            rows.sort_by_key(|row| std::cmp::Reverse(row.updated_at));
        }
        rows
    }

    pub fn tasks_of(&self, query: &TaskQuery) -> Vec<TaskRow> {
        let done = query.view == TaskView::Done;
        let fits = |row: &&TaskRow| {
            let look = |field: &str| match Filter::canonical(field) {
                "state" => vec![row.state.name().to_owned()],
                "assignee" => vec![
                    row.assignee
                        .split('@')
                        .next()
                        .unwrap_or_default()
                        .to_owned(),
                ],
                _ => Vec::new(),
            };
            let text = || format!("{} {}", row.title, row.contact_name);
            let due = row.due_at.unwrap_or(Millis(i64::MAX));
            row.completed == done
                && row.title.contains(&query.search)
                && query.filter.matches(now(), &look, &text)
                && query.due_from.is_none_or(|from| due >= from)
                && query.due_until.is_none_or(|until| due < until)
        };
        self.tasks.iter().filter(fits).cloned().collect()
    }

    /// What an undo comes to: the budget goes back, and the phone stays.
    pub fn undo(of: Option<Undo>) -> Preview {
        let change = |from: &str, to: &str| FieldChange {
            field: FieldName::Custom("budget".into()),
            from: text(from),
            to: text(to),
        };
        let of = of.or(Some(Undo::Operation(LogId(10_230))));
        let cause = Cause::Undo {
            of: Undo::Operation(LogId(10_230)),
            action: ActionId(1),
            operator: "dana".into(),
        };
        let write = Write {
            link: MARA,
            side: Side::Growbots,
            kind: Kind::Contact,
            id: Some("ld_0018".into()),
            op: Op::Update,
            fields: vec![change("12,000", "9,000")],
            cause: cause.clone(),
        };
        let decided = Decided {
            field: FieldName::Custom("budget".into()),
            value: text("9,000"),
            seen: BySide::default(),
            cause,
        };
        Preview {
            of,
            plan: UndoPlan {
                steps: vec![UndoStep::Give {
                    link: MARA,
                    decided,
                }],
                writes: vec![write],
                refused: vec![NotUndone {
                    log: LogId(10_229),
                    link: MARA,
                    title: "Quill, Mara".into(),
                    why: "lou changed phone at 14:09: it stays as it is".into(),
                }],
            },
            titles: BTreeMap::from([(MARA, "Quill, Mara".to_owned())]),
        }
    }

    /// What waits to be written.
    pub fn plan() -> Planned {
        let writes = mara().waiting;
        Planned {
            titles: BTreeMap::from([(MARA, "Quill, Mara".to_owned())]),
            writes: writes.clone(),
            ..Planned::counted(writes.iter())
        }
    }

    pub fn board(&self, days: &BoardDays) -> TaskBoard {
        let open = || self.tasks.iter().filter(|task| !task.completed);
        let due = |from: Millis, until: Millis| {
            let due = open().filter_map(|task| task.due_at);
            due.filter(|at| *at >= from && *at < until).count() as u64
        };
        TaskBoard {
            mine: open()
                .filter(|task| task.assignee.starts_with("dana@"))
                .count() as u64,
            overdue: due(Millis(0), days.today),
            today: due(days.today, days.tomorrow),
            week: due(days.today, days.week),
            people: ["dana", "lou", "ravi"]
                .map(|who| format!("{who}@harbor.example"))
                .into(),
        }
    }

    /// A task with both sides: each has it as the row says.
    pub fn task(&self, link: LinkId) -> Option<ContactDetail> {
        let row = self.tasks.iter().find(|row| row.id == link)?;
        let record = record(&[
            (FieldName::Title, &row.title),
            (FieldName::Assignee, &row.assignee),
            (FieldName::Body, "Ask for the dock number."),
        ]);
        let mut record = record;
        record.set(FieldName::DueAt, row.due_at.map(Value::Time));
        let end = |side: Side| match row.ids.get(side) {
            Some(id) => snapshot(side, id.as_str(), record.clone(), "2026-11-18T10:05:00Z"),
            None => End::Missing,
        };
        let parked = Parked {
            field: FieldName::Assignee,
            side: Side::Growbots,
            seen: BySide::default(),
            why: "the assignee is not active there".into(),
        };
        let failed = row.state == LinkState::Error;
        Some(ContactDetail {
            linked: Linked {
                parent: row.contact,
                parked: failed.then_some(parked).into_iter().collect(),
                ..Linked::new(link, Kind::Task, Some(record.clone()), BySide::from_fn(end))
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

    /// Contacts in full, those that are there.
    pub fn details(&self, links: &[LinkId]) -> Vec<ContactDetail> {
        links.iter().filter_map(|link| self.detail(*link)).collect()
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
                ignored: row.state == LinkState::Ignored,
                ..Linked::new(
                    link,
                    Kind::Contact,
                    Some(record.clone()),
                    BySide::from_fn(end),
                )
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
