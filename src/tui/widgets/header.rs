//! The first row: what the machine does, how the sides are, what needs the operator.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::model::{BySide, Health, Kind, LoopState, Millis, Side};
use crate::text::{clean, cut_end, thousands, width};

use super::super::first_pull;
use super::super::model::Model;
use super::super::theme::Theme;
use super::super::times::span;
use super::paint::Row;

const STEADY_MS: i64 = 300;
const PACE_MS: i64 = 500;
const STOPPED_MS: i64 = 90_000;
/// Work must have gone on for so long before its pace says anything.
const PACED_MS: i64 = 2_000;

/// What kind of state it is, so that progress within one is no new state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Nothing is known yet.
    Unread,
    /// All well.
    Calm,
    /// Reading or writing.
    Moving,
    /// An operator stopped it.
    Paused,
    /// Another process runs it.
    Elsewhere,
    /// Something is wrong.
    Wrong,
}

/// A state of the loop in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    sort: Sort,
    mark: &'static str,
    wide: String,
    narrow: String,
}

/// The state shown: it changes at most twice a second, and only to one that lasts.
#[derive(Clone, Debug, Default)]
pub struct Header {
    shown: Option<State>,
    changed_at: Millis,
    left_at: Option<Millis>,
    progress: Option<Progress>,
}

/// How far a piece of work was when it was first seen, and is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Progress {
    /// The side that is read; none while writing.
    of: Option<(Side, Kind)>,
    total: u64,
    since: Millis,
    from: u64,
    done: u64,
}

impl Header {
    /// The state shown.
    pub const fn shown(&self) -> Option<&State> {
        self.shown.as_ref()
    }

    /// Milliseconds until the work in hand is done, at its pace so far; `None` where that is not known yet, or soon.
    pub fn time_left(&self, now: Millis) -> Option<u64> {
        let progress = self.progress?;
        let (took, got) = (
            now.since(progress.since),
            progress.done.checked_sub(progress.from)?,
        );
        if took < PACED_MS || got == 0 {
            return None;
        }
        let left = progress.total.saturating_sub(progress.done);
        let left = left.saturating_mul(took as u64) / got;
        (left >= 1_000).then_some(left)
    }

    /// When it must be looked at again although nothing happens.
    pub fn next_wake(&self, model: &Model) -> Option<Millis> {
        if let Some(left) = self.left_at {
            return Some(left.plus(STEADY_MS).max(self.changed_at.plus(PACE_MS)));
        }
        let stops = model.status.progress_at.plus(STOPPED_MS);
        let runs = model.frame_read && may_stop(model);
        (runs && stops > model.times.now).then_some(stops.plus(1))
    }
}

/// Takes note of how far the work in hand is.
fn note_progress(model: &mut Model) {
    let (of, done, total) = match model.status.state {
        LoopState::Pulling {
            side,
            kind,
            done,
            total: Some(total),
        } => (Some((side, kind)), done, total),
        LoopState::Pushing { done, total } => (None, done, total),
        _ => {
            model.header.progress = None;
            return;
        }
    };
    let now = model.times.now;
    let same = |it: &Progress| it.of == of && it.done <= done && it.total <= total;
    let before = model.header.progress.filter(same);
    model.header.progress = Some(Progress {
        of,
        total,
        since: before.map_or(now, |it| it.since),
        from: before.map_or(done, |it| it.from),
        done,
    });
}

/// Looks at the state again; true if what is shown changed.
pub fn refresh(model: &mut Model) -> bool {
    note_progress(model);
    let state = barred(model).unwrap_or_else(|| state_of(model));
    let now = model.times.now;
    let header = &mut model.header;
    if header.shown.as_ref() == Some(&state) {
        header.left_at = None;
        return false;
    }
    let unread = |state: &State| state.sort == Sort::Unread;
    // before anything was said, all but trouble is said at once: at the start nobody holds the lease for a moment
    let first = header.shown.is_none()
        || (header.shown.as_ref().is_some_and(unread) && state.sort != Sort::Wrong);
    let left = *header.left_at.get_or_insert(now);
    let same_sort = header.shown.as_ref().is_some_and(|s| s.sort == state.sort);
    let steady = same_sort || now.since(left) >= STEADY_MS;
    let paced = now.since(header.changed_at) >= PACE_MS;
    if first || (steady && paced) {
        (header.shown, header.changed_at, header.left_at) = (Some(state), now, None);
        return true;
    }
    false
}

