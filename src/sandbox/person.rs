//! Made-up people, and how each side writes one down.

use std::collections::BTreeSet;

use fastrand::Rng;
use serde_json::{Value, json};

use super::{
    people::{COUNTRIES, Country, FIRMS, SOURCES, TAGS, TITLES},
    place::Place,
    record::{Body, into_body},
};
use crate::model::Side;

/// What GHL's custom field `plan` can be.
const PLANS: [&str; 3] = ["Bronze", "Silver", "Gold"];

/// A person before either side has written them down. Empty text is not set.
#[derive(Clone, Debug, Default)]
pub struct Person {
    pub first: String,
    pub last: String,
    pub email: String,
    pub phone: String,
    pub company: String,
    pub title: String,
    pub website: String,
    pub street: String,
    pub city: String,
    pub region: String,
    pub postal_code: String,
    pub country: &'static str,
    pub zone: String,
    pub tags: Vec<&'static str>,
    pub plan: String,
    pub budget: Option<i64>,
    pub owner: Option<usize>,
    pub source: String,
    pub do_not_contact: bool,
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

impl Person {
    /// The person as a GHL contact, without its times.
    pub fn contact(&self, place: &Place, id: &str) -> Body {
        let custom = [
            (
                "job_title",
                (!self.title.is_empty()).then(|| json!(self.title)),
            ),
            ("plan", (!self.plan.is_empty()).then(|| json!(self.plan))),
            ("budget", self.budget.map(|b| json!(b))),
        ];
        let custom: Vec<Value> = custom
            .into_iter()
            .filter_map(|(key, value)| {
                Some(json!({"id": place.custom_field(key)?.id, "value": value?}))
            })
            .collect();
        let tags: Vec<Value> = self.tags.iter().map(|tag| json!(tag)).collect();
        let mut body = into_body(json!({
            "id": id, "locationId": place.location_id, "type": "lead", "firstName": self.first, "lastName": self.last,
            "email": self.email, "phone": self.phone, "companyName": self.company, "website": self.website,
            "address1": self.street, "city": self.city, "state": self.region, "postalCode": self.postal_code,
            "country": self.country, "timezone": self.zone, "source": self.source,
            "assignedTo": self.owner.map(|at| &place.users[at].ids.ghl),
            "tags": super::ghl::rules::normal_tags(&tags), "customFields": custom, "dnd": self.do_not_contact,
        }));
        body.retain(|_, value| !value.is_null() && value != "");
        body
    }

    /// The fields of the person as a Growbots lead.
    pub fn lead(&self, place: &Place, ghl_id: Option<&str>) -> Value {
        let set = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let mut custom = Body::new();
        if let Some(plan) = set(&self.plan) {
            custom.insert("plan".into(), plan.into());
        }
        if let Some(budget) = self.budget {
            custom.insert("budget".into(), budget.into());
        }
        json!({
            "first_name": set(&self.first), "last_name": set(&self.last), "email": set(&self.email),
            "phone": set(&self.phone), "company": set(&self.company), "title": set(&self.title),
            "website": set(&self.website),
            "address": {
                "street": set(&self.street), "city": set(&self.city), "region": set(&self.region),
                "postal_code": set(&self.postal_code), "country": self.country,
            },
            "time_zone": set(&self.zone), "tags": self.tags, "custom_fields": custom,
            "owner_id": self.owner.map(|at| &place.users[at].ids.growbots), "source": set(&self.source),
            "do_not_contact": self.do_not_contact,
            "external_ids": ghl_id.map_or_else(|| json!({}), |id| json!({"ghl": id})),
        })
    }

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
