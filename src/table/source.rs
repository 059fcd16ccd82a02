//! One table on disk: its columns, its keys, and where each row is.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::TableError;
use super::columns::Columns;
use super::csv::Records;
use super::jsonl;
use super::keys::Keys;
use super::row::Row;

/// What is in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma separated, with a header.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

impl Format {
    /// By the ending of the name.
    pub fn of(path: &Path) -> Result<Self, TableError> {
        let ending = path
            .extension()
            .and_then(|ending| ending.to_str())
            .unwrap_or_default();
        match ending.to_ascii_lowercase().as_str() {
            "csv" => Ok(Self::Csv),
            "jsonl" | "ndjson" => Ok(Self::Jsonl),
            _ => Err(TableError::Ending { path: path.into() }),
        }
    }
}

/// A table whose keys are known and whose rows are read when they are needed.
pub struct Source {
    path: PathBuf,
    format: Format,
    /// Its columns: a header's, or all that an object has.
    pub columns: Vec<String>,
    keys: Keys,
    rows: Vec<Span>,
    window: Window,
    records: Records,
}

/// Where a row is, without its line end.
#[derive(Clone, Copy)]
struct Span {
    at: u64,
    len: u32,
    line: u64,
}

impl Source {
    /// Reads a table through once. Each row must have the key, and no two the same.
    pub fn open(path: &Path, key: &str) -> Result<Self, TableError> {
        let of = |error| TableError::Io {
            path: path.into(),
            error,
        };
        let format = Format::of(path)?;
        let file = File::open(path).map_err(of)?;
        if !file.metadata().map_err(of)?.is_file() {
            return Err(of(io::Error::other("not a file: a table is read twice")));
        }
        let mut source = Self {
            path: path.into(),
            format,
            columns: Vec::new(),
            keys: Keys::default(),
            rows: Vec::new(),
            window: Window {
                file,
                at: 0,
                bytes: Vec::new(),
            },
            records: Records::new(),
        };
        source.index(key)?;
        Ok(source)
    }

    fn index(&mut self, key: &str) -> Result<(), TableError> {
        let file = self
            .window
            .file
            .try_clone()
            .map_err(|error| self.io(error))?;
        let mut lines = Lines {
            from: BufReader::with_capacity(256 * 1024, file),
            record: Vec::new(),
            at: 0,
            next: 0,
            line: 1,
            ended: 0,
        };
        let mut key_at = None;
        while lines
            .read(self.format, &mut self.records)
            .map_err(|error| self.io(error))?
        {
            let skip = if lines.at == 0 && lines.record.starts_with(b"\xef\xbb\xbf") {
                3
            } else {
                0
            };
            let record = &lines.record[skip..];
            let text =
                std::str::from_utf8(record).map_err(|_| self.bad(lines.line, "it is not UTF-8"))?;
            if text.trim().is_empty() {
                continue;
            }
            match (self.format, key_at) {
                (Format::Csv, None) => key_at = Some(self.header(record, key)?),
                (Format::Csv, Some(place)) => self.csv_row(&lines, place)?,
                (Format::Jsonl, _) => self.jsonl_row(&lines, text, skip as u64, key)?,
            }
        }
        if self.format == Format::Csv && key_at.is_none() {
            return Err(TableError::Empty {
                path: self.path.clone(),
            });
        }
        if self.format == Format::Jsonl && self.columns.is_empty() {
            self.columns.push(key.to_owned());
        }
        Ok(())
    }

    fn header(&mut self, record: &[u8], key: &str) -> Result<usize, TableError> {
        let columns = &mut self.columns;
        self.records
            .cells(record)
            .for_each(|_, cell| columns.push(String::from_utf8_lossy(cell).into_owned()));
        if let Some(column) = self
            .columns
            .iter()
            .enumerate()
            .find_map(|(at, column)| self.columns[..at].contains(column).then_some(column))
        {
            return Err(TableError::TwoColumns {
                path: self.path.clone(),
                column: column.clone(),
            });
        }
        self.columns
            .iter()
            .position(|column| column == key)
            .ok_or_else(|| TableError::NoKey {
                path: self.path.clone(),
                key: key.to_owned(),
                columns: self.columns.clone(),
            })
    }

    fn csv_row(&mut self, lines: &Lines, key_at: usize) -> Result<(), TableError> {
        let cells = self.records.cells(&lines.record);
        let (want, got) = (self.columns.len(), cells.count());
        if got != want {
            return Err(self.bad(
                lines.line,
                format!("{got} cells where the header has {want}"),
            ));
        }
        let key = cells.get(key_at).unwrap_or_default();
        let refused = add(&mut self.keys, key).err();
        self.added(refused.as_ref(), lines, 0)
    }

    fn jsonl_row(
        &mut self,
        lines: &Lines,
        text: &str,
        skip: u64,
        key: &str,
    ) -> Result<(), TableError> {
        let (mut own, mut place, mut news) = (None, 0, Vec::new());
        let columns = &self.columns;
        let read = jsonl::members(text, |name, json| {
            if columns.get(place).is_none_or(|next| next != name)
                && !columns.iter().any(|known| known == name)
            {
                news.push(name.to_owned());
            }
            place += 1;
            if name == key {
                own = Some(jsonl::text(json));
            }
        });
        read.map_err(|error| self.bad(lines.line, error.to_string()))?;
        for name in news {
            if !self.columns.contains(&name) {
                self.columns.push(name);
            }
        }
        let Some(own) = own else {
            return Err(self.bad(lines.line, format!("no `{key}`")));
        };
        let refused = add(&mut self.keys, own.as_bytes()).err();
        self.added(refused.as_ref(), lines, skip)
    }

