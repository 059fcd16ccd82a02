//! Marked rows, and what is done with all of them at once: always after a question that lists every write, or staged.

use std::collections::BTreeSet;

use crate::engine::port::Ask;
use crate::model::{
    Action, Conflict, ConflictId, ConflictState, ErrorId, LinkId, Reason, Side, Take,
};

use super::confirm::{Choice, Confirm, Offer, Then};
use super::model::{Model, Overlay};
use super::msg::{Move, Tab};
use super::tabs::detail::show;
use super::tabs::staging;
use super::times::counted;

/// The marked rows of each list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Of Contacts.
    pub contacts: BTreeSet<LinkId>,
    /// Of Tasks.
    pub tasks: BTreeSet<LinkId>,
    /// Of Conflicts.
    pub conflicts: BTreeSet<ConflictId>,
    /// Of Errors.
    pub errors: BTreeSet<ErrorId>,
}

impl Marks {
    /// How many rows of a tab are marked.
    pub fn count(&self, tab: Tab) -> usize {
        match tab {
            Tab::Contacts => self.contacts.len(),
            Tab::Tasks => self.tasks.len(),
            Tab::Conflicts => self.conflicts.len(),
            Tab::Errors => self.errors.len(),
            _ => 0,
        }
    }

    fn clear(&mut self, tab: Tab) {
        match tab {
            Tab::Contacts => self.contacts.clear(),
            Tab::Tasks => self.tasks.clear(),
            Tab::Conflicts => self.conflicts.clear(),
            Tab::Errors => self.errors.clear(),
            _ => {}
        }
    }
}

fn turn<T: Ord>(marks: &mut BTreeSet<T>, row: T) {
    if let Some(row) = marks.replace(row) {
        marks.remove(&row);
    }
}

/// Marks the row under the cursor, or lets it go, and goes on to the next.
pub fn toggle(model: &mut Model) {
    match model.tab {
        Tab::Contacts => {
            if let Some(row) = model.contacts.current().map(|row| row.id) {
                turn(&mut model.marks.contacts, row);
            }
        }
        Tab::Tasks => {
            if let Some(row) = model.tasks.window.current().map(|row| row.id) {
                turn(&mut model.marks.tasks, row);
            }
        }
        Tab::Conflicts => {
            if let Some(row) = model.conflicts.cursor {
                turn(&mut model.marks.conflicts, row);
            }
        }
        Tab::Errors => {
            if let Some(row) = model.errors.cursor {
                turn(&mut model.marks.errors, row);
            }
        }
        _ => return,
    }
    super::update::step(model, Move::Down);
    tell(model);
}

/// Marks all rows of the list that are loaded; where all are marked, none.
pub fn toggle_all(model: &mut Model) {
    let before = model.marks.clone();
    match model.tab {
        Tab::Contacts => {
            let rows = model.contacts.window.rows.iter().map(|row| row.id);
            model.marks.contacts.extend(rows);
        }
        Tab::Tasks => {
            let rows = model.tasks.window.rows.iter().map(|row| row.id);
            model.marks.tasks.extend(rows);
        }
        Tab::Conflicts => {
            let rows = model.conflicts.order(model);
            model.marks.conflicts.extend(rows);
        }
        Tab::Errors => {
            let order = model.errors.order(&model.filters, model.times.now);
            let rows: Vec<_> = order.iter().map(|error| error.id).collect();
            model.marks.errors.extend(rows);
        }
        _ => {}
    }
    if model.marks == before {
        model.marks.clear(model.tab);
    }
    tell(model);
}

/// Lets all marks of the list go; false if there is none.
pub fn back(model: &mut Model) -> bool {
    let some = model.marks.count(model.tab) > 0;
    model.marks.clear(model.tab);
    some
}

fn tell(model: &mut Model) {
    let n = model.marks.count(model.tab);
    let keys = match model.tab {
        Tab::Contacts => "t tags them, i ignores them, L pairs two",
        Tab::Tasks => "space completes them, w assigns, d sets when they are due",
        Tab::Errors => "r retries, x skips, m mutes them",
        _ => "d decides them, z puts them off",
    };
    match n {
        0 => model.say("Nothing is marked."),
        n => model.say(format!("{n} marked: {keys}, esc lets go")),
    }
}

fn open(model: &mut Model, confirm: Confirm) {
    model.overlay = Some(Overlay::Confirm(Box::new(confirm)));
}

