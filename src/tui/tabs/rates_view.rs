//! Rates, drawn: gauges, forecast, charts, lanes, breakers, cost by operation.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::model::{Day, Health, Lane, LoopState, Side};
use crate::text::{clean, cut_middle, thousands, width};

use super::super::model::Model;
use super::super::times::span;
use super::super::widgets::gauge::gauge;
use super::super::widgets::help::wrap;
use super::super::widgets::paint::{self, Row};
use super::rates::{Spot, pause_of};
use super::rates_charts::charts;

pub(super) const HALF_MINUTE_MS: i64 = 30_000;
/// Rows of the lanes, with their heading.
const LANES: usize = 5;

fn health_words(model: &Model, side: Side) -> (String, Style) {
    let theme = &model.theme;
    match &model.status.sides.get(side).health {
        Health::Unknown => ("no answer yet".into(), theme.dim),
        Health::Ok => ("ok".into(), theme.well),
        Health::Slow => ("slow".into(), theme.error),
        Health::Shut { until } => (
            format!("! shut till {}", model.times.second(*until)),
            theme.error,
        ),
        Health::Refused => ("! key refused".into(), theme.error),
        Health::SignIn => ("! sign in again".into(), theme.error),
        Health::Off => (
            "! off: no answer; what waits for it is kept".into(),
            theme.error,
        ),
    }
}

/// What a side is doing, its pause first.
fn side_words(model: &Model, side: Side) -> (String, Style) {
    let (words, style) = health_words(model, side);
    match pause_of(model, Spot::Side(side)) {
        Some(paused) => (pause_words(model, paused), model.theme.title),
        None => (words, style),
    }
}

fn pause_words(model: &Model, paused: &crate::model::Paused) -> String {
    let since = model.times.moment(paused.at);
    let until = paused.until.map_or_else(String::new, |at| {
        format!(" until {}", model.times.moment(at))
    });
    let note = paused.note.as_deref().filter(|note| !note.is_empty());
    let note = note.map_or_else(String::new, |note| format!(": {}", clean(note)));
    format!("‖ paused {since} by {}{until}{note}", clean(&paused.by))
}

fn gauges(model: &Model, side: Side, columns: usize) -> [Row; 2] {
    let theme = &model.theme;
    let status = model.status.sides.get(side);
    let wide = columns >= 99;
    let length = match columns {
        _ if wide => 44,
        60.. => 30,
        _ => 14,
    };
    let (burst, day) = (status.burst, status.day);
    let lead = |name: &str| {
        Row::of(if wide { "  " } else { " " }, Style::new()).cell(
            name,
            if wide { 9 } else { 7 },
            Style::new(),
        )
    };
    let first = lead("burst");
    let (used, limit) = (u64::from(burst.used), u64::from(burst.limit));
    let others = u64::from(burst.others);
    let and = match (others, wide) {
        (0, _) => String::new(),
        (n, true) => format!(", others {n}"),
        (n, false) => format!(" + {n}"),
    };
    let mut first = gauge(first, used, others, limit, length, theme).add(
        if wide {
            format!("   {used} of {limit} in 10 s{and}")
        } else {
            format!("  {used}{and}/{limit} in 10 s")
        },
        Style::new(),
    );
    if wide && burst.resets_in_ms > 0 {
        let free = model.times.now.plus(i64::from(burst.resets_in_ms));
        let words = format!("free again {}", model.times.second(free));
        first = first.to(85).add(words, theme.dim);
    }
    let others = match day.others {
        Some(n) => format!("{} others", thousands(n)),
        None => "others ?".into(),
    };
    let (ours, limit) = (thousands(day.used), thousands(day.limit));
    let mut second = gauge(
        lead("day"),
        day.used,
        day.others.unwrap_or(0),
        day.limit,
        length,
        theme,
    )
    .add(
        if wide {
            format!("   {ours} ours  {others}  of {limit}")
        } else {
            format!("  {ours} + {others} / {limit}")
        },
        Style::new(),
    );
    if let (true, Some(at)) = (wide, day.resets_at) {
        let words = format!("   ends {}", model.times.moment(at));
        second = second.add(words, theme.dim);
    }
    [first, second]
}

