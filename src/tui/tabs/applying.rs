//! What is staged goes: a question lists the exact writes and their cost, or says what moved; a remark goes along.

use crate::engine::port::Ask;
use crate::model::{
    Action, Answer, BySide, Conflict, ConflictField, ConflictId, FieldName, Kind, LinkId, Reason,
    Side, Staged, Value,
};
use crate::text::{clean, thousands};

use super::super::confirm::{Confirm, cost_words};
use super::super::form::{Form, Purpose};
use super::super::model::{Model, Overlay};
use super::super::times::counted;
use super::bench_records;
use super::detail::show;
use super::held_answers;
use super::staging::{field_of, value_of, words_of, writes};

/// Before the remark in a question that applies.
const REASON: &str = "Note       ";

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

/// Opens the box for a remark, in a question that applies answers.
pub fn ask_reason(model: &mut Model) {
    let Some(Overlay::Confirm(confirm)) = model.overlay.take() else {
        return;
    };
    if !confirm.takes_reason() {
        model.overlay = Some(Overlay::Confirm(confirm));
        return;
    }
    let note = FieldName::Custom("note".into());
    let purpose = Purpose::Reason(confirm);
    let title = "Why? For the log, and for colleagues".to_owned();
    let form = Form::new(title, purpose, vec![(note, None)], 0, &model.times);
    model.overlay = Some(Overlay::Form(Box::new(form.labelled(&["note"]))));
}

/// The question with a remark that goes with every answer.
pub fn with_reason(mut confirm: Confirm, text: &str) -> Confirm {
    let text = text.trim();
    let reason = (!text.is_empty()).then(|| text.to_owned());
    for ask in &mut confirm.asks {
        if let Ask::Act(
            Action::Resolve { note, .. } | Action::Skip { note, .. } | Action::Mute { note, .. },
        ) = ask
        {
            note.clone_from(&reason);
        }
    }
    confirm.foot.retain(|line| !line.starts_with(REASON));
    if let Some(reason) = reason {
        confirm.foot.push(format!("{REASON}{}", clean(&reason)));
    }
    confirm
}

fn decisions(n: usize) -> String {
    format!("{n} decision{}", if n == 1 { "" } else { "s" })
}

fn apply_box(model: &Model, mine: &[(Conflict, Staged)]) -> Confirm {
    let mut all: Vec<(bool, usize, Side, String)> = Vec::new();
    let mut records: Vec<LinkId> = Vec::new();
    let mut touched: Vec<(ConflictId, Side)> = Vec::new();
    for (conflict, staged) in mine {
        let lines = match &staged.answer {
            Answer::Parts { approve, reject } => {
                held_answers::writes(model, conflict, approve, reject)
            }
            _ => writes(conflict, staged, &model.times),
        };
        for (side, words) in lines {
            let known = records.iter().position(|link| *link == conflict.link);
            let record = known.unwrap_or_else(|| {
                records.push(conflict.link);
                records.len() - 1
            });
            all.push((!words.contains("DELETE"), record, side, words));
            if !touched.contains(&(conflict.id, side)) {
                touched.push((conflict.id, side));
            }
        }
    }
    // As the log will have it: a record's writes one after another, GHL first. Deletes stand at the head to be seen.
    all.sort_by_key(|(kept, record, side, _)| (*kept, *record, *side));
    let cost = BySide::from_fn(|side| {
        let of_side = touched.iter().filter(|(_, written)| *written == side);
        let count = |(id, _): &(ConflictId, Side)| {
            let mass = mine.iter().find(|(c, _)| c.id == *id && is_mass(c));
            mass.map_or(1, |(c, s)| held_answers::count_of(c, &s.answer, side))
        };
        of_side.map(count).sum::<usize>()
    });
    let order = match records.len() {
        0 | 1 => "This will write, now, in this order:",
        _ => "This will write, now. Records go at the same time, each in this order:",
    };
    let mut lines = vec![order.to_owned()];
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
        numbered
            .map(|(at, (_, _, side, words))| format!("{:>2} {:<9} {words}", at + 1, side.label())),
    );
    lines.extend(
        alone
            .iter()
            .map(|title| format!("   {title} stays on its side alone")),
    );
    let others = model.conflicts.all.iter().flat_map(|c| &c.staged);
    let others = others.filter(|s| s.operator != model.operator).count();
    let mut foot = vec![format!("Requests   {}", cost_words(cost))];
    foot.extend(mine.iter().filter_map(|(c, s)| still_held(c, s)));
    let of_people = |(c, _): &(Conflict, Staged)| !is_mass(c) || c.kind == Kind::Contact;
    if lines.iter().any(|line| line.contains("DELETE")) && mine.iter().any(of_people) {
        let bench = model.conflicts.bench.as_ref();
        let here = bench.filter(|bench| {
            let mut mine = mine.iter();
            mine.any(|(c, _)| c.id == bench.conflict && !is_mass(c))
        });
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
        _ => format!(
            "Applied {}. {} undoes, 4 log",
            decisions(mine.len()),
            model.key("undo")
        ),
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

fn is_mass(conflict: &Conflict) -> bool {
    conflict.reason == Reason::MassChange
}

/// How much of a mass change an answer for a part leaves held.
fn still_held(conflict: &Conflict, staged: &Staged) -> Option<String> {
    let Answer::Parts { approve, reject } = &staged.answer else {
        return None;
    };
    let all = conflict.candidates.len();
    let answered = approve.len() + reject.len();
    let left = match all.saturating_sub(answered) {
        0 => "nothing stays held".into(),
        1 => "1 stays held".into(),
        n => format!("{} stay held", thousands(n as u64)),
    };
    Some(format!(
        "Mass change {}: {} of {} answered; {left}",
        conflict.id,
        thousands(answered as u64),
        counted(all as u64, conflict.kind.name(), conflict.kind.many())
    ))
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
