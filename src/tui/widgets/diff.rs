//! The differing part of a value against the base: by word, or by character in phones, codes and numbers.

use ratatui::{style::Style, text::Span};
use similar::{ChangeTag, TextDiff};

use crate::text::{head, width};

use super::super::theme::Theme;

/// A piece of a value, and whether it differs from the base.
type Piece = (String, bool);

/// The pieces of `value`, marked where they differ from `base`.
pub fn pieces(base: &str, value: &str) -> Vec<Piece> {
    if base == value {
        return vec![(value.to_owned(), false)];
    }
    let words = value.split_whitespace().count() > 1 && value.chars().any(char::is_alphabetic);
    if words {
        by_word(base, value)
    } else {
        by_character(base, value)
    }
}

fn by_word(base: &str, value: &str) -> Vec<Piece> {
    let diff = TextDiff::from_words(base, value);
    let mut out: Vec<Piece> = Vec::new();
    for change in diff.iter_all_changes() {
        let differs = match change.tag() {
            ChangeTag::Delete => continue,
            ChangeTag::Insert => true,
            ChangeTag::Equal => false,
        };
        let text = change.value();
        match out.last_mut() {
            Some((last, was)) if *was == differs || text.trim().is_empty() => last.push_str(text),
            _ => out.push((text.to_owned(), differs)),
        }
    }
    // spaces at the end of a marked piece belong to what follows
    for at in 0..out.len() {
        let kept = out[at].0.trim_end().len();
        if out[at].1 && kept < out[at].0.len() {
            let spaces = out[at].0.split_off(kept);
            match out.get_mut(at + 1) {
                Some((next, false)) => next.insert_str(0, &spaces),
                _ => out[at].0.push_str(&spaces),
            }
        }
    }
    out
}

fn by_character(base: &str, value: &str) -> Vec<Piece> {
    let same = |(a, b): &(char, char)| a == b;
    let head: usize = value
        .chars()
        .zip(base.chars())
        .take_while(same)
        .map(|(c, _)| c.len_utf8())
        .sum();
    let rest = |text: &str| text.chars().skip(value[..head].chars().count()).count();
    let most = rest(value).min(rest(base));
    let tail: usize = value
        .chars()
        .rev()
        .zip(base.chars().rev())
        .take(most)
        .take_while(same)
        .map(|(c, _)| c.len_utf8())
        .sum();
    let middle = value.len() - tail;
    let parts = [
        (&value[..head], false),
        (&value[head..middle], true),
        (&value[middle..], false),
    ];
    parts
        .into_iter()
        .filter(|(text, _)| !text.is_empty())
        .map(|(text, differs)| (text.to_owned(), differs))
        .collect()
}

/// The value with its differing parts as the theme shows them.
pub fn spans(base: &str, value: &str, style: Style, theme: &Theme) -> Vec<Span<'static>> {
    let marked = |text: String| {
        if theme.marks_differences {
            format!("‹{text}›")
        } else {
            text
        }
    };
    pieces(base, value)
        .into_iter()
        .map(|(text, differs)| {
            if differs {
                Span::styled(marked(text), style.patch(theme.differ))
            } else {
                Span::styled(text, style)
            }
        })
        .collect()
}

/// As [`spans`], in lines of at most `columns`: nothing is cut.
pub fn lines(base: &str, value: &str, columns: usize, theme: &Theme) -> Vec<Vec<Span<'static>>> {
    let columns = columns.max(4);
    let mut lines = vec![Vec::new()];
    let mut used = 0;
    for span in spans(base, value, Style::new(), theme) {
        for word in span.content.split_inclusive(' ') {
            let mut rest = word;
            while !rest.is_empty() {
                let whole = width(rest.trim_end());
                let fits = used + whole <= columns;
                if !fits && used > 0 {
                    lines.push(Vec::new());
                    used = 0;
                    continue;
                }
                let piece = if fits { rest } else { head(rest, columns) };
                used += width(piece);
                if let Some(line) = lines.last_mut() {
                    line.push(Span::styled(piece.to_owned(), span.style));
                }
                rest = &rest[piece.len()..];
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_differing_part_is_marked() {
        for (base, value, want) in [
            ("+1 415 555 0132", "+1 415 555 0177", "+1 415 555 01‹77›"),
            ("Buyer", "Senior Buyer", "‹Senior› Buyer"),
            ("Buyer", "Head of Procurement", "‹Head of Procurement›"),
            ("inbound", "inbound", "inbound"),
            ("", "x", "‹x›"),
            ("inbound", "inbound, q4-list", "‹inbound, q4-list›"),
            ("aa", "aaa", "aa‹a›"),
        ] {
            let shown: String = pieces(base, value)
                .into_iter()
                .map(|(text, differs)| {
                    if differs {
                        format!("‹{text}›")
                    } else {
                        text
                    }
                })
                .collect();
            assert_eq!(shown, want, "{base} | {value}");
        }
    }
}
