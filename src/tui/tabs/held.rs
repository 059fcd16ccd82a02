//! The records that a mass change holds: the list on its workbench, its cursor and marks, and answers for a part of
//! them. Drawn by [`held_view`].

use std::collections::BTreeSet;

use crate::model::{Candidate, Conflict, LinkId, Linked, Reason, Side};

use super::super::effect::Request;
use super::super::model::Model;
use super::super::msg::{Move, Tab};
use super::super::widgets::paint;
use super::held_answers::{NAMED, mine, verb};
use super::{held_view, staging};

/// How many are shown before the list is unfolded.
const SAMPLE: usize = 5;
/// Where the sample is looked for, so that a list of thousands costs no more.
const LOOKED_AT: usize = 500;
/// How many are read before and after the cursor: more than any screen has rows.
const AROUND: usize = 60;

/// The list, while the workbench of a mass change is open.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// The record under the cursor; `None`: the first.
    pub at: Option<LinkId>,
    /// The first row on the screen.
    pub top: usize,
    /// The marked ones.
    pub marked: BTreeSet<LinkId>,
    /// Those around the cursor, once they were read.
    pub read: Vec<Record>,
}

/// A record that is held, as the cache has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Both ends and the base.
    pub linked: Linked,
    /// The contact that it belongs to, by name; empty for what belongs to none.
    pub contact: String,
}

/// The records of the list: all, or a sample that has one of each name before a second of any.
pub fn rows(conflict: &Conflict, unfolded: bool) -> Vec<&Candidate> {
    let all = &conflict.candidates;
    if unfolded || all.len() <= SAMPLE {
        return all.iter().collect();
    }
    let mut names = BTreeSet::new();
    let looked_at = all.iter().take(LOOKED_AT);
    let (odd, same): (Vec<_>, Vec<_>) = looked_at
        .enumerate()
        .partition(|(_, one)| names.len() < SAMPLE && names.insert(&one.title));
    let mut sample: Vec<_> = odd.into_iter().chain(same).take(SAMPLE).collect();
    sample.sort_by_key(|(place, _)| *place);
    sample.into_iter().map(|(_, one)| one).collect()
}

/// The mass change on the workbench whose records are listed.
pub fn open(model: &Model) -> Option<&Conflict> {
    model.conflicts.bench.as_ref()?;
    let conflict = model.conflicts.current()?;
    let listed = conflict.reason == Reason::MassChange && !conflict.candidates.is_empty();
    (listed && model.tab == Tab::Conflicts).then_some(conflict)
}

/// The record under the cursor, its place in the list, and how many are listed.
pub fn under_cursor(model: &Model) -> Option<(&Candidate, usize, usize)> {
    let conflict = open(model)?;
    let bench = model.conflicts.bench.as_ref()?;
    let rows = rows(conflict, bench.unfolded);
    let place = place(&rows, bench.held.at);
    Some((*rows.get(place)?, place, rows.len()))
}

/// The record under the cursor, once it was read.
pub fn record(model: &Model) -> Option<&Record> {
    let link = under_cursor(model)?.0.link?;
    let mut read = model.conflicts.bench.as_ref()?.held.read.iter();
    read.find(|record| record.linked.id == link)
}

/// Where the cursor stands among rows.
pub fn place(rows: &[&Candidate], at: Option<LinkId>) -> usize {
    let found = rows.iter().position(|row| row.link == at);
    found.filter(|_| at.is_some()).unwrap_or(0)
}

/// Moves the cursor.
pub fn go(model: &mut Model, how: Move) {
    let room = held_view::room(model);
    let (Some(conflict), Some(bench)) = (open(model), &model.conflicts.bench) else {
        return;
    };
    let rows = rows(conflict, bench.unfolded);
    let last = rows.len().saturating_sub(1);
    let to = how.among(place(&rows, bench.held.at), last, room);
    let at = rows.get(to).and_then(|row| row.link);
    let top = paint::scrolled(bench.held.top, to, room, rows.len());
    let known: BTreeSet<_> = bench.held.read.iter().map(|one| one.linked.id).collect();
    let mut seen = rows.iter().skip(top).take(room).filter_map(|row| row.link);
    let all_known = seen.all(|link| known.contains(&link));
    if let Some(bench) = &mut model.conflicts.bench {
        (bench.held.at, bench.held.top) = (at, top);
    }
    if !all_known {
        read(model);
    }
}

/// Shows all records, or the sample again.
pub fn unfold(model: &mut Model) {
    let Some(bench) = &mut model.conflicts.bench else {
        return;
    };
    bench.unfolded = !bench.unfolded;
    bench.held.top = 0;
    keep_in_view(model);
    read(model);
}

