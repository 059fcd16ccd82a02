//! Decisions that are staged: taken, taken back, and applied after a question that lists the writes.

use crate::engine::port::Ask;
use crate::model::{
    Action, Answer, BySide, Conflict, ConflictField, ConflictId, ConflictState, FieldName, Millis,
    Reason, Side, Staged, Take, Value,
};
use crate::text::clean;

use super::super::confirm::{Confirm, cost_words};
use super::super::model::{Model, Overlay};
use super::super::times::Times;
use super::bench_records;
use super::conflicts::Conflicts;
use super::detail::show;

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
        Answer::Side { side } if Some(*side) == conflict.gone => "delete it".into(),
        Answer::Side { .. } => "keep it".into(),
        Answer::Match { ghl, growbots } => {
            let of = |c: &&crate::model::Candidate| c.id == *ghl || c.id == *growbots;
            let named = conflict.candidates.iter().find(of);
            format!("same as {}", named.map_or("it", |c| c.title.as_str()))
        }
        Answer::Separate => "different".into(),
        Answer::Approve => "approve".into(),
        Answer::Reject => "reject".into(),
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
            let shown = known.is_none_or(|c| {
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

/// Stages an answer.
pub fn stage(model: &mut Model, id: ConflictId, answer: Answer) {
    let Some(conflict) = model.conflicts.get(id).cloned() else {
        return;
    };
    if conflict.state != ConflictState::Open {
        let by = conflict.decided_by.as_deref().unwrap_or("somebody");
        return model.say(format!("{id} is decided by {} already.", clean(by)));
    }
    let staged = Staged {
        operator: model.operator.clone(),
        answer: answer.clone(),
        revision: conflict.revision,
        at: model.times.now,
    };
    let local = Local {
        conflict: id,
        field: field_of(&answer).cloned(),
        answer: Some(staged),
        at: model.times.now,
    };
    remember(model, local);
    let revision = conflict.revision;
    model.conflicts.seen.retain(|seen| seen.id != id);
    model.conflicts.seen.push(conflict);
    model.ask(Ask::Stage {
        conflict: id,
        answer,
        revision,
    });
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

/// What an answer writes: one line a write, and how many requests a side gets.
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
            Some(side) => vec![(
                side.other(),
                format!("{title}  goes through, as {side} has it"),
            )],
            None => Vec::new(),
        },
        Answer::Reject => match changed_side(conflict) {
            Some(side) => vec![(side, format!("{title}  undone there"))],
            None => Vec::new(),
        },
    }
}

/// The side where a mass change happened.
pub fn changed_side(conflict: &Conflict) -> Option<Side> {
    conflict
        .gone
        .or(conflict.candidates.first().map(|c| c.side))
}

/// Opens the question that lists the writes, or says that something moved.
pub fn apply(model: &mut Model) {
    let mine: Vec<(Conflict, Staged)> = model
        .conflicts
        .staged_by(&model.operator)
        .into_iter()
        .map(|(conflict, staged)| (conflict.clone(), staged.clone()))
        .collect();
    let moved = mine.iter().find(|(c, s)| c.revision != s.revision);
    let confirm = match moved {
        Some((conflict, staged)) => moved_box(model, &mine, conflict, staged),
        None => apply_box(model, &mine),
    };
    model.overlay = Some(Overlay::Confirm(Box::new(confirm)));
}

fn resolve(mine: &[(Conflict, Staged)]) -> Vec<Ask> {
    let mut asks: Vec<(ConflictId, i64, Vec<Answer>)> = Vec::new();
    for (conflict, staged) in mine {
        match asks.iter_mut().find(|(id, _, _)| *id == conflict.id) {
            Some((_, _, answers)) => answers.push(staged.answer.clone()),
            None => asks.push((conflict.id, conflict.revision, vec![staged.answer.clone()])),
        }
    }
    asks.into_iter()
        .map(|(conflict, revision, answers)| {
            Ask::Act(Action::Resolve {
                conflict,
                revision,
                answers,
                note: None,
            })
        })
        .collect()
}

fn decisions(n: usize) -> String {
    format!("{n} decision{}", if n == 1 { "" } else { "s" })
}

