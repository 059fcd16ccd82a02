//! Contacts: a windowed list, and the contact under the cursor in full. Drawn by [`contacts_view`](super::contacts_view).

use crate::model::{ContactRow, FieldName, LinkId, LinkState, Millis, Value};
use crate::store::{ContactDetail, ContactQuery};

use super::super::effect::{Request, Span};
use super::super::model::Model;
use super::super::msg::{Move, Page, Tab};
use super::super::window::Window;
use super::detail::{self, Entry, Section, Standing};
use super::detail_table;
use super::views::{Column, USUAL, View};

/// A read that takes longer is said to take place.
const PATIENCE_MS: i64 = 150;

/// The detail follows a cursor that rests: each line of the pane would be sent for each step. Longer than the pause
/// between two keys of somebody who reads down the list, which has what tells one contact from the next.
const REST_MS: i64 = 250;

/// State of the tab.
#[derive(Clone, Debug)]
pub struct Contacts {
    /// The list.
    pub window: Window<ContactRow>,
    /// What is listed.
    pub query: ContactQuery,
    /// The columns beside mark and name.
    pub columns: Vec<Column>,
    /// The views that the operator kept.
    pub views: Vec<View>,
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
    /// A contact that something else named, shown although it may not be among the loaded rows.
    pub named: Option<LinkId>,
    /// The marked contacts in full, once a command asked for them.
    pub marked: Option<Vec<ContactDetail>>,
    detail: Option<Box<ContactDetail>>,
    /// Since when the detail of the subject is waited for, as long as that is no long time.
    since: Option<Millis>,
    /// When the detail follows the cursor, if that rests till then.
    rests: Option<Millis>,
}

impl Default for Contacts {
    fn default() -> Self {
        Self {
            window: Window::default(),
            query: ContactQuery::default(),
            columns: USUAL.to_vec(),
            views: Vec::new(),
            detail_focus: false,
            zoomed: false,
            section: Section::default(),
            at: 0,
            unfolded: false,
            named: None,
            marked: None,
            detail: None,
            since: None,
            rests: None,
        }
    }
}

impl Contacts {
    /// The row under the cursor.
    pub fn current(&self) -> Option<&ContactRow> {
        self.window.current()
    }

    /// The contact that commands are about: the named one, else that under the cursor.
    pub fn subject(&self) -> Option<LinkId> {
        self.named.or(self.window.cursor)
    }

    /// The detail of the subject, once it was read.
    pub fn detail_in_view(&self) -> Option<&ContactDetail> {
        let detail = self.detail.as_deref()?;
        (Some(detail.linked.id) == self.subject()).then_some(detail)
    }

    /// The detail to draw: for as long as the reader may take, the one before.
    pub fn detail_drawn(&self) -> Option<&ContactDetail> {
        let waits = self.since.is_some() || self.rests.is_some();
        let before = self.detail.as_deref().filter(|_| waits);
        self.detail_in_view().or(before)
    }

    /// When the detail follows the cursor, or `reading…` has to be said if the reader does not answer before.
    pub fn next_wake(&self) -> Option<Millis> {
        self.rests.or_else(|| Some(self.since?.plus(PATIENCE_MS)))
    }

    /// Whether keys go to the detail.
    pub const fn in_detail(&self) -> bool {
        self.detail_focus
    }

    /// Whether the contact under the cursor is left alone.
    pub fn is_ignored(&self) -> bool {
        self.detail_in_view()
            .is_some_and(|detail| detail.state == LinkState::Ignored)
    }
}

/// Whether fields in step are folded away: on a narrow terminal, where not all have room.
pub fn is_folded(model: &Model, entries: &[Entry]) -> bool {
    let room = model.body_rows().saturating_sub(3);
    !model.is_wide() && !model.contacts.unfolded && detail::height(entries) > room
}

pub(super) fn entries(model: &Model) -> Vec<Entry> {
    model
        .contacts
        .detail_in_view()
        .map(|detail| detail::entries(detail, &model.conflicts.all, &model.book.map))
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
    if let Some(link) = model.contacts.subject() {
        model.read(Request::Detail(link));
    }
}

