//! The model drawn. Reads only; what is not in the model is shown as a gap.

use ratatui::{Frame, buffer::Buffer, layout::Rect, style::Style};

use super::filter;
use super::glyphs;
use super::model::{LEAST, Model, Overlay};
use super::msg::Tab;
use super::tabs::{
    bench_view, bulk_view, conflicts_view, contacts_view, errors_view, policies, rates_view,
    sync_log_view, tasks_view,
};
use super::widgets::{boxes, footer, header, paint, tab_strip};
use super::workspaces;

/// Draws everything.
pub fn view(model: &Model, frame: &mut Frame) {
    let area = frame.area();
    draw(model, area, frame.buffer_mut());
}

fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    if model.is_too_small() {
        let (columns, rows) = LEAST;
        let first = format!("couplet needs {columns} x {rows}.");
        let second = format!("This is {} x {}. Sync goes on.", area.width, area.height);
        for (at, words) in [first, second].into_iter().enumerate() {
            paint::Row::of(format!("  {words}"), Style::new()).draw(paint::row(area, at), buf);
        }
        return;
    }
    if let Some(Overlay::Workspaces(overview)) = &model.overlay {
        workspaces::draw(model, overview, area, buf);
        if model.ascii {
            glyphs::to_ascii(buf);
        }
        return;
    }
    header::draw(model, paint::row(area, 0), buf);
    let tabs = model.tab_rows();
    if tabs > 0 {
        tab_strip::draw(model, paint::row(area, 1), buf);
    }
    let filter = model.filter_rows() as u16;
    let line = Rect {
        y: area.y + 1 + tabs,
        height: filter,
        ..area
    };
    filter::draw(model, line, buf);
    let body = Rect {
        y: area.y + 1 + tabs + filter,
        height: area.height.saturating_sub(2 + tabs + filter),
        ..area
    };
    match model.tab {
        Tab::Contacts => contacts_view::view(model, body, buf),
        Tab::Tasks => tasks_view::view(model, body, buf),
        Tab::Conflicts if model.conflicts.bench.is_some() => bench_view::view(model, body, buf),
        Tab::Conflicts => match (&model.conflicts.policies, &model.conflicts.bulk) {
            (Some(list), _) => policies::view(model, list, body, buf),
            (None, Some(bulk)) => bulk_view::view(model, bulk, body, buf),
            (None, None) => conflicts_view::view(model, body, buf),
        },
        Tab::SyncLog => sync_log_view::view(model, body, buf),
        Tab::Errors => errors_view::view(model, body, buf),
        Tab::Rates => rates_view::view(model, body, buf),
    }
    boxes::draw(model, body, buf);
    footer::draw(model, area, buf);
    if model.ascii {
        glyphs::to_ascii(buf);
    }
}
