//! All workspaces of the config, worst first: one line each, read from its database without its lease; one is opened
//! from here.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::model::{Health, Holder, LoopState, LoopStatus, Millis, Side};
use crate::store::{Reader, StoreError, Totals};
use crate::text::{clean, thousands};

use super::effect::Effect;
use super::keys::{Code, Key};
use super::model::{Model, Overlay};
use super::theme::Theme;
use super::times::Times;
use super::walk::quit;
use super::widgets::paint::{self, Row};

/// How old a line may become while the list is shown.
const READ_EVERY_MS: i64 = 15_000;

/// A workspace of the config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// Its database, which may not be there yet.
    pub database: PathBuf,
}

/// What the database of a workspace tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// What its loop told last.
    pub status: LoopStatus,
    /// Who runs it.
    pub holder: Option<Holder>,
    /// Its totals.
    pub totals: Totals,
}

impl Seen {
    /// Reads it; `None` where the workspace never ran.
    pub fn read(place: &Place) -> Result<Option<Box<Self>>, StoreError> {
        if !place.database.exists() {
            return Ok(None);
        }
        let reader = Reader::open(&place.database)?;
        Ok(Some(Box::new(Self {
            status: reader.status()?,
            holder: reader.holder()?,
            totals: reader.totals()?,
        })))
    }
}

/// What was seen of a workspace, or why nothing was.
pub type Look = Result<Option<Box<Seen>>, String>;

/// The list, while it is open.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overview {
    looks: BTreeMap<String, Look>,
    cursor: Option<String>,
    asked_at: Millis,
}

impl Overview {
    /// When it is to be read again.
    pub fn next_read(&self) -> Millis {
        self.asked_at.plus(READ_EVERY_MS)
    }
}

/// Opens the list.
pub fn open(model: &mut Model) {
    let overview = Overview {
        cursor: Some(model.workspace.clone()),
        ..Overview::default()
    };
    model.overlay = Some(Overlay::Workspaces(Box::new(overview)));
    look(model);
}

/// Asks for all lines anew.
fn look(model: &mut Model) {
    let now = model.times.now;
    if let Some(Overlay::Workspaces(overview)) = &mut model.overlay {
        overview.asked_at = now;
        model.effect(Effect::LookAround);
    }
}

/// Asks anew where the lines are old.
pub fn rested(model: &mut Model) {
    if let Some(Overlay::Workspaces(overview)) = &model.overlay
        && overview.next_read() <= model.times.now
    {
        look(model);
    }
}

/// Takes a line.
pub fn accept(model: &mut Model, name: &str, look: Look) {
    if let Some(Overlay::Workspaces(overview)) = &mut model.overlay {
        let before = overview.looks.insert(name.to_owned(), look);
        model.dirty |= before.as_ref() != overview.looks.get(name);
    }
}

/// Takes a key while the list is open.
pub fn press(model: &mut Model, mut overview: Box<Overview>, key: Key) {
    let names = order(model, &overview);
    let at = overview.cursor.as_ref();
    let at = names.iter().position(|name| Some(name) == at).unwrap_or(0);
    let last = names.len().saturating_sub(1);
    let to = match key.code {
        Code::Char('c') if key.ctrl => return quit(model),
        _ if key.ctrl || key.alt => at,
        Code::Esc | Code::Char('q' | 'W') => return,
        Code::Enter => return enter(model, names.get(at)),
        Code::Char('j') | Code::Down => (at + 1).min(last),
        Code::Char('k') | Code::Up => at.saturating_sub(1),
        Code::Char('g') | Code::Home | Code::PageUp => 0,
        Code::Char('G') | Code::End | Code::PageDown => last,
        _ => at,
    };
    overview.cursor = names.get(to).cloned();
    model.overlay = Some(Overlay::Workspaces(overview));
}

fn enter(model: &mut Model, name: Option<&String>) {
    if let Some(name) = name.filter(|name| **name != model.workspace) {
        model.effect(Effect::Switch(name.clone()));
    }
}

/// How bad it is with a workspace, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Wrong,
    Decide,
    Paused,
    Well,
    Unread,
}

fn rank(look: Option<&Look>) -> Rank {
    let seen = match look {
        None | Some(Ok(None)) => return Rank::Unread,
        Some(Err(_)) => return Rank::Wrong,
        Some(Ok(Some(seen))) => seen,
    };
    let ill = |side: &Side| {
        let health = &seen.status.sides.get(*side).health;
        !matches!(health, Health::Ok | Health::Slow | Health::Unknown)
    };
    if seen.totals.errors_open > 0 || seen.holder.is_none() || Side::BOTH.iter().any(ill) {
        Rank::Wrong
    } else if seen.totals.conflicts_undecided > 0 {
        Rank::Decide
    } else if seen.status.paused.is_some() {
        Rank::Paused
    } else {
        Rank::Well
    }
}

/// The names, the worst at the head, else by name.
fn order(model: &Model, overview: &Overview) -> Vec<String> {
    let mut names = model.places.clone();
    names.sort_by_cached_key(|name| (rank(overview.looks.get(name)), name.clone()));
    names
}

