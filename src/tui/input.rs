//! What comes in from outside: keys, the mouse, pasted text and changes of size from the terminal, and signals. Two
//! threads listen, as long as the dashboard runs, and tell the workspace that is open.

use std::io;
use std::sync::mpsc::{SendError, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crossterm::event::{self, Event as Input, MouseButton, MouseEvent, MouseEventKind};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGWINCH};
use signal_hook::iterator::Signals;

use super::editor::Turn;
use super::keys::Key;
use super::mouse::Mouse;
use super::msg::Msg;
use super::terminal::Screen;

/// Where keys and signals go: to the workspace that is open.
#[derive(Clone)]
pub(super) struct Inlet(Arc<Mutex<SyncSender<Msg>>>);

impl Inlet {
    /// To a workspace.
    pub(super) fn new(to: SyncSender<Msg>) -> Self {
        Self(Arc::new(Mutex::new(to)))
    }

    /// The way to the workspace that is open.
    pub(super) fn current(&self) -> MutexGuard<'_, SyncSender<Msg>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// False when nobody takes messages any more.
    pub(super) fn send(&self, msg: Msg) -> bool {
        let to = self.current().clone();
        let Err(SendError(msg)) = to.send(msg) else {
            return true;
        };
        // Another workspace may have been opened meanwhile.
        let to = self.current().clone();
        to.send(msg).is_ok()
    }
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

/// Makes crossterm look again: it waits for the terminal to *become* readable and takes 1,024 bytes at a time, so that
/// the rest of a longer burst would lie until the next key. To set the terminal's attributes, here to what they are,
/// wakes whoever waits for it.
fn nudge() -> io::Result<()> {
    let stdin = io::stdin();
    let same = tcgetattr(&stdin)?;
    Ok(tcsetattr(&stdin, OptionalActions::Now, &same)?)
}

/// What waits at the terminal, while keys are the dashboard's. There is something, says [`is_there`].
fn waiting(turn: &Turn) -> io::Result<Vec<Input>> {
    let _ours = turn.keys();
    let mut all = Vec::new();
    if !event::poll(Duration::ZERO)? {
        nudge()?;
    }
    while event::poll(Duration::ZERO)? {
        all.push(event::read()?);
    }
    Ok(all)
}

/// Waits until there is something to read; false when the terminal is gone. Nothing is read here: the terminal may be
/// lent to another program.
fn is_there() -> bool {
    let stdin = io::stdin();
    let mut sources = [PollFd::new(&stdin, PollFlags::IN)];
    match poll(&mut sources, None) {
        Ok(_) => !sources[0]
            .revents()
            .intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL),
        Err(error) => error == Errno::INTR,
    }
}

/// Passes on keys, the mouse, pasted text and changes of size, until the terminal is gone.
pub(super) fn spawn_input(to: Inlet, turn: Turn) {
    thread::spawn(move || {
        while is_there() {
            let Ok(all) = waiting(&turn) else {
                break;
            };
            for input in all {
                let msg = match input {
                    Input::Key(key) => match Key::of_event(&key) {
                        Some(key) => Msg::Key(key),
                        None => continue,
                    },
                    Input::Mouse(mouse) => match mouse_of(mouse) {
                        Some(mouse) => Msg::Mouse(mouse),
                        None => continue,
                    },
                    Input::Paste(text) => Msg::Paste(text),
                    Input::Resize(width, height) => Msg::Resize { width, height },
                    _ => continue,
                };
                if !to.send(msg) {
                    return;
                }
            }
        }
        turn.end();
        to.send(Msg::Terminate); // the terminal is gone
    });
}

/// Passes on that the terminal has another size, and that somebody wants the dashboard to end.
pub(super) fn spawn_signals(to: Inlet, turn: Turn) -> io::Result<signal_hook::iterator::Handle> {
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGWINCH])?;
    let handle = signals.handle();
    thread::spawn(move || {
        for signal in signals.forever() {
            let msg = match (signal, Screen::size()) {
                (SIGWINCH, Ok((width, height))) => Msg::Resize { width, height },
                (SIGWINCH, Err(_)) => continue,
                (SIGINT, _) if turn.is_lent() => continue, // it is the other program's
                _ => {
                    turn.end();
                    Msg::Terminate
                }
            };
            if !to.send(msg) {
                return;
            }
        }
    });
    Ok(handle)
}
