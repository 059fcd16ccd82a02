//! The palette: commands by name, those that cannot run dimmed with their reason.

use super::super::commands::COMMANDS;
use super::super::keys::{Code, Key};
use super::super::model::Model;
use super::super::msg::Do;

/// What was typed and chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Palette {
    /// What was typed.
    pub text: String,
    /// The hit under the cursor.
    pub at: usize,
}

/// A command that fits what was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// What it does.
    pub help: &'static str,
    /// Its keys.
    pub keys: String,
    /// Why it cannot run.
    pub reason: Option<String>,
    /// What it is.
    pub msg: Do,
}

/// The commands that hold on this screen and have every typed word in their sentence or hint, those that can run first.
pub fn hits(model: &Model, text: &str) -> Vec<Hit> {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let mut found: Vec<Hit> = Vec::new();
    for command in COMMANDS {
        let text = format!("{} {} {}", command.help, command.hint, command.id).to_lowercase();
        let plain = matches!(command.msg, Do::Move(_) | Do::Palette | Do::Back);
        if !plain
            && model.screen_scopes().contains(&command.scope)
            && words.iter().all(|word| text.contains(word.as_str()))
        {
            found.push(Hit {
                help: command.help,
                keys: command.first_key(),
                reason: (command.ready)(model).err(),
                msg: command.msg,
            });
        }
    }
    found.sort_by_key(|hit| hit.reason.is_some());
    found
}

/// What became of a key in the palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressed {
    /// It stays open.
    Stays,
    /// It was left.
    Left,
    /// The chosen command is to run.
    Runs,
}

impl Palette {
    /// Takes a key; `hits` is how many commands fit.
    pub fn press(&mut self, key: Key, hits: usize) -> Pressed {
        match key.code {
            Code::Esc => return Pressed::Left,
            Code::Char('c') if key.ctrl => return Pressed::Left,
            Code::Enter => return Pressed::Runs,
            Code::Down | Code::Tab => self.at = (self.at + 1).min(hits.saturating_sub(1)),
            Code::Up | Code::BackTab => self.at = self.at.saturating_sub(1),
            Code::Backspace => {
                self.text.pop();
                self.at = 0;
            }
            Code::Char('u') if key.ctrl => self.text.clear(),
            Code::Char(c) if !key.ctrl && !key.alt => {
                self.text.push(c);
                self.at = 0;
            }
            _ => {}
        }
        Pressed::Stays
    }
}
