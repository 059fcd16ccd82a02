//! Decisions that are staged: taken, taken back, and applied after a question that lists the writes.

use crate::engine::port::Ask;
use crate::model::{
    Answer, Conflict, ConflictField, ConflictId, ConflictState, FieldName, Millis, Reason, Side,
    Staged, Take, Value,
};
use crate::text::clean;

use super::super::model::Model;
use super::super::times::{Times, counted};
use super::conflicts::Conflicts;
use super::detail::show;
use super::held_answers;

const LOCAL_MS: i64 = 5_000;

/// What this operator staged or took back a moment ago: shown at once, until the store shows it too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    conflict: ConflictId,
    field: Option<FieldName>,
    answer: Option<Staged>,
    at: Millis,
}

/// The field that an answer is about; `None` for one about the whole conflict.
pub const fn field_of(answer: &Answer) -> Option<&FieldName> {
    match answer {
        Answer::Field { field, .. } => Some(field),
        _ => None,
    }
}

/// The value that an answer to a field gives; `None` when the answer is none of a field or cannot be read.
pub fn value_of(answer: &Answer) -> Option<Option<Value>> {
    match answer {
        Answer::Field { field, value, .. } => Value::from_json(field.ty(), value).ok(),
        _ => None,
    }
}

/// An answer in a few words: `Growbots`, `base`, `link with Percy`.
pub fn words_of(conflict: &Conflict, answer: &Answer) -> String {
    let side = |name: &str| {
        name.parse::<Side>()
            .map_or(name.to_owned(), |s| s.to_string())
    };
    match answer {
        Answer::Field { take, .. } if take == "value" => "your value".into(),
        Answer::Field { take, .. } => side(take),
        Answer::Side { side } => side_word(conflict, *side).unwrap_or("as there").into(),
        Answer::Match { ghl, growbots } => {
            let of = |c: &&crate::model::Candidate| c.id == *ghl || c.id == *growbots;
            let named = conflict.candidates.iter().find(of);
            format!("same as {}", named.map_or("it", |c| c.title.as_str()))
        }
        Answer::Separate => "different".into(),
        Answer::Approve => {
            let side = changed_side(conflict);
            let word = side.and_then(|side| side_word(conflict, side));
            word.unwrap_or("approve").into()
        }
        Answer::Reject => {
            let side = changed_side(conflict).map(Side::other);
            let word = side.and_then(|side| side_word(conflict, side));
            word.unwrap_or("reject").into()
        }
        Answer::Parts { approve, reject } => held_answers::words_of(conflict, approve, reject),
    }
}

/// What it means to take a side of a delete or of a mass change, in two words: the same in its box, in the footer and
/// in the result. `None`: for another conflict, and where it is not known on which side it happened.
pub fn side_word(conflict: &Conflict, side: Side) -> Option<&'static str> {
    match (conflict.reason, conflict.gone) {
        (Reason::DeleteEdit, Some(gone)) if gone == side => Some("delete it"),
        (Reason::DeleteEdit, Some(_)) => Some("keep it"),
        (Reason::MassChange, gone) => {
            let here = changed_side(conflict)? == side;
            Some(match (gone.is_some(), here) {
                (true, true) => "delete them",
                (true, false) => "keep them",
                (false, true) => "go on",
                (false, false) => "undo it",
            })
        }
        _ => None,
    }
}

/// The answer for a field that a take gives, or why it gives none.
pub fn answer(field: &ConflictField, take: &Take) -> Result<Answer, String> {
    let value = field.value_of(take).map_err(|no| no.to_string())?;
    let word = match take {
        Take::Side(side) => side.name(),
        Take::Base => "base",
        Take::Both => "both",
        Take::Value(_) => "value",
    };
    Ok(Answer::Field {
        field: field.field.clone(),
        take: word.into(),
        value: value.map_or(serde_json::Value::Null, |value| value.to_json()),
    })
}

impl Conflicts {
    /// The answers to open conflicts that an operator staged.
    pub fn staged_by(&self, operator: &str) -> Vec<(&Conflict, &Staged)> {
        let open = self.all.iter().filter(|c| c.state == ConflictState::Open);
        open.flat_map(|c| c.staged.iter().map(move |s| (c, s)))
            .filter(|(_, staged)| staged.operator == operator)
            .collect()
    }

    fn put(&mut self, operator: &str, local: &Local) {
        let Some(conflict) = self.all.iter_mut().find(|c| c.id == local.conflict) else {
            return;
        };
        conflict.staged.retain(|staged| {
            let ours = staged.operator == operator;
            let same = local.field.is_none() || field_of(&staged.answer) == local.field.as_ref();
            !(ours && same)
        });
        conflict.staged.extend(local.answer.clone());
    }

    /// Takes what the store has, with what was staged here a moment ago laid over it.
    pub fn accept(&mut self, operator: &str, conflicts: Vec<Conflict>, now: Millis) -> bool {
        let before = std::mem::replace(&mut self.all, conflicts);
        let locals = std::mem::take(&mut self.local);
        for local in locals {
            let known = self.all.iter().find(|c| c.id == local.conflict);
            let open = known.filter(|c| c.state == ConflictState::Open);
            let shown = open.is_none_or(|c| {
                let theirs = c.staged.iter().find(|s| {
                    s.operator == operator
                        && (local.field.is_none() || field_of(&s.answer) == local.field.as_ref())
                });
                theirs.map(|s| &s.answer) == local.answer.as_ref().map(|s| &s.answer)
            });
            if !shown && now.since(local.at) < LOCAL_MS {
                self.put(operator, &local);
                self.local.push(local);
            }
        }
        let loaded = std::mem::replace(&mut self.loaded, true);
        !loaded || before != self.all
    }
}

