//! The first run, before any workspace is set up: what couplet is, and the three ways on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossterm::event::{self, Event as Input};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

use super::glyphs;
use super::keys::{Code, Key};
use super::run::{TuiError, is_ascii};
use super::terminal::Screen;
use super::theme::{Theme, ThemeChoice};
use super::widgets::help::wrap;
use super::widgets::paint::{self, Row};

/// How long a signal may wait while no key comes.
const PATIENCE: Duration = Duration::from_millis(250);

/// A way on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The demo.
    Demo,
    /// `couplet config init`.
    SetUp,
    /// `couplet doctor`.
    Check,
}

const WAYS: [(Start, char, &str, &str); 3] = [
    (
        Start::Demo,
        'd',
        "Try the demo",
        "both systems on this machine, 300 people, no keys",
    ),
    (
        Start::SetUp,
        'i',
        "Set up a workspace",
        "two addresses, two keys, a location; then a dry run",
    ),
    (
        Start::Check,
        'c',
        "Check the settings",
        "lists what is missing, and what to do about each",
    ),
];

/// What the screen shows.
#[derive(Clone, Copy, Debug)]
pub struct Welcome {
    /// What things look like.
    pub theme: Theme,
    /// Whether the terminal has only ASCII.
    pub ascii: bool,
    at: usize,
}

/// What a key did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressed {
    /// Nothing is chosen yet.
    Stays,
    /// A way was chosen.
    Takes(Start),
    /// The operator left.
    Leaves,
}

impl Welcome {
    /// With the cursor on the demo.
    pub const fn new(theme: Theme, ascii: bool) -> Self {
        Self {
            theme,
            ascii,
            at: 0,
        }
    }

    /// Takes a key.
    pub fn press(&mut self, key: Key) -> Pressed {
        let ends = key.ctrl && key.code == Code::Char('c');
        match key.code {
            _ if ends => return Pressed::Leaves,
            Code::Esc | Code::Char('q') => return Pressed::Leaves,
            Code::Enter => return Pressed::Takes(WAYS[self.at].0),
            Code::Down | Code::Char('j') => self.at = (self.at + 1).min(WAYS.len() - 1),
            Code::Up | Code::Char('k') => self.at = self.at.saturating_sub(1),
            Code::Char(c) => {
                if let Some(way) = WAYS.iter().find(|way| way.1 == c) {
                    return Pressed::Takes(way.0);
                }
            }
            _ => {}
        }
        Pressed::Stays
    }

    /// Draws it.
    pub fn draw(&self, area: Rect, buf: &mut Buffer) {
        let theme = &self.theme;
        let columns = area.width as usize;
        let beside = columns >= 78; // title and explanation in one row
        let mut rows = vec![Row::new()];
        let say = |rows: &mut Vec<Row>, words: &str, style: Style| {
            let lines = wrap(words, columns.saturating_sub(5));
            rows.extend(
                lines
                    .into_iter()
                    .map(|line| Row::of(format!("    {line}"), style)),
            );
        };
        let what = "couplet keeps contacts and tasks the same in GHL and Growbots.";
        say(&mut rows, what, theme.title);
        say(&mut rows, "No workspace is set up yet.", Style::new());
        rows.push(Row::new());
        let mut here = 0;
        for (at, (_, key, title, words)) in WAYS.iter().enumerate() {
            if at == self.at {
                here = rows.len();
            }
            let head = Row::of("    ", Style::new())
                .add(key.to_string(), theme.title)
                .add("  ", Style::new());
            if beside {
                let row = head.cell(title, 21, Style::new());
                rows.push(row.add(*words, theme.dim));
            } else {
                rows.push(head.add(*title, Style::new()));
                for line in wrap(words, columns.saturating_sub(8)) {
                    rows.push(Row::of(format!("       {line}"), theme.dim));
                }
            }
        }
        rows.push(Row::new());
        let next = "The first pull only reads. What is written then stands in Sync log, and u takes it back.";
        say(&mut rows, next, Style::new());
        let above = Rect {
            height: area.height.saturating_sub(1),
            ..area
        };
        paint::rows(&rows, above, buf);
        let place = paint::row(above, here);
        let place = Rect {
            x: place.x + 2,
            width: place.width.saturating_sub(2),
            ..place
        };
        paint::cursor(place, 25, theme, buf);
        let last = paint::row(area, (area.height as usize).saturating_sub(1));
        Row::of(" enter", theme.title)
            .add(" take   ", Style::new())
            .add("j k", theme.title)
            .add(" move   ", Style::new())
            .add("q", theme.title)
            .add(" leave", Style::new())
            .draw(last, buf);
        if self.ascii {
            glyphs::to_ascii(buf);
        }
    }
}

/// Shows it until a way is chosen; `None` where the operator left, or a signal came.
///
/// Fails only when the terminal cannot be used.
pub fn welcome(choice: ThemeChoice, ascii: bool) -> Result<Option<Start>, TuiError> {
    let var = |name: &str| std::env::var(name).ok();
    if var("TERM").is_some_and(|term| term == "dumb") {
        return Err(TuiError::Dumb);
    }
    let told = Arc::new(AtomicBool::new(false));
    let mut signals = Vec::new();
    for signal in [SIGTERM, SIGHUP, SIGINT] {
        signals.push(flag::register(signal, Arc::clone(&told))?);
    }
    let mut shown = Welcome::new(Theme::choose(choice, var), ascii || is_ascii(var));
    let mut screen = Screen::enter(false, || {})?;
    let chosen = loop {
        screen.frame(|frame| shown.draw(frame.area(), frame.buffer_mut()))?;
        // this thread reads the keys, so that none is lost to who reads next
        while !event::poll(PATIENCE)? && !told.load(Ordering::Relaxed) {}
        if told.load(Ordering::Relaxed) {
            break None;
        }
        let Input::Key(key) = event::read()? else {
            continue;
        };
        match Key::of_event(&key).map_or(Pressed::Stays, |key| shown.press(key)) {
            Pressed::Stays => {}
            Pressed::Takes(start) => break Some(start),
            Pressed::Leaves => break None,
        }
    };
    for signal in signals {
        low_level::unregister(signal);
    }
    Ok(chosen)
}
