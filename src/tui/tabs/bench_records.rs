//! The workbench of conflicts that hold whole records: deletes, and mass changes.

use ratatui::style::Style;

use crate::model::{Conflict, ConflictState, FieldName, Reason, Side};
use crate::store::ContactDetail;
use crate::text::clean;

use super::super::model::Model;
use super::super::widgets::help::wrap;
use super::super::widgets::paint::Row;
use super::bench_view::{BenchRow, plain, ruled, updated};
use super::held_view;
use super::staging;
use super::workbench::Bench;

pub(super) fn whole_result(model: &Model, conflict: &Conflict) -> BenchRow {
    let theme = &model.theme;
    let mine = conflict
        .staged
        .iter()
        .find(|s| s.operator == model.operator);
    let staged = mine.or(conflict.staged.last());
    let row = Row::of("   Result      ", theme.title);
    plain(match staged {
        None if conflict.state == ConflictState::Decided => row.add("→ decided", theme.moving),
        None => row.add("? undecided", theme.decide),
        Some(s) if s.revision != conflict.revision => {
            let was = staging::words_of(conflict, &s.answer);
            row.add(format!("? was {was}; it moved"), theme.decide)
        }
        Some(s) => {
            let by = if s.operator == model.operator {
                "you"
            } else {
                &s.operator
            };
            let words = staging::words_of(conflict, &s.answer);
            let at = model.times.moment(s.at);
            row.add(format!("✓ {words}"), theme.well)
                .add(format!("   staged by {}, {at}", clean(by)), theme.dim)
        }
    })
}

/// What belongs to the record, in words; `None` until it was read.
pub fn counts(bench: &Bench) -> Option<String> {
    Some(of_record(bench.detail.as_ref()?))
}

