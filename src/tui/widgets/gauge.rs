//! Gauges and bars of Rates.

use super::super::theme::Theme;
use super::paint::Row;

/// A gauge of `columns`: `█` ours, `▒` others', `·` free.
pub fn gauge(row: Row, ours: u64, others: u64, limit: u64, columns: usize, theme: &Theme) -> Row {
    let limit = limit.max(1);
    let part = |n: u64| (n.min(limit) as usize * columns).div_ceil(limit as usize);
    let ours = part(ours).min(columns);
    let others = part(others).min(columns - ours);
    row.add("█".repeat(ours), theme.ours)
        .add("▒".repeat(others), theme.others)
        .add("·".repeat(columns - ours - others), theme.dim)
}

const EIGHTHS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// What stands in row `row` (0 is the lowest) of a bar of `value`, when each row is worth `step`.
pub fn bar(value: f64, row: usize, step: f64) -> &'static str {
    let above = value - step * row as f64;
    let eighths = (above / step * 8.0).ceil().clamp(0.0, 8.0);
    EIGHTHS[eighths as usize]
}
