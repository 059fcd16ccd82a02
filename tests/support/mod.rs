//! The dashboard without a terminal: keys in, screens out. Questions to the cache are answered from memory, so that
//! nothing else than the interface is under test.

mod conflict_rows;
pub mod held_rows;
mod loop_rows;
mod mara;
pub mod world;

use couplet::engine::port::{Ask, Event};
use couplet::model::{ConflictId, ConflictState, ErrorState, Millis, Staged};
use couplet::tui::effect::{Effect, Request};
use couplet::tui::model::Model;
use couplet::tui::msg::{Msg, Read};
use couplet::tui::passing::passes_log;
use couplet::tui::remember::Matched;
use couplet::tui::theme::Theme;
use couplet::tui::times::Times;
use couplet::tui::update::{open, update};
use couplet::tui::view::view;
use couplet::tui::{keys, reader};
use ratatui::{Terminal, backend::TestBackend};

use world::World;

/// The dashboard of `dana` on the workspace `harbor-west`, on Tuesday 24 November 2026, 14:05 UTC.
pub struct TestApp {
    pub model: Model,
    pub world: World,
    pub asks: Vec<Ask>,
    pub copied: Option<String>,
    pub saved: Option<(String, String)>,
    /// The workspace that was to be opened.
    pub switched: Option<String>,
    pub edited: Option<(String, String)>,
    pub looks: Vec<Option<ConflictId>>,
    terminal: Terminal<TestBackend>,
}

impl TestApp {
    /// With believable rows, all read.
    pub fn demo(width: u16, height: u16) -> Self {
        Self::with(width, height, Theme::dark(), World::demo())
    }

    /// The same without colours.
    pub fn mono(width: u16, height: u16) -> Self {
        Self::with(width, height, Theme::mono(), World::demo())
    }

    /// With these rows.
    pub fn with(width: u16, height: u16, theme: Theme, world: World) -> Self {
        let mut app = Self::unread(width, height, theme, world);
        let effects = open(&mut app.model);
        app.carry(effects);
        app
    }

    /// Before anything was read.
    pub fn unread(width: u16, height: u16, theme: Theme, world: World) -> Self {
        let times = Times::new(jiff::tz::TimeZone::UTC, world::now());
        let mut model = Model::new("harbor-west".into(), "dana".into(), theme, times);
        model.size = (width, height);
        model.lease_ours = true;
        let terminal =
            Terminal::new(TestBackend::new(width, height)).expect("memory does not fail");
        let mut app = Self {
            model,
            world,
            asks: Vec::new(),
            copied: None,
            saved: None,
            switched: None,
            edited: None,
            looks: Vec::new(),
            terminal,
        };
        app.send(Msg::At(world::now()));
        app
    }

    /// Presses keys, each answered before the next.
    pub fn press(&mut self, text: &str) -> &mut Self {
        for key in keys::parse(text).expect("keys") {
            self.send(Msg::Key(key));
        }
        self.rest()
    }

    /// The operator rests until the detail has followed the cursor.
    pub fn rest(&mut self) -> &mut Self {
        let wake = |model: &Model| model.contacts.next_wake().or(model.tasks.next_wake());
        while let Some(at) = wake(&self.model) {
            self.send(Msg::At(at));
        }
        self
    }

