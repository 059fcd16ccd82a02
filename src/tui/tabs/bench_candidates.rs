//! The workbench of a doubtful pair and of a duplicate: the record in question beside its candidates.

use ratatui::{layout::Rect, style::Style};

use crate::model::{Conflict, FieldName, Reason, Side, Snapshot, Value};
use crate::store::ContactDetail;
use crate::text::{clean, cut_end, cut_middle};

use super::super::model::Model;
use super::super::widgets::help::wrap;
use super::super::widgets::paint::Row;
use super::bench_records::{of_record, whole_result};
use super::bench_view::{BenchRow, plain, ruled};
use super::conflicts_view;
use super::detail::show;
use super::workbench::{Bench, is_taken};

/// The letter of a candidate.
fn letter(at: usize) -> char {
    char::from(b'A' + (at % 26) as u8)
}

/// The candidates that have a column, that under the cursor among them: three where there is room, else one.
fn beside(conflict: &Conflict, bench: &Bench, columns: u16) -> std::ops::Range<usize> {
    let all = conflict.candidates.len();
    let most = if columns >= 99 { 3 } else { 1 };
    let first = bench.candidate.min(all.saturating_sub(1));
    let first = (first + 1)
        .saturating_sub(most)
        .min(all.saturating_sub(most));
    first..(first + most).min(all)
}

/// The record in question and the candidates beside it, as their sides have them.
struct Compared<'a> {
    model: &'a Model,
    own: Option<&'a Snapshot>,
    theirs: Vec<Option<&'a Snapshot>>,
    /// Columns of each.
    each: usize,
}