fn may_stop(model: &Model) -> bool {
    let sides = &model.status.sides;
    let shut = Side::BOTH
        .iter()
        .any(|side| matches!(sides.get(*side).health, Health::Shut { .. }));
    !shut && model.status.progress_at.0 > 0 && model.status.state != LoopState::Paused
}

/// The state while the database takes no writes.
fn barred(model: &Model) -> Option<State> {
    let barred = model.barred.filter(|_| model.frame_read)?;
    Some(State {
        sort: Sort::Wrong,
        mark: "r",
        wide: barred.whole().into(),
        narrow: format!("read only: {}", barred.words()),
    })
}

fn state_of(model: &Model) -> State {
    let made = |sort, mark, wide: String, narrow: String| State {
        sort,
        mark,
        wide,
        narrow,
    };
    let same = |sort, mark, words: String| made(sort, mark, words.clone(), words);
    let times = &model.times;
    if !model.frame_read {
        return same(Sort::Unread, "·", "reading…".into());
    }
    let status = &model.status;
    let off = Side::BOTH
        .iter()
        .all(|side| status.sides.get(*side).health == Health::Off);
    if let (false, Some(holder)) = (model.lease_ours, &model.holder) {
        let who = format!(
            "run by {} on {}",
            clean(&holder.operator),
            clean(&holder.host)
        );
        let since = times.moment(holder.since);
        return made(Sort::Elsewhere, "»", format!("{who} since {since}"), who);
    }
    let one_off = Side::BOTH
        .into_iter()
        .find(|side| status.sides.get(*side).health == Health::Off);
    if let (false, Some(side)) = (off, one_off) {
        let words = format!("{side} does not answer");
        return made(
            Sort::Wrong,
            "!",
            format!("{words}, showing the cache"),
            words,
        );
    }
    if off {
        let words = format!("no network since {}", times.moment(status.progress_at));
        return made(
            Sort::Wrong,
            "!",
            format!("{words}, showing the cache"),
            words,
        );
    }
    if let Some(paused) = &status.paused {
        let words = format!(
            "paused {} by {}",
            times.moment(paused.at),
            clean(&paused.by)
        );
        let note = paused.note.as_deref().unwrap_or("");
        let wide = if note.is_empty() {
            words.clone()
        } else {
            format!("{words}: {}", clean(note))
        };
        return made(Sort::Paused, "‖", wide, words);
    }
    if may_stop(model) && times.now.since(status.progress_at) > STOPPED_MS {
        let words = format!("no pass since {}", times.moment(status.progress_at));
        return same(Sort::Wrong, "!", words);
    }
    let left = model.header.time_left(times.now);
    let left = left.map_or_else(String::new, |left| format!(", {}", span(left)));
    match &status.state {
        LoopState::Stopped => same(Sort::Wrong, "!", "nobody runs the sync".into()),
        LoopState::Paused => same(Sort::Paused, "‖", "paused".into()),
        LoopState::Idle => match status.idle_since {
            Some(at) => same(Sort::Calm, "=", format!("idle since {}", times.moment(at))),
            None => same(Sort::Calm, "=", "idle".into()),
        },
        LoopState::Pulling {
            side,
            kind,
            done,
            total,
        } => {
            let done = thousands(*done);
            let (wide, narrow) = match total.map(thousands) {
                Some(all) => (format!("{done} of {all}"), format!("{done}/{all}")),
                None => (done.clone(), done),
            };
            let wide = format!("pull {side} {} {wide}{left}", kind.many());
            made(Sort::Moving, "↓", wide, format!("pull {narrow}{left}"))
        }
        LoopState::Pushing { done, total } => {
            let shut = Side::BOTH
                .into_iter()
                .find(|side| matches!(status.sides.get(*side).health, Health::Shut { .. }));
            let words = match shut {
                Some(side) => format!("push, {} wait for {side}", thousands(total - done)),
                None => format!("push {} of {}{left}", thousands(*done), thousands(*total)),
            };
            same(Sort::Moving, "↑", words)
        }
    }
}

fn mark_style(sort: Sort, theme: &Theme) -> Style {
    match sort {
        Sort::Unread | Sort::Calm => theme.well,
        Sort::Moving => theme.moving,
        Sort::Paused | Sort::Elsewhere => theme.title,
        Sort::Wrong => theme.error,
    }
}

