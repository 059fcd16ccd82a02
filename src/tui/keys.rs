//! Keys as text and as values: one notation for the command table, tests and help: `j`, `<enter>`, `<ctrl-p>`, `g g`.

use std::{fmt, str::FromStr};

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// What was pressed, without its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// A character; capitals are characters of their own.
    Char(char),
    /// Return.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Shift and tab.
    BackTab,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Home.
    Home,
    /// End.
    End,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
}

const NAMED: [(&str, Code); 16] = [
    ("space", Code::Char(' ')),
    ("lt", Code::Char('<')),
    ("enter", Code::Enter),
    ("esc", Code::Esc),
    ("tab", Code::Tab),
    ("shift-tab", Code::BackTab),
    ("up", Code::Up),
    ("down", Code::Down),
    ("left", Code::Left),
    ("right", Code::Right),
    ("pgup", Code::PageUp),
    ("pgdn", Code::PageDown),
    ("home", Code::Home),
    ("end", Code::End),
    ("backspace", Code::Backspace),
    ("delete", Code::Delete),
];

/// One key press.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// What was pressed.
    pub code: Code,
    /// With control.
    pub ctrl: bool,
    /// With alt.
    pub alt: bool,
}

impl Key {
    /// A key without modifiers.
    pub const fn plain(code: Code) -> Self {
        Self {
            code,
            ctrl: false,
            alt: false,
        }
    }

    /// A character without modifiers.
    pub const fn char(c: char) -> Self {
        Self::plain(Code::Char(c))
    }

    /// The key of a terminal event; `None` for releases and for keys that couplet does not know.
    pub fn of_event(event: &KeyEvent) -> Option<Self> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        let code = match event.code {
            KeyCode::Char(c) => Code::Char(c),
            KeyCode::Enter => Code::Enter,
            KeyCode::Esc => Code::Esc,
            KeyCode::Tab if event.modifiers.contains(KeyModifiers::SHIFT) => Code::BackTab,
            KeyCode::Tab => Code::Tab,
            KeyCode::BackTab => Code::BackTab,
            KeyCode::Up => Code::Up,
            KeyCode::Down => Code::Down,
            KeyCode::Left => Code::Left,
            KeyCode::Right => Code::Right,
            KeyCode::PageUp => Code::PageUp,
            KeyCode::PageDown => Code::PageDown,
            KeyCode::Home => Code::Home,
            KeyCode::End => Code::End,
            KeyCode::Backspace => Code::Backspace,
            KeyCode::Delete => Code::Delete,
            _ => return None,
        };
        Some(Self {
            code,
            ctrl: event.modifiers.contains(KeyModifiers::CONTROL),
            alt: event.modifiers.contains(KeyModifiers::ALT),
        })
    }

    /// The same press for a text box.
    pub fn to_input(self) -> tui_textarea::Input {
        use tui_textarea::Key as T;
        let key = match self.code {
            Code::Char(c) => T::Char(c),
            Code::Enter => T::Enter,
            Code::Esc => T::Esc,
            Code::Tab | Code::BackTab => T::Tab,
            Code::Up => T::Up,
            Code::Down => T::Down,
            Code::Left => T::Left,
            Code::Right => T::Right,
            Code::PageUp => T::PageUp,
            Code::PageDown => T::PageDown,
            Code::Home => T::Home,
            Code::End => T::End,
            Code::Backspace => T::Backspace,
            Code::Delete => T::Delete,
        };
        tui_textarea::Input {
            key,
            ctrl: self.ctrl,
            alt: self.alt,
            shift: false,
        }
    }

    /// How footer and help write it: `enter`, `ctrl-p`, `j`.
    pub fn short(self) -> String {
        let text = self.to_string();
        match text.strip_prefix('<').and_then(|t| t.strip_suffix('>')) {
            Some("lt") => "<".into(),
            Some(name) => name.into(),
            None => text,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMED.iter().find(|(_, code)| *code == self.code);
        let modifiers = match (self.ctrl, self.alt) {
            (false, false) => "",
            (true, false) => "ctrl-",
            (false, true) => "alt-",
            (true, true) => "ctrl-alt-",
        };
        match (self.code, name) {
            (_, Some((name, _))) => write!(f, "<{modifiers}{name}>"),
            (Code::Char(c), None) if modifiers.is_empty() => write!(f, "{c}"),
            (Code::Char(c), None) => write!(f, "<{modifiers}{c}>"),
            (_, None) => Ok(()),
        }
    }
}

/// A text that names no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no key")]
pub struct BadKey(pub String);

impl FromStr for Key {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        let bad = || BadKey(text.into());
        let mut chars = text.chars();
        if let (Some(c), None) = (chars.next(), chars.next()) {
            return Ok(Self::char(c));
        }
        let mut name = text
            .strip_prefix('<')
            .and_then(|t| t.strip_suffix('>'))
            .ok_or_else(bad)?;
        let mut key = Self::char(' ');
        loop {
            if let Some(rest) = name.strip_prefix("ctrl-") {
                (key.ctrl, name) = (true, rest);
            } else if let Some(rest) = name.strip_prefix("alt-") {
                (key.alt, name) = (true, rest);
            } else {
                break;
            }
        }
        let mut chars = name.chars();
        key.code = match NAMED.iter().find(|(known, _)| *known == name) {
            Some((_, code)) => *code,
            None => match (chars.next(), chars.next()) {
                (Some(c), None) => Code::Char(c),
                _ => return Err(bad()),
            },
        };
        Ok(key)
    }
}

/// The keys of a text such as `3jj<enter>l` or `g g`; spaces between them count for nothing.
pub fn parse(text: &str) -> Result<Vec<Key>, BadKey> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = match (c, rest.find('>')) {
            ('<', Some(end)) => end + 1,
            _ => c.len_utf8(),
        };
        let (one, after) = rest.split_at(length);
        if one != " " {
            keys.push(one.parse()?);
        }
        rest = after;
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_parses_back() {
        for text in [
            "j",
            "G",
            "<enter>",
            "<ctrl-p>",
            "<shift-tab>",
            "<lt>",
            "<space>",
            "<alt-enter>",
            "?",
            ".",
            "<pgdn>",
            "ü",
        ] {
            let key: Key = text.parse().unwrap();
            assert_eq!(key.to_string(), text);
        }
        assert_eq!(parse("3jj<enter> g g").unwrap().len(), 6);
        assert_eq!("<nothing>".parse::<Key>(), Err(BadKey("<nothing>".into())));
    }
}
