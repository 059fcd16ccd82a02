//! The loop: keys, answers of the cache and events of the engine come through one channel; all that wait are
//! folded, then the screen is drawn once, if something shown changed.

use std::io::{self, Write as _};
use std::iter;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvError, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::Duration;

use crossterm::event::{self, Event as Input, MouseButton, MouseEvent, MouseEventKind};
use jiff::tz::TimeZone;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::clock::Clock;
use crate::engine::port::{Event, Port};

use super::effect::Effect;
use super::kept::Kept;
use super::keys::Key;
use super::model::Model;
use super::mouse::Mouse;
use super::msg::Msg;
use super::reader::{self, Asking, MapSource};
use super::terminal::Screen;
use super::theme::{Theme, ThemeChoice};
use super::times::Times;
use super::update::{open, update};
use super::view::view;

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
    /// The field map.
    pub map: MapSource,
    /// Whether both sides are the sandbox on this machine.
    pub demo: bool,
    /// Where tab, filters and cursors are kept between runs; `None`: they are not.
    pub state: Option<PathBuf>,
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

/// Shows the dashboard until the operator leaves. The first frame is drawn before anything is read.
///
/// Fails only when the terminal cannot be used; it is restored in every case.
pub fn run(settings: Settings, port: Port, events: Receiver<Event>) -> Result<Exit, TuiError> {
    let var = |name: &str| std::env::var(name).ok();
    if var("TERM").is_some_and(|term| term == "dumb") {
        return Err(TuiError::Dumb);
    }
    let theme = Theme::choose(settings.theme, var);
    let times = Times {
        zone: settings.zone.clone(),
        now: settings.clock.now(),
    };
    let mut model = Model::new(settings.workspace, settings.operator, theme, times);
    model.demo = settings.demo;
    model.ascii = settings.ascii || is_ascii(var);
    if let Some(kept) = settings.state.as_deref().and_then(Kept::load) {
        kept.restore(&mut model);
    }
    let mut screen = Screen::enter(has_mouse(var))?;
    model.size = Screen::size()?;
    super::widgets::header::refresh(&mut model);
    model.take_dirty();
    screen.frame(|frame| view(&model, frame))?;

    let (to, messages) = mpsc::sync_channel(QUEUE);
    let (answers, answered) = mpsc::channel();
    let asking = reader::spawn(
        settings.database,
        settings.clock.clone(),
        settings.map,
        answers,
    );
    forward(answered, to.clone(), None);
    spawn_input(to.clone());
    let signals = spawn_signals(to.clone())?;
    let (told, events_of_engine) = mpsc::channel();
    thread::spawn(move || {
        for event in events {
            if told.send(Msg::Told(event)).is_err() {
                return;
            }
        }
    });
    forward(events_of_engine, to.clone(), Some(Msg::EngineGone));

    let mut outside = Outside {
        asking,
        port,
        messages: to,
        gone: false,
    };
    let mut redraw = outside.carry(open(&mut model));
    let exit = loop {
        let Ok(first) = wait(&messages, &model, &settings.clock) else {
            break Exit::Ended;
        };
        redraw |= outside.carry(update(&mut model, Msg::At(settings.clock.now())));
        let mut ended = false;
        for msg in first
            .into_iter()
            .chain(iter::from_fn(|| messages.try_recv().ok()))
            .take(FOLD)
        {
            ended |= msg == Msg::Terminate;
            redraw |= outside.carry(update(&mut model, msg));
        }
        if model.quit {
            break if ended { Exit::Ended } else { Exit::Left };
        }
        if outside.gone {
            outside.gone = false;
            update(&mut model, Msg::EngineGone);
        }
        if std::mem::take(&mut redraw) {
            screen.forget()?;
        }
        if model.dirty {
            // A change of size can come before anybody listens for it.
            let (width, height) = Screen::size()?;
            if (width, height) != model.size {
                outside.carry(update(&mut model, Msg::Resize { width, height }));
            }
        }
        if model.take_dirty() {
            screen.frame(|frame| view(&model, frame))?;
        }
    };
    signals.close();
    if let Some(path) = &settings.state {
        Kept::of(&model).save(path);
    }
    Ok(exit)
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
            "Not written: {path} is there already. X asks for another name."
        )),
        Err(error) => Err(format!("Not written to {path}: {error}.")),
    }
}

impl Outside {
    /// True if every cell is to be drawn anew.
    fn carry(&mut self, effects: Vec<Effect>) -> bool {
        let mut redraw = false;
        for effect in effects {
            match effect {
                Effect::Read(request) => self.asking.ask(request),
                Effect::Ask(ask) => self.gone |= !self.port.ask(ask),
                // A terminal that is gone rings no more.
                Effect::Ring => drop(
                    io::stdout()
                        .write_all(b"\x07")
                        .and_then(|()| io::stdout().flush()),
                ),
                Effect::Copy(text) => super::terminal::copy(&text),
                Effect::Redraw => redraw = true,
                Effect::Save { path, text } => {
                    let to = self.messages.clone();
                    // A slow disk does not stop the screen; who is gone needs no answer.
                    thread::spawn(move || drop(to.send(Msg::Saved(save(&path, &text)))));
                }
            }
        }
        redraw
    }
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

fn mouse_of(event: MouseEvent) -> Option<Mouse> {
    Some(match event.kind {
        MouseEventKind::Down(MouseButton::Left) => Mouse::Click {
            x: event.column,
            y: event.row,
        },
        MouseEventKind::ScrollDown => Mouse::Wheel { down: true },
        MouseEventKind::ScrollUp => Mouse::Wheel { down: false },
        _ => return None,
    })
}

fn spawn_input(to: SyncSender<Msg>) {
    thread::spawn(move || {
        loop {
            let msg = match event::read() {
                Ok(Input::Key(key)) => match Key::of_event(&key) {
                    Some(key) => Msg::Key(key),
                    None => continue,
                },
                Ok(Input::Mouse(mouse)) => match mouse_of(mouse) {
                    Some(mouse) => Msg::Mouse(mouse),
                    None => continue,
                },
                Ok(Input::Paste(text)) => Msg::Paste(text),
                Ok(Input::Resize(width, height)) => Msg::Resize { width, height },
                Ok(_) => continue,
                Err(_) => Msg::Terminate, // the terminal is gone
            };
            let last = msg == Msg::Terminate;
            if to.send(msg).is_err() || last {
                return;
            }
        }
    });
}

fn spawn_signals(to: SyncSender<Msg>) -> io::Result<signal_hook::iterator::Handle> {
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT])?;
    let handle = signals.handle();
    thread::spawn(move || {
        for _ in signals.forever() {
            if to.send(Msg::Terminate).is_err() {
                return;
            }
        }
    });
    Ok(handle)
}

/// Whether the terminal tells of the mouse; a console and a `vt100` do not.
fn has_mouse(var: impl Fn(&str) -> Option<String>) -> bool {
    let term = var("TERM").unwrap_or_default();
    !(term == "linux" || term.starts_with("vt1"))
}

/// Whether the terminal cannot show more than ASCII.
fn is_ascii(var: impl Fn(&str) -> Option<String>) -> bool {
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
