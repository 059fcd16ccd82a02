//! One conflict on the workbench: what stands on each side, and the answer that is staged.

use crate::model::{
    Answer, Candidate, Conflict, ConflictId, FieldName, FieldType, Millis, Reason, RecordId, Side,
    Take, Value,
};
use crate::store::ContactDetail;
use crate::text::clean_lines;

use super::super::effect::{Effect, Request};
use super::super::form::{Form, Purpose};
use super::super::model::{Model, Overlay};
use super::super::msg::{Move, Pick, Tab};
use super::{held, held_answers, staging};

/// The workbench.
#[derive(Clone, Debug)]
pub struct Bench {
    /// The conflict on it.
    pub conflict: ConflictId,
    /// The field under the cursor.
    pub at: usize,
    /// The candidate under the cursor.
    pub candidate: usize,
    /// Whether fields that are not in conflict are all shown.
    pub unfolded: bool,
    /// Where to go back to.
    pub from: Tab,
    /// The record in full, once it was read.
    pub detail: Option<Box<ContactDetail>>,
    /// The candidates in full, once they were read.
    pub candidates: Option<Vec<ContactDetail>>,
    /// The records that a mass change holds.
    pub held: held::List,
    /// Values that moved while they were looked at, and when that was seen.
    pub moved: Vec<(FieldName, Side, Millis)>,
}

impl Bench {
    /// A candidate in full, once it was read.
    pub fn candidate_detail(&self, candidate: &Candidate) -> Option<&ContactDetail> {
        let of = |detail: &&ContactDetail| Some(detail.linked.id) == candidate.link;
        self.candidates.as_ref()?.iter().find(of)
    }
}

/// Puts a conflict on the workbench.
pub fn open(model: &mut Model, id: ConflictId) {
    if model.conflicts.get(id).is_none() {
        return;
    }
    let from = match &model.conflicts.bench {
        Some(bench) => bench.from,
        None => model.tab,
    };
    model.tab = Tab::Conflicts;
    model.conflicts.cursor = Some(id);
    model.conflicts.bench = Some(Bench {
        conflict: id,
        at: 0,
        candidate: 0,
        unfolded: false,
        from,
        detail: None,
        candidates: None,
        held: held::List::default(),
        moved: Vec::new(),
    });
    super::conflicts::scroll(model);
    read(model);
}

/// Takes note of values that are not what they were a moment ago, `before`.
pub fn note_moved(model: &mut Model, before: Option<Conflict>) {
    let now = model.times.now;
    let Some((before, after)) = before.zip(model.conflicts.current().cloned()) else {
        return;
    };
    let Some(bench) = model
        .conflicts
        .bench
        .as_mut()
        .filter(|_| before.id == after.id)
    else {
        return;
    };
    for field in &after.fields {
        let Some(was) = before.fields.iter().find(|was| was.field == field.field) else {
            continue;
        };
        for side in Side::BOTH
            .into_iter()
            .filter(|side| was.of(*side) != field.of(*side))
        {
            bench
                .moved
                .retain(|(name, of, _)| (name, *of) != (&field.field, side));
            bench.moved.push((field.field.clone(), side, now));
        }
    }
}

/// Asks for the record of the conflict, and for its candidates.
pub fn read(model: &mut Model) {
    let Some(conflict) = model.conflicts.current() else {
        return;
    };
    let link = conflict.link;
    if conflict.reason == Reason::MassChange {
        return held::read(model);
    }
    let others = conflict.candidates.iter().filter_map(|c| c.link);
    let others: Vec<_> = others.filter(|other| *other != link).collect();
    model.read(Request::Detail(link));
    if !others.is_empty() {
        model.read(Request::Candidates(others));
    }
}

