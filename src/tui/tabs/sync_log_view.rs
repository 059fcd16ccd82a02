//! The sync log, drawn: passes, lines, and of an unfolded line all that is known.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::model::{BySide, Exchange, LogEntry, PassId, PassSummary, Side};
use crate::text::{clean, cut_end, thousands, width};

use super::super::first_pull;
use super::super::model::Model;
use super::super::msg::Tab;
use super::super::times::{self, counted};
use super::super::widgets::help::wrap;
use super::super::widgets::paint::{self, Row};
use super::detail::show;
use super::sync_log::is_filtered;

fn took(pass: &PassSummary, side: Side) -> String {
    let mut parts = vec![format!("↓ {}", thousands(*pass.pulled.get(side)))];
    for (sign, counts) in [
        ("+", &pass.created),
        ("~", &pass.updated),
        ("-", &pass.deleted),
    ] {
        let n = *BySide::get(counts, side);
        if n > 0 {
            parts.push(format!("{sign} {}", thousands(n)));
        }
    }
    parts.join("  ")
}

fn pass_row(model: &Model, pass: &PassSummary, columns: usize) -> Row {
    let theme = &model.theme;
    let wide = columns >= 99;
    let unfolded = model.log.unfolded.contains(&pass.pass);
    if !pass.did_something() {
        let at = model.times.moment(pass.started_at);
        let end = pass.started_at.plus(pass.duration_ms as i64);
        let until = model.times.moment(end);
        let span = if at == until {
            at
        } else {
            format!("{at} to {until}")
        };
        let requests = pass.requests.ghl + pass.requests.growbots;
        let idle = format!("   {span}   {}, nothing changed", clean(&pass.because));
        let words = format!("{idle}, {} requests", thousands(requests));
        let words = if width(&words) > columns { idle } else { words };
        return Row::of(words, theme.dim);
    }
    let at = model.times.second(pass.started_at);
    let mut mark = Row::of(" ", Style::new());
    mark = match (pass.errors > 0, unfolded) {
        (true, _) => mark.add("!", theme.error),
        (false, true) => mark.add("▾", Style::new()),
        (false, false) => mark.add("▸", Style::new()),
    };
    let side = if wide { 26 } else { 18 };
    let requests = pass.requests.ghl + pass.requests.growbots;
    let mut row = mark
        .add(" ", Style::new())
        .cell(&at, 11, Style::new())
        .right(&times::span(pass.duration_ms), 7, theme.dim)
        .add(" ", Style::new())
        .cell(&took(pass, Side::Ghl), side, Style::new())
        .cell(&took(pass, Side::Growbots), side, Style::new());
    if wide {
        row = row
            .right(&thousands(requests), 6, theme.dim)
            .add(" ", Style::new());
    }
    let room = columns.saturating_sub(row.used());
    let because = cut_end(&clean(&pass.because), room).into_owned();
    row.add(because, Style::new())
}

fn line_rows(model: &Model, entry: &LogEntry) -> Vec<Row> {
    let theme = &model.theme;
    let sign = match entry.op.as_str() {
        "create" => "+",
        "update" | "stamp" => "~",
        "delete" => "-",
        "conflict" => "≠",
        "refused" => "!",
        _ => "=",
    };
    let style = match sign {
        "≠" => theme.decide,
        "!" => theme.error,
        _ => Style::new(),
    };
    let side = entry.side.map_or("no write", Side::label);
    let times = &model.times;
    let changes: Vec<_> = entry
        .fields
        .iter()
        .map(|change| {
            let from = show(change.from.as_ref(), times);
            format!(
                "{}  {from} → {}",
                change.field.label(),
                show(change.to.as_ref(), times)
            )
        })
        .collect();
    let what = match (changes.is_empty(), entry.op.as_str()) {
        (true, "link") => "linked".to_owned(),
        (true, "conflict") => "conflict opened".into(),
        (true, op) => op.to_owned(),
        (false, _) => changes.join(", "),
    };
    let head = Row::of("      ", Style::new())
        .add(sign, style)
        .add(" ", Style::new())
        .cell(side, 10, Style::new())
        .add(format!("{}   ", entry.title), theme.title)
        .add(what, Style::new());
    let cause = format!("        cause     {}   op {}", entry.cause, entry.id);
    let mut rows = vec![head, Row::of(cause, theme.dim)];
    if model.log.open_lines.contains(&entry.id) {
        rows.extend(all_of(model, entry));
    }
    rows
}

