//! The three-way merge of one cell.

use std::borrow::Cow;

use crate::merge::{Merged, merge_field, normalise};
use crate::model::{FieldName, Kind, Side, Value};

use super::columns::ColumnType;
use super::jsonl;
use super::row::Cell;

/// What becomes of a cell.
pub enum Outcome<'a> {
    /// Neither side changed it.
    Unchanged,
    /// One side changed it.
    Taken(Side, Cell<'a>),
    /// Both changed it to the same.
    Agreed(Cell<'a>),
    /// A set to which both changes were applied.
    United(Vec<Cow<'a, str>>),
    /// Both changed it, apart.
    Conflict,
}

const EMPTY: Cell<'static> = Cell {
    text: "",
    json: None,
};

/// Merges a cell. A side that says nothing of it did not change it; `base` is `None` also where the record is new,
/// and then a filled value fills an empty one.
pub fn merge<'a>(
    ty: &ColumnType,
    base: Option<Cell<'a>>,
    ghl: Option<Cell<'a>>,
    growbots: Option<Cell<'a>>,
) -> Outcome<'a> {
    let old = base.unwrap_or(EMPTY);
    let (ghl, growbots) = (ghl.unwrap_or(old), growbots.unwrap_or(old));
    let value = |cell: Cell<'a>| Typed { ty, cell };
    match merge_field(&value(old), &value(ghl), &value(growbots)) {
        Merged::Unchanged => Outcome::Unchanged,
        Merged::Take(side, _) => {
            Outcome::Taken(side, if side == Side::Ghl { ghl } else { growbots })
        }
        Merged::Agreed(_) => Outcome::Agreed(ghl),
        Merged::Conflict if *ty == ColumnType::Set => Outcome::United(unite(old, ghl, growbots)),
        Merged::Conflict => Outcome::Conflict,
    }
}

/// Adds and removes of both, each word as it was first spelt.
fn unite<'a>(base: Cell<'a>, ghl: Cell<'a>, growbots: Cell<'a>) -> Vec<Cow<'a, str>> {
    let [old, left, right] = [base, ghl, growbots].map(words);
    let has = |words: &[Cow<'_, str>], word: &str| words.iter().any(|own| same_word(own, word));
    let mut united: Vec<Cow<'a, str>> = Vec::new();
    for word in old.iter().chain(&left).chain(&right) {
        let stays = !has(&old, word) || has(&left, word) && has(&right, word);
        if stays && !has(&united, word) {
            united.push(word.clone());
        }
    }
    united
}

/// The words of a set: of a JSON array, or parted by `;`.
fn words(cell: Cell<'_>) -> Vec<Cow<'_, str>> {
    if let Some(json) = cell.json.filter(|json| json.starts_with('['))
        && let Ok(words) = serde_json::from_str::<Vec<jsonl::Text<'_>>>(json)
    {
        return words.into_iter().map(|word| word.0).collect();
    }
    let parts = cell.text.split(';').map(str::trim);
    parts
        .filter(|word| !word.is_empty())
        .map(Cow::Borrowed)
        .collect()
}

fn same_word(a: &str, b: &str) -> bool {
    a == b || a.to_lowercase() == b.to_lowercase()
}

/// A value that is equal to others of its column by meaning.
struct Typed<'a> {
    ty: &'a ColumnType,
    cell: Cell<'a>,
}

impl Typed<'_> {
    fn canonical(&self) -> Cow<'_, str> {
        let text = self.cell.text;
        let by = |field: FieldName, country: &str| match normalise::value(
            Kind::Contact,
            &field,
            country,
            Value::Text(text.into()),
        ) {
            Some(Value::Text(text)) => Cow::Owned(text.into()),
            _ => Cow::Borrowed(""),
        };
        match self.ty {
            ColumnType::Text if text.is_ascii() && !text.contains('\r') => {
                Cow::Borrowed(text.trim())
            }
            ColumnType::Text => Cow::Owned(by(FieldName::Body, "").trim_start().to_owned()),
            ColumnType::Email => by(FieldName::Email, ""),
            ColumnType::Phone(country) => by(FieldName::Phone, country),
            ColumnType::Set => {
                let mut words: Vec<String> = words(self.cell)
                    .iter()
                    .map(|word| word.to_lowercase())
                    .collect();
                words.sort_unstable();
                words.dedup();
                Cow::Owned(words.join(";"))
            }
        }
    }
}

impl PartialEq for Typed<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cell.text == other.cell.text || self.canonical() == other.canonical()
    }
}

impl Eq for Typed<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(
        ty: &ColumnType,
        base: Option<&str>,
        ghl: Option<&str>,
        growbots: Option<&str>,
    ) -> String {
        let cell = |text: Option<&'static str>| text.map(|text| Cell { text, json: None });
        let leak = |text: Option<&str>| {
            cell(text.map(|text| &*Box::leak(text.to_owned().into_boxed_str())))
        };
        match merge(ty, leak(base), leak(ghl), leak(growbots)) {
            Outcome::Unchanged => "=".into(),
            Outcome::Taken(side, cell) => format!("{} {}", side.name(), cell.text),
            Outcome::Agreed(cell) => format!("both {}", cell.text),
            Outcome::United(words) => words.join(";"),
            Outcome::Conflict => "conflict".into(),
        }
    }

    #[test]
    fn each_type_has_its_own_equality() {
        let text = ColumnType::Text;
        let email = ColumnType::Email;
        let phone = ColumnType::Phone("US".into());
        let set = ColumnType::Set;
        for (ty, base, ghl, growbots, want) in [
            (&text, Some("a"), Some("a"), Some("a"), "="),
            (&text, Some("a"), Some("b"), Some("a"), "ghl b"),
            (&text, Some("a"), Some("a "), Some("b"), "growbots b"),
            (&text, Some("a"), Some("b"), Some("b"), "both b"),
            (&text, Some("a"), Some("b"), Some("c"), "conflict"),
            (&text, Some("a"), Some("A"), Some("a"), "ghl A"),
            (
                &text,
                Some("a\r\nb"),
                Some("a\nb"),
                Some("a\nc"),
                "growbots a\nc",
            ),
            (&text, Some("a"), None, Some("b"), "growbots b"),
            (&text, None, Some("a"), None, "ghl a"),
            (&text, None, Some("a"), Some(""), "ghl a"),
            (&text, None, Some("a"), Some("b"), "conflict"),
            (
                &email,
                Some("a@x.org"),
                Some("A@x.org"),
                Some("b@x.org"),
                "growbots b@x.org",
            ),
            (
                &phone,
                Some("+14155550132"),
                Some("(415) 555-0132"),
                Some("+14155550199"),
                "growbots +14155550199",
            ),
            (
                &set,
                Some("a;b"),
                Some("b; a"),
                Some("a;b;c"),
                "growbots a;b;c",
            ),
            (&set, Some("a;b"), Some("a;X"), Some("A;b;y"), "a;X;y"),
            (&set, None, Some("x"), Some("y"), "x;y"),
        ] {
            let got = said(ty, base, ghl, growbots);
            assert_eq!(got, want, "{ty:?} {base:?} | {ghl:?} | {growbots:?}");
        }
    }
}
