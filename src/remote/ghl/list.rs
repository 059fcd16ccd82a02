//! The deprecated list of contacts, in the place of a search that the side refuses (`facts/highlevel.md` b, row 7).

use crate::model::{Kind, Lane};
use crate::remote::{
    Page, PageRequest, Read, RemoteError,
    client::{Answer, Call},
};

use super::{Ghl, wire::Many};

/// The most that the list gives at a time.
const LIST_ROWS: usize = 100;
/// Marks a cursor of the list, which no search understands.
const MARK: &str = "list:";

impl Ghl {
    /// A page of contacts by search, or by the deprecated list where the side refuses to search.
    ///
    /// The list has no filter by date: what changed since a time cannot be told from it, so such a request gives
    /// nothing, and the sweeps of everything find the edits. Each listing tries the search first.
    pub(super) async fn contacts(
        &self,
        lane: Lane,
        request: &PageRequest,
    ) -> Result<Page, RemoteError> {
        let after = request.after.as_deref();
        if let Some(after) = after.and_then(|after| after.strip_prefix(MARK)) {
            return self.listed(lane, Some(after), LIST_ROWS).await;
        }
        let refused = match self.search(lane, request).await {
            Err(
                error @ (RemoteError::Forbidden { .. }
                | RemoteError::Refused { status: 404, .. }
                | RemoteError::Server { .. }),
            ) if after.is_none() => error,
            page => return page,
        };
        let everything = match request.read {
            Read::Since(since) => since.0 <= 0,
            Read::All | Read::Open => true,
        };
        let rows = if everything { LIST_ROWS } else { 1 };
        match self.listed(lane, None, rows).await {
            Ok(page) => {
                tracing::warn!(side = "ghl", %refused, "no search of contacts, the list stands in");
                Ok(if everything { page } else { Page::default() })
            }
            // Nothing can be read: what the search said is the reason.
            Err(_) => Err(refused),
        }
    }

    async fn listed(
        &self,
        lane: Lane,
        after: Option<&str>,
        rows: usize,
    ) -> Result<Page, RemoteError> {
        let call = self.list_call(after, rows)?;
        let answer = self.ok(lane, Kind::Contact, call).await?;
        self.list_page(&answer, rows)
    }

    /// `GET /contacts/`: scope `contacts.readonly`, 200, 400, 401, 422; newest first; source: contacts.json.
    pub(super) fn list_call(&self, after: Option<&str>, rows: usize) -> Result<Call, RemoteError> {
        const OPERATION: &str = "GET /contacts/";
        let call = Call::read(OPERATION, &[])
            .query("locationId", &*self.location)
            .query("limit", rows.to_string());
        let Some(after) = after else {
            return Ok(call);
        };
        let after = after.strip_prefix(MARK).unwrap_or(after);
        let (at, id) = after.split_once(' ').ok_or_else(|| {
            self.client
                .malformed(OPERATION, "a cursor that is no pair", false)
        })?;
        // Each alone gives the first page again.
        Ok(call.query("startAfter", at).query("startAfterId", id))
    }

    pub(super) fn list_page(&self, answer: &Answer, rows: usize) -> Result<Page, RemoteError> {
        let end = self.client.parse::<Many<'_>>(answer)?;
        let (seen, total) = self.many(answer, Kind::Contact, None)?;
        // The published schema has no cursor: then it is made of the last row, as the order is by time of creation.
        let made = || {
            let last = &seen.last()?.row.snapshot;
            Some((last.created_at?.0.to_string(), last.id.to_string()))
        };
        let next = if seen.len() < rows || end.is_last() {
            None
        } else {
            let (at, id) = end
                .list_cursor()
                .or_else(made)
                .ok_or_else(|| self.client.unread(answer, &"a page without a way on"))?;
            Some(format!("{MARK}{at} {id}"))
        };
        Ok(Page {
            rows: seen.into_iter().map(|seen| seen.row).collect(),
            next,
            total,
        })
    }
}