/// All that the log has of a line: each field whole, when, by whom, what it took.
fn all_of(model: &Model, entry: &LogEntry) -> Vec<Row> {
    let theme = &model.theme;
    let times = &model.times;
    let columns = (model.size.0 as usize).saturating_sub(34);
    let mut rows = Vec::new();
    for change in &entry.fields {
        let from = show(change.from.as_ref(), times);
        let to = show(change.to.as_ref(), times);
        for (at, line) in wrap(&format!("{from} → {to}"), columns)
            .into_iter()
            .enumerate()
        {
            let label = change.field.label();
            let label = if at == 0 { label.as_str() } else { "" };
            let row = Row::of("        ", theme.dim).cell(label, 20, theme.dim);
            rows.push(row.add(line, Style::new()));
        }
    }
    let by = entry
        .operator
        .as_deref()
        .map_or_else(String::new, |who| format!(", {who}"));
    let requests = counted(u64::from(entry.requests), "request", "requests");
    for exchange in model.log.exchanges.get(&entry.id).into_iter().flatten() {
        rows.extend(exchange_rows(model, exchange));
    }
    let took = format!(
        "        {}, {requests}{by}. {} previews its undo",
        times.second(entry.at),
        model.key("undo")
    );
    rows.push(Row::of(took, theme.dim));
    rows
}

/// A body over several lines; only so many are shown.
fn body_rows(model: &Model, body: &str, most: usize) -> Vec<Row> {
    let columns = (model.size.0 as usize).saturating_sub(22);
    let mut lines = wrap(&clean(body), columns);
    if lines.len() > most {
        let more = lines.len() - most;
        lines.truncate(most);
        let key = model.key("copy");
        lines.push(format!(
            "… {} more; {key} copies all",
            counted(more as u64, "line", "lines")
        ));
    }
    let rows = lines.into_iter();
    rows.map(|line| Row::new().to(18).add(line, Style::new()))
        .collect()
}

/// A request and its answer. The key is covered here as in what is kept, which has none.
fn exchange_rows(model: &Model, exchange: &Exchange) -> Vec<Row> {
    const SENT: usize = 6;
    const CAME: usize = 4;
    let theme = &model.theme;
    let head = |name: &str| Row::of("        ", theme.dim).cell(name, 10, theme.dim);
    let condition = exchange.condition.as_deref().map(clean);
    let condition = condition.map_or_else(String::new, |it| format!("   If-Match {it}"));
    let request = format!("{}{condition}", clean(&exchange.request));
    let columns = (model.size.0 as usize).saturating_sub(22);
    let mut rows = Vec::new();
    for (at, line) in wrap(&request, columns).into_iter().enumerate() {
        let start = head(if at == 0 { "request" } else { "" });
        rows.push(start.add(line, Style::new()));
    }
    let key = "   Authorization ••••";
    if let Some(last) = rows.pop() {
        let fits = last.used() + width(key) < model.size.0 as usize - 1;
        rows.push(if fits { last.add(key, theme.dim) } else { last });
    }
    rows.extend(
        exchange
            .sent
            .iter()
            .flat_map(|body| body_rows(model, body, SENT)),
    );
    let tag = exchange.tag.as_deref().map(clean);
    let tag = tag.map_or_else(String::new, |tag| format!("   ETag {tag}"));
    let (status, style) = match exchange.status {
        None => ("no answer came".to_owned(), theme.error),
        Some(status @ ..400) => (status.to_string(), Style::new()),
        Some(status) => (status.to_string(), theme.error),
    };
    rows.push(head("answer").add(status, style).add(
        format!("{tag}   {} ms", thousands(exchange.took_ms)),
        theme.dim,
    ));
    rows.extend(
        exchange
            .answer
            .iter()
            .flat_map(|body| body_rows(model, body, CAME)),
    );
    rows
}

/// What is said while the list is empty.
fn no_pass(model: &Model) -> Vec<String> {
    let since = model.holder.as_ref().map(|holder| {
        let since = model.times.second(holder.since);
        format!("the sync runs since {since}")
    });
    if !model.log.loaded {
        return vec!["reading…".into()];
    }
    let Some(now) = first_pull::in_hand(model) else {
        return vec![model.keymap.fill("No pass yet. {sync} runs one.")];
    };
    let since = since.map_or_else(String::new, |since| format!("; {since}"));
    vec![
        format!("The first pass {now}{since}."),
        "It stands here with all it did when it ends.".into(),
    ]
}