fn apply_box(model: &Model, mine: &[(Conflict, Staged)]) -> Confirm {
    let mut all: Vec<(bool, Side, String)> = Vec::new();
    let mut touched: Vec<(ConflictId, Side)> = Vec::new();
    for (conflict, staged) in mine {
        for (side, words) in writes(conflict, staged, &model.times) {
            all.push((!words.contains("DELETE"), side, words));
            if !touched.contains(&(conflict.id, side)) {
                touched.push((conflict.id, side));
            }
        }
    }
    all.sort_by_key(|(kept, side, _)| (*kept, *side)); // deletes first, then by side
    let cost = BySide::from_fn(|side| touched.iter().filter(|(_, s)| *s == side).count());
    let mut lines = vec!["This will write, now, in this order:".to_owned()];
    let alone = mine.iter().filter(|(conflict, staged)| {
        conflict.reason == Reason::Duplicate && staged.answer == Answer::Separate
    });
    let alone: Vec<_> = alone.map(|(conflict, _)| conflict.title.clone()).collect();
    if all.is_empty() {
        let words = if alone.is_empty() {
            "Nothing is written: both sides have these values already."
        } else {
            "Nothing is written."
        };
        lines = vec![words.to_owned()];
    }
    let numbered = all.into_iter().enumerate();
    lines.extend(
        numbered.map(|(at, (_, side, words))| format!("{:>2} {:<9} {words}", at + 1, side.label())),
    );
    lines.extend(
        alone
            .iter()
            .map(|title| format!("   {title} stays on its side alone")),
    );
    let others = model.conflicts.all.iter().flat_map(|c| &c.staged);
    let others = others.filter(|s| s.operator != model.operator).count();
    let mut foot = vec![format!("Requests   {}", cost_words(cost))];
    if lines.iter().any(|line| line.contains("DELETE")) {
        let bench = model.conflicts.bench.as_ref();
        let here = bench.filter(|bench| mine.iter().any(|(c, _)| c.id == bench.conflict));
        foot.push(match here.and_then(bench_records::counts) {
            Some(counts) if mine.len() == 1 => format!("With it    {counts}"),
            _ => "A delete takes the tasks, notes and appointments of its record with it.".into(),
        });
    }
    if others > 0 {
        foot.push(format!(
            "Not here   {} of others: theirs to apply",
            decisions(others)
        ));
    }
    if !model.lease_ours {
        foot.push("Applied by the process that holds the sync, as soon as it reads this.".into());
    }
    let said = match (&model.holder, model.lease_ours) {
        (Some(holder), false) => format!("Handed to {}, applied there.", clean(&holder.host)),
        _ => format!("Applied {}. u undoes, 4 log", decisions(mine.len())),
    };
    Confirm {
        lines,
        foot,
        yes: Some("apply".into()),
        asks: resolve(mine),
        said,
        ..Confirm::new(format!("Apply {}", decisions(mine.len())))
    }
}

fn moved_box(
    model: &Model,
    mine: &[(Conflict, Staged)],
    conflict: &Conflict,
    staged: &Staged,
) -> Confirm {
    let times = &model.times;
    let old = mine
        .iter()
        .filter(|(c, s)| c.revision != s.revision)
        .count();
    let rest: Vec<_> = mine
        .iter()
        .filter(|(c, s)| c.revision == s.revision)
        .cloned()
        .collect();
    let field = field_of(&staged.answer);
    let label = field.map_or_else(String::new, |field| format!(", {}", field.label()));
    let mut lines = vec![format!(
        "{} {}{label}   you saw revision {}, now {}",
        conflict.id, conflict.title, staged.revision, conflict.revision
    )];
    let seen = model.conflicts.seen.iter();
    let seen = seen
        .filter(|seen| seen.id == conflict.id && seen.revision == staged.revision)
        .find_map(|seen| seen.fields.iter().find(|f| Some(&f.field) == field));
    let now = conflict.fields.iter().find(|f| Some(&f.field) == field);
    if field.is_some() {
        lines.push(format!("{:<12} {:<28} now", "", "you saw"));
        for (name, pick) in [
            (
                "base",
                (|f| f.base.as_ref()) as fn(&ConflictField) -> Option<&Value>,
            ),
            ("GHL", |f| f.ghl.as_ref()),
            ("Growbots", |f| f.growbots.as_ref()),
        ] {
            let saw = seen.map_or_else(|| "?".into(), |f| show(pick(f), times));
            let now = now.map_or_else(|| "not in conflict".into(), |f| show(pick(f), times));
            lines.push(format!("{name:<12} {saw:<28} {now}"));
        }
    }
    let chose = words_of(conflict, &staged.answer);
    let value = value_of(&staged.answer).map(|value| show(value.as_ref(), times));
    let chose = value.map_or(chose.clone(), |value| format!("{chose}, {value}"));
    lines.push(format!("{:<12} {chose:<28} ? undecided again", "you chose"));
    let foot = match rest.len() {
        0 => "Nothing has been written.".to_owned(),
        n => format!("The other {n} are as you saw them. Nothing has been written."),
    };
    Confirm {
        lines,
        foot: vec![foot],
        yes: (!rest.is_empty()).then(|| format!("apply the other {}", rest.len())),
        said: format!("Applied {}.", decisions(rest.len())),
        asks: resolve(&rest),
        decide: Some(conflict.id),
        ..Confirm::new(format!(
            "Wait: {old} of {} moved while you decided",
            mine.len()
        ))
    }
}
