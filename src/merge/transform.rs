//! Templates that bring a value into the form of the other side: `{{ value | title }}`.
//!
//! They see the value and nothing else, reach no file and no network, and are bounded in steps and in size. Only
//! `{{ … }}` and `{% if %}` are there: what a template gives depends on the value alone.

use std::{fmt, io, sync::Arc};

use minijinja::{Environment, ErrorKind, UndefinedBehavior};

use crate::model::Value;

/// Steps of one rendering; a usual template takes some ten.
const FUEL: u64 = 10_000;
/// Bytes of a template, of the value that it is given, and of what it may give.
const MOST_SOURCE: usize = 2_000;
const MOST_TEXT: usize = 64 * 1024;
const NAME: &str = "value";

/// A compiled template. Two of the same source are equal.
#[derive(Clone)]
pub struct Transform {
    source: Arc<str>,
    environment: Arc<Environment<'static>>,
}

/// Why a template cannot be used, or does not take a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransformError {
    /// It is no template.
    #[error("the template is wrong: {0}")]
    Syntax(String),
    /// It is longer than a template should be.
    #[error("the template is longer than {MOST_SOURCE} bytes")]
    TooLong,
    /// It uses a statement that templates of the map do not have.
    #[error("`{{% {0} %}}` cannot be used in a mapping")]
    Statement(String),
    /// It does not take this value.
    #[error("the template fails: {0}")]
    Failed(String),
    /// It takes too long or gives too much.
    #[error("the template takes too many steps, or its value is longer than {MOST_TEXT} bytes")]
    TooMuch,
}

impl TransformError {
    /// What to do next.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Syntax(_) => {
                "a template is text with `{{ value }}` in it; filters follow a bar: `{{ value | title }}`"
            }
            Self::TooLong => "keep it to what one value needs",
            Self::Statement(_) => "use `{{ … }}` and `{% if … %}…{% else %}…{% endif %}`",
            Self::Failed(_) | Self::TooMuch => {
                "`couplet map check` shows values that it does not take; try `{% if … %}` or `default`"
            }
        }
    }
}

impl Transform {
    /// Compiles a template, and tries it on a word so that a filter that does not exist is found here.
    pub fn new(source: &str) -> Result<Self, TransformError> {
        if source.len() > MOST_SOURCE {
            return Err(TransformError::TooLong);
        }
        if let Some(word) = statements(source).find(|word| !is_condition(word)) {
            return Err(TransformError::Statement(word.to_owned()));
        }
        let mut environment = Environment::new();
        environment.set_fuel(Some(FUEL));
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_recursion_limit(64);
        for function in ["range", "dict", "namespace", "debug"] {
            environment.remove_global(function);
        }
        environment
            .add_template_owned(NAME, source.to_owned())
            .map_err(|error| TransformError::Syntax(said(&error)))?;
        let transform = Self {
            source: source.into(),
            environment: Arc::new(environment),
        };
        match transform.render(&Value::Text("1".into())) {
            Err(Refused::Template(error)) if is_of_template(error.kind()) => {
                Err(TransformError::Syntax(said(&error)))
            }
            _ => Ok(transform),
        }
    }

    /// What it makes of a value: text, white space around it off.
    pub fn apply(&self, value: &Value) -> Result<String, TransformError> {
        match self.render(value) {
            Ok(text) => Ok(text.trim().to_owned()),
            Err(Refused::Template(error)) if error.kind() != ErrorKind::OutOfFuel => {
                Err(TransformError::Failed(said(&error)))
            }
            Err(_) => Err(TransformError::TooMuch),
        }
    }

    /// The template as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    fn render(&self, value: &Value) -> Result<String, Refused> {
        let given = match value {
            Value::Text(text) if text.len() > MOST_TEXT => return Err(Refused::TooLong),
            Value::Text(text) => minijinja::Value::from(&**text),
            Value::Bool(yes) => minijinja::Value::from(*yes),
            Value::Time(at) => minijinja::Value::from(at.to_string()),
            Value::Set(words) => words
                .iter()
                .map(|word| minijinja::Value::from(&**word))
                .collect(),
        };
        let template = self
            .environment
            .get_template(NAME)
            .map_err(Refused::Template)?;
        let mut out = Bounded(Vec::new());
        let context = minijinja::context! { value => given };
        match template.render_captured_to(context, &mut out) {
            Ok(_) => Ok(String::from_utf8_lossy(&out.0).into_owned()),
            Err(error) if error.kind() == ErrorKind::WriteFailure => Err(Refused::TooLong),
            Err(error) => Err(Refused::Template(error)),
        }
    }
}

