//! HighLevel: version 2021-07-28 of its API, with a token of one location (`facts/highlevel.md`).

mod body;
mod custom;
mod faults;
mod list;
mod map;
mod reads;
mod sample;
#[cfg(test)]
mod tests;
mod walk;
mod wire;
mod writes;

use crate::model::{FieldChange, Kind, Lane, RecordId, Side, SideStatus, Snapshot};

use super::{
    ChangePage, Connector, Deleted, Found, NewRecord, Page, PageRequest, Parts, RemoteError, Reply,
    Settings, Setup, Updated,
    auth::{VERSION, VERSION_MAIN},
    client::{Answer, Call, Client},
    known::Knowledge,
};

pub use map::unknown_status;
pub use sample::Sample;
pub use walk::Walked;

/// The connector of a GHL location.
pub struct Ghl {
    client: Client,
    location: Box<str>,
    knowledge: Knowledge,
}

impl Ghl {
    /// A connector; sends nothing yet.
    pub fn new(settings: Settings, parts: Parts) -> Self {
        Self {
            location: settings.location.as_str().into(),
            client: Client::new(Side::Ghl, settings, &parts),
            knowledge: Knowledge::new(parts.normalise),
        }
    }

    /// Sends a call, with the version that it does not name itself.
    async fn call(&self, lane: Lane, call: Call) -> Result<Answer, RemoteError> {
        self.client
            .send(lane, call.or_header(VERSION, VERSION_MAIN))
            .await
    }

    /// As [`Ghl::call`]; an answer that is no 2xx is an error.
    async fn ok(&self, lane: Lane, kind: Kind, call: Call) -> Result<Answer, RemoteError> {
        let answer = self.call(lane, call).await?;
        self.checked(kind, answer)
    }

    fn checked(&self, kind: Kind, answer: Answer) -> Result<Answer, RemoteError> {
        if answer.is_ok() {
            Ok(answer)
        } else {
            Err(faults::fault(&self.client, kind, &answer))
        }
    }

    fn no_such_call(&self, kind: Kind, what: &str) -> RemoteError {
        self.client.no_such_call(kind, what)
    }
}

impl Connector for Ghl {
    fn side(&self) -> Side {
        Side::Ghl
    }

    fn setup(&self, lane: Lane) -> Reply<'_, Setup> {
        Box::pin(async move {
            let setup = self.read_setup(lane).await?;
            self.knowledge.learn(&setup);
            Ok(setup)
        })
    }

    fn use_setup(&self, setup: &Setup) {
        self.knowledge.learn(setup);
        self.client.expect_burst(setup.burst_limit);
    }

    fn has_changes(&self) -> bool {
        false
    }

    fn keeps_external_ids(&self) -> bool {
        false
    }

    fn keeps_keys(&self) -> bool {
        false
    }

    fn changes<'a>(&'a self, _: Lane, _: Option<&'a str>) -> Reply<'a, ChangePage> {
        Box::pin(async { Err(self.no_such_call(Kind::Contact, "change feed")) })
    }

    fn page<'a>(&'a self, lane: Lane, request: &'a PageRequest) -> Reply<'a, Page> {
        Box::pin(self.read_page(lane, request))
    }

    fn children<'a>(
        &'a self,
        lane: Lane,
        kind: Kind,
        parent: &'a RecordId,
    ) -> Reply<'a, Option<Vec<Snapshot>>> {
        Box::pin(self.read_children(lane, kind, parent))
    }

    fn get<'a>(
        &'a self,
        lane: Lane,
        kind: Kind,
        parent: Option<&'a RecordId>,
        id: &'a RecordId,
    ) -> Reply<'a, Found> {
        Box::pin(self.read_one(lane, kind, parent, id))
    }

    fn create<'a>(&'a self, lane: Lane, record: &'a NewRecord) -> Reply<'a, Snapshot> {
        Box::pin(self.create_record(lane, record))
    }

    fn update<'a>(
        &'a self,
        lane: Lane,
        seen: &'a Snapshot,
        changes: &'a [FieldChange],
        _: &'a str,
    ) -> Reply<'a, Updated> {
        Box::pin(self.update_record(lane, seen, changes))
    }

    fn stamp<'a>(
        &'a self,
        _: Lane,
        seen: &'a Snapshot,
        _: Option<&'a RecordId>,
    ) -> Reply<'a, Updated> {
        Box::pin(async move { Ok(Updated::Done(seen.clone())) })
    }

    fn delete<'a>(&'a self, lane: Lane, seen: &'a Snapshot) -> Reply<'a, Deleted> {
        Box::pin(self.delete_record(lane, seen))
    }

    fn restore<'a>(
        &'a self,
        _: Lane,
        _: Kind,
        _: &'a RecordId,
        _: &'a str,
    ) -> Reply<'a, Option<Snapshot>> {
        Box::pin(async { Ok(None) })
    }

    fn holders<'a>(
        &'a self,
        lane: Lane,
        email: Option<&'a str>,
        phone: Option<&'a str>,
    ) -> Reply<'a, Vec<Snapshot>> {
        Box::pin(self.read_holders(lane, email, phone))
    }

    fn clock_offset_ms(&self) -> Option<i64> {
        self.client.clock_offset_ms()
    }

    fn clock_ahead_ms(&self) -> Option<i64> {
        self.client.clock_ahead_ms()
    }

    fn status(&self) -> SideStatus {
        self.client.status()
    }

    fn sent(&self) -> (u64, u64) {
        self.client.sent()
    }
}
