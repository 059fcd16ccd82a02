//! What the dashboard costs on a terminal: `cargo bench --bench dashboard -- CONTACTS` (300 unless said). Prints the
//! bytes of a step of the cursor while the key is held and one at a time, the time from a key to its first byte, and
//! bytes and processor time at rest, all at 120x40 on a pseudo-terminal.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::{
    error::Error,
    io::{Read, Write},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver},
    },
    thread,
    time::{Duration, Instant},
};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

const HELD: Duration = Duration::from_millis(33);
const STEPS: usize = 200;
const REST: Duration = Duration::from_secs(30);

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

struct Shown {
    parser: vt100::Parser,
    bytes: usize,
}

struct Terminal {
    shown: Arc<Mutex<Shown>>,
    drawn: Receiver<Instant>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn portable_pty::Child + Send + Sync>,
}

impl Terminal {
    fn start(contacts: u32) -> Outcome<Self> {
        let pair = native_pty_system().openpty(PtySize {
            rows: 40,
            cols: 120,
            pixel_width: 0,
            pixel_height: 0,
        })?;
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_couplet"));
        command.args(["demo", "--churn", "0", "--contacts", &contacts.to_string()]);
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        let child = pair.slave.spawn_command(command)?;
        let mut output = pair.master.try_clone_reader()?;
        let keys = pair.master.take_writer()?;
        let (rows, cols) = (40_u16.try_into()?, 120_u16.try_into()?);
        let shown = Arc::new(Mutex::new(Shown {
            parser: vt100::Parser::new(rows, cols, 0),
            bytes: 0,
        }));
        let (told, drawn) = mpsc::channel();
        let into = Arc::clone(&shown);
        thread::spawn(move || {
            let _master = pair.master; // the terminal lives as long as it is read
            let mut buffer = [0; 8_192];
            while let Ok(read @ 1..) = output.read(&mut buffer) {
                let at = Instant::now();
                let mut shown = into.lock().unwrap_or_else(PoisonError::into_inner);
                shown.bytes += read;
                shown.parser.process(&buffer[..read]);
                drop(shown);
                if told.send(at).is_err() {
                    return;
                }
            }
        });
        Ok(Self {
            shown,
            drawn,
            keys,
            child,
        })
    }

    fn bytes(&self) -> usize {
        self.shown
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .bytes
    }

    fn wait_for(&self, text: &str) -> Outcome<()> {
        loop {
            let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
            if shown.parser.screen().contents().contains(text) {
                return Ok(());
            }
            drop(shown);
            self.drawn.recv_timeout(Duration::from_mins(10))?;
        }
    }

    /// Waits until nothing was drawn for a while.
    fn settle(&self) {
        while self.drawn.recv_timeout(Duration::from_millis(700)).is_ok() {}
    }

    /// Presses a key; the time till the first byte.
    fn press(&mut self, key: &[u8]) -> Outcome<Duration> {
        while self.drawn.try_recv().is_ok() {}
        let pressed = Instant::now();
        self.keys.write_all(key)?;
        self.keys.flush()?;
        let drawn = self.drawn.recv_timeout(Duration::from_secs(5))?;
        Ok(drawn.saturating_duration_since(pressed))
    }

    /// Processor time of the child so far, in ticks of 10 ms.
    fn ticks(&self) -> Option<u64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.process_id()?));
        let stat = stat.ok()?;
        let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
        Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn main() -> Outcome<()> {
    let given = std::env::args().skip(1).find_map(|arg| arg.parse().ok());
    let contacts: u32 = given.unwrap_or(300);
    let mut terminal = Terminal::start(contacts)?;
    terminal.wait_for("idle since")?;
    terminal.settle();
    say(&format!(
        "{contacts} contacts at 120x40, first screen {} bytes",
        terminal.bytes()
    ))?;

    let before = terminal.bytes();
    let mut times = Vec::new();
    for _ in 0..STEPS {
        let begun = Instant::now();
        times.push(terminal.press(b"j")?);
        thread::sleep(HELD.saturating_sub(begun.elapsed()));
    }
    let held = terminal.bytes() - before;
    times.sort_unstable();
    let ms = |at: usize| times[at.min(STEPS - 1)].as_secs_f64() * 1000.0;
    say(&format!(
        "held down key: {} bytes a step; key to first byte {:.2} ms median, {:.2} ms p99",
        held / STEPS,
        ms(STEPS / 2),
        ms(STEPS * 99 / 100)
    ))?;

    terminal.settle();
    let before = terminal.bytes();
    for _ in 0..20 {
        terminal.press(b"k")?;
        terminal.settle(); // the pane follows
    }
    let each = (terminal.bytes() - before) / 20;
    say(&format!(
        "one key at a time, with the pane that follows: {each} bytes"
    ))?;

    let (before, ticks) = (terminal.bytes(), terminal.ticks());
    thread::sleep(REST);
    let spent = terminal.ticks().zip(ticks).map(|(now, then)| now - then);
    let percent = spent.map(|ticks| ticks as f64 * 10.0 / REST.as_millis() as f64 * 100.0);
    say(&format!(
        "at rest for {} s: {} bytes, {:.2} % of a core (sandbox and passes of the demo within)",
        REST.as_secs(),
        terminal.bytes() - before,
        percent.unwrap_or(f64::NAN)
    ))
}

fn say(line: &str) -> Outcome<()> {
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}
