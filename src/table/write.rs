//! Writes a table in either format.

use std::io::{self, Write};

use super::csv;
use super::source::Format;

/// A table on its way out.
pub struct TableWriter<W: Write> {
    to: W,
    format: Format,
    names: Vec<String>,
    line: Vec<u8>,
    cells: usize,
}

impl<W: Write> TableWriter<W> {
    /// Starts a table; in CSV with its header.
    pub fn new(to: W, format: Format, names: Vec<String>) -> io::Result<Self> {
        let mut table = Self {
            to,
            format,
            names,
            line: Vec::new(),
            cells: 0,
        };
        if format == Format::Csv {
            for name in table.names.clone() {
                table.cell(&name, None);
            }
            table.end_row()?;
        }
        Ok(table)
    }

    /// A row as it stood in a source of this format with these columns.
    pub fn raw(&mut self, row: &[u8]) -> io::Result<()> {
        self.to.write_all(row)?;
        self.to.write_all(b"\n")
    }

    /// The next cell of a row. `json` is its JSON where it has one; an empty text without is left out of an object.
    pub fn cell(&mut self, text: &str, json: Option<&str>) {
        let at = self.cells;
        self.cells += 1;
        match self.format {
            Format::Csv => {
                if at > 0 {
                    self.line.push(b',');
                }
                csv::write_cell(&mut self.line, text);
            }
            Format::Jsonl if json.is_none() && text.is_empty() => {}
            Format::Jsonl => {
                self.line
                    .push(if self.line.is_empty() { b'{' } else { b',' });
                self.line
                    .extend_from_slice(quoted(&self.names[at]).as_bytes());
                self.line.push(b':');
                match json {
                    Some(json) => self.line.extend_from_slice(json.as_bytes()),
                    None => self.line.extend_from_slice(quoted(text).as_bytes()),
                }
            }
        }
    }

    /// A cell of several words.
    pub fn words<T: AsRef<str>>(&mut self, words: &[T]) {
        if self.format == Format::Csv {
            let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
            self.cell(&words.join(";"), None);
        } else {
            let words: Vec<String> = words.iter().map(|word| quoted(word.as_ref())).collect();
            self.cell("", Some(&format!("[{}]", words.join(","))));
        }
    }

    /// Ends the row.
    pub fn end_row(&mut self) -> io::Result<()> {
        if self.format == Format::Jsonl {
            self.line
                .extend_from_slice(if self.line.is_empty() { b"{}" } else { b"}" });
        }
        self.line.push(b'\n');
        self.to.write_all(&self.line)?;
        self.line.clear();
        self.cells = 0;
        Ok(())
    }

    /// Sends what waits, and gives back where it went.
    pub fn finish(mut self) -> io::Result<W> {
        self.to.flush()?;
        Ok(self.to)
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
