//! One answer for the fields of many conflicts: chosen once, seen row by row, then staged. Drawn by
//! [`bulk_view`](super::bulk_view).

use std::collections::BTreeSet;

use crate::merge::Policy;
use crate::model::{
    Answer, BySide, Conflict, ConflictField, ConflictId, ConflictState, FieldName, Reason, Side,
    Staged, Take, Value,
};

use super::super::form::{Form, Purpose};
use super::super::model::{Model, Overlay};
use super::super::msg::{Move, Pick, Tab};
use super::super::remember;
use super::super::times::counted;
use super::{conflicts, staging, workbench};

/// What all rows take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// As this side has it.
    Side(Side),
    /// What both last agreed on.
    Base,
    /// As the side has it that changed later.
    Newest,
    /// This value.
    Value(Option<Value>),
}

/// The screen, while it is open.
#[derive(Clone, Debug)]
pub struct Bulk {
    /// The conflicts that it is about, in the order of the list.
    pub ids: Vec<ConflictId>,
    /// How they were chosen, in words.
    pub chosen: String,
    /// What all take; nothing is chosen beforehand.
    pub by: Option<By>,
    /// The row under the cursor.
    pub at: usize,
    left_out: BTreeSet<(ConflictId, FieldName)>,
}

/// What becomes of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This answer is staged.
    Stages(Answer),
    /// Nothing was chosen yet.
    Undecided,
    /// Neither side is newer: left open.
    SameTime,
    /// It has an answer already, of this operator: kept.
    Kept(String),
    /// The operator left it out.
    LeftOut,
    /// It is no conflict of a field: left open.
    OwnScreen,
}

/// A row: a field of a conflict, or a conflict that is none of fields.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// The conflict.
    pub conflict: &'a Conflict,
    /// Its field.
    pub field: Option<&'a ConflictField>,
    /// What becomes of it.
    pub outcome: Outcome,
}

impl Line<'_> {
    /// The sides that its answer would write.
    pub fn writes(&self) -> Vec<Side> {
        let (Outcome::Stages(answer), Some(field)) = (&self.outcome, self.field) else {
            return Vec::new();
        };
        let Some(value) = staging::value_of(answer) else {
            return Vec::new();
        };
        let apart = |side: &Side| field.of(*side) != value.as_ref();
        Side::BOTH.into_iter().filter(apart).collect()
    }
}

/// Opens the screen for all marked conflicts, or for all that pass the filter of the list.
pub fn open(model: &mut Model) {
    let marked = &model.marks.conflicts;
    let in_list = model.conflicts.order(model);
    let is_open = |id: &ConflictId| {
        let conflict = model.conflicts.get(*id);
        conflict.is_some_and(|conflict| conflict.state == ConflictState::Open)
    };
    let (ids, chosen) = if marked.is_empty() {
        let text = model.filters.text(Tab::Conflicts).to_owned();
        (in_list, format!("filter {text}"))
    } else {
        // in the order of the list; those that the filter hides last
        let hidden = marked.iter().filter(|id| !in_list.contains(id)).copied();
        let shown = in_list.iter().filter(|id| marked.contains(id)).copied();
        let ids: Vec<_> = shown.chain(hidden).collect();
        (ids, "marked".to_owned())
    };
    let ids: Vec<_> = ids.into_iter().filter(is_open).collect();
    if ids.is_empty() {
        let which = if model.marks.conflicts.is_empty() {
            "listed"
        } else {
            "marked"
        };
        return model.say(format!(
            "All that are {which} are decided already: they wait to be written."
        ));
    }
    model.conflicts.bulk = Some(Bulk {
        ids,
        chosen,
        by: None,
        at: 0,
        left_out: BTreeSet::new(),
    });
}

fn outcome(bulk: &Bulk, conflict: &Conflict, field: &ConflictField) -> Outcome {
    let mut staged = conflict.staged.iter();
    let staged = staged.find(|s| {
        s.revision == conflict.revision && staging::field_of(&s.answer) == Some(&field.field)
    });
    if let Some(Staged { operator, .. }) = staged {
        return Outcome::Kept(operator.clone());
    }
    if bulk.left_out.contains(&(conflict.id, field.field.clone())) {
        return Outcome::LeftOut;
    }
    let take = match &bulk.by {
        None => return Outcome::Undecided,
        Some(By::Side(side)) => Take::Side(*side),
        Some(By::Base) => Take::Base,
        Some(By::Value(value)) => Take::Value(value.clone()),
        Some(By::Newest) => match field.newer {
            Some(side) => Take::Side(side),
            None => return Outcome::SameTime,
        },
    };
    staging::answer(field, &take).map_or(Outcome::Undecided, Outcome::Stages)
}

/// The rows, each with what becomes of it.
pub fn lines<'a>(model: &'a Model, bulk: &Bulk) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    for conflict in bulk.ids.iter().filter_map(|id| model.conflicts.get(*id)) {
        if conflict.state != ConflictState::Open {
            continue; // somebody decided it meanwhile
        }
        if conflict.reason != Reason::Field {
            lines.push(Line {
                conflict,
                field: None,
                outcome: Outcome::OwnScreen,
            });
            continue;
        }
        lines.extend(conflict.fields.iter().map(|field| Line {
            conflict,
            field: Some(field),
            outcome: outcome(bulk, conflict, field),
        }));
    }
    lines
}

