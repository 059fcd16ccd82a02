//! The palette: commands by name, those that cannot run dimmed with their reason; conflicts and contacts by name. What
//! was typed need not stand in one piece, and the best comes first; `palette_box` draws it.

use std::cmp::Reverse;

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

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

/// Where a hit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Commands that can run here, and what is picked.
    Runs,
    /// Conflicts and contacts.
    Records,
    /// Commands that cannot run here.
    Rests,
}

/// Something that fits what was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Where it stands.
    pub group: Group,
    /// What it does, or whose it is.
    pub words: String,
    /// The letters of `words` that were typed, by number.
    pub letters: Vec<u32>,
    /// Its keys, or what it is.
    pub keys: String,
    /// Why it cannot run.
    pub reason: Option<String>,
    /// What it leads to.
    pub goal: Goal,
}

/// Looks for what was typed in names and sentences.
struct Finder {
    matcher: Matcher,
    /// For sentences: each word stands there in one piece.
    pieces: Pattern,
    /// For names: letters may be left out.
    letters: Pattern,
    typed: usize,
}

/// What a letter must bring at least: less is chance, letters here and there in a long name.
const LEAST_A_LETTER: u32 = 12;

/// What a name has is worth more than what a sentence has.
const NAMED: u32 = 1_000;

impl Finder {
    fn new(text: &str) -> Self {
        let pattern = |kind| Pattern::new(text, CaseMatching::Ignore, Normalization::Smart, kind);
        Self {
            matcher: Matcher::new(Config::DEFAULT),
            pieces: pattern(AtomKind::Substring),
            letters: pattern(AtomKind::Fuzzy),
            typed: text.chars().filter(|c| !c.is_whitespace()).count(),
        }
    }

    fn look(&mut self, in_pieces: bool, text: &str) -> Option<(u32, Vec<u32>)> {
        let pattern = if in_pieces {
            &self.pieces
        } else {
            &self.letters
        };
        let (mut chars, mut letters) = (Vec::new(), Vec::new());
        let text = Utf32Str::new(text, &mut chars);
        let score = pattern.indices(text, &mut self.matcher, &mut letters)?;
        letters.sort_unstable();
        letters.dedup();
        (score >= LEAST_A_LETTER * self.typed as u32).then_some((score, letters))
    }

    /// How well a command fits, and the letters of its sentence that do.
    fn command(&mut self, command: &Command, help: &str) -> Option<(u32, Vec<u32>)> {
        let whole = format!("{help} {} {}", command.hint, command.id);
        let length = help.chars().count() as u32;
        let in_sentence = self.look(true, &whole).map(|(score, mut letters)| {
            letters.retain(|at| *at < length);
            (score, letters)
        });
        let in_name = self.look(false, command.id);
        match (in_sentence, in_name) {
            (Some((score, letters)), Some(_)) => Some((score + NAMED, letters)),
            (None, Some((score, _))) => Some((score + NAMED, Vec::new())),
            (found, None) => found,
        }
    }
}

/// What fits: commands that can run here, then conflicts and contacts by name once something was typed, then commands
/// that cannot run, with the reason. In each the best first.
pub fn hits(model: &Model, palette: &Palette) -> Vec<Hit> {
    match palette.picks {
        Picks::Anything => {}
        Picks::ContactOfTask => return contacts_of_task(model, palette),
        Picks::Assignee => return people(model, palette),
    }
    let mut finder = Finder::new(&palette.text);
    let mut found = commands(model, &mut finder);
    if !palette.text.trim().is_empty() {
        found.extend(records(model, palette, &mut finder));
    }
    // steady: what fits equally well stays in the order of the table
    found.sort_by_key(|(score, hit)| (hit.group, Reverse(*score)));
    found.into_iter().map(|(_, hit)| hit).collect()
}

fn commands(model: &Model, finder: &mut Finder) -> Vec<(u32, Hit)> {
    let scopes = model.screen_scopes();
    let here = |command: &Command| scopes.contains(&command.scope);
    let mut found: Vec<(u32, Hit)> = Vec::new();
    for (at, command) in COMMANDS.iter().enumerate() {
        let plain = matches!(command.msg, Do::Move(_) | Do::Palette | Do::Back);
        let asks = matches!(command.scope, Scope::Dialog | Scope::Help);
        // the same command of another screen would stand there twice
        let mut twice = COMMANDS.iter().filter(|other| other.msg == command.msg);
        let twice = !here(command) && twice.any(here);
        let help = model.keymap.fill(command.help);
        if plain || asks || twice || found.iter().any(|(_, hit)| hit.words == help) {
            continue;
        }
        let Some((score, letters)) = finder.command(command, &help) else {
            continue;
        };
        let reason = if here(command) {
            command.can_run(model).err()
        } else {
            Some(format!("only in {}", command.scope.label()))
        };
        let group = match reason {
            None => Group::Runs,
            Some(_) => Group::Rests,
        };
        let hit = Hit {
            group,
            words: help,
            letters,
            keys: model.keymap.first_words(at),
            reason,
            goal: Goal::Run(command.msg),
        };
        found.push((score, hit));
    }
    found
}

/// Conflicts that fit, and all contacts that the store found: it also looks into what is not shown here.
fn records(model: &Model, palette: &Palette, finder: &mut Finder) -> Vec<(u32, Hit)> {
    let named = |words: String, letters, keys: &str, goal| Hit {
        group: Group::Records,
        words,
        letters,
        keys: keys.into(),
        reason: None,
        goal,
    };
    let mut found = Vec::new();
    for conflict in &model.conflicts.all {
        let what = conflicts_view::what(conflict);
        let words = format!("{}  {}, {what}", conflict.id, conflict.title);
        if let Some((score, letters)) = finder.look(false, &words) {
            let goal = Goal::Conflict(conflict.id);
            found.push((score, named(words, letters, "conflict", goal)));
        }
    }
    for row in &palette.contacts {
        let words = format!("{}, {}", row.name, row.email);
        let words = words.trim_end_matches(", ").to_owned();
        let (score, letters) = finder.look(false, &words).unwrap_or_default();
        let goal = Goal::Contact(row.id);
        found.push((score, named(words, letters, "contact", goal)));
    }
    found
}

/// The contact of the task under the cursor, or those that have what was typed.
fn contacts_of_task(model: &Model, palette: &Palette) -> Vec<Hit> {
    let hit = |name: &str, link| Hit {
        group: Group::Runs,
        letters: Vec::new(),
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
        group: Group::Runs,
        letters: Vec::new(),
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

/// Hits that a page key goes on by.
const PAGE: usize = 10;

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
            Code::PageDown => self.at = (self.at + PAGE).min(hits.saturating_sub(1)),
            Code::PageUp => self.at = self.at.saturating_sub(PAGE),
            Code::End => self.at = hits.saturating_sub(1),
            Code::Home => self.at = 0,
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
