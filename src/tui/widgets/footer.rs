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
    if model.overlay.is_some() || model.searching || model.filters.editing.is_some() {
        return; // what covers the tab names its own keys
    }
    let gap = if model.is_wide() { 3 } else { 2 };
    let help = Row::of("?", theme.title).add(" help", Style::new());
    let more = Row::of(":", theme.title).add(" more", Style::new());
    let mut hints = hints(model);
    let length = |hints: &[Hint]| -> usize {
        let one = |hint: &Hint| width(&hint.key) + 1 + width(&hint.words) + gap;
        let all: usize = hints.iter().map(one).sum();
        (all + 1).saturating_sub(gap)
    };
    let room = |with_more: bool| {
        let right = help.used() + if with_more { more.used() + gap } else { 0 };
        columns.saturating_sub(right + 1) // a space between
    };
    if length(&hints) > room(true) {
        hints.retain(|hint| hint.ready); // what cannot run goes first, then `more`, then from the right
    }
    let with_more = length(&hints) <= room(true) || length(&hints) > room(false);
    let mut row = Row::of(" ", Style::new());
    for (at, hint) in hints.into_iter().enumerate() {
        let gap = if at == 0 { 0 } else { gap };
        let end = row.used() + gap + width(&hint.key) + 1 + width(&hint.words);
        if end > room(with_more) {
            break;
        }
        let (bold, plain) = if hint.ready {
            (theme.title, Style::new())
        } else {
            (theme.dim, theme.dim)
        };
        row = row
            .add(" ".repeat(gap), Style::new())
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
