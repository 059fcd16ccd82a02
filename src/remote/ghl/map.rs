//! GHL's records to canonical ones (`facts/growbots.md` 7).

use crate::model::{FieldName, FieldType, Kind, Record, RecordId, Side, Snapshot, Value};
use crate::remote::{
    Row,
    known::{Knowledge, Known},
    scalar::Scalar,
};

use super::custom;
use super::wire::{Business, Child, Contact};

/// A record as read from JSON.
#[derive(Debug)]
pub struct Seen {
    /// The record, and whether each mapped key was there.
    pub row: Row,
    /// For a row of a search: where the next page starts, JSON.
    pub cursor: Option<Box<str>>,
    /// GHL marks it as deleted.
    pub deleted: bool,
    /// A field with something else than a value in it: what the record has there is not known.
    pub odd: Option<FieldName>,
}

/// Reads one record; `parent` is for children whose JSON does not name their contact.
pub fn read(
    knowledge: &Knowledge,
    known: &Known,
    kind: Kind,
    parent: Option<&RecordId>,
    raw: &str,
) -> Result<Seen, serde_json::Error> {
    let mut read = Reader {
        known,
        record: Record::default(),
        complete: true,
        odd: None,
    };
    let head = match kind {
        Kind::Contact => read.contact(&serde_json::from_str(raw)?),
        Kind::Task => read.task(&serde_json::from_str(raw)?),
        Kind::Note => read.note(&serde_json::from_str(raw)?),
        Kind::Appointment => read.appointment(&serde_json::from_str(raw)?),
        Kind::Business => read.business(&serde_json::from_str(raw)?),
    };
    let id = head.id.ok_or_else(|| missing("id"))?;
    Ok(Seen {
        row: Row {
            complete: read.complete && read.odd.is_none(),
            snapshot: Snapshot {
                side: Side::Ghl,
                kind,
                id,
                parent: head.parent.or_else(|| parent.cloned()),
                record: titled(kind, knowledge.normalise(known, kind, read.record)),
                raw: raw.into(),
                version: None,
                created_at: head.created_at,
                updated_at: head.updated_at,
                external_id: None,
            },
        },
        cursor: head.cursor,
        deleted: head.deleted,
        odd: read.odd,
    })
}

fn missing(key: &str) -> serde_json::Error {
    serde::de::Error::custom(format!("a record without `{key}`"))
}

/// What stands beside the fields.
#[derive(Default)]
struct Head {
    id: Option<RecordId>,
    parent: Option<RecordId>,
    created_at: Option<crate::model::Millis>,
    updated_at: Option<crate::model::Millis>,
    cursor: Option<Box<str>>,
    deleted: bool,
}

struct Reader<'a> {
    known: &'a Known,
    record: Record,
    complete: bool,
    odd: Option<FieldName>,
}

fn id_of(id: &Scalar<'_>, mongo_id: &Scalar<'_>) -> Option<RecordId> {
    [id, mongo_id]
        .into_iter()
        .map(Scalar::text)
        .find(|text| !text.is_empty())
        .map(RecordId::from)
}

