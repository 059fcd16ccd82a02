//! Contacts: a windowed list, and the contact under the cursor in full.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::engine::port::Ask;
use crate::model::{Action, ContactRow, ContactSort, FieldName, LinkState, Value};
use crate::store::{ContactDetail, ContactQuery};
use crate::text::{cut_middle, thousands};

use super::super::confirm::Confirm;
use super::super::effect::{Request, Span};
use super::super::form::{Form, Purpose};
use super::super::glyphs::state_mark;
use super::super::model::{Model, Overlay};
use super::super::msg::{Move, Page, Tab};
use super::super::theme::Theme;
use super::super::widgets::paint::{self, Row};
use super::super::window::Window;
use super::detail::{self, Entry, Section, Standing};

/// State of the tab.
#[derive(Clone, Debug, Default)]
pub struct Contacts {
    /// The list.
    pub window: Window<ContactRow>,
    /// What is listed.
    pub query: ContactQuery,
    /// Whether keys go to the detail.
    pub detail_focus: bool,
    /// Whether the detail takes the whole width.
    pub zoomed: bool,
    /// The section of the detail.
    pub section: Section,
    /// The entry under the detail's cursor.
    pub at: usize,
    /// Whether fields in step are shown on a narrow terminal.
    pub unfolded: bool,
    detail: Option<Box<ContactDetail>>,
}

impl Contacts {
    /// The row under the cursor.
    pub fn current(&self) -> Option<&ContactRow> {
        self.window.current()
    }

    /// The detail of the row under the cursor, once it was read.
    pub fn detail_in_view(&self) -> Option<&ContactDetail> {
        let detail = self.detail.as_deref()?;
        (Some(detail.linked.id) == self.window.cursor).then_some(detail)
    }

    /// Whether keys go to the detail.
    pub const fn in_detail(&self) -> bool {
        self.detail_focus
    }

    /// Whether the contact under the cursor is left alone.
    pub fn is_ignored(&self) -> bool {
        self.current()
            .is_some_and(|row| row.state == LinkState::Ignored)
    }

    /// Whether fields in step are folded away at this width.
    pub const fn is_folded(&self, columns: u16) -> bool {
        columns < super::super::model::WIDE && !self.unfolded
    }
}

fn entries(model: &Model) -> Vec<Entry> {
    model
        .contacts
        .detail_in_view()
        .map(|detail| detail::entries(detail, &model.conflicts.all))
        .unwrap_or_default()
}

/// Rows of the list that are on the screen.
pub fn visible(model: &Model) -> usize {
    let frame = if model.is_wide() { 3 } else { 2 };
    model.body_rows().saturating_sub(frame).max(1)
}

/// Asks for a part of the list.
pub fn read(model: &mut Model, span: Span) {
    let request = Request::Contacts {
        query: model.contacts.query.clone(),
        span,
        reach: (visible(model) * 2).clamp(20, 200) as u16,
    };
    model.read(request);
}

/// Asks for the detail of the row under the cursor.
pub fn follow(model: &mut Model) {
    if let Some(link) = model.contacts.window.cursor {
        model.read(Request::Detail(link));
    }
}

/// Takes a page of rows.
pub fn accept(model: &mut Model, query: &ContactQuery, page: Page<ContactRow>) {
    if *query != model.contacts.query {
        return; // an answer to what is not asked any more
    }
    let visible = visible(model);
    let before = model.contacts.window.cursor;
    model.dirty |= model.contacts.window.accept(page, visible) || !model.contacts.window.loaded;
    if model.contacts.window.cursor != before || model.contacts.detail_in_view().is_none() {
        follow(model);
    }
}

/// Takes a detail.
pub fn accept_detail(model: &mut Model, detail: Option<Box<ContactDetail>>) {
    if let Some(detail) = detail
        && model.contacts.detail.as_ref() != Some(&detail)
    {
        model.contacts.detail = Some(detail);
        let last = entries(model).len().saturating_sub(1);
        if model.contacts.section == Section::Fields {
            model.contacts.at = model.contacts.at.min(last);
        }
        model.dirty = true;
    }
}

