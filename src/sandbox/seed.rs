//! The seeded world of N people: eight of ten on both sides, one of ten on each side only. Same seed and same start,
//! same world.

use std::collections::BTreeSet;

use fastrand::Rng;
use serde_json::{Value, json};

use super::{
    growbots, ids,
    people::{COUNTRIES, Country, FIRMS, NOTES, SOURCES, TAGS, TASKS, TITLES},
    record::Body,
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

/// What GHL's custom field `plan` can be.
const PLANS: [&str; 3] = ["Bronze", "Silver", "Gold"];

/// A person before either side has written them down. Empty text is not set.
#[derive(Clone, Debug, Default)]
pub struct Person {
    pub first: String,
    pub last: String,
    pub email: String,
    pub phone: String,
    company: String,
    title: String,
    website: String,
    street: String,
    city: String,
    region: String,
    postal_code: String,
    country: &'static str,
    zone: String,
    tags: Vec<&'static str>,
    plan: String,
    budget: Option<i64>,
    owner: Option<usize>,
    source: String,
    do_not_contact: bool,
}

/// Makes people one after another, no two with the same e-mail or phone.
#[derive(Debug, Default)]
pub struct Crowd {
    emails: BTreeSet<String>,
    phones: BTreeSet<String>,
    made: u32,
}

impl Crowd {
    /// The next person.
    pub fn next(&mut self, rng: &mut Rng, users: usize) -> Person {
        self.made += 1;
        let country = if rng.u8(..10) < 4 {
            &COUNTRIES[0]
        } else {
            any(rng, &COUNTRIES)
        };
        let (first, last) = (*any(rng, country.first), *any(rng, country.last));
        let (firm, domain) = *any(rng, &FIRMS);
        let (city, region, postal_code) = *any(rng, country.cities);
        let often = |rng: &mut Rng, percent: u8, text: String| {
            if rng.u8(..100) < percent {
                text
            } else {
                String::new()
            }
        };
        let email = self.email(rng, first.1, last.1, domain);
        let phone = self.phone(country);
        let street = format!("{} {}", any(rng, country.streets), rng.u16(1..240));
        let mut tags: Vec<&str> = (0..rng.usize(..4)).map(|_| *any(rng, &TAGS)).collect();
        tags.sort_unstable();
        tags.dedup();
        let (title, plan, source) = (*any(rng, &TITLES), *any(rng, &PLANS), *any(rng, &SOURCES));
        let mut person = Person {
            first: often(rng, 96, first.0.to_owned()),
            last: often(rng, 97, last.0.to_owned()),
            email: often(rng, 92, email),
            phone: often(rng, 82, phone.clone()),
            company: often(rng, 70, firm.to_owned()),
            title: often(rng, 60, title.to_owned()),
            website: often(rng, 40, format!("https://{domain}.example.com")),
            street: often(rng, 65, street),
            city: often(rng, 80, city.to_owned()),
            region: often(rng, 60, region.to_owned()),
            postal_code: often(rng, 65, postal_code.to_owned()),
            country: country.code,
            zone: often(rng, 50, country.zone.to_owned()),
            tags,
            plan: often(rng, 30, plan.to_owned()),
            budget: (rng.u8(..100) < 25).then(|| rng.i64(1..40) * 500),
            owner: (rng.u8(..100) < 60).then(|| rng.usize(..users)),
            source: often(rng, 75, source.to_owned()),
            do_not_contact: rng.u8(..100) < 4,
        };
        if person.email.is_empty() {
            person.phone = phone;
        }
        person
    }

    fn email(&mut self, rng: &mut Rng, first: &str, last: &str, domain: &str) -> String {
        let host = match rng.u8(..4) {
            0 => "example.com".to_owned(),
            1 => "example.org".to_owned(),
            2 => "mail.example.net".to_owned(),
            _ => format!("{domain}.example.com"),
        };
        let mut email = format!("{first}.{last}@{host}");
        if !self.emails.insert(email.clone()) {
            email = format!("{first}.{last}{}@{host}", self.made);
            self.emails.insert(email.clone());
        }
        email
    }

    /// A number that nobody has, or none where the country has run out of them.
    fn phone(&mut self, country: &Country) -> String {
        let numbers = (0..1_000).map(|step| country.phone(self.made.wrapping_add(step)));
        let mut free = numbers.filter(|number| !self.phones.contains(number));
        let phone = free.next().unwrap_or_default();
        self.phones.insert(phone.clone());
        phone
    }
}

/// One of a list.
pub fn any<'a, T>(rng: &mut Rng, list: &'a [T]) -> &'a T {
    &list[rng.usize(..list.len())]
}

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
            let (added, updated) = self.dates();
            let id = ids::hex(&mut self.rng, 24);
            let country = any(&mut self.rng, &COUNTRIES);
            let (city, region, postal_code) = any(&mut self.rng, country.cities);
            let body = json!({
                "id": id, "name": name, "locationId": world.place.location_id,
                "email": format!("office@{domain}.example.com"), "website": format!("https://{domain}.example.com"),
                "city": city, "state": region, "postalCode": postal_code, "country": country.code,
                "createdAt": added.to_string(), "updatedAt": updated.to_string(),
            });
            world.seed_record(Side::Ghl, Kind::Business, updated, into_body(body));
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
            let (added, updated) = self.dates();
            let mut body = ghl_contact(world, &person, &ids::alphanumeric(&mut self.rng, 20));
            if !is_pair {
                let business = any(&mut self.rng, &self.businesses).clone();
                body.insert("businessId".into(), business.into());
            }
            dated(&mut body, "dateAdded", "dateUpdated", added, updated);
            let id = body["id"].as_str().unwrap_or_default().to_owned();
            world.seed_record(Side::Ghl, Kind::Contact, updated, body);
            id
        });
        let lead = sides.growbots.then(|| {
            let (added, updated) = self.dates();
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
            let id = ids::ulid(&mut self.rng, "ld_", added);
            let version = self.rng.u64(1..9);
            let body = growbots_lead(world, &theirs, &id, external, version, added, updated);
            world.seed_record(Side::Growbots, Kind::Contact, updated, body);
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
                person.last = format!("{}-Reed", person.last).trim_matches('-').to_owned()
            }
            1 => person.website = "https://old-site.example.org".to_owned(),
            _ => person.city = "Springfield".to_owned(),
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
            && !person.phone.is_empty()
            && let Some(country) = COUNTRIES.iter().find(|c| c.code == person.country)
            && country.phone(0)[..3] == person.phone[..3]
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
        let (added, updated) = self.dates();
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
            dated(&mut body, "dateAdded", "dateUpdated", added, updated);
            world.seed_record(Side::Ghl, Kind::Task, updated, body);
        }
        if let Some(lead) = lead {
            let fields = json!({
                "lead_id": lead, "title": title, "body": text, "due_at": due.to_string(), "completed": completed,
                "completed_at": completed.then(|| updated.to_string()), "assignee_id": user.map(|ids| ids.growbots),
            });
            self.growbots_child(world, Kind::Task, "tk_", fields, added, updated);
        }
    }

    fn note(&mut self, world: &mut World, ghl: Option<&str>, lead: Option<&str>) {
        let (added, updated) = self.dates();
        let text = any(&mut self.rng, &NOTES);
        let author = self.rng.usize(..world.place.users.len());
        let user = world.place.users[author].ids.clone();
        if let Some(contact) = ghl {
            let mut body = into_body(json!({
                "id": ids::alphanumeric(&mut self.rng, 20), "body": text, "userId": user.ghl, "contactId": contact,
            }));
            dated(&mut body, "dateAdded", "dateUpdated", added, updated);
            world.seed_record(Side::Ghl, Kind::Note, updated, body);
        }
        if let Some(lead) = lead {
            let fields = json!({"lead_id": lead, "body": text, "author_id": user.growbots});
            self.growbots_child(world, Kind::Note, "nt_", fields, added, updated);
        }
    }

    fn appointment(&mut self, world: &mut World, contact: &str) {
        let (added, updated) = self.dates();
        let midnight = self.start.0.div_euclid(DAY_MS) * DAY_MS;
        // half hours of a working day, and read as the location's own time
        let starts = midnight + self.rng.i64(-6..15) * DAY_MS + self.rng.i64(18..34) * HOUR_MS / 2;
        let local = |ms: i64| Millis(ms).to_string()[..19].replace('T', " ");
        let status = *any(
            &mut self.rng,
            &["confirmed", "confirmed", "new", "cancelled"],
        );
        let user = any(&mut self.rng, &world.place.users).ids.ghl.clone();
        let mut body = into_body(json!({
            "id": ids::alphanumeric(&mut self.rng, 20), "calendarId": world.place.calendar_id, "title": "Intro call",
            "appointmentStatus": status, "assignedUserId": user, "users": [], "startTime": local(starts),
            "endTime": local(starts + HOUR_MS / 2), "address": "https://meet.example.org/intro",
            "locationId": world.place.location_id, "contactId": contact, "groupId": "", "assignedResources": [],
        }));
        dated(&mut body, "dateAdded", "dateUpdated", added, updated);
        world.seed_record(Side::Ghl, Kind::Appointment, updated, body);
    }

    fn growbots_child(
        &mut self,
        world: &mut World,
        kind: Kind,
        prefix: &str,
        fields: Value,
        added: Millis,
        updated: Millis,
    ) {
        let id = ids::ulid(&mut self.rng, prefix, added);
        let body = growbots_record(kind, &id, fields, 1, added, updated);
        world.seed_record(Side::Growbots, kind, updated, body);
    }

    /// When a record was made and last changed, both before the start.
    fn dates(&mut self) -> (Millis, Millis) {
        let age = self.rng.i64(DAY_MS..OLDEST_DAYS * DAY_MS);
        let added = self.start.plus(-age);
        (added, added.plus(self.rng.i64(0..age - HOUR_MS)))
    }
}

