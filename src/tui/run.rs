//! The loop: keys, answers of the cache and events of the engine come through one channel; all that wait are
//! folded, then the screen is drawn once, if something shown changed.

use std::io::{self, Write as _};
use std::iter;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvError, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::Duration;

use jiff::tz::TimeZone;
use signal_hook::consts::SIGTSTP;
use signal_hook::low_level;

use crate::clock::Clock;
use crate::engine::port::{Event, Port};

use super::book::Book;
use super::editor::Turn;
use super::effect::Effect;
use super::input::{Inlet, spawn_input, spawn_signals};
use super::kept::Kept;
use super::keymap::Keymap;
use super::model::Model;
use super::msg::Msg;
use super::pages::{self, Pages};
use super::reader::{self, Asking, MapSource};
use super::terminal::Screen;
use super::theme::{Theme, ThemeChoice};
use super::times::Times;
use super::update::{open, update};
use super::view::view;
use super::workspaces::{Place, Seen};

/// Messages that may wait; a sender beyond that waits itself.
const QUEUE: usize = 1_024;
/// Messages folded before a frame.
const FOLD: usize = 256;

/// What the dashboard must know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Name of the workspace.
    pub workspace: String,
    /// Name of the operator.
    pub operator: String,
    /// The database file; it may not exist yet.
    pub database: PathBuf,
    /// Time.
    pub clock: Clock,
    /// The operator's zone.
    pub zone: TimeZone,
    /// Which theme.
    pub theme: ThemeChoice,
    /// Whether to use ASCII only, whatever the locale says.
    pub ascii: bool,
    /// Which keys name which command.
    pub keymap: Keymap,
    /// The field map and the rules, as screens show them.
    pub book: Book,
    /// The field map, for what is worked out about an undo.
    pub map: MapSource,
    /// Whether both sides are the sandbox on this machine.
    pub demo: bool,
    /// Why nothing may be changed here; `None`: it may.
    pub looks_only: Option<&'static str>,
    /// Where a record's page is on each side.
    pub pages: Pages,
    /// The operator's editor, or why it cannot be opened.
    pub editor: Result<String, &'static str>,
    /// Where tab, filters and cursors are kept between runs; `None`: they are not.
    pub state: Option<PathBuf>,
}

/// A workspace that is open: what the dashboard must know, and its engine.
#[derive(Debug)]
pub struct Opened {
    /// What the dashboard must know.
    pub settings: Settings,
    /// Where to ask the engine.
    pub port: Port,
    /// What it tells.
    pub events: Receiver<Event>,
}

/// All workspaces of the config, and how another is opened.
pub struct Others<'a> {
    /// All, in the order of the config.
    pub places: Vec<Place>,
    /// Whether nobody said yet which is meant, so that the list is shown first.
    pub asks_which: bool,
    /// Opens the one of this name in the place of the one before; in words why not.
    pub open: &'a mut dyn FnMut(&str) -> Result<Opened, String>,
}

/// How the dashboard ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The operator left.
    Left,
    /// A signal or a closed terminal ended it.
    Ended,
}

/// The dashboard cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// The terminal has no screen.
    #[error(
        "this terminal cannot move its cursor (`TERM=dumb`): set `TERM`, or use `couplet status` and `couplet conflicts list`"
    )]
    Dumb,
    /// The terminal cannot be used.
    #[error("the terminal cannot be used")]
    Terminal(#[from] io::Error),
}

/// How a workspace was left.
enum Left {
    For(Box<Opened>),
    Ended(Exit),
}

/// What stays while one workspace after the other is shown.
struct Stage {
    screen: Screen,
    inlet: Inlet,
    turn: Turn,
    /// The thread that listens for signals, once it does.
    signals: Option<signal_hook::iterator::Handle>,
}

/// Shows the dashboard until the operator leaves. The first frame is drawn before anything is read.
///
/// Fails only when the terminal cannot be used; it is restored in every case.
pub fn run(first: Opened, mut others: Others<'_>) -> Result<Exit, TuiError> {
    if var("TERM").is_some_and(|term| term == "dumb") {
        return Err(TuiError::Dumb);
    }
    let (to, mut messages) = mpsc::sync_channel(QUEUE);
    let inlet = Inlet::new(to);
    let wakes = inlet.clone();
    // a queue that is full wakes the loop as well
    let wake = move || drop(wakes.current().try_send(Msg::Wake));
    let mut stage = Stage {
        screen: Screen::enter(has_mouse(var), wake)?,
        inlet,
        turn: Turn::default(),
        signals: None,
    };
    let mut opened = first;
    let exit = loop {
        match session(&mut stage, opened, &messages, &mut others)? {
            Left::For(next) => {
                let (to, from) = mpsc::sync_channel(QUEUE);
                *stage.inlet.current() = to;
                messages = from;
                opened = *next;
                others.asks_which = false;
            }
            Left::Ended(exit) => break exit,
        }
    };
    if let Some(signals) = stage.signals {
        signals.close();
    }
    Ok(exit)
}