/// The subject is another one: asks for its detail.
fn turn(model: &mut Model) {
    model.contacts.at = 0;
    model.contacts.rests = None;
    model.contacts.since = Some(model.times.now);
    follow(model);
}

/// The cursor stepped on: its detail is asked for when it rests.
fn stepped(model: &mut Model) {
    if model.contacts.detail_focus {
        return turn(model); // the detail is what the operator looks at
    }
    model.contacts.at = 0;
    model.contacts.since = None;
    model.contacts.rests = Some(model.times.now.plus(REST_MS));
}

/// Asks for the detail that waits for the cursor to rest.
pub fn look_now(model: &mut Model) {
    if model.contacts.rests.is_some() {
        turn(model);
    }
}

/// Asks for the detail if the cursor rested long enough.
pub fn rested(model: &mut Model) {
    if model.contacts.rests.is_some_and(|at| at <= model.times.now) {
        turn(model);
    }
}

/// Whether the detail took so long just now that it must be said.
pub fn lost_patience(model: &mut Model) -> bool {
    let since = model.contacts.since;
    let late = since.is_some_and(|since| since.plus(PATIENCE_MS) <= model.times.now);
    if late {
        model.contacts.since = None;
    }
    late && model.contacts.detail_in_view().is_none()
}

/// Takes a page of rows.
pub fn accept(model: &mut Model, query: &ContactQuery, page: Page<ContactRow>) {
    if *query != model.contacts.query {
        return; // an answer to what is not asked any more
    }
    let visible = visible(model);
    let before = model.contacts.window.cursor;
    model.dirty |= model.contacts.window.accept(page, visible) || !model.contacts.window.loaded;
    if model.contacts.window.cursor != before {
        turn(model);
    }
}

/// Takes a detail.
pub fn accept_detail(model: &mut Model, detail: Option<Box<ContactDetail>>) {
    if let Some(detail) = detail
        && model.contacts.detail.as_ref() != Some(&detail)
    {
        model.contacts.detail = Some(detail);
        if model.contacts.detail_in_view().is_some() {
            model.contacts.since = None;
        }
        let last = entries(model).len().saturating_sub(1);
        if model.contacts.section == Section::Fields {
            model.contacts.at = model.contacts.at.min(last);
        }
        to_listed(model);
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
        stepped(model);
    }
    if let Some(span) = wanted {
        read(model, span);
    }
}

/// In the table over the whole width: puts the cursor on a field that has a row.
fn to_listed(model: &mut Model) {
    if !detail_table::is_table(model) {
        return;
    }
    let listed = detail_table::listed(model, &entries(model));
    let next = listed.iter().find(|at| **at >= model.contacts.at);
    if let Some(at) = next.or(listed.last()) {
        model.contacts.at = *at;
    }
}

fn go_detail(model: &mut Model, how: Move) {
    let Some(detail) = model.contacts.detail_in_view() else {
        return;
    };
    let entries = entries(model);
    let places: Vec<usize> = match model.contacts.section {
        Section::Fields if detail_table::is_table(model) => detail_table::listed(model, &entries),
        Section::Fields => {
            let folded = is_folded(model, &entries);
            let shown = detail::shown(&entries, folded);
            shown.into_iter().map(|(at, _)| at).collect()
        }
        Section::Tasks => (0..detail.tasks.len()).collect(),
        Section::Notes => (0..detail.notes.len()).collect(),
        Section::Appointments => (0..detail.appointments.len()).collect(),
        Section::History => (0..detail.history.len()).collect(),
        Section::Rules => (0..super::super::book::rows(model, detail, 80).len()).collect(),
    };
    let Some(last) = places.len().checked_sub(1) else {
        return;
    };
    let at = places.iter().position(|at| *at >= model.contacts.at);
    let at = at.unwrap_or(last);
    model.contacts.at = places[how.among(at, last, 10)];
}

