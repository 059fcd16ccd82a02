//! The only place where state changes: a message in, effects out. No I/O.

use crate::engine::port::{Ask, Event};
use crate::model::{Action, ActionOutcome, LinkState};

use super::copy;
use super::effect::{Effect, Request};
use super::filter;
use super::marks;
use super::model::{Model, Overlay};
use super::mouse;
use super::msg::{Do, Move, Msg, Read, Tab};
use super::press;
use super::remember;
use super::tabs::{
    conflicts, contact_forms, contacts, errors, policies, put_off, rates, staging, sync_log,
    task_forms, tasks, views, workbench,
};
use super::undo;
use super::widgets::header;
use super::widgets::palette::{self, Palette};

/// What to read when the dashboard opens.
pub fn open(model: &mut Model) -> Vec<Effect> {
    refresh(model);
    model.take_effects()
}

/// Takes a message.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::At(now) => at(model, now),
        Msg::Key(key) => press::press(model, key),
        Msg::Mouse(mouse) => mouse::take(model, mouse),
        Msg::Paste(text) => press::paste(model, &text),
        Msg::Resize { width, height } => resize(model, width, height),
        Msg::Do(what) => run(model, what),
        Msg::Read(read) => accept(model, read),
        Msg::Changed => refresh(model),
        Msg::Told(event) => told(model, event),
        Msg::EngineGone => model.say_failed("The sync has ended in this process. q leaves."),
        Msg::Saved(Ok(words)) => model.say_done(words),
        Msg::Saved(Err(words)) => model.say_failed(words),
        Msg::Terminate => model.quit = true,
    }
    model.take_effects()
}

fn at(model: &mut Model, now: crate::model::Millis) {
    model.times.now = now;
    if model.toast.as_ref().is_some_and(|toast| toast.until <= now) {
        model.toast = None;
        model.dirty = true;
    }
    model.dirty |= header::refresh(model);
    contacts::rested(model);
    tasks::rested(model);
    model.dirty |= contacts::lost_patience(model);
    if model.tab == Tab::Rates {
        rates::read(model);
    }
}

fn resize(model: &mut Model, width: u16, height: u16) {
    if model.size == (width, height) {
        return;
    }
    model.size = (width, height);
    model.dirty = true;
    let visible = contacts::visible(model);
    model.contacts.window.scroll(visible);
    let visible = tasks::visible(model);
    model.tasks.window.scroll(visible);
    conflicts::scroll(model);
    refresh(model);
}

/// Asks again for all that is shown.
fn refresh(model: &mut Model) {
    model.read(Request::Frame);
    model.read(Request::Conflicts);
    model.read(Request::Errors);
    match model.tab {
        Tab::Contacts => {
            let span = model.contacts.window.refresh();
            contacts::read(model, span);
            contacts::follow(model);
        }
        Tab::Tasks => {
            let span = model.tasks.window.refresh();
            tasks::read(model, span);
            tasks::look(model);
        }
        Tab::Conflicts => {
            if model.conflicts.bench.is_some() {
                workbench::read(model);
            }
            if model.conflicts.policies.is_some() {
                model.read(Request::Policies);
            }
        }
        Tab::SyncLog => {
            model.read(Request::Passes);
            sync_log::find(model);
        }
        Tab::Errors => model.read(Request::Alerts),
        Tab::Rates => rates::read(model),
    }
}

fn accept(model: &mut Model, read: Read) {
    match read {
        Read::Frame {
            status,
            holder,
            totals,
        } => {
            let sides_show = model.tab == Tab::Rates || sides_of(model) != health(&status);
            if !model.frame_read || model.totals != *totals || sides_show {
                model.dirty = true;
            }
            model.frame_read = true;
            (model.status, model.holder, model.totals) = (*status, holder, *totals);
            model.dirty |= header::refresh(model);
        }
        Read::Contacts(query, page) => contacts::accept(model, &query, page),
        Read::Tasks(query, page) => tasks::accept(model, &query, page),
        Read::Detail(_, detail) => {
            workbench::accept_detail(model, detail.as_deref());
            contacts::accept_detail(model, detail);
        }
        Read::Task(detail) => tasks::accept_detail(model, detail),
        Read::TaskBoard(board) => tasks::accept_board(model, board),
        Read::Candidates(details) => workbench::accept_candidates(model, details),
        Read::Marked(details) => model.contacts.marked = Some(details),
        Read::Found(words, rows) => palette::accept(model, &words, rows),
        Read::Conflicts(rows) => conflicts::accept(model, rows),
        Read::Policies(rows) => policies::accept(model, rows),
        Read::Matching(matched) => remember::accept(model, matched),
        Read::Passes(passes) => sync_log::accept(model, passes),
        Read::LogFound(filter, lines) => sync_log::accept_found(model, &filter, lines),
        Read::LogOfPass(pass, lines) => sync_log::accept_lines(model, pass, lines),
        Read::Undo(preview) => undo::accept(model, &preview),
        Read::ErrorRecords(error, records) => errors::accept_records(model, error, records),
        Read::Alerts(alerts) => errors::accept_alerts(model, alerts),
        Read::Errors(rows) => errors::accept(model, rows),
        Read::Rates(bars) => rates::accept(model, bars),
        Read::Failed(words) => model.say_failed(words),
    }
}

