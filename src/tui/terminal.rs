//! The terminal: entered and left by one guard, drawn in synchronized updates, each with one flush.

use std::cell::RefCell;
use std::io::{self, Write};
use std::panic;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine as _;
use crossterm::{
    cursor::{Hide, Show},
    event::{DisableBracketedPaste, EnableBracketedPaste},
    execute,
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
    _guard: Guard,
}

impl Screen {
    /// Takes the terminal.
    pub fn enter(mouse: bool) -> io::Result<Self> {
        let guard = Guard::enter(mouse)?;
        let terminal = Terminal::new(Quiet::new())?;
        Ok(Self {
            terminal,
            _guard: guard,
        })
    }

    /// Columns and rows.
    pub fn size() -> io::Result<(u16, u16)> {
        size()
    }

    /// Draws a frame: only cells that changed are sent, and nothing at all when none did.
    pub fn frame(&mut self, draw: impl FnOnce(&mut Frame)) -> io::Result<()> {
        self.terminal.draw(draw)?;
        Ok(())
    }

    /// Forgets what the terminal shows, so that the next frame draws every cell.
    pub fn forget(&mut self) -> io::Result<()> {
        self.terminal.clear()
    }
}

type Hook = Box<dyn Fn(&panic::PanicHookInfo<'_>) + Send + Sync>;

/// Restores the terminal however the dashboard ends.
struct Guard {
    hook: Arc<Hook>,
    elsewhere: Arc<Mutex<Vec<String>>>,
}

impl Guard {
    fn enter(mouse: bool) -> io::Result<Self> {
        let hook: Arc<Hook> = Arc::new(panic::take_hook());
        let elsewhere = Arc::new(Mutex::new(Vec::new()));
        let ours = thread::current().id();
        let (previous, kept) = (Arc::clone(&hook), Arc::clone(&elsewhere));
        panic::set_hook(Box::new(move |info| {
            if thread::current().id() == ours {
                leave();
                previous(info);
            } else if let Ok(mut kept) = kept.lock() {
                kept.push(info.to_string()); // said when the screen is given back
            }
        }));
        let guard = Self { hook, elsewhere };
        enable_raw_mode()?;
        execute!(
            io::stdout(),
            EnterAlternateScreen,
            EnableBracketedPaste,
            Hide
        )?;
        if mouse {
            let mut out = io::stdout();
            out.write_all(MOUSE)?;
            out.flush()?;
        }
        Ok(guard)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        leave();
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

fn leave() {
    let mut out = io::stdout();
    let _ = out.write_all(END);
    let _ = out.write_all(NO_MOUSE);
    let _ = execute!(out, DisableBracketedPaste, LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
}

/// Hands a text to the clipboard of the operator's terminal (OSC 52), also over SSH. A terminal that does not take
/// it says nothing.
pub fn copy(text: &str) {
    let coded = base64::engine::general_purpose::STANDARD.encode(text);
    let mut out = io::stdout().lock();
    let _ = write!(out, "\x1b]52;c;{coded}\x07");
    let _ = out.flush();
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
}

impl Quiet {
    fn new() -> Self {
        let gathered = Gathered::default();
        Self {
            inner: CrosstermBackend::new(gathered.clone()),
            gathered,
        }
    }
}

impl Backend for Quiet {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let bytes = ansi::draw(content);
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
        let mut frame = Vec::with_capacity(bytes.len() + BEGIN.len() + END.len());
        if bytes.len() <= SMALL {
            frame.append(&mut bytes);
        } else {
            frame.extend_from_slice(BEGIN);
            frame.append(&mut bytes);
            frame.extend_from_slice(END);
        }
        let mut out = io::stdout().lock();
        out.write_all(&frame)?;
        out.flush()
    }
}