    fn added(
        &mut self,
        refused: Option<&Refused>,
        lines: &Lines,
        skip: u64,
    ) -> Result<(), TableError> {
        match refused {
            None => {
                self.rows.push(Span {
                    at: lines.at + skip,
                    len: (lines.record.len() as u64 - skip) as u32,
                    line: lines.line,
                });
                Ok(())
            }
            Some(Refused::Empty) => Err(self.bad(lines.line, "the key is empty")),
            Some(Refused::Twice(row)) => Err(TableError::TwoRows {
                path: self.path.clone(),
                line: lines.line,
                earlier: self.rows[*row].line,
                key: crate::text::clean(&String::from_utf8_lossy(self.keys.get(*row))).into_owned(),
            }),
        }
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// What is in the file.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The row with a key.
    pub fn find(&self, key: &[u8]) -> Option<usize> {
        self.keys.find(key)
    }

    /// The key of a row.
    pub fn key(&self, row: usize) -> &[u8] {
        self.keys.get(row)
    }

    /// A row as it is written, without its line end.
    pub fn raw(&mut self, row: usize) -> Result<&[u8], TableError> {
        let span = self.rows[row];
        self.window
            .get(span.at, span.len as usize)
            .map_err(|error| TableError::Io {
                path: self.path.clone(),
                error,
            })
    }

    /// Reads a row into `to`, laid out by `columns`.
    pub fn read(&mut self, row: usize, columns: &Columns, to: &mut Row) -> Result<(), TableError> {
        let Span { at, len, line } = self.rows[row];
        let record = self
            .window
            .get(at, len as usize)
            .map_err(|error| TableError::Io {
                path: self.path.clone(),
                error,
            })?;
        to.clear(columns.len());
        let is_text = match self.format {
            Format::Csv => {
                let mut is_text = true;
                self.records.cells(record).for_each(|at, cell| {
                    // Read through once already: only a file that changes meanwhile is no text or has more cells.
                    let place = self.columns.get(at).and_then(|name| columns.place(name));
                    match (place, std::str::from_utf8(cell)) {
                        (Some(place), Ok(text)) => to.set(place, text, None),
                        _ => is_text = false,
                    }
                });
                is_text
            }
            Format::Jsonl => std::str::from_utf8(record).is_ok_and(|text| {
                let set = |name: &str, json: &str| {
                    if let Some(place) = columns.place(name) {
                        to.set(place, &jsonl::text(json), Some(json));
                    }
                };
                jsonl::members(text, set).is_ok()
            }),
        };
        if is_text {
            Ok(())
        } else {
            Err(self.bad(line, "the file changed while it was read"))
        }
    }

    fn io(&self, error: io::Error) -> TableError {
        TableError::Io {
            path: self.path.clone(),
            error,
        }
    }

    fn bad(&self, line: u64, why: impl Into<Cow<'static, str>>) -> TableError {
        let why: Cow<'static, str> = why.into();
        TableError::Line {
            path: self.path.clone(),
            line,
            why: why.into_owned(),
        }
    }
}

enum Refused {
    Empty,
    Twice(usize),
}

fn add(keys: &mut Keys, key: &[u8]) -> Result<(), Refused> {
    if key.is_empty() {
        return Err(Refused::Empty);
    }
    keys.add(key).map_err(Refused::Twice)
}

/// The records of a file, one after the other.
struct Lines {
    from: BufReader<File>,
    /// The present record, without its line end.
    record: Vec<u8>,
    /// Where it starts.
    at: u64,
    next: u64,
    /// Its first line, from 1.
    line: u64,
    ended: u64,
}

impl Lines {
    /// Reads the next record; false at the end.
    fn read(&mut self, format: Format, records: &mut Records) -> io::Result<bool> {
        self.record.clear();
        (self.at, self.line) = (self.next, self.ended + 1);
        loop {
            let before = self.record.len();
            let read = self.from.read_until(b'\n', &mut self.record)?;
            if read == 0 {
                break;
            }
            self.next += read as u64;
            self.ended += 1;
            if format == Format::Jsonl || records.ends_with(&self.record[before..], before == 0) {
                break;
            }
        }
        let is_there = !self.record.is_empty();
        if self.record.last() == Some(&b'\n') {
            self.record.pop();
            if self.record.last() == Some(&b'\r') {
                self.record.pop();
            }
        }
        Ok(is_there)
    }
}

/// A part of a file in memory: rows in the order of the file are read from it in large pieces, others in small ones.
struct Window {
    file: File,
    at: u64,
    bytes: Vec<u8>,
}

impl Window {
    const LARGE: usize = 256 * 1024;
    const SMALL: usize = 4 * 1024;

    fn get(&mut self, at: u64, len: usize) -> io::Result<&[u8]> {
        let end = self.at + self.bytes.len() as u64;
        if at < self.at || at + len as u64 > end {
            let goes_on = at >= self.at && at <= end + Self::SMALL as u64;
            let want = if goes_on { Self::LARGE } else { Self::SMALL }.max(len);
            self.bytes.resize(want, 0);
            self.at = at;
            let mut got = 0;
            while got < want {
                match self.file.read_at(&mut self.bytes[got..], at + got as u64) {
                    Ok(0) => break,
                    Ok(read) => got += read,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => {
                        self.bytes.clear();
                        return Err(error);
                    }
                }
            }
            self.bytes.truncate(got);
            if got < len {
                return Err(io::Error::other(
                    "the file became shorter while it was read",
                ));
            }
        }
        let from = (at - self.at) as usize;
        Ok(&self.bytes[from..from + len])
    }
}