type Shown = [(crate::model::Health, u64); 2];

/// What the header shows of the sides.
fn health(status: &crate::model::LoopStatus) -> Shown {
    crate::model::Side::BOTH.map(|side| {
        let status = status.sides.get(side);
        let spent = status.day.used + status.day.others.unwrap_or(0);
        let percent = spent * 100 / status.day.limit.max(1);
        (
            status.health.clone(),
            if percent >= 75 { percent } else { 0 },
        )
    })
}

fn sides_of(model: &Model) -> Shown {
    health(&model.status)
}

fn told(model: &mut Model, event: Event) {
    match event {
        Event::Lease { ours } => {
            model.lease_ours = ours;
            model.dirty |= header::refresh(model);
        }
        // The header and the errors say it, and say when it is over.
        Event::PassFailed { .. } => {}
        Event::Trouble { words } => model.say_failed(words),
        Event::Alert { words } => {
            model.say_failed(words);
            model.ring();
        }
        Event::Ended { action, outcome } => match outcome {
            ActionOutcome::Refused { why } => {
                let name = match action {
                    Action::Resolve { conflict, .. } => format!("{conflict}: "),
                    _ => String::new(),
                };
                model.say_failed(format!("{name}{}", crate::text::clean(&why)));
            }
            ActionOutcome::Done => {}
        },
    }
}

pub(super) fn show_tab(model: &mut Model, tab: Tab) {
    model.tab = tab;
    model.pending = None;
    model.tasks.forget_ticked();
    refresh(model);
}

/// Moves the cursor of what is shown.
pub(super) fn step(model: &mut Model, how: Move) {
    match model.tab {
        Tab::Contacts => contacts::go(model, how),
        Tab::Tasks => tasks::go(model, how),
        Tab::Conflicts if model.conflicts.bench.is_some() => workbench::go(model, how),
        Tab::Conflicts if model.conflicts.policies.is_some() => policies::go(model, how),
        Tab::Conflicts => conflicts::go(model, how),
        Tab::SyncLog => sync_log::go(model, how),
        Tab::Errors => errors::go(model, how),
        Tab::Rates => rates::go(model, how),
    }
}

