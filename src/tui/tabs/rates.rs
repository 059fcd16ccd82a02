//! Rates: what was used of each side's limits, by whom, and how long it lasts.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::model::{BySide, Day, Health, Lane, Millis, RateBar, Side};
use crate::text::{clean, thousands};

use super::super::effect::Request;
use super::super::model::Model;
use super::super::msg::Move;
use super::super::widgets::gauge::{bar, gauge};
use super::super::widgets::paint::{self, Row};

const HOUR_MS: i64 = 3_600_000;
const PACE_MS: i64 = 500;
const HALF_MINUTE_MS: i64 = 30_000;

/// State of the tab.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    /// The bars of the last hour, oldest first.
    pub bars: BySide<Vec<RateBar>>,
    read_at: Millis,
    at: usize,
}

impl Rates {
    /// When to read next while the tab is open: twice a second.
    pub const fn next_read(&self) -> Millis {
        self.read_at.plus(PACE_MS)
    }
}

/// Asks for the bars and the status, if it is time.
pub fn read(model: &mut Model) {
    let now = model.times.now;
    if now >= model.rates.next_read() {
        model.rates.read_at = now;
        model.read(Request::Frame);
        model.read(Request::Rates {
            since: now.plus(-HOUR_MS),
        });
    }
}

/// Takes the bars.
pub fn accept(model: &mut Model, bars: BySide<Vec<RateBar>>) {
    if model.rates.bars != bars {
        model.rates.bars = bars;
        model.dirty = true;
    }
}

