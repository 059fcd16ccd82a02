//! The 17 operations of the seed, walked in an order in which each has something to work on
//! (`facts/highlevel.md` b, rows 1 to 17).

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value as Json, json};

use crate::clock::Clock;
use crate::model::{FieldName, Kind, Lane, RecordId};
use crate::remote::{
    Found, RemoteError,
    client::{Answer, Call},
};

use super::{Ghl, map::Seen, sample::Sample, sample::TAG, wire::Many};

/// The operations, row 1 first.
pub const OPERATIONS: [&str; 17] = [
    "GET /contacts/{contactId}",
    "GET /contacts/{contactId}/tasks",
    "GET /contacts/{contactId}/tasks/{taskId}",
    "GET /contacts/{contactId}/notes",
    "GET /contacts/{contactId}/notes/{id}",
    "GET /contacts/{contactId}/appointments",
    "GET /contacts/",
    "GET /contacts/business/{businessId}",
    "scope contacts.write",
    "POST /contacts/",
    "PUT /contacts/{contactId}",
    "DELETE /contacts/{contactId}",
    "POST /contacts/{contactId}/tasks",
    "PUT /contacts/{contactId}/tasks/{taskId}",
    "PUT /contacts/{contactId}/tasks/{taskId}/completed",
    "DELETE /contacts/{contactId}/tasks/{taskId}",
    "POST /contacts/{contactId}/tags",
];
/// Rows asked of the deprecated list.
const LIST_ROWS: usize = 5;
const DUE: &str = "2030-01-15T17:00:00.000Z";

/// How one operation went.
#[derive(Clone, Debug)]
pub struct Walked {
    /// Its number, from 1.
    pub row: u8,
    /// Its name.
    pub operation: &'static str,
    /// The status of its answer; `None` where there was none.
    pub status: Option<u16>,
    /// How long it took, with what was read to check it.
    pub ms: u64,
    /// Requests that it took.
    pub requests: u64,
    /// Whether all that was checked is right.
    pub ok: bool,
    /// What was checked, or what is wrong.
    pub checked: String,
    /// The token may not do it.
    pub refused: bool,
}

/// Status and what was checked.
type Passed = (u16, String);

struct Trouble {
    status: Option<u16>,
    said: String,
    refused: bool,
}

impl Trouble {
    fn new(status: Option<u16>, said: impl Into<String>) -> Self {
        Self {
            status,
            said: said.into(),
            refused: false,
        }
    }

    fn because(status: Option<u16>, error: &RemoteError) -> Self {
        Self {
            status: status.or_else(|| error.status()),
            said: error.to_string(),
            refused: matches!(
                error,
                RemoteError::Unauthorised { .. } | RemoteError::Forbidden { .. }
            ),
        }
    }
}

impl From<RemoteError> for Trouble {
    fn from(error: RemoteError) -> Self {
        Self::because(None, &error)
    }
}

/// A walk under way.
struct Walk<'a> {
    ghl: &'a Ghl,
    clock: &'a Clock,
    stop: &'a AtomicBool,
    rows: Vec<Walked>,
}

impl Ghl {
    /// Walks all 17 operations on `sample`, and gives a row for each, in order. `stop` ends it before the next
    /// request; whatever happens, [`Ghl::clean_up`] is to follow.
    pub async fn walk(&self, clock: &Clock, sample: &Sample, stop: &AtomicBool) -> Vec<Walked> {
        let mut walk = Walk {
            ghl: self,
            clock,
            stop,
            rows: vec![],
        };
        walk.all(sample).await;
        walk.finish()
    }

    /// Sends a call of a walk; an answer that is no 2xx is trouble.
    async fn asked(&self, kind: Kind, call: Call) -> Result<Answer, Trouble> {
        let answer = self.call(Lane::Operator, call).await?;
        let status = answer.status;
        self.checked(kind, answer)
            .map_err(|error| Trouble::because(Some(status), &error))
    }

    fn its(&self, answer: &Answer, kind: Kind, parent: Option<&RecordId>) -> Result<Seen, Trouble> {
        self.one(answer, kind, parent)
            .map_err(|error| Trouble::because(Some(answer.status), &error))
    }

