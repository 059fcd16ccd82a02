//! The last row: the keys that work here, or a message.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::text::width;

use super::super::commands::{COMMANDS, Command, Scope};
use super::super::model::{Model, Overlay};
use super::super::msg::{Do, Tab};
use super::super::tabs::{contacts, sync_log};
use super::paint::Row;

/// What enter does here, in a word; empty where it does nothing.
fn enter_word(model: &Model) -> &'static str {
    match model.tab {
        Tab::Contacts if model.contacts.in_detail() => contacts::enter_word(model),
        Tab::Contacts if model.contacts.subject().is_none() => "",
        Tab::Conflicts if model.conflicts.policies.is_some() => "what it settled",
        Tab::Conflicts if model.conflicts.current().is_none() => "",
        Tab::Contacts | Tab::Conflicts => match model.conflicts.bench.is_some() {
            true if model.tab == Tab::Conflicts => {
                if model.conflicts.is_candidates() {
                    "take"
                } else {
                    ""
                }
            }
            _ if model.tab == Tab::Contacts && model.is_wide() => "zoom",
            _ => "open",
        },
        Tab::Tasks if model.tasks.window.current().is_some() => "contact",
        Tab::SyncLog => sync_log::enter_word(model),
        Tab::Errors if model.errors.current().is_some() => "unfold",
        Tab::Tasks | Tab::Errors | Tab::Rates => "",
    }
}

/// A key of the footer.
struct Hint {
    msg: Do,
    key: String,
    words: String,
    ready: bool,
}

/// The commands of the footer, in order, with the word for `enter` first.
fn hints(model: &Model) -> Vec<Hint> {
    let mut hints = Vec::new();
    let enter = enter_word(model);
    if !enter.is_empty() {
        hints.push(Hint {
            msg: Do::Open,
            key: "enter".into(),
            words: enter.into(),
            ready: true,
        });
    }
    let mut from = |command: &Command| {
        let ready = (command.ready)(model).is_ok();
        let words = match command.msg {
            Do::Apply => match model.staged() {
                0 => "apply".into(),
                _ if !model.is_wide() => "apply".into(),
                n => format!("apply {n}"),
            },
            Do::FocusDetail if !model.is_wide() || model.contacts.in_detail() => return,
            Do::Ignore if model.contacts.is_ignored() => "take up".into(),
            _ => command.hint.into(),
        };
        hints.push(Hint {
            msg: command.msg,
            key: command.first_key(),
            words,
            ready,
        });
    };
    let crowded =
        !model.is_wide() && model.tab == Tab::Conflicts && model.conflicts.bench.is_some();
    for scope in model.scopes() {
        let shown = |command: &&Command| {
            command.scope == *scope
                && !command.hint.is_empty()
                && (*scope != Scope::Movement)
                && (*scope != Scope::Global || (!crowded && (command.ready)(model).is_ok()))
        };
        COMMANDS.iter().filter(shown).for_each(&mut from);
    }
    hints
}

const HELP: &str = "? help";
const MORE: &str = ": more";

/// Columns between two hints.
const fn gap(model: &Model) -> usize {
    if model.is_wide() { 3 } else { 2 }
}

/// The hints that have room, each with the column where it begins, and whether `: more` stands beside them.
fn placed(model: &Model, columns: usize) -> (Vec<(usize, Hint)>, bool) {
    let gap = gap(model);
    let mut hints = hints(model);
    let length = |hints: &[Hint]| -> usize {
        let one = |hint: &Hint| width(&hint.key) + 1 + width(&hint.words) + gap;
        let all: usize = hints.iter().map(one).sum();
        (all + 1).saturating_sub(gap)
    };
    let room = |with_more: bool| {
        let right = HELP.len() + if with_more { MORE.len() + gap } else { 0 };
        columns.saturating_sub(right + 1) // a space between
    };
    if length(&hints) > room(true) {
        hints.retain(|hint| hint.ready); // what cannot run goes first, then `more`, then from the right
    }
    let with_more = length(&hints) <= room(true) || length(&hints) > room(false);
    let mut used = 1;
    let mut placed = Vec::new();
    for hint in hints {
        let start = if placed.is_empty() { used } else { used + gap };
        let end = start + width(&hint.key) + 1 + width(&hint.words);
        if end > room(with_more) {
            break;
        }
        placed.push((start, hint));
        used = end;
    }
    (placed, with_more)
}

/// What a click on a column of the footer does; nothing where that command cannot run, or a message is shown.
pub fn command_at(model: &Model, x: u16) -> Option<Do> {
    let (x, columns) = (x as usize, model.size.0 as usize);
    if model.toast.is_some() || model.plain {
        return None;
    }
    let (placed, with_more) = placed(model, columns);
    let hit = |(start, hint): &&(usize, Hint)| {
        let end = start + width(&hint.key) + 1 + width(&hint.words);
        (*start..end).contains(&x) && hint.ready
    };
    let help = columns.saturating_sub(HELP.len());
    let more = help.saturating_sub(MORE.len() + gap(model));
    match placed.iter().find(hit) {
        Some((_, hint)) => Some(hint.msg),
        None if x >= help => Some(Do::Help),
        None if with_more && (more..more + MORE.len()).contains(&x) => Some(Do::Palette),
        None => None,
    }
}

/// Draws it.
pub fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let columns = area.width as usize;
    if matches!(model.overlay, Some(Overlay::Leave)) {
        let waiting = model.totals.waiting;
        let words =
            format!(" q: leave? The sync stops: nobody else holds it. {waiting} writes wait.");
        return Row::of(words, theme.decide)
            .end_at("y / N", columns, theme.title)
            .draw(area, buf);
    }
    if let Some(toast) = &model.toast {
        let (mark, style) = match (toast.failed, toast.done) {
            (true, _) => (" ! ", theme.error),
            (false, true) => (" ✓ ", theme.well),
            (false, false) => (" ", theme.well),
        };
        return Row::of(mark, style)
            .add(&toast.words, Style::new())
            .draw(area, buf);
    }
    if model.plain && model.overlay.is_none() {
        let words = format!(" {}", super::super::plain::words(model));
        return Row::of(words, Style::new()).draw(area, buf);
    }
    if model.overlay.is_some() || model.searching || model.filters.editing.is_some() {
        return; // what covers the tab names its own keys
    }
    let gap = gap(model);
    let help = Row::of("?", theme.title).add(" help", Style::new());
    let more = Row::of(":", theme.title).add(" more", Style::new());
    let (placed, with_more) = placed(model, columns);
    let mut row = Row::of(" ", Style::new());
    for (start, hint) in placed {
        let (bold, plain) = if hint.ready {
            (theme.title, Style::new())
        } else {
            (theme.dim, theme.dim)
        };
        row = row
            .to(start)
            .add(hint.key, bold)
            .add(format!(" {}", hint.words), plain);
    }
    row.draw(area, buf);
    let at = |x: usize| Rect {
        x: area.x + x as u16,
        width: area.width.saturating_sub(x as u16),
        ..area
    };
    if with_more {
        let x = columns.saturating_sub(help.used() + more.used() + gap);
        more.draw(at(x), buf);
    }
    help.draw(at(columns.saturating_sub(help.used())), buf);
}
