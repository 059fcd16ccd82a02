//! The seeded world of N people: eight of ten on both sides, one of ten on each side only. Same seed and same start,
//! same world.

use fastrand::Rng;
use serde_json::{Value, json};

use super::{
    growbots, ids,
    people::{APPOINTMENTS, COUNTRIES, FIRMS, NOTES, TASKS},
    person::{Crowd, Person, any},
    record::{Body, into_body},
    world::World,
};
use crate::{
    clock::Clock,
    model::{BySide, Kind, Millis, Side},
};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// How far back the oldest record goes.
const OLDEST_DAYS: i64 = 240;

/// A world of `contacts` people at the clock's now.
pub fn world(seed: u64, contacts: u32, clock: Clock) -> World {
    let mut world = World::empty(seed, clock);
    let mut seeder = Seeder {
        start: world.now(),
        rng: Rng::with_seed(seed ^ 0x5eed),
        crowd: Crowd::default(),
        businesses: Vec::new(),
        pairs: 0,
        latest_lone_phone: String::new(),
        lone_leads: 0,
    };
    seeder.businesses(&mut world, contacts);
    for index in 0..contacts {
        seeder.person(&mut world, index);
    }
    world.seed_changes();
    world
}

struct Seeder {
    start: Millis,
    rng: Rng,
    crowd: Crowd,
    businesses: Vec<String>,
    pairs: u32,
    latest_lone_phone: String,
    lone_leads: u32,
}

impl Seeder {
    fn businesses(&mut self, world: &mut World, contacts: u32) {
        for (name, domain) in FIRMS.iter().take(contacts as usize / 20 + 2) {
            let dates = self.dates();
            let id = ids::hex(&mut self.rng, 24);
            let country = any(&mut self.rng, &COUNTRIES);
            let (city, region, postal_code) = any(&mut self.rng, country.cities);
            let body = json!({
                "id": id, "name": name, "locationId": world.place.location_id,
                "email": format!("office@{domain}.example.com"), "website": format!("https://{domain}.example.com"),
                "city": city, "state": region, "postalCode": postal_code, "country": country.code,
                "createdAt": dates.added.to_string(), "updatedAt": dates.updated.to_string(),
            });
            world.seed_record(Side::Ghl, Kind::Business, dates.updated, into_body(body));
            self.businesses.push(id);
        }
    }

    fn person(&mut self, world: &mut World, index: u32) {
        let mut person = self.crowd.next(&mut self.rng, world.place.users.len());
        let sides = match index % 10 {
            8 => BySide {
                ghl: true,
                growbots: false,
            },
            9 => BySide {
                ghl: false,
                growbots: true,
            },
            _ => BySide {
                ghl: true,
                growbots: true,
            },
        };
        let is_pair = sides.ghl && sides.growbots;
        if !sides.ghl {
            self.share_phone(&mut person);
        }
        let ghl = sides.ghl.then(|| {
            let dates = self.dates();
            let mut body = person.contact(&world.place, &ids::alphanumeric(&mut self.rng, 20));
            if !is_pair {
                let business = any(&mut self.rng, &self.businesses).clone();
                body.insert("businessId".into(), business.into());
            }
            dates.write(&mut body, "dateAdded", "dateUpdated");
            let id = body["id"].as_str().unwrap_or_default().to_owned();
            world.seed_record(Side::Ghl, Kind::Contact, dates.updated, body);
            id
        });
        let lead = sides.growbots.then(|| {
            let dates = self.dates();
            let mut theirs = person.clone();
            let mut external = None;
            if let Some(id) = &ghl {
                external = self.pairs.is_multiple_of(2).then_some(id.as_str());
                if self.pairs % 33 == 17 {
                    self.differ(&mut theirs);
                }
                self.pairs += 1;
            }
            self.written_their_way(&mut theirs);
            let id = ids::ulid(&mut self.rng, "ld_", dates.added);
            let version = self.rng.u64(1..9);
            let fields = theirs.lead(&world.place, external);
            let body = growbots_record(Kind::Contact, &id, version, dates, fields);
            world.seed_record(Side::Growbots, Kind::Contact, dates.updated, body);
            id
        });
        self.children(world, index, ghl.as_deref(), lead.as_deref());
    }

    /// Now and then a lead without a twin has the phone of another one, as in one office.
    fn share_phone(&mut self, person: &mut Person) {
        if self.lone_leads % 6 == 5 && !self.latest_lone_phone.is_empty() {
            person.phone.clone_from(&self.latest_lone_phone);
        } else if !person.phone.is_empty() {
            self.latest_lone_phone.clone_from(&person.phone);
        }
        self.lone_leads += 1;
    }

