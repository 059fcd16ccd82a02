//! Boxes over a tab: questions, choices, forms, the palette, the help.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    widgets::{Clear, Widget},
};

use crate::text::{cut_end, width};

use super::super::confirm::{Choice, Confirm, Offer};
use super::super::form::Form;
use super::super::model::{Model, Overlay};
use super::super::pages;
use super::super::theme::Theme;
use super::help;
use super::paint::{self, Row};
use super::palette_box;
use super::remember_box;

/// Draws what covers the tab, if anything.
pub fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    match &model.overlay {
        None | Some(Overlay::Leave | Overlay::Workspaces(_)) => {}
        Some(Overlay::Help(scroll)) => draw_help(model, *scroll, area, buf),
        Some(Overlay::Palette(palette)) => palette_box::draw(model, palette, area, buf),
        Some(Overlay::Confirm(confirm)) => draw_confirm(model, confirm, area, buf),
        Some(Overlay::Choice(choice)) => draw_choice(model, choice, area, buf),
        Some(Overlay::Form(form)) => draw_form(model, form, area, buf),
        Some(Overlay::Remember(asked)) => remember_box::draw(model, asked, area, buf),
    }
}

/// A framed box of so many inner rows in the middle of `area`; the place inside.
pub(super) fn frame(title: &str, rows: usize, area: Rect, theme: &Theme, buf: &mut Buffer) -> Rect {
    let columns = area.width.min(100);
    let height = (rows as u16 + 2).min(area.height);
    let place = Rect {
        x: area.x + (area.width - columns) / 2,
        y: area.y + (area.height - height) / 2,
        width: columns,
        height,
    };
    Clear.render(place, buf);
    for y in place.y..place.bottom() {
        // a wide sign that reaches under the frame would push it aside
        if let Some(beside) = place.x.checked_sub(1).and_then(|x| buf.cell_mut((x, y)))
            && width(beside.symbol()) > 1
        {
            beside.set_symbol(" ");
        }
    }
    let inner = columns.saturating_sub(2) as usize;
    let title = cut_end(title, inner.saturating_sub(3));
    let rest = inner.saturating_sub(width(&title) + 2);
    Row::of("┌ ", theme.dim)
        .add(title, theme.title)
        .add(format!(" {}┐", "─".repeat(rest)), theme.dim)
        .draw(paint::row(place, 0), buf);
    for at in 1..place.height as usize {
        let last = at + 1 == place.height as usize;
        let (left, fill, right) = if last {
            ("└", "─", "┘")
        } else {
            ("│", " ", "│")
        };
        let between = if last { theme.dim } else { Style::new() };
        Row::of(left, theme.dim)
            .add(fill.repeat(inner), between)
            .add(right, theme.dim)
            .draw(paint::row(place, at), buf);
    }
    Rect {
        x: place.x + 2,
        y: place.y + 1,
        width: columns.saturating_sub(4),
        height: height.saturating_sub(2),
    }
}

/// A line across a box, at row `at` inside of it.
pub(super) fn divide(inside: Rect, at: usize, theme: &Theme, buf: &mut Buffer) {
    let place = paint::row(inside, at);
    let whole = Rect {
        x: place.x.saturating_sub(2),
        width: place.width + 4,
        ..place
    };
    let fill = "─".repeat((whole.width as usize).saturating_sub(2));
    Row::of(format!("├{fill}┤"), theme.dim).draw(whole, buf);
}

/// Columns inside a box.
fn inner_columns(width: u16) -> usize {
    width.min(100).saturating_sub(4) as usize
}

/// How many rows the box over the tab has that scroll, and how many of them are seen at once.
pub fn extent(model: &Model) -> Option<(usize, usize)> {
    let (columns, height) = (inner_columns(model.size.0), model.body_rows());
    match model.overlay.as_ref()? {
        Overlay::Help(_) => {
            let rows = help::rows(model, columns).len();
            Some((rows, rows.min(help_room(height))))
        }
        Overlay::Confirm(confirm) => {
            let question = Question::of(confirm, columns, height);
            Some((question.lines.len(), question.shown))
        }
        _ => None,
    }
}

fn help_room(height: usize) -> usize {
    height.saturating_sub(4).max(1)
}

/// A question in lines as wide as its box.
struct Question {
    lines: Vec<String>,
    foot: Vec<String>,
    /// Rows of the foot, with the rules and the keys.
    fixed: usize,
    /// Of `lines`, how many are seen at once.
    shown: usize,
}