fn side_words(model: &Model, side: Side) -> (String, bool) {
    let status = model.status.sides.get(side);
    let spent = (status.day.used + status.day.others.unwrap_or(0)) * 100 / status.day.limit.max(1);
    let (words, well) = match &status.health {
        Health::Unknown => ("?".into(), true),
        Health::Ok if spent >= 75 => (format!("day {spent}%"), false),
        Health::Ok => ("ok".into(), true),
        Health::Slow => ("slow".into(), false),
        Health::Shut { until } => (format!("shut till {}", model.times.moment(*until)), false),
        Health::Refused => ("key refused".into(), false),
        Health::SignIn => ("sign in again".into(), false),
        Health::Off => ("off".into(), false),
    };
    (format!("{side} {words}"), well)
}

fn needs(model: &Model, wide: bool) -> Row {
    let theme = &model.theme;
    let totals = &model.totals;
    let asked_again = model.conflicts.asked_again(model.times.now);
    let decide = totals.conflicts_undecided.saturating_sub(asked_again);
    let errors = totals.errors_open;
    let mut row = Row::new();
    if !model.frame_read {
        return row;
    }
    if let (0, 0, Some(words)) = (decide, errors, first_pull::corner(model, wide)) {
        return Row::of(words, theme.dim);
    }
    if decide == 0 && errors == 0 {
        return Row::of(if wide { "= all in step" } else { "= in step" }, theme.well);
    }
    if decide > 0 {
        let words = if wide { " to decide" } else { "" };
        row = row.add(format!("≠ {}{words}", thousands(decide)), theme.decide);
    }
    if errors > 0 {
        let gap = match (row.used(), wide) {
            (0, _) => "",
            (_, true) => "   ",
            (_, false) => "  ",
        };
        let words = match (wide, errors) {
            (false, _) => "",
            (true, 1) => " error",
            (true, _) => " errors",
        };
        let words = format!("! {}{words}", thousands(errors));
        row = row.add(gap, Style::new()).add(words, theme.error);
    }
    row
}

/// Draws the header row.
pub fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let wide = model.is_wide();
    let columns = area.width as usize;
    let needs = needs(model, wide);
    let place = match columns {
        100.. => needs.used().max(31),
        66.. => needs.used().max(14),
        _ => needs.used() + 1,
    };
    let (gap, least) = if wide { (3, 2) } else { (2, 1) };

    let words = BySide::from_fn(|side| side_words(model, side));
    let both_off = Side::BOTH
        .iter()
        .all(|side| model.status.sides.get(*side).health == Health::Off);
    let mut sides = Row::new();
    if model.frame_read && both_off && !wide {
        sides = Row::of("both sides off", theme.error);
    } else if model.frame_read {
        let ill = !words.ghl.1 || !words.growbots.1;
        for side in Side::BOTH {
            let (text, well) = words.get(side);
            if *well && !wide && (ill || columns < 66) {
                continue; // gives up its place to what is not well, or to the state
            }
            let style = if *well { theme.well } else { theme.error };
            let gap = if sides.used() == 0 { 0 } else { gap };
            sides = sides.add(" ".repeat(gap), Style::new()).add(text, style);
        }
    }

    let mut row = Row::of(" ", Style::new());
    if wide {
        row = row.add("couplet", theme.title).add("  ", Style::new());
    }
    let name = if model.demo && model.workspace != "demo" {
        format!("{} (demo)", model.workspace)
    } else {
        model.workspace.clone()
    };
    let name = cut_end(&name, columns / 4).into_owned();
    row = row.add(name, theme.title).add("  ", Style::new());
    if model.tab_rows() == 0 {
        row = row
            .add(model.tab.label(), theme.title)
            .add("  ", Style::new());
    }
    let sides_at = columns.saturating_sub(place + sides.used());
    if let Some(state) = model.header.shown() {
        let room = sides_at.saturating_sub(row.used() + width(state.mark) + 1 + least);
        let words = if wide { &state.wide } else { &state.narrow };
        row = row
            .add(state.mark, mark_style(state.sort, theme))
            .add(" ", Style::new())
            .add(cut_end(words, room).into_owned(), Style::new());
    }
    row.draw(area, buf);
    let at = |x: usize| Rect {
        x: area.x + x as u16,
        width: area.width.saturating_sub(x as u16),
        ..area
    };
    sides.draw(at(sides_at), buf);
    needs.draw(at(columns.saturating_sub(needs.used())), buf);
}
