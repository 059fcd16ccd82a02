//! Which keys name which command: those of the command table, and those that the settings give it. Dispatch, footer,
//! help and palette all ask here.

use std::fmt::Write as _;

use crate::config::{KeyRow, Source};

use super::commands::{COMMANDS, Command, Meaning, Scope};
use super::keys::{self, Code, Key};

/// The keys of each command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    /// By the command's place in [`COMMANDS`]; each is one key or several after each other.
    of: Vec<Vec<Vec<Key>>>,
}

impl Default for Keymap {
    fn default() -> Self {
        let of = |command: &Command| {
            let keys = command.keys.iter();
            keys.filter_map(|key| keys::parse(key).ok()).collect()
        };
        Self {
            of: COMMANDS.iter().map(of).collect(),
        }
    }
}

/// What is wrong with the `[keys]` of the settings: all of it at once.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct BadKeys(pub Vec<String>);

impl Keymap {
    /// The keys of the command table, with what the settings say in their place.
    pub fn with(rows: &[KeyRow]) -> Result<Self, BadKeys> {
        let mut map = Self::default();
        let mut wrong = Vec::new();
        let mut set: Vec<Option<&Source>> = vec![None; COMMANDS.len()];
        for row in rows {
            match place(&row.command).and_then(|at| Ok((at, parsed(at, &row.keys)?))) {
                Ok((at, keys)) => {
                    set[at] = Some(&row.from);
                    map.of[at] = keys;
                }
                Err(why) => wrong.push(format!("{}: `keys.{}`: {why}", row.from, row.command)),
            }
        }
        wrong.extend(map.clashes(&set));
        if wrong.is_empty() {
            Ok(map)
        } else {
            Err(BadKeys(wrong))
        }
    }

    /// The keys that two commands have which hold at the same time, where the settings gave one of them.
    fn clashes(&self, set: &[Option<&Source>]) -> Vec<String> {
        let mut found = Vec::new();
        for (at, one) in COMMANDS.iter().enumerate() {
            for (later, other) in COMMANDS.iter().enumerate().skip(at + 1) {
                let (Some(from), name, taken) = (match (set[at], set[later]) {
                    (_, Some(from)) => (Some(from), other, one),
                    (from, None) => (from, one, other),
                }) else {
                    continue;
                };
                let ticks = one.id == "task.complete" && other.id == "unfold"; // as the table has it
                if !hold_together(one.scope, other.scope) || ticks {
                    continue;
                }
                let hides = |a: &[Key], b: &[Key]| a.starts_with(b) || b.starts_with(a);
                let both = self.of[at]
                    .iter()
                    .find(|keys| self.of[later].iter().any(|others| hides(keys, others)));
                if let Some(keys) = both {
                    found.push(format!(
                        "{from}: `keys.{}`: `{}` is the key of `{}` already, in {}",
                        name.id,
                        words(keys),
                        taken.id,
                        taken.scope.label()
                    ));
                }
            }
        }
        found
    }

    /// The command that keys name in these scopes, the nearest scope first. In Tasks `space` ticks: the one key that a
    /// scope takes from movement.
    pub fn meaning(&self, scopes: &[Scope], pressed: &[Key]) -> Meaning {
        let mut begins = false;
        for scope in scopes {
            for (at, command) in COMMANDS.iter().enumerate() {
                if command.scope != *scope {
                    continue;
                }
                for keys in &self.of[at] {
                    if keys == pressed {
                        return Meaning::Command(at);
                    }
                    begins |= keys.len() > pressed.len() && keys.starts_with(pressed);
                }
            }
        }
        if begins {
            Meaning::Begins
        } else {
            Meaning::Nothing
        }
    }

    /// The keys of a command, by its place in [`COMMANDS`].
    pub fn of(&self, at: usize) -> &[Vec<Key>] {
        self.of.get(at).map_or(&[], Vec::as_slice)
    }

    /// They as help writes them.
    pub fn all_words(&self, at: usize) -> String {
        let all: Vec<_> = self.of(at).iter().map(|keys| words(keys)).collect();
        all.join(" ")
    }

    /// The first as the footer writes it; empty where there is none.
    pub fn first_words(&self, at: usize) -> String {
        self.of(at)
            .first()
            .map_or_else(String::new, |keys| words(keys))
    }

    /// The first key of the command of this name, as the footer writes it.
    pub fn key_of(&self, id: &str) -> String {
        let at = COMMANDS.iter().position(|command| command.id == id);
        at.map_or_else(String::new, |at| self.first_words(at))
    }

    /// The key that leads to the command of this name: its own, or that of the palette, which finds every command.
    pub fn way_to(&self, id: &str) -> String {
        debug_assert!(is_command(id), "`{id}` is no command");
        match self.key_of(id) {
            none if none.is_empty() => self.key_of("palette"),
            key => key,
        }
    }