/// Asks whether to leave all marked contacts alone.
pub fn ignore(model: &mut Model) {
    let rows = model.contacts.window.rows.iter();
    let named = rows.filter(|row| model.marks.contacts.contains(&row.id));
    let mut lines: Vec<String> = named.map(|row| row.name.clone()).collect();
    let n = model.marks.contacts.len();
    if n > lines.len() {
        lines.push(format!("and {} that are not on this page", n - lines.len()));
    }
    lines.push("They keep their pairs, and are neither read in sweeps nor written.".into());
    let links = model.marks.contacts.iter();
    let ask = |link: &LinkId| {
        Ask::Act(Action::Ignore {
            link: *link,
            ignored: true,
        })
    };
    let confirm = Confirm {
        lines,
        asks: links.map(ask).collect(),
        yes: Some("ignore them".into()),
        said: format!("{} ignored.", counted(n as u64, "contact", "contacts")),
        ..Confirm::new(format!("Ignore {n} contacts?"))
    };
    open(model, confirm);
}

/// The value of a field that an answer for many takes, if it has one.
type Choose = fn(&crate::model::ConflictField) -> Option<Take>;

/// Opens the choice of a side for all fields of the marked conflicts. What is taken is staged; `a` lists the writes.
pub fn decide(model: &mut Model) {
    let marked = |id: &ConflictId| model.marks.conflicts.contains(id);
    let all = model.conflicts.all.iter();
    let open = all.filter(|c| marked(&c.id) && c.state == ConflictState::Open);
    let (fields, others): (Vec<_>, Vec<_>) = open.partition(|c| c.reason == Reason::Field);
    let picks: [(&str, Choose); 4] = [
        ("take GHL", |_| Some(Take::Side(Side::Ghl))),
        ("take Growbots", |_| Some(Take::Side(Side::Growbots))),
        ("take the newer side", |field| field.newer.map(Take::Side)),
        ("take the base", |_| Some(Take::Base)),
    ];
    let offer = |(words, pick): (&str, Choose)| {
        let (confirm, n, left) = bulk_box(model, words, &fields, others.len(), pick);
        let left = match left {
            0 => String::new(),
            n => format!(", {n} undecided: neither side is newer"),
        };
        Offer {
            words: format!("{words} for {n}{left}"),
            said: String::new(),
            then: Then::Question(Box::new(confirm)),
        }
    };
    let foot = match others.len() {
        0 => "Each row is shown before it is staged; nothing is written before a.".to_owned(),
        n => {
            format!("{n} more that are marked ask for a person: they stay. Nothing is written yet.")
        }
    };
    let choice = Choice {
        title: format!(
            "Decide {}",
            counted(fields.len() as u64, "conflict", "conflicts")
        ),
        answers: picks.into_iter().map(offer).collect(),
        foot,
    };
    model.overlay = Some(Overlay::Choice(Box::new(choice)));
}

/// The question that lists what an answer for many stages; with how many fields, and how many it leaves.
fn bulk_box(
    model: &Model,
    words: &str,
    fields: &[&Conflict],
    others: usize,
    pick: Choose,
) -> (Confirm, String, usize) {
    let (mut stages, mut lines, mut left, mut kept) = (Vec::new(), Vec::new(), 0, 0);
    for conflict in fields {
        for field in &conflict.fields {
            let mut staged = conflict.staged.iter();
            let head = format!("{}  {}", conflict.title, field.field.label());
            if staged.any(|s| {
                s.revision == conflict.revision
                    && staging::field_of(&s.answer) == Some(&field.field)
            }) {
                kept += 1;
                lines.push(format!("- {head}  staged already, kept"));
                continue;
            }
            let Some(Ok(answer)) = pick(field).map(|take| staging::answer(field, &take)) else {
                left += 1;
                lines.push(format!("? {head}  same time, left open"));
                continue;
            };
            let value = staging::value_of(&answer).flatten();
            let to = show(value.as_ref(), &model.times);
            for side in Side::BOTH {
                if field.of(side) != value.as_ref() {
                    let from = show(field.of(side), &model.times);
                    lines.push(format!("✓ {head}  {side}: {from} → {to}"));
                }
            }
            stages.push((conflict.id, answer));
        }
    }
    let n = counted(stages.len() as u64, "field", "fields");
    let mut foot = Vec::new();
    for (count, why) in [
        (left, "left open: same time on both sides"),
        (kept, "kept: staged already"),
        (others, "left open: needs its own screen"),
    ] {
        if count > 0 {
            foot.push(format!("{count} {why}"));
        }
    }
    foot.push("Staged, not written: a lists the writes and their cost, and applies.".into());
    let confirm = Confirm {
        lines,
        foot,
        yes: (!stages.is_empty()).then(|| format!("stage {n}")),
        said: format!("{n} staged. a lists the exact writes and their cost."),
        stages,
        ..Confirm::new(format!("Decide many: {words}"))
    };
    (confirm, n, left)
}
