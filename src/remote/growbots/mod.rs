//! Growbots, by the project's own contract (`facts/growbots.md`); what a server cannot do is made up for.

mod dialect;
mod faults;
mod map;
mod reads;
#[cfg(test)]
mod tests;
mod wire;
mod writes;

use crate::model::{FieldChange, Kind, Lane, RecordId, Side, SideStatus, Snapshot};

use super::{
    ChangePage, Connector, Deleted, Found, NewRecord, Page, PageRequest, Parts, RemoteError, Reply,
    Settings, Setup, Updated,
    client::{Answer, Call, Client},
    known::Knowledge,
};

pub use dialect::{Dialect, DialectError};

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
        if let Ok(mut path) = settings.base_url.path_segments_mut() {
            let prefix = dialect.prefix.split('/').filter(|part| !part.is_empty());
            path.pop_if_empty().extend(prefix);
        }
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
            if !kind.is_child() {
                return Err(self.client.no_such_call(kind, "children"));
            }
            let all = self
                .read_all(lane, kind, ("lead_id", parent.as_str()))
                .await?;
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

    fn delete<'a>(&'a self, lane: Lane, seen: &'a Snapshot) -> Reply<'a, Deleted> {
        Box::pin(self.delete_record(lane, seen))
    }

    fn holders<'a>(
        &'a self,
        lane: Lane,
        email: Option<&'a str>,
        phone: Option<&'a str>,
    ) -> Reply<'a, Vec<Snapshot>> {
        Box::pin(self.read_holders(lane, email, phone))
    }

    fn status(&self) -> SideStatus {
        self.client.status()
    }

    fn sent(&self) -> (u64, u64) {
        self.client.sent()
    }
}
