//! `couplet export`: records or the log as a table, row by row, so that a large one needs no memory.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;

use serde_json::{Map, Value as Json};

use crate::model::{ErrorRow, FieldName, Kind, LinkId};
use crate::store::Reader;

use super::args::{Export, ExportFormat, ExportKind, Table};
use super::contacts::PAGE;
use super::context::Context;
use super::exit::{Exit, Problem};
use super::json;

/// The columns of the log.
const LOG: &[&str] = &[
    "id", "at", "pass", "side", "kind", "record", "title", "op", "fields", "cause", "operator",
    "requests",
];

/// The columns of errors.
const ERRORS: &[&str] = &[
    "id",
    "state",
    "side",
    "operation",
    "status",
    "count",
    "first_at",
    "last_at",
    "next_retry_at",
    "record",
    "title",
    "pattern",
    "message",
];

/// Does what `couplet export KIND` asks for.
pub fn run(context: &Context, args: &Export) -> Result<Exit, Problem> {
    let reader = context.reader()?;
    write(&args.table, |to| table(&reader, args, to))
}

/// Writes errors as a table.
pub fn errors(rows: &[ErrorRow], to: &Table) -> Result<Exit, Problem> {
    let columns: Vec<String> = ERRORS.iter().map(ToString::to_string).collect();
    let format = to.format;
    write(to, |to| {
        head(format, &columns, to)?;
        for error in rows {
            if let Json::Object(object) = json::error(error) {
                row(format, &columns, &object, to)?;
            }
        }
        Ok(())
    })
}

/// Writes a table to stdout, or to a new file that only its owner can read.
fn write(
    place: &Table,
    table: impl FnOnce(&mut dyn Write) -> Result<(), Problem>,
) -> Result<Exit, Problem> {
    let Some(path) = &place.out else {
        let mut to = BufWriter::new(io::stdout().lock());
        table(&mut to)?;
        to.flush()?;
        return Ok(Exit::Done);
    };
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let file = made.map_err(|why| {
        Problem::failed(
            format!("`{}` cannot be made: {why}", path.display()),
            "give a name that is not taken, in a folder that is there",
        )
    })?;
    let mut to = BufWriter::new(file);
    let written = table(&mut to).and_then(|()| Ok(to.flush()?));
    if written.is_err() {
        // Half a table looks like a whole one.
        drop(std::fs::remove_file(path));
    }
    written.map(|()| Exit::Done)
}

fn table(reader: &Reader, args: &Export, to: &mut dyn Write) -> Result<(), Problem> {
    let format = args.table.format;
    let Some(kind) = kind(args.kind) else {
        return log(reader, format, to);
    };
    let columns = columns(kind);
    head(format, &columns, to)?;
    let mut after = LinkId::default();
    loop {
        let page = reader.links(after, PAGE as u32)?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = last.id;
        for link in page.iter().filter(|link| link.kind == kind) {
            if let Some(detail) = reader.outline(link.id)? {
                row(format, &columns, &json::record(&detail), to)?;
            }
        }
    }
}

fn log(reader: &Reader, format: ExportFormat, to: &mut dyn Write) -> Result<(), Problem> {
    let columns: Vec<String> = LOG.iter().map(ToString::to_string).collect();
    head(format, &columns, to)?;
    let mut before = None;
    loop {
        let page = reader.log(before, PAGE as u32)?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        before = Some(last.id);
        for entry in &page {
            if let Json::Object(object) = json::log_entry(entry) {
                row(format, &columns, &object, to)?;
            }
        }
    }
}

const fn kind(kind: ExportKind) -> Option<Kind> {
    match kind {
        ExportKind::Contact => Some(Kind::Contact),
        ExportKind::Task => Some(Kind::Task),
        ExportKind::Note => Some(Kind::Note),
        ExportKind::Appointment => Some(Kind::Appointment),
        ExportKind::Business => Some(Kind::Business),
        ExportKind::Log => None,
    }
}

/// The columns of a kind. Which custom fields there are shows only at the end, so they share the last one.
fn columns(kind: Kind) -> Vec<String> {
    let mut columns: Vec<String> = ["id", "ghl_id", "growbots_id"].map(Into::into).into();
    if kind.is_child() {
        columns.push("contact".into());
    }
    columns.push("state".into());
    columns.extend(FieldName::of(kind).iter().map(ToString::to_string));
    columns.push("updated_at".into());
    if kind == Kind::Contact {
        columns.push("custom".into());
    }
    columns
}

fn head(format: ExportFormat, columns: &[String], to: &mut dyn Write) -> Result<(), Problem> {
    if format == ExportFormat::Csv {
        writeln!(to, "{}", columns.join(","))?;
    }
    Ok(())
}

fn row(
    format: ExportFormat,
    columns: &[String],
    object: &Map<String, Json>,
    to: &mut dyn Write,
) -> Result<(), Problem> {
    if format == ExportFormat::Jsonl {
        serde_json::to_writer(&mut *to, object).map_err(io::Error::from)?;
        to.write_all(b"\n")?;
        return Ok(());
    }
    let mut line = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        if at > 0 {
            line.push(b',');
        }
        let text = if column == "custom" {
            custom(object)
        } else {
            object.get(column).map_or_else(String::new, text)
        };
        crate::table::write_cell(&mut line, &harmless(text));
    }
    line.push(b'\n');
    to.write_all(&line)?;
    Ok(())
}

/// The custom fields as one JSON object; empty where there are none.
fn custom(object: &Map<String, Json>) -> String {
    let custom: Map<String, Json> = object
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("custom.")?.to_owned(), value.clone())))
        .collect();
    if custom.is_empty() {
        String::new()
    } else {
        Json::Object(custom).to_string()
    }
}

fn text(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        Json::Array(words) if words.iter().all(Json::is_string) => {
            let words: Vec<&str> = words.iter().filter_map(Json::as_str).collect();
            words.join(";")
        }
        other => other.to_string(),
    }
}

/// A cell that no spreadsheet takes for a formula: a `'` goes before what starts like one. Numbers, and phone numbers
/// as `+15550100`, are none.
fn harmless(text: String) -> String {
    let starts = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if starts && !is_number(&text) {
        format!("'{text}")
    } else {
        text
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, part]
        .iter()
        .all(|run| !run.is_empty() && run.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_gets_a_quote_before_it() {
        for (cell, want) in [
            ("=1+1", "'=1+1"),
            ("+15550100", "+15550100"),
            ("+1 555 0100", "'+1 555 0100"),
            ("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"),
            ("-12.5", "-12.5"),
            ("-", "'-"),
            ("-1-2", "'-1-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("Ann", "Ann"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!(harmless(cell.into()), want, "{cell}");
        }
    }
}