    fn theirs(
        &self,
        answer: &Answer,
        kind: Kind,
        parent: &RecordId,
    ) -> Result<Vec<RecordId>, Trouble> {
        let (seen, _) = self
            .many(answer, kind, Some(parent))
            .map_err(|error| Trouble::because(Some(answer.status), &error))?;
        Ok(seen.into_iter().map(|seen| seen.row.snapshot.id).collect())
    }
}

fn must(is: bool, answer: &Answer, wrong: &str) -> Result<(), Trouble> {
    if is {
        return Ok(());
    }
    Err(Trouble::new(Some(answer.status), wrong))
}

fn passed(answer: &Answer, checked: &str) -> Passed {
    (answer.status, checked.to_owned())
}

impl Walk<'_> {
    async fn all(&mut self, sample: &Sample) {
        let listed = self.list().await;
        self.make_contact(sample).await;
        // With a token that only reads, the reads are made on somebody who is there.
        let ours = sample.contact();
        let Some(contact) = ours.clone().or(listed) else {
            return;
        };
        self.read_contact(&contact, ours.is_some().then_some(sample))
            .await;
        self.change_contact(&contact, ours.is_some()).await;
        self.tag(&contact, ours.is_some()).await;
        self.tasks(&contact, ours.is_some()).await;
        self.notes(&contact, ours.is_some()).await;
        self.appointments(&contact).await;
        self.business(sample).await;
        self.delete_contact(&contact, sample).await;
    }

    /// Runs one row. Gives what the work gives.
    async fn row<T>(
        &mut self,
        row: u8,
        work: impl Future<Output = Result<(Passed, T), Trouble>>,
    ) -> Option<T> {
        if self.stop.load(Ordering::Relaxed) {
            return None;
        }
        let (at, (before, _)) = (self.clock.ticks(), self.ghl.client.sent());
        let result = work.await;
        let ms = (self.clock.ticks() - at).max(0) as u64;
        let requests = self.ghl.client.sent().0 - before;
        let (status, ok, checked, refused, made) = match result {
            Ok(((status, checked), made)) => (Some(status), true, checked, false, Some(made)),
            Err(trouble) => (trouble.status, false, trouble.said, trouble.refused, None),
        };
        self.rows.push(Walked {
            row,
            operation: OPERATIONS[usize::from(row) - 1],
            status,
            ms,
            requests,
            ok,
            checked,
            refused,
        });
        made
    }

    /// All rows in order; those that were not reached say why.
    fn finish(mut self) -> Vec<Walked> {
        let why = if self.stop.load(Ordering::Relaxed) {
            "not run: stopped"
        } else {
            "not run: there is no record to try it on"
        };
        for (at, operation) in OPERATIONS.into_iter().enumerate() {
            let row = at as u8 + 1;
            if !self.rows.iter().any(|walked| walked.row == row) {
                self.rows.push(Walked {
                    row,
                    operation,
                    status: None,
                    ms: 0,
                    requests: 0,
                    ok: false,
                    checked: why.to_owned(),
                    refused: false,
                });
            }
        }
        self.rows.sort_by_key(|walked| walked.row);
        self.rows
    }

    /// Row 7. Gives somebody who is there.
    async fn list(&mut self) -> Option<RecordId> {
        let ghl = self.ghl;
        self.row(7, async {
            let answer = ghl
                .asked(Kind::Contact, ghl.list_call(None, LIST_ROWS)?)
                .await?;
            let page = ghl
                .list_page(&answer, LIST_ROWS)
                .map_err(|error| Trouble::because(Some(answer.status), &error))?;
            let mut checked = passed(&answer, "a list of contacts that ends");
            if let Some(after) = &page.next {
                let call = ghl.list_call(Some(after), LIST_ROWS)?;
                let next = ghl.asked(Kind::Contact, call).await?;
                let second = ghl
                    .list_page(&next, LIST_ROWS)
                    .map_err(|error| Trouble::because(Some(next.status), &error))?;
                let repeats = second.rows.iter().any(|row| {
                    page.rows
                        .iter()
                        .any(|old| old.snapshot.id == row.snapshot.id)
                });
                must(!repeats, &next, "the second page repeats the first")?;
                checked = passed(&answer, "two pages that do not repeat each other");
            }
            let first = page.rows.into_iter().next();
            Ok((checked, first.map(|row| row.snapshot.id)))
        })
        .await
        .flatten()
    }

    /// Rows 10 and 9: the write that shows that the scope is held.
    async fn make_contact(&mut self, sample: &Sample) {
        let ghl = self.ghl;
        self.row(10, async {
            let call = Call::write("POST /contacts/", &[]).json(&ghl.sample_body(sample));
            sample.contact_is_asked();
            let answer = ghl.call(Lane::Operator, call).await?;
            let status = answer.status;
            let answer = ghl.checked(Kind::Contact, answer).map_err(|error| {
                // An answer that refuses: nothing was made.
                sample.contact_is(None);
                Trouble::because(Some(status), &error)
            })?;
            let made = ghl.its(&answer, Kind::Contact, None)?.row.snapshot;
            sample.contact_is(Some(made.id));
            let same = made
                .record
                .text(&FieldName::Email)
                .eq_ignore_ascii_case(&sample.email());
            must(same, &answer, "the answer has another e-mail than was sent")?;
            Ok((
                passed(&answer, "made, with an id and the e-mail as sent"),
                (),
            ))
        })
        .await;
        if let Some(made) = self.rows.iter().find(|walked| walked.row == 10).cloned() {
            self.rows.push(Walked {
                row: 9,
                operation: OPERATIONS[8],
                ms: 0,
                requests: 0,
                checked: if made.ok {
                    "held: the write of row 10 was let through".to_owned()
                } else {
                    made.checked.clone()
                },
                ..made
            });
        }
    }

    async fn read_contact(&mut self, id: &RecordId, ours: Option<&Sample>) {
        let ghl = self.ghl;
        self.row(1, async {
            let call = Call::read(OPERATIONS[0], &[id.as_str()]);
            let answer = ghl.asked(Kind::Contact, call).await?;
            let read = ghl.its(&answer, Kind::Contact, None)?.row.snapshot;
            must(read.id == *id, &answer, "another contact than asked for")?;
            let Some(sample) = ours else {
                return Ok((passed(&answer, "the contact that was asked for"), ()));
            };
            let tags = read.record.get(&FieldName::Tags);
            let same = read.record.text(&FieldName::LastName) == sample.name()
                && tags.is_some_and(|tags| tags.words().iter().any(|tag| **tag == *TAG));
            must(same, &answer, "name or tags differ from what was sent")?;
            Ok((passed(&answer, "name and tags as sent"), ()))
        })
        .await;
    }

    async fn change_contact(&mut self, id: &RecordId, ours: bool) {
        let ghl = self.ghl;
        if !ours {
            return self.not_ours(11);
        }
        self.row(11, async {
            let call = Call::write(OPERATIONS[10], &[id.as_str()]);
            let answer = ghl
                .asked(Kind::Contact, call.json(&json!({ "city": "Checkville" })))
                .await?;
            let found = ghl
                .read_one(Lane::Operator, Kind::Contact, None, id)
                .await?;
            let Found::Live(now) = found else {
                return Err(Trouble::new(Some(answer.status), "the contact is gone"));
            };
            let record = &now.record;
            must(
                record.text(&FieldName::City) == "Checkville",
                &answer,
                "the edit is not there",
            )?;
            must(
                record.get(&FieldName::Tags).is_some() && record.get(&FieldName::Email).is_some(),
                &answer,
                "fields that were not sent are gone",
            )?;
            Ok((
                passed(&answer, "the edit is there, and what was not sent stayed"),
                (),
            ))
        })
        .await;
    }

    async fn tag(&mut self, id: &RecordId, ours: bool) {
        let ghl = self.ghl;
        if !ours {
            return self.not_ours(17);
        }
        self.row(17, async {
            let call = Call::write(OPERATIONS[16], &[id.as_str()]);
            let tags = json!({ "tags": [format!("{TAG}-tag")] });
            let answer = ghl.asked(Kind::Contact, call.json(&tags)).await?;
            let all: Json = ghl
                .client
                .parse(&answer)
                .map_err(|error| Trouble::because(Some(answer.status), &error))?;
            let has = |tag: &str| {
                let tags = all["tags"].as_array().into_iter().flatten();
                tags.filter_map(Json::as_str)
                    .any(|has| has.eq_ignore_ascii_case(tag))
            };
            must(has(TAG), &answer, "the tag that was there is gone")?;
            must(
                has(&format!("{TAG}-tag")),
                &answer,
                "the new tag is not in the answer",
            )?;
            Ok((
                passed(&answer, "the new tag is there beside the old one"),
                (),
            ))
        })
        .await;
    }

    /// Rows 13, 3, 2, 14, 15, 16.
    async fn tasks(&mut self, contact: &RecordId, ours: bool) {
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
    async fn notes(&mut self, contact: &RecordId, ours: bool) {
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

    async fn appointments(&mut self, contact: &RecordId) {
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

    /// Row 8, on the first business that is there, or else on one made for it.
    async fn business(&mut self, sample: &Sample) {
        let ghl = self.ghl;
        self.row(8, async {
            let call = Call::read("GET /businesses/", &[])
                .query("locationId", &*ghl.location)
                .query("limit", "1")
                .query("skip", "0");
            let answer = ghl.asked(Kind::Business, call).await?;
            let (seen, _) = ghl
                .many(&answer, Kind::Business, None)
                .map_err(|error| Trouble::because(Some(answer.status), &error))?;
            let id = match seen.into_iter().next() {
                Some(seen) => seen.row.snapshot.id,
                None => {
                    let body = json!({ "name": sample.name(), "locationId": &*ghl.location });
                    sample.business_is_asked();
                    let call = Call::write("POST /businesses/", &[]).json(&body);
                    let answer = ghl
                        .asked(Kind::Business, call)
                        .await
                        .inspect_err(|trouble| {
                            if trouble.status.is_some_and(|status| status < 500) {
                                sample.business_is(None);
                            }
                        })?;
                    let id = ghl.its(&answer, Kind::Business, None)?.row.snapshot.id;
                    sample.business_is(Some(id.clone()));
                    id
                }
            };
            let call = Call::read(OPERATIONS[7], &[id.as_str()])
                .query("locationId", &*ghl.location)
                .query("limit", "25")
                .query("skip", "0");
            let answer = ghl.asked(Kind::Contact, call).await?;
            let wrong = |error: RemoteError| Trouble::because(Some(answer.status), &error);
            let many = ghl.client.parse::<Many<'_>>(&answer).map_err(wrong)?;
            let count = many.of(Kind::Contact).map(|rows| rows.len());
            must(count.is_some(), &answer, "an answer without a list")?;
            let said = format!("a list of {} contacts", count.unwrap_or_default());
            Ok((passed(&answer, &said), ()))
        })
        .await;
    }

    async fn delete_contact(&mut self, id: &RecordId, sample: &Sample) {
        let ghl = self.ghl;
        if sample.contact().is_none() {
            return self.not_ours(12);
        }
        self.row(12, async {
            let call = Call::write(OPERATIONS[11], &[id.as_str()]);
            let answer = ghl.asked(Kind::Contact, call).await?;
            let gone = ghl.is_gone(Kind::Contact, None, id).await?;
            must(gone, &answer, "it can still be read")?;
            sample.contact_is(None);
            Ok((passed(&answer, "it cannot be read any more"), ()))
        })
        .await;
    }

    /// A write is never tried on a record that is not our own; what kept ours from being made is said again.
    fn not_ours(&mut self, row: u8) {
        let Some(made) = self
            .rows
            .iter()
            .find(|walked| walked.row == 10 && !walked.ok)
        else {
            return;
        };
        let walked = Walked {
            row,
            operation: OPERATIONS[usize::from(row) - 1],
            status: None,
            ms: 0,
            requests: 0,
            ok: false,
            checked: format!("not run: row 10 made no contact ({})", made.checked),
            refused: made.refused,
        };
        self.rows.push(walked);
    }
}
