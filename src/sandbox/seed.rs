//! The seeded world of N people: eight of ten on both sides, one of ten on each side only. Same seed and same start,
//! same world.

use fastrand::Rng;
use serde_json::{Value, json};

use super::{
    growbots, ids,
    layout::is_on,
    origin::{Origin, Stamp},
    people::{APPOINTMENTS, COUNTRIES, FIRMS, NOTES, TASKS},
    person::{Person, any},
    place::Place,
    record::{Body, into_body},
    world::World,
};
use crate::{
    clock::Clock,
    model::{Kind, Millis, Side},
};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

// what randomness is for, so that a task does not move when a person gets another field
const PERSON: u32 = 0;
const LEAD: u32 = 1;
const NOTE: u32 = 2;
const APPOINTMENT: u32 = 3;
const TASK: u32 = 16;

/// A world of `contacts` people at the clock's now.
pub fn world(seed: u64, contacts: u32, clock: Clock) -> World {
    let mut rng = Rng::with_seed(seed);
    let place = Place::new(&mut rng);
    let mut businesses = Vec::new();
    let start = clock.now();
    for (name, domain) in FIRMS.iter().take(contacts as usize / 20 + 2) {
        businesses.push(business(&mut rng, start, &place, name, domain));
    }
    let ids = businesses
        .iter()
        .map(|(_, body)| body["id"].as_str().unwrap_or_default().to_owned());
    let origin = Origin::new(seed, contacts, start, place.clone(), ids.collect());
    let mut world = World::new(origin, place, rng, clock);
    for (at, body) in &businesses {
        world.seed_record(Side::Ghl, Kind::Business, *at, body);
    }
    world
}

fn business(
    rng: &mut Rng,
    start: Millis,
    place: &Place,
    name: &str,
    domain: &str,
) -> (Millis, Body) {
    let age = rng.i64(2 * DAY_MS..240 * DAY_MS);
    let added = start.plus(-age);
    let updated = added.plus(rng.i64(0..age - HOUR_MS));
    let country = any(rng, &COUNTRIES);
    let (city, region, postal_code) = any(rng, country.cities);
    let body = json!({
        "id": ids::hex(rng, 24), "name": name, "locationId": place.location_id,
        "email": format!("office@{domain}.example.com"), "website": format!("https://{domain}.example.com"),
        "city": city, "state": region, "postalCode": postal_code, "country": country.code,
        "createdAt": added.to_string(), "updatedAt": updated.to_string(),
    });
    (updated, into_body(body))
}

/// The bodies of the seed.
impl Origin {
    /// A record as it is until somebody writes it.
    pub fn body(&self, side: Side, kind: Kind, ordinal: u32) -> Body {
        let id = self.id(side, kind, ordinal);
        let spot = self.spot(side, kind, ordinal);
        let updated = self.time(side, kind, Stamp::Updated, ordinal);
        let (mut body, version) = match (side, kind) {
            (Side::Ghl, Kind::Contact) => (self.contact(spot.person, &id), 0),
            (Side::Growbots, Kind::Contact) => self.lead(spot.person),
            (_, Kind::Task) => (self.task(side, spot.person, spot.nth, updated), 1),
            (_, Kind::Note) => (self.note(side, spot.person), 1),
            (_, Kind::Appointment | Kind::Business) => (self.appointment(spot.person), 1),
        };
        if side == Side::Growbots {
            let mut whole =
                Body::from_iter([("id".into(), json!(id)), ("version".into(), json!(version))]);
            whole.extend(growbots::blank(kind));
            whole.extend(body);
            body = whole;
        } else {
            body.insert("id".into(), id.into());
        }
        if kind.is_child() {
            let parent = self.contact_of(side, spot.person);
            let name = if side == Side::Ghl {
                "contactId"
            } else {
                "lead_id"
            };
            body.insert(name.into(), parent.into());
        }
        for stamp in Stamp::BOTH {
            let at = self.time(side, kind, stamp, ordinal);
            body.insert(stamp.field(side, kind).into(), at.to_string().into());
        }
        if side == Side::Growbots {
            body.insert("deleted_at".into(), Value::Null);
        }
        body
    }

    fn rng(&self, person: u32, purpose: u32) -> Rng {
        Rng::with_seed(self.seed_for(person, purpose))
    }

    fn person(&self, person: u32) -> Person {
        let mut rng = self.rng(person, PERSON);
        // from 1: an e-mail does not end in 0
        Person::made_up(&mut rng, person.wrapping_add(1), self.place.users.len())
    }

    fn contact(&self, person: u32, id: &str) -> Body {
        let mut body = self.person(person).contact(&self.place, id);
        if let Some(business) = self.business_of(person) {
            body.insert("businessId".into(), business.into());
        }
        body
    }

