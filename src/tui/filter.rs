//! The filter line of a list: typed with completion, in words where it is wrong, kept for each tab.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::model::{FieldName, Filter, LinkState, Reason, Side};
use crate::text::{thousands, width};

use super::keys::{Code, Key};
use super::model::Model;
use super::msg::Tab;
use super::tabs::{conflicts, contacts, errors, sync_log, tasks};
use super::widgets::paint::{self, Row};

/// The filters of all lists.
#[derive(Clone, Debug, Default)]
pub struct Filters {
    lines: [Line; 6],
    /// The line that is being typed, in the tab that is shown.
    pub editing: Option<Editing>,
}

#[derive(Clone, Debug, Default)]
struct Line {
    text: String,
    filter: Filter,
}

/// A filter that is being typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Editing {
    /// What stands in the line.
    pub text: String,
    /// Where it is wrong, and how.
    pub bad: Option<(usize, String)>,
}

impl Filters {
    /// The filter of a tab.
    pub const fn of(&self, tab: Tab) -> &Filter {
        &self.lines[tab.index()].filter
    }

    /// The filter of a tab as it was typed.
    pub const fn text(&self, tab: Tab) -> &str {
        self.lines[tab.index()].text.as_str()
    }
}

/// Fields that a filter can name in a tab, the usual ones first.
const fn fields(tab: Tab) -> &'static [&'static str] {
    match tab {
        Tab::Contacts => &[
            "state", "tag", "owner", "updated", "name", "email", "phone", "company", "city",
            "region", "country", "source", "title",
        ],
        Tab::Tasks => &["state", "assignee", "due", "contact", "title", "done"],
        Tab::Conflicts => &[
            "reason", "field", "kind", "state", "opened", "title", "staged", "by", "deferred", "id",
        ],
        Tab::SyncLog => &["record", "side", "op", "field", "kind", "by", "at"],
        Tab::Errors => &["side", "status", "state", "operation", "record", "last"],
        Tab::Rates => &[],
    }
}

/// The values that a field can have, where they are few.
fn values(tab: Tab, field: &str) -> Vec<&'static str> {
    let yes_no = || vec!["yes", "no"];
    match (tab, field) {
        (Tab::Contacts | Tab::Tasks, "state") => LinkState::ALL.map(LinkState::name).to_vec(),
        (Tab::Conflicts, "state") => vec!["open", "decided"],
        (Tab::Conflicts, "reason") => [
            Reason::Field,
            Reason::DeleteEdit,
            Reason::AmbiguousMatch,
            Reason::Duplicate,
            Reason::MassChange,
        ]
        .map(Reason::name)
        .to_vec(),
        (Tab::Errors, "state") => vec!["open", "muted", "skipped", "closed"],
        (Tab::Errors, "side") => vec!["ghl", "growbots", "couplet"],
        (_, "side") => Side::BOTH.map(Side::name).to_vec(),
        (_, "owner" | "assignee" | "by") => vec!["me"],
        (_, "updated" | "opened" | "due" | "at" | "last") => vec!["<2h", "<2d", "<1w", ">1w"],
        (_, "staged" | "deferred" | "done") => yes_no(),
        (_, "op") => vec![
            "create", "update", "delete", "link", "conflict", "resolved", "refused",
        ],
        (_, "kind") => vec!["contact", "task", "note", "appointment"],
        _ => Vec::new(),
    }
}

/// Whether a field has those [`values`] and no others.
fn is_closed(field: &str) -> bool {
    matches!(
        field,
        "state" | "reason" | "side" | "staged" | "deferred" | "done"
    )
}

/// Where the last word gives a field a value that it cannot have, and which it can.
fn misfit(tab: Tab, text: &str) -> Option<(usize, String)> {
    let word = last_word(text);
    let (field, value) = word.split_once(':')?;
    let field = field.trim_start_matches('-').to_lowercase();
    let value = value.trim_matches('"').to_lowercase();
    let known = values(tab, &field);
    let fits = value.is_empty() || known.is_empty() || known.contains(&value.as_str());
    if fits || !is_closed(&field) {
        return None;
    }
    let at = text.len() - word.len() + word.find(':').map_or(0, |at| at + 1);
    Some((at, format!("{field} is one of {}", known.join(", "))))
}

fn is_known(tab: Tab, field: &str) -> bool {
    let canonical = Filter::canonical(field);
    let listed = fields(tab)
        .iter()
        .any(|known| Filter::canonical(known) == canonical);
    let records = matches!(tab, Tab::Contacts | Tab::Tasks);
    listed || (records && canonical.parse::<FieldName>().is_ok())
}

/// What completes the last word of a filter, best first.
pub fn completions(tab: Tab, text: &str) -> Vec<String> {
    let word = last_word(text);
    let word = word.strip_prefix('-').unwrap_or(word);
    match word.split_once(':') {
        Some((field, begun)) => {
            let begun = begun.to_lowercase();
            let other = |value: &&str| *value != begun && value.contains(&begun);
            let known = values(tab, &field.to_lowercase()).into_iter();
            let (first, then): (Vec<_>, Vec<_>) = known
                .filter(other)
                .partition(|value| value.starts_with(&begun));
            first.into_iter().chain(then).map(str::to_owned).collect()
        }
        None => fields(tab)
            .iter()
            .filter(|field| field.starts_with(&word.to_lowercase()))
            .map(|field| format!("{field}:"))
            .collect(),
    }
}