fn remember(model: &mut Model, local: Local) {
    let operator = model.operator.clone();
    model.conflicts.put(&operator, &local);
    let same = |other: &Local| other.conflict == local.conflict && other.field == local.field;
    model.conflicts.local.retain(|other| !same(other));
    model.conflicts.local.push(local);
    model.dirty = true;
}

/// The answer that gives a field a value of the operator's own.
pub fn typed(field: &FieldName, value: Option<&Value>) -> Answer {
    Answer::Field {
        field: field.clone(),
        take: "value".into(),
        value: value.map_or(serde_json::Value::Null, Value::to_json),
    }
}

/// Stages an answer to a conflict as it is now.
pub fn stage(model: &mut Model, id: ConflictId, answer: Answer) {
    if let Some(revision) = model.conflicts.get(id).map(|conflict| conflict.revision) {
        stage_seen(model, id, answer, revision);
    }
}

/// Stages an answer to a conflict as the operator saw it: where it moved since, the answer counts as given before.
pub fn stage_seen(model: &mut Model, id: ConflictId, answer: Answer, revision: i64) {
    let Some(conflict) = model.conflicts.get(id).cloned() else {
        return model.say(format!(
            "{id} is closed meanwhile: nothing is left to decide."
        ));
    };
    if conflict.state != ConflictState::Open {
        let by = conflict.decided_by.as_deref().unwrap_or("somebody");
        return model.say(format!("{id} is decided by {} already.", clean(by)));
    }
    let staged = Staged {
        operator: model.operator.clone(),
        answer: answer.clone(),
        revision,
        at: model.times.now,
    };
    let local = Local {
        conflict: id,
        field: field_of(&answer).cloned(),
        answer: Some(staged),
        at: model.times.now,
    };
    remember(model, local);
    if conflict.revision == revision {
        see(model, conflict);
    }
    model.ask(Ask::Stage {
        conflict: id,
        answer,
        revision,
    });
}

/// Keeps a conflict as the operator sees it, to say later what moved.
pub fn see(model: &mut Model, conflict: Conflict) {
    model.conflicts.seen.retain(|seen| seen.id != conflict.id);
    model.conflicts.seen.push(conflict);
}

/// Takes staged answers back: of one field, or all.
pub fn unstage(model: &mut Model, id: ConflictId, field: Option<FieldName>) {
    let local = Local {
        conflict: id,
        field: field.clone(),
        answer: None,
        at: model.times.now,
    };
    remember(model, local);
    model.ask(Ask::Unstage {
        conflict: id,
        field,
    });
}

/// What an answer writes: one line a write. Nothing for a part of a mass change: see [`held_answers::writes`].
pub fn writes(conflict: &Conflict, staged: &Staged, times: &Times) -> Vec<(Side, String)> {
    let title = &conflict.title;
    match &staged.answer {
        Answer::Field { field, .. } => {
            let Some(seen) = conflict.fields.iter().find(|f| f.field == *field) else {
                return Vec::new();
            };
            let Some(value) = value_of(&staged.answer) else {
                return Vec::new();
            };
            let to = show(value.as_ref(), times);
            Side::BOTH
                .into_iter()
                .filter(|side| seen.of(*side) != value.as_ref())
                .map(|side| {
                    let from = show(seen.of(side), times);
                    (side, format!("{title}  {}  {from} → {to}", field.label()))
                })
                .collect()
        }
        Answer::Side { side } => match conflict.gone {
            Some(gone) if gone == *side => {
                vec![(gone.other(), format!("DELETE {} {title}", conflict.kind))]
            }
            Some(gone) => vec![(
                gone,
                format!("{title}  made again, with what belongs to it"),
            )],
            None => Vec::new(),
        },
        Answer::Match { ghl, growbots } => vec![(
            Side::Growbots,
            format!(
                "{title}  linked: {} with {}",
                clean(ghl.as_str()),
                clean(growbots.as_str())
            ),
        )],
        Answer::Separate if conflict.reason == Reason::Duplicate => Vec::new(), // it stays alone
        Answer::Separate => {
            let there = conflict
                .candidates
                .first()
                .map_or(Side::Growbots, |c| c.side);
            vec![(
                there,
                format!("{title}  made new, never paired with the candidates"),
            )]
        }
        Answer::Approve => match changed_side(conflict) {
            Some(side) if conflict.gone.is_some() => {
                vec![(side.other(), format!("DELETE {}", held_words(conflict)))]
            }
            Some(side) => vec![(
                side.other(),
                format!("{}  changed, as {side} has them", held_words(conflict)),
            )],
            None => Vec::new(),
        },
        Answer::Reject => match changed_side(conflict) {
            Some(side) => {
                let back = match conflict.gone {
                    Some(_) => "made again there",
                    None => "given their earlier values back",
                };
                vec![(side, format!("{}  {back}", held_words(conflict)))]
            }
            None => Vec::new(),
        },
        Answer::Parts { .. } => Vec::new(),
    }
}

/// The side where a mass change happened: that of the deletes, else the one across from the records that the held
/// writes would change.
pub fn changed_side(conflict: &Conflict) -> Option<Side> {
    let written = conflict.candidates.first().map(|c| c.side);
    conflict.gone.or(written.map(Side::other))
}

/// How many records of which kind a mass change holds, in words.
pub fn held_words(conflict: &Conflict) -> String {
    let (one, many) = (conflict.kind.name(), conflict.kind.many());
    match conflict.candidates.len() {
        0 => format!("many {many}"),
        n => counted(n as u64, one, many),
    }
}
