//! The marks, each one column wide, and what stands for them where a terminal has only ASCII.

use ratatui::buffer::Buffer;
use unicode_normalization::UnicodeNormalization as _;

use crate::model::{BySide, LinkState, RecordId};

/// The mark of a record's state in lists.
pub fn state_mark(
    state: LinkState,
    waits_for: BySide<bool>,
    ids: &BySide<Option<RecordId>>,
) -> &'static str {
    match state {
        LinkState::Ignored => "·",
        LinkState::Conflict => "≠",
        LinkState::Error => "!",
        LinkState::Waiting => match (waits_for.ghl, waits_for.growbots) {
            (true, true) => "⇄",
            (true, false) => "←",
            _ => "→",
        },
        LinkState::OneSide if ids.growbots.is_some() => "◑",
        LinkState::OneSide => "◐",
        LinkState::InStep => "=",
    }
}

const ASCII: [(&str, &str); 46] = [
    ("≠", "#"),
    ("←", "<"),
    ("→", ">"),
    ("⇄", "x"),
    ("◐", "["),
    ("◑", "]"),
    ("·", "."),
    ("‖", "\""),
    ("✓", "v"),
    ("↓", "d"),
    ("↑", "u"),
    ("»", "@"),
    ("‹", "["),
    ("›", "]"),
    ("…", "~"),
    ("▌", ">"),
    ("▸", "+"),
    ("▾", "-"),
    ("□", "o"),
    ("■", "x"),
    ("█", "#"),
    ("▒", "%"),
    ("│", "|"),
    ("─", "-"),
    ("┃", "#"),
    ("▲", "^"),
    ("▼", "v"),
    ("•", "*"),
    ("┌", "+"),
    ("┐", "+"),
    ("└", "+"),
    ("┘", "+"),
    ("├", "+"),
    ("┤", "+"),
    ("┬", "+"),
    ("┴", "+"),
    ("×", "x"),
    ("⇥", ">"),
    ("⏎", "/"),
    ("▁", "."),
    ("▂", "."),
    ("▃", ":"),
    ("▄", ":"),
    ("▅", "#"),
    ("▆", "#"),
    ("▇", "#"),
];

/// Replaces every sign that is not ASCII: marks by their ASCII form, letters by what they are without their accents,
/// anything else by `?`.
pub fn to_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        let symbol = cell.symbol();
        if symbol.is_ascii() {
            continue;
        }
        let plain = ASCII.iter().find(|(sign, _)| *sign == symbol);
        let plain = plain.map(|(_, ascii)| (*ascii).to_owned());
        let plain = plain.or_else(|| {
            let letter = symbol.nfd().next().filter(char::is_ascii)?;
            Some(letter.to_string())
        });
        cell.set_symbol(plain.as_deref().unwrap_or("?"));
    }
}