/// Looks for other rows: the words or the order changed.
pub fn requery(model: &mut Model, change: impl FnOnce(&mut ContactQuery)) {
    change(&mut model.contacts.query);
    model.contacts.window.reset();
    read(model, Span::Start);
}

/// Moves the cursor of the list or of the detail.
pub fn go(model: &mut Model, how: Move) {
    if model.contacts.detail_focus {
        return go_detail(model, how);
    }
    let visible = visible(model);
    let before = model.contacts.window.cursor;
    let wanted = model.contacts.window.step(how, visible);
    if model.contacts.window.cursor != before {
        model.contacts.at = 0;
        follow(model);
    }
    if let Some(span) = wanted {
        read(model, span);
    }
}

fn go_detail(model: &mut Model, how: Move) {
    let Some(detail) = model.contacts.detail_in_view() else {
        return;
    };
    let entries = entries(model);
    let places: Vec<usize> = match model.contacts.section {
        Section::Fields => {
            let folded = model.contacts.is_folded(model.size.0);
            let shown = detail::shown(&entries, folded);
            shown.into_iter().map(|(at, _)| at).collect()
        }
        Section::Tasks => (0..detail.tasks.len()).collect(),
        Section::Notes => (0..detail.notes.len()).collect(),
        Section::Appointments => (0..detail.appointments.len()).collect(),
        Section::History => (0..detail.history.len()).collect(),
    };
    let Some(last) = places.len().checked_sub(1) else {
        return;
    };
    let at = places.iter().position(|at| *at >= model.contacts.at);
    let at = at.unwrap_or(last);
    let to = match how {
        Move::Down => at + 1,
        Move::Up => at.saturating_sub(1),
        Move::Top => 0,
        Move::Bottom => last,
        Move::PageDown => at + 10,
        Move::PageUp => at.saturating_sub(10),
    };
    model.contacts.at = places[to.min(last)];
}

/// Goes to another row of the list without leaving the detail.
pub fn step_record(model: &mut Model, how: Move) {
    let focus = std::mem::replace(&mut model.contacts.detail_focus, false);
    go(model, how);
    model.contacts.detail_focus = focus;
}

/// Opens what is under the cursor: the detail, and in the detail what holds the field.
pub fn open(model: &mut Model) {
    if !model.contacts.detail_focus {
        model.contacts.detail_focus = model.contacts.current().is_some();
        model.contacts.zoomed = model.contacts.detail_focus;
        return;
    }
    let entries = entries(model);
    let at = model.contacts.at;
    let held = match (model.contacts.section, entries.get(at)) {
        (Section::Fields, Some(entry)) => Some(entry.standing.clone()),
        _ => None,
    };
    match held {
        Some(Standing::Conflict(Some(id))) => super::workbench::open(model, id),
        Some(Standing::Parked(..)) => model.say("Parked: e gives it another value."),
        Some(Standing::Waiting(_)) => model.say("Waits: the next pass writes it."),
        _ => model.contacts.zoomed = true,
    }
}

/// One step back; false at the list without a search.
pub fn back(model: &mut Model) -> bool {
    let contacts = &mut model.contacts;
    if contacts.zoomed {
        contacts.zoomed = false;
        contacts.detail_focus &= model.size.0 >= super::super::model::WIDE;
    } else if contacts.detail_focus {
        contacts.detail_focus = false;
    } else if !contacts.query.search.is_empty() {
        requery(model, |query| query.search.clear());
    } else {
        return false;
    }
    true
}

/// Changes the order.
pub fn sort(model: &mut Model) {
    requery(model, |query| {
        query.sort = match query.sort {
            ContactSort::Name => ContactSort::Edited,
            ContactSort::Edited => ContactSort::Name,
        };
    });
}