/// How long a side's day lasts at the pace of the last 10 minutes; true if it ends early.
fn forecast(model: &Model, side: Side) -> (String, bool) {
    let now = model.times.now;
    let day: Day = model.status.sides.get(side).day;
    let recent = model.rates.bars.get(side).iter();
    let sent: u64 = recent
        .filter(|bar| now.since(bar.at) < 600_000)
        .map(|bar| u64::from(bar.ours))
        .sum();
    let old = model.rates.bars.get(side).first();
    let known = old.is_some_and(|bar| now.since(bar.at) >= 600_000 - HALF_MINUTE_MS);
    let whose = match side {
        Side::Ghl => "GHL's",
        Side::Growbots => "Growbots'",
    };
    let Some(ends) = day.resets_at.filter(|_| known && day.limit > 0) else {
        return (format!("{side}: no forecast yet, it needs 10 min."), false);
    };
    let left = day.limit.saturating_sub(day.used + day.others.unwrap_or(0));
    let needed = sent * (ends.since(now).max(0) as u64) / 600_000;
    if needed <= left {
        let spare = thousands(left - needed);
        let words = format!("At this pace {whose} day lasts past its end, with {spare} to spare.");
        return (words, false);
    }
    let lasts = now.plus((left * 600_000 / sent.max(1)) as i64);
    let words = format!(
        "At this pace {whose} budget lasts until {}, {} before its day ends: sweeps stop first, \
         so that operators and changes go on.",
        model.times.moment(lasts),
        span(ends.since(lasts).max(0) as u64)
    );
    (words, true)
}

/// How long the work in hand takes.
fn work(model: &Model) -> String {
    if let LoopState::Pulling { .. } = model.status.state {
        let left = model.header.time_left(model.times.now);
        if let Some(left) = left {
            return format!("The pull in hand ends in {}.", span(left));
        }
    }
    let waiting = model.totals.waiting;
    if waiting == 0 {
        return "No work waits.".into();
    }
    let shut = Side::BOTH
        .into_iter()
        .find_map(|side| match model.status.sides.get(side).health {
            Health::Shut { until } => Some((side, until)),
            _ => None,
        });
    let writes = if waiting == 1 {
        "write waits"
    } else {
        "writes wait"
    };
    if let Some((side, until)) = shut {
        let until = model.times.second(until);
        return format!("{} {writes}; {side} opens {until}.", thousands(waiting));
    }
    // a write is a look and the write; the slower side's burst limit is the pace
    let pace = Side::BOTH.map(|side| u64::from(model.status.sides.get(side).burst.limit));
    let pace = pace
        .into_iter()
        .filter(|limit| *limit > 0)
        .min()
        .unwrap_or(100);
    let ms = waiting * 2 * 10_000 / pace;
    format!("{} {writes}, about {}.", thousands(waiting), span(ms))
}

/// The forecast in lines.
fn sentences(model: &Model, columns: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    for side in Side::BOTH {
        let (words, early) = forecast(model, side);
        let style = if early {
            model.theme.decide
        } else {
            Style::new()
        };
        let lines = wrap(&words, columns.saturating_sub(2));
        rows.extend(
            lines
                .into_iter()
                .map(|line| Row::of(format!(" {line}"), style)),
        );
    }
    rows.push(Row::of(format!(" {}", work(model)), Style::new()));
    rows
}