/// Moves among the lanes.
pub fn go(model: &mut Model, how: Move) {
    let last = 2 * Lane::ALL.len() - 1;
    let at = model.rates.at;
    model.rates.at = match how {
        Move::Down => (at + 1).min(last),
        Move::Up => at.saturating_sub(1),
        Move::Top | Move::PageUp => 0,
        Move::Bottom | Move::PageDown => last,
    };
}

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
        Health::Off => ("! off".into(), theme.error),
    }
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
    let mut first = gauge(first, used, 0, limit, length, theme).add(
        if wide {
            format!("   {used} of {limit} in 10 s")
        } else {
            format!("  {used}/{limit} in 10 s")
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
    let Some(ends) = day.resets_at.filter(|_| known && day.limit > 0) else {
        return (
            format!("{side}: no forecast yet, it needs 10 min of history."),
            false,
        );
    };
    let left = day.limit.saturating_sub(day.used + day.others.unwrap_or(0));
    let needed = sent * (ends.since(now).max(0) as u64) / 600_000;
    if needed <= left {
        let spare = thousands(left - needed);
        let words =
            format!("At this pace the day of {side} lasts past its end, with {spare} to spare.");
        return (words, false);
    }
    let lasts = now.plus((left * 600_000 / sent.max(1)) as i64);
    let words = format!(
        "At this pace the budget of {side} lasts until {}, its day ends {}.",
        model.times.moment(lasts),
        model.times.moment(ends)
    );
    (words, true)
}

/// Rows of a chart, highest first: requests a second in the last hour.
fn chart(model: &Model, side: Side, columns: usize, height: usize) -> Vec<Row> {
    let theme = &model.theme;
    let wide = columns >= 99;
    let (unit, count) = if wide {
        (HALF_MINUTE_MS, columns.saturating_sub(8).min(120))
    } else {
        (2 * HALF_MINUTE_MS, columns.saturating_sub(8).min(60))
    };
    let end = model.times.now.0.div_euclid(unit) + 1;
    let start = end - count as i64;
    let mut sums = vec![(0_u64, 0_u64); count];
    for bar in model.rates.bars.get(side) {
        let at = bar.at.0.div_euclid(unit) - start;
        if let Some(sum) = usize::try_from(at).ok().and_then(|at| sums.get_mut(at)) {
            *sum = (
                sum.0 + u64::from(bar.ours),
                sum.1 + u64::from(bar.throttled),
            );
        }
    }
    let rate = |sum: u64| sum as f64 * 1000.0 / unit as f64;
    let most = sums.iter().map(|sum| rate(sum.0)).fold(0.0, f64::max);
    let top = if most > 10.0 { most.ceil() } else { 10.0 };
    let step = top / height as f64;
    (0..height)
        .rev()
        .map(|row| {
            let label = match row {
                _ if row + 1 == height => format!("{top:>4}"),
                0 => "   0".into(),
                _ => "    ".into(),
            };
            let mut line = Row::of(format!("{label} │"), theme.dim);
            for (ours, throttled) in &sums {
                let sign = bar(rate(*ours), row, step);
                let empty = sign == " ";
                line = match (*throttled > 0 && row + 1 == height, empty) {
                    (true, true) => line.add("×", theme.error),
                    _ => line.add(sign, theme.ours),
                };
            }
            line
        })
        .collect()
}

fn lane_rows(model: &Model, wide: bool) -> Vec<(usize, Row)> {
    let theme = &model.theme;
    let mut rows = Vec::new();
    for (place, side) in Side::BOTH.into_iter().enumerate() {
        let status = model.status.sides.get(side);
        for (at, lane) in Lane::ALL.into_iter().enumerate() {
            let found = status.lanes.iter().find(|status| status.lane == lane);
            let (queued, recent) = found.map_or((0, 0), |s| (s.queued, s.recent));
            let mut row = Row::of("  ", Style::new())
                .cell(side.label(), 10, theme.dim)
                .cell(lane.name(), 13, Style::new())
                .cell(&format!("{} of 100", lane.share()), 12, theme.dim);
            if wide {
                let full = u64::from(queued.max(20));
                row = gauge(row, u64::from(queued), 0, full, 20, theme);
            }
            row = row
                .right(&thousands(u64::from(queued)), 8, Style::new())
                .right(
                    &format!("{:.1}", f64::from(recent) / 10.0),
                    10,
                    Style::new(),
                );
            let waits = match (&status.health, queued) {
                (Health::Shut { until }, 1..) => {
                    format!("{side} opens {}", model.times.second(*until))
                }
                _ => String::new(),
            };
            row = row.add("    ", Style::new()).add(waits, theme.dim);
            rows.push((place * Lane::ALL.len() + at, row));
        }
    }
    rows
}

/// Draws the tab.
pub fn view(model: &Model, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let inner = paint::beside_track(area);
    let columns = inner.width as usize;
    let wide = columns >= 99;
    let mut at = 0;
    let rule = |at: &mut usize, title: &str, style: Style, buf: &mut Buffer| {
        paint::rule(title, style, paint::row(area, *at), theme, buf);
        *at += 1;
    };
    paint::track(area, 0, 0, theme, buf);
    for side in Side::BOTH {
        let (words, style) = health_words(model, side);
        let style = if style == theme.well {
            theme.title
        } else {
            style
        };
        rule(&mut at, &format!("{side}   {words}"), style, buf);
        for row in gauges(model, side, columns) {
            row.draw(paint::row(inner, at), buf);
            at += 1;
        }
    }
    if wide {
        at += 1;
    }
    for side in Side::BOTH {
        let (words, early) = forecast(model, side);
        let style = if early { theme.decide } else { Style::new() };
        Row::of(format!("  {words}"), style).draw(paint::row(inner, at), buf);
        at += 1;
    }
    let rest = (area.height as usize).saturating_sub(at);
    let lanes = 9;
    let room = rest.saturating_sub(lanes + 1);
    let height = ((room.saturating_sub(3)) / 2).min(5);
    if height >= 2 {
        for side in Side::BOTH {
            let title = format!("{side}: requests a second, last hour     █ ours   × 429");
            rule(&mut at, &title, theme.title, buf);
            for row in chart(model, side, columns, height) {
                row.draw(paint::row(inner, at), buf);
                at += 1;
            }
        }
        let now = model.times.now;
        let minutes = if wide {
            columns.saturating_sub(8).min(120) / 2
        } else {
            60
        };
        let from = model.times.clock(now.plus(-(minutes as i64) * 60_000));
        let end = if wide {
            columns.min(126)
        } else {
            columns.min(66)
        };
        Row::new()
            .to(6)
            .add(from, theme.dim)
            .end_at(&model.times.clock(now), end, theme.dim)
            .draw(paint::row(inner, at), buf);
        at += 1;
    }
    let gap = if wide { 29 } else { 9 };
    let head = format!(
        "lanes   lane         place{:gap$}queued   now a s    waits for",
        ""
    );
    rule(&mut at, &head, Style::new(), buf);
    for (place, row) in lane_rows(model, wide) {
        let spot = paint::row(inner, at);
        if spot.height == 0 {
            return;
        }
        row.draw(spot, buf);
        if place == model.rates.at {
            paint::cursor(spot, 25, theme, buf);
        }
        at += 1;
    }
    if paint::row(area, at).height > 0 {
        rule(
            &mut at,
            "cost by operation, since the sync started",
            theme.title,
            buf,
        );
        operations(model, inner, at, buf);
    }
}

fn operations(model: &Model, inner: Rect, first: usize, buf: &mut Buffer) {
    let mut all: Vec<(Side, &str, u64)> = Vec::new();
    for side in Side::BOTH {
        let of_side = model.status.sides.get(side).operations.iter();
        all.extend(of_side.map(|(name, n)| (side, name.as_str(), *n)));
    }
    all.sort_by_key(|(_, _, n)| std::cmp::Reverse(*n));
    let sum: u64 = all.iter().map(|(_, _, n)| n).sum();
    for (line, (side, name, n)) in all.into_iter().enumerate() {
        Row::of("  ", Style::new())
            .cell(side.label(), 10, model.theme.dim)
            .cell(&clean(name), 40, Style::new())
            .right(&thousands(n), 10, Style::new())
            .right(&format!("{} %", n * 100 / sum.max(1)), 8, model.theme.dim)
            .draw(paint::row(inner, first + line), buf);
    }
}