fn into_body(value: Value) -> Body {
    match value {
        Value::Object(body) => body,
        _ => Body::new(),
    }
}

fn dated(body: &mut Body, added_key: &str, updated_key: &str, added: Millis, updated: Millis) {
    body.insert(added_key.into(), added.to_string().into());
    body.insert(updated_key.into(), updated.to_string().into());
}

fn ghl_contact(world: &World, person: &Person, id: &str) -> Body {
    let place = &world.place;
    let custom = [
        (
            "job_title",
            (!person.title.is_empty()).then(|| json!(person.title)),
        ),
        (
            "plan",
            (!person.plan.is_empty()).then(|| json!(person.plan)),
        ),
        ("budget", person.budget.map(|b| json!(b))),
    ];
    let custom: Vec<Value> = custom
        .into_iter()
        .filter_map(|(key, value)| {
            Some(json!({"id": place.custom_field(key)?.id, "value": value?}))
        })
        .collect();
    let tags: Vec<Value> = person.tags.iter().map(|tag| json!(tag)).collect();
    let mut body = into_body(json!({
        "id": id, "locationId": place.location_id, "type": "lead", "firstName": person.first, "lastName": person.last,
        "email": person.email, "phone": person.phone, "companyName": person.company, "website": person.website,
        "address1": person.street, "city": person.city, "state": person.region, "postalCode": person.postal_code,
        "country": person.country, "timezone": person.zone, "source": person.source,
        "assignedTo": person.owner.map(|at| &place.users[at].ids.ghl),
        "tags": super::ghl::rules::normal_tags(&tags), "customFields": custom, "dnd": person.do_not_contact,
    }));
    body.retain(|_, value| !value.is_null() && value != "");
    body
}

