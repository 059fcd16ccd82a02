//! Between columns and the model: names, JSON, values.

use std::fmt::Display;

use rusqlite::{Row, RowIndex};
use serde::{
    Serialize,
    de::{DeserializeOwned, IntoDeserializer, value::Error as NameError},
};

use crate::model::{BySide, FieldName, Millis, RecordId, Value};

use super::error::{Fault, Res};

/// An enum by the name that the model gives it.
pub(super) fn named<T: DeserializeOwned>(name: &str) -> Res<T> {
    T::deserialize(name.into_deserializer())
        .map_err(|error: NameError| Fault::Unreadable(error.to_string()))
}

/// A column by its name or, where many rows are read, by its place: SQLite looks a name up in each row again.
pub(super) trait Column: RowIndex + Display + Copy {}

impl<T: RowIndex + Display + Copy> Column for T {}

/// A column with the name of an enum.
pub(super) fn name_at<T: DeserializeOwned>(row: &Row<'_>, column: impl Column) -> Res<T> {
    named(text_at(row, column)?)
}

/// A column with the name of an enum, or nothing.
pub(super) fn name_or_none<T: DeserializeOwned>(
    row: &Row<'_>,
    column: impl Column,
) -> Res<Option<T>> {
    text_or_none(row, column)?.map(named).transpose()
}

/// A text column, borrowed.
pub(super) fn text_at<'r>(row: &'r Row<'_>, column: impl Column) -> Res<&'r str> {
    let text = row.get_ref(column)?.as_str();
    text.map_err(|_| Fault::Unreadable(format!("`{column}` is no text")))
}

/// A text column that may be NULL, borrowed.
pub(super) fn text_or_none<'r>(row: &'r Row<'_>, column: impl Column) -> Res<Option<&'r str>> {
    let text = row.get_ref(column)?.as_str_or_null();
    text.map_err(|_| Fault::Unreadable(format!("`{column}` is no text")))
}

/// A JSON column.
pub(super) fn json_at<T: DeserializeOwned>(row: &Row<'_>, column: impl Column) -> Res<T> {
    Ok(serde_json::from_str(text_at(row, column)?)?)
}

/// JSON text of a value of the model.
pub(super) fn json<T: Serialize>(value: &T) -> Res<String> {
    Ok(serde_json::to_string(value)?)
}

/// A column with the id that a side gave, or nothing.
pub(super) fn id_or_none(row: &Row<'_>, column: impl Column) -> Res<Option<RecordId>> {
    Ok(text_or_none(row, column)?.map(RecordId::from))
}

/// A column with a moment.
pub(super) fn time_at(row: &Row<'_>, column: impl Column) -> Res<Millis> {
    Ok(Millis(row.get(column)?))
}

/// A column with a moment, or nothing.
pub(super) fn time_or_none(row: &Row<'_>, column: impl Column) -> Res<Option<Millis>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Millis))
}

/// A canonical value as JSON text; nothing for empty.
pub(super) fn value_text(value: Option<&Value>) -> Option<String> {
    value.map(|value| value.to_json().to_string())
}

/// Reads what [`value_text`] wrote.
pub(super) fn value_at(row: &Row<'_>, column: &str, field: &FieldName) -> Res<Option<Value>> {
    match text_or_none(row, column)? {
        None => Ok(None),
        Some(text) => Ok(Value::from_json(field.ty(), &serde_json::from_str(text)?)?),
    }
}

/// The columns `seen_ghl` and `seen_growbots`.
pub(super) fn seen_at(row: &Row<'_>, field: &FieldName) -> Res<BySide<Option<Value>>> {
    Ok(BySide {
        ghl: value_at(row, "seen_ghl", field)?,
        growbots: value_at(row, "seen_growbots", field)?,
    })
}

/// All rows of a query, each read by `read`.
pub(super) fn rows<T>(
    conn: &rusqlite::Connection,
    sql: &str,
    params: impl rusqlite::Params,
    mut read: impl FnMut(&Row<'_>) -> Res<T>,
) -> Res<Vec<T>> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// The first row of a query, if any.
pub(super) fn first<T>(
    conn: &rusqlite::Connection,
    sql: &str,
    params: impl rusqlite::Params,
    read: impl FnOnce(&Row<'_>) -> Res<T>,
) -> Res<Option<T>> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    rows.next()?.map(read).transpose()
}

/// Whether a query has any row.
pub(super) fn any(
    conn: &rusqlite::Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> Res<bool> {
    Ok(conn.prepare_cached(sql)?.exists(params)?)
}
