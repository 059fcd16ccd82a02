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

mod parse;
mod show;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;

use super::Millis;

pub use parse::{FilterError, Misread};

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

impl Filter {
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
