//! The rows of tasks, notes and appointments.

use serde_json::json;

use crate::model::{FieldName, Kind, RecordId};
use crate::remote::client::Call;

use super::{OPERATIONS, Walk, must, passed};

const DUE: &str = "2030-01-15T17:00:00.000Z";

impl Walk<'_> {
    /// Rows 13, 3, 2, 14, 15, 16.
    pub(super) async fn tasks(&mut self, contact: &RecordId, ours: bool) {
        let ghl = self.ghl;
        let parent = contact.as_str();
        let mut task = None;
        if ours {
            task = self
                .row(13, async {
                    let body = json!({
                        "title": "couplet check", "body": "made by couplet doctor",
                        "dueDate": DUE, "completed": false,
                    });
                    let call = Call::write(OPERATIONS[12], &[parent]).json(&body);
                    let answer = ghl.asked(Kind::Task, call).await?;
                    let made = ghl.its(&answer, Kind::Task, Some(contact))?.row.snapshot;
                    let same = made.record.text(&FieldName::Title) == "couplet check";
                    must(same, &answer, "the answer has another title than was sent")?;
                    Ok((
                        passed(&answer, "made, with an id and the title as sent"),
                        made.id,
                    ))
                })
                .await;
        } else {
            self.not_ours(13);
        }
        let listed = self
            .row(2, async {
                let answer = ghl
                    .asked(Kind::Task, Call::read(OPERATIONS[1], &[parent]))
                    .await?;
                let all = ghl.theirs(&answer, Kind::Task, contact)?;
                if let Some(task) = &task {
                    must(all.contains(task), &answer, "the new task is not listed")?;
                    return Ok((passed(&answer, "lists the new task"), all));
                }
                Ok((passed(&answer, "a list of tasks"), all))
            })
            .await;
        let any = task.clone().or_else(|| listed?.into_iter().next());
        let Some(id) = &any else { return };
        self.row(3, async {
            let call = Call::read(OPERATIONS[2], &[parent, id.as_str()]);
            let answer = ghl.asked(Kind::Task, call).await?;
            let read = ghl.its(&answer, Kind::Task, Some(contact))?.row.snapshot;
            must(read.id == *id, &answer, "another task than asked for")?;
            Ok((passed(&answer, "the task that was asked for"), ()))
        })
        .await;
        if task.is_none() {
            for row in [14, 15, 16] {
                self.not_ours(row);
            }
            return;
        }
        self.row(14, async {
            let call = Call::write(OPERATIONS[13], &[parent, id.as_str()]);
            let body = json!({ "title": "couplet check, changed", "dueDate": DUE });
            let answer = ghl.asked(Kind::Task, call.json(&body)).await?;
            let now = ghl
                .its(&answer, Kind::Task, Some(contact))?
                .row
                .snapshot
                .record;
            let changed = now.text(&FieldName::Title) == "couplet check, changed";
            must(changed, &answer, "the new title is not in the answer")?;
            must(
                !now.is(&FieldName::Completed),
                &answer,
                "it is completed, which was not sent",
            )?;
            Ok((passed(&answer, "the new title is there"), ()))
        })
        .await;
        self.row(15, async {
            let call = Call::write(OPERATIONS[14], &[parent, id.as_str()]);
            let answer = ghl
                .asked(Kind::Task, call.json(&json!({ "completed": true })))
                .await?;
            let now = ghl
                .its(&answer, Kind::Task, Some(contact))?
                .row
                .snapshot
                .record;
            must(
                now.is(&FieldName::Completed),
                &answer,
                "it is not completed",
            )?;
            Ok((passed(&answer, "it is completed"), ()))
        })
        .await;
        self.row(16, async {
            let call = Call::write(OPERATIONS[15], &[parent, id.as_str()]);
            let answer = ghl.asked(Kind::Task, call).await?;
            let gone = ghl.is_gone(Kind::Task, Some(contact), id).await?;
            must(gone, &answer, "it can still be read")?;
            Ok((passed(&answer, "it cannot be read any more"), ()))
        })
        .await;
    }

    /// Rows 4 and 5, on a note made for them.
    pub(super) async fn notes(&mut self, contact: &RecordId, ours: bool) {
        let ghl = self.ghl;
        let parent = contact.as_str();
        let mut note = None;
        let listed = self
            .row(4, async {
                if ours {
                    let call = Call::write("POST /contacts/{contactId}/notes", &[parent]);
                    let body = json!({ "body": "made by couplet doctor" });
                    let answer = ghl.asked(Kind::Note, call.json(&body)).await?;
                    note = Some(ghl.its(&answer, Kind::Note, Some(contact))?.row.snapshot.id);
                }
                let answer = ghl
                    .asked(Kind::Note, Call::read(OPERATIONS[3], &[parent]))
                    .await?;
                let all = ghl.theirs(&answer, Kind::Note, contact)?;
                if let Some(note) = &note {
                    must(all.contains(note), &answer, "the new note is not listed")?;
                    return Ok((passed(&answer, "lists a new note"), all));
                }
                Ok((passed(&answer, "a list of notes"), all))
            })
            .await;
        let any = note.or_else(|| listed?.into_iter().next());
        let Some(id) = &any else { return };
        self.row(5, async {
            let call = Call::read(OPERATIONS[4], &[parent, id.as_str()]);
            let answer = ghl.asked(Kind::Note, call).await?;
            let read = ghl.its(&answer, Kind::Note, Some(contact))?.row.snapshot;
            must(read.id == *id, &answer, "another note than asked for")?;
            let has_text = !read.record.text(&FieldName::Body).is_empty();
            must(has_text, &answer, "the note has no text")?;
            Ok((
                passed(&answer, "the note that was asked for, with its text"),
                (),
            ))
        })
        .await;
    }

    pub(super) async fn appointments(&mut self, contact: &RecordId) {
        let ghl = self.ghl;
        self.row(6, async {
            let call = Call::read(OPERATIONS[5], &[contact.as_str()]);
            let answer = ghl.asked(Kind::Appointment, call).await?;
            let all = ghl.theirs(&answer, Kind::Appointment, contact)?;
            Ok((
                passed(&answer, &format!("a list of {} appointments", all.len())),
                (),
            ))
        })
        .await;
    }
}