/// Takes the candidates in full.
pub fn accept_candidates(model: &mut Model, details: Vec<ContactDetail>) {
    let Some(conflict) = model.conflicts.current() else {
        return;
    };
    let fits = |detail: &ContactDetail| {
        let link = Some(detail.linked.id);
        conflict.candidates.iter().any(|c| c.link == link)
    };
    if !details.iter().all(fits) {
        return; // those of another conflict
    }
    if let Some(bench) = &mut model.conflicts.bench
        && bench.candidates.as_ref() != Some(&details)
    {
        bench.candidates = Some(details);
        model.dirty = true;
    }
}

/// Takes the record in full, if it is that of the conflict.
pub fn accept_detail(model: &mut Model, detail: Option<&ContactDetail>) {
    let link = model.conflicts.current().map(|conflict| conflict.link);
    if let (Some(bench), Some(detail)) = (&mut model.conflicts.bench, detail)
        && Some(detail.linked.id) == link
        && bench.detail.as_deref() != Some(detail)
    {
        bench.detail = Some(Box::new(detail.clone()));
        model.dirty = true;
    }
}

/// Leaves the workbench.
pub fn close(model: &mut Model) {
    if let Some(bench) = model.conflicts.bench.take() {
        model.tab = bench.from;
    }
}

/// The next or previous conflict of the list.
pub fn step_conflict(model: &mut Model, by: isize) {
    let order = model.conflicts.order(model);
    let id = model.conflicts.bench.as_ref().map(|bench| bench.conflict);
    let at = order.iter().position(|other| Some(*other) == id);
    let next = at.and_then(|at| at.checked_add_signed(by));
    if let Some(next) = next.and_then(|at| order.get(at)) {
        open(model, *next);
    }
}

/// Moves among the fields or the candidates.
pub fn go(model: &mut Model, how: Move) {
    let Some(conflict) = model.conflicts.current() else {
        return;
    };
    if conflict.reason == Reason::MassChange {
        return held::go(model, how);
    }
    let last = conflict.fields.len().saturating_sub(1);
    if let Some(bench) = &mut model.conflicts.bench {
        bench.at = how.among(bench.at, last, last);
    }
}

/// Moves among the candidates.
pub fn go_candidate(model: &mut Model, by: isize) {
    let count = model.conflicts.current().map_or(0, |c| c.candidates.len());
    if let Some(bench) = &mut model.conflicts.bench {
        let to = bench.candidate.saturating_add_signed(by);
        bench.candidate = to.min(count.saturating_sub(1));
    }
}

/// Stages what was picked.
pub fn pick(model: &mut Model, pick: Pick) {
    let Some(conflict) = model.conflicts.current() else {
        return;
    };
    let id = conflict.id;
    match answer(model, conflict, pick) {
        Ok(answer) => {
            held::let_go(model);
            staging::stage(model, id, answer);
        }
        Err(why) => model.say(why),
    }
}

fn answer(model: &Model, conflict: &Conflict, pick: Pick) -> Result<Answer, String> {
    let side = match pick {
        Pick::Side(side) => Some(side),
        _ => None,
    };
    match (conflict.reason, side) {
        (Reason::Field, _) => {
            let take = match pick {
                Pick::Side(side) => Take::Side(side),
                Pick::Base => Take::Base,
                Pick::Both => Take::Both,
                Pick::Candidate | Pick::Separate | Pick::Newest => {
                    return Err("not for a field".into());
                }
            };
            let field = model
                .conflicts
                .bench_field()
                .ok_or("no field is selected")?;
            staging::answer(field, &take)
        }
        (Reason::DeleteEdit, Some(side)) => Ok(Answer::Side { side }),
        (Reason::MassChange, Some(side)) => match staging::changed_side(conflict) {
            Some(changed) => Ok(held_answers::answer(model, conflict, changed == side)),
            None => Err("it is not known on which side this happened".into()),
        },
        (Reason::AmbiguousMatch | Reason::Duplicate, _) => match pick {
            Pick::Separate => Ok(Answer::Separate),
            Pick::Candidate => match_candidate(model, conflict),
            _ => Err(model
                .keymap
                .fill("choose a candidate, or {candidates.separate}: different")),
        },
        (Reason::DeleteEdit | Reason::MassChange, None) => Err(model
            .keymap
            .fill("{sides.ghl} or {sides.growbots} answers this")),
    }
}

