//! The charts of Rates: requests a second over an hour or a day, ours below and others' above.

use ratatui::buffer::Buffer;

use crate::model::Side;

use super::super::model::Model;
use super::super::widgets::gauge::bar;
use super::super::widgets::paint::Row;
use super::rates_view::{HALF_MINUTE_MS, Pen};

/// What stands in a column.
#[derive(Clone, Copy, Default)]
struct Sum {
    ours: u64,
    others: u64,
    throttled: u64,
}

/// Rows of a chart, highest first: requests a second in the last hour.
fn chart(model: &Model, sides: &[Side], columns: usize, height: usize) -> Vec<Row> {
    let theme = &model.theme;
    let wide = columns >= 99;
    let (mut unit, count) = if wide {
        (HALF_MINUTE_MS, columns.saturating_sub(8).min(120))
    } else {
        (2 * HALF_MINUTE_MS, columns.saturating_sub(8).min(60))
    };
    if model.rates.of_day {
        unit *= 24;
    }
    let end = model.times.now.0.div_euclid(unit) + 1;
    let start = end - count as i64;
    let mut sums = vec![Sum::default(); count];
    for bar in sides.iter().flat_map(|side| model.rates.bars.get(*side)) {
        let at = bar.at.0.div_euclid(unit) - start;
        if let Some(sum) = usize::try_from(at).ok().and_then(|at| sums.get_mut(at)) {
            sum.ours += u64::from(bar.ours);
            sum.others += u64::from(bar.others);
            sum.throttled += u64::from(bar.throttled);
        }
    }
    let rate = |sum: u64| sum as f64 * 1000.0 / unit as f64;
    let all = |sum: &Sum| rate(sum.ours + sum.others);
    let most = sums.iter().map(all).fold(0.0, f64::max);
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
            for sum in &sums {
                let ours = bar(rate(sum.ours), row, step);
                // ours stands below; what others add is drawn in whole cells, half filled ones too
                let above = all(sum) - step * row as f64;
                let others = sum.others > 0 && ours == " " && above * 2.0 >= step;
                line = match (ours, sum.throttled > 0 && row + 1 == height) {
                    (" ", _) if others => line.add("▒", theme.others),
                    (" ", true) => line.add("×", theme.error),
                    (ours, _) => line.add(ours, theme.ours),
                };
            }
            line
        })
        .collect()
}

/// A chart a side in `room` rows; one of both where that is too little.
pub(super) fn charts(pen: &mut Pen<'_>, columns: usize, room: usize, buf: &mut Buffer) {
    let model = pen.model;
    let theme = &model.theme;
    let wide = columns >= 99;
    let range = if model.rates.of_day { "day" } else { "hour" };
    let height = (room.saturating_sub(3) / 2).min(5);
    let drawn: &[(&str, &[Side])] = match (height, room) {
        (2.., _) => &[("GHL", &[Side::Ghl]), ("Growbots", &[Side::Growbots])],
        (_, 4..) => &[("both sides", &Side::BOTH)],
        _ => return,
    };
    let height = if height >= 2 { height } else { room - 2 };
    for (name, sides) in drawn {
        let known = |side: &Side| model.status.sides.get(*side).day.others.is_some();
        let others = if sides.iter().all(known) {
            "▒ others"
        } else {
            "others ?"
        };
        let title =
            format!("{name}: requests a second, last {range}     █ ours   {others}   × 429");
        pen.rule(&title, theme.title, buf);
        for row in chart(model, sides, columns, height) {
            pen.row(&row, buf);
        }
    }
    let now = model.times.now;
    let bars = columns.saturating_sub(8).min(if wide { 120 } else { 60 });
    let minutes = if wide { bars / 2 } else { bars };
    let minutes = minutes as i64 * if model.rates.of_day { 24 } else { 1 };
    let from = model.times.moment(now.plus(-minutes * 60_000));
    let axis = Row::new().to(6).add(from, theme.dim);
    let axis = axis.end_at(&model.times.clock(now), 6 + bars, theme.dim);
    pen.row(&axis, buf);
}