/// What a lane waits for, in words.
fn waits(model: &Model, lane: Lane, queued: u32) -> String {
    if let Some(paused) = pause_of(model, Spot::Lane(lane)) {
        let side = match paused.side {
            Some(side) => format!("{side} "),
            None => String::new(),
        };
        return format!("{side}{}", pause_words(model, paused));
    }
    let shut = Side::BOTH
        .into_iter()
        .find_map(|side| match model.status.sides.get(side).health {
            Health::Shut { until } => Some(format!("{side} opens {}", model.times.second(until))),
            Health::Off => Some(format!("{side} to answer")),
            _ => None,
        });
    match (queued, shut) {
        (0, _) => String::new(),
        (_, Some(shut)) => shut,
        (_, None) => "a place in the limits".into(),
    }
}

fn lane_row(model: &Model, lane: Lane, wide: bool) -> Row {
    let theme = &model.theme;
    let (mut queued, mut recent) = (0, 0);
    for side in Side::BOTH {
        let lanes = model.status.sides.get(side).lanes.iter();
        for status in lanes.filter(|status| status.lane == lane) {
            queued += status.queued;
            recent += status.recent;
        }
    }
    let mut row = Row::of("  ", Style::new())
        .cell(lane.name(), 13, Style::new())
        .cell(&format!("{} of 100", lane.share()), 12, theme.dim);
    if wide {
        let full = u64::from(queued.max(20));
        row = gauge(row, u64::from(queued), 0, full, 20, theme);
    }
    row.right(&thousands(u64::from(queued)), 8, Style::new())
        .right(
            &format!("{:.1}", f64::from(recent) / 10.0),
            10,
            Style::new(),
        )
        .add("    ", Style::new())
        .add(waits(model, lane, queued), theme.dim)
}

/// The state of both breakers and the 429s, in a line.
fn breakers(model: &Model) -> String {
    let side = |side: Side| {
        let status = model.status.sides.get(side);
        let state = match (status.breaker.as_str(), &status.health) {
            ("open", Health::Shut { until }) => format!("open till {}", model.times.second(*until)),
            ("half_open", _) => "trying one request".into(),
            ("", _) => "closed".into(),
            (word, _) => word.to_owned(),
        };
        format!("{side} {state}, 429 today {}", thousands(status.throttled))
    };
    format!("{}   {}", side(Side::Ghl), side(Side::Growbots))
}

/// Draws from the top of an area down.
pub(super) struct Pen<'a> {
    pub(super) model: &'a Model,
    area: Rect,
    at: usize,
}

impl Pen<'_> {
    fn left(&self) -> usize {
        (self.area.height as usize).saturating_sub(self.at)
    }

    pub(super) fn rule(&mut self, title: &str, style: Style, buf: &mut Buffer) {
        let place = paint::row(self.area, self.at);
        paint::rule(title, style, place, &self.model.theme, buf);
        self.at += 1;
    }

    pub(super) fn row(&mut self, row: &Row, buf: &mut Buffer) {
        let inner = paint::beside_track(self.area);
        row.draw(paint::row(inner, self.at), buf);
        self.at += 1;
    }

    /// The cursor on the row that was drawn last.
    fn cursor(&self, spot: Spot, columns: usize, buf: &mut Buffer) {
        if self.model.rates.spot() == spot {
            let inner = paint::beside_track(self.area);
            let place = paint::row(inner, self.at - 1);
            paint::cursor(place, columns, &self.model.theme, buf);
        }
    }
}