fn last_word(text: &str) -> &str {
    text.rfind(char::is_whitespace)
        .map_or(text, |at| text[at..].trim_start())
}

/// Reads a filter for a tab; where it is wrong, and how, in words.
pub(super) fn read(tab: Tab, text: &str, me: &str) -> Result<Filter, (usize, String)> {
    let filter = Filter::parse(text).map_err(|error| (error.at, error.why.to_string()))?;
    let unknown = filter
        .fields()
        .into_iter()
        .find(|field| !is_known(tab, field));
    if let Some(field) = unknown {
        let at = text.to_lowercase().find(&format!("{field}:")).unwrap_or(0);
        let some = fields(tab).iter().take(5).copied();
        let some: Vec<_> = some.collect();
        let why = format!("no field `{field}` here; there is {}", some.join(", "));
        return Err((at, why));
    }
    Ok(filter.with_me(&["owner", "assignee", "by"], me))
}

/// Whether a list is shown that can be filtered.
pub fn is_list(model: &Model) -> bool {
    match model.tab {
        Tab::Rates => false,
        Tab::Conflicts => model.conflicts.is_list(),
        Tab::Contacts => !model.contacts.zoomed,
        _ => true,
    }
}

/// Rows of the filter line under the tabs.
pub fn rows(model: &Model) -> usize {
    match &model.filters.editing {
        Some(_) => 2,
        None => usize::from(is_list(model) && !model.filters.text(model.tab).is_empty()),
    }
}

/// Opens the line, with what it has.
pub fn open(model: &mut Model) {
    model.filters.editing = Some(Editing {
        text: model.filters.text(model.tab).to_owned(),
        bad: None,
    });
    scroll(model);
}

/// Opens the line with what was typed as a search, and is a filter.
pub(super) fn take_over(model: &mut Model, text: &str) {
    open(model);
    if let Some(editing) = &mut model.filters.editing {
        let gap = if editing.text.is_empty() { "" } else { " " };
        editing.text = format!("{}{gap}{text}", editing.text);
    }
}

/// Drops the filter of the list that is shown; false if there is none.
pub fn back(model: &mut Model) -> bool {
    let some = is_list(model) && !model.filters.text(model.tab).is_empty();
    if some {
        put(model, model.tab, String::new(), Filter::default());
        scroll(model);
    }
    some
}

/// Takes the filter of a former run. One that is none any more is let go.
pub(super) fn restore(model: &mut Model, tab: Tab, text: &str) {
    if let Ok(filter) = read(tab, text, &model.operator) {
        model.contacts.query.filter = match tab {
            Tab::Contacts => filter.clone(),
            _ => std::mem::take(&mut model.contacts.query.filter),
        };
        model.filters.lines[tab.index()] = Line {
            text: text.to_owned(),
            filter,
        };
    }
}

fn put(model: &mut Model, tab: Tab, text: String, filter: Filter) {
    let line = &mut model.filters.lines[tab.index()];
    line.text = text;
    if line.filter == filter {
        return;
    }
    line.filter = filter.clone();
    match tab {
        Tab::Contacts => contacts::requery(model, |query| query.filter = filter),
        Tab::Tasks => tasks::filter(model),
        Tab::Conflicts => conflicts::go(model, super::msg::Move::Top),
        Tab::SyncLog => sync_log::find(model),
        Tab::Errors => errors::filtered(model),
        Tab::Rates => {}
    }
}

/// Gives a tab a filter, as if it had been typed there.
pub fn apply(model: &mut Model, tab: Tab, text: &str) {
    if let Ok(filter) = read(tab, text, &model.operator) {
        put(model, tab, text.to_owned(), filter);
    }
}

/// The line came or went: the list has other rows.
fn scroll(model: &mut Model) {
    let visible = contacts::visible(model);
    model.contacts.window.scroll(visible);
    let visible = tasks::visible(model);
    model.tasks.window.scroll(visible);
    conflicts::scroll(model);
    model.dirty = true;
}

