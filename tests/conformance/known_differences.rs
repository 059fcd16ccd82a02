//! Where the live service, and so the sandbox, is not as the vendor's files have it. Each with its source in
//! `facts/highlevel.md`. One that no longer occurs fails the test.

use crate::spec::Difference;

/// A difference between files and service; `*` is any.
#[derive(Debug)]
pub struct Known {
    operation: &'static str,
    part: &'static str,
    at: &'static str,
    rule: &'static str,
    /// Where the facts say so.
    #[expect(dead_code, reason = "shown by Debug when the difference is over")]
    source: &'static str,
}

impl Known {
    pub fn covers(&self, difference: &Difference) -> bool {
        [
            (self.operation, &difference.operation),
            (self.part, &difference.part),
            (self.at, &difference.at),
            (self.rule, &difference.rule),
        ]
        .iter()
        .all(|(known, found)| *known == "*" || known == found)
    }
}

const fn known(
    operation: &'static str,
    part: &'static str,
    at: &'static str,
    rule: &'static str,
    source: &'static str,
) -> Known {
    Known {
        operation,
        part,
        at,
        rule,
        source,
    }
}

pub const KNOWN: &[Known] = &[
    known(
        "*",
        "answer 403",
        "",
        "unlisted",
        "S4, f3: another location is a 403",
    ),
    known(
        "GET /contacts/{contactId}",
        "answer 429",
        "",
        "unlisted",
        "b, d: over the limit is a 429, on every row",
    ),
    known(
        "POST /contacts/bulk/business",
        "answer 401",
        "",
        "unlisted",
        "a: a bearer token on everything",
    ),
    known(
        "POST /contacts/bulk/tags/update/{type}",
        "answer 401",
        "",
        "unlisted",
        "a: a bearer token on everything",
    ),
    known(
        "POST /contacts/search",
        "answer 422",
        "",
        "unlisted",
        "b1: no locationId or pageLimit is a 422",
    ),
    known(
        "POST /contacts/bulk/tags/update/{type}",
        "answer 201",
        "/responses/*",
        "type",
        "b, row 38: objects, as in the file's own example",
    ),
    known(
        "POST /locations/{locationId}/tasks/search",
        "answer 200",
        "/tasks/*",
        "type",
        "c2: the file says lists without fields, clearly wrong",
    ),
    known(
        "GET /contacts/",
        "answer 200",
        "/contacts/*/customFields/*/value",
        "type",
        "c6: numbers and lists are values too",
    ),
    known(
        "GET /contacts/",
        "answer 200",
        "*",
        "type",
        "S16, c1: list rows may carry null",
    ),
    known(
        "GET /contacts/business/{businessId}",
        "answer 200",
        "*",
        "type",
        "S16, c1: list rows may carry null",
    ),
    known(
        "GET /calendars/events",
        "answer 200",
        "*",
        "type",
        "c4: times are ISO text with an offset, not objects",
    ),
    known(
        "GET /calendars/events/appointments/{eventId}",
        "answer 200",
        "*",
        "type",
        "c4: times are ISO text with an offset, not objects",
    ),
];

/// Operations of the files that the sandbox answers with the 404 of S1, and why; `*` stands for any method, and at
/// the end for any rest.
pub const NOT_SERVED: &[(&str, &str)] = &[
    ("* /oauth/*", "S25 has tests of its own"),
    ("POST /locations/", "for agencies"),
    ("PUT /locations/{locationId}", "for agencies"),
    ("DELETE /locations/{locationId}", "for agencies"),
    (
        "* /locations/{locationId}/recurring-tasks*",
        "not in section b",
    ),
    (
        "* /locations/{locationId}/customValues*",
        "not in section b",
    ),
    ("* /locations/{locationId}/templates*", "not in section b"),
    ("* /locations/{locationId}/timezones", "not in section b"),
    (
        "POST /locations/{locationId}/customFields/upload",
        "not in section b",
    ),
    ("POST /users/", "users are read only in section b"),
    ("PUT /users/{userId}", "users are read only in section b"),
    ("DELETE /users/{userId}", "users are read only in section b"),
    ("POST /calendars/", "calendars are read only in section b"),
    (
        "PUT /calendars/{calendarId}",
        "calendars are read only in section b",
    ),
    (
        "DELETE /calendars/{calendarId}",
        "calendars are read only in section b",
    ),
    ("* /calendars/{calendarId}/*", "not in section b"),
    (
        "POST /calendars/groups*",
        "calendars are read only in section b",
    ),
    (
        "PUT /calendars/groups*",
        "calendars are read only in section b",
    ),
    (
        "DELETE /calendars/groups*",
        "calendars are read only in section b",
    ),
    ("* /calendars/resources*", "not in section b"),
    ("* /calendars/schedules*", "not in section b"),
    ("* /calendars/appointments*", "not in section b"),
    ("* /calendars/events/block-slots*", "not in section b"),
    (
        "POST /calendars/events/appointments",
        "S22: appointments are made through the control API",
    ),
    (
        "PUT /calendars/events/appointments/{eventId}",
        "S22: appointments are made through the control API",
    ),
];

/// Whether the sandbox serves an operation of the files.
pub fn is_served(name: &str) -> bool {
    !NOT_SERVED.iter().any(|(pattern, _)| fits(pattern, name))
}

/// Whether a pattern of [`NOT_SERVED`] means an operation.
pub fn fits(pattern: &str, name: &str) -> bool {
    let (Some((wanted, pattern)), Some((method, path))) =
        (pattern.split_once(' '), name.split_once(' '))
    else {
        return false;
    };
    let fits_path = match pattern.strip_suffix('*') {
        Some(start) => path.starts_with(start),
        None => path == pattern,
    };
    (wanted == "*" || wanted == method) && fits_path
}