/// Does what a command names.
pub(super) fn run(model: &mut Model, what: Do) {
    model.dirty = true;
    if !matches!(what, Do::Move(_)) {
        contacts::look_now(model);
    }
    match what {
        Do::Tab(tab) => show_tab(model, tab),
        Do::NextTab => show_tab(model, Tab::ALL[(model.tab.index() + 1) % 6]),
        Do::PreviousTab => show_tab(model, Tab::ALL[(model.tab.index() + 5) % 6]),
        Do::Palette => model.overlay = Some(Overlay::Palette(Palette::default())),
        Do::Help => model.overlay = Some(Overlay::Help(0)),
        Do::Search => model.searching = true,
        Do::Filter => filter::open(model),
        Do::Copy => copy::copy(model),
        Do::Mark => marks::toggle(model),
        Do::MarkAll => marks::toggle_all(model),
        Do::Decide => marks::decide(model),
        Do::Due => task_forms::due(model),
        Do::Assign => task_forms::assign(model),
        Do::New if model.tab == Tab::Contacts => contact_forms::new(model),
        Do::New => task_forms::new(model),
        Do::NextForMe => next_for_me(model),
        Do::Sync => {
            model.ask(Ask::Act(Action::Sync {
                full: false,
                children: false,
            }));
            model.say_done("A pass is asked for.");
        }
        Do::Quit => quit(model),
        Do::Plain => model.plain = !model.plain,
        Do::Redraw => model.redraw(),
        Do::Move(how) => step(model, how),
        Do::Open => open_current(model),
        Do::Back => {
            back(model);
        }
        Do::NextRecord => step_record(model, 1),
        Do::PreviousRecord => step_record(model, -1),
        Do::NextSection => step_section(model, 1),
        Do::PreviousSection => step_section(model, -1),
        Do::Unfold => unfold(model),
        Do::FocusList => contacts::focus_list(model),
        Do::FocusDetail => {
            model.contacts.detail_focus = true;
            model.contacts.zoomed |= !model.is_wide();
        }
        Do::Sort if model.tab == Tab::Conflicts => conflicts::regroup(model),
        Do::Sort => views::open(model),
        Do::Undo => undo::ask(model),
        Do::Pause => rates::pause(model),
        Do::Follow => sync_log::follow(model),
        Do::OpenRecord if model.tab == Tab::SyncLog => sync_log::open_record(model),
        Do::Edit if model.tab == Tab::Tasks => task_forms::edit(model),
        Do::Edit => contact_forms::edit(model, false),
        Do::Tags if model.marks.contacts.is_empty() => contact_forms::edit(model, true),
        Do::Tags => contact_forms::tag_marked(model),
        Do::Note => contact_forms::note(model),
        Do::Link => contact_forms::link(model),
        Do::Split => contact_forms::split(model),
        Do::Ignore if model.marks.contacts.is_empty() => contact_forms::ignore(model),
        Do::Ignore => marks::ignore(model),
        Do::Complete if model.marks.tasks.is_empty() => tasks::complete(model),
        Do::Complete => task_forms::complete(model),
        Do::Apply => staging::apply(model),
        Do::PutOff => put_off::open(model),
        Do::Remember => remember::open(model),
        Do::Policies => policies::open(model),
        Do::RemovePolicy => policies::remove(model),
        Do::Stage(pick) => workbench::pick(model, pick),
        Do::OtherValue => workbench::other_value(model),
        Do::Unstage => workbench::unstage(model),
        Do::NextUndecided => workbench::next_undecided(model),
        Do::NextCandidate => workbench::go_candidate(model, 1),
        Do::PreviousCandidate => workbench::go_candidate(model, -1),
        Do::Export => errors::export(model),
        Do::Acknowledge => errors::acknowledge(model),
        Do::OpenRecord => errors::open_record(model),
        Do::Retry | Do::Skip | Do::Mute => errors::ask(model, what),
        Do::Yes => yes(model),
        Do::No => model.overlay = None,
        Do::Default => {
            if let Some(Overlay::Confirm(confirm)) = model.overlay.take()
                && let Some(id) = confirm.decide
            {
                workbench::open(model, id);
            }
        }
        Do::ScrollDown | Do::ScrollUp => scroll_overlay(model, what == Do::ScrollDown),
    }
}

fn scroll_overlay(model: &mut Model, down: bool) {
    let rows = match &model.overlay {
        Some(Overlay::Help(_)) => {
            let columns = model.size.0.min(100).saturating_sub(4) as usize;
            super::widgets::help::rows(model, columns).len()
        }
        Some(Overlay::Confirm(confirm)) => confirm.lines.len(),
        _ => return,
    };
    if let Some(Overlay::Help(scroll)) = &mut model.overlay {
        *scroll = moved(*scroll, down, rows);
    } else if let Some(Overlay::Confirm(confirm)) = &mut model.overlay {
        confirm.scroll = moved(confirm.scroll, down, rows);
    }
}

const fn moved(scroll: usize, down: bool, rows: usize) -> usize {
    match down {
        true if scroll + 1 < rows => scroll + 1,
        true => scroll,
        false => scroll.saturating_sub(1),
    }
}

fn yes(model: &mut Model) {
    match model.overlay.take() {
        Some(Overlay::Leave) => model.quit = true,
        Some(Overlay::Confirm(confirm)) if confirm.yes.is_some() => {
            for ask in confirm.asks {
                model.ask(ask);
            }
            if !confirm.stages.is_empty() {
                model.marks.conflicts.clear();
            }
            for (id, answer) in confirm.stages {
                staging::stage(model, id, answer);
            }
            model.say_done(confirm.said);
        }
        other => model.overlay = other,
    }
}

/// Goes back; at the top, leaves or asks whether to.
pub(super) fn quit(model: &mut Model) {
    if back(model) {
        return;
    }
    if model.lease_ours && model.totals.waiting > 0 {
        model.overlay = Some(Overlay::Leave);
    } else {
        model.quit = true;
    }
}

