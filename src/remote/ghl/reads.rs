//! What is read from GHL (`facts/highlevel.md` b).

use serde_json::{Value as Json, json};

use crate::model::{Kind, Lane, Millis, RecordId, Snapshot};
use crate::remote::{
    Calendar, CustomField, Found, Page, PageRequest, Read, RemoteError, Setup, User,
    auth::{VERSION, VERSION_CALENDARS, refuses_key},
    client::{Answer, Call},
};

use super::{
    Ghl,
    faults::{fault, is_missing},
    map::{self, Seen},
    wire::{Calendars, CustomFields, LocationAnswer, Many, One, Users},
};

/// The most that a search gives at a time.
const ALL_ROWS: usize = 500;
/// What has changed since the last pass is little; since the beginning is all.
const SINCE_ROWS: usize = 100;
/// Rows of the listings by `limit` and `skip`.
const SKIP_ROWS: usize = 100;

impl Ghl {
    pub(super) async fn read_setup(&self, lane: Lane) -> Result<Setup, RemoteError> {
        let call = Call::read("GET /locations/{locationId}", &[&self.location]);
        let mut answer = self.call(lane, call).await?;
        if answer.status == 401 && !refuses_key(401, &answer.body) {
            // Without the scope of locations, its id stands for its name, and no zone is known.
            answer.body = json!({"location": {"name": &*self.location}})
                .to_string()
                .into();
        } else {
            answer = self.checked(Kind::Contact, answer)?;
        }
        let location = self.client.parse::<LocationAnswer<'_>>(&answer)?.location;
        let users = match self.users(lane, location.company_id.text()).await {
            // Without the scope of users, they stand by their ids.
            Err(RemoteError::Forbidden { .. }) => vec![],
            users => users?,
        };
        let custom_fields = Self::optional(self.custom_fields(lane).await)?;
        let calendars = Self::optional(self.calendars(lane).await)?;
        Ok(Setup {
            name: location.name.text().to_owned(),
            country: location.country.text().to_owned(),
            time_zone: location.timezone.text().to_owned(),
            users,
            capabilities: vec![],
            custom_fields,
            calendars,
            burst_limit: self.client.status().burst.limit,
        })
    }

    /// What a token may lack the scope for, or a server the call: without it, there is none of it.
    fn optional<T>(read: Result<Vec<T>, RemoteError>) -> Result<Vec<T>, RemoteError> {
        match read {
            Err(
                RemoteError::Forbidden { operation, .. } | RemoteError::Refused { operation, .. },
            ) => {
                tracing::warn!(side = "ghl", operation, "not available to this token");
                Ok(vec![])
            }
            read => read,
        }
    }

    async fn custom_fields(&self, lane: Lane) -> Result<Vec<CustomField>, RemoteError> {
        let call = Call::read(
            "GET /locations/{locationId}/customFields",
            &[&self.location],
        )
        .query("model", "contact");
        let answer = self.ok(lane, Kind::Contact, call).await?;
        let fields = self
            .client
            .parse::<CustomFields<'_>>(&answer)?
            .custom_fields;
        let ours = fields
            .iter()
            .filter(|field| !field.id.text().is_empty() && field.model.text() != "opportunity");
        Ok(ours
            .map(|field| CustomField {
                id: field.id.text().to_owned(),
                key: field
                    .field_key
                    .text()
                    .trim_start_matches("contact.")
                    .to_owned(),
                name: field.name.text().to_owned(),
                data_type: field.data_type.text().to_owned(),
                options: field.picklist_options.texts().map(str::to_owned).collect(),
            })
            .filter(|field| !field.key.is_empty())
            .collect())
    }

