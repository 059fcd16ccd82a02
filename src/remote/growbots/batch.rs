//! Several writes in one request: `POST /batch` (`facts/growbots.md` 5). Each has its own key and its own result.

use serde_json::{Map, Value as Json, json};

use crate::model::{FieldName, Kind, Lane, Side};
use crate::remote::{
    BatchWrite, RemoteError, Updated,
    client::{Answer, Call},
    known::pending,
};

use super::{
    Growbots,
    faults::fault,
    wire::{BatchResult, BatchResults},
    writes::{Conditional, IDEMPOTENCY_KEY, stamp_body},
};

const OPERATION: &str = "POST /batch";

impl Growbots {
    /// How many writes a batch may have; 1 where there are none. A batch costs one request, and one for each started
    /// ten of its writes: it shall not need more than half of a window.
    pub(super) fn most_in_batch(&self) -> usize {
        if !self.has("batch") {
            return 1;
        }
        let half = self.client.status().burst.limit / 2;
        let fits = half.saturating_sub(1) as usize * 10;
        fits.min(self.dialect.batch_rows.into()).max(1)
    }

    /// Whether a write is one request alone, and is decided by what was seen: then it can stand in a batch.
    pub(super) fn takes(&self, write: &BatchWrite<'_>) -> bool {
        let is_conditional = |version: bool| version && self.has("etag");
        match write {
            BatchWrite::Create(_) => true,
            BatchWrite::Stamp { seen, .. } => is_conditional(seen.version.is_some()),
            BatchWrite::Update { seen, changes } => {
                let by_own_call = |field: &FieldName| {
                    *field == FieldName::Tags
                        || (seen.kind == Kind::Task && *field == FieldName::Completed)
                };
                is_conditional(seen.version.is_some())
                    && !changes.iter().any(|change| by_own_call(&change.field))
                    && pending(&seen.record, changes).is_some_and(|pending| !pending.is_empty())
            }
        }
    }

    pub(super) async fn batch(
        &self,
        lane: Lane,
        writes: &[BatchWrite<'_>],
        key: &str,
    ) -> Result<Vec<Result<Updated, RemoteError>>, RemoteError> {
        let mut operations = Vec::with_capacity(writes.len());
        // What Growbots cannot take is known before anything is sent.
        let mut ends: Vec<Option<Result<Updated, RemoteError>>> = Vec::with_capacity(writes.len());
        let mut places = Vec::with_capacity(writes.len());
        for (at, write) in writes.iter().enumerate() {
            match self.operation(write) {
                Ok(operation) => {
                    operations.push(operation);
                    places.push(at);
                    ends.push(None);
                }
                Err(error) => ends.push(Some(Err(error))),
            }
        }
        if !operations.is_empty() {
            let cost = 1 + operations.len().div_ceil(10) as u32;
            let call = Call::write(OPERATION, &[])
                .costing(cost)
                .header(IDEMPOTENCY_KEY, key)
                .json(&json!({ "operations": operations }));
            let answer = self.ok(lane, Kind::Contact, call).await?;
            let results: BatchResults<'_> = self.client.parse(&answer)?;
            for result in &results.results {
                if let Some(at) = places.get(result.index) {
                    ends[*at] = Some(self.result(&answer, &writes[*at], result));
                }
            }
        }
        // A write without a result may have been done.
        let lost = || {
            self.client
                .malformed(OPERATION, "a write without a result", true)
        };
        let ends = ends.into_iter();
        Ok(ends.map(|end| end.unwrap_or_else(|| Err(lost()))).collect())
    }

    fn operation(&self, write: &BatchWrite<'_>) -> Result<Json, RemoteError> {
        let one = |op: &str, kind: Kind, record: Map<String, Json>| {
            let record = Json::Object(self.dialect.write(kind, record));
            json!({"op": op, "kind": self.dialect.segment(kind), "record": record})
        };
        let (seen, body) = match write {
            BatchWrite::Create(new) => {
                let mut operation = one("create", new.kind, self.new_body(new, OPERATION)?);
                if self.has("idempotency") {
                    operation["key"] = new.key.as_str().into();
                }
                return Ok(operation);
            }
            BatchWrite::Update { seen, changes } => {
                let changes: Vec<_> = pending(&seen.record, changes).unwrap_or_default();
                (seen, self.patch_body(seen, &changes)?)
            }
            BatchWrite::Stamp { seen, ghl_id } => (seen, stamp_body(*ghl_id)),
        };
        let mut operation = one("update", seen.kind, body);
        operation["id"] = seen.id.as_str().into();
        operation["if_match"] = json!(seen.version);
        Ok(operation)
    }

    fn result(
        &self,
        answer: &Answer,
        write: &BatchWrite<'_>,
        result: &BatchResult<'_>,
    ) -> Result<Updated, RemoteError> {
        let kind = write.kind();
        let body = result.record.or(result.problem);
        let body = body.map_or("null", serde_json::value::RawValue::get);
        let part = answer.part(result.status, body);
        if result.status >= 500 || result.status == 429 {
            return Err(RemoteError::Server {
                side: Side::Growbots,
                operation: OPERATION.to_owned(),
                status: result.status,
                maybe_applied: result.status >= 500,
            });
        }
        // What does not exist yet is not gone, and has no version to be stale.
        if matches!(write, BatchWrite::Create(_)) {
            let made = self.checked(kind, part)?;
            return Ok(Updated::Done(self.record(&made, kind)?));
        }
        Ok(match self.ended(kind, part.clone())? {
            Some(Conditional::Done(done)) => Updated::Done(self.record(&done, kind)?),
            Some(Conditional::Gone) => Updated::Gone,
            Some(Conditional::Stale(now)) => match write {
                BatchWrite::Stamp { ghl_id, .. } if now.external_id.as_ref() == *ghl_id => {
                    Updated::Done(now)
                }
                _ => Updated::Moved(now),
            },
            None => return Err(fault(self, kind, &part)),
        })
    }
}