/// Draws the lines that pass the filter.
fn view_found(model: &Model, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let log = &model.log;
    let inner = paint::beside_track(area);
    paint::track(area, 0, 0, theme, buf);
    if log.found.is_empty() {
        let read = log.found_by.as_ref() == Some(model.filters.of(Tab::SyncLog));
        let words = if read {
            let back = model.key("back");
            format!("   No line of the log passes the filter. {back} drops it.")
        } else {
            "   reading…".into()
        };
        Row::of(words, theme.dim).draw(paint::row(inner, 0), buf);
    }
    let here = |line: &LogEntry| Some(line.id) == log.found_cursor;
    let mut rows: Vec<(&LogEntry, usize, Row)> = Vec::new();
    for entry in &log.found {
        let drawn = line_rows(model, entry).into_iter().enumerate();
        rows.extend(drawn.map(|(line, row)| (entry, line, row)));
    }
    let visible = (area.height as usize).max(1);
    let start = rows.iter().position(|row| here(row.0)).unwrap_or(0);
    let end = rows.iter().rposition(|row| here(row.0)).unwrap_or(start);
    let end = end.min(start + visible.saturating_sub(1));
    let top = paint::scrolled(0, end, visible, rows.len());
    for (at, (entry, line, row)) in rows.iter().skip(top).take(visible).enumerate() {
        let place = paint::row(inner, at);
        let row = match line {
            1 => {
                let when = model.times.second(entry.at);
                row.clone()
                    .end_at(&when, inner.width as usize - 1, theme.dim)
            }
            _ => row.clone(),
        };
        row.draw(place, buf);
        if *line == 0 && here(entry) {
            paint::cursor(place, 18, theme, buf);
        }
    }
    paint::track(area, top, rows.len(), theme, buf);
}

/// Draws the tab.
pub fn view(model: &Model, area: Rect, buf: &mut Buffer) {
    if is_filtered(model) {
        return view_found(model, area, buf);
    }
    let theme = &model.theme;
    let inner = paint::beside_track(area);
    let columns = inner.width as usize;
    let wide = columns >= 99;
    paint::track(area, 0, 0, theme, buf);
    let side = if wide { 26 } else { 18 };
    let mut head = Row::of("   ", Style::new())
        .cell("Pass", 11, Style::new())
        .right("Took", 7, Style::new())
        .add(" ", Style::new())
        .cell("GHL", side, Style::new())
        .cell("Growbots", side, Style::new());
    if wide {
        head = head.right("r", 6, Style::new()).add(" ", Style::new());
    }
    let because = if head.used() + 7 < columns {
        "Because"
    } else {
        ""
    };
    head.add(because, Style::new())
        .draw(paint::row(inner, 0), buf);
    let mut rows: Vec<((PassId, usize), bool, Row)> = Vec::new();
    for pass in &model.log.passes {
        let place = (pass.pass, 0);
        rows.push((place, true, pass_row(model, pass, columns)));
        if !model.log.unfolded.contains(&pass.pass) {
            continue;
        }
        match model.log.lines.get(&pass.pass).map(Vec::as_slice) {
            None => rows.push((place, false, Row::of("        reading…", theme.dim))),
            Some([]) => {
                let words = "        it wrote nothing";
                rows.push((place, false, Row::of(words, theme.dim)));
            }
            Some(lines) => {
                for (at, entry) in lines.iter().enumerate() {
                    let drawn = line_rows(model, entry).into_iter().enumerate();
                    let place = (pass.pass, at + 1);
                    rows.extend(drawn.map(|(line, row)| (place, line == 0, row)));
                }
            }
        }
    }
    let visible = (area.height as usize).saturating_sub(2);
    let here = model.log.cursor.map(|pass| (pass, model.log.at));
    let mine = |row: &((PassId, usize), bool, Row)| Some(row.0) == here;
    let start = rows.iter().position(mine).unwrap_or(0);
    let end = rows.iter().rposition(mine).unwrap_or(start);
    // lines of the same pass below the cursor are seen too, as far as half the screen
    let of_pass = |row: &((PassId, usize), bool, Row)| Some(row.0.0) == model.log.cursor;
    let below = rows.iter().rposition(of_pass).unwrap_or(end);
    let end = end.max(below.min(start + visible / 2));
    let end = end.min(start + visible.saturating_sub(1));
    let top = paint::scrolled(0, end, visible, rows.len());
    for (line, (of, head, row)) in rows.iter().skip(top).take(visible).enumerate() {
        let place = paint::row(inner, line + 1);
        row.draw(place, buf);
        if *head && Some(*of) == here {
            paint::cursor(place, 21, theme, buf);
        }
    }
    if rows.is_empty() {
        let said = no_pass(model).into_iter();
        let said = said.flat_map(|words| wrap(&words, columns.saturating_sub(4)));
        for (line, words) in said.enumerate() {
            Row::of(format!("   {words}"), theme.dim).draw(paint::row(inner, line + 1), buf);
        }
    }
    if rows.len() > visible {
        let list = Rect {
            y: area.y + 1,
            height: visible as u16,
            ..area
        };
        paint::track(list, top, rows.len(), theme, buf);
    }
    let busy = model.log.passes.iter().filter(|pass| pass.did_something());
    let busy = counted(busy.count() as u64, "pass", "passes");
    let follows = if model.log.still { "off" } else { "on" };
    let foot = format!(
        " {busy} that did something   follow {follows}   ↓ read  + made  ~ changed  - gone"
    );
    Row::of(foot, theme.dim).draw(paint::row(inner, visible + 1), buf);
}
