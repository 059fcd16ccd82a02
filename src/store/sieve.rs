//! Which rows of a list a filter lets through: by what the list has of them, and by the records behind them.

use std::cell::RefCell;

use rusqlite::Connection;
use serde_json::Value as Json;

use crate::model::{Filter, Millis};

use super::convert::{first, rows, text_at};
use super::error::{Fault, Res};

/// Whether a row of `table` (`contact` or `task`) passes a filter. Cost: one look-up, and one more for a field that
/// the list does not have.
pub(super) fn passes(
    conn: &Connection,
    table: &str,
    link: i64,
    filter: &Filter,
    now: Millis,
) -> Res<bool> {
    if filter.is_empty() {
        return Ok(true);
    }
    let columns: &[(&str, &str)] = match table {
        "contact" => &[
            ("name", "name"),
            ("email", "email"),
            ("phone", "phone"),
            ("company", "company"),
            ("owner", "owner"),
            ("state", "state"),
            ("updated_at", "edited"),
        ],
        _ => &[
            ("contact", "contact_name"),
            ("title", "title"),
            ("assignee", "assignee"),
            ("state", "state"),
            ("due_at", "due"),
            ("completed", "completed"),
        ],
    };
    let names: Vec<&str> = columns.iter().map(|(_, column)| *column).collect();
    let sql = format!(
        "SELECT {}, folded FROM {table} WHERE link = ?1",
        names.join(", ")
    );
    let row = first(conn, &sql, [link], |row| {
        let cells = names.iter().map(|column| text_of(row, column));
        Ok((
            cells.collect::<Res<Vec<String>>>()?,
            text_at(row, "folded")?.to_owned(),
        ))
    })?;
    let Some((cells, folded)) = row else {
        return Ok(false);
    };
    let failed: RefCell<Option<Fault>> = RefCell::new(None);
    let look = |field: &str| -> Vec<String> {
        let name = Filter::canonical(field);
        if let Some(at) = columns.iter().position(|(known, _)| *known == name) {
            return spoken(name, &cells[at]);
        }
        records(conn, link, name).unwrap_or_else(|fault| {
            *failed.borrow_mut() = Some(fault);
            Vec::new()
        })
    };
    let fits = filter.matches(now, &look, &|| folded.clone());
    match failed.into_inner() {
        Some(fault) => Err(fault),
        None => Ok(fits),
    }
}

fn text_of(row: &rusqlite::Row<'_>, column: &str) -> Res<String> {
    use rusqlite::types::ValueRef;
    Ok(match row.get_ref(column)? {
        ValueRef::Integer(n) => n.to_string(),
        ValueRef::Text(_) => text_at(row, column)?.to_owned(),
        _ => String::new(),
    })
}

/// A cell as a filter names it: users also without their firm, times as RFC 3339, yes and no.
fn spoken(name: &str, cell: &str) -> Vec<String> {
    match name {
        "owner" | "assignee" => {
            let short = cell.split('@').next().unwrap_or(cell);
            vec![cell.to_owned(), short.to_owned()]
        }
        "updated_at" | "due_at" => {
            let at: Option<i64> = cell.parse().ok();
            let at = at.filter(|at| !matches!(*at, 0 | i64::MAX));
            at.map(|at| Millis(at).to_string()).into_iter().collect()
        }
        "completed" => vec![if cell == "1" { "yes" } else { "no" }.into()],
        _ => vec![cell.to_owned()],
    }
}

/// The values of a field in the records of both sides.
fn records(conn: &Connection, link: i64, name: &str) -> Res<Vec<String>> {
    let sql = "SELECT record FROM snapshot WHERE link = ?1 AND gone = 0";
    let found = rows(conn, sql, [link], |row| {
        Ok(serde_json::from_str::<Json>(text_at(row, "record")?)?)
    })?;
    let mut values = Vec::new();
    for record in &found {
        let json = record
            .get(name)
            .or_else(|| record.get(format!("address.{name}")))
            .or_else(|| record.get(format!("custom.{name}")));
        match json {
            Some(Json::Array(words)) => {
                values.extend(words.iter().filter_map(Json::as_str).map(str::to_owned));
            }
            Some(Json::String(text)) => values.push(text.clone()),
            Some(Json::Bool(yes)) => values.push(if *yes { "yes" } else { "no" }.into()),
            Some(other) if !other.is_null() => values.push(other.to_string()),
            _ => {}
        }
    }
    if values.is_empty() && name == "do_not_contact" {
        values.push("no".into());
    }
    Ok(values)
}
