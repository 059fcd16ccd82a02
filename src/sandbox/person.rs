//! Made-up people, and how each side writes one down.

use fastrand::Rng;
use serde_json::{Value, json};

use super::{
    people::{COUNTRIES, FIRMS, SOURCES, TAGS, TITLES},
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

/// One of a list.
pub fn any<'a, T>(rng: &mut Rng, list: &'a [T]) -> &'a T {
    &list[rng.usize(..list.len())]
}

impl Person {
    /// Makes somebody up. No two numbers give the same e-mail or phone, and both tell their number.
    pub fn made_up(rng: &mut Rng, number: u32, users: usize) -> Self {
        let country = if rng.u8(..10) < 4 {
            &COUNTRIES[0]
        } else {
            any(rng, &COUNTRIES)
        };
        let (first, last) = (*any(rng, country.first), *any(rng, country.last));
        let (firm, domain) = *any(rng, &FIRMS);
        let (city, region, postal_code) = *any(rng, country.cities);
        let street = format!("{} {}", any(rng, country.streets), rng.u16(1..240));
        let mut tags: Vec<&str> = (0..rng.usize(..4)).map(|_| *any(rng, &TAGS)).collect();
        tags.sort_unstable();
        tags.dedup();
        let (title, plan, source) = (*any(rng, &TITLES), *any(rng, &PLANS), *any(rng, &SOURCES));
        let host = match rng.u8(..4) {
            0 => "example.com".to_owned(),
            1 => "example.org".to_owned(),
            2 => "mail.example.net".to_owned(),
            _ => format!("{domain}.example.com"),
        };
        let email = format!("{}.{}{number}@{host}", first.1, last.1);
        let phone = country.phone(number).unwrap_or_default();
        // one of the two is always there: it is what a pair is known by
        let has_email = rng.u8(..100) < 92 || phone.is_empty();
        let has_phone = rng.u8(..100) < 82 || !has_email;
        let mut often = |percent: u8, text: &str| {
            let is_set = rng.u8(..100) < percent;
            if is_set {
                text.to_owned()
            } else {
                String::new()
            }
        };
        Self {
            first: often(96, first.0),
            last: often(97, last.0),
            email: if has_email { email } else { String::new() },
            phone: if has_phone { phone } else { String::new() },
            company: often(70, firm),
            title: often(60, title),
            website: often(40, &format!("https://{domain}.example.com")),
            street: often(65, &street),
            city: often(80, city),
            region: often(60, region),
            postal_code: often(65, postal_code),
            country: country.code,
            zone: often(50, country.zone),
            tags,
            plan: often(30, plan),
            source: often(75, source),
            budget: (rng.u8(..100) < 25).then(|| rng.i64(1..40) * 500),
            owner: (rng.u8(..100) < 60).then(|| rng.usize(..users)),
            do_not_contact: rng.u8(..100) < 4,
        }
    }

    /// The number that somebody with this e-mail can have.
    pub fn number_of_email(email: &str) -> Option<u32> {
        let (local, _) = email.split_once('@')?;
        let name = local.trim_end_matches(|c: char| c.is_ascii_digit());
        local[name.len()..].parse().ok()
    }

    /// The numbers that somebody with this phone can have.
    pub fn numbers_of_phone(e164: &str) -> impl Iterator<Item = u32> {
        COUNTRIES
            .iter()
            .filter_map(move |country| country.number_of(e164))
    }

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
