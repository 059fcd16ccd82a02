//! The last row: the keys that work here, or a message.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    widgets::{Clear, Widget},
};

use crate::text::{cut_end, width};

use super::super::commands::{COMMANDS, Command, Scope};
use super::super::model::{Model, Overlay};
use super::super::msg::{Do, Pick, Tab};
use super::super::tabs::{contacts, held, held_answers, staging, sync_log, workbench};
use super::super::theme::Theme;
use super::help::wrap;
use super::paint::{self, Row};

/// What enter does here, in a word; empty where it does nothing.
fn enter_word(model: &Model) -> &'static str {
    match model.tab {
        Tab::Contacts if model.contacts.in_detail() => contacts::enter_word(model),
        Tab::Contacts if model.contacts.subject().is_none() => "",
        Tab::Conflicts if model.conflicts.policies.is_some() => "what it settled",
        Tab::Conflicts if model.conflicts.bulk.is_some() && model.conflicts.bench.is_none() => {
            model
                .conflicts
                .bulk
                .as_ref()
                .map_or("", |bulk| bulk.by.as_ref().map_or("", |_| "stage them"))
        }
        Tab::Conflicts if model.conflicts.current().is_none() => "",
        Tab::Contacts | Tab::Conflicts => match model.conflicts.bench.is_some() {
            true if model.tab == Tab::Conflicts => {
                if model.conflicts.is_candidates() && workbench::can_take(model) {
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
            key: model.keymap.key_of("open"),
            words: enter.into(),
            ready: true,
        });
    }
    let mut from = |at: usize, command: &Command| {
        let ready = command.can_run(model).is_ok();
        let words = match command.msg {
            Do::Apply => match model.staged() {
                0 => "apply".into(),
                _ if !model.is_wide() => "apply".into(),
                n => format!("apply {n}"),
            },
            Do::FocusDetail if !model.is_wide() || model.contacts.in_detail() => return,
            Do::Ignore if model.contacts.is_ignored() => "take up".into(),
            Do::Stage(Pick::Side(side)) if command.scope == Scope::Sides => {
                let conflict = model.conflicts.current();
                let marked = held::marked(model);
                let word = conflict.and_then(|c| match marked {
                    0 => staging::side_word(c, side).map(str::to_owned),
                    n => held_answers::verb(c, side).map(|verb| format!("{verb} {n}")),
                });
                word.unwrap_or_else(|| command.hint.into())
            }
            _ => command.hint.into(),
        };
        hints.push(Hint {
            msg: command.msg,
            key: model.keymap.first_words(at),
            words,
            ready,
        });
    };
    let crowded =
        !model.is_wide() && model.tab == Tab::Conflicts && model.conflicts.bench.is_some();
    for scope in model.scopes() {
        let shown = |at: usize, command: &Command| {
            !model.keymap.of(at).is_empty()
                && command.scope == *scope
                && !command.hint.is_empty()
                && (*scope != Scope::Movement)
                && (*scope != Scope::Global || (!crowded && command.can_run(model).is_ok()))
        };
        let all = COMMANDS.iter().enumerate();
        all.filter(|(at, command)| shown(*at, command))
            .for_each(|(at, command)| from(at, command));
    }
    hints
}