/// Opens the form of fields; only that of tags if `tags_only`.
pub fn edit(model: &mut Model, tags_only: bool) {
    let Some(detail) = model.contacts.detail_in_view() else {
        return;
    };
    let (link, kind) = (detail.linked.id, detail.linked.kind);
    let entries = entries(model);
    let held = |field: &FieldName| {
        let of_field = entries.iter().find(|entry| entry.field == *field);
        of_field.is_some_and(|entry| matches!(entry.standing, Standing::Conflict(_)))
    };
    let on_cursor = model.contacts.detail_focus && model.contacts.section == Section::Fields;
    let wanted = entries
        .get(model.contacts.at)
        .filter(|_| on_cursor && !tags_only)
        .map(|entry| entry.field.clone());
    if let Some(field) = wanted.as_ref().filter(|field| held(field)) {
        let words = format!("{} is in conflict: enter decides it.", field.label());
        return model.say(words);
    }
    let mut fields: Vec<FieldName> = match tags_only {
        true => vec![FieldName::Tags],
        false => FieldName::of(kind).to_vec(),
    };
    if !tags_only {
        let more = entries.iter().map(|entry| &entry.field);
        let custom: Vec<_> = more.filter(|f| !fields.contains(f)).cloned().collect();
        fields.extend(custom);
        fields.retain(|field| *field != FieldName::Business && !held(field));
    }
    if fields.iter().any(held) {
        return model.say("tags is in conflict: enter in the detail decides it.");
    }
    let at = fields
        .iter()
        .position(|field| Some(field) == wanted.as_ref());
    let of = |field: FieldName| {
        let entry = entries.iter().find(|entry| entry.field == field);
        let value = entry.and_then(Entry::value);
        (field, value)
    };
    let fields = fields.into_iter().map(of).collect();
    let name = name(model);
    let title = match tags_only {
        true => format!("Tags of {name}, with commas between"),
        false => format!("Edit {name}"),
    };
    let form = Form::new(title, Purpose::Edit(link), fields, at.unwrap_or(0));
    model.overlay = Some(Overlay::Form(Box::new(form)));
}

/// Opens the form of a note.
pub fn note(model: &mut Model) {
    if let Some(link) = model.contacts.window.cursor {
        let title = format!("Note on {}", name(model));
        let fields = vec![(FieldName::Body, None)];
        let form = Form::new(title, Purpose::Note(link), fields, 0);
        model.overlay = Some(Overlay::Form(Box::new(form)));
    }
}

/// Asks whether to leave the contact alone, or to take it up again.
pub fn ignore(model: &mut Model) {
    let Some(row) = model.contacts.current() else {
        return;
    };
    let ignored = row.state != LinkState::Ignored;
    let name = row.name.clone();
    let (title, words, yes, said) = match ignored {
        true => (
            "Ignore",
            "It keeps its pair, and is neither read in sweeps nor written. Nothing is deleted.",
            "ignore it",
            "ignored",
        ),
        false => (
            "Take up",
            "It is kept the same on both sides again.",
            "take it up",
            "taken up again",
        ),
    };
    let ask = Ask::Act(Action::Ignore {
        link: row.id,
        ignored,
    });
    let said = format!("{name}: {said}.");
    let lines = vec![words.to_owned()];
    let confirm = Confirm::one(&format!("{title} {name}?"), lines, yes, ask, &said);
    model.overlay = Some(Overlay::Confirm(Box::new(confirm)));
}

/// Shows a contact that something else names.
pub fn show(model: &mut Model, link: crate::model::LinkId) {
    model.tab = Tab::Contacts;
    model.contacts.window.cursor = Some(link);
    model.contacts.detail_focus = true;
    model.contacts.zoomed = true;
    model.contacts.at = 0;
    follow(model);
}

/// The name of the contact under the cursor.
pub fn name(model: &Model) -> String {
    model
        .contacts
        .current()
        .map(|row| row.name.clone())
        .unwrap_or_default()
}

/// What the two ends of a contact have of a field, for the list of writes.
pub fn ends_of(model: &Model, field: &FieldName) -> crate::model::BySide<Option<Option<Value>>> {
    let ends = model
        .contacts
        .detail_in_view()
        .map(|detail| detail.linked.ends.as_ref());
    crate::model::BySide::from_fn(|side| {
        let end = ends.as_ref().map(|ends| *ends.get(side))?;
        Some(end.live()?.record.get(field).cloned())
    })
}

