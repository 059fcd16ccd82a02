//! The second row: the tabs with what each counts, the operator, and what is staged.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::text::thousands;

use super::super::model::Model;
use super::super::msg::Tab;
use super::paint::Row;

/// How the tabs are named.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    Full,
    Short,
    Numbers,
}

/// The fullest names of the tabs that have room beside what stands at the right.
fn names(model: &Model) -> Names {
    let columns = model.size.0 as usize;
    let right = tabs_right(model).used();
    [Names::Full, Names::Short]
        .into_iter()
        .find(|names| tab_row(model, *names, None).used() + right <= columns)
        .unwrap_or(Names::Numbers)
}

/// The tab that is drawn in a column of the tab strip.
pub fn tab_at(model: &Model, x: u16) -> Option<Tab> {
    let names = names(model);
    let ends = |tab: &Tab| tab_row(model, names, Some(*tab)).used() > x as usize;
    Tab::ALL.into_iter().find(ends)
}

/// The tab strip, up to a tab or whole.
fn tab_row(model: &Model, names: Names, last: Option<Tab>) -> Row {
    let wide = model.is_wide();
    let mut row = Row::of(if wide { " " } else { "" }, Style::new());
    for tab in Tab::ALL {
        let count = match tab {
            Tab::Conflicts => {
                let again = model.conflicts.asked_again(model.times.now);
                model.totals.conflicts_open.saturating_sub(again)
            }
            Tab::Errors => model.totals.errors_open,
            _ => 0,
        };
        let here = tab == model.tab;
        let number = tab.index() + 1;
        let name = match (names, tab) {
            (Names::Numbers, _) if !here => number.to_string(),
            (Names::Short, Tab::Conflicts) => format!("{number} Confl."),
            (Names::Short, Tab::SyncLog) => format!("{number} Log"),
            _ => format!("{number} {}", tab.label()),
        };
        let name = match count {
            0 => name,
            _ => format!("{name} {}", thousands(count)),
        };
        row = if here {
            row.add(format!("[{name}]"), model.theme.title)
        } else {
            row.add(format!(" {name} "), Style::new())
        };
        if wide {
            row = row.add(" ", Style::new());
        }
        if Some(tab) == last {
            break;
        }
    }
    row
}

/// What stands right of the tabs: the operator, and what is staged.
fn tabs_right(model: &Model) -> Row {
    let staged = model.staged();
    let mut row = Row::new();
    let role = if model.looks_only.is_some() {
        "viewer"
    } else {
        ""
    };
    row = match (model.is_wide(), role) {
        (true, "") => row.add(model.operator.clone(), Style::new()),
        (true, role) => row.add(format!("{}, {role}", model.operator), Style::new()),
        (false, role) => row.add(role, Style::new()),
    };
    match (staged, model.is_wide()) {
        (0, _) => row,
        (_, true) => row.add(format!("   {staged} staged"), model.theme.decide),
        (_, false) => row.add(format!("{staged} staged"), model.theme.decide),
    }
}

/// Draws the tabs.
pub fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    let columns = area.width as usize;
    let right = tabs_right(model);
    let row = tab_row(model, names(model), None);
    row.draw(area, buf);
    let x = columns.saturating_sub(right.used());
    if row.used() <= x {
        let at = Rect {
            x: area.x + x as u16,
            width: right.used() as u16,
            ..area
        };
        right.draw(at, buf);
    }
}
