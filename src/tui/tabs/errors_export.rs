//! Errors written to a file: a table, or JSON lines.

use crate::model::{FieldName, Millis, Side, Value};

use super::super::effect::Effect;
use super::super::form::{Form, Purpose};
use super::super::model::{Model, Overlay};

/// Opens the box for the name of the file to export the list to.
pub fn open(model: &mut Model) {
    let title = "Export these errors: to a new file, .csv or .jsonl".to_owned();
    let name = Value::text("couplet-errors.csv");
    let fields = vec![(FieldName::Name, name)];
    let form = Form::new(title, Purpose::Export, fields, 0, &model.times);
    model.overlay = Some(Overlay::Form(Box::new(form)));
}

/// Hands the list over to be written to a file.
pub fn write_to(model: &mut Model, path: &str) {
    let rows = model.errors.order(&model.filters, model.times.now);
    let end = std::path::Path::new(path).extension();
    let is_csv = !end.is_some_and(|end| end.eq_ignore_ascii_case("jsonl"));
    let mut text = String::new();
    if is_csv {
        text.push_str(
            "id,state,side,status,operation,count,first_at,last_at,next_retry_at,pattern,message\n",
        );
    }
    for row in rows {
        let last = &row.last;
        let at = |at: Option<Millis>| at.map_or_else(String::new, |at| at.to_string());
        let cells = [
            ("id", row.id.to_string()),
            ("state", row.state.name().to_owned()),
            ("side", last.side.map_or("couplet", Side::name).into()),
            (
                "status",
                last.status.map_or_else(String::new, |it| it.to_string()),
            ),
            ("operation", last.operation.clone()),
            ("count", row.count.to_string()),
            ("first_at", at(Some(row.first_at))),
            ("last_at", at(Some(row.last_at))),
            ("next_retry_at", at(last.next_retry_at)),
            ("pattern", last.pattern.clone()),
            ("message", last.message.clone()),
        ];
        if is_csv {
            let cells = cells.map(|(_, cell)| quoted(&cell));
            text.push_str(&cells.join(","));
        } else {
            let fields = cells.map(|(name, cell)| (name.to_owned(), serde_json::Value::from(cell)));
            text.push_str(&serde_json::Value::Object(fields.into_iter().collect()).to_string());
        }
        text.push('\n');
    }
    model.effect(Effect::Save {
        path: path.into(),
        text,
    });
}

/// A cell of CSV (RFC 4180). One that a spreadsheet would take for a formula begins with an apostrophe.
fn quoted(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@']);
    let cell = if formula {
        format!("'{cell}")
    } else {
        cell.to_owned()
    };
    if cell.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", cell.replace('"', "\"\""));
    }
    cell
}