enum Refused {
    Template(minijinja::Error),
    TooLong,
}

/// Takes so much and no more.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MOST_TEXT {
            return Err(io::Error::other("too long"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The first word of each `{% … %}`.
fn statements(source: &str) -> impl Iterator<Item = &str> {
    source.split("{%").skip(1).map(|rest| {
        let rest = rest.trim_start_matches(['-', '+']).trim_start();
        rest.split(|c: char| !c.is_alphanumeric())
            .next()
            .unwrap_or("")
    })
}

fn is_condition(word: &str) -> bool {
    matches!(word, "if" | "elif" | "else" | "endif")
}

/// Errors that no value would make go away.
fn is_of_template(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnknownFilter
            | ErrorKind::UnknownTest
            | ErrorKind::UnknownFunction
            | ErrorKind::UndefinedError
            | ErrorKind::TooManyArguments
            | ErrorKind::MissingArgument
    )
}

fn said(error: &minijinja::Error) -> String {
    let detail = error
        .detail()
        .map_or_else(|| error.kind().to_string(), str::to_owned);
    match error.line() {
        Some(line) if line > 1 => format!("{detail} (line {line} of it)"),
        _ => detail,
    }
}

impl fmt::Debug for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transform({:?})", self.source)
    }
}

impl PartialEq for Transform {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Transform {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_makes_text_of_a_value() {
        let text = |text: &str| Value::Text(text.into());
        let set = || Value::set(["b", "a"]).unwrap();
        for (source, value, want) in [
            ("{{ value }}", text("Ann"), "Ann"),
            (
                "{{ value | title }}",
                text("head of sales"),
                "Head Of Sales",
            ),
            ("{{ value | upper | replace('A', 'B') }}", text("a"), "B"),
            ("  {{ value | trim }} ", text("x"), "x"),
            ("{{ value | join('; ') }}", set(), "a; b"),
            (
                "{% if value == 'a' %}1{% else %}2{% endif %}",
                text("a"),
                "1",
            ),
            ("{{ (value | float) * 2 }}", text("1.5"), "3.0"),
            ("<{{ value }}>", text("a & b"), "<a & b>"),
        ] {
            let made = Transform::new(source).unwrap().apply(&value);
            assert_eq!(made.as_deref(), Ok(want), "{source}");
        }
    }

    #[test]
    fn what_is_no_template_of_a_map_is_refused_when_it_is_read() {
        for (source, part) in [
            ("{{ value | titel }}", "titel"),
            ("{{ value", "wrong"),
            ("{{ name }}", "wrong"),
            ("{% for c in value %}{{ c }}{% endfor %}", "`{% for %}`"),
            ("{% set x = value %}{{ x }}", "`{% set %}`"),
            ("{%- include 'secrets' %}", "`{% include %}`"),
            ("{{ range(10) }}", "wrong"),
        ] {
            let error = Transform::new(source).unwrap_err();
            assert!(error.to_string().contains(part), "{source}: {error}");
            assert!(!error.hint().is_empty());
        }
    }

    #[test]
    fn steps_and_size_are_bounded() {
        let long = Value::Text("x".repeat(60_000).into());
        let twice = Transform::new("{{ value }}{{ value }}").unwrap();
        assert_eq!(twice.apply(&long), Err(TransformError::TooMuch));
        let longer = Value::Text("x".repeat(MOST_TEXT + 1).into());
        let once = Transform::new("{{ value }}").unwrap();
        assert_eq!(once.apply(&longer), Err(TransformError::TooMuch));
        assert_eq!(
            Transform::new(&" ".repeat(MOST_SOURCE + 1)),
            Err(TransformError::TooLong)
        );
    }

    #[test]
    fn a_value_that_it_does_not_take_is_an_error_and_no_empty_text() {
        let number = Transform::new("{{ value | int }}").unwrap();
        assert_eq!(number.apply(&Value::Text("12".into())).as_deref(), Ok("12"));
        let error = number.apply(&Value::Text("a dozen".into())).unwrap_err();
        assert!(matches!(error, TransformError::Failed(_)), "{error}");
    }
}
