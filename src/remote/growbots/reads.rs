//! What is read from Growbots (`facts/growbots.md` 5).

use serde_json::value::RawValue;

use crate::model::{FieldName, Kind, Lane, RecordId, Snapshot};
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

/// Kind, id and state of a record in the feed, or why its state cannot be told.
type Change = (Kind, RecordId, Result<Found, RemoteError>);

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
        let mut odd = Vec::new();
        for raw in &list.data {
            let Some((kind, id, found)) = self.change(&answer, raw)? else {
                continue;
            };
            match found {
                Ok(found) => changes.push((kind, id, found)),
                Err(error) if error.is_of_one_record() => odd.push((kind, id)),
                Err(error) => return Err(error),
            }
        }
        Ok(ChangePage {
            changes,
            odd,
            next,
            more: list.page.has_more.is_yes(),
        })
    }

    /// A change; `None` for a kind that we do not know. A record of which a field is not known is an error of its own.
    fn change(&self, answer: &Answer, raw: &RawValue) -> Result<Option<Change>, RemoteError> {
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
            Ok(Found::Gone(stone.read()))
        } else {
            let raw =
                record.ok_or_else(|| self.client.unread(answer, &"a change without its record"))?;
            self.whole(answer, kind, raw).map(Found::Live)
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
        self.whole(answer, kind, raw.get())
    }

    fn rows(&self, answer: &Answer, kind: Kind, list: &List<'_>) -> Result<Vec<Row>, RemoteError> {
        list.data
            .iter()
            .map(|raw| self.row(answer, kind, raw.get()))
            .collect()
    }

    /// A record that is taken as it is: what is no value in it must not pass for empty.
    pub(super) fn whole(
        &self,
        answer: &Answer,
        kind: Kind,
        raw: &str,
    ) -> Result<Snapshot, RemoteError> {
        let (row, odd) = self.read_row(answer, kind, raw)?;
        match odd {
            Some(odd) => Err(self.client.no_value(answer, &odd)),
            None => Ok(row.snapshot),
        }
    }

    fn row(&self, answer: &Answer, kind: Kind, raw: &str) -> Result<Row, RemoteError> {
        Ok(self.read_row(answer, kind, raw)?.0)
    }

    fn read_row(
        &self,
        answer: &Answer,
        kind: Kind,
        raw: &str,
    ) -> Result<(Row, Option<FieldName>), RemoteError> {
        let canonical = self.dialect.read(kind, raw);
        map::read(
            &self.dialect,
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
