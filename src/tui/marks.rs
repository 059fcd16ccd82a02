//! Marked rows, and what is done with all of them at once: always after a question that lists every write, or staged.

use std::collections::BTreeSet;

use crate::engine::port::Ask;
use crate::model::{Action, ConflictId, ErrorId, LinkId};

use super::confirm::Confirm;
use super::model::{Model, Overlay};
use super::msg::{Move, Tab};
use super::tabs::held;
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
    if held::open(model).is_some() {
        return held::toggle(model);
    }
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
    if held::open(model).is_some() {
        return held::toggle_all(model);
    }
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
        Tab::Contacts => {
            "{contact.tags} tags them, {contact.ignore} ignores them, {contact.link} pairs two"
        }
        Tab::Tasks => {
            "{task.complete} completes them, {task.assign} assigns, {task.due} sets when they are due"
        }
        Tab::Errors => "{error.retry} retries, {error.skip} skips, {error.mute} mutes them",
        _ => "{conflict.decide} decides them, {conflict.put-off} puts them off",
    };
    match n {
        0 => model.say("Nothing is marked."),
        n => {
            let keys = model.keymap.fill(&format!("{keys}, {{back}} lets go"));
            model.say(format!("{n} marked: {keys}"));
        }
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