fn keep_in_view(model: &mut Model) {
    let room = held_view::room(model);
    let Some((_, place, all)) = under_cursor(model) else {
        return;
    };
    if let Some(bench) = &mut model.conflicts.bench {
        bench.held.top = paint::scrolled(bench.held.top, place, room, all);
    }
}

/// Asks for the records around the cursor, and for those that a question about their writes would name.
pub fn read(model: &mut Model) {
    let (Some(conflict), Some(bench)) = (open(model), &model.conflicts.bench) else {
        return;
    };
    let rows = rows(conflict, bench.unfolded);
    let from = place(&rows, bench.held.at).saturating_sub(AROUND);
    let around = rows.iter().skip(from).take(2 * AROUND);
    let mut links: Vec<LinkId> = around.filter_map(|row| row.link).collect();
    let answered = mine(model, conflict);
    for chosen in [&bench.held.marked, &answered.approve, &answered.reject] {
        links.extend(chosen.iter().take(NAMED));
    }
    let mut known = BTreeSet::new();
    links.retain(|link| known.insert(*link));
    model.read(Request::Held(links));
}

/// Takes records that were read.
pub fn accept(model: &mut Model, records: Vec<Record>) {
    let Some(conflict) = open(model) else {
        return;
    };
    let is_held = |record: &Record| {
        let link = Some(record.linked.id);
        conflict.candidates.iter().any(|one| one.link == link)
    };
    if !records.first().is_none_or(is_held) {
        return; // those of another conflict
    }
    if let Some(bench) = &mut model.conflicts.bench
        && bench.held.read != records
    {
        bench.held.read = records;
        model.dirty = true;
    }
}

/// Forgets marks of records that are not held any more.
pub fn keep_marks(model: &mut Model) {
    let Some(conflict) = open(model) else {
        return;
    };
    let held: BTreeSet<LinkId> = conflict.candidates.iter().filter_map(|c| c.link).collect();
    if let Some(bench) = &mut model.conflicts.bench {
        bench.held.marked.retain(|link| held.contains(link));
    }
    keep_in_view(model);
}

/// How many records are marked.
pub fn marked(model: &Model) -> usize {
    let bench = model.conflicts.bench.as_ref();
    bench.map_or(0, |bench| bench.held.marked.len())
}

/// Marks the record under the cursor, or lets it go, and goes on to the next.
pub fn toggle(model: &mut Model) {
    let link = under_cursor(model).and_then(|(row, _, _)| row.link);
    if let (Some(bench), Some(link)) = (&mut model.conflicts.bench, link)
        && !bench.held.marked.remove(&link)
    {
        bench.held.marked.insert(link);
    }
    go(model, Move::Down);
    tell(model);
}

/// Marks all records and lists them; where all are marked, none.
pub fn toggle_all(model: &mut Model) {
    let Some(conflict) = open(model) else {
        return;
    };
    let all: BTreeSet<LinkId> = conflict.candidates.iter().filter_map(|c| c.link).collect();
    let Some(bench) = &mut model.conflicts.bench else {
        return;
    };
    if bench.held.marked == all {
        bench.held.marked.clear();
    } else {
        bench.held.marked = all;
    }
    if !bench.unfolded && !bench.held.marked.is_empty() {
        unfold(model);
    } else {
        read(model);
    }
    tell(model);
}

/// Lets all marks go; false if there is none.
pub fn let_go(model: &mut Model) -> bool {
    match &mut model.conflicts.bench {
        Some(bench) => !std::mem::take(&mut bench.held.marked).is_empty(),
        None => false,
    }
}

fn tell(model: &mut Model) {
    let n = marked(model);
    let Some(conflict) = open(model).filter(|_| n > 0) else {
        return model.say("Nothing is marked: an answer is for all of them.");
    };
    let word = |side| verb(conflict, side).unwrap_or("takes");
    let keys = format!(
        "{n} marked: {{sides.ghl}} {}, {{sides.growbots}} {}; the others stay held. {{back}} lets go",
        word(Side::Ghl),
        word(Side::Growbots)
    );
    model.say(model.keymap.fill(&keys));
}

/// Takes what is staged back for the marked records; false where that is all of it, or none is marked.
pub fn unstage_marked(model: &mut Model) -> bool {
    let (Some(conflict), Some(bench)) = (open(model), &model.conflicts.bench) else {
        return false;
    };
    let mut answered = mine(model, conflict);
    for link in &bench.held.marked {
        answered.put(*link, None);
    }
    let some = !bench.held.marked.is_empty();
    let (id, answer) = (conflict.id, answered.answer(conflict));
    let_go(model);
    match answer.filter(|_| some) {
        Some(answer) => {
            staging::stage(model, id, answer);
            true
        }
        None => false,
    }
}