    /// A sentence of a table with keys in the place of names in braces: of `{undo} takes it back`, `u takes it back`.
    /// Braces around anything else stay.
    pub fn fill(&self, words: &str) -> String {
        let mut filled = String::with_capacity(words.len());
        let mut rest = words;
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            if let Some((id, after)) = after.split_once('}').filter(|(id, _)| is_command(id)) {
                filled.push_str(&self.way_to(id));
                rest = after;
            } else {
                filled.push('{');
                rest = after;
            }
        }
        filled.push_str(rest);
        filled
    }
}

fn is_command(id: &str) -> bool {
    COMMANDS.iter().any(|command| command.id == id)
}

fn words(keys: &[Key]) -> String {
    let keys: Vec<_> = keys.iter().map(|key| key.short()).collect();
    keys.join(" ")
}

/// Whether keys of two scopes are heard at the same time.
pub fn hold_together(one: Scope, other: Scope) -> bool {
    let wide = |scope| matches!(scope, Scope::Global | Scope::Movement);
    let closed = |scope| matches!(scope, Scope::Dialog | Scope::Help);
    one == other || (wide(one) || wide(other)) && !closed(one) && !closed(other)
}

/// Why the keys of a command are what they are, where nobody may change them.
fn fixed(command: &Command) -> Option<&'static str> {
    match command.scope {
        Scope::Dialog | Scope::Help => Some("questions and the help keep their keys"),
        _ if command.id.starts_with("tab.")
            && !matches!(command.id, "tab.next" | "tab.previous") =>
        {
            Some("a tab is shown by its number")
        }
        _ => None,
    }
}

/// The place of a command that may be given keys; or why there is none.
fn place(id: &str) -> Result<usize, String> {
    let Some(at) = COMMANDS.iter().position(|command| command.id == id) else {
        let likeness = |command: &&Command| {
            let ratio = similar::TextDiff::from_chars(id, command.id).ratio();
            (ratio * 1000.0) as u32
        };
        let nearest = COMMANDS.iter().max_by_key(likeness);
        let nearest = nearest.filter(|command| likeness(command) >= 600);
        let meant = nearest.map_or_else(String::new, |c| format!("; did you mean `{}`?", c.id));
        return Err(format!("there is no such command{meant}"));
    };
    match fixed(&COMMANDS[at]) {
        Some(why) => Err(why.into()),
        None => Ok(at),
    }
}

fn parsed(at: usize, texts: &[String]) -> Result<Vec<Vec<Key>>, String> {
    let end = Key {
        ctrl: true,
        ..Key::char('c')
    };
    let mut all = Vec::new();
    for text in texts {
        let keys = keys::parse(text).map_err(|bad| bad.to_string())?;
        match keys.as_slice() {
            [] => return Err("an empty text is no key".into()),
            keys if keys.contains(&Key::char('y')) => {
                return Err("`y` is the yes of questions, and nothing else".into());
            }
            keys if keys.contains(&end) && COMMANDS[at].id != "quit" => {
                return Err("`<ctrl-c>` always goes back and leaves".into());
            }
            keys if keys.len() > 2 => return Err(format!("`{text}` is more than two keys")),
            [first, _] if first.code == Code::Esc => {
                return Err("`<esc>` begins nothing: it goes one step back".into());
            }
            _ => all.push(keys),
        }
    }
    if COMMANDS[at].id == "quit" && !all.contains(&vec![end]) {
        all.push(vec![end]); // so that there is always a way out
    }
    Ok(all)
}