    /// A lead with its version.
    fn lead(&self, person: u32) -> (Body, u64) {
        let mut rng = self.rng(person, LEAD);
        let mut theirs = self.person(person);
        let mut external = None;
        if is_on(Side::Ghl, person) {
            let pair = person / 10 * 8 + person % 10;
            if pair.is_multiple_of(2) {
                external = self.contact_of(Side::Ghl, person);
            }
            if pair % 33 == 17 {
                differ(&mut rng, &mut theirs);
            }
        } else if person / 10 % 6 == 5 {
            // as in one office: the phone of the lead without a twin before this one
            let neighbour = self.person(person - 10);
            if !neighbour.phone.is_empty() {
                theirs.phone = neighbour.phone;
            }
        }
        written_their_way(&mut rng, &mut theirs);
        let version = rng.u64(1..9);
        let fields = theirs.lead(&self.place, external.as_deref());
        (into_body(fields), version)
    }

    fn task(&self, side: Side, person: u32, nth: u32, updated: Millis) -> Body {
        let mut rng = self.rng(person, TASK + nth);
        let due =
            Millis(self.midnight() + rng.i64(-12..30) * DAY_MS + rng.i64(16..44) * HOUR_MS / 2);
        let title = any(&mut rng, &TASKS);
        let text = (rng.u8(..3) == 0).then(|| *any(&mut rng, &NOTES));
        let completed = rng.u8(..5) == 0;
        let assignee = (rng.u8(..3) > 0).then(|| rng.usize(..self.place.users.len()));
        let user = assignee.map(|at| self.place.users[at].ids.get(side));
        let due = due.to_string();
        if side == Side::Growbots {
            return into_body(json!({
                "title": title, "body": text, "due_at": due, "completed": completed,
                "completed_at": completed.then(|| updated.to_string()), "assignee_id": user,
            }));
        }
        let mut body = into_body(json!({
            "id": "", "title": title, "body": text, "assignedTo": user, "dueDate": due, "completed": completed,
        }));
        body.retain(|_, value| !value.is_null());
        body
    }

    fn note(&self, side: Side, person: u32) -> Body {
        let mut rng = self.rng(person, NOTE);
        let text = any(&mut rng, &NOTES);
        let user = any(&mut rng, &self.place.users).ids.get(side);
        into_body(match side {
            Side::Ghl => json!({"id": "", "body": text, "userId": user}),
            Side::Growbots => json!({"body": text, "author_id": user}),
        })
    }

    fn appointment(&self, person: u32) -> Body {
        let mut rng = self.rng(person, APPOINTMENT);
        // half hours of a working day, and read as the location's own time
        let starts = self.midnight() + rng.i64(-6..15) * DAY_MS + rng.i64(18..34) * HOUR_MS / 2;
        let local = |ms: i64| Millis(ms).to_string()[..19].replace('T', " ");
        let title = any(&mut rng, &APPOINTMENTS);
        let status = any(&mut rng, &["confirmed", "confirmed", "new", "cancelled"]);
        let user = &any(&mut rng, &self.place.users).ids.ghl;
        into_body(json!({
            "id": "", "calendarId": self.place.calendar_id, "title": title, "appointmentStatus": status,
            "assignedUserId": user, "users": [], "startTime": local(starts), "endTime": local(starts + HOUR_MS / 2),
            "address": "https://meet.example.org/intro", "locationId": self.place.location_id, "contactId": "",
            "groupId": "", "assignedResources": [],
        }))
    }

    const fn midnight(&self) -> i64 {
        self.start.0.div_euclid(DAY_MS) * DAY_MS
    }
}

/// Exactly one field apart, never one that links the two.
fn differ(rng: &mut Rng, person: &mut Person) {
    match rng.u8(..3) {
        // a pair that is linked by phone needs equal last names
        0 if !person.email.is_empty() => {
            person.last.push_str(if person.last.is_empty() {
                "Reed"
            } else {
                "-Reed"
            });
        }
        1 => "https://old-site.example.org".clone_into(&mut person.website),
        _ => "Springfield".clone_into(&mut person.city),
    }
}

/// Growbots keeps what was typed: some e-mails with capitals, some phones with spaces.
fn written_their_way(rng: &mut Rng, person: &mut Person) {
    if rng.u8(..10) == 0
        && let Some(first) = person.email.get_mut(..1)
    {
        first.make_ascii_uppercase();
    }
    if rng.u8(..8) == 0
        && let Some(country) = COUNTRIES
            .iter()
            .find(|c| c.code == person.country && c.owns(&person.phone))
    {
        person.phone = country.spaced(&person.phone);
    }
}
