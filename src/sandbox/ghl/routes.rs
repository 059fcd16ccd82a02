//! All operations, by method and path.

use super::{
    Ask, Refusal, bulk, businesses, calendars, children, contacts, fields, location, search, tags,
    upsert,
};
use crate::sandbox::{
    http::{Answer, Call, captures},
    world::World,
};

const R: &str = "contacts.readonly";
const W: &str = "contacts.write";
const USERS: &str = "users.readonly";
const FIELDS: &str = "locations/customFields.readonly";
const FIELDS_WRITE: &str = "locations/customFields.write";
const BUSINESSES: &str = "businesses.readonly";
const BUSINESSES_WRITE: &str = "businesses.write";
const CALENDARS: &str = "calendars.readonly";
const EVENTS: &str = "calendars/events.readonly";
const EVENTS_WRITE: &str = "calendars/events.write";
/// What the specs declare without a scope.
const ANY: &str = "";

type Run = fn(&mut World, &Ask) -> Result<Answer, Refusal>;

/// An operation: its name is method and path, and requests are counted under it.
#[derive(Debug)]
pub struct Route {
    pub name: &'static str,
    pub scope: &'static str,
    pub run: Run,
}

/// All operations. Of two that fit a path, the first is meant.
#[rustfmt::skip] // one row a route
const ROUTES: &[(&str, &str, Run)] = &[
    ("GET /contacts/", R, contacts::list),
    ("POST /contacts/", W, contacts::create),
    ("POST /contacts/search", R, search::contacts),
    ("GET /contacts/search/duplicate", R, contacts::duplicate),
    ("POST /contacts/upsert", W, upsert::upsert),
    ("POST /contacts/bulk/business", ANY, bulk::business),
    ("POST /contacts/bulk/tags/update/{type}", ANY, bulk::tags),
    ("GET /contacts/business/{businessId}", R, contacts::of_business),
    ("GET /contacts/{contactId}", R, contacts::get),
    ("PUT /contacts/{contactId}", W, contacts::update),
    ("DELETE /contacts/{contactId}", W, contacts::delete),
    ("GET /contacts/{contactId}/tasks", R, children::tasks),
    ("POST /contacts/{contactId}/tasks", W, children::create_task),
    ("GET /contacts/{contactId}/tasks/{taskId}", R, children::task),
    ("PUT /contacts/{contactId}/tasks/{taskId}", W, children::update_task),
    ("DELETE /contacts/{contactId}/tasks/{taskId}", W, children::delete_task),
    ("PUT /contacts/{contactId}/tasks/{taskId}/completed", W, children::complete_task),
    ("POST /contacts/{contactId}/tags", W, contacts::add_tags),
    ("DELETE /contacts/{contactId}/tags", W, contacts::remove_tags),
    ("GET /contacts/{contactId}/notes", R, children::notes),
    ("POST /contacts/{contactId}/notes", W, children::create_note),
    ("GET /contacts/{contactId}/notes/{id}", R, children::note),
    ("PUT /contacts/{contactId}/notes/{id}", W, children::update_note),
    ("DELETE /contacts/{contactId}/notes/{id}", W, children::delete_note),
    ("GET /contacts/{contactId}/appointments", R, children::appointments),
    ("POST /contacts/{contactId}/followers", W, bulk::add_followers),
    ("DELETE /contacts/{contactId}/followers", W, bulk::remove_followers),
    ("DELETE /contacts/{contactId}/campaigns/removeAll", W, bulk::leave_campaigns),
    ("POST /contacts/{contactId}/campaigns/{campaignId}", W, bulk::join_campaign),
    ("DELETE /contacts/{contactId}/campaigns/{campaignId}", W, bulk::leave_campaigns),
    ("POST /contacts/{contactId}/workflow/{workflowId}", W, bulk::join_workflow),
    ("DELETE /contacts/{contactId}/workflow/{workflowId}", W, bulk::leave_workflow),
    ("GET /locations/search", "locations.readonly", location::search),
    ("GET /locations/{locationId}", "locations.readonly", location::get),
    ("POST /locations/{locationId}/tasks/search", "locations/tasks.readonly", children::search_tasks),
    ("GET /locations/{locationId}/customFields", FIELDS, fields::list),
    ("POST /locations/{locationId}/customFields", FIELDS_WRITE, fields::create),
    ("GET /locations/{locationId}/customFields/{id}", FIELDS, fields::get),
    ("PUT /locations/{locationId}/customFields/{id}", FIELDS_WRITE, fields::update),
    ("DELETE /locations/{locationId}/customFields/{id}", FIELDS_WRITE, fields::delete),
    ("GET /locations/{locationId}/tags", "locations/tags.readonly", tags::list),
    ("POST /locations/{locationId}/tags", "locations/tags.write", tags::create),
    ("GET /locations/{locationId}/tags/{tagId}", "locations/tags.readonly", tags::get),
    ("PUT /locations/{locationId}/tags/{tagId}", "locations/tags.write", tags::rename),
    ("DELETE /locations/{locationId}/tags/{tagId}", "locations/tags.write", tags::delete),
    ("GET /users/search", USERS, location::search_users),
    ("POST /users/search/filter-by-email", USERS, location::users_by_email),
    ("GET /users/{userId}", USERS, location::user),
    ("GET /users/", USERS, location::users),
    ("GET /businesses/", BUSINESSES, businesses::list),
    ("POST /businesses/", BUSINESSES_WRITE, businesses::create),
    ("GET /businesses/{businessId}", BUSINESSES, businesses::get),
    ("PUT /businesses/{businessId}", BUSINESSES_WRITE, businesses::update),
    ("DELETE /businesses/{businessId}", BUSINESSES_WRITE, businesses::delete),
    ("GET /calendars/", CALENDARS, calendars::list),
    ("GET /calendars/groups", CALENDARS, calendars::groups),
    ("GET /calendars/blocked-slots", EVENTS, calendars::blocked),
    ("GET /calendars/events", EVENTS, calendars::events),
    ("GET /calendars/events/appointments/{eventId}", EVENTS, calendars::event),
    ("DELETE /calendars/events/{eventId}", EVENTS_WRITE, calendars::delete_event),
    ("GET /calendars/{calendarId}", CALENDARS, calendars::get),
];

/// Whose route a request is, with the ids of its path.
pub fn find(call: &Call) -> Option<(Route, Vec<String>)> {
    ROUTES.iter().find_map(|&(name, scope, run)| {
        let (method, pattern) = name.split_once(' ')?;
        (method == call.method.as_str()).then_some(())?;
        Some((Route { name, scope, run }, captures(pattern, &call.path)?))
    })
}
