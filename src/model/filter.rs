//! The one filter grammar, of lists, rules, alerts and views.
//!
//! | written | means |
//! | --- | --- |
//! | `ann` | the text of the record has `ann` in it |
//! | `"ann lee"` | the text has both words so |
//! | `tag:vip` | a value of the field is `vip` |
//! | `city:"new york"` | a value is those words; `city:""` is one without a value |
//! | `updated:<2d` | the time is less than two days from now; `>` more; `m`, `h`, `d`, `w` |
//! | `-tag:vip` | not that |
//! | `a b` | both |
//! | `a b OR c` | `a` and `b`, or `c` |
//!
//! Letters match without case.

use std::{cell::OnceCell, fmt};

use super::Millis;

/// A filter as parsed. The empty one lets everything through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// One of these alternatives must hold. None at all: everything does.
    any: Vec<Vec<Term>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Term {
    is_negated: bool,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Test {
    /// The text has it, in lower case.
    Text(String),
    /// The field has the value, in lower case; or none, where it is empty.
    Value { field: String, value: String },
    /// The field is a time nearer to now than the span, or further.
    Age {
        field: String,
        is_nearer: bool,
        span: Span,
    },
}

/// A span as typed: a number and a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Span {
    count: u32,
    unit: char,
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

    fn ms(self) -> i64 {
        let minutes = match self.unit {
            'm' => 1,
            'h' => 60,
            'd' => 24 * 60,
            _ => 7 * 24 * 60,
        };
        i64::from(self.count) * minutes * 60_000
    }
}

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

    /// The name that records have for a field of a filter: `tags` for `tag`.
    pub fn canonical(field: &str) -> &str {
        match field {
            "tag" => "tags",
            "updated" => "updated_at",
            "opened" => "opened_at",
            "due" => "due_at",
            "done" => "completed",
            other => other,
        }
    }

    /// The one value of a field that everything which passes has; `None` where the filter does not say so.
    pub fn only(&self, wanted: &str) -> Option<&str> {
        let [all] = self.any.as_slice() else {
            return None;
        };
        all.iter().find_map(|term| match &term.test {
            Test::Value { field, value } if field == wanted && !term.is_negated => {
                Some(value.as_str())
            }
            _ => None,
        })
    }

    /// What passes this and `other`.
    pub fn and(&self, other: &Self) -> Self {
        if self.is_empty() || other.is_empty() {
            let both = [self, other].into_iter().find(|filter| !filter.is_empty());
            return both.cloned().unwrap_or_default();
        }
        let both = |one: &Vec<Term>, two: &Vec<Term>| one.iter().chain(two).cloned().collect();
        Self {
            any: (self.any.iter())
                .flat_map(|one| other.any.iter().map(move |two| both(one, two)))
                .collect(),
        }
    }

    /// The filter with `me` as a value of these fields replaced by who that is.
    pub fn with_me(mut self, fields: &[&str], me: &str) -> Self {
        for term in self.any.iter_mut().flatten() {
            if let Test::Value { field, value } = &mut term.test
                && value == "me"
                && fields.contains(&field.as_str())
            {
                *value = me.to_lowercase();
            }
        }
        self
    }

    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.any.is_empty()
    }

    /// The fields that it asks for, each once, sorted.
    pub fn fields(&self) -> Vec<&str> {
        let mut fields: Vec<&str> = self
            .any
            .iter()
            .flatten()
            .filter_map(|term| match &term.test {
                Test::Value { field, .. } | Test::Age { field, .. } => Some(field.as_str()),
                Test::Text(_) => None,
            })
            .collect();
        fields.sort_unstable();
        fields.dedup();
        fields
    }

    /// Whether a record passes. `look` gives the values of a field (lower-case name), times as RFC 3339; `text` gives
    /// all that bare words search, and is called at most once.
    pub fn matches(
        &self,
        now: Millis,
        look: &dyn Fn(&str) -> Vec<String>,
        text: &dyn Fn() -> String,
    ) -> bool {
        let folded = OnceCell::new();
        let has = |word: &str| folded.get_or_init(|| text().to_lowercase()).contains(word);
        let holds = |term: &Term| {
            let found = match &term.test {
                Test::Text(word) => has(word),
                Test::Value { field, value } if value.is_empty() => {
                    look(field).iter().all(String::is_empty)
                }
                Test::Value { field, value } => {
                    look(field).iter().any(|has| has.to_lowercase() == *value)
                }
                Test::Age {
                    field,
                    is_nearer,
                    span,
                } => look(field)
                    .iter()
                    .filter_map(|at| Millis::parse(at))
                    .map(|at| now.since(at).saturating_abs())
                    .any(|age| (age < span.ms()) == *is_nearer),
            };
            found != term.is_negated
        };
        self.any.is_empty() || self.any.iter().any(|all| all.iter().all(holds))
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

/// In a form that reads back as the same filter.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, all) in self.any.iter().enumerate() {
            if at > 0 {
                f.write_str(" OR ")?;
            }
            for (at, term) in all.iter().enumerate() {
                if at > 0 {
                    f.write_str(" ")?;
                }
                write!(f, "{term}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_negated {
            f.write_str("-")?;
        }
        match &self.test {
            Test::Text(word) => f.write_str(&quoted(word)),
            Test::Value { field, value } => write!(f, "{field}:{}", quoted(value)),
            Test::Age {
                field,
                is_nearer,
                span: Span { count, unit },
            } => {
                let sign = if *is_nearer { '<' } else { '>' };
                write!(f, "{field}:{sign}{count}{unit}")
            }
        }
    }
}