    /// Exactly one field apart, never one that links the two.
    fn differ(&mut self, person: &mut Person) {
        match self.rng.u8(..3) {
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
    fn written_their_way(&mut self, person: &mut Person) {
        if self.rng.u8(..10) == 0
            && let Some(first) = person.email.get_mut(..1)
        {
            first.make_ascii_uppercase();
        }
        if self.rng.u8(..8) == 0
            && let Some(country) = COUNTRIES
                .iter()
                .find(|c| c.code == person.country && c.owns(&person.phone))
        {
            person.phone = country.spaced(&person.phone);
        }
    }

    fn children(&mut self, world: &mut World, index: u32, ghl: Option<&str>, lead: Option<&str>) {
        let tasks = match self.rng.u8(..10) {
            0..=2 => 1,
            3 => 2,
            _ => 0,
        };
        for _ in 0..tasks {
            self.task(world, ghl, lead);
        }
        if self.rng.u8(..10) < 3 {
            self.note(world, ghl, lead);
        }
        if let Some(contact) = ghl.filter(|_| index % 17 == 3) {
            self.appointment(world, contact);
        }
    }

    fn task(&mut self, world: &mut World, ghl: Option<&str>, lead: Option<&str>) {
        let dates = self.dates();
        let midnight = self.start.0.div_euclid(DAY_MS) * DAY_MS;
        let due =
            Millis(midnight + self.rng.i64(-12..30) * DAY_MS + self.rng.i64(16..44) * HOUR_MS / 2);
        let title = any(&mut self.rng, &TASKS);
        let text = (self.rng.u8(..3) == 0).then(|| *any(&mut self.rng, &NOTES));
        let completed = self.rng.u8(..5) == 0;
        let assignee = (self.rng.u8(..3) > 0).then(|| self.rng.usize(..world.place.users.len()));
        let user = assignee.map(|at| world.place.users[at].ids.clone());
        if let Some(contact) = ghl {
            let mut body = into_body(json!({
                "id": ids::alphanumeric(&mut self.rng, 20), "title": title, "body": text, "assignedTo": user.as_ref().map(|ids| &ids.ghl),
                "dueDate": due.to_string(), "completed": completed, "contactId": contact,
            }));
            body.retain(|_, value| !value.is_null());
            dates.write(&mut body, "dateAdded", "dateUpdated");
            world.seed_record(Side::Ghl, Kind::Task, dates.updated, body);
        }
        if let Some(lead) = lead {
            let fields = json!({
                "lead_id": lead, "title": title, "body": text, "due_at": due.to_string(), "completed": completed,
                "completed_at": completed.then(|| dates.updated.to_string()), "assignee_id": user.map(|ids| ids.growbots),
            });
            self.growbots_child(world, Kind::Task, dates, fields);
        }
    }

    fn note(&mut self, world: &mut World, ghl: Option<&str>, lead: Option<&str>) {
        let dates = self.dates();
        let text = any(&mut self.rng, &NOTES);
        let author = self.rng.usize(..world.place.users.len());
        let user = world.place.users[author].ids.clone();
        if let Some(contact) = ghl {
            let mut body = into_body(json!({
                "id": ids::alphanumeric(&mut self.rng, 20), "body": text, "userId": user.ghl, "contactId": contact,
            }));
            dates.write(&mut body, "dateAdded", "dateUpdated");
            world.seed_record(Side::Ghl, Kind::Note, dates.updated, body);
        }
        if let Some(lead) = lead {
            let fields = json!({"lead_id": lead, "body": text, "author_id": user.growbots});
            self.growbots_child(world, Kind::Note, dates, fields);
        }
    }

    fn appointment(&mut self, world: &mut World, contact: &str) {
        let dates = self.dates();
        let midnight = self.start.0.div_euclid(DAY_MS) * DAY_MS;
        // half hours of a working day, and read as the location's own time
        let starts = midnight + self.rng.i64(-6..15) * DAY_MS + self.rng.i64(18..34) * HOUR_MS / 2;
        let local = |ms: i64| Millis(ms).to_string()[..19].replace('T', " ");
        let title = any(&mut self.rng, &APPOINTMENTS);
        let status = *any(
            &mut self.rng,
            &["confirmed", "confirmed", "new", "cancelled"],
        );
        let user = any(&mut self.rng, &world.place.users).ids.ghl.clone();
        let mut body = into_body(json!({
            "id": ids::alphanumeric(&mut self.rng, 20), "calendarId": world.place.calendar_id, "title": title,
            "appointmentStatus": status, "assignedUserId": user, "users": [], "startTime": local(starts),
            "endTime": local(starts + HOUR_MS / 2), "address": "https://meet.example.org/intro",
            "locationId": world.place.location_id, "contactId": contact, "groupId": "", "assignedResources": [],
        }));
        dates.write(&mut body, "dateAdded", "dateUpdated");
        world.seed_record(Side::Ghl, Kind::Appointment, dates.updated, body);
    }

    fn growbots_child(&mut self, world: &mut World, kind: Kind, dates: Dates, fields: Value) {
        let prefix = growbots::rules::prefix(kind);
        let id = ids::ulid(&mut self.rng, prefix, dates.added);
        let body = growbots_record(kind, &id, 1, dates, fields);
        world.seed_record(Side::Growbots, kind, dates.updated, body);
    }

    /// When a record was made and last changed, both before the start.
    fn dates(&mut self) -> Dates {
        let age = self.rng.i64(DAY_MS..OLDEST_DAYS * DAY_MS);
        let added = self.start.plus(-age);
        let updated = added.plus(self.rng.i64(0..age - HOUR_MS));
        Dates { added, updated }
    }
}

/// When a record was made and last changed.
#[derive(Clone, Copy, Debug)]
struct Dates {
    added: Millis,
    updated: Millis,
}

impl Dates {
    fn write(self, body: &mut Body, added: &str, updated: &str) {
        body.insert(added.into(), self.added.to_string().into());
        body.insert(updated.into(), self.updated.to_string().into());
    }
}

fn growbots_record(kind: Kind, id: &str, version: u64, dates: Dates, fields: Value) -> Body {
    let mut body = Body::from_iter([("id".into(), json!(id)), ("version".into(), json!(version))]);
    body.extend(growbots::blank(kind));
    body.extend(into_body(fields));
    dates.write(&mut body, "created_at", "updated_at");
    body.insert("deleted_at".into(), Value::Null);
    body
}
