//! Remote text made safe to show, measured and cut.
//!
//! Everything that came from a side passes [`clean`] before a screen, a log or an error shows it.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

/// Text without anything that a terminal obeys: control characters and escape sequences' lead bytes go, as do
/// bidirectional overrides and invisible format characters; a tab shows as `⇥`, a line end as `⏎`.
///
/// ```
/// use couplet::text::clean;
/// assert_eq!(clean("a\u{1b}[31mb\r\nc\td\u{202e}e"), "a[31mb⏎c⇥de");
/// ```
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => out.push('⇥'),
            '\n' => out.push('⏎'),
            c if is_plain(c) => out.push(c),
            _ => {}
        }
    }
    Cow::Owned(out)
}

/// The text without e-mail addresses and telephone numbers: what a side says of a record may repeat them, and an
/// error's words go where customers' data must not.
///
/// ```
/// use couplet::text::impersonal;
/// assert_eq!(impersonal("ann@x.org is taken by +1 (415) 555-0132 already"), "…@… is taken by … already");
/// ```
pub fn impersonal(text: &str) -> String {
    let is_phone = |c: char| c.is_ascii_digit() || "+-().:,;".contains(c);
    let mut out: Vec<Cow<'_, str>> = Vec::new();
    // Words of a number that may go on with the next, and the digits in them.
    let (mut number, mut digits) = (Vec::new(), 0);
    let flush = |number: &mut Vec<&str>, digits: &mut usize, out: &mut Vec<Cow<'_, str>>| {
        if *digits >= 7 {
            out.push("…".into());
        } else {
            out.extend(number.iter().map(|word| Cow::Owned((*word).to_owned())));
        }
        number.clear();
        *digits = 0;
    };
    for word in text.split(' ') {
        if !word.is_empty() && word.chars().all(is_phone) {
            number.push(word);
            digits += word.chars().filter(char::is_ascii_digit).count();
            continue;
        }
        flush(&mut number, &mut digits, &mut out);
        out.push(if word.contains('@') {
            "…@…".into()
        } else {
            word.into()
        });
    }
    flush(&mut number, &mut digits, &mut out);
    out.join(" ")
}

/// As [`clean`], line by line, for places that show several lines.
pub fn clean_lines(text: &str) -> String {
    let lines: Vec<_> = text
        .lines()
        .map(|line| clean(line.trim_end_matches('\r')))
        .collect();
    lines.join("\n")
}

const fn is_plain(c: char) -> bool {
    !matches!(c,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{ad}' | '\u{61c}' | '\u{180e}'
        | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Columns that the text takes on a terminal: those of its letters, since that is how terminals count.
pub fn width(text: &str) -> usize {
    text.chars().map(|letter| letter.width().unwrap_or(0)).sum()
}

/// The text cut at the end to at most `columns`, with `…` where something went. For names and titles.
///
/// ```
/// use couplet::text::cut_end;
/// assert_eq!(cut_end("Abendroth", 20), "Abendroth");
/// assert_eq!(cut_end("Abendroth", 5), "Aben…");
/// assert_eq!(cut_end("田辺愛子", 5), "田辺…");
/// ```
pub fn cut_end(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    if columns == 0 {
        return Cow::Borrowed("");
    }
    let mut out = head(text, columns - 1).to_owned();
    out.push('…');
    Cow::Owned(out)
}

/// The text cut in the middle to at most `columns`: both ends tell e-mail addresses and ids apart.
///
/// ```
/// use couplet::text::cut_middle;
/// assert_eq!(cut_middle("jonas@abendroth-bau.example", 15), "jonas@a…example");
/// ```
pub fn cut_middle(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    if columns == 0 {
        return Cow::Borrowed("");
    }
    let right = (columns - 1) / 2;
    let left = columns - 1 - right;
    Cow::Owned(format!("{}…{}", head(text, left), tail(text, right)))
}

/// The longest start of the text that fits into `columns`.
pub fn head(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > columns {
            return &text[..at];
        }
    }
    text
}

/// The longest end of the text that fits into `columns`.
fn tail(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices().rev() {
        used += c.width().unwrap_or(0);
        if used > columns {
            return &text[at + c.len_utf8()..];
        }
    }
    text
}

/// The text cut to `columns` at the end, or filled with spaces to exactly that.
pub fn fit(text: &str, columns: usize) -> String {
    let cut = cut_end(text, columns);
    let missing = columns.saturating_sub(width(&cut));
    format!("{cut}{:missing$}", "")
}

/// A whole number with a comma between thousands: `118,400`.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_never_takes_more_than_its_columns() {
        for text in [
            "",
            "a",
            "jonas@abendroth-bau.example",
            "田辺愛子さん",
            "Zoë",
            "‹é›",
        ] {
            for columns in 0..12 {
                assert!(
                    width(&cut_end(text, columns)) <= columns,
                    "{text} {columns}"
                );
                assert!(
                    width(&cut_middle(text, columns)) <= columns,
                    "{text} {columns}"
                );
                assert_eq!(width(&fit(text, columns)), columns, "{text} {columns}");
            }
        }
    }

    #[test]
    fn thousands_are_set_apart() {
        for (n, want) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (118_400, "118,400"),
        ] {
            assert_eq!(thousands(n), want);
        }
    }
}
