//! One conflict on the workbench: what stands on each side, and the answer that is staged.

use crate::model::{Answer, Candidate, Conflict, ConflictId, Reason, RecordId, Side, Take};
use crate::store::ContactDetail;

use super::super::effect::Request;
use super::super::form::{Form, Purpose};
use super::super::model::{Model, Overlay};
use super::super::msg::{Move, Pick, Tab};
use super::staging;

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
    });
    super::conflicts::scroll(model);
    read(model);
}

/// Asks for the record of the conflict, and for its candidates.
pub fn read(model: &mut Model) {
    let Some(conflict) = model.conflicts.current() else {
        return;
    };
    let link = conflict.link;
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
    let last = conflict.fields.len().saturating_sub(1);
    if let Some(bench) = &mut model.conflicts.bench {
        bench.at = match how {
            Move::Down => (bench.at + 1).min(last),
            Move::Up => bench.at.saturating_sub(1),
            Move::Top | Move::PageUp => 0,
            Move::Bottom | Move::PageDown => last,
        };
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
        Ok(answer) => staging::stage(model, id, answer),
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
                Pick::Candidate | Pick::Separate => return Err("not for a field".into()),
            };
            let field = model
                .conflicts
                .bench_field()
                .ok_or("no field is selected")?;
            staging::answer(field, &take)
        }
        (Reason::DeleteEdit, Some(side)) => Ok(Answer::Side { side }),
        (Reason::MassChange, Some(side)) => match staging::changed_side(conflict) {
            Some(changed) if changed == side => Ok(Answer::Approve),
            Some(_) => Ok(Answer::Reject),
            None => Err("it is not known on which side this happened".into()),
        },
        (Reason::AmbiguousMatch | Reason::Duplicate, _) => match pick {
            Pick::Separate => Ok(Answer::Separate),
            Pick::Candidate => match_candidate(model, conflict),
            _ => Err("choose a candidate, or D: different".into()),
        },
        (Reason::DeleteEdit | Reason::MassChange, None) => Err("h or l answers this".into()),
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
            "{letter} has a pair already, so it cannot be taken. D keeps them apart."
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

/// The id of the record in question on a side.
pub fn own_id(bench: &Bench, side: Side) -> Option<RecordId> {
    let detail = bench.detail.as_ref()?;
    let end = detail.linked.ends.get(side).live()?;
    Some(end.id.clone())
}

/// Takes the staged answer to the field, or to the conflict, back.
pub fn unstage(model: &mut Model) {
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

/// Opens the form of another value.
pub fn other_value(model: &mut Model) {
    let Some(conflict) = model.conflicts.current() else {
        return;
    };
    let Some(field) = model.conflicts.bench_field() else {
        return;
    };
    let (id, name) = (conflict.id, field.field.clone());
    let staged = conflict
        .staged
        .iter()
        .filter(|s| s.operator == model.operator)
        .find(|s| staging::field_of(&s.answer) == Some(&name))
        .and_then(|s| staging::value_of(&s.answer));
    let value = staged.unwrap_or_else(|| field.ghl.clone());
    let title = format!("{} of {}: another value", name.label(), conflict.title);
    let purpose = Purpose::Other(id, name.clone());
    let form = Form::new(title, purpose, vec![(name, value)], 0, &model.times);
    model.overlay = Some(Overlay::Form(Box::new(form)));
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
    match here.copied() {
        Some((_, id, at)) => {
            if model.conflicts.bench.as_ref().map(|b| b.conflict) != Some(id) {
                open(model, id);
            }
            if let Some(bench) = &mut model.conflicts.bench {
                bench.at = at;
            }
        }
        None => model.say("Every conflict has an answer of yours. a applies."),
    }
}
