//! The terminal: entered and left by one guard, drawn in synchronized updates, each with one write.

use std::cell::RefCell;
use std::io::{self, Write};
use std::panic;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use crossterm::{
    Command,
    cursor::{Hide, Show},
    event::{DisableBracketedPaste, EnableBracketedPaste},
    terminal::{
        EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode, size,
    },
};
use ratatui::{
    Frame, Terminal,
    backend::{Backend, ClearType, CrosstermBackend, WindowSize},
    buffer::Cell,
    layout::{Position, Size},
};

use super::ansi;
use super::output::Output;

/// How long a terminal that does not read is waited for when it is left.
const PATIENCE: Duration = Duration::from_secs(1);
const BEGIN: &[u8] = b"\x1b[?2026h";
/// A frame that arrives in one piece, and is not framed: a step of the cursor is hardly longer than the frame.
const SMALL: usize = 256;
/// Buttons and the wheel only: every move of the mouse would be sent over the line otherwise.
const MOUSE: &[u8] = b"\x1b[?1000h\x1b[?1006h";
const NO_MOUSE: &[u8] = b"\x1b[?1006l\x1b[?1000l";
const END: &[u8] = b"\x1b[?2026l";

/// The terminal while the dashboard has it. Dropped, also in a panic, it is as it was.
pub struct Screen {
    terminal: Terminal<Quiet>,
    guard: Guard,
}

impl Screen {
    /// Takes the terminal. `wake` is called when it has read a frame that [`Screen::is_free`] waited for, and when
    /// it is gone.
    pub fn enter(mouse: bool, wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        let output = Output::start(wake)?;
        let guard = Guard::enter(mouse, output.clone())?;
        let terminal = Terminal::new(Quiet::new(output))?;
        Ok(Self { terminal, guard })
    }

    /// Columns and rows.
    pub fn size() -> io::Result<(u16, u16)> {
        size()
    }

    /// Whether the terminal has read all that it was sent. A frame is drawn only then, so that none wait.
    pub fn is_free(&self) -> bool {
        self.guard.output.is_free()
    }

    /// Draws a frame: only cells that changed are sent, and nothing at all when none did.
    pub fn frame(&mut self, draw: impl FnOnce(&mut Frame)) -> io::Result<()> {
        self.terminal.draw(draw)?;
        Ok(())
    }

    /// Says what the links of the next frames lead to.
    pub fn link(&mut self, links: Vec<String>) {
        self.terminal.backend_mut().links = links;
    }

    /// Forgets what the terminal shows, so that the next frame draws every cell.
    pub fn forget(&mut self) -> io::Result<()> {
        self.terminal.clear()
    }

    /// Rings the bell.
    pub fn ring(&self) {
        self.guard.output.beside(b"\x07");
    }

    /// Hands a text to the clipboard of the operator's terminal (OSC 52), also over SSH. A terminal that does not take
    /// it says nothing.
    pub fn copy(&self, text: &str) {
        let coded = base64::engine::general_purpose::STANDARD.encode(text);
        let bytes = format!("\x1b]52;c;{coded}\x07");
        self.guard.output.beside(bytes.as_bytes());
    }

    /// Gives the terminal back while `outside` runs, then takes it again; the next frame draws every cell.
    pub fn lend<T>(&mut self, outside: impl FnOnce() -> T) -> io::Result<T> {
        leave(&self.guard.output);
        let done = outside();
        take(&self.guard.output, self.guard.mouse)?;
        self.forget()?;
        Ok(done)
    }
}

type Hook = Box<dyn Fn(&panic::PanicHookInfo<'_>) + Send + Sync>;

/// Restores the terminal however the dashboard ends.
struct Guard {
    hook: Arc<Hook>,
    elsewhere: Arc<Mutex<Vec<String>>>,
    output: Output,
    mouse: bool,
}

impl Guard {
    fn enter(mouse: bool, output: Output) -> io::Result<Self> {
        let hook: Arc<Hook> = Arc::new(panic::take_hook());
        let elsewhere = Arc::new(Mutex::new(Vec::new()));
        let ours = thread::current().id();
        let (previous, kept) = (Arc::clone(&hook), Arc::clone(&elsewhere));
        let way = output.clone();
        panic::set_hook(Box::new(move |info| {
            if thread::current().id() == ours {
                leave(&way);
                previous(info);
            } else if let Ok(mut kept) = kept.lock() {
                kept.push(info.to_string()); // said when the screen is given back
            }
        }));
        let guard = Self {
            hook,
            elsewhere,
            output,
            mouse,
        };
        take(&guard.output, mouse)?;
        Ok(guard)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        leave(&self.output);
        self.output.end();
        if !thread::panicking() {
            let previous = Arc::clone(&self.hook);
            panic::set_hook(Box::new(move |info| previous(info)));
        }
        let kept = self.elsewhere.lock().map(|kept| kept.clone());
        for words in kept.unwrap_or_default() {
            let _ = writeln!(io::stderr(), "{words}");
        }
    }
}

fn codes(commands: &[&dyn Fn(&mut String)], mouse: &[u8]) -> Vec<u8> {
    let mut text = String::new();
    for command in commands {
        command(&mut text);
    }
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(mouse);
    bytes
}

fn code(command: impl Command) -> impl Fn(&mut String) {
    move |text| command.write_ansi(text).expect("memory takes all")
}

fn take(output: &Output, mouse: bool) -> io::Result<()> {
    enable_raw_mode()?;
    let mouse: &[u8] = if mouse { MOUSE } else { b"" };
    let enter = code(EnterAlternateScreen);
    let (paste, hide) = (code(EnableBracketedPaste), code(Hide));
    output.frame(&codes(&[&enter, &paste, &hide], mouse))
}

/// Gives the terminal back. One that does not read gets what is missing when it does, or never.
fn leave(output: &Output) {
    let paste = code(DisableBracketedPaste);
    let (leave, show) = (code(LeaveAlternateScreen), code(Show));
    let mut bytes = [END, NO_MOUSE].concat();
    bytes.extend(codes(&[&paste, &leave, &show], b""));
    drop(output.frame(&bytes)); // a terminal that is gone needs none of it
    output.settle(PATIENCE);
    let _ = disable_raw_mode();
}

/// Bytes of a frame, gathered until its flush.
#[derive(Clone, Default)]
struct Gathered(Rc<RefCell<Vec<u8>>>);

impl Write for Gathered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A backend that sends nothing when nothing changed, and never asks the terminal anything.
struct Quiet {
    inner: CrosstermBackend<Gathered>,
    gathered: Gathered,
    /// What links lead to, by their numbers.
    links: Vec<String>,
    output: Output,
}

impl Quiet {
    fn new(output: Output) -> Self {
        let gathered = Gathered::default();
        Self {
            inner: CrosstermBackend::new(gathered.clone()),
            gathered,
            links: Vec::new(),
            output,
        }
    }
}

impl Backend for Quiet {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let bytes = ansi::draw_linked(content, &self.links);
        self.gathered.write_all(bytes.as_bytes())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        Ok(()) // the guard hid it, and nothing shows it
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, _: P) -> io::Result<()> {
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.inner.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.inner.clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        let (width, height) = size()?;
        Ok(Size::new(width, height))
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut bytes = self.gathered.0.borrow_mut();
        if bytes.is_empty() {
            return Ok(());
        }
        let frame = std::mem::take(&mut *bytes);
        if frame.len() <= SMALL {
            return self.output.frame(&frame);
        }
        self.output.frame(&[BEGIN, &frame, END].concat())
    }
}
