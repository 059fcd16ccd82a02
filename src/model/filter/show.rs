//! A filter as words.

use std::fmt;

use super::{Filter, Span, Term, Test};

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