impl Question {
    fn of(confirm: &Confirm, columns: usize, height: usize) -> Self {
        let wrapped = |words: &[String]| -> Vec<String> {
            let lines = words.iter().flat_map(|line| help::wrap(line, columns));
            lines.collect()
        };
        let (mut lines, mut foot) = (wrapped(&confirm.lines), wrapped(&confirm.foot));
        if height < foot.len() + 8 {
            lines.append(&mut foot); // on a low terminal all scrolls, so that what is written can be seen
        }
        let fixed = foot.len() + 2 + usize::from(!foot.is_empty());
        let shown = lines.len().min(height.saturating_sub(fixed + 2).max(1));
        Self {
            lines,
            foot,
            fixed,
            shown,
        }
    }
}

fn draw_confirm(model: &Model, confirm: &Confirm, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let Question {
        lines,
        foot,
        fixed,
        shown,
    } = Question::of(confirm, inner_columns(area.width), area.height as usize);
    let inside = frame(&confirm.title, shown + fixed, area, theme, buf);
    let first = confirm.scroll.min(lines.len() - shown);
    for (at, line) in lines.iter().skip(first).take(shown).enumerate() {
        let style = if line.contains("DELETE") {
            theme.error
        } else {
            Style::new()
        };
        Row::of(line.clone(), style).draw(paint::row(inside, at), buf);
    }
    let mut at = shown;
    if !foot.is_empty() {
        divide(inside, at, theme, buf);
        at += 1;
    }
    for line in foot {
        Row::of(line, Style::new()).draw(paint::row(inside, at), buf);
        at += 1;
    }
    divide(inside, at, theme, buf);
    let mut keys = Row::new();
    if let Some(id) = confirm.decide {
        keys = keys
            .add("enter", theme.title)
            .add(format!(" decide {id} again (default)     "), Style::new());
    }
    if let Some(yes) = &confirm.yes {
        keys = keys
            .add("y", theme.title)
            .add(format!(" {yes}     "), Style::new());
    }
    if confirm.yes.is_some() && confirm.takes_reason() {
        keys = keys.add("tab", theme.title).add(" note     ", Style::new());
    }
    let back = match (confirm.decide, &confirm.yes) {
        (Some(_), _) => "esc back",
        (None, Some(_)) if inside.width < 60 => "N or esc back",
        (None, Some(_)) => "N or esc go back (default)",
        (None, None) => "enter or esc close",
    };
    keys = keys.add(back, Style::new());
    if lines.len() > shown {
        let of = format!("{} of {}", first + shown, lines.len());
        let room = (inside.width as usize).saturating_sub(keys.used() + 2);
        let forms = [format!("J K scroll   {of}"), format!("J K   {of}"), of];
        if let Some(of) = forms.iter().find(|form| width(form) <= room) {
            keys = keys.end_at(of, inside.width as usize, theme.dim);
        }
    }
    keys.draw(paint::row(inside, at + 1), buf);
}

fn draw_choice(model: &Model, choice: &Choice, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let columns = inner_columns(area.width);
    let height = area.height as usize;
    let mut rows = Vec::new();
    for (words, link) in &choice.lines {
        let style = link.map_or(Style::new(), |side| {
            pages::linked(model, side, Style::new())
        });
        let wrapped = help::wrap(words, columns).into_iter();
        rows.extend(wrapped.map(|line| Row::of(line, style)));
    }
    let told = rows.len();
    if told > 0 {
        rows.push(Row::new()); // the rule between what is told and the answers
    }
    for (at, Offer { words, .. }) in choice.answers.iter().enumerate() {
        let mut lines = help::wrap(words, columns.saturating_sub(3));
        if height < told + choice.answers.len() + 8 {
            lines = vec![cut_end(words, columns.saturating_sub(3)).into_owned()];
        }
        for (line, words) in lines.into_iter().enumerate() {
            let number = if line == 0 {
                (at + 1).to_string()
            } else {
                " ".into()
            };
            let row = Row::of(number, theme.title);
            rows.push(row.add(format!("  {words}"), Style::new()));
        }
    }
    let mut foot = help::wrap(&choice.foot, columns);
    if choice.foot.is_empty() || rows.len() + foot.len() + 4 > height {
        foot.clear(); // the answers and the way out stay
    }
    let inside = frame(&choice.title, rows.len() + foot.len() + 2, area, theme, buf);
    paint::rows(&rows, inside, buf);
    if told > 0 {
        divide(inside, told, theme, buf);
    }
    divide(inside, rows.len(), theme, buf);
    let keys = "a number chooses     esc back".to_owned();
    for (at, words) in foot.into_iter().chain([keys]).enumerate() {
        let place = paint::row(inside, rows.len() + 1 + at);
        Row::of(words, Style::new()).draw(place, buf);
    }
}

