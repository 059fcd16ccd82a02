//! The workbench of conflicts that hold a whole record: deletes, mass changes, candidates.

use ratatui::{layout::Rect, style::Style};

use crate::model::{Conflict, ConflictState, FieldName, Reason, Side, Snapshot, Value};
use crate::store::ContactDetail;
use crate::text::{clean, cut_middle};

use super::super::model::Model;
use super::super::widgets::help::wrap;
use super::super::widgets::paint::Row;
use super::bench_view::{BenchRow, plain, ruled, updated};
use super::detail::show;
use super::staging;
use super::workbench::{Bench, is_taken};

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
    Some(of_record(bench.detail.as_ref()?))
}

fn of_record(detail: &ContactDetail) -> String {
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

/// The record in question beside the candidate under the cursor: where they agree, where not.
fn compared(
    model: &Model,
    conflict: &Conflict,
    bench: &Bench,
    columns: u16,
) -> Vec<(bool, BenchRow)> {
    let theme = &model.theme;
    let Some(detail) = &bench.detail else {
        return vec![(true, plain(Row::of("   reading…", theme.dim)))];
    };
    let candidate = conflict.candidates.get(bench.candidate);
    let other = candidate.and_then(|candidate| bench.candidate_detail(candidate));
    let there = candidate.map_or(Side::Growbots, |candidate| candidate.side);
    let record = |detail: Option<&ContactDetail>, side: Side| {
        let seen = detail?.linked.ends.get(side).live()?;
        Some(seen.clone())
    };
    let own = record(Some(detail), there.other());
    let theirs = record(other, there);
    let half = (columns as usize).saturating_sub(22) / 2;
    let letter = char::from(b'A' + (bench.candidate % 26) as u8);
    let head = Row::of("   ", Style::new())
        .cell("", 14, Style::new())
        .cell(
            &format!("the record in {}", there.other()),
            half,
            theme.title,
        )
        .add("  ", Style::new())
        .cell(&format!("{letter}, in {there}"), half, theme.title);
    let mut rows = vec![(true, plain(head))];
    let mut line = |label: &str, left: String, mark: &'static str, right: String| {
        let style = if mark == "≠" {
            theme.title
        } else {
            Style::new()
        };
        let row = Row::of("   ", Style::new())
            .cell(label, 14, theme.dim)
            .cell(&left, half, Style::new())
            .add(format!("{mark:1} "), style)
            .cell(&right, half, style);
        // what only one has says nothing about who it is
        rows.push((label == "with it" || !mark.is_empty(), plain(row)));
    };
    for field in FieldName::of(conflict.kind) {
        let value =
            |seen: &Option<Snapshot>| seen.as_ref().and_then(|s| s.record.get(field).cloned());
        let (left, right) = (value(&own), value(&theirs));
        let words = |value: &Option<Value>| match value {
            None => String::new(),
            value => show(value.as_ref(), &model.times),
        };
        let (left, right) = (words(&left), words(&right));
        let mark = match (left.is_empty(), right.is_empty()) {
            (true, true) => continue,
            (false, false) if left == right => "=",
            (false, false) if bare(&left) == bare(&right) => "~",
            (false, false) => "≠",
            _ => "",
        };
        line(&field.label(), left, mark, right);
    }
    let id = |seen: &Option<Snapshot>| {
        seen.as_ref()
            .map_or_else(String::new, |s| clean(s.id.as_str()).into_owned())
    };
    line("id", id(&own), "", id(&theirs));
    let owns = |detail: &ContactDetail| of_record(detail);
    let right = other.map_or_else(String::new, owns);
    line("with it", owns(detail), "", right);
    rows
}

/// As many of the rows as have room, those that say something first; all of them once they are unfolded.
fn fitting(
    model: &Model,
    bench: &Bench,
    mut rows: Vec<(bool, BenchRow)>,
    room: usize,
) -> Vec<BenchRow> {
    let all = rows.len();
    if !bench.unfolded && all > room {
        rows.retain(|(speaks, _)| *speaks);
        rows.truncate(room.saturating_sub(1).max(1));
    }
    let left = all - rows.len();
    let mut rows: Vec<_> = rows.into_iter().map(|(_, row)| row).collect();
    if left > 0 {
        let words = format!("   {left} more, space shows");
        rows.push(plain(Row::of(words, model.theme.dim)));
    }
    rows
}

/// A text without case, blanks and punctuation, to find what differs in form only.
fn bare(text: &str) -> String {
    let kept = text.chars().filter(|c| c.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

/// The rows of an ambiguous match and of a duplicate.
pub fn candidates(model: &Model, conflict: &Conflict, bench: &Bench, area: Rect) -> Vec<BenchRow> {
    let columns = area.width;
    // a rule, the candidates, a blank, two answers, the result, the foot
    let below = conflict.candidates.len().max(1) + 6;
    let room = (area.height as usize).saturating_sub(below);
    let theme = &model.theme;
    let mut rows = Vec::new();
    let there = conflict.candidates.first().map(|c| c.side);
    let under = conflict.candidates.get(bench.candidate);
    let compared = compared(model, conflict, bench, columns);
    rows.extend(fitting(model, bench, compared, room));
    let title = (columns as usize).saturating_sub(54).min(40);
    rows.push(ruled("candidates", model, columns));
    for (at, candidate) in conflict.candidates.iter().enumerate() {
        let letter = char::from(b'A' + (at % 26) as u8);
        let id = cut_middle(&clean(candidate.id.as_str()), 18).into_owned();
        let linked = match (bench.candidate_detail(candidate), candidate.link) {
            (Some(_), _) if is_taken(bench, candidate) => "has a pair",
            (Some(_), _) => "no pair yet",
            (None, Some(_)) if bench.candidates.is_none() => "reading…",
            (None, _) => "",
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
    let taken = under.is_some_and(|candidate| is_taken(bench, candidate));
    let (words, style) = if taken {
        let words = format!("{letter} has a pair already, so it cannot be taken.");
        (words, theme.dim)
    } else {
        let words = format!("{letter} is the same: they are linked, and their fields merged.");
        (words, Style::new())
    };
    rows.push(plain(Row::of(format!("   enter  {words}"), style)));
    let made = there.map_or("the other side", Side::label);
    let different = match conflict.reason {
        Reason::Duplicate => {
            let here = there.map_or("its system", |there| there.other().label());
            format!("it stays in {here} alone, since {made} takes no second one.")
        }
        _ => format!("a record is made in {made}, never paired with these."),
    };
    rows.push(plain(Row::of(
        format!("   D      different: {different}"),
        Style::new(),
    )));
    rows.push(whole_result(model, conflict));
    rows
}
