//! The policies that operators chose to remember: listed, and removed after a question.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::engine::port::Ask;
use crate::merge::Policy;
use crate::model::{Action, Millis, PolicyId, PolicyUse, Remembered, Scope};
use crate::text::{clean, thousands};

use super::super::confirm::Confirm;
use super::super::effect::Request;
use super::super::filter;
use super::super::model::{Model, Overlay};
use super::super::msg::{Move, Tab};
use super::super::remember::policy_words;
use super::super::update::show_tab;
use super::super::widgets::help::wrap;
use super::super::widgets::paint::{self, Row};

/// The list, while it is open.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    /// All, those that stand first at the head; `None` until they were read.
    pub rows: Option<Vec<Remembered>>,
    /// How often each has settled something, those of the field map too.
    pub uses: Vec<PolicyUse>,
    /// The policy under the cursor.
    pub cursor: Option<PolicyId>,
}

/// What stands in the log's name of a remembered policy.
fn mark(id: PolicyId) -> String {
    format!("remembered as {id} by")
}

impl Policies {
    /// How often a policy has settled something, and when last.
    fn use_of(&self, id: PolicyId) -> (u64, Option<Millis>) {
        let all = self.uses.iter().filter(|one| one.is_of(id));
        all.fold((0, None), |(count, last), one| {
            (count + one.count, last.max(Some(one.last)))
        })
    }

    /// Those of the field map: nobody remembered them here.
    fn of_map(&self) -> impl Iterator<Item = &PolicyUse> {
        let all = self.uses.iter();
        all.filter(|one| !one.name.contains("remembered as "))
    }

    /// The policy under the cursor.
    pub fn current(&self) -> Option<&Remembered> {
        let rows = self.rows.as_ref()?;
        let here = rows.iter().find(|row| Some(row.id) == self.cursor);
        here.or(rows.first())
    }
}

/// Opens the list.
pub fn open(model: &mut Model) {
    model.conflicts.bench = None;
    model.conflicts.policies = Some(Policies::default());
    model.read(Request::Policies);
}

/// Takes what the store has.
pub fn accept(model: &mut Model, rows: Vec<Remembered>, uses: Vec<PolicyUse>) {
    if let Some(policies) = &mut model.conflicts.policies {
        let rows = Some(rows);
        model.dirty |= policies.rows != rows || policies.uses != uses;
        (policies.rows, policies.uses) = (rows, uses);
        policies.cursor = policies.current().map(|row| row.id);
    }
}

/// Moves the cursor.
pub fn go(model: &mut Model, how: Move) {
    let Some(policies) = &mut model.conflicts.policies else {
        return;
    };
    let rows = policies.rows.as_deref().unwrap_or_default();
    let Some(last) = rows.len().checked_sub(1) else {
        return;
    };
    let at = rows.iter().position(|row| Some(row.id) == policies.cursor);
    let at = at.unwrap_or(0);
    policies.cursor = Some(rows[how.among(at, last, rows.len())].id);
}

/// Whose a policy is, in words.
fn scope_words(model: &Model, scope: &Scope) -> String {
    match scope {
        Scope::Record { link } => {
            let known = model.conflicts.all.iter().find(|c| c.link == *link);
            let row = model.contacts.window.rows.iter().find(|r| r.id == *link);
            let name = known.map(|c| c.title.clone());
            let name = name.or_else(|| row.map(|row| row.name.clone()));
            name.map_or_else(|| format!("record {link}"), |name| format!("only {name}"))
        }
        Scope::Filter { filter } => format!("filter {}", clean(filter)),
        Scope::Field => "the field, always".into(),
    }
}

fn by_words(name: &str) -> String {
    name.parse::<Policy>()
        .map_or_else(|_| clean(name).into_owned(), |by| policy_words(by).into())
}

/// Asks whether to decide no more by the policy under the cursor.
pub fn remove(model: &mut Model) {
    let Some(policies) = &model.conflicts.policies else {
        return;
    };
    let Some(row) = policies.current() else {
        return;
    };
    let field = row.what.field.label();
    let id = row.id;
    let lines = vec![
        format!(
            "{} on {}: {}",
            field,
            scope_words(model, &row.what.scope),
            by_words(&row.what.policy)
        ),
        String::new(),
        match policies.use_of(id).0 {
            0 => format!("{id} decides nothing from now on. It has settled nothing."),
            n => format!(
                "{id} decides nothing from now on. The {} it settled stay.",
                thousands(n)
            ),
        },
    ];
    let ask = Ask::Act(Action::ForgetPolicy { policy: id });
    let title = format!("Remove policy {id}?");
    let said = format!("{id} removed.");
    let confirm = Confirm::one(&title, lines, "remove it", ask, &said);
    model.overlay = Some(Overlay::Confirm(Box::new(confirm)));
}

