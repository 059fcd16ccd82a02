//! GHL's events as the facts have them (section e, S28): which change fires which, and what little is in each.

use serde_json::{Value, json};

use crate::model::{Kind, Side};
use crate::sandbox::{
    event::{Event, Moved, Op},
    place,
    record::{Body, text},
    world::World,
};

const CONTACT: &[&str] = &[
    "id",
    "address1",
    "city",
    "companyName",
    "country",
    "source",
    "dateAdded",
    "dateOfBirth",
    "dnd",
    "email",
    "name",
    "firstName",
    "lastName",
    "phone",
    "postalCode",
    "state",
    "tags",
    "website",
    "assignedTo",
    "customFields",
];
const TASK: &[&str] = &[
    "id",
    "assignedTo",
    "body",
    "contactId",
    "title",
    "dateAdded",
    "dueDate",
];
const NOTE: &[&str] = &["id", "body", "contactId", "dateAdded"];
const APPOINTMENT: &[&str] = &[
    "id",
    "address",
    "title",
    "calendarId",
    "contactId",
    "groupId",
    "appointmentStatus",
    "assignedUserId",
    "users",
    "notes",
    "source",
    "startTime",
    "endTime",
    "dateAdded",
    "dateUpdated",
];

/// The bodies that a change fires, without what stands on all of them. `body` is the record after the change, or
/// before its delete.
pub fn bodies(world: &World, event: &Event, body: &Body) -> Vec<Body> {
    let names = types(event);
    names
        .into_iter()
        .map(|name| {
            let mut sent = Body::from_iter([("type".into(), name.into())]);
            match event.kind {
                Kind::Appointment => {
                    let mut inner = pick(body, APPOINTMENT);
                    for key in ["startTime", "endTime"] {
                        if let Some(at) = text(&inner, key).and_then(with_offset) {
                            inner.insert(key.into(), at.into());
                        }
                    }
                    sent.insert("appointment".into(), inner.into());
                }
                Kind::Task => sent.extend(pick(body, TASK)),
                Kind::Note => sent.extend(pick(body, NOTE)),
                _ => sent.extend(pick(body, CONTACT)),
            }
            if name == "ContactDndUpdate"
                && let Some(settings) = body.get("dndSettings")
            {
                sent.insert("dndSettings".into(), settings.clone());
            }
            if name == "TaskCreate" && world.switches.task_create_is_sparse {
                sent.shift_remove("contactId");
                sent.shift_remove("body");
            }
            sent
        })
        .collect()
}

/// What stands on every webhook.
pub fn envelope(mut sent: Body, location: &str, app: &str, id: &str, at: &str) -> Value {
    for (name, value) in [
        ("locationId", location),
        ("appId", app),
        ("versionId", app),
        ("webhookId", id),
        ("timestamp", at),
    ] {
        sent.entry(name).or_insert_with(|| json!(value));
    }
    sent.into()
}

fn types(event: &Event) -> Vec<&'static str> {
    let is_nothing = |value: &Value| value.is_null() || *value == json!([]);
    let news = |moved: &&Moved| !(is_nothing(&moved.from) && is_nothing(&moved.to));
    let moved = |is: &dyn Fn(&str) -> bool| {
        let mut fields = event.fields.iter().filter(news);
        fields.any(|moved| is(&moved.field))
    };
    match (event.kind, event.op) {
        (Kind::Contact, Op::Create | Op::Restore) => vec!["ContactCreate"],
        (Kind::Contact, Op::Delete) => vec!["ContactDelete"],
        (Kind::Contact, Op::Update) => {
            let is_dnd = |field: &str| field == "dnd" || field.starts_with("dndSettings");
            // a change of inbound DND fires nothing
            let is_other = |field: &str| {
                field != "tags" && !is_dnd(field) && !field.starts_with("inboundDndSettings")
            };
            let all = [
                (moved(&is_other), "ContactUpdate"),
                (moved(&|field| field == "tags"), "ContactTagUpdate"),
                (moved(&is_dnd), "ContactDndUpdate"),
            ];
            let fired = all.into_iter().filter(|(fires, _)| *fires);
            fired.map(|(_, name)| name).collect()
        }
        (Kind::Task, Op::Create | Op::Restore) => vec!["TaskCreate"],
        (Kind::Task, Op::Delete) => vec!["TaskDelete"],
        // no event for any other edit of a task
        (Kind::Task, Op::Update) => {
            let is_done = event
                .fields
                .iter()
                .any(|moved| moved.field == "completed" && moved.to == true);
            is_done.then_some("TaskComplete").into_iter().collect()
        }
        (Kind::Note, Op::Create | Op::Restore) => vec!["NoteCreate"],
        (Kind::Note, Op::Delete) => vec!["NoteDelete"],
        // a note that moves with a merge is no news
        (Kind::Note, Op::Update) if moved(&|field| field != "contactId") => vec!["NoteUpdate"],
        (Kind::Appointment, Op::Create | Op::Restore) => vec!["AppointmentCreate"],
        (Kind::Appointment, Op::Update) => vec!["AppointmentUpdate"],
        (Kind::Appointment, Op::Delete) => vec!["AppointmentDelete"],
        (Kind::Note, Op::Update) | (Kind::Business, _) => Vec::new(),
    }
}

/// The keys that are set; a webhook leaves out the rest.
fn pick(body: &Body, keys: &[&str]) -> Body {
    let mut picked = Body::new();
    for key in keys {
        let value = match *key {
            "name" => {
                let names =
                    ["firstName", "lastName"].map(|name| text(body, name).unwrap_or_default());
                let full = names.join(" ").trim().to_owned();
                (!full.is_empty()).then(|| full.into())
            }
            key => body.get(key).cloned(),
        };
        if let Some(value) = value.filter(|value| !value.is_null()) {
            picked.insert((*key).to_owned(), value);
        }
    }
    picked
}

/// A time without a zone as the location's own, with its offset. What has one stays as it is.
fn with_offset(local: &str) -> Option<String> {
    let at: jiff::civil::DateTime = local.replace(' ', "T").parse().ok()?;
    if local.ends_with('Z') || local.len() > 19 {
        return None;
    }
    let zoned = at.in_tz(place::TIME_ZONE).ok()?;
    Some(zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
}

/// The record that an event is about: as it is now, or as it was when it was deleted.
pub fn subject<'a>(world: &'a World, event: &Event) -> Option<&'a Body> {
    let now = world.live(Side::Ghl, event.kind, &event.id);
    let grave = || world.graves.get(&(event.kind, event.id.clone()));
    now.or_else(grave).map(|body| &**body)
}
