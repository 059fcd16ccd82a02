//! The help of a screen, made from the command table.

use ratatui::style::Style;

use crate::text::width;

use super::super::commands::{COMMANDS, Meaning, Scope};
use super::super::model::Model;
use super::paint::Row;

const MARKS: [&str; 4] = [
    "=  in step     ≠  conflict     ?  undecided     ✓  staged, done",
    "←  waits to go to GHL     →  to Growbots     ⇄  both ways     !  error",
    "◐  only in GHL     ◑  only in Growbots     ·  ignored     p  parked     ~  differs",
    "‹ ›  differs from base     newer: by server time, 5 s or more apart; no side is chosen for you",
];

/// The rows of the help: the scopes that hold under it, then the marks.
pub fn rows(model: &Model, columns: usize) -> Vec<Row> {
    let theme = &model.theme;
    let mut rows = Vec::new();
    for scope in model.screen_scopes() {
        rows.push(Row::of(scope.label(), theme.title));
        for (at, command) in COMMANDS.iter().enumerate() {
            let map = &model.keymap;
            let means = |keys: &Vec<_>| map.meaning(model.screen_scopes(), keys);
            let holds = |keys: &Vec<_>| means(keys) == Meaning::Command(at);
            if command.scope != *scope || !map.of(at).iter().any(holds) {
                continue; // another scope's, or a nearer scope has taken its key
            }
            if *scope == Scope::Global && command.id.starts_with("tab.") {
                continue; // the tabs show their keys
            }
            let head = Row::of("  ", Style::new()).cell(&map.all_words(at), 14, theme.title);
            for (at, line) in wrap(&map.fill(command.help), columns.saturating_sub(17))
                .into_iter()
                .enumerate()
            {
                let start = if at == 0 {
                    head.clone()
                } else {
                    Row::new().to(16)
                };
                rows.push(start.add(line, Style::new()));
            }
        }
    }
    rows.push(Row::of("Marks", theme.title));
    for marks in MARKS {
        for line in wrap(marks, columns.saturating_sub(3)) {
            rows.push(Row::of(format!("  {line}"), Style::new()));
        }
    }
    rows
}

/// Text in lines of at most `columns`, cut at spaces; all lines of a paragraph begin where its first one does.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        if width(paragraph) <= columns {
            lines.push(paragraph.to_owned()); // as it stands, its spaces too
            continue;
        }
        let text = paragraph.trim_start_matches(' ');
        let indent = &paragraph[..paragraph.len() - text.len()];
        let mut line = indent.to_owned();
        for word in text.split(' ') {
            if line.len() > indent.len() && width(&line) + 1 + width(word) > columns {
                lines.push(std::mem::replace(&mut line, indent.to_owned()));
            }
            let mut word = word;
            while width(word) > columns.max(1) {
                let head = crate::text::head(word, columns.max(2));
                lines.push(head.to_owned());
                word = &word[head.len()..];
            }
            if line.len() > indent.len() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}