/// The hints at the right: key and word of the help and of the palette.
fn ends(model: &Model) -> [(String, &'static str); 2] {
    let end = |id: &str, words| (model.keymap.key_of(id), words);
    [end("help", " help"), end("palette", " more")]
}

fn lengths(model: &Model) -> [usize; 2] {
    ends(model).map(|(key, words)| width(&key) + words.len())
}

/// Columns between two hints.
const fn gap(model: &Model) -> usize {
    if model.is_wide() { 3 } else { 2 }
}

/// The hints that have room, each with the column where it begins, and whether `: more` stands beside them.
fn placed(model: &Model, columns: usize) -> (Vec<(usize, Hint)>, bool) {
    let gap = gap(model);
    let [help, more] = lengths(model);
    let mut hints = hints(model);
    let length = |hints: &[Hint]| -> usize {
        let one = |hint: &Hint| width(&hint.key) + 1 + width(&hint.words) + gap;
        let all: usize = hints.iter().map(one).sum();
        (all + 1).saturating_sub(gap)
    };
    let room = |with_more: bool| {
        let right = help + if with_more { more + gap } else { 0 };
        columns.saturating_sub(right + 1) // a space between
    };
    if length(&hints) > room(true) {
        // what cannot run goes first, then `more`, then from the right; nothing else tells of deciding many
        let some = !model.conflicts.all.is_empty();
        hints.retain(|hint| hint.ready || (some && hint.msg == Do::Decide));
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
    let [help, length] = lengths(model);
    let help = columns.saturating_sub(help);
    let more = help.saturating_sub(length + gap(model));
    match placed.iter().find(hit) {
        Some((_, hint)) => Some(hint.msg),
        None if x >= help => Some(Do::Help),
        None if with_more && (more..more + length).contains(&x) => Some(Do::Palette),
        None => None,
    }
}

/// Rows that a message may take, so that none is cut.
const MESSAGE: usize = 3;

/// What stands in place of the keys: a message, or in plain mode what is under the cursor.
fn message(model: &Model) -> Option<(&'static str, Style, String)> {
    let theme = &model.theme;
    if let Some(toast) = &model.toast {
        let (mark, style) = match (toast.failed, toast.done) {
            (true, _) => (" ! ", theme.error),
            (false, true) => (" ✓ ", theme.well),
            (false, false) => (" ", theme.well),
        };
        return Some((mark, style, toast.words.clone()));
    }
    (model.plain && model.overlay.is_none())
        .then(|| (" ", Style::new(), super::super::plain::words(model)))
}

/// Draws a message in as many of the last rows as it needs.
fn draw_message(
    (mark, style, words): (&str, Style, String),
    area: Rect,
    theme: &Theme,
    buf: &mut Buffer,
) {
    let columns = area.width as usize;
    let mut lines = wrap(&words, columns.saturating_sub(width(mark) + 1));
    if lines.len() > MESSAGE {
        lines.truncate(MESSAGE);
        let last = lines.last_mut().map(std::mem::take).unwrap_or_default();
        lines[MESSAGE - 1] = cut_end(&format!("{last} …"), columns - 2).into_owned();
    }
    let first = (area.height as usize).saturating_sub(lines.len());
    if lines.len() > 1 {
        let above = Rect {
            y: area.y + first as u16,
            height: lines.len() as u16,
            ..area
        };
        Clear.render(above, buf);
        let rule = paint::row(area, first.saturating_sub(1));
        paint::rule("", Style::new(), rule, theme, buf);
    }
    for (at, line) in lines.into_iter().enumerate() {
        let lead = if at == 0 {
            mark.to_owned()
        } else {
            " ".repeat(width(mark))
        };
        Row::of(lead, style)
            .add(line, Style::new())
            .draw(paint::row(area, first + at), buf);
    }
}

/// Draws it into the last row of `area`; a long message takes rows above it, too.
pub fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    if !matches!(model.overlay, Some(Overlay::Leave))
        && let Some(message) = message(model)
    {
        return draw_message(message, area, &model.theme, buf);
    }
    let area = paint::row(area, (area.height as usize).saturating_sub(1));
    let theme = &model.theme;
    let columns = area.width as usize;
    if matches!(model.overlay, Some(Overlay::Leave)) {
        let waiting = model.totals.waiting;
        let words = if columns < 76 {
            format!(" q: leave? {waiting} writes wait.")
        } else {
            format!(" q: leave? The sync stops: nobody else holds it. {waiting} writes wait.")
        };
        return Row::of(words, theme.decide)
            .end_at("y / N", columns, theme.title)
            .draw(area, buf);
    }
    if model.overlay.is_some() || model.searching || model.filters.editing.is_some() {
        return; // what covers the tab names its own keys
    }
    let gap = gap(model);
    let [help, more] =
        ends(model).map(|(key, words)| Row::of(key, theme.title).add(words, Style::new()));
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
