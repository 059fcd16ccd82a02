//! What is read from Growbots (`facts/growbots.md` 5).

use serde_json::value::RawValue;

use crate::model::{Kind, Lane, RecordId, Snapshot};
use crate::remote::{
    ChangePage, Found, Page, PageRequest, Read, RemoteError, Row, Setup, User,
    client::{Answer, Call},
};

use super::{
    Growbots,
    faults::absent,
    map,
    wire::{self, List, Tombstone},
};

const CHANGE_ROWS: &str = "500";

impl Growbots {
    pub(super) async fn read_setup(&self, lane: Lane) -> Result<Setup, RemoteError> {
        let call = Call::read("GET /account", &[]);
        let answer = self.ok(lane, Kind::Contact, call).await?;
        let account: wire::Account<'_> = self.client.parse(&answer)?;
        let mut users = vec![];
        let mut after = None;
        loop {
            let mut call =
                Call::read("GET /users", &[]).query("limit", self.dialect.page_rows.to_string());
            if let Some(after) = &after {
                call = call.query("cursor", after);
            }
            let answer = self.ok(lane, Kind::Contact, call).await?;
            let list: List<'_> = self.client.parse(&answer)?;
            for raw in &list.data {
                let user: wire::User<'_> = serde_json::from_str(raw.get())
                    .map_err(|error| self.client.unread(&answer, &error))?;
                users.push(User {
                    id: user.id.text().to_owned(),
                    email: user.email.text().trim().to_lowercase(),
                    name: user.name.text().to_owned(),
                });
            }
            after = next(&list);
            if after.is_none() {
                break;
            }
        }
        Ok(Setup {
            name: account.name.text().to_owned(),
            country: String::new(),
            time_zone: account.time_zone.text().to_owned(),
            users,
            capabilities: account.capabilities.texts().map(str::to_owned).collect(),
            burst_limit: self.client.status().burst.limit,
            ..Setup::default()
        })
    }

    pub(super) async fn read_changes(
        &self,
        lane: Lane,
        after: Option<&str>,
    ) -> Result<ChangePage, RemoteError> {
        let call = Call::read("GET /changes", &[]).query("limit", CHANGE_ROWS);
        let call = match after {
            Some(after) => call.query("cursor", after),
            None => call.query("from", "now"),
        };
        let answer = self.ok(lane, Kind::Contact, call).await?;
        let list: List<'_> = self.client.parse(&answer)?;
        let next = list.page.next_cursor.text().to_owned();
        if next.is_empty() {
            return Err(self.client.unread(&answer, &"a feed without a cursor"));
        }
        let mut changes = Vec::with_capacity(list.data.len());
        for raw in &list.data {
            changes.extend(self.change(&answer, raw)?);
        }
        Ok(ChangePage {
            changes,
            next,
            more: list.page.has_more.is_yes(),
        })
    }