fn var(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Shows one workspace. The threads that listen for keys and signals are started after the first frame, and stay.
fn session(
    stage: &mut Stage,
    opened: Opened,
    messages: &Receiver<Msg>,
    others: &mut Others<'_>,
) -> Result<Left, TuiError> {
    let Opened {
        settings,
        port,
        events,
    } = opened;
    let links = has_mouse(var); // what knows no mouse may print what it does not know
    let mut model = fresh(&settings, others)?;
    stage.screen.frame(|frame| view(&model, frame))?;

    let to = stage.inlet.current().clone();
    let (answers, answered) = mpsc::channel();
    let asking = reader::spawn(
        settings.database,
        settings.clock.clone(),
        settings.map,
        answers,
    );
    forward(answered, to.clone(), None);
    if stage.signals.is_none() {
        spawn_input(stage.inlet.clone(), stage.turn.clone());
        stage.signals = Some(spawn_signals(stage.inlet.clone(), stage.turn.clone())?);
    }
    let (told, events_of_engine) = mpsc::channel();
    thread::spawn(move || {
        for event in events {
            if told.send(Msg::Told(event)).is_err() {
                return;
            }
        }
    });
    forward(events_of_engine, to.clone(), Some(Msg::EngineGone));

    let screen = &mut stage.screen;
    let mut outside = Outside {
        asking,
        port,
        messages: to,
        turn: stage.turn.clone(),
        places: others.places.clone(),
        switch: None,
        gone: false,
    };
    outside.carry(open(&mut model), screen)?;
    let left = loop {
        let Ok(first) = wait(messages, &model, &settings.clock) else {
            break Left::Ended(Exit::Ended);
        };
        let now = Msg::At(settings.clock.now());
        outside.carry(update(&mut model, now), screen)?;
        let mut ended = false;
        for msg in first
            .into_iter()
            .chain(iter::from_fn(|| messages.try_recv().ok()))
            .take(FOLD)
        {
            ended |= msg == Msg::Terminate;
            outside.carry(update(&mut model, msg), screen)?;
        }
        if model.quit {
            break Left::Ended(if ended { Exit::Ended } else { Exit::Left });
        }
        if let Some(name) = outside.switch.take() {
            match (others.open)(&name) {
                Ok(next) => break Left::For(Box::new(next)),
                Err(words) => {
                    let told = update(&mut model, Msg::Saved(Err(words)));
                    outside.carry(told, screen)?;
                }
            }
        }
        if outside.gone {
            outside.gone = false;
            update(&mut model, Msg::EngineGone);
        }
        if model.dirty && !screen.is_free() {
            continue; // drawn when the terminal has read what is on its way, from what is true then
        }
        if model.dirty {
            // A change of size can come before anybody listens for it.
            let (width, height) = Screen::size()?;
            if (width, height) != model.size {
                let resized = update(&mut model, Msg::Resize { width, height });
                outside.carry(resized, screen)?;
            }
        }
        if model.take_dirty() {
            if links {
                screen.link(pages::links(&model));
            }
            screen.frame(|frame| view(&model, frame))?;
        }
    };
    if let Some(path) = &settings.state {
        Kept::of(&model).save(path);
    }
    Ok(left)
}

/// The model of a workspace before anything was read.
fn fresh(settings: &Settings, others: &Others<'_>) -> io::Result<Model> {
    let theme = Theme::choose(settings.theme, var);
    let times = Times::new(settings.zone.clone(), settings.clock.now());
    let (workspace, operator) = (settings.workspace.clone(), settings.operator.clone());
    let mut model = Model::new(workspace, operator, theme, times);
    let names = others.places.iter().map(|place| place.name.clone());
    model.places = names.collect();
    model.demo = settings.demo;
    model.looks_only = settings.looks_only;
    model.pages = settings.pages.clone();
    model.editor.clone_from(&settings.editor);
    model.book = settings.book.clone();
    model.keymap = Arc::new(settings.keymap.clone());
    model.ascii = settings.ascii || is_ascii(var);
    if let Some(kept) = settings.state.as_deref().and_then(Kept::load) {
        kept.restore(&mut model);
    }
    model.size = Screen::size()?;
    super::widgets::header::refresh(&mut model);
    if others.asks_which {
        super::workspaces::open(&mut model);
    }
    model.take_dirty();
    Ok(model)
}

/// The first message, or none when the model wanted to be told the time; an error when nobody can send any more.
fn wait(messages: &Receiver<Msg>, model: &Model, clock: &Clock) -> Result<Option<Msg>, RecvError> {
    let Some(at) = model.next_wake() else {
        return messages.recv().map(Some);
    };
    let ms = at.since(clock.now()).clamp(1, 60_000) as u64;
    match messages.recv_timeout(Duration::from_millis(ms)) {
        Ok(msg) => Ok(Some(msg)),
        Err(RecvTimeoutError::Timeout) => Ok(None),
        Err(RecvTimeoutError::Disconnected) => Err(RecvError),
    }
}

/// Carries effects out.
struct Outside {
    asking: Asking,
    port: Port,
    messages: SyncSender<Msg>,
    turn: Turn,
    places: Vec<Place>,
    /// The workspace that is to be opened.
    switch: Option<String>,
    gone: bool,
}

/// Writes a file that must not be there yet; says how that went.
fn save(path: &str, text: &str) -> Result<String, String> {
    let write = || -> io::Result<()> {
        let mut file = std::fs::File::create_new(path)?;
        file.write_all(text.as_bytes())
    };
    match write() {
        Ok(()) => Ok(format!("Written to {path}.")),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(format!(
            "Not written: {path} is there already. the same key asks for another name."
        )),
        Err(error) => Err(format!("Not written to {path}: {error}.")),
    }
}

impl Outside {
    fn carry(&mut self, effects: Vec<Effect>, screen: &mut Screen) -> io::Result<()> {
        for effect in effects {
            match effect {
                Effect::Read(request) => self.asking.ask(request),
                Effect::Ask(ask) => self.gone |= !self.port.ask(ask),
                Effect::Ring => screen.ring(),
                Effect::Copy(text) => screen.copy(&text),
                Effect::Redraw => screen.forget()?,
                // The shell goes on here when the operator comes back.
                Effect::Suspend => screen.lend(|| low_level::raise(SIGTSTP))??,
                Effect::Edit { editor, text } => {
                    let edited = screen.lend(|| self.turn.edit(&editor, &text))?;
                    let to = self.messages.clone();
                    // The queue may be full, and only this thread empties it.
                    thread::spawn(move || drop(to.send(Msg::Edited(edited))));
                }
                Effect::LookAround => look_around(self.places.clone(), self.messages.clone()),
                Effect::Switch(name) => self.switch = Some(name),
                Effect::Save { path, text } => {
                    let to = self.messages.clone();
                    // A slow disk does not stop the screen; who is gone needs no answer.
                    thread::spawn(move || drop(to.send(Msg::Saved(save(&path, &text)))));
                }
            }
        }
        Ok(())
    }
}

/// Looks at every workspace, one after the other, on a thread that the screen does not wait for.
fn look_around(places: Vec<Place>, to: SyncSender<Msg>) {
    thread::spawn(move || {
        for place in places {
            let look = Seen::read(&place).map_err(|error| error.to_string());
            if to.send(Msg::Workspace(place.name, look)).is_err() {
                return;
            }
        }
    });
}

/// Passes messages on into the one channel; `last` when the sender is gone.
fn forward(from: Receiver<Msg>, to: SyncSender<Msg>, last: Option<Msg>) {
    thread::spawn(move || {
        for msg in from.into_iter().chain(last) {
            if to.send(msg).is_err() {
                return;
            }
        }
    });
}

/// Whether the terminal tells of the mouse; a console and a `vt100` do not.
fn has_mouse(var: impl Fn(&str) -> Option<String>) -> bool {
    let term = var("TERM").unwrap_or_default();
    !(term == "linux" || term.starts_with("vt1"))
}

/// Whether the terminal cannot show more than ASCII.
pub(super) fn is_ascii(var: impl Fn(&str) -> Option<String>) -> bool {
    let term = var("TERM").unwrap_or_default();
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(&var)
        .find(|value| !value.is_empty())
        .unwrap_or_default()
        .to_ascii_lowercase();
    let utf8 = locale.contains("utf-8") || locale.contains("utf8");
    !utf8 || term == "linux" || term.starts_with("vt1")
}