impl Reader<'_> {
    /// Takes note of a field that is there or not, and of what is no value.
    fn met(&mut self, field: &FieldName, is_here: bool, is_odd: bool) {
        self.complete &= is_here;
        if is_odd {
            self.odd.get_or_insert_with(|| field.clone());
        }
    }

    fn put(&mut self, field: FieldName, scalar: &Scalar<'_>) {
        self.met(&field, scalar.is_here(), scalar.is_odd());
        let value = match field.ty() {
            FieldType::Time => {
                let at = self.known.moment(scalar.text());
                at.map(|at| Value::Time(at.to_second()))
            }
            ty => scalar.value(ty),
        };
        self.record.set(field, value);
    }

    fn put_user(&mut self, field: FieldName, scalar: &Scalar<'_>) {
        self.met(&field, scalar.is_here(), scalar.is_odd());
        self.record.set(field, self.known.user(scalar.text()));
    }

    fn contact(&mut self, wire: &Contact<'_>) -> Head {
        use FieldName as F;
        let street = if wire.address1.is_here() {
            &wire.address1
        } else {
            &wire.address
        };
        for (field, scalar) in [
            (F::FirstName, &wire.first_name),
            (F::LastName, &wire.last_name),
            (F::Email, &wire.email),
            (F::Phone, &wire.phone),
            (F::Company, &wire.company_name),
            (F::Website, &wire.website),
            (F::Street, street),
            (F::City, &wire.city),
            (F::Region, &wire.state),
            (F::PostalCode, &wire.postal_code),
            (F::Country, &wire.country),
            (F::TimeZone, &wire.timezone),
            (F::Source, &wire.source),
            (F::DoNotContact, &wire.dnd),
            (F::Business, &wire.business_id),
        ] {
            self.put(field, scalar);
        }
        self.put_user(F::Owner, &wire.assigned_to);
        self.met(&F::Tags, wire.tags.is_here, wire.tags.is_odd());
        self.record.set(F::Tags, wire.tags.value());
        match wire.custom_fields {
            Some(raw) => custom::read(&self.known.custom_fields, raw.get(), &mut self.record),
            None => self.complete &= self.known.custom_fields.is_empty(),
        }
        let created_at = wire.date_added.millis();
        Head {
            id: id_of(&wire.id, &wire.mongo_id),
            created_at,
            updated_at: wire.date_updated.millis().or(created_at),
            cursor: wire.search_after.map(|raw| raw.get().into()),
            deleted: wire.deleted.is_yes(),
            ..Head::default()
        }
    }

    fn child(&self, wire: &Child<'_>) -> Head {
        let parent = wire.contact_id.text();
        Head {
            id: id_of(&wire.id, &wire.mongo_id),
            parent: (!parent.is_empty()).then(|| parent.into()),
            created_at: self.known.moment(wire.date_added.text()),
            updated_at: self.known.moment(wire.date_updated.text()),
            ..Head::default()
        }
    }

    fn task(&mut self, wire: &Child<'_>) -> Head {
        use FieldName as F;
        self.put(F::Title, &wire.title);
        self.put(F::Body, &wire.body);
        self.put(F::DueAt, &wire.due_date);
        self.put(F::Completed, &wire.completed);
        self.put_user(F::Assignee, &wire.assigned_to);
        self.child(wire)
    }

    fn note(&mut self, wire: &Child<'_>) -> Head {
        use FieldName as F;
        self.put(F::Body, &wire.body);
        self.record.set(F::Title, Value::text(wire.title.text()));
        self.put_user(F::Author, &wire.user_id);
        self.put(F::Pinned, &wire.pinned);
        self.child(wire)
    }

    fn appointment(&mut self, wire: &Child<'_>) -> Head {
        use FieldName as F;
        self.put(F::Title, &wire.title);
        self.put(F::StartsAt, &wire.start_time);
        self.put(F::EndsAt, &wire.end_time);
        self.put(F::Location, &wire.address);
        self.put(F::Description, &wire.notes);
        let calendar = &wire.calendar_id;
        self.met(&F::Calendar, calendar.is_here(), calendar.is_odd());
        self.record
            .set(F::Calendar, self.known.calendar(wire.calendar_id.text()));
        self.put_user(F::Host, &wire.assigned_user_id);
        self.complete &= wire.appointment_status.is_here();
        self.record
            .set(F::Status, Value::text(meeting_status(wire.its_status())));
        self.child(wire)
    }

    fn business(&mut self, wire: &Business<'_>) -> Head {
        use FieldName as F;
        for (field, scalar) in [
            (F::Name, &wire.name),
            (F::Phone, &wire.phone),
            (F::Email, &wire.email),
            (F::Website, &wire.website),
            (F::Description, &wire.description),
            (F::Street, &wire.address),
            (F::City, &wire.city),
            (F::Region, &wire.state),
            (F::PostalCode, &wire.postal_code),
            (F::Country, &wire.country),
        ] {
            self.put(field, scalar);
        }
        Head {
            id: id_of(&wire.id, &wire.mongo_id),
            created_at: wire.created_at.millis(),
            updated_at: wire.updated_at.millis(),
            ..Head::default()
        }
    }
}

/// A note's title is its first line. The title is plain text where the body may be HTML, so each is made canonical
/// by itself.
fn titled(kind: Kind, mut record: Record) -> Record {
    if kind == Kind::Note
        && let Some(title) = record.get(&FieldName::Title).map(Value::to_string)
    {
        let lines = [&*title, record.text(&FieldName::Body)].join("\n");
        record.set(FieldName::Title, None);
        record.set(FieldName::Body, Value::text(lines.trim_end()));
    }
    record
}

/// The canonical status: that of a Growbots meeting. One that is not known is `scheduled`.
fn meeting_status(status: &str) -> &'static str {
    known_status(status).unwrap_or("scheduled")
}

/// `None` for a status that GHL does not document.
fn known_status(status: &str) -> Option<&'static str> {
    Some(match status.to_ascii_lowercase().as_str() {
        "" => "",
        "new" | "booked" | "active" | "scheduled" => "scheduled",
        "confirmed" => "confirmed",
        "showed" | "completed" => "completed",
        "cancelled" | "invalid" => "cancelled",
        "noshow" | "no_show" => "no_show",
        _ => return None,
    })
}

/// The status of an appointment of GHL that couplet does not know, as it stands there; it counts as `scheduled`.
pub fn unknown_status(appointment: &Snapshot) -> Option<String> {
    let is_one = appointment.side == Side::Ghl
        && appointment.kind == Kind::Appointment
        && appointment.record.text(&FieldName::Status) == "scheduled";
    if !is_one {
        return None;
    }
    let wire: Child<'_> = serde_json::from_str(&appointment.raw).ok()?;
    let status = wire.its_status();
    known_status(status)
        .is_none()
        .then(|| crate::text::clean(status).chars().take(40).collect())
}