    async fn calendars(&self, lane: Lane) -> Result<Vec<Calendar>, RemoteError> {
        let call = Call::read("GET /calendars/", &[])
            .query("locationId", &*self.location)
            .header(VERSION, VERSION_CALENDARS);
        let answer = self.ok(lane, Kind::Appointment, call).await?;
        let calendars = self.client.parse::<Calendars<'_>>(&answer)?.calendars;
        let calendar = |calendar: &super::wire::Calendar<'_>| Calendar {
            id: calendar.id.text().to_owned(),
            name: calendar.name.text().to_owned(),
        };
        Ok(calendars.iter().map(calendar).collect())
    }

    async fn users(&self, lane: Lane, company: &str) -> Result<Vec<User>, RemoteError> {
        if company.is_empty() {
            return self.users_by_location(lane).await;
        }
        let mut users = vec![];
        loop {
            let call = Call::read("GET /users/search", &[])
                .query("companyId", company)
                .query("locationId", &*self.location)
                .query("limit", SKIP_ROWS.to_string())
                .query("skip", users.len().to_string());
            let answer = self.call(lane, call).await?;
            if !answer.is_ok() {
                return match fault(&self.client, Kind::Contact, &answer) {
                    RemoteError::Unauthorised { side, said } => {
                        Err(RemoteError::Unauthorised { side, said })
                    }
                    _ => self.users_by_location(lane).await,
                };
            }
            let page = self.read_users(&answer)?;
            let is_last = page.len() < SKIP_ROWS;
            users.extend(page);
            if is_last {
                return Ok(users);
            }
        }
    }

    /// The deprecated list, for tokens that may not search the company.
    async fn users_by_location(&self, lane: Lane) -> Result<Vec<User>, RemoteError> {
        let call = Call::read("GET /users/", &[]).query("locationId", &*self.location);
        let answer = self.ok(lane, Kind::Contact, call).await?;
        self.read_users(&answer)
    }

    fn read_users(&self, answer: &Answer) -> Result<Vec<User>, RemoteError> {
        let users = self.client.parse::<Users<'_>>(answer)?.users;
        let user = |user: &super::wire::User<'_>| User {
            id: user.id.text().to_owned(),
            email: user.email.text().trim().to_lowercase(),
            name: match user.name.text() {
                "" => [user.first_name.text(), user.last_name.text()].join(" "),
                name => name.to_owned(),
            },
        };
        Ok(users.iter().map(user).collect())
    }

    pub(super) async fn read_page(
        &self,
        lane: Lane,
        request: &PageRequest,
    ) -> Result<Page, RemoteError> {
        match request.kind {
            Kind::Contact => self.contacts(lane, request).await,
            Kind::Task => {
                let skip = self.skip("POST /locations/{locationId}/tasks/search", request)?;
                let mut body = json!({ "limit": SKIP_ROWS, "skip": skip });
                if request.read == Read::Open {
                    body["completed"] = json!(false);
                }
                let call = Call::read(
                    "POST /locations/{locationId}/tasks/search",
                    &[&self.location],
                );
                let answer = self.ok(lane, Kind::Task, call.json(&body)).await?;
                let mut page = self.skip_page(&answer, Kind::Task, skip)?;
                if let Read::Since(since) = request.read {
                    // The search has no filter by date. A row without one may have changed.
                    page.rows
                        .retain(|row| row.snapshot.updated_at.is_none_or(|at| at >= since));
                }
                Ok(page)
            }
            Kind::Business => {
                let skip = self.skip("GET /businesses/", request)?;
                let call = Call::read("GET /businesses/", &[])
                    .query("locationId", &*self.location)
                    .query("limit", SKIP_ROWS.to_string())
                    .query("skip", skip.to_string());
                let answer = self.ok(lane, Kind::Business, call).await?;
                self.skip_page(&answer, Kind::Business, skip)
            }
            kind @ (Kind::Note | Kind::Appointment) => Err(self.no_such_call(kind, "list")),
        }
    }

    /// The contacts of a business: an edit of that need not touch the contact.
    ///
    /// `GET /contacts/business/{businessId}`: scope `contacts.readonly`, 200, 400, 401, 422; source: contacts.json.
    async fn members(&self, lane: Lane, business: &RecordId) -> Result<Vec<Snapshot>, RemoteError> {
        let mut all: Vec<Snapshot> = vec![];
        loop {
            let call = Call::read("GET /contacts/business/{businessId}", &[business.as_str()])
                .query("locationId", &*self.location)
                .query("limit", SKIP_ROWS.to_string())
                .query("skip", all.len().to_string());
            let answer = self.ok(lane, Kind::Contact, call).await?;
            let (seen, _) = self.many(&answer, Kind::Contact, None)?;
            self.all_known(&answer, &seen)?;
            let is_last = seen.len() < SKIP_ROWS;
            all.extend(seen.into_iter().map(|seen| seen.row.snapshot));
            if is_last {
                return Ok(all);
            }
        }
    }

    pub(super) async fn search(
        &self,
        lane: Lane,
        request: &PageRequest,
    ) -> Result<Page, RemoteError> {
        const OPERATION: &str = "POST /contacts/search";
        let rows = match request.read {
            Read::Since(since) if since.0 > 0 => SINCE_ROWS,
            _ => ALL_ROWS,
        };
        let mut body = json!({ "locationId": &*self.location, "pageLimit": rows });
        let sort = match request.read {
            Read::Since(since) => {
                body["filters"] = since_filter(since);
                "dateUpdated"
            }
            Read::All | Read::Open => "dateAdded",
        };
        body["sort"] = json!([{ "field": sort, "direction": "asc" }]);
        if let Some(after) = &request.after {
            body["searchAfter"] = serde_json::from_str(after).map_err(|_| {
                self.client
                    .malformed(OPERATION, "a cursor that is no JSON", false)
            })?;
        }
        let call = Call::read(OPERATION, &[]).json(&body);
        let answer = self.ok(lane, Kind::Contact, call).await?;
        let (seen, total) = self.many(&answer, Kind::Contact, None)?;
        let next = if seen.len() < rows {
            None
        } else {
            // A full page without a way on must not look like the end.
            let cursor = seen.last().and_then(|last| last.cursor.clone());
            Some(
                cursor
                    .ok_or_else(|| self.client.unread(&answer, &"a row without `searchAfter`"))?,
            )
        };
        Ok(Page {
            rows: seen.into_iter().map(|seen| seen.row).collect(),
            next: next.map(String::from),
            total,
        })
    }

    fn skip(&self, operation: &str, request: &PageRequest) -> Result<usize, RemoteError> {
        let after = request.after.as_deref().unwrap_or("0");
        after.parse().map_err(|_| {
            self.client
                .malformed(operation, "a cursor that is no number", false)
        })
    }

    fn skip_page(&self, answer: &Answer, kind: Kind, skip: usize) -> Result<Page, RemoteError> {
        let (seen, total) = self.many(answer, kind, None)?;
        let next = (seen.len() >= SKIP_ROWS).then(|| (skip + seen.len()).to_string());
        Ok(Page {
            rows: seen.into_iter().map(|seen| seen.row).collect(),
            next,
            total,
        })
    }

    pub(super) async fn read_children(
        &self,
        lane: Lane,
        kind: Kind,
        parent: &RecordId,
    ) -> Result<Option<Vec<Snapshot>>, RemoteError> {
        if kind == Kind::Contact {
            return self.members(lane, parent).await.map(Some);
        }
        let operation = match kind {
            Kind::Task => "GET /contacts/{contactId}/tasks",
            Kind::Note => "GET /contacts/{contactId}/notes",
            Kind::Appointment => "GET /contacts/{contactId}/appointments",
            Kind::Contact | Kind::Business => return Err(self.no_such_call(kind, "children")),
        };
        let answer = self
            .call(lane, Call::read(operation, &[parent.as_str()]))
            .await?;
        if is_missing(&answer) {
            return Ok(None);
        }
        let answer = self.checked(kind, answer)?;
        let (seen, _) = self.many(&answer, kind, Some(parent))?;
        self.all_known(&answer, &seen)?;
        Ok(Some(
            seen.into_iter().map(|seen| seen.row.snapshot).collect(),
        ))
    }

    pub(super) async fn read_one(
        &self,
        lane: Lane,
        kind: Kind,
        parent: Option<&RecordId>,
        id: &RecordId,
    ) -> Result<Found, RemoteError> {
        let call = match (kind, parent) {
            (Kind::Contact, _) => Call::read("GET /contacts/{contactId}", &[id.as_str()]),
            (Kind::Business, _) => Call::read("GET /businesses/{businessId}", &[id.as_str()]),
            (Kind::Task, Some(parent)) => Call::read(
                "GET /contacts/{contactId}/tasks/{taskId}",
                &[parent.as_str(), id.as_str()],
            ),
            (Kind::Note, Some(parent)) => Call::read(
                "GET /contacts/{contactId}/notes/{id}",
                &[parent.as_str(), id.as_str()],
            ),
            (Kind::Appointment, Some(parent)) => {
                // The contact's list, so that an appointment always comes in one shape.
                let all = self.read_children(lane, kind, parent).await?;
                let mut all = all.unwrap_or_default().into_iter();
                let found = all.find(|snapshot| snapshot.id == *id);
                return Ok(found.map_or(Found::Missing, Found::Live));
            }
            (Kind::Appointment, None) => Call::read(
                "GET /calendars/events/appointments/{eventId}",
                &[id.as_str()],
            )
            .header(VERSION, VERSION_CALENDARS),
            (Kind::Task | Kind::Note, None) => {
                return Err(self.no_such_call(kind, "read without its contact"));
            }
        };
        let answer = self.call(lane, call).await?;
        if is_missing(&answer) {
            return Ok(Found::Missing);
        }
        let answer = self.checked(kind, answer)?;
        let seen = self.one(&answer, kind, parent)?;
        Ok(if seen.deleted {
            Found::Missing
        } else {
            Found::Live(seen.row.snapshot)
        })
    }

    pub(super) async fn read_holders(
        &self,
        lane: Lane,
        email: Option<&str>,
        phone: Option<&str>,
    ) -> Result<Vec<Snapshot>, RemoteError> {
        let mut holders: Vec<Snapshot> = vec![];
        for (name, value) in [("email", email), ("number", phone)] {
            let Some(value) = value.filter(|value| !value.is_empty()) else {
                continue;
            };
            let call = Call::read("GET /contacts/search/duplicate", &[])
                .query("locationId", &*self.location)
                .query(name, value);
            let answer = self.ok(lane, Kind::Contact, call).await?;
            let one = self.client.parse::<One<'_>>(&answer)?.of(Kind::Contact);
            let Some(raw) = one.filter(|raw| *raw != "null") else {
                continue;
            };
            let seen = self.seen(&answer, Kind::Contact, None, raw)?;
            let id = seen.row.snapshot.id;
            if holders.iter().any(|holder| holder.id == id) {
                continue;
            }
            // The search may show less than the record has.
            if let Found::Live(holder) = self.read_one(lane, Kind::Contact, None, &id).await? {
                holders.push(holder);
            }
        }
        Ok(holders)
    }

    /// The record of an answer.
    pub(super) fn one(
        &self,
        answer: &Answer,
        kind: Kind,
        parent: Option<&RecordId>,
    ) -> Result<Seen, RemoteError> {
        let raw = self.client.parse::<One<'_>>(answer)?.of(kind);
        let raw = raw.ok_or_else(|| self.client.unread(answer, &"an answer without a record"))?;
        let seen = self.seen(answer, kind, parent, raw)?;
        self.all_known(answer, std::slice::from_ref(&seen))?;
        Ok(seen)
    }

    /// Records that are taken as they are must have a value, or none, in every field: what is neither must not pass
    /// for empty.
    fn all_known(&self, answer: &Answer, seen: &[Seen]) -> Result<(), RemoteError> {
        match seen.iter().find_map(|seen| seen.odd.as_ref()) {
            Some(odd) => Err(self.client.no_value(answer, odd)),
            None => Ok(()),
        }
    }

    pub(super) fn many(
        &self,
        answer: &Answer,
        kind: Kind,
        parent: Option<&RecordId>,
    ) -> Result<(Vec<Seen>, Option<u64>), RemoteError> {
        let many = self.client.parse::<Many<'_>>(answer)?;
        let total = many.total();
        let rows = many
            .of(kind)
            .ok_or_else(|| self.client.unread(answer, &"an answer without a list"))?;
        let known = self.knowledge.now();
        let seen = rows
            .into_iter()
            .map(|raw| map::read(&self.knowledge, &known, kind, parent, raw.get()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| self.client.unread(answer, &error))?;
        Ok((seen, total))
    }

    fn seen(
        &self,
        answer: &Answer,
        kind: Kind,
        parent: Option<&RecordId>,
        raw: &str,
    ) -> Result<Seen, RemoteError> {
        map::read(&self.knowledge, &self.knowledge.now(), kind, parent, raw)
            .map_err(|error| self.client.unread(answer, &error))
    }
}

/// Changed at or after a moment of the server's clock.
fn since_filter(since: Millis) -> Json {
    json!([{ "field": "dateUpdated", "operator": "range", "value": { "gte": since.to_string() } }])
}
