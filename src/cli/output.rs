//! Results on stdout: an array, a line each, or a table; notes to the person on stderr.

use std::io::{self, BufWriter, StdoutLock, Write as _};

use serde_json::Value;

use crate::clock::Clock;
use crate::model::Filter;
use crate::text;

use super::args::Listing;
use super::exit::Problem;
use super::json;

/// A column of a table: its head and its width; 0 for the last one, which takes what it needs.
pub type Column = (&'static str, usize);

/// Prints rows as they come, so that a long list needs no memory.
pub struct Rows {
    to: BufWriter<StdoutLock<'static>>,
    form: Form,
    columns: &'static [Column],
    filter: Option<Filter>,
    clock: Clock,
    left: usize,
    given: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Table,
    Array,
    Lines,
}

impl Rows {
    /// Rows in the form that the listing asks for. A filter that cannot be read is a usage problem.
    pub fn new(
        listing: &Listing,
        columns: &'static [Column],
        clock: &Clock,
    ) -> Result<Self, Problem> {
        let filter = listing.filter.as_deref().map(Filter::parse).transpose();
        Ok(Self {
            to: BufWriter::new(io::stdout().lock()),
            form: match (listing.json, listing.jsonl) {
                (true, _) => Form::Array,
                (_, true) => Form::Lines,
                _ => Form::Table,
            },
            columns,
            filter: filter.map_err(|why| {
                Problem::usage(
                    format!("`--filter`: {why}"),
                    "such as `state:conflict`, `tag:vip`, `updated:<2d`, `-term`, `a OR b`",
                )
            })?,
            clock: clock.clone(),
            left: listing.limit.unwrap_or(usize::MAX),
            given: 0,
        })
    }

    /// Whether the limit is not reached.
    pub const fn want_more(&self) -> bool {
        self.left > 0
    }

    /// How many rows are worth asking for at once, at most `most`.
    pub fn page(&self, most: usize) -> usize {
        if self.filter.is_some() {
            most
        } else {
            self.left.clamp(1, most)
        }
    }

    /// Prints a row if the filter lets it through. `json` is asked for only where it is needed.
    pub fn offer(
        &mut self,
        json: impl FnOnce() -> Result<Value, Problem>,
        cells: impl FnOnce() -> Vec<String>,
    ) -> Result<(), Problem> {
        if self.left == 0 {
            return Ok(());
        }
        let object = if self.form == Form::Table && self.filter.is_none() {
            Value::Null
        } else {
            json()?
        };
        if let Some(filter) = &self.filter {
            let fits = filter.matches(
                self.clock.now(),
                &|field| json::values(&object, field),
                &|| json::words(&object),
            );
            if !fits {
                return Ok(());
            }
        }
        match self.form {
            Form::Array => {
                let before: &[u8] = if self.given == 0 { b"[\n" } else { b",\n" };
                self.to.write_all(before)?;
                serde_json::to_writer(&mut self.to, &object).map_err(io::Error::from)?;
            }
            Form::Lines => {
                serde_json::to_writer(&mut self.to, &object).map_err(io::Error::from)?;
                self.to.write_all(b"\n")?;
            }
            Form::Table => {
                if self.given == 0 {
                    let heads = self.columns.iter().map(|(head, _)| (*head).to_owned());
                    self.line(heads)?;
                }
                self.line(cells().into_iter())?;
            }
        }
        self.given += 1;
        self.left -= 1;
        Ok(())
    }

    /// Ends the list; one without rows says so to a person.
    pub fn end(mut self) -> Result<(), Problem> {
        match self.form {
            Form::Array if self.given == 0 => self.to.write_all(b"[]\n")?,
            Form::Array => self.to.write_all(b"\n]\n")?,
            Form::Table if self.given == 0 => note("nothing to list"),
            Form::Table | Form::Lines => {}
        }
        self.to.flush()?;
        Ok(())
    }

    fn line(&mut self, cells: impl Iterator<Item = String>) -> Result<(), Problem> {
        let mut line = String::new();
        for ((_, width), cell) in self.columns.iter().zip(cells) {
            let clean = text::clean(&cell);
            if *width == 0 {
                line.push_str(&clean);
            } else {
                line.push_str(&text::fit(&clean, *width));
                line.push_str("  ");
            }
        }
        writeln!(self.to, "{}", line.trim_end())?;
        Ok(())
    }
}

/// A text that grows line by line.
#[derive(Default)]
pub struct Page(Vec<String>);

impl Page {
    /// Adds a line (or several); spaces at its end go.
    pub fn line(&mut self, line: impl AsRef<str>) {
        self.0.push(line.as_ref().trim_end().to_owned());
    }

    /// Adds an empty line.
    pub fn gap(&mut self) {
        self.0.push(String::new());
    }

    /// Prints it, if there is a line.
    pub fn print_if_any(self) -> Result<(), Problem> {
        if self.0.is_empty() {
            return Ok(());
        }
        self.print()
    }

    /// Prints it.
    pub fn print(self) -> Result<(), Problem> {
        print(&self.0.join("\n"))
    }
}

/// Prints one JSON document on a line of its own.
pub fn document(value: &Value) -> Result<(), Problem> {
    print(&value.to_string())
}

/// Prints a text and a line end on stdout, at once.
pub fn print(text: &str) -> Result<(), Problem> {
    let mut to = io::stdout().lock();
    to.write_all(text.as_bytes())?;
    to.write_all(b"\n")?;
    to.flush()?;
    Ok(())
}

/// Tells the person something that is no result: one line on stderr.
pub fn note(words: &str) {
    // With stderr closed there is nobody left to tell.
    drop(writeln!(io::stderr().lock(), "{words}"));
}
