//! A program on a pseudo-terminal, what it writes, and when. What it shows is parsed, so that a key is known to have
//! been carried out; nothing waits for a time to pass but the end of a burst of bytes.

use std::io::{Read, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use crate::{Outcome, process};

/// A burst of bytes has ended when nothing came for so long: longer than any program here waits before it goes on.
const QUIET: Duration = Duration::from_millis(600);
/// csvlens draws four times a second.
const RESTLESS: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_mins(1);
/// For what is to come to the screen, whatever is drawn meanwhile.
const WHOLE_PATIENCE: Duration = Duration::from_mins(3);

pub struct Terminal {
    parser: vt100::Parser,
    bytes: usize,
    drawn: Receiver<(Instant, Vec<u8>)>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn portable_pty::Child + Send + Sync>,
    started: Instant,
}

/// What a key led to.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    pub first_byte: Duration,
    pub bytes: usize,
}

impl Terminal {
    /// Starts a program at 120x40.
    pub fn start(mut command: CommandBuilder) -> Outcome<Self> {
        let pair = native_pty_system().openpty(PtySize {
            rows: 40,
            cols: 120,
            pixel_width: 0,
            pixel_height: 0,
        })?;
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        let started = Instant::now();
        let child = pair.slave.spawn_command(command)?;
        drop(pair.slave);
        let mut output = pair.master.try_clone_reader()?;
        let keys = pair.master.take_writer()?;
        let (told, drawn) = mpsc::channel();
        thread::spawn(move || {
            let _master = pair.master; // the terminal lives as long as it is read
            let mut buffer = vec![0; 65_536];
            while let Ok(read @ 1..) = output.read(&mut buffer) {
                if told
                    .send((Instant::now(), buffer[..read].to_vec()))
                    .is_err()
                {
                    return;
                }
            }
        });
        let (rows, cols) = (40_u16.try_into()?, 120_u16.try_into()?);
        Ok(Self {
            parser: vt100::Parser::new(rows, cols, 0),
            bytes: 0,
            drawn,
            keys,
            child,
            started,
        })
    }

    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn pid(&self) -> Option<u32> {
        self.child.process_id()
    }

    fn take(&mut self, within: Duration) -> Result<Instant, RecvTimeoutError> {
        let (at, bytes) = self.drawn.recv_timeout(within)?;
        self.bytes += bytes.len();
        self.parser.process(&bytes);
        // a program that asks where the cursor is waits for the answer
        if bytes.windows(4).any(|part| part == b"\x1b[6n") {
            let _ = self.keys.write_all(b"\x1b[1;1R");
        }
        Ok(at)
    }

    /// What is on the screen.
    pub fn screen(&self) -> String {
        self.parser.screen().contents()
    }

    /// Time from the start to the first frame that shows `text`.
    pub fn until(&mut self, text: &str) -> Outcome<Duration> {
        let mut at = self.started;
        while !self.screen().contains(text) {
            // Some programs draw all the time.
            let waited = at.saturating_duration_since(self.started);
            at = self
                .take(PATIENCE)
                .ok()
                .filter(|_| waited < WHOLE_PATIENCE)
                .ok_or_else(|| format!("`{text}` never came; the screen:\n{}", self.screen()))?;
        }
        Ok(at.saturating_duration_since(self.started))
    }

    /// Takes what is drawn until nothing comes any more, or for `RESTLESS` where a program draws also at rest.
    pub fn settle(&mut self) {
        let end = Instant::now() + RESTLESS;
        while Instant::now() < end && self.take(QUIET).is_ok() {}
    }

    /// Presses a key, waits for its first byte, and takes no more than what has come by then.
    pub fn press(&mut self, key: &[u8]) -> Outcome<Answer> {
        while let Ok((_, bytes)) = self.drawn.try_recv() {
            self.bytes += bytes.len();
            self.parser.process(&bytes);
        }
        let before = self.bytes;
        let pressed = Instant::now();
        self.keys.write_all(key)?;
        self.keys.flush()?;
        let at = self
            .take(PATIENCE)
            .map_err(|_| format!("nothing came of {key:?}"))?;
        Ok(Answer {
            first_byte: at.saturating_duration_since(pressed),
            bytes: self.bytes - before,
        })
    }

    /// Presses a key and takes all that comes of it.
    pub fn press_alone(&mut self, key: &[u8]) -> Outcome<Answer> {
        let mut answer = self.press(key)?;
        let before = self.bytes - answer.bytes;
        self.settle();
        answer.bytes = self.bytes - before;
        Ok(answer)
    }

    /// Leaves it alone for a while: bytes that came, and processor time as a share of one core.
    pub fn rest(&mut self, span: Duration) -> (usize, f64) {
        let pid = self.pid().unwrap_or_default();
        let (bytes, cpu) = (self.bytes, process::cpu_ms(pid).unwrap_or_default());
        let end = Instant::now() + span;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            let _ = self.take(left);
        }
        let spent = process::cpu_ms(pid).unwrap_or_default() - cpu;
        (self.bytes - bytes, spent / span.as_millis() as f64 * 100.0)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}
