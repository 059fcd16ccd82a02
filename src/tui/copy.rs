//! What `c` copies of what is under the cursor.

use crate::model::{ErrorRow, Side};

use super::model::Model;
use super::msg::Tab;

/// Copies what is under the cursor, and says what it was.
pub fn copy(model: &mut Model) {
    let found = match model.tab {
        Tab::Contacts => model
            .contacts
            .current()
            .map(|row| match row.email.as_str() {
                "" => ("the name", row.name.clone()),
                email => ("the e-mail", email.to_owned()),
            }),
        Tab::Tasks => {
            let row = model.tasks.window.current();
            row.map(|row| ("the title", row.title.clone()))
        }
        Tab::Conflicts => {
            let conflict = model.conflicts.current();
            conflict.map(|c| ("its command", format!("couplet conflicts show {}", c.id)))
        }
        Tab::Errors => model.errors.current().map(|error| match curl(error) {
            Some(curl) => ("the request", curl),
            None => ("the message", error.last.message.clone()),
        }),
        Tab::SyncLog => super::tabs::sync_log::line_here(model).map(|line| {
            (
                "the line",
                super::tabs::sync_log::words_of(line, &model.times)
                    + &super::tabs::sync_log::sent_words(model, line.id),
            )
        }),
        Tab::Rates => None,
    };
    match found {
        Some((what, text)) => {
            model.copy(text);
            model.say_done(format!(
                "Copied {what}, if your terminal takes it (OSC 52)."
            ));
        }
        None => model.say("There is nothing here to copy."),
    }
}

/// The request of an error for `curl`. Address and key come from the environment, so that none is copied.
fn curl(error: &ErrorRow) -> Option<String> {
    let (method, path) = error.last.operation.split_once(' ')?;
    let side = match error.last.side? {
        Side::Ghl => "GHL",
        Side::Growbots => "GROWBOTS",
    };
    let known = !method.is_empty() && method.chars().all(|c| c.is_ascii_uppercase());
    known.then(|| {
        format!(
            "curl -X {method} \"$COUPLET_{side}_URL{path}\" -H \"Authorization: Bearer $COUPLET_{side}_TOKEN\""
        )
    })
}