/// Puts the cursor on the row in a line of the body; in the detail, the focus there.
pub fn click(model: &mut Model, x: u16, line: usize) {
    let wide = model.is_wide();
    if model.contacts.zoomed || (!wide && model.contacts.detail_focus) {
        return;
    }
    model.dirty = true;
    if x >= super::contacts_view::list_columns(model) {
        model.contacts.detail_focus = model.contacts.subject().is_some();
        return;
    }
    let head = if wide { 2 } else { 1 };
    let top = model.contacts.window.top;
    let at = line.checked_sub(head).map(|line| top + line);
    let row = at.filter(|_| line < visible(model) + head);
    let row = row.and_then(|at| model.contacts.window.rows.get(at));
    if let Some(id) = row.map(|row| row.id) {
        model.contacts.detail_focus = false;
        model.contacts.named = None;
        if model.contacts.window.cursor.replace(id) != Some(id) {
            stepped(model);
        }
    }
}

/// Goes to another row of the list without leaving the detail.
pub fn step_record(model: &mut Model, how: Move) {
    model.contacts.named = None;
    let focus = std::mem::replace(&mut model.contacts.detail_focus, false);
    go(model, how);
    model.contacts.detail_focus = focus;
    look_now(model);
}

/// Opens what is under the cursor: the detail, and in the detail what holds the field.
pub fn open(model: &mut Model) {
    if !model.contacts.detail_focus {
        model.contacts.detail_focus = model.contacts.subject().is_some();
        model.contacts.zoomed = model.contacts.detail_focus;
        return to_listed(model);
    }
    let entries = entries(model);
    let at = model.contacts.at;
    let held = match (model.contacts.section, entries.get(at)) {
        (Section::Fields, Some(entry)) => Some(entry.standing.clone()),
        _ => None,
    };
    match held {
        Some(Standing::Conflict(Some(id))) => super::workbench::open(model, id),
        Some(Standing::Parked(..)) => {
            let key = model.key("contact.edit");
            model.say(format!("Parked: {key} gives it another value."));
        }
        Some(Standing::Waiting(_)) => model.say("Waits: the next pass writes it."),
        _ => {
            model.contacts.zoomed = true;
            to_listed(model);
        }
    }
}

/// What enter does in the detail, in a word.
pub fn enter_word(model: &Model) -> &'static str {
    if model.contacts.section != Section::Fields {
        return "";
    }
    let entries = entries(model);
    match entries.get(model.contacts.at).map(|entry| &entry.standing) {
        Some(Standing::Conflict(Some(_))) => "decide",
        _ if !model.contacts.zoomed && model.is_wide() => "zoom",
        _ => "",
    }
}

/// Puts the focus into the list; a zoomed detail stays on a wide terminal, where the list is not in view.
pub fn focus_list(model: &mut Model) {
    if !(model.contacts.zoomed && model.is_wide()) {
        while model.contacts.detail_focus && back(model) {}
    }
}

/// One step back; false at the list without a search.
pub fn back(model: &mut Model) -> bool {
    let contacts = &mut model.contacts;
    let named = contacts.named.take().is_some();
    if contacts.zoomed {
        contacts.zoomed = false;
        contacts.detail_focus &= model.size.0 >= super::super::model::WIDE;
    } else if contacts.detail_focus {
        contacts.detail_focus = false;
    } else if !contacts.query.search.is_empty() {
        requery(model, |query| query.search.clear());
    } else {
        return named;
    }
    if named {
        follow(model);
    }
    true
}

/// Leaves the detail, however deep; the search stays.
pub fn to_list(model: &mut Model) {
    model.contacts.named = None;
    model.contacts.zoomed = false;
    model.contacts.detail_focus = false;
}

/// Shows a contact that something else names.
pub fn show(model: &mut Model, link: LinkId) {
    model.tab = Tab::Contacts;
    model.contacts.named = Some(link);
    model.contacts.detail_focus = true;
    model.contacts.zoomed = true;
    turn(model);
}

/// The name of the contact that commands are about.
pub fn name(model: &Model) -> String {
    let subject = model.contacts.subject();
    if let Some(row) = model
        .contacts
        .current()
        .filter(|row| Some(row.id) == subject)
    {
        return row.name.clone();
    }
    let ends = model.contacts.detail_in_view().map(|detail| &detail.linked);
    let record = ends.and_then(|linked| {
        let seen = linked
            .ends
            .ghl
            .last_seen()
            .or(linked.ends.growbots.last_seen());
        seen.map(|seen| seen.record.title(linked.kind))
    });
    crate::text::clean(&record.unwrap_or_default()).into_owned()
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