/// What the policy under the cursor is for.
fn draw_foot(model: &Model, policies: &Policies, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let inner = paint::beside_track(area);
    let columns = inner.width as usize;
    let below = area.height.saturating_sub(3) as usize;
    let id = policies.current().map(|row| row.id.to_string());
    let title = id.unwrap_or_default();
    paint::rule(&title, theme.title, paint::row(area, below), theme, buf);
    let note = policies.current().and_then(|row| row.what.note.clone());
    let note = note.map_or_else(String::new, |note| format!("\"{}\". ", clean(&note)));
    let without = match policies.current().map(|row| policies.use_of(row.id).0) {
        None | Some(0) => {
            "Those of the field map stand in the settings: couplet map shows them.".into()
        }
        Some(1) => "Without it somebody would have been asked once.".into(),
        Some(n) => format!(
            "Without it somebody would have been asked {} times.",
            thousands(n)
        ),
    };
    let words = format!("{note}{without}");
    for (at, line) in wrap(&words, columns.saturating_sub(3))
        .into_iter()
        .take(2)
        .enumerate()
    {
        Row::of(format!("  {line}"), theme.dim).draw(paint::row(inner, below + 1 + at), buf);
    }
}

/// Draws the list.
pub fn view(model: &Model, policies: &Policies, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let inner = paint::beside_track(area);
    let columns = inner.width as usize;
    paint::track(area, 0, 0, theme, buf);
    let order = match columns {
        100.. => "first that fits, from the top: record, then filter, then field, then the map",
        60.. => "the first that fits decides",
        _ => "",
    };
    Row::of(" Policies", theme.title)
        .add(format!("     {order}"), theme.dim)
        .end_at(
            &model.keymap.fill("{back} back"),
            columns.saturating_sub(1),
            theme.dim,
        )
        .draw(paint::row(inner, 0), buf);
    let (id, field, by) = match columns {
        96.. => (6, 16, 12),
        _ => (5, 14, 10),
    };
    // as the width shrinks the latest time goes first, then who, then how often
    let (since, settled, last) = match columns {
        96.. => (22, 9, 13),
        74.. => (17, 8, 0),
        60.. => (0, 8, 0),
        _ => (0, 0, 0),
    };
    let scope = columns.saturating_sub(3 + id + field + by + since + settled + last);
    let named = |text: &'static str, width: usize| if width == 0 { "" } else { text };
    Row::new()
        .to(3)
        .cell("Id", id, Style::new())
        .cell("Field", field, Style::new())
        .cell("On", scope, Style::new())
        .cell("Decides", by, Style::new())
        .cell(named("Since", since), since, Style::new())
        .cell(named("Settled", settled), settled, Style::new())
        .cell(named("Last", last), last, Style::new())
        .draw(paint::row(inner, 1), buf);
    let Some(rows) = &policies.rows else {
        return Row::of("   reading…", theme.dim).draw(paint::row(inner, 2), buf);
    };
    if rows.is_empty() {
        let words = model
            .keymap
            .fill("   No policy yet. {bench.remember} in a conflict makes one.");
        Row::of(words, theme.dim).draw(paint::row(inner, 2), buf);
    }
    let visible = (area.height as usize).saturating_sub(5).max(1);
    let cursor = rows.iter().position(|row| Some(row.id) == policies.cursor);
    let top = paint::scrolled(0, cursor.unwrap_or(0), visible, rows.len());
    let when = |at: Option<Millis>| at.map_or_else(String::new, |at| model.times.moment(at));
    for (line, row) in rows.iter().skip(top).take(visible).enumerate() {
        let place = paint::row(inner, line + 2);
        let what = &row.what;
        let (count, latest) = policies.use_of(row.id);
        let chosen = format!("{} {}", when(Some(row.at)), clean(&row.operator));
        Row::new()
            .to(3)
            .cell(&row.id.to_string(), id, Style::new())
            .cell(&what.field.label(), field, Style::new())
            .cell(
                &scope_words(model, &what.scope),
                scope.saturating_sub(1),
                Style::new(),
            )
            .to(3 + id + field + scope)
            .cell(&by_words(&what.policy), by, Style::new())
            .cell(&chosen, since.saturating_sub(1), theme.dim)
            .to(3 + id + field + scope + by + since)
            .cell(&thousands(count), settled, Style::new())
            .cell(&when(latest), last, theme.dim)
            .draw(place, buf);
        if Some(row.id) == policies.cursor {
            paint::cursor(place, 3 + id + field, theme, buf);
        }
    }
    // those of the map stand below, where there is room: they are changed in the settings
    let first = rows.len().max(1) + 2;
    let left = visible.saturating_sub(rows.len().max(1));
    for (line, one) in policies.of_map().take(left).enumerate() {
        let room = field + scope + by + since;
        let words = format!("{}, in the field map", clean(&one.name));
        Row::new()
            .to(3)
            .cell("map", id, theme.dim)
            .cell(&words, room.saturating_sub(1), theme.dim)
            .to(3 + id + room)
            .cell(&thousands(one.count), settled, theme.dim)
            .cell(&when(Some(one.last)), last, theme.dim)
            .draw(paint::row(inner, first + line), buf);
    }
    draw_foot(model, policies, area, buf);
}

/// Shows in the sync log what the policy under the cursor settled.
pub fn settled(model: &mut Model) {
    let policies = model.conflicts.policies.as_ref();
    if let Some(id) = policies.and_then(Policies::current).map(|row| row.id) {
        let words = format!("\"{}\"", mark(id));
        filter::apply(model, Tab::SyncLog, &words);
        show_tab(model, Tab::SyncLog);
    }
}
