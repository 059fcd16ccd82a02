//! The mouse: a click goes to a tab or a row, the wheel moves the cursor. Neither ever answers a question.

use super::model::{Model, Overlay};
use super::msg::{Do, Move, Tab};
use super::tabs::{conflicts, contacts, errors, tasks};
use super::update::{run, step};
use super::widgets::{footer, tab_strip};

/// What the mouse did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mouse {
    /// The left button went down on this cell.
    Click {
        /// Column from the left, from 0.
        x: u16,
        /// Row from the top, from 0.
        y: u16,
    },
    /// The wheel turned a notch up or down.
    Wheel {
        /// Whether it turned down.
        down: bool,
    },
}

/// Takes what the mouse did. In a box only the wheel works.
pub fn take(model: &mut Model, mouse: Mouse) {
    if model.is_too_small() {
        return;
    }
    match (&model.overlay, mouse) {
        (Some(Overlay::Help(_) | Overlay::Confirm(_)), Mouse::Wheel { down }) => {
            run(model, Do::Scroll(if down { Move::Down } else { Move::Up }));
        }
        (None, _) if model.searching || model.filters.editing.is_some() => {}
        (None, Mouse::Wheel { down }) => {
            model.dirty = true;
            for _ in 0..3 {
                step(model, if down { Move::Down } else { Move::Up });
            }
        }
        (None, Mouse::Click { x, y }) => click(model, x, y),
        _ => {}
    }
}

fn click(model: &mut Model, x: u16, y: u16) {
    let tabs = model.tab_rows();
    if tabs > 0 && y == 1 {
        if let Some(tab) = tab_strip::tab_at(model, x) {
            run(model, Do::Tab(tab));
        }
        return;
    }
    let first = 1 + tabs as usize + model.filter_rows();
    let Some(line) = (y as usize).checked_sub(first) else {
        return;
    };
    if line >= model.body_rows() {
        if let Some(what) = footer::command_at(model, x) {
            run(model, what);
        }
        return;
    }
    match model.tab {
        Tab::Contacts => contacts::click(model, x, line),
        Tab::Tasks => tasks::click(model, x, line),
        Tab::Errors => errors::click(model, line),
        Tab::Conflicts if model.conflicts.is_list() => conflicts::click(model, line),
        _ => {}
    }
}