/// The word, in quotes where it would else read as something other than itself.
fn quoted(word: &str) -> String {
    let is_plain = !word.is_empty()
        && !word.starts_with(['-', '<', '>', '/'])
        && !word.contains(|c: char| c.is_whitespace() || c == ':');
    if is_plain {
        word.to_owned()
    } else {
        format!("\"{word}\"")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: &str = "2026-03-10T12:00:00Z";

    fn passes(filter: &str) -> bool {
        let look = |field: &str| -> Vec<String> {
            let values: &[&str] = match field {
                "tag" => &["vip", "Q4-List"],
                "city" => &["New York"],
                "updated" => &["2026-03-09T11:00:00Z"],
                "due_at" => &["2026-03-11T12:00:00Z"],
                _ => &[],
            };
            values.iter().map(|value| (*value).to_owned()).collect()
        };
        let text = || "Ann Lee, Acme".to_owned();
        let now = Millis::parse(NOW).unwrap();
        Filter::parse(filter).unwrap().matches(now, &look, &text)
    }

    #[test]
    fn a_filter_passes_what_it_says() {
        for (filter, want) in [
            ("", true),
            ("   ", true),
            ("ann", true),
            ("ANN lee", true),
            ("\"ann lee\"", true),
            ("\"lee ann\"", false),
            ("lee ann", true),
            ("bob", false),
            ("-bob", true),
            ("-ann", false),
            ("tag:vip", true),
            ("tag:VIP tag:q4-list", true),
            ("tag:vi", false),
            ("-tag:vip", false),
            ("tag:vip tag:lead", false),
            ("tag:lead OR tag:vip", true),
            ("tag:lead OR tag:cold bob", false),
            ("bob tag:vip OR ann", true),
            ("bob OR ann tag:lead", false),
            ("city:\"new york\"", true),
            ("-city:\"new york\"", false),
            ("\"city\":york", false),
            ("owner:\"\"", true),
            ("city:\"\"", false),
            ("updated:<2d", true),
            ("updated:<1d", false),
            ("updated:>1d", true),
            ("updated:<26h", true),
            ("updated:<90m", false),
            ("updated:<1w", true),
            ("due_at:<2d", true),
            ("due_at:<3h", false),
            ("owner:<2d", false),
            ("owner:>2d", false),
            ("or", false),
            ("10:30", false),
            ("https://a.test", false),
        ] {
            assert_eq!(passes(filter), want, "{filter}");
        }
    }

    #[test]
    fn a_wrong_filter_says_where_and_what_would_be_right() {
        for (filter, at, message) in [
            (
                "ann \"lee",
                4,
                "this quote has no end: put a `\"` behind the last word",
            ),
            (
                "city:\"new york",
                5,
                "this quote has no end: put a `\"` behind the last word",
            ),
            (
                "ann -tag:",
                5,
                "`tag:` needs a value: say `tag:vip`, or `tag:\"\"` for those without one",
            ),
            (
                "ann :vip",
                4,
                "a field's name is missing before `:`: say `tag:vip`",
            ),
            (
                "updated:<2x",
                9,
                "not a span: `2x`; say `30m`, `2h`, `2d` or `3w`",
            ),
            (
                "updated:>",
                9,
                "not a span: ``; say `30m`, `2h`, `2d` or `3w`",
            ),
            (
                "updated:<é",
                9,
                "not a span: `é`; say `30m`, `2h`, `2d` or `3w`",
            ),
            (
                "OR ann",
                0,
                "`OR` needs a term on both sides: say `tag:vip OR tag:lead`",
            ),
            (
                "ann OR",
                4,
                "`OR` needs a term on both sides: say `tag:vip OR tag:lead`",
            ),
            (
                "ann OR OR bob",
                7,
                "`OR` needs a term on both sides: say `tag:vip OR tag:lead`",
            ),
            (
                "ann - bob",
                4,
                "`-` needs a term right behind it: say `-tag:vip`",
            ),
        ] {
            let error = Filter::parse(filter).unwrap_err();
            assert_eq!((error.at, &*error.to_string()), (at, message), "{filter}");
        }
    }

    #[test]
    fn filters_are_joined_and_me_is_somebody() {
        let of = |text| Filter::parse(text).unwrap();
        assert_eq!(of("a OR b").and(&of("c")), of("a c OR b c"));
        assert_eq!(of("a").and(&of("")), of("a"));
        assert_eq!(of("").and(&of("a")), of("a"));
        let mine = of("owner:me name:me").with_me(&["owner"], "Dana");
        assert_eq!(mine, of("owner:dana name:me"));
        for (text, want) in [
            ("state:error ann", Some("error")),
            ("-state:error", None),
            ("state:error OR ann", None),
            ("ann", None),
        ] {
            assert_eq!(of(text).only("state"), want, "{text}");
        }
    }

    #[test]
    fn the_fields_are_listed_once() {
        let filter = Filter::parse("tag:a OR -Tag:b updated:<2d ann").unwrap();
        assert_eq!(filter.fields(), ["tag", "updated"]);
        assert!(!filter.is_empty());
        assert!(Filter::parse(" ").unwrap().is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]
        #[test]
        fn what_is_printed_reads_back_the_same(text in r#"([a-c<>2d:"\-/ é]|OR| or ){0,12}"#) {
            if let Ok(filter) = Filter::parse(&text) {
                let printed = filter.to_string();
                prop_assert_eq!(Filter::parse(&printed), Ok(filter), "{}", printed);
            }
        }

        #[test]
        fn no_text_is_too_wild_to_be_read(text in ".{0,30}") {
            let _ = Filter::parse(&text);
        }
    }
}