    /// Types text into a box.
    pub fn typed(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.send(Msg::Key(keys::Key::char(c)));
        }
        self
    }

    /// Gives a message, and carries out what it asks for.
    pub fn send(&mut self, msg: Msg) -> &mut Self {
        let effects = update(&mut self.model, msg);
        self.carry(effects);
        self
    }

    /// Time goes on by `ms`.
    pub fn later(&mut self, ms: i64) -> &mut Self {
        let at: Millis = self.model.times.now.plus(ms);
        self.send(Msg::At(at))
    }

    /// The engine ended an action.
    pub fn told(&mut self, event: Event) -> &mut Self {
        self.send(Msg::Told(event))
    }

    /// What the screen shows.
    pub fn screen(&mut self) -> String {
        let (width, height) = self.model.size;
        self.terminal.backend_mut().resize(width, height);
        self.terminal
            .draw(|frame| view(&self.model, frame))
            .expect("memory does not fail");
        let buffer = self.terminal.backend().buffer();
        let mut lines = Vec::new();
        for y in 0..height {
            let mut line = String::new();
            let mut skip = 0;
            for x in 0..width {
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                let symbol = buffer[(x, y)].symbol();
                skip = couplet::text::width(symbol).saturating_sub(1);
                line.push_str(symbol);
            }
            assert_eq!(couplet::text::width(&line), width as usize, "{line}");
            lines.push(line.trim_end().to_owned());
        }
        lines.join("\n")
    }

    /// The bytes that the terminal gets for what changed since the last draw.
    pub fn bytes(&mut self) -> usize {
        let before = self.terminal.backend().buffer().clone();
        self.screen();
        let after = self.terminal.backend().buffer();
        couplet::tui::ansi::draw(before.diff(after)).len()
    }

    /// The screen, and under each row how it is styled: `^` the accent, `!` errors, `~` what moves, `#` the cursor row,
    /// `-` dimmed, `b` bold.
    pub fn styles(&mut self) -> String {
        let text = self.screen();
        let (width, height) = self.model.size;
        let theme = self.model.theme;
        let buffer = self.terminal.backend().buffer();
        let mut lines = Vec::new();
        for (y, line) in (0..height).zip(text.lines()) {
            lines.push(line.to_owned());
            let marks: String = (0..width)
                .map(|x| {
                    let style = buffer[(x, y)].style();
                    let is = |want: ratatui::style::Style| {
                        want.fg.is_some() && style.fg == want.fg
                            || want.fg.is_none() && style.add_modifier == want.add_modifier
                    };
                    match buffer[(x, y)].symbol() {
                        _ if style.add_modifier.contains(theme.cursor.add_modifier) => '#',
                        " " => ' ',
                        _ if is(theme.decide) => '^',
                        _ if is(theme.error) => '!',
                        _ if is(theme.moving) => '~',
                        _ if is(theme.dim) => '-',
                        _ if is(theme.title) => 'b',
                        _ => ' ',
                    }
                })
                .collect();
            lines.push(marks.trim_end().to_owned());
        }
        lines.join("\n")
    }

    fn carry(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Read(request) => {
                    let read = self.answer(request);
                    self.send(Msg::Read(read));
                }
                Effect::Ask(Ask::Look(conflict)) => self.looks.push(conflict),
                Effect::Edit { editor, text } => self.edited = Some((editor, text)),
                Effect::Ask(ask) => {
                    self.stage(&ask);
                    self.asks.push(ask);
                }
                Effect::Redraw | Effect::Suspend | Effect::Ring | Effect::LookAround => {}
                Effect::Switch(name) => self.switched = Some(name),
                Effect::Save { path, text } => self.saved = Some((path, text)),
                Effect::Copy(text) => self.copied = Some(text),
            }
        }
    }

    /// What the engine's thread does at once with an ask: it keeps staged answers.
    fn stage(&mut self, ask: &Ask) {
        let operator = "dana".to_owned();
        match ask {
            Ask::Stage {
                conflict,
                answer,
                revision,
            } => {
                let staged = Staged {
                    operator,
                    answer: answer.clone(),
                    revision: *revision,
                    at: self.model.times.now,
                };
                for row in &mut self.world.conflicts {
                    if row.id == *conflict {
                        let field = couplet::tui::tabs::staging::field_of(answer).cloned();
                        row.staged.retain(|old| {
                            old.operator != staged.operator
                                || couplet::tui::tabs::staging::field_of(&old.answer)
                                    != field.as_ref()
                        });
                        row.staged.push(staged.clone());
                    }
                }
            }
            Ask::Unstage { conflict, field } => {
                for row in &mut self.world.conflicts {
                    if row.id == *conflict {
                        row.staged.retain(|old| {
                            let of = couplet::tui::tabs::staging::field_of(&old.answer);
                            old.operator != operator || (field.is_some() && of != field.as_ref())
                        });
                    }
                }
            }
            Ask::Act(_) | Ask::Acknowledge(_) | Ask::ReadAgain(_) | Ask::Look(_) => {}
        }
    }

    fn answer(&self, request: Request) -> Read {
        let world = &self.world;
        match request {
            Request::Frame => Read::Frame {
                status: Box::new(world.status.clone()),
                holder: world.holder.clone(),
                totals: Box::new(world.totals()),
                backfilled: world.backfilled,
            },
            Request::Contacts { query, span, reach } => {
                let rows = world.contacts_of(&query);
                let page = reader::page(span, reach, |from, way, limit| {
                    Ok::<_, ()>(world::after(&rows, from, way, limit))
                });
                Read::Contacts(query, page.expect("memory does not fail"))
            }
            Request::Tasks { query, span, reach } => {
                let rows = world.tasks_of(&query);
                let page = reader::page(span, reach, |from, way, limit| {
                    Ok::<_, ()>(world::after(&rows, from, way, limit))
                });
                Read::Tasks(query, page.expect("memory does not fail"))
            }
            Request::Detail(link) => Read::Detail(link, world.detail(link).map(Box::new)),
            Request::Marked(links) => {
                let of = |link| world.detail(link).or_else(|| world.task(link));
                Read::Marked(links.into_iter().filter_map(of).collect())
            }
            Request::Task(link) => Read::Task(world.task(link).map(Box::new)),
            Request::TaskBoard { days, .. } => Read::TaskBoard(world.board(&days)),
            Request::Candidates(links) => Read::Candidates(world.details(&links)),
            Request::Held(links) => Read::Held(world.held_of(&links)),
            Request::Find(words) => {
                let query = couplet::store::ContactQuery {
                    search: words.clone(),
                    ..couplet::store::ContactQuery::default()
                };
                Read::Found(words, world.contacts_of(&query))
            }
            Request::Conflicts => {
                let open = world.conflicts.iter().filter(|conflict| {
                    matches!(conflict.state, ConflictState::Open | ConflictState::Decided)
                });
                Read::Conflicts {
                    rows: open.cloned().collect(),
                    looking: world.looking.clone(),
                }
            }
            Request::Settled(ids) => {
                let all = world.settled.iter();
                let all = all.filter(|settled| ids.contains(&settled.conflict.id));
                Read::Settled(all.cloned().collect())
            }
            Request::Businesses => Read::Businesses(world.businesses.clone()),
            Request::Policies => Read::Policies(world.policies.clone(), world.policy_uses.clone()),
            Request::Exchanges(line) => {
                let all = world.exchanges.iter().filter(|_| line.0 == 10_230);
                Read::Exchanges(line, all.cloned().collect())
            }
            Request::Plan => Read::Plan(World::plan()),
            Request::Matching { filter, links } => {
                let query = couplet::store::ContactQuery {
                    filter: filter.clone(),
                    ..couplet::store::ContactQuery::default()
                };
                let rows = world.contacts_of(&query);
                let found = rows.iter().map(|row| row.id);
                Read::Matching(Matched {
                    filter,
                    links: found.filter(|id| links.contains(id)).collect(),
                    count: rows.len() as u64,
                })
            }
            Request::Passes => Read::Passes(world.passes.clone()),
            Request::LogOfPass(pass) => {
                let lines = world.log.iter().filter(|line| line.pass == pass);
                Read::LogOfPass(pass, lines.cloned().collect())
            }
            Request::LogFound(filter) => {
                let now = self.model.times.now;
                let lines = world.log.iter();
                let lines = lines.filter(|line| passes_log(&filter, line, now));
                let lines = lines.cloned().collect();
                Read::LogFound(filter, lines)
            }
            Request::Undo { of, .. } => Read::Undo(Box::new(World::undo(of))),
            Request::ErrorRecords(error) => {
                let rows = world.tasks.iter().skip(2).take(3);
                let rows = rows.map(|row| (row.id, row.title.clone()));
                Read::ErrorRecords(error, rows.collect())
            }
            Request::Alerts => Read::Alerts(world.alerts.clone()),
            Request::Errors { closed } => {
                let shown = world.errors.iter();
                let shown = shown.filter(|error| closed || error.state != ErrorState::Closed);
                Read::Errors(shown.cloned().collect())
            }
            Request::Rates { .. } => Read::Rates(world.bars.clone()),
        }
    }
}
