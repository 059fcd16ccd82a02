//! The only place where state changes: a message in, effects out. No I/O.

use std::sync::Arc;

use crate::engine::port::{Ask, Event};
use crate::model::{Action, ActionOutcome};

use super::copy;
use super::effect::{Effect, Request};
use super::filter;
use super::marks;
use super::model::{Model, Overlay};
use super::mouse;
use super::msg::{Do, Move, Msg, Read, Tab};
use super::next;
use super::pages;
use super::plan;
use super::presence;
use super::press;
use super::remember;
use super::tabs::{
    applying, bulk, conflicts, contact_forms, contacts, errors, errors_export, held, policies,
    put_off, rates, staging, sync_log, task_forms, tasks, views, workbench,
};
use super::undo;
use super::walk::{back, open_current, quit, step_record, step_section, unfold};
use super::widgets::palette::{self, Palette};
use super::widgets::{boxes, header};
use super::workspaces;

/// What to read when the dashboard opens.
pub fn open(model: &mut Model) -> Vec<Effect> {
    refresh(model);
    model.take_effects()
}

/// Takes a message.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let is_key = matches!(msg, Msg::Key(_));
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
        Msg::EngineGone => {
            let words = "The sync has ended in this process. {quit} leaves.";
            model.say_failed(model.keymap.fill(words));
        }
        Msg::Saved(Ok(words)) => model.say_done(words),
        Msg::Saved(Err(words)) => model.say_failed(words),
        Msg::Workspace(name, look) => workspaces::accept(model, &name, look),
        Msg::Edited(edited) => workbench::edited(model, edited),
        Msg::Terminate => model.quit = true,
        Msg::Wake => {}
    }
    presence::tell(model, is_key);
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
    workspaces::rested(model);
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
    model.read(Request::Businesses);
    errors::read(model);
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
            backfilled,
        } => {
            let sides_show = model.tab == Tab::Rates || sides_of(model) != health(&status);
            let same = model.totals == *totals && model.backfilled == backfilled;
            if !model.frame_read || !same || sides_show {
                model.dirty = true;
            }
            model.frame_read = true;
            (model.status, model.holder, model.totals) = (*status, holder, *totals);
            model.backfilled = backfilled;
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
        Read::Held(records) => held::accept(model, records),
        Read::Marked(details) => model.contacts.marked = Some(details),
        Read::Found(words, rows) => palette::accept(model, &words, rows),
        Read::Conflicts { rows, looking } => conflicts::accept(model, rows, looking),
        Read::Settled(all) => presence::accept(model, &all),
        Read::Businesses(names) => {
            if *model.times.businesses != names {
                model.times.businesses = Arc::new(names);
                model.dirty = true;
            }
        }
        Read::Policies(rows, uses) => policies::accept(model, rows, uses),
        Read::Exchanges(line, all) => sync_log::accept_exchanges(model, line, all),
        Read::Plan(planned) => plan::accept(model, &planned),
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
        Event::Barred { why } => {
            model.barred = why;
            model.dirty = true;
            header::refresh(model);
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

/// Shows a tab; of that which is shown already its list, whatever stands over it.
fn to_tab(model: &mut Model, tab: Tab) {
    if tab == model.tab {
        model.conflicts.bench = None;
        model.conflicts.policies = None;
        model.conflicts.bulk = None;
        contacts::to_list(model);
    }
    show_tab(model, tab);
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
        Tab::Conflicts if model.conflicts.bulk.is_some() => bulk::go(model, how),
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
        Do::Tab(tab) => to_tab(model, tab),
        Do::NextTab => show_tab(model, Tab::ALL[(model.tab.index() + 1) % 6]),
        Do::PreviousTab => show_tab(model, Tab::ALL[(model.tab.index() + 5) % 6]),
        Do::Palette => model.overlay = Some(Overlay::Palette(Palette::default())),
        Do::Help => model.overlay = Some(Overlay::Help(0)),
        Do::Search => model.searching = true,
        Do::Filter => filter::open(model),
        Do::Copy => copy::copy(model),
        Do::Mark => marks::toggle(model),
        Do::MarkAll => marks::toggle_all(model),
        Do::Decide => bulk::open(model),
        Do::Due => task_forms::due(model),
        Do::Assign if model.tab == Tab::Errors => errors::assign(model),
        Do::Assign => task_forms::assign(model),
        Do::New if model.tab == Tab::Contacts => contact_forms::new(model),
        Do::New => task_forms::new(model),
        Do::Workspaces => workspaces::open(model),
        Do::NextForMe => next::for_me(model),
        Do::Sync => sync(model),
        Do::Quit => quit(model),
        Do::Plain => model.plain = !model.plain,
        Do::Redraw => model.redraw(),
        Do::Suspend => model.effect(Effect::Suspend),
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
        Do::Plan => model.read(Request::Plan),
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
        Do::Apply => applying::apply(model),
        Do::PutOff => put_off::open(model),
        Do::Remember if in_bulk(model) => bulk::remember(model),
        Do::Remember => remember::open(model),
        Do::Policies => policies::open(model),
        Do::RemovePolicy => policies::remove(model),
        Do::Stage(pick) if in_bulk(model) => bulk::pick(model, pick),
        Do::Stage(pick) => workbench::pick(model, pick),
        Do::OtherValue if in_bulk(model) => bulk::other_value(model),
        Do::OtherValue => workbench::other_value(model),
        Do::Editor => workbench::editor(model),
        Do::LeaveOut => bulk::leave_out(model),
        Do::Page => pages::open(model),
        Do::Reason => applying::ask_reason(model),
        Do::Unstage => workbench::unstage(model),
        Do::NextUndecided => workbench::next_undecided(model),
        Do::NextCandidate => workbench::go_candidate(model, 1),
        Do::PreviousCandidate => workbench::go_candidate(model, -1),
        Do::Export => errors_export::open(model),
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
        Do::Scroll(how) => scroll_overlay(model, how),
    }
}

/// In Contacts the records in question are read again, elsewhere a pass runs; it writes what has to be written.
fn sync(model: &mut Model) {
    let marked: Vec<_> = model.marks.contacts.iter().copied().collect();
    let subject = model.contacts.subject();
    let (links, said) = match (marked.len(), subject) {
        _ if model.tab != Tab::Contacts => (Vec::new(), String::new()),
        (0, Some(link)) => (vec![link], format!("{} is", contacts::name(model))),
        (0, None) => (Vec::new(), String::new()),
        (n, _) => (marked, format!("{n} contacts are")),
    };
    if links.is_empty() {
        model.ask(Ask::Act(Action::Sync {
            full: false,
            children: false,
        }));
        return model.say_done("A pass is asked for.");
    }
    model.ask(Ask::ReadAgain(links));
    model.say_done(format!(
        "{said} read on both sides and brought in step now."
    ));
}

fn scroll_overlay(model: &mut Model, how: Move) {
    let Some((rows, shown)) = boxes::extent(model) else {
        return;
    };
    let last = rows.saturating_sub(shown);
    let page = shown.saturating_sub(1).max(1); // a row of the former page stays in view
    if let Some(Overlay::Help(scroll)) = &mut model.overlay {
        *scroll = how.among((*scroll).min(last), last, page);
    } else if let Some(Overlay::Confirm(confirm)) = &mut model.overlay {
        confirm.scroll = how.among(confirm.scroll.min(last), last, page);
    }
}

/// Whether keys go to the screen of many decisions, not to a workbench over it.
const fn in_bulk(model: &Model) -> bool {
    model.conflicts.bulk.is_some() && model.conflicts.bench.is_none()
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
                model.conflicts.bulk = None; // what was to be decided at once is
            }
            for (id, answer) in confirm.stages {
                staging::stage(model, id, answer);
            }
            model.say_done(confirm.said);
        }
        other => model.overlay = other,
    }
}