/// What the loop of a workspace does, in words.
fn state(seen: &Seen, times: &Times) -> String {
    let status = &seen.status;
    let Some(holder) = &seen.holder else {
        return "nobody runs the sync".into();
    };
    if let Some(paused) = &status.paused {
        let since = times.moment(paused.at);
        return format!("paused {since} by {}", clean(&paused.by));
    }
    match &status.state {
        LoopState::Pulling { side, kind, .. } => format!("pull {side} {}", kind.many()),
        LoopState::Pushing { done, total } => {
            format!("push {} of {}", thousands(*done), thousands(*total))
        }
        LoopState::Paused => "paused".into(),
        LoopState::Idle | LoopState::Stopped => {
            let by = format!("by {} on {}", clean(&holder.operator), clean(&holder.host));
            let since = status.idle_since.map(|at| times.moment(at));
            since.map_or_else(
                || format!("run {by}"),
                |since| format!("idle since {since}, {by}"),
            )
        }
    }
}

fn health(seen: &Seen, side: Side) -> &'static str {
    match seen.status.sides.get(side).health {
        Health::Unknown => "?",
        Health::Ok => "ok",
        Health::Slow => "slow",
        Health::Shut { .. } => "shut",
        Health::Refused => "key refused",
        Health::SignIn => "sign in",
        Health::Off => "off",
    }
}

/// How much of a day's requests is used, of the side that has less left, in percent.
fn day(seen: &Seen) -> u64 {
    let used = |side: Side| {
        let day = &seen.status.sides.get(side).day;
        (day.used + day.others.unwrap_or(0)) * 100 / day.limit.max(1)
    };
    Side::BOTH.into_iter().map(used).max().unwrap_or(0)
}

/// The columns that have room: name, state, a side, conflicts or errors, day.
struct Columns {
    name: usize,
    state: usize,
    side: usize,
    count: usize,
    day: usize,
}

impl Columns {
    fn of(columns: usize) -> Self {
        let (name, side, count, day) = match columns {
            100.. => (18, 13, 8, 9),
            76.. => (14, 9, 8, 9),
            _ => (12, 0, 8, 0),
        };
        let rest = 3 + name + 2 * side + 2 * count + day + 1;
        Self {
            name,
            state: columns.saturating_sub(rest),
            side,
            count,
            day,
        }
    }
}

/// Draws the list over the whole screen.
pub fn draw(model: &Model, overview: &Overview, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let columns = Columns::of(area.width as usize);
    Row::of(" Workspaces", theme.title)
        .end_at(
            &model.keymap.fill("{workspaces} or esc back "),
            area.width as usize,
            theme.dim,
        )
        .draw(paint::row(area, 0), buf);
    let head = Row::of("   ", Style::new())
        .cell("Name", columns.name, theme.dim)
        .cell("State", columns.state, theme.dim)
        .cell("GHL", columns.side, theme.dim)
        .cell("Growbots", columns.side, theme.dim)
        .right("Decide", columns.count, theme.dim)
        .right("Errors", columns.count, theme.dim)
        .right("Day used", columns.day, theme.dim);
    head.draw(paint::row(area, 1), buf);
    let names = order(model, overview);
    let at = names
        .iter()
        .position(|name| Some(name) == overview.cursor.as_ref());
    let at = at.unwrap_or(0);
    let room = area.height.saturating_sub(3) as usize;
    let first = paint::scrolled(0, at, room, names.len());
    for (line, name) in names.iter().enumerate().skip(first).take(room) {
        let place = paint::row(area, 2 + line - first);
        row(model, name, overview.looks.get(name), &columns).draw(place, buf);
        if line == at {
            paint::cursor(place, 3 + columns.name, theme, buf);
        }
    }
    Row::of(" enter open   j k choose   esc back", Style::new())
        .draw(paint::row(area, area.height as usize - 1), buf);
}

fn mark(rank: Rank, theme: &Theme) -> (&'static str, Style) {
    match rank {
        Rank::Wrong => ("!", theme.error),
        Rank::Decide => ("≠", theme.decide),
        Rank::Paused => ("‖", theme.title),
        Rank::Well => ("=", theme.well),
        Rank::Unread => ("·", theme.dim),
    }
}

fn row(model: &Model, name: &str, look: Option<&Look>, columns: &Columns) -> Row {
    let theme = &model.theme;
    let (sign, style) = mark(rank(look), theme);
    let row = Row::of(" ", Style::new())
        .add(sign, style)
        .add(" ", Style::new())
        .cell(name, columns.name, theme.title);
    let seen = match look {
        None => return row.add("reading…", theme.dim),
        Some(Ok(None)) => return row.add("it never ran", theme.dim),
        Some(Err(why)) => return row.add(clean(why).into_owned(), theme.error),
        Some(Ok(Some(seen))) => seen,
    };
    let side = |side| {
        let words = health(seen, side);
        let well = matches!(words, "ok" | "?");
        (words, if well { theme.well } else { theme.error })
    };
    let count = |n: u64| if n == 0 { String::new() } else { thousands(n) };
    let (ghl, growbots) = (side(Side::Ghl), side(Side::Growbots));
    row.cell(&state(seen, &model.times), columns.state, Style::new())
        .cell(ghl.0, columns.side, ghl.1)
        .cell(growbots.0, columns.side, growbots.1)
        .right(
            &count(seen.totals.conflicts_undecided),
            columns.count,
            theme.decide,
        )
        .right(&count(seen.totals.errors_open), columns.count, theme.error)
        .right(&format!("{} %", day(seen)), columns.day, Style::new())
}