/// Takes a key into the line.
pub(super) fn press(model: &mut Model, key: Key) {
    let Some(mut editing) = model.filters.editing.take() else {
        return;
    };
    let tab = model.tab;
    match key.code {
        Code::Esc => {
            put(model, tab, String::new(), Filter::default());
            return scroll(model);
        }
        Code::Char('c') if key.ctrl => return scroll(model), // as it was applied last
        Code::Enter => {
            let text = editing.text.trim().to_owned();
            let read = misfit(tab, &text).map_or_else(|| read(tab, &text, &model.operator), Err);
            match read {
                Ok(filter) => {
                    put(model, tab, text, filter);
                    return scroll(model);
                }
                Err(bad) => editing.bad = Some(bad),
            }
            model.filters.editing = Some(editing);
            return;
        }
        Code::Tab => {
            if let Some(first) = completions(tab, &editing.text).first() {
                let word = last_word(&editing.text);
                let kept = word.find(':').map_or_else(
                    || usize::from(word.starts_with('-')), // the field is completed
                    |at| at + 1,
                );
                let end = editing.text.len() - word.len() + kept;
                editing.text.truncate(end);
                editing.text.push_str(first);
                if !first.ends_with(':') {
                    editing.text.push(' ');
                }
            } else if last_word(&editing.text).contains(':') && misfit(tab, &editing.text).is_none()
            {
                editing.text.push(' '); // it is whole: on to the next
            }
        }
        Code::Backspace => {
            editing.text.pop();
        }
        Code::Char('u') if key.ctrl => editing.text.clear(),
        Code::Char('w') if key.ctrl => {
            let kept = editing.text.trim_end().rfind(' ').map_or(0, |at| at + 1);
            editing.text.truncate(kept);
        }
        Code::Char(c) if !key.ctrl && !key.alt => editing.text.push(c),
        _ => {}
    }
    typed(model, editing);
}

/// Takes pasted text into the line.
pub(super) fn paste(model: &mut Model, text: &str) {
    if let Some(mut editing) = model.filters.editing.take() {
        editing.text.push_str(text);
        typed(model, editing);
    }
}

/// The text changed: the list follows while it is right, and stays as it was while it is not.
fn typed(model: &mut Model, mut editing: Editing) {
    let tab = model.tab;
    let word = last_word(&editing.text);
    let begun = !word.is_empty() && !word.contains(':') && !completions(tab, word).is_empty();
    let field = word.strip_suffix(':').is_some_and(|field| {
        let field = field.strip_prefix('-').unwrap_or(field);
        is_known(tab, field)
    });
    // of the few values that a field can have, one is begun, or it cannot have this one
    let misfit = misfit(tab, &editing.text);
    let half = misfit.is_some() && !completions(tab, &editing.text).is_empty();
    editing.bad = misfit.filter(|_| !half);
    if editing.bad.is_none()
        && !half
        && !begun
        && !field
        && !word.ends_with(['<', '>'])
        && word != "-"
        && word != "OR"
    {
        let text = editing.text.trim().to_owned();
        match read(tab, &text, &model.operator) {
            Ok(filter) => put(model, tab, text, filter),
            Err(bad) => editing.bad = Some(bad),
        }
    }
    model.filters.editing = Some(editing);
    model.dirty = true;
}

/// How many rows pass, of how many.
fn counted(model: &Model) -> String {
    let of = |n: usize, more: bool, all: u64| {
        let sign = if more { "+" } else { "" };
        format!("{}{sign} of {}", thousands(n as u64), thousands(all))
    };
    match model.tab {
        Tab::Contacts => {
            let window = &model.contacts.window;
            let all = model.totals.contacts.values().sum();
            let more = !(window.at_start && window.at_end);
            if window.loaded {
                of(window.rows.len(), more, all)
            } else {
                "reading…".into()
            }
        }
        Tab::Tasks => {
            let window = &model.tasks.window;
            let more = !(window.at_start && window.at_end);
            of(window.rows.len(), more, model.totals.tasks_open)
        }
        Tab::Conflicts => {
            let n = conflicts::passing(model);
            of(n, false, model.conflicts.all.len() as u64)
        }
        Tab::SyncLog => format!("{} lines", model.log.found()),
        Tab::Errors | Tab::Rates => String::new(),
    }
}

/// Draws the line, and while it is typed what completes it or what is wrong.
pub fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    if area.height == 0 {
        return;
    }
    let theme = &model.theme;
    let columns = (area.width as usize).saturating_sub(2);
    let lead = "  filter  ";
    let mut row = Row::of(lead, theme.dim);
    row = match &model.filters.editing {
        Some(editing) => row
            .add(crate::text::clean(&editing.text), Style::new())
            .add("█", theme.dim),
        None => row
            .add(model.filters.text(model.tab), theme.title)
            .add("   esc drops it", theme.dim),
    };
    row.end_at(&counted(model), columns, theme.dim)
        .draw(paint::row(area, 0), buf);
    let Some(editing) = &model.filters.editing else {
        return;
    };
    let second = if let Some((at, why)) = &editing.bad {
        let before = editing.text.get(..*at).unwrap_or_default();
        let column = lead.len() + width(before);
        let column = column.min(columns.saturating_sub(width(why) + 2));
        Row::new().to(column).add(format!("↑ {why}"), theme.error)
    } else {
        let mut row = Row::new().to(lead.len());
        let keys = "tab completes   esc drops the filter";
        let room = columns.saturating_sub(keys.len() + 2);
        for (at, word) in completions(model.tab, &editing.text).iter().enumerate() {
            if row.used() + width(word) + 2 > room {
                break;
            }
            let style = if at == 0 { theme.title } else { Style::new() };
            row = row.add(format!("{word}  "), style);
        }
        row.end_at(keys, columns, theme.dim)
    };
    second.draw(paint::row(area, 1), buf);
}