/// The one field that all rows are about, if it is one.
pub fn only_field(lines: &[Line<'_>]) -> Option<FieldName> {
    let mut fields = lines.iter().filter_map(|line| line.field);
    let first = fields.next()?.field.clone();
    fields.all(|field| field.field == first).then_some(first)
}

/// How many conflicts would be written on each side: each takes a read and a write.
pub fn cost(lines: &[Line<'_>]) -> BySide<usize> {
    BySide::from_fn(|side| {
        let touched = lines.iter().filter(|line| line.writes().contains(&side));
        let ids: BTreeSet<_> = touched.map(|line| line.conflict.id).collect();
        ids.len()
    })
}

/// Moves the cursor.
pub fn go(model: &mut Model, how: Move) {
    let page = model.body_rows().saturating_sub(8).max(1);
    let Some(bulk) = &model.conflicts.bulk else {
        return;
    };
    let Some(last) = lines(model, bulk).len().checked_sub(1) else {
        return;
    };
    if let Some(bulk) = &mut model.conflicts.bulk {
        let to = match how {
            Move::Down => bulk.at + 1,
            Move::Up => bulk.at.saturating_sub(1),
            Move::Top => 0,
            Move::Bottom => last,
            Move::PageDown => bulk.at + page,
            Move::PageUp => bulk.at.saturating_sub(page),
        };
        bulk.at = to.min(last);
    }
}

fn choose(model: &mut Model, by: By) {
    if let Some(bulk) = &mut model.conflicts.bulk {
        bulk.by = Some(by);
    }
}

/// Chooses what all rows take; nothing is staged yet.
pub fn pick(model: &mut Model, pick: Pick) {
    match pick {
        Pick::Side(side) => choose(model, By::Side(side)),
        Pick::Base => choose(model, By::Base),
        Pick::Newest => choose(model, By::Newest),
        Pick::Both | Pick::Candidate | Pick::Separate => {}
    }
}

/// Whether one value can be typed for all rows, or why not.
pub fn one_value(model: &Model) -> Result<(), String> {
    let bulk = model.conflicts.bulk.as_ref();
    let field = bulk.and_then(|bulk| only_field(&lines(model, bulk)));
    match field {
        Some(_) => Ok(()),
        None => Err(model
            .keymap
            .fill("one value is for one field: {filter} field:title in the list keeps to one")),
    }
}

/// Opens the form of one value for all rows.
pub fn other_value(model: &mut Model) {
    let Some(bulk) = &model.conflicts.bulk else {
        return;
    };
    let lines = lines(model, bulk);
    let Some(field) = only_field(&lines) else {
        return;
    };
    let many = counted(lines.len() as u64, "conflict", "conflicts");
    let title = format!("{} of {many}: one value for all", field.label());
    let purpose = Purpose::Bulk;
    let form = Form::new(title, purpose, vec![(field, None)], 0, &model.times);
    model.overlay = Some(Overlay::Form(Box::new(form)));
}

/// Takes the value that was typed.
pub fn take_value(model: &mut Model, value: Option<Value>) {
    choose(model, By::Value(value));
}

/// Leaves the row under the cursor out, or takes it in again.
pub fn leave_out(model: &mut Model) {
    let Some(bulk) = &model.conflicts.bulk else {
        return;
    };
    let lines = lines(model, bulk);
    let line = lines.get(bulk.at);
    let Some((id, field)) = line.and_then(|line| Some((line.conflict.id, line.field?))) else {
        return model.say("It is left open anyway.");
    };
    let row = (id, field.field.clone());
    if let Some(bulk) = &mut model.conflicts.bulk
        && !bulk.left_out.remove(&row)
    {
        bulk.left_out.insert(row);
    }
    go(model, Move::Down);
}

/// Puts the row under the cursor on the workbench; `esc` there comes back.
pub fn see(model: &mut Model) {
    let Some(bulk) = &model.conflicts.bulk else {
        return;
    };
    let id = lines(model, bulk).get(bulk.at).map(|line| line.conflict.id);
    if let Some(id) = id {
        workbench::open(model, id);
    }
}

/// Opens the box of a policy for the field of the row under the cursor.
pub fn remember(model: &mut Model) {
    let Some(bulk) = &model.conflicts.bulk else {
        return;
    };
    let by = match &bulk.by {
        Some(By::Side(Side::Ghl)) => Policy::Ghl,
        Some(By::Side(Side::Growbots)) => Policy::Growbots,
        _ => Policy::Newest,
    };
    let lines = lines(model, bulk);
    let line = lines.get(bulk.at);
    match line.and_then(|line| Some((line.conflict.id, line.field?.field.clone()))) {
        // Who decides many at once does not mean one record.
        Some((id, field)) => {
            remember::open_for(model, id, &field, by, remember::Reach::Field);
        }
        None => model.say("A policy is for a field: this row is about the whole record."),
    }
}

/// Stages the answers that are shown. Nothing is written before `a` and its `y`.
pub fn stage(model: &mut Model) {
    let Some(bulk) = &model.conflicts.bulk else {
        return;
    };
    if bulk.by.is_none() {
        let words = model.keymap.fill(
            "Choose first what all take: {bulk.ghl} GHL, {bulk.growbots} Growbots, {bulk.base} base, \
             {bulk.newest} newest, {bulk.value} a value.",
        );
        return model.say(words);
    }
    let stages = lines(model, bulk).into_iter();
    let stages: Vec<(ConflictId, Answer)> = stages
        .filter_map(|line| match line.outcome {
            Outcome::Stages(answer) => Some((line.conflict.id, answer)),
            _ => None,
        })
        .collect();
    if stages.is_empty() {
        return model.say("Nothing is left to stage: every row is left open or kept.");
    }
    let n = counted(stages.len() as u64, "answer", "answers");
    for (id, answer) in stages {
        staging::stage(model, id, answer);
    }
    model.marks.conflicts.clear();
    model.conflicts.bulk = None;
    conflicts::scroll(model);
    let key = model.key("conflict.apply");
    model.say_done(format!(
        "{n} staged, nothing written. {key} lists the writes and applies."
    ));
}
