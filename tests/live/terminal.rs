//! The program in a real pseudo-terminal, and what its screen shows.

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long a screen may take to show what a test waits for: far more than it needs, so that a slow machine passes.
const PATIENCE: Duration = Duration::from_mins(1);

/// A program in a pseudo-terminal of its own.
pub struct Terminal {
    seen: Arc<Seen>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    pty: Box<dyn MasterPty + Send>,
}

struct Seen {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    parser: vt100::Parser,
    ended: bool,
    stalled: bool,
}

impl Terminal {
    /// Starts a command in a terminal of this size.
    pub fn start(
        program: &str,
        args: &[&str],
        env: impl IntoIterator<Item = (String, String)>,
        size: (u16, u16),
    ) -> Self {
        let (cols, rows) = size;
        let pair = native_pty_system()
            .openpty(PtySize {
                rows,
                cols,
                pixel_width: 0,
                pixel_height: 0,
            })
            .expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(program);
        command.args(args);
        for (name, value) in env {
            command.env(name, value);
        }
        let child = pair
            .slave
            .spawn_command(command)
            .expect("the binary is built");
        let mut output = pair.master.try_clone_reader().expect("a reader");
        let keys = pair.master.take_writer().expect("a writer");
        let seen = Arc::new(Seen {
            state: Mutex::new(State {
                parser: parser(cols, rows),
                ended: false,
                stalled: false,
            }),
            changed: Condvar::new(),
        });
        let shown = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            loop {
                let read = output.read(&mut buffer).unwrap_or(0);
                let state = shown.state.lock().expect("no panic while it is held");
                let waited = shown.changed.wait_while(state, |state| state.stalled);
                let mut state = waited.expect("no panic while it is held");
                if read == 0 {
                    state.ended = true;
                } else {
                    state.parser.process(&buffer[..read]);
                }
                shown.changed.notify_all();
                if read == 0 {
                    return;
                }
            }
        });
        drop(pair.slave);
        Self {
            seen,
            keys,
            child,
            pty: pair.master,
        }
    }

    /// Types keys: text as it stands, `<enter>`, `<esc>`, `<tab>`.
    pub fn press(&mut self, keys: &str) {
        let bytes = keys
            .replace("<enter>", "\r")
            .replace("<esc>", "\u{1b}")
            .replace("<tab>", "\t");
        self.keys
            .write_all(bytes.as_bytes())
            .expect("the program reads");
        self.keys.flush().expect("the program reads");
    }

    /// Waits until the screen shows a text; gives the screen.
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> String {
        self.wait(&format!("`{text}`"), |screen| screen.contains(text))
    }

    /// Waits until the screen is as wanted; gives the screen.
    #[track_caller]
    pub fn wait(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let state = self.seen.state.lock().expect("no panic while it is held");
        let not_yet =
            |state: &mut State| !wanted(&state.parser.screen().contents()) && !state.ended;
        let (state, _) = self
            .seen
            .changed
            .wait_timeout_while(state, PATIENCE, not_yet)
            .expect("no panic");
        let screen = state.parser.screen().contents();
        drop(state);
        assert!(wanted(&screen), "the screen never showed {what}:\n{screen}");
        screen
    }

    /// Waits until nothing was drawn for half a second; a screen that never rests is taken after some draws.
    pub fn settle(&self) {
        let mut state = self.seen.state.lock().expect("no panic while it is held");
        for _ in 0..20 {
            let waited = self
                .seen
                .changed
                .wait_timeout(state, Duration::from_millis(500))
                .expect("no panic");
            state = waited.0;
            if waited.1.timed_out() {
                return;
            }
        }
    }

    /// The screen now, with its colours.
    pub fn with_screen<T>(&self, look: impl FnOnce(&vt100::Screen) -> T) -> T {
        look(
            self.seen
                .state
                .lock()
                .expect("no panic while it is held")
                .parser
                .screen(),
        )
    }

    /// Reads nothing more of what the program writes, or goes on: a link that is down, a window that is stopped.
    pub fn stall(&self, stalled: bool) {
        let mut state = self.seen.state.lock().expect("no panic while it is held");
        state.stalled = stalled;
        drop(state);
        self.seen.changed.notify_all();
    }

    /// The memory that the program has now, in KiB.
    pub fn memory(&self) -> u64 {
        let pid = self.pid().expect("it runs");
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let words = line.expect("a line").trim().trim_end_matches(" kB");
        words.parse().expect("a number")
    }

    /// The process id.
    pub fn pid(&self) -> Option<u32> {
        self.child.process_id()
    }

    /// Gives the terminal another size.
    pub fn resize(&self, cols: u16, rows: u16) {
        self.seen
            .state
            .lock()
            .expect("no panic")
            .parser
            .screen_mut()
            .set_size(cells(rows), cells(cols));
        self.pty
            .resize(PtySize {
                rows,
                cols,
                pixel_width: 0,
                pixel_height: 0,
            })
            .expect("a size");
    }

    /// Waits for the program to end; its exit code.
    pub fn end(&mut self) -> u32 {
        self.child.wait().expect("a child").exit_code()
    }
}

fn cells(number: u16) -> NonZero<u16> {
    NonZero::new(number).expect("a terminal has cells")
}

fn parser(cols: u16, rows: u16) -> vt100::Parser {
    vt100::Parser::new(cells(rows), cells(cols), 0)
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.stall(false);
        let _gone = self.child.kill();
    }
}
