//! The palette: commands by name, those that cannot run dimmed with their reason; conflicts and contacts by name.

use crate::model::{ConflictId, ContactRow, LinkId};

use super::super::commands::{COMMANDS, Command, Scope};
use super::super::effect::Request;
use super::super::keys::{Code, Key};
use super::super::model::{Model, Overlay};
use super::super::msg::Do;
use super::super::tabs::conflicts_view;

/// From this many letters on, contacts are looked for.
const LEAST: usize = 2;

/// What was typed and chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Palette {
    /// What was typed.
    pub text: String,
    /// The hit under the cursor.
    pub at: usize,
    /// The contacts that have what was typed.
    pub contacts: Vec<ContactRow>,
    /// What is picked in it.
    pub picks: Picks,
}

/// What is picked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Picks {
    /// A command, a conflict or a contact.
    #[default]
    Anything,
    /// The contact that a new task is for.
    ContactOfTask,
    /// Who is to do a task.
    Assignee,
}

/// What a hit leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goal {
    /// A command runs.
    Run(Do),
    /// A conflict goes on the workbench.
    Conflict(ConflictId),
    /// A contact is shown.
    Contact(LinkId),
    /// A task is made for this contact.
    TaskFor(LinkId),
    /// Tasks are given to this user; empty: to nobody.
    Assignee(String),
}

/// Something that fits what was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// What it does, or whose it is.
    pub words: String,
    /// Its keys, or what it is.
    pub keys: String,
    /// Why it cannot run.
    pub reason: Option<String>,
    /// What it leads to.
    pub goal: Goal,
}

/// The commands that have every typed word in their sentence or hint: those that can run here, then those that cannot
/// with the reason. Then conflicts and contacts by name, once something was typed.
pub fn hits(model: &Model, palette: &Palette) -> Vec<Hit> {
    match palette.picks {
        Picks::Anything => {}
        Picks::ContactOfTask => return contacts_of_task(model, palette),
        Picks::Assignee => return people(model, palette),
    }
    let words: Vec<String> = palette
        .text
        .split_whitespace()
        .map(str::to_lowercase)
        .collect();
    let fits = |text: &str| {
        let text = text.to_lowercase();
        words.iter().all(|word| text.contains(word.as_str()))
    };
    let scopes = model.screen_scopes();
    let here = |command: &Command| scopes.contains(&command.scope);
    let mut found: Vec<Hit> = Vec::new();
    for command in COMMANDS {
        let plain = matches!(command.msg, Do::Move(_) | Do::Palette | Do::Back);
        let asks = matches!(command.scope, Scope::Dialog | Scope::Help);
        let text = format!("{} {} {}", command.help, command.hint, command.id);
        // the same command of another screen would stand there twice
        let mut twice = COMMANDS.iter().filter(|other| other.msg == command.msg);
        let twice = !here(command) && twice.any(here);
        if plain || asks || twice || !fits(&text) {
            continue;
        }
        let reason = if here(command) {
            (command.ready)(model).err()
        } else {
            Some(format!("only in {}", command.scope.label()))
        };
        let hit = Hit {
            words: command.help.into(),
            keys: command.first_key(),
            reason,
            goal: Goal::Run(command.msg),
        };
        if !found.iter().any(|other| other.words == hit.words) {
            found.push(hit);
        }
    }
    found.sort_by_key(|hit| hit.reason.is_some());
    if words.is_empty() {
        return found;
    }
    let runs = found.iter().filter(|hit| hit.reason.is_none()).count();
    let named = |words: String, keys: &str, goal| Hit {
        words,
        keys: keys.into(),
        reason: None,
        goal,
    };
    let conflicts = model.conflicts.all.iter().filter_map(|conflict| {
        let what = conflicts_view::what(conflict);
        let words = format!("{}  {}, {what}", conflict.id, conflict.title);
        fits(&words).then(|| named(words, "conflict", Goal::Conflict(conflict.id)))
    });
    let contacts = palette.contacts.iter().map(|row| {
        let words = format!("{}, {}", row.name, row.email);
        let words = words.trim_end_matches(", ").to_owned();
        named(words, "contact", Goal::Contact(row.id))
    });
    let names: Vec<_> = conflicts.chain(contacts).collect();
    found.splice(runs..runs, names);
    found
}

/// The contact of the task under the cursor, or those that have what was typed.
fn contacts_of_task(model: &Model, palette: &Palette) -> Vec<Hit> {
    let hit = |name: &str, link| Hit {
        words: name.to_owned(),
        keys: String::new(),
        reason: None,
        goal: Goal::TaskFor(link),
    };
    if palette.text.trim().is_empty() {
        let row = model.tasks.window.current();
        let here = row.and_then(|row| Some(hit(&row.contact_name, row.contact?)));
        return here.into_iter().collect();
    }
    let rows = palette.contacts.iter();
    rows.map(|row| hit(&row.name, row.id)).collect()
}

/// Those whom tasks are for already, nobody, and what was typed where that is an address.
fn people(model: &Model, palette: &Palette) -> Vec<Hit> {
    let typed = palette.text.trim();
    let hit = |words: &str, who: &str| Hit {
        words: words.to_owned(),
        keys: String::new(),
        reason: None,
        goal: Goal::Assignee(who.to_owned()),
    };
    let known = model.tasks.board.people.iter();
    let known = known.filter(|who| who.to_lowercase().contains(&typed.to_lowercase()));
    let mut hits: Vec<Hit> = known.map(|who| hit(who, who)).collect();
    if typed.contains('@') && hits.is_empty() {
        hits.push(hit(&format!("{typed}, who has no task yet"), typed));
    }
    if "nobody".starts_with(typed) {
        hits.push(hit("nobody", ""));
    }
    hits
}

/// Asks for the contacts that have what was typed.
pub fn find(model: &mut Model, palette: &mut Palette) {
    let words = palette.text.trim().to_owned();
    palette.contacts.clear();
    if words.chars().count() >= LEAST {
        model.read(Request::Find(words));
    }
}

/// Takes the contacts found, if they still fit what is typed.
pub fn accept(model: &mut Model, words: &str, rows: Vec<ContactRow>) {
    if let Some(Overlay::Palette(palette)) = &mut model.overlay
        && palette.text.trim() == words
        && palette.contacts != rows
    {
        palette.contacts = rows;
        model.dirty = true;
    }
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
    /// An empty one in which this is picked.
    pub fn picking(picks: Picks) -> Self {
        Self {
            picks,
            ..Self::default()
        }
    }

    /// What stands over it.
    pub const fn title(&self) -> &'static str {
        match self.picks {
            Picks::Anything => "Command",
            Picks::ContactOfTask => "New task: for which contact? Type a name",
            Picks::Assignee => "Give to whom? Type a name or an address",
        }
    }

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