/// Draws the tab.
pub fn view(model: &Model, area: Rect, buf: &mut Buffer) {
    let wide = model.is_wide();
    let zoomed = model.contacts.zoomed || (!wide && model.contacts.detail_focus);
    if zoomed {
        return draw_detail(model, area, !wide, buf);
    }
    if !wide {
        return draw_list(model, area, buf);
    }
    let share = if model.size.0 < 120 { 45 } else { 50 };
    let columns = (area.width * share / 100 + 1).min(81);
    let theme = &model.theme;
    paint::rule("", theme.dim, paint::row(area, 0), theme, buf);
    buf.set_string(area.x + columns, area.y, "┬", theme.dim);
    let body = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    };
    let list = Rect {
        width: columns + 1,
        ..body
    };
    draw_list(model, list, buf);
    let detail = Rect {
        x: body.x + columns + 1,
        width: body.width - columns - 1,
        ..body
    };
    draw_detail(model, detail, false, buf);
}

fn mark_style(state: LinkState, theme: &Theme) -> Style {
    match state {
        LinkState::Conflict => theme.decide,
        LinkState::Error => theme.error,
        LinkState::Waiting => theme.moving,
        LinkState::Ignored => theme.dim,
        LinkState::OneSide | LinkState::InStep => theme.well,
    }
}

fn draw_list(model: &Model, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let window = &model.contacts.window;
    let inner = paint::beside_track(area);
    let columns = inner.width as usize;
    let narrow = columns < 70;
    let (owner, edited, after) = if narrow { (5, 7, 0) } else { (8, 7, 4) };
    let name = ((columns - 4) * 3 / 10).clamp(18, 40);
    let name = if narrow { name.max(19) } else { name };
    let email = columns.saturating_sub(4 + name + 2 + owner + edited + after);
    let (by_name, by_edited) = match model.contacts.query.sort {
        ContactSort::Name => ("Name ▲", "Edited"),
        ContactSort::Edited => ("Name", "Edited▼"),
    };
    Row::new()
        .to(4)
        .cell(by_name, name + 1, theme.title)
        .cell("E-mail", email + 1, Style::new())
        .cell("Owner", owner, Style::new())
        .right(by_edited, edited, Style::new())
        .draw(paint::row(inner, 0), buf);
    let visible = (area.height as usize).saturating_sub(2);
    let top = window.top;
    for (line, row) in window.rows.iter().skip(top).take(visible).enumerate() {
        let place = paint::row(inner, line + 1);
        let ignored = row.state == LinkState::Ignored;
        let style = if ignored { theme.dim } else { Style::new() };
        let when = row.updated_at.map(|at| model.times.brief(at));
        Row::of("  ", Style::new())
            .add(
                state_mark(row.state, row.waits_for, &row.ids),
                mark_style(row.state, theme),
            )
            .add(" ", Style::new())
            .cell(&row.name, name, style)
            .add(" ", Style::new())
            .cell(&cut_middle(&row.email, email), email, style)
            .add(" ", Style::new())
            .cell(short_user(&row.owner), owner, style)
            .right(&when.unwrap_or_default(), edited, theme.dim)
            .draw(place, buf);
        if Some(row.id) == window.cursor {
            paint::cursor(place, theme, buf);
        }
    }
    if window.rows.is_empty() {
        let words = match (window.loaded, model.contacts.query.search.as_str()) {
            (false, _) => "reading…".into(),
            (true, "") => "No contact yet. The first pass brings them.".into(),
            (true, search) => format!("No contact matches {search}. esc shows all."),
        };
        Row::of(format!("    {words}"), theme.dim).draw(paint::row(inner, 1), buf);
    }
    let track = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    };
    paint::track(area, 0, 0, theme, buf);
    paint::track(
        Rect {
            height: track.height.saturating_sub(1),
            ..track
        },
        top,
        window.rows.len(),
        theme,
        buf,
    );
    let foot = paint::row(inner, area.height.saturating_sub(1) as usize);
    draw_foot(model, foot, buf);
}