fn match_candidate(model: &Model, conflict: &Conflict) -> Result<Answer, String> {
    let bench = model
        .conflicts
        .bench
        .as_ref()
        .ok_or("no conflict is open")?;
    let candidate = conflict
        .candidates
        .get(bench.candidate)
        .ok_or("there is no candidate")?;
    if is_taken(bench, candidate) {
        let letter = char::from(b'A' + (bench.candidate % 26) as u8);
        return Err(format!(
            "{letter} has a pair already, so it cannot be taken. {} keeps them apart.",
            model.key("candidates.separate")
        ));
    }
    let own = own_id(bench, candidate.side.other()).ok_or("the record is still being read")?;
    Ok(match candidate.side {
        Side::Ghl => Answer::Match {
            ghl: candidate.id.clone(),
            growbots: own,
        },
        Side::Growbots => Answer::Match {
            ghl: own,
            growbots: candidate.id.clone(),
        },
    })
}

/// Whether a candidate has a pair already, so that it cannot be taken.
pub fn is_taken(bench: &Bench, candidate: &Candidate) -> bool {
    bench.candidate_detail(candidate).is_some_and(|detail| {
        let ends = &detail.linked.ends;
        Side::BOTH
            .iter()
            .all(|side| ends.get(*side).live().is_some())
    })
}

/// Whether the candidate under the cursor can be taken.
pub fn can_take(model: &Model) -> bool {
    let (Some(bench), Some(conflict)) = (&model.conflicts.bench, model.conflicts.current()) else {
        return false;
    };
    let under = conflict.candidates.get(bench.candidate);
    under.is_some_and(|candidate| !is_taken(bench, candidate))
}

/// The id of the record in question on a side.
pub fn own_id(bench: &Bench, side: Side) -> Option<RecordId> {
    let detail = bench.detail.as_ref()?;
    let end = detail.linked.ends.get(side).live()?;
    Some(end.id.clone())
}

/// Takes the staged answer to the field, to the marked records, or to the conflict back.
pub fn unstage(model: &mut Model) {
    if held::unstage_marked(model) {
        return;
    }
    let Some(conflict) = model.conflicts.current() else {
        return;
    };
    let id = conflict.id;
    let field = match conflict.reason {
        Reason::Field => model.conflicts.bench_field().map(|f| f.field.clone()),
        _ => None,
    };
    staging::unstage(model, id, field);
}

/// What `e` and `E` begin with: the conflict, its field, and the value that this operator staged or GHL has. The
/// conflict is kept as it is seen now.
fn begun(model: &mut Model) -> Option<(Conflict, FieldName, Option<Value>)> {
    let conflict = model.conflicts.current()?.clone();
    let field = model.conflicts.bench_field()?;
    let name = field.field.clone();
    let mine = conflict.staged.iter();
    let staged = mine
        .filter(|s| s.operator == model.operator)
        .find(|s| staging::field_of(&s.answer) == Some(&name))
        .and_then(|s| staging::value_of(&s.answer));
    let value = staged.unwrap_or_else(|| field.ghl.clone());
    staging::see(model, conflict.clone());
    Some((conflict, name, value))
}

/// Opens the form of another value.
pub fn other_value(model: &mut Model) {
    let Some((conflict, name, value)) = begun(model) else {
        return;
    };
    let title = format!("{} of {}: another value", name.label(), conflict.title);
    let purpose = Purpose::Other(conflict.id, name.clone(), conflict.revision);
    let form = Form::new(title, purpose, vec![(name, value)], 0, &model.times);
    model.overlay = Some(Overlay::Form(Box::new(form)));
}