    /// A change; `None` for a kind that we do not know.
    fn change(
        &self,
        answer: &Answer,
        raw: &RawValue,
    ) -> Result<Option<(Kind, RecordId, Found)>, RemoteError> {
        let unread = |error: serde_json::Error| self.client.unread(answer, &error);
        let change: wire::Change<'_> = serde_json::from_str(raw.get()).map_err(unread)?;
        let Some(kind) = self.dialect.kind(change.kind.text()) else {
            return Ok(None);
        };
        let record = change.record.map(RawValue::get);
        let found = if change.op.text() == "delete" {
            let stone: Tombstone<'_> = match record {
                Some(raw) => serde_json::from_str(raw).map_err(unread)?,
                None => Tombstone::default(),
            };
            Found::Gone {
                merged_into: match stone.merged_into.text() {
                    "" => None,
                    id => Some(id.into()),
                },
            }
        } else {
            let raw =
                record.ok_or_else(|| self.client.unread(answer, &"a change without its record"))?;
            Found::Live(self.row(answer, kind, raw)?.snapshot)
        };
        Ok(Some((kind, change.id.text().into(), found)))
    }

    pub(super) async fn read_page(
        &self,
        lane: Lane,
        request: &PageRequest,
    ) -> Result<Page, RemoteError> {
        let mut call = Call::read(list_operation(request.kind), &[])
            .query("limit", self.dialect.page_rows.to_string());
        match request.read {
            Read::Since(since) => call = call.query("updated_after", since.to_string()),
            Read::Open => call = call.query(self.dialect.name(request.kind, "completed"), "false"),
            Read::All => {}
        }
        if let Some(after) = &request.after {
            call = call.query("cursor", after);
        }
        let answer = self.ok(lane, request.kind, call).await?;
        let list: List<'_> = self.client.parse(&answer)?;
        Ok(Page {
            next: next(&list),
            rows: self.rows(&answer, request.kind, &list)?,
            total: None,
        })
    }

    /// All records of a listing that is short.
    pub(super) async fn read_all(
        &self,
        lane: Lane,
        kind: Kind,
        by: (&'static str, &str),
    ) -> Result<Vec<Snapshot>, RemoteError> {
        let mut all = vec![];
        let mut after = None;
        loop {
            let mut call = Call::read(list_operation(kind), &[])
                .query("limit", self.dialect.page_rows.to_string())
                .query(self.dialect.name(kind, by.0), by.1);
            if let Some(after) = &after {
                call = call.query("cursor", after);
            }
            let answer = self.ok(lane, kind, call).await?;
            let list: List<'_> = self.client.parse(&answer)?;
            for row in self.rows(&answer, kind, &list)? {
                // A record that changes while one pages may come twice.
                all.retain(|seen: &Snapshot| seen.id != row.snapshot.id);
                all.push(row.snapshot);
            }
            after = next(&list);
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    pub(super) async fn read_one(
        &self,
        lane: Lane,
        kind: Kind,
        id: &RecordId,
    ) -> Result<Found, RemoteError> {
        let operation = match kind {
            Kind::Contact => "GET /leads/{id}",
            Kind::Task => "GET /tasks/{id}",
            Kind::Note => "GET /notes/{id}",
            Kind::Appointment => "GET /meetings/{id}",
            Kind::Business => "GET /companies/{id}",
        };
        let call = Call::read(operation, &[id.as_str()]);
        let answer = self.send(lane, call).await?;
        if let Some(absent) = absent(&answer) {
            return Ok(absent);
        }
        let answer = self.checked(kind, answer)?;
        Ok(Found::Live(self.record(&answer, kind)?))
    }

    pub(super) async fn read_holders(
        &self,
        lane: Lane,
        email: Option<&str>,
        phone: Option<&str>,
    ) -> Result<Vec<Snapshot>, RemoteError> {
        let mut holders: Vec<Snapshot> = vec![];
        for (name, value) in [("email", email), ("phone", phone)] {
            let Some(value) = value.filter(|value| !value.is_empty()) else {
                continue;
            };
            for holder in self.read_all(lane, Kind::Contact, (name, value)).await? {
                if !holders.iter().any(|seen| seen.id == holder.id) {
                    holders.push(holder);
                }
            }
        }
        Ok(holders)
    }

    /// The record that an answer is.
    pub(super) fn record(&self, answer: &Answer, kind: Kind) -> Result<Snapshot, RemoteError> {
        let raw: &RawValue = self.client.parse(answer)?;
        Ok(self.row(answer, kind, raw.get())?.snapshot)
    }

    fn rows(&self, answer: &Answer, kind: Kind, list: &List<'_>) -> Result<Vec<Row>, RemoteError> {
        list.data
            .iter()
            .map(|raw| self.row(answer, kind, raw.get()))
            .collect()
    }

    pub(super) fn row(&self, answer: &Answer, kind: Kind, raw: &str) -> Result<Row, RemoteError> {
        let canonical = self.dialect.read(kind, raw);
        map::read(
            &self.knowledge,
            &self.knowledge.now(),
            kind,
            raw,
            &canonical,
        )
        .map_err(|error| self.client.unread(answer, &error))
    }
}

fn next(list: &List<'_>) -> Option<String> {
    let cursor = list.page.next_cursor.text();
    (list.page.has_more.is_yes() && !cursor.is_empty()).then(|| cursor.to_owned())
}

const fn list_operation(kind: Kind) -> &'static str {
    match kind {
        Kind::Contact => "GET /leads",
        Kind::Task => "GET /tasks",
        Kind::Note => "GET /notes",
        Kind::Appointment => "GET /meetings",
        Kind::Business => "GET /companies",
    }
}