fn draw_form(model: &Model, form: &Form, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let long = form.inputs.iter().any(super::super::form::Input::is_long);
    let tall = if form.inputs.len() == 1 { 8 } else { 4 };
    let height = |input: &super::super::form::Input| if input.is_long() { tall } else { 1 };
    let room = (area.height as usize).saturating_sub(4).max(1);
    let mut first = 0;
    let rows_to = |first: usize, last: usize| -> usize {
        let shown = form.inputs.iter().take(last + 1).skip(first);
        shown.map(height).sum()
    };
    while first < form.at && rows_to(first, form.at) > room {
        first += 1;
    }
    let rows = rows_to(first, form.inputs.len()).min(room);
    let inside = frame(&form.title, rows + 2, area, theme, buf);
    let mut used = 0;
    for (at, input) in form.inputs.iter().enumerate().skip(first) {
        if used >= rows {
            break;
        }
        let place = Rect {
            y: inside.y + used as u16,
            height: (height(input).min(rows - used) as u16).min(inside.height),
            ..inside
        };
        used += height(input);
        let label = if at == form.at {
            theme.title
        } else {
            theme.dim
        };
        Row::new().cell(&input.label(), 15, label).draw(place, buf);
        let understood = input.understood().filter(|_| at == form.at);
        let (bad, bad_style) = match (&input.bad, &understood) {
            (Some(bad), _) => (bad.as_str(), theme.error),
            (None, Some(words)) => (words.as_str(), theme.dim),
            (None, None) => ("", theme.dim),
        };
        let bad_width = (width(bad) as u16 + 1).min(place.width / 2);
        let bad_width = if bad.is_empty() { 0 } else { bad_width };
        let text = Rect {
            x: place.x + 15,
            width: place.width.saturating_sub(15 + bad_width),
            ..place
        };
        if at == form.at {
            input.area.render(text, buf);
        } else {
            let words = input.area.lines().join(" ");
            Row::of(words, Style::new()).draw(text, buf);
        }
        if bad_width > 0 {
            let at = Rect {
                x: text.right() + 1,
                width: bad_width.saturating_sub(1),
                ..place
            };
            Row::of(bad.to_owned(), bad_style).draw(at, buf);
        }
    }
    let at = rows;
    divide(inside, at, theme, buf);
    let clears = form
        .inputs
        .get(form.at)
        .is_some_and(|input| !input.is_long());
    let clears = match form.inputs.len() {
        1 => clears && inside.width >= 45,
        _ => clears && inside.width >= 65,
    };
    let mut keys = match (long, form.inputs.len()) {
        (true, _) if inside.width < 45 => "tab next  ctrl-s go on  esc leave",
        (false, 2..) if inside.width < 45 => "tab next  enter go on  esc leave",
        (true, 1) => "ctrl-s go on     esc leave",
        (true, _) => "tab next field     ctrl-s go on     esc leave",
        (false, 1) => "enter go on     esc leave",
        (false, _) => "tab next field     enter go on     esc leave",
    }
    .to_owned();
    if clears {
        keys = keys.replace("     esc leave", "     ctrl-u clears     esc leave");
    }
    Row::of(keys, Style::new()).draw(paint::row(inside, at + 1), buf);
}

fn draw_help(model: &Model, scroll: usize, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let rows = help::rows(model, inner_columns(area.width));
    let shown = rows.len().min(help_room(area.height as usize));
    let scopes = model.screen_scopes();
    let name = scopes.first().map_or("", |scope| scope.label());
    let title = format!("Help: {name}     times: {}", model.times.zone_name());
    let inside = frame(&title, shown + 2, area, theme, buf);
    let first = scroll.min(rows.len() - shown);
    paint::rows(
        rows.iter().skip(first).take(shown),
        Rect {
            height: shown as u16,
            ..inside
        },
        buf,
    );
    divide(inside, shown, theme, buf);
    let mut keys = Row::of(
        "? close     j k pgdn scroll     / searches all help",
        Style::new(),
    );
    if rows.len() > shown {
        let of = format!("{} of {}", first + shown, rows.len());
        keys = keys.end_at(&of, inside.width as usize, theme.dim);
    }
    keys.draw(paint::row(inside, shown + 1), buf);
}