impl Compared<'_> {
    /// A row: a label, what the record in question has, and what each candidate has, with its mark.
    fn row(&self, label: &str, left: &str, others: &[(&'static str, String)]) -> BenchRow {
        let theme = &self.model.theme;
        let mut row = Row::of("   ", Style::new())
            .cell(label, 14, theme.dim)
            .cell(&cut_end(left, self.each - 1), self.each, Style::new());
        for (mark, text) in others {
            let style = if *mark == "≠" {
                theme.title
            } else {
                Style::new()
            };
            row = row.add(format!("{mark:1} "), style).cell(
                &cut_end(text, self.each - 3),
                self.each - 2,
                style,
            );
        }
        plain(row)
    }

    fn words(&self, seen: Option<&Snapshot>, field: &FieldName) -> String {
        let value: Option<&Value> = seen.and_then(|seen| seen.record.get(field));
        value.map_or_else(String::new, |value| show(Some(value), &self.model.times))
    }

    /// The fields that anybody has, and how many agree.
    fn fields(&self, conflict: &Conflict) -> Vec<(bool, BenchRow)> {
        let mut rows = Vec::new();
        let mut agrees = vec![(0_usize, 0_usize, 0_usize); self.theirs.len()];
        for field in FieldName::of(conflict.kind) {
            let left = self.words(self.own, field);
            let mut others = Vec::new();
            for (their, (same, close, filled)) in self.theirs.iter().zip(&mut agrees) {
                let right = self.words(*their, field);
                let mark = match (left.is_empty(), right.is_empty()) {
                    (false, false) if left == right => "=",
                    (false, false) if bare(&left) == bare(&right) => "~",
                    (false, false) => "≠",
                    _ => "",
                };
                *same += usize::from(mark == "=");
                *close += usize::from(mark == "~");
                *filled += usize::from(!mark.is_empty());
                others.push((mark, right));
            }
            if left.is_empty() && others.iter().all(|(_, right)| right.is_empty()) {
                continue;
            }
            // what only one has says nothing about who it is
            let speaks = others.iter().any(|(mark, _)| !mark.is_empty());
            rows.push((speaks, self.row(&field.label(), &left, &others)));
        }
        let said = |(same, close, filled): &(usize, usize, usize)| match close {
            0 => ("", format!("{same} of {filled} filled")),
            n => ("", format!("{same} of {filled}, {n} close")),
        };
        let said: Vec<_> = agrees.iter().map(said).collect();
        rows.push((true, self.row("agrees on", "", &said)));
        rows
    }
}

/// The record in question beside candidates, that under the cursor among them: where they agree, where not.
fn compared(
    model: &Model,
    conflict: &Conflict,
    bench: &Bench,
    columns: u16,
) -> Vec<(bool, BenchRow)> {
    let theme = &model.theme;
    let Some(detail) = bench.detail.as_deref() else {
        return vec![(true, plain(Row::of("   reading…", theme.dim)))];
    };
    let shown = beside(conflict, bench, columns);
    let there = conflict.candidates.first();
    let there = there.map_or(Side::Growbots, |candidate| candidate.side);
    let details = shown.clone();
    let details = details.map(|at| bench.candidate_detail(&conflict.candidates[at]));
    let details: Vec<Option<&ContactDetail>> = details.collect();
    let each = (columns as usize).saturating_sub(20) / (1 + shown.len().max(1));
    let live = |of: &ContactDetail, side: Side| -> Option<Snapshot> {
        of.linked.ends.get(side).live().cloned()
    };
    let own = live(detail, there.other());
    let theirs: Vec<_> = details.iter().map(|other| live((*other)?, there)).collect();
    let compared = Compared {
        model,
        own: own.as_ref(),
        theirs: theirs.iter().map(Option::as_ref).collect(),
        each,
    };
    let mut head = Row::of("   ", Style::new())
        .cell("", 14, Style::new())
        .cell(
            &format!("the record in {}", there.other()),
            each,
            theme.title,
        );
    for at in shown {
        let (under, style) = if at == bench.candidate {
            ("▌ ", theme.title)
        } else {
            ("  ", Style::new())
        };
        let name = format!("{}, in {there}", letter(at));
        head = head.add(under, theme.decide).cell(&name, each - 2, style);
    }
    let mut rows = vec![(true, plain(head))];
    rows.extend(compared.fields(conflict));
    let made = |seen: Option<&Snapshot>| {
        let at = seen.and_then(|seen| seen.created_at);
        at.map_or_else(String::new, |at| model.times.moment(at))
    };
    let id = |seen: Option<&Snapshot>| {
        seen.map_or_else(String::new, |seen| clean(seen.id.as_str()).into_owned())
    };
    let all = &compared.theirs;
    let dates: Vec<_> = all.iter().map(|their| ("", made(*their))).collect();
    rows.push((false, compared.row("made", &made(compared.own), &dates)));
    let ids: Vec<_> = all.iter().map(|their| ("", id(*their))).collect();
    rows.push((false, compared.row("id", &id(compared.own), &ids)));
    let with_it = details.into_iter().map(|other| {
        let words = other.map_or_else(String::new, of_record);
        ("", words)
    });
    let with_it: Vec<_> = with_it.collect();
    rows.push((true, compared.row("with it", &of_record(detail), &with_it)));
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
        let words = format!("   {left} more, {} shows", model.key("unfold"));
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
pub fn view(model: &Model, conflict: &Conflict, bench: &Bench, area: Rect) -> Vec<BenchRow> {
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
        let letter = letter(at);
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
    let letter = letter(bench.candidate);
    let taken = under.is_some_and(|candidate| is_taken(bench, candidate));
    let (words, style) = if taken {
        let words = format!("{letter} has a pair already, so it cannot be taken.");
        (words, theme.dim)
    } else {
        let words = format!("{letter} is the same: they are linked, and their fields merged.");
        (words, Style::new())
    };
    let [take, apart] = ["open", "candidates.separate"].map(|id| model.key(id));
    rows.push(plain(Row::of(format!("   {take:<6} {words}"), style)));
    let made = there.map_or("the other side", Side::label);
    let different = match conflict.reason {
        Reason::Duplicate => {
            let here = there.map_or("its system", |there| there.other().label());
            format!("it stays in {here} alone, since {made} takes no second one.")
        }
        _ => format!("a record is made in {made}, never paired with these."),
    };
    let room = (columns as usize).saturating_sub(12);
    let lines = wrap(&format!("different: {different}"), room).into_iter();
    rows.extend(lines.enumerate().map(|(at, line)| {
        let key = if at == 0 { apart.as_str() } else { "" };
        plain(Row::of(format!("   {key:<6} {line}"), Style::new()))
    }));
    rows.push(whole_result(model, conflict));
    if let Some(words) = conflicts_view::asked_again(model, conflict) {
        let lines = wrap(&words, (columns as usize).saturating_sub(4)).into_iter();
        rows.extend(lines.map(|line| plain(Row::of(format!("   {line}"), theme.dim))));
    }
    rows
}
