//! Words to a filter, and where they are none.

use super::{Filter, Span, Term, Test};

/// A text that is no filter: where, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct FilterError {
    /// The byte of the text at which it begins.
    pub at: usize,
    /// What is wrong there.
    pub why: Misread,
}

/// What is wrong with a filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misread {
    /// A quote without its end.
    #[error("this quote has no end: put a `\"` behind the last word")]
    OpenQuote,
    /// `field:` with nothing behind it.
    #[error("`{0}:` needs a value: say `{0}:vip`, or `{0}:\"\"` for those without one")]
    NoValue(String),
    /// `:value` with nothing before it.
    #[error("a field's name is missing before `:`: say `tag:vip`")]
    NoField,
    /// Behind `<` or `>` is no span.
    #[error("not a span: `{0}`; say `30m`, `2h`, `2d` or `3w`")]
    NotASpan(String),
    /// `OR` without a term on one side.
    #[error("`OR` needs a term on both sides: say `tag:vip OR tag:lead`")]
    LoneOr,
    /// `-` with nothing behind it.
    #[error("`-` needs a term right behind it: say `-tag:vip`")]
    LoneMinus,
}

impl Filter {
    /// Reads a filter. Field names are not checked: see [`Filter::fields`].
    ///
    /// ```
    /// use couplet::model::{Filter, Misread};
    /// assert!(Filter::parse("tag:vip -city:\"new york\" OR updated:<2d").is_ok());
    /// let wrong = Filter::parse("ann updated:<2x").unwrap_err();
    /// assert_eq!((wrong.at, wrong.why), (13, Misread::NotASpan("2x".into())));
    /// ```
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut any = vec![Vec::new()];
        let mut last_or = None;
        let mut at = 0;
        loop {
            at += leading_space(&text[at..]);
            if at == text.len() {
                break;
            }
            let end = at + word_len(&text[at..]).ok_or_else(|| open_quote(text, at))?;
            let word = &text[at..end];
            if word == "OR" {
                if any.last().is_none_or(Vec::is_empty) {
                    return Err(misread(at, Misread::LoneOr));
                }
                last_or = Some(at);
                any.push(Vec::new());
            } else {
                let term = Term::parse(word).map_err(|error| FilterError {
                    at: at + error.at,
                    ..error
                })?;
                if let Some(all) = any.last_mut() {
                    all.push(term);
                }
            }
            at = end;
        }
        match (any.last().is_none_or(Vec::is_empty), last_or) {
            (true, Some(at)) => Err(misread(at, Misread::LoneOr)),
            (true, None) => Ok(Self::default()),
            (false, _) => Ok(Self { any }),
        }
    }
}

impl Span {
    fn parse(text: &str) -> Option<Self> {
        let unit = text.chars().last()?;
        let span = Self {
            count: text[..text.len() - unit.len_utf8()].parse().ok()?,
            unit: unit.to_ascii_lowercase(),
        };
        matches!(span.unit, 'm' | 'h' | 'd' | 'w').then_some(span)
    }
}

const fn misread(at: usize, why: Misread) -> FilterError {
    FilterError { at, why }
}

fn open_quote(text: &str, from: usize) -> FilterError {
    let at = text[from..].find('"').map_or(from, |at| from + at);
    misread(at, Misread::OpenQuote)
}

fn leading_space(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

/// The bytes of the first word, quoted spaces in it; `None` where a quote does not end.
fn word_len(text: &str) -> Option<usize> {
    let mut is_quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' => is_quoted = !is_quoted,
            c if c.is_whitespace() && !is_quoted => return Some(at),
            _ => {}
        }
    }
    (!is_quoted).then_some(text.len())
}

/// The word without its quotes, in lower case.
fn unquoted(word: &str) -> String {
    word.replace('"', "").to_lowercase()
}

impl Term {
    /// Reads a word; places in an error count from its start.
    fn parse(word: &str) -> Result<Self, FilterError> {
        let positive = word.strip_prefix('-').unwrap_or(word);
        let is_negated = positive.len() < word.len();
        let offset = word.len() - positive.len();
        if positive.is_empty() {
            return Err(misread(0, Misread::LoneMinus));
        }
        Ok(Self {
            is_negated,
            test: Test::parse(positive).map_err(|error| FilterError {
                at: offset + error.at,
                ..error
            })?,
        })
    }
}

impl Test {
    fn parse(word: &str) -> Result<Self, FilterError> {
        let Some((field, value)) = split_field(word) else {
            return Ok(Self::Text(unquoted(word)));
        };
        if field.is_empty() {
            return Err(misread(0, Misread::NoField));
        }
        let field = field.to_lowercase();
        if value.is_empty() {
            return Err(misread(0, Misread::NoValue(field)));
        }
        if let Some(span) = value.strip_prefix(['<', '>']) {
            let at = word.len() - span.len();
            return Ok(Self::Age {
                field,
                is_nearer: value.starts_with('<'),
                span: Span::parse(span)
                    .ok_or_else(|| misread(at, Misread::NotASpan(unquoted(span))))?,
            });
        }
        Ok(Self::Value {
            field,
            value: unquoted(value),
        })
    }
}

/// Field and value of `field:value`. A quoted word, a time of day and an address have none.
fn split_field(word: &str) -> Option<(&str, &str)> {
    let (field, value) = word.split_once(':')?;
    let is_name = field.is_empty()
        || (field.starts_with(|c: char| c.is_ascii_alphabetic())
            && field
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)));
    (is_name && !value.starts_with("//")).then_some((field, value))
}
