//! GHL records as each route shows them. What is stored has only the fields that are set.

use serde_json::{Value, json};

use crate::sandbox::{
    place::Place,
    record::{Body, moment, text},
};

const CONTACT_KEYS: [&str; 28] = [
    "id",
    "locationId",
    "firstName",
    "lastName",
    "firstNameLowerCase",
    "lastNameLowerCase",
    "fullNameLowerCase",
    "email",
    "emailLowerCase",
    "phone",
    "type",
    "companyName",
    "address1",
    "city",
    "state",
    "postalCode",
    "country",
    "website",
    "timezone",
    "source",
    "assignedTo",
    "businessId",
    "dateOfBirth",
    "gender",
    "dnd",
    "dndSettings",
    "inboundDndSettings",
    "followers",
];
const SEARCH_KEYS: [&str; 16] = [
    "id",
    "locationId",
    "firstNameLowerCase",
    "lastNameLowerCase",
    "email",
    "phone",
    "companyName",
    "address",
    "city",
    "state",
    "postalCode",
    "country",
    "website",
    "source",
    "assignedTo",
    "timezone",
];
const TASK_KEYS: [&str; 7] = [
    "id",
    "title",
    "body",
    "assignedTo",
    "dueDate",
    "completed",
    "contactId",
];

/// The value of a contact's key, also of those that GHL derives from others.
pub fn value_of(contact: &Body, key: &str) -> Value {
    let lower = |name: &str| text(contact, name).map(str::to_lowercase);
    match key {
        "firstNameLowerCase" => lower("firstName").into(),
        "lastNameLowerCase" => lower("lastName").into(),
        "emailLowerCase" => lower("email").into(),
        "fullNameLowerCase" | "contactName" => {
            let full = full_name(contact).to_lowercase();
            (!full.is_empty()).then_some(full).into()
        }
        "address" => text(contact, "address1").into(),
        "validEmail" => text(contact, "email").map(|_| true).into(),
        "businessName" => text(contact, "companyName").into(),
        _ => contact.get(key).cloned().unwrap_or_default(),
    }
}

/// First and last name with a space, or what there is of it.
pub fn full_name(contact: &Body) -> String {
    let names = ["firstName", "lastName"].map(|name| text(contact, name).unwrap_or_default());
    names.join(" ").trim().to_owned()
}

/// A contact as a read by id and the answers to writes show it: what is not set is left out.
pub fn contact(body: &Body) -> Value {
    let mut shown = Body::new();
    for key in CONTACT_KEYS {
        let value = value_of(body, key);
        if !value.is_null() {
            shown.insert(key.into(), value);
        }
    }
    shown.insert("tags".into(), list(body, "tags"));
    shown.insert("customFields".into(), list(body, "customFields"));
    for key in [
        "additionalEmails",
        "additionalPhones",
        "dateAdded",
        "dateUpdated",
    ] {
        if let Some(value) = body.get(key) {
            shown.insert(key.into(), value.clone());
        }
    }
    shown.into()
}

/// A contact as a search or list row. A full row has the key of every field; else only those of the documented
/// example. What is not set is null.
pub fn contact_row(body: &Body, full: bool) -> Body {
    let mut row = Body::new();
    if full {
        for key in CONTACT_KEYS
            .into_iter()
            .chain(["contactName", "address", "businessName"])
        {
            row.insert(key.into(), value_of(body, key));
        }
    } else {
        for key in SEARCH_KEYS {
            row.insert(key.into(), value_of(body, key));
        }
        row.insert("email".into(), value_of(body, "emailLowerCase"));
    }
    row.insert("phoneLabel".into(), Value::Null);
    for key in [
        "tags",
        "customFields",
        "additionalEmails",
        "additionalPhones",
    ] {
        row.insert(key.into(), list(body, key));
    }
    for key in ["dateAdded", "dateUpdated"] {
        row.insert(key.into(), value_of(body, key));
    }
    row
}

fn list(body: &Body, key: &str) -> Value {
    body.get(key).cloned().unwrap_or_else(|| json!([]))
}

fn pick(body: &Body, keys: &[&str]) -> Value {
    let set = keys
        .iter()
        .filter_map(|key| Some(((*key).to_owned(), body.get(*key)?.clone())));
    set.collect::<Body>().into()
}

/// A task as the contact's routes show it: seven fields, no times.
pub fn task(body: &Body) -> Value {
    pick(body, &TASK_KEYS)
}

/// A task as the location's search shows it: `_id` and times; `full` rows carry null where a field is not set.
pub fn task_row(body: &Body, full: bool) -> Body {
    let mut row = Body::new();
    row.insert("_id".into(), value_of(body, "id"));
    for key in &TASK_KEYS[1..] {
        if full || body.contains_key(*key) {
            row.insert((*key).into(), value_of(body, key));
        }
    }
    row.insert("dateAdded".into(), value_of(body, "dateAdded"));
    row.insert("dateUpdated".into(), value_of(body, "dateUpdated"));
    row
}

/// A note: no time of its last change.
pub fn note(body: &Body) -> Value {
    pick(
        body,
        &[
            "id",
            "body",
            "userId",
            "contactId",
            "title",
            "color",
            "pinned",
            "dateAdded",
        ],
    )
}

/// An appointment, its times without a zone.
pub fn appointment(body: &Body) -> Value {
    let mut shown = body.clone();
    for key in ["dateAdded", "dateUpdated"] {
        let at = moment(body, key).to_string();
        shown.insert(key.into(), at[..19].replace('T', " ").into());
    }
    shown.into()
}

/// A business.
pub fn business(body: &Body) -> Value {
    body.clone().into()
}

/// The location.
pub fn location(place: &Place, allow_duplicates: bool) -> Value {
    json!({
        "id": place.location_id, "companyId": place.company_id, "name": "Harbour Street Agency",
        "email": "office@agency.example.com", "phone": "+12125550142", "address": "14 Harbour Street",
        "city": "New York", "state": "NY", "postalCode": "10004", "website": "https://agency.example.com",
        "country": crate::sandbox::place::COUNTRY, "timezone": crate::sandbox::place::TIME_ZONE,
        "settings": {
            "allowDuplicateContact": allow_duplicates, "allowDuplicateOpportunity": false,
            "allowFacebookNameMerge": false, "disableContactTimezone": false,
        },
    })
}