/// One step back; false at the top.
fn back(model: &mut Model) -> bool {
    model.pending = None;
    if filter::is_list(model) && marks::back(model) {
        return true;
    }
    if model.tab != Tab::Contacts && filter::back(model) {
        return true;
    }
    match model.tab {
        Tab::Contacts => contacts::back(model) || filter::back(model),
        Tab::Tasks if !model.tasks.query.search.is_empty() => {
            tasks::search(model, String::new());
            true
        }
        Tab::Conflicts if model.conflicts.bench.is_some() => {
            workbench::close(model);
            true
        }
        Tab::Conflicts => model.conflicts.policies.take().is_some(),
        _ => false,
    }
}

fn open_current(model: &mut Model) {
    match model.tab {
        Tab::Contacts => contacts::open(model),
        Tab::Tasks => tasks::open(model),
        Tab::Conflicts if model.conflicts.bench.is_some() => {
            if model.conflicts.is_candidates() {
                workbench::pick(model, super::msg::Pick::Candidate);
            }
        }
        Tab::Conflicts if model.conflicts.policies.is_some() => policies::settled(model),
        Tab::Conflicts => {
            if let Some(id) = model.conflicts.cursor {
                workbench::open(model, id);
            }
        }
        Tab::SyncLog => sync_log::open(model),
        Tab::Errors => errors::toggle(model),
        Tab::Rates => {}
    }
}

fn step_record(model: &mut Model, by: isize) {
    let how = if by > 0 { Move::Down } else { Move::Up };
    match model.tab {
        Tab::Contacts => contacts::step_record(model, how),
        Tab::Conflicts if model.conflicts.bench.is_some() => workbench::step_conflict(model, by),
        _ => step(model, how),
    }
}

fn step_section(model: &mut Model, by: isize) {
    match model.tab {
        Tab::Contacts => {
            model.contacts.section = model.contacts.section.step(by);
            model.contacts.at = 0;
        }
        Tab::Tasks => tasks::step_view(model, by),
        Tab::SyncLog => sync_log::step_pass(model, by),
        Tab::Rates => rates::step_range(model),
        _ => {}
    }
}

fn unfold(model: &mut Model) {
    match model.tab {
        Tab::Contacts => model.contacts.unfolded = !model.contacts.unfolded,
        Tab::Tasks => {}
        Tab::Rates => model.rates.all_operations = !model.rates.all_operations,
        Tab::Conflicts => match &mut model.conflicts.bench {
            Some(bench) => bench.unfolded = !bench.unfolded,
            None => model.conflicts.unfolded = !model.conflicts.unfolded,
        },
        Tab::SyncLog => sync_log::toggle(model),
        Tab::Errors => errors::list_records(model),
    }
}

/// Staged decisions that moved, then conflicts by age, then errors.
fn next_for_me(model: &mut Model) {
    let me = model.operator.clone();
    let now = model.times.now;
    let here = model.conflicts.bench.as_ref().map(|bench| bench.conflict);
    let all = &model.conflicts.all;
    let moved = all.iter().filter(|c| {
        let old = |s: &crate::model::Staged| s.operator == me && s.revision != c.revision;
        c.staged.iter().any(old)
    });
    let mut open: Vec<_> = all
        .iter()
        .filter(|c| c.state == crate::model::ConflictState::Open && c.staged.is_empty())
        .filter(|c| !conflicts::is_put_off(c, now))
        .collect();
    open.sort_by_key(|c| c.opened_at);
    let queue: Vec<_> = moved.chain(open).map(|c| c.id).collect();
    let at = queue.iter().position(|id| Some(*id) == here);
    let next = at.map_or(0, |at| at + 1);
    if let Some(id) = queue.get(next) {
        workbench::open(model, *id);
    } else if model.errors.to_first_open() {
        model.conflicts.bench = None;
        show_tab(model, Tab::Errors);
    } else if let Some(id) = queue.first() {
        workbench::open(model, *id);
    } else {
        let failing = model.totals.contacts.get(&LinkState::Error).copied();
        match (model.staged(), failing.unwrap_or(0)) {
            (0, 0) => model.say("Nothing needs you."),
            (0, n) => model.say(format!(
                "Nothing to decide. {n} contacts have a failed write."
            )),
            (n, _) => model.say(format!("All decided. {n} staged: 3, then a applies.")),
        }
    }
}