/// A value that is being changed in an editor.
#[derive(Clone, Debug)]
pub struct Editing {
    conflict: ConflictId,
    field: FieldName,
    revision: i64,
    text: String,
}

/// Opens the operator's editor with the value.
pub fn editor(model: &mut Model) {
    let Ok(editor) = model.editor.clone() else {
        return;
    };
    let Some((conflict, field, value)) = begun(model) else {
        return;
    };
    let text = match &value {
        Some(Value::Time(at)) => model.times.typed(*at),
        Some(value) => clean_lines(&value.to_string()),
        None => String::new(),
    };
    model.conflicts.editing = Some(Editing {
        conflict: conflict.id,
        field,
        revision: conflict.revision,
        text: text.clone(),
    });
    model.effect(Effect::Edit { editor, text });
}

/// Takes the text that the operator left the editor with, and stages it.
pub fn edited(model: &mut Model, edited: Result<String, String>) {
    model.dirty = true;
    let Some(editing) = model.conflicts.editing.take() else {
        return;
    };
    let text = match edited {
        Ok(text) => text,
        Err(why) => return model.say_failed(why),
    };
    let text = text.trim_end();
    if text == editing.text.trim_end() {
        return model.say("Nothing changed.");
    }
    let ty = editing.field.ty();
    let value = match (ty, text) {
        (FieldType::Time, text) if !text.is_empty() => {
            let at = model.times.parse(text);
            let bad = || format!("`{text}` is no time such as `fri 9:00` or `+2d`");
            at.map(|at| Some(Value::Time(at.to_second())))
                .ok_or_else(bad)
        }
        (FieldType::Lines, text) => Value::parse(ty, text).map_err(|bad| bad.to_string()),
        (_, text) if text.contains('\n') => Err("it has one line".into()),
        (_, text) => Value::parse(ty, text).map_err(|bad| bad.to_string()),
    };
    match value {
        Ok(value) => {
            let answer = staging::typed(&editing.field, value.as_ref());
            staging::stage_seen(model, editing.conflict, answer, editing.revision);
        }
        Err(why) => {
            let label = editing.field.label();
            let key = model.key("bench.editor");
            model.say_failed(format!("Not staged: {label}: {why}. {key} opens it again."));
        }
    }
}

/// Goes to the next field without an answer of ours, here or in a later conflict.
pub fn next_undecided(model: &mut Model) {
    let me = model.operator.clone();
    let undecided = |conflict: &Conflict, field: usize| {
        let name = conflict.fields.get(field).map(|f| &f.field);
        !conflict.staged.iter().any(|s| {
            s.operator == me
                && s.revision == conflict.revision
                && (name.is_none() || staging::field_of(&s.answer) == name)
        })
    };
    let order = model.conflicts.order(model);
    let Some(bench) = &model.conflicts.bench else {
        return;
    };
    let start = order
        .iter()
        .position(|id| *id == bench.conflict)
        .unwrap_or(0);
    let mut places = Vec::new();
    for step in 0..=order.len() {
        let Some(id) = order.get((start + step) % order.len().max(1)) else {
            break;
        };
        let Some(conflict) = model.conflicts.get(*id) else {
            continue;
        };
        let fields = 0..conflict.fields.len().max(1);
        let open = conflict.state == crate::model::ConflictState::Open;
        let fits = fields.filter(|at| open && undecided(conflict, *at));
        places.extend(fits.map(|at| (step, *id, at)));
    }
    let here = places
        .iter()
        .find(|(step, _, at)| *step > 0 || *at > bench.at)
        .or(places.first());
    if let Some((_, id, at)) = here.copied() {
        if model.conflicts.bench.as_ref().map(|b| b.conflict) != Some(id) {
            open(model, id);
        }
        if let Some(bench) = &mut model.conflicts.bench {
            bench.at = at;
        }
    } else {
        let key = model.key("conflict.apply");
        model.say(format!(
            "Every conflict has an answer of yours. {key} applies."
        ));
    }
}
