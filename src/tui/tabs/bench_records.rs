//! The workbench of conflicts that hold a whole record: deletes, mass changes, candidates.

use ratatui::style::Style;

use crate::model::{Conflict, ConflictState, Reason, Side};
use crate::text::{clean, cut_middle};

use super::super::model::Model;
use super::super::widgets::help::wrap;
use super::super::widgets::paint::Row;
use super::bench_view::{BenchRow, plain, ruled, updated};
use super::detail::show;
use super::staging;
use super::workbench::{Bench, own_id};

fn whole_result(model: &Model, conflict: &Conflict) -> BenchRow {
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
    let detail = bench.detail.as_ref()?;
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
    Some(if parts.is_empty() {
        "nothing else".into()
    } else {
        parts.join(", ")
    })
}

/// The rows of a delete against an edit, and of a mass change.
pub fn sides(model: &Model, conflict: &Conflict, bench: &Bench, columns: u16) -> Vec<BenchRow> {
    let theme = &model.theme;
    let mut rows = Vec::new();
    let counts = counts(bench).unwrap_or_else(|| "reading what belongs to it…".into());
    let texts: [(Side, &str, Vec<String>); 2] = match (conflict.reason, conflict.gone) {
        (Reason::MassChange, _) => {
            let changed = staging::changed_side(conflict);
            Side::BOTH.map(|side| {
                let (word, lines) = match changed {
                    Some(changed) if changed == side => (
                        "approve",
                        vec![format!("carry it over to {}", side.other())],
                    ),
                    Some(changed) => ("reject", vec![format!("undo it in {changed}")]),
                    None => ("", vec!["where it happened is not known".into()]),
                };
                (side, word, lines)
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
                (side, "delete it", lines)
            } else {
                let lines = vec![
                    format!("make it again in {} from {side}", side.other()),
                    format!("  with {counts}"),
                    "link and external id are set anew".into(),
                    "can be undone: it deletes the new record".into(),
                ];
                (side, "keep it", lines)
            }
        }),
    };
    if let (Reason::DeleteEdit, Some(gone)) = (conflict.reason, conflict.gone) {
        let edited = updated(bench, gone.other()).map(|at| model.times.moment(at));
        for side in Side::BOTH {
            let words = match (side == gone, &edited) {
                (true, _) => "deleted".into(),
                (false, Some(at)) => format!("edited {at}"),
                (false, None) => "edited".into(),
            };
            let row = Row::of("   ", Style::new()).cell(side.label(), 11, theme.title);
            rows.push(plain(row.add(words, Style::new())));
        }
    } else {
        let words = "   Nothing happens to these records till then. Others go on.";
        rows.push(plain(Row::of(words, Style::new())));
        for candidate in conflict.candidates.iter().take(5) {
            rows.push(plain(Row::of(
                format!("     {}", candidate.title),
                theme.dim,
            )));
        }
    }
    rows.push(BenchRow {
        row: Row::of("─".repeat(columns as usize), theme.dim),
        cursor: false,
        full: true,
    });
    let half = (columns as usize - 4) / 2;
    let mut head = Row::of("   ", Style::new());
    for (side, word, _) in &texts {
        let key = if *side == Side::Ghl { "h" } else { "l" };
        head = head.add(key, theme.title).add(" ", Style::new()).cell(
            &format!("{side}: {word}"),
            half - 2,
            theme.title,
        );
    }
    rows.push(plain(head));
    let wrapped = texts
        .iter()
        .map(|(_, _, lines)| lines.iter().flat_map(|l| wrap(l, half - 3)).collect());
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

/// The rows of an ambiguous match and of a duplicate.
pub fn candidates(
    model: &Model,
    conflict: &Conflict,
    bench: &Bench,
    columns: u16,
) -> Vec<BenchRow> {
    let theme = &model.theme;
    let mut rows = Vec::new();
    let there = conflict.candidates.first().map(|c| c.side);
    let own = there.map(Side::other);
    let own_id = own.and_then(|side| own_id(bench, side));
    let id = own_id.map_or_else(|| "reading…".into(), |id| clean(id.as_str()).into_owned());
    let side = own.map_or("", Side::label);
    let words = format!("   The record in {side}: {}  {id}", conflict.title);
    rows.push(plain(Row::of(words, Style::new())));
    if let Some(detail) = &bench.detail {
        let entries = super::detail::entries(detail, &model.conflicts.all);
        for entry in entries.iter().take(6) {
            let row = Row::of("     ", Style::new())
                .cell(&entry.field.label(), 14, theme.dim)
                .add(show(entry.value().as_ref(), &model.times), Style::new());
            rows.push(plain(row));
        }
    }
    let title = (columns as usize).saturating_sub(54).min(40);
    rows.push(ruled("candidates", model, columns));
    for (at, candidate) in conflict.candidates.iter().enumerate() {
        let letter = char::from(b'A' + (at % 26) as u8);
        let id = cut_middle(&clean(candidate.id.as_str()), 18).into_owned();
        let linked = match candidate.link {
            Some(link) if link != conflict.link => format!("in record {link}"),
            _ => String::new(),
        };
        let row = Row::of(format!("   {letter}  "), theme.title)
            .cell(candidate.side.label(), 10, theme.dim)
            .cell(&candidate.title, title, Style::new())
            .add("  ", Style::new())
            .cell(&id, 19, theme.dim)
            .add(linked, theme.dim);
        rows.push(BenchRow {
            row,
            cursor: at == bench.candidate,
            full: false,
        });
    }
    if conflict.candidates.is_empty() {
        rows.push(plain(Row::of("   none is known any more", theme.dim)));
    }
    rows.push(plain(Row::new()));
    let letter = char::from(b'A' + (bench.candidate % 26) as u8);
    rows.push(plain(Row::of(
        format!("   enter  {letter} is the same: they are linked, and their fields merged."),
        Style::new(),
    )));
    let made = there.map_or("the other side", Side::label);
    rows.push(plain(Row::of(
        format!("   D      different: a record is made in {made}, never paired with these."),
        Style::new(),
    )));
    rows.push(whole_result(model, conflict));
    rows
}
