//! Growbots, by the project's own contract (`facts/growbots.md`); what a server cannot do is made up for.

mod batch;
mod dialect;
mod faults;
mod map;
mod reads;
#[cfg(test)]
mod tests;
mod wire;
mod writes;

use url::Url;

use crate::model::{FieldChange, Kind, Lane, RecordId, Side, SideStatus, Snapshot};

use super::{
    BatchWrite, ChangePage, Connector, Deleted, Found, NewRecord, Page, PageRequest, Parts,
    RemoteError, Reply, Settings, Setup, Updated,
    client::{Answer, Call, Client},
    known::Knowledge,
};

pub use dialect::{Dialect, DialectError};

/// Makes the root of the API of the root of the server, with the prefix that every path has.
pub fn root(base: &mut Url, prefix: &str) {
    if let Ok(mut path) = base.path_segments_mut() {
        path.pop_if_empty()
            .extend(prefix.split('/').filter(|part| !part.is_empty()));
    }
}

/// The connector of a Growbots account.
pub struct Growbots {
    client: Client,
    knowledge: Knowledge,
    dialect: Dialect,
}

impl Growbots {
    /// A connector to a server that speaks the contract as it is written; sends nothing yet.
    pub fn new(settings: Settings, parts: Parts) -> Self {
        Self::speaking(Dialect::default(), settings, parts)
    }

    /// A connector to a server that speaks this dialect; sends nothing yet.
    pub fn speaking(dialect: Dialect, mut settings: Settings, parts: Parts) -> Self {
        root(&mut settings.base_url, &dialect.prefix);
        Self {
            dialect,
            client: Client::new(Side::Growbots, settings, &parts),
            knowledge: Knowledge::new(parts.normalise),
        }
    }

    /// Whether the server can do this; yes until a setup says what it can do.
    fn has(&self, capability: &str) -> bool {
        let known = self.knowledge.now();
        let has = self.dialect.capabilities.as_ref();
        has.or(known.capabilities.as_ref())
            .is_none_or(|has| has.iter().any(|name| name == capability))
    }

    /// Sends a call as the server takes it.
    async fn send(&self, lane: Lane, call: Call) -> Result<Answer, RemoteError> {
        self.client.send(lane, self.dialect.apply(call)).await
    }

    /// Sends a call; an answer that is no 2xx is an error.
    async fn ok(&self, lane: Lane, kind: Kind, call: Call) -> Result<Answer, RemoteError> {
        let answer = self.send(lane, call).await?;
        self.checked(kind, answer)
    }

    fn checked(&self, kind: Kind, answer: Answer) -> Result<Answer, RemoteError> {
        if answer.is_ok() {
            Ok(answer)
        } else {
            Err(faults::fault(self, kind, &answer))
        }
    }
}

impl Connector for Growbots {
    fn side(&self) -> Side {
        Side::Growbots
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
        self.has("changes")
    }

    fn keeps_external_ids(&self) -> bool {
        self.has("external_id")
    }

    fn keeps_keys(&self) -> bool {
        self.has("idempotency")
    }

    fn changes<'a>(&'a self, lane: Lane, after: Option<&'a str>) -> Reply<'a, ChangePage> {
        Box::pin(self.read_changes(lane, after))
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
        Box::pin(async move {
            let by = match kind {
                Kind::Contact => "company_id",
                Kind::Business => return Err(self.client.no_such_call(kind, "children")),
                _ => "lead_id",
            };
            let all = self.read_all(lane, kind, (by, parent.as_str())).await?;
            Ok(Some(all))
        })
    }

    fn get<'a>(
        &'a self,
        lane: Lane,
        kind: Kind,
        _: Option<&'a RecordId>,
        id: &'a RecordId,
    ) -> Reply<'a, Found> {
        Box::pin(self.read_one(lane, kind, id))
    }

    fn create<'a>(&'a self, lane: Lane, record: &'a NewRecord) -> Reply<'a, Snapshot> {
        Box::pin(self.create_record(lane, record))
    }

    fn update<'a>(
        &'a self,
        lane: Lane,
        seen: &'a Snapshot,
        changes: &'a [FieldChange],
        key: &'a str,
    ) -> Reply<'a, Updated> {
        Box::pin(self.update_record(lane, seen, changes, key))
    }

    fn stamp<'a>(
        &'a self,
        lane: Lane,
        seen: &'a Snapshot,
        ghl_id: Option<&'a RecordId>,
    ) -> Reply<'a, Updated> {
        Box::pin(self.stamp_record(lane, seen, ghl_id))
    }

    fn most_in_batch(&self) -> usize {
        Self::most_in_batch(self)
    }

    fn takes_in_batch(&self, write: &BatchWrite<'_>) -> bool {
        self.takes(write)
    }

    fn write_batch<'a>(
        &'a self,
        lane: Lane,
        writes: &'a [BatchWrite<'a>],
        key: &'a str,
    ) -> Reply<'a, Vec<Result<Updated, RemoteError>>> {
        Box::pin(self.batch(lane, writes, key))
    }

    fn delete<'a>(&'a self, lane: Lane, seen: &'a Snapshot) -> Reply<'a, Deleted> {
        Box::pin(self.delete_record(lane, seen))
    }

    fn restore<'a>(
        &'a self,
        lane: Lane,
        kind: Kind,
        id: &'a RecordId,
        key: &'a str,
    ) -> Reply<'a, Option<Snapshot>> {
        Box::pin(self.restore_record(lane, kind, id, key))
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

    fn known_as<'a>(
        &'a self,
        lane: Lane,
        kind: Kind,
        name: &'static str,
        id: &'a str,
    ) -> Reply<'a, Vec<Snapshot>> {
        Box::pin(async move {
            if !self.keeps_external_ids() {
                return Ok(Vec::new());
            }
            let by = format!("{name}:{id}");
            self.read_all(lane, kind, ("external_id", &by)).await
        })
    }

    fn status(&self) -> SideStatus {
        self.client.status()
    }

    fn sent(&self) -> (u64, u64) {
        self.client.sent()
    }
}