/// Draws the tab.
pub fn view(model: &Model, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let columns = paint::beside_track(area).width as usize;
    let wide = columns >= 99;
    paint::track(area, 0, 0, theme, buf);
    let mut pen = Pen { model, area, at: 0 };
    for side in Side::BOTH {
        let (words, style) = side_words(model, side);
        let style = if style == theme.well {
            theme.title
        } else {
            style
        };
        pen.rule(&format!("{side}   {words}"), style, buf);
        pen.cursor(Spot::Side(side), 4 + side.label().len(), buf);
        for row in gauges(model, side, columns) {
            pen.row(&row, buf);
        }
    }
    if wide {
        pen.at += 1;
    }
    for row in sentences(model, columns) {
        pen.row(&row, buf);
    }
    // what is kept for lanes, breakers and a row of cost
    let room = pen.left().saturating_sub(LANES + 2);
    if !model.rates.all_operations {
        charts(&mut pen, columns, room, buf);
    }
    let gap = if wide { 25 } else { 5 };
    let head = format!(
        "lanes         place{:gap$}queued   now a s    waits for",
        ""
    );
    pen.rule(&head, Style::new(), buf);
    for lane in Lane::ALL {
        pen.row(&lane_row(model, lane, wide), buf);
        pen.cursor(Spot::Lane(lane), 15, buf);
    }
    if pen.left() == 0 {
        return;
    }
    let lines = wrap(&breakers(model), columns.saturating_sub(11));
    for (at, line) in lines.into_iter().enumerate().take(pen.left()) {
        let lead = if at == 0 {
            " breakers  "
        } else {
            "           "
        };
        pen.row(&Row::of(format!("{lead}{line}"), theme.dim), buf);
    }
    operations(&mut pen, buf);
}

/// The dearest operations in a line of `columns`: as many of the first three as have room, one with its name cut
/// where no whole one fits.
fn dearest<'a>(all: impl Iterator<Item = (Side, &'a str, String)>, columns: usize) -> String {
    let mut words = String::new();
    for (side, name, share) in all.take(3) {
        let gap = if words.is_empty() { "" } else { ", " };
        let whole = format!("{words}{gap}{side} {} {share}", clean(name));
        if width(&whole) <= columns {
            words = whole;
            continue;
        }
        let room = columns.saturating_sub(width(&words) + width(gap) + 8 + width(&share) + 2);
        if room >= 12 {
            let name = cut_middle(&clean(name), room).into_owned();
            words = format!("{words}{gap}{side} {name} {share}");
        }
        break;
    }
    words
}

/// Cost by operation: as many as have room, in one line where that is all.
fn operations(pen: &mut Pen<'_>, buf: &mut Buffer) {
    let model = pen.model;
    let theme = &model.theme;
    let mut all: Vec<(Side, &str, u64)> = Vec::new();
    for side in Side::BOTH {
        let of_side = model.status.sides.get(side).operations.iter();
        all.extend(of_side.map(|(name, n)| (side, name.as_str(), *n)));
    }
    all.sort_by_key(|(_, _, n)| std::cmp::Reverse(*n));
    let sum: u64 = all.iter().map(|(_, _, n)| n).sum();
    let share = |n: u64| format!("{} %", n * 100 / sum.max(1));
    if pen.left() == 0 {
        return;
    }
    if pen.left() < 4 {
        let columns = paint::beside_track(pen.area).width as usize;
        let named = all.iter().map(|(side, name, n)| (*side, *name, share(*n)));
        let words = dearest(named, columns.saturating_sub(11));
        return pen.row(&Row::of(format!(" dearest  {words}"), theme.dim), buf);
    }
    pen.rule(
        "cost by operation, since the sync started",
        theme.title,
        buf,
    );
    let room = pen.left();
    let shown = if all.len() > room {
        room.saturating_sub(1)
    } else {
        room
    };
    for (side, name, n) in all.iter().take(shown) {
        let row = Row::of("  ", Style::new())
            .cell(side.label(), 10, theme.dim)
            .cell(&clean(name), 40, Style::new())
            .right(&thousands(*n), 10, Style::new())
            .right(&share(*n), 8, theme.dim);
        pen.row(&row, buf);
    }
    if all.len() > shown {
        let rest: u64 = all.iter().skip(shown).map(|(_, _, n)| n).sum();
        let more = all.len() - shown;
        let (rest, key) = (thousands(rest), model.key("unfold"));
        let words = format!("{more} more: {rest}, {key} shows all");
        pen.row(&Row::of(format!("  {words}"), theme.dim), buf);
    }
}
