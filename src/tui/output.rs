//! Bytes on their way to the terminal. A thread of its own writes them, so that a terminal that does not read (a slow
//! link, a stopped window) stops neither keys nor the cache. The screen asks [`Output::is_free`] before it draws:
//! at most one frame is on its way, and the next one is of the newest state.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Bytes beside frames (the bell, the clipboard) that may wait for a terminal that does not read.
const BESIDE: usize = 1 << 20;

/// The way to the terminal. Clones share it.
#[derive(Clone)]
pub struct Output(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, none is a mode"
)]
struct State {
    waiting: Vec<u8>,
    /// Whether the thread is writing.
    busy: bool,
    /// Whether somebody wants to be woken when it is free.
    wanted: bool,
    /// Whether the terminal is gone.
    broken: bool,
    ended: bool,
}

impl State {
    const fn is_free(&self) -> bool {
        !self.busy && self.waiting.is_empty()
    }
}

impl Output {
    /// Starts the thread on standard output. `wake` is called when the way is free again and somebody asked for it.
    pub fn start(wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        // not `Stdout`: its lock would be held while the terminal does not read
        let terminal = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let ours = Self(Arc::clone(&shared));
        thread::Builder::new()
            .name("terminal".into())
            .spawn(move || ours.write_all(terminal, &wake))?;
        Ok(Self(shared))
    }

    fn write_all(&self, mut terminal: File, wake: &dyn Fn()) {
        loop {
            let mut state = self.lock();
            while state.waiting.is_empty() && !state.ended {
                let waited = self.0.changed.wait(state);
                state = waited.unwrap_or_else(PoisonError::into_inner);
            }
            if state.waiting.is_empty() {
                return;
            }
            let bytes = std::mem::take(&mut state.waiting);
            state.busy = true;
            drop(state);
            let written = terminal.write_all(&bytes);
            let mut state = self.lock();
            state.busy = false;
            state.broken |= written.is_err();
            let tell = state.is_free() && std::mem::take(&mut state.wanted);
            let gone = state.broken;
            drop(state);
            self.0.changed.notify_all();
            if tell || gone {
                wake();
            }
            if gone {
                return;
            }
        }
    }

    /// Whether a frame would be written at once. If not, `wake` is called when it would.
    pub fn is_free(&self) -> bool {
        let mut state = self.lock();
        let free = state.is_free() || state.broken;
        state.wanted |= !free;
        free
    }

    /// Sends a frame. Fails when the terminal is gone.
    pub fn frame(&self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.lock();
        if state.broken {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        state.waiting.extend_from_slice(bytes);
        drop(state);
        self.0.changed.notify_all();
        Ok(())
    }

    /// Sends bytes that are no frame. Dropped where a terminal that does not read has too many waiting already.
    pub fn beside(&self, bytes: &[u8]) {
        if self.lock().waiting.len() + bytes.len() <= BESIDE {
            drop(self.frame(bytes)); // who draws next hears that the terminal is gone
        }
    }

    /// Waits until all is written, but no longer than `patience`.
    pub fn settle(&self, patience: Duration) {
        let waits = |state: &mut State| !state.is_free() && !state.broken;
        let waited = self
            .0
            .changed
            .wait_timeout_while(self.lock(), patience, waits);
        drop(waited);
    }

    /// Ends the thread when all is written.
    pub fn end(&self) {
        self.lock().ended = true;
        self.0.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