/// `lou` of `lou@firm.example`.
pub fn short_user(text: &str) -> &str {
    text.split('@').next().unwrap_or(text)
}

fn draw_foot(model: &Model, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    if model.searching {
        return Row::of(" search  ", theme.dim)
            .add(model.contacts.query.search.clone(), Style::new())
            .add("█", theme.dim)
            .draw(area, buf);
    }
    let count = |state: LinkState| model.totals.contacts.get(&state).copied().unwrap_or(0);
    let all: u64 = model.totals.contacts.values().sum();
    let by = match model.contacts.query.sort {
        ContactSort::Name => "by name",
        ContactSort::Edited => "by latest edit",
    };
    let mut row = match model.contacts.query.search.as_str() {
        "" => Row::of(format!(" {} contacts, {by}", thousands(all)), Style::new()),
        search => Row::of(
            format!(" search {search}, {by}, esc drops it"),
            Style::new(),
        ),
    };
    for (mark, state) in [
        ("≠", LinkState::Conflict),
        ("!", LinkState::Error),
        ("←→⇄", LinkState::Waiting),
        ("◐◑", LinkState::OneSide),
    ] {
        let n = count(state);
        if n > 0 {
            let gap = if mark == "≠" { "    " } else { "  " };
            row = row
                .add(gap, Style::new())
                .add(format!("{mark} {}", thousands(n)), mark_style(state, theme));
        }
    }
    row.draw(area, buf);
}

fn draw_detail(model: &Model, area: Rect, compact: bool, buf: &mut Buffer) {
    let theme = &model.theme;
    let inner = paint::beside_track(area);
    let columns = inner.width as usize;
    let Some(detail) = model.contacts.detail_in_view() else {
        paint::track(area, 0, 0, theme, buf);
        if let Some(row) = model.contacts.current() {
            Row::of(" ", Style::new())
                .add(
                    state_mark(row.state, row.waits_for, &row.ids),
                    mark_style(row.state, theme),
                )
                .add(format!(" {}", row.name), theme.title)
                .draw(paint::row(inner, 0), buf);
            Row::of(" reading…", theme.dim).draw(paint::row(inner, 1), buf);
        }
        return;
    };
    let entries = detail::entries(detail, &model.conflicts.all);
    let head = detail::head_rows(model, detail, &entries, columns);
    let ruled = paint::row(inner, if compact { 2 } else { 3 });
    paint::track(area, 0, 0, theme, buf);
    let first = if compact {
        head[0].draw(paint::row(inner, 0), buf);
        head[3].draw(paint::row(inner, 1), buf);
        3
    } else {
        for (at, row) in [0, 1, 2, 4].into_iter().zip(&head) {
            row.draw(paint::row(inner, at), buf);
        }
        6
    };
    let line = Rect {
        x: ruled.x + 1,
        width: ruled.width.saturating_sub(2),
        ..ruled
    };
    paint::rule("", theme.dim, line, theme, buf);
    let rows = detail::section_rows(model, detail, &entries, columns);
    let place = Rect {
        y: area.y + first,
        height: area.height.saturating_sub(first),
        ..area
    };
    let at = model.contacts.at;
    let start = rows.iter().position(|(of, _)| *of == Some(at)).unwrap_or(0);
    let end = rows.iter().rposition(|(of, _)| *of == Some(at));
    let visible = place.height as usize;
    let end = end.unwrap_or(start).min(start + visible.saturating_sub(1));
    let top = paint::scrolled(0, end, visible, rows.len());
    for (line, (of, row)) in rows.iter().skip(top).take(visible).enumerate() {
        let spot = paint::row(paint::beside_track(place), line);
        row.draw(spot, buf);
        if model.contacts.detail_focus && *of == Some(at) {
            if line + top == start {
                paint::cursor(spot, theme, buf);
            } else {
                buf[(spot.x, spot.y)].set_symbol("▌");
            }
        }
    }
    paint::track(place, top, rows.len(), theme, buf);
}