fn growbots_lead(
    world: &World,
    person: &Person,
    id: &str,
    ghl_id: Option<&str>,
    version: u64,
    added: Millis,
    updated: Millis,
) -> Body {
    let set = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let mut custom = Body::new();
    if let Some(plan) = set(&person.plan) {
        custom.insert("plan".into(), plan.into());
    }
    if let Some(budget) = person.budget {
        custom.insert("budget".into(), budget.into());
    }
    let fields = json!({
        "first_name": set(&person.first), "last_name": set(&person.last), "email": set(&person.email),
        "phone": set(&person.phone), "company": set(&person.company), "title": set(&person.title),
        "website": set(&person.website),
        "address": {
            "street": set(&person.street), "city": set(&person.city), "region": set(&person.region),
            "postal_code": set(&person.postal_code), "country": person.country,
        },
        "time_zone": set(&person.zone), "tags": person.tags, "custom_fields": custom,
        "owner_id": person.owner.map(|at| &world.place.users[at].ids.growbots), "source": set(&person.source),
        "do_not_contact": person.do_not_contact,
        "external_ids": ghl_id.map_or_else(|| json!({}), |id| json!({"ghl": id})),
    });
    growbots_record(Kind::Contact, id, fields, version, added, updated)
}

fn growbots_record(
    kind: Kind,
    id: &str,
    fields: Value,
    version: u64,
    added: Millis,
    updated: Millis,
) -> Body {
    let mut body = Body::from_iter([("id".into(), json!(id)), ("version".into(), json!(version))]);
    body.extend(growbots::blank(kind));
    body.extend(into_body(fields));
    dated(&mut body, "created_at", "updated_at", added, updated);
    body.insert("deleted_at".into(), Value::Null);
    body
}

impl Person {
    /// The fields of a contact that someone makes on a side, in its wire names.
    pub fn fields(&self, side: Side) -> Body {
        let fields = match side {
            Side::Ghl => json!({
                "firstName": self.first, "lastName": self.last, "email": self.email, "phone": self.phone,
                "companyName": self.company, "city": self.city, "country": self.country, "source": self.source,
            }),
            Side::Growbots => json!({
                "first_name": self.first, "last_name": self.last, "email": self.email, "phone": self.phone,
                "company": self.company, "address": {"city": self.city, "country": self.country},
                "source": self.source,
            }),
        };
        let mut body = into_body(fields);
        body.retain(|_, value| value != "");
        body
    }
}