/// All commands with their names and keys, in Markdown: `docs/keys.md`.
pub fn reference() -> String {
    let mut page = "# Keys\n\n\
        Made by `couplet config keys --dashboard > docs/keys.md`; a test fails when it is stale.\n\n\
        A table `[keys]` in the config file gives commands other keys:\n\n\
        ```toml\n[keys]\nundo = \"U\"\n\"task.due\" = [\"d\", \"<alt-d>\"]\n\"contact.split\" = []\n```\n\n\
        A key is a character, or a name in `< >`: `<enter>`, `<space>`, `<tab>`, `<shift-tab>`, `<esc>`, `<up>`, \
        `<pgdn>`, `<ctrl-p>`, `<alt-x>`; `<lt>` is `<` itself. Two after each other are one key of two, such as `g g`. \
        With an empty list a command is in the palette only. Footer, help and palette show the keys that hold. \
        A name that is no command, a text that is no key and two commands with one key are refused when the \
        dashboard opens and by `couplet config check`, each with file and line. Fixed are `y` (it says yes to questions \
        and does nothing else), `<ctrl-c>`, the numbers of tabs, and the keys of questions and of the help.\n"
        .to_owned();
    let usual = Keymap::default();
    let mut scope = None;
    for command in COMMANDS {
        if fixed(command).is_some() {
            continue;
        }
        if scope != Some(command.scope) {
            scope = Some(command.scope);
            let title = match command.scope {
                Scope::Workbench => "Conflict workbench: fields",
                Scope::Sides => "Conflict workbench: a delete, a mass change",
                Scope::Candidates => "Conflict workbench: candidates",
                other => other.label(),
            };
            page = format!(
                "{page}\n## {title}\n\n| command | keys | what it does |\n| --- | --- | --- |\n"
            );
        }
        let keys = format!("`{}`", command.keys.join("` `"));
        let line = writeln!(
            page,
            "| `{}` | {keys} | {} |",
            command.id,
            usual.fill(command.help)
        );
        line.expect("memory takes all");
    }
    page
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn row(command: &str, keys: &[&str], line: usize) -> KeyRow {
        let path = PathBuf::from("c.toml");
        KeyRow {
            command: command.into(),
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            from: Source::File { path, line },
        }
    }

    #[test]
    fn what_the_settings_give_stands_in_place_of_the_tables() {
        let map = Keymap::with(&[row("undo", &["U", "<alt-u>"], 2), row("sync", &[], 3)]).unwrap();
        let pressed = |text: &str| {
            let keys = keys::parse(text).unwrap();
            match map.meaning(&[Scope::Contacts, Scope::Movement, Scope::Global], &keys) {
                Meaning::Command(at) => COMMANDS[at].id,
                _ => "",
            }
        };
        assert_eq!(
            (pressed("U"), pressed("<alt-u>"), pressed("u")),
            ("undo", "undo", "")
        );
        assert_eq!(map.key_of("undo"), "U");
        assert_eq!((map.key_of("sync").as_str(), pressed("S")), ("", ""));
        let left = Keymap::with(&[row("quit", &["Q"], 2)]).unwrap();
        assert_eq!(
            left.all_words(COMMANDS.iter().position(|c| c.id == "quit").unwrap()),
            "Q ctrl-c"
        );
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once_with_file_and_line() {
        for (command, keys, want) in [
            (
                "undoo",
                ["U"],
                "there is no such command; did you mean `undo`?",
            ),
            ("xyzzy", ["U"], "there is no such command"),
            ("undo", ["<nothing>"], "`<nothing>` is no key"),
            ("undo", [""], "an empty text is no key"),
            (
                "undo",
                ["y"],
                "`y` is the yes of questions, and nothing else",
            ),
            (
                "undo",
                ["<ctrl-c>"],
                "`<ctrl-c>` always goes back and leaves",
            ),
            ("undo", ["g g g"], "`g g g` is more than two keys"),
            ("yes", ["Y"], "questions and the help keep their keys"),
            ("tab.rates", ["R"], "a tab is shown by its number"),
            ("undo", ["j"], "`j` is the key of `down` already, in Move"),
            ("undo", ["g"], "`g` is the key of `top` already, in Move"),
            (
                "sync",
                ["x"],
                "`x` is the key of `bench.unstage` already, in Conflict workbench",
            ),
        ] {
            let BadKeys(said) = Keymap::with(&[row(command, &keys, 7)]).unwrap_err();
            let wanted = format!("c.toml line 7: `keys.{command}`: {want}");
            assert!(said.contains(&wanted), "{said:?} lacks {wanted}");
        }
        let BadKeys(said) =
            Keymap::with(&[row("undo", &["y"], 1), row("nothing", &["z"], 2)]).unwrap_err();
        assert_eq!(said.len(), 2);
    }

    #[test]
    fn a_sentence_names_the_key_that_holds_and_the_palette_where_there_is_none() {
        let map = Keymap::with(&[row("undo", &["U"], 2), row("sync", &[], 3)]).unwrap();
        for (words, want) in [
            ("{undo} takes it back", "U takes it back"),
            ("then {sync}, or {open}", "then :, or enter"),
            ("GET /contacts/{contactId}", "GET /contacts/{contactId}"),
            ("{", "{"),
        ] {
            assert_eq!(map.fill(words), want);
        }
        for command in COMMANDS {
            let said = map.fill(command.help);
            assert!(!said.contains('{'), "{}: {said}", command.id);
        }
    }

    #[test]
    fn two_that_change_places_do_not_clash() {
        let rows = [row("copy", &["v"], 1), row("mark", &["c"], 2)];
        assert!(Keymap::with(&rows).is_ok());
        assert!(Keymap::with(&rows[..1]).is_err());
    }
}