pub(super) fn of_record(detail: &ContactDetail) -> String {
    let count = |n: usize, one: &str| match n {
        0 => None,
        1 => Some(format!("1 {one}")),
        _ => Some(format!("{n} {one}s")),
    };
    let parts: Vec<_> = [
        count(detail.tasks.len(), "task"),
        count(detail.notes.len(), "note"),
        count(detail.appointments.len(), "appointment"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if parts.is_empty() {
        "nothing else".into()
    } else {
        parts.join(", ")
    }
}

/// The rows of a delete against an edit, and of a mass change.
pub fn sides(
    model: &Model,
    conflict: &Conflict,
    bench: &Bench,
    (columns, height): (u16, usize),
) -> Vec<BenchRow> {
    let boxes = boxes(model, conflict, bench, columns);
    let mut rows = match (conflict.reason, conflict.gone) {
        (Reason::DeleteEdit, Some(gone)) => what_happened(model, bench, gone, columns),
        _ => return held_view::rows(model, conflict, bench, (columns, height), boxes),
    };
    rows.extend(boxes);
    rows.extend(what_goes(model, bench, columns));
    rows
}

/// What each side's answer does, side by side, and the answer that is staged.
pub fn boxes(model: &Model, conflict: &Conflict, bench: &Bench, columns: u16) -> Vec<BenchRow> {
    let theme = &model.theme;
    let mut rows = Vec::new();
    let counts = counts(bench).unwrap_or_else(|| "reading what belongs to it…".into());
    let texts: [(Side, Vec<String>); 2] = match (conflict.reason, conflict.gone) {
        (Reason::MassChange, gone) => {
            let held = match bench.held.marked.len() {
                0 => staging::held_words(conflict),
                n => format!("{n} of {}", staging::held_words(conflict)),
            };
            let changed = staging::changed_side(conflict);
            Side::BOTH.map(|side| {
                let lines = match (changed, gone) {
                    (None, _) => vec!["where it happened is not known".into()],
                    (Some(changed), Some(_)) if changed == side => vec![
                        format!("delete {held} in {} too", side.other()),
                        "each is looked for twice before".into(),
                    ],
                    (Some(changed), Some(_)) => {
                        vec![format!("make {held} again in {changed}, and link them")]
                    }
                    (Some(changed), None) if changed == side => vec![format!(
                        "write {held} in {}, as {side} has them",
                        side.other()
                    )],
                    (Some(changed), None) => vec![format!(
                        "give {held} in {changed} the values back that {side} has"
                    )],
                };
                (side, lines)
            })
        }
        (_, gone) => Side::BOTH.map(|side| {
            if gone == Some(side) {
                let lines = vec![
                    format!("delete it in {}. With it would go:", side.other()),
                    format!("  {counts}"),
                    "1 write, and reads to be sure".into(),
                    "can be undone in part: it gets a new id".into(),
                ];
                (side, lines)
            } else {
                let lines = vec![
                    format!("make it again in {} from {side}", side.other()),
                    format!("  with {counts}"),
                    "link and external id are set anew".into(),
                    "can be undone: it deletes the new record".into(),
                ];
                (side, lines)
            }
        }),
    };
    rows.push(BenchRow {
        row: Row::of("─".repeat(columns as usize), theme.dim),
        cursor: false,
        full: true,
    });
    let half = (columns as usize - 4) / 2;
    let mut head = Row::of("   ", Style::new());
    for (side, _) in &texts {
        let word = staging::side_word(conflict, *side).unwrap_or_default();
        let key = match side {
            Side::Ghl => model.key("sides.ghl"),
            Side::Growbots => model.key("sides.growbots"),
        };
        head = head.add(key, theme.title).add(" ", Style::new()).cell(
            &format!("{side}: {word}"),
            half - 2,
            theme.title,
        );
    }
    rows.push(plain(head));
    let wrapped = texts
        .iter()
        .map(|(_, lines)| lines.iter().flat_map(|l| wrap(l, half - 3)).collect());
    let wrapped: Vec<Vec<String>> = wrapped.collect();
    let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
    for line in 0..height {
        let mut row = Row::of("   ", Style::new());
        for lines in &wrapped {
            let text = lines.get(line).map_or("", String::as_str);
            row = row.cell(&format!("  {text}"), half, Style::new());
        }
        rows.push(plain(row));
    }
    rows.push(plain(Row::new()));
    rows.push(whole_result(model, conflict));
    rows
}

/// Which side deleted the record, and what the other changed.
fn what_happened(model: &Model, bench: &Bench, gone: Side, columns: u16) -> Vec<BenchRow> {
    let theme = &model.theme;
    let kept = gone.other();
    let edited = updated(bench, kept).map(|at| model.times.moment(at));
    let mut rows = Vec::new();
    for side in Side::BOTH {
        let words = match (side == gone, &edited) {
            (true, _) => "deleted; two reads by id did not find it".into(),
            (false, Some(at)) => format!("edited {at}: {}", changes(model, bench, kept)),
            (false, None) => "edited".into(),
        };
        for (at, line) in wrap(&words, (columns as usize).saturating_sub(16))
            .into_iter()
            .enumerate()
        {
            let label = if at == 0 { side.label() } else { "" };
            let row = Row::of("   ", Style::new()).cell(label, 11, theme.title);
            rows.push(plain(row.add(line, Style::new())));
        }
    }
    rows
}

/// What a side changed since both agreed: `phone 555 0104 → 555 0161`.
fn changes(model: &Model, bench: &Bench, side: Side) -> String {
    let Some(detail) = &bench.detail else {
        return "reading…".into();
    };
    match held_view::changes(&detail.linked, side, &model.times) {
        nothing if nothing.is_empty() => "nothing that both had agreed on".into(),
        changed => changed,
    }
}

/// What belongs to the record, one line each once it is unfolded.
fn what_goes(model: &Model, bench: &Bench, columns: u16) -> Vec<BenchRow> {
    let theme = &model.theme;
    let Some(detail) = &bench.detail else {
        return Vec::new();
    };
    let all = [&detail.tasks, &detail.notes, &detail.appointments];
    let n: usize = all.iter().map(|children| children.len()).sum();
    if n == 0 {
        return Vec::new();
    }
    if !bench.unfolded {
        let words = format!(
            "   {} shows what belongs to it: {}",
            model.key("unfold"),
            of_record(detail)
        );
        return vec![plain(Row::new()), plain(Row::of(words, theme.dim))];
    }
    let mut rows = vec![ruled("what belongs to it", model, columns)];
    for child in all.into_iter().flatten() {
        let ends = &child.ends;
        let seen = ends.ghl.last_seen().or(ends.growbots.last_seen());
        let title = seen.map_or_else(String::new, |end| end.record.title(child.kind));
        let time = seen.and_then(|end| {
            let due = end.record.time(&FieldName::DueAt);
            due.or_else(|| end.record.time(&FieldName::StartsAt))
        });
        let time = time.map_or_else(String::new, |at| model.times.due(at));
        let row = Row::of("   ", Style::new())
            .cell(child.kind.name(), 13, theme.dim)
            .cell(&time, 14, theme.dim)
            .add(clean(&title).into_owned(), Style::new());
        rows.push(plain(row));
    }
    rows
}
