//! Background users who edit both sides, so that a demo has something to do.

use fastrand::Rng;
use serde_json::{Value, json};

use super::{
    event::By,
    ghl, growbots,
    people::{COUNTRIES, Country, NOTES, TAGS, TASKS},
    person::{Person, any},
    record::{Body, into_body, text},
    world::World,
};
use crate::model::{Kind, Millis, Side};

/// One thing that some user does, somewhere. Mostly an edit of one field on one side; now and then the same field
/// of a linked pair on both. A refusal (an e-mail that is taken, say) is no edit, as with people.
pub fn step(world: &mut World, rng: &mut Rng) {
    let by = By::user();
    let side = *any(rng, &Side::BOTH);
    match rng.u8(..100) {
        0..55 => {
            if let Some(id) = some_id(world, rng, side, Kind::Contact) {
                edit_one(world, rng, &by, side, Kind::Contact, &id);
            }
        }
        55..67 => retag(world, rng, &by, side),
        67..74 => {
            // a number beyond those of the seed; a phone, if any, is as new as it can be
            let number = rng.u32(100_000_000..);
            let mut person = Person::made_up(rng, number, world.place.users.len());
            if person.phone.is_empty() {
                let country = any(rng, &COUNTRIES[1..]);
                person.phone = country.phone(number % 1_000_000).unwrap_or_default();
            }
            let _ = world.create(&by, side, Kind::Contact, person.fields(side));
        }
        74..84 => {
            if let Some(id) = some_id(world, rng, side, Kind::Task) {
                let done = world
                    .live(side, Kind::Task, &id)
                    .and_then(|t| t["completed"].as_bool());
                let patch =
                    Body::from_iter([("completed".into(), (!done.unwrap_or_default()).into())]);
                let _ = world.edit(&by, side, Kind::Task, &id, patch);
            }
        }
        84..90 => child(world, rng, &by, side, Kind::Task),
        90..95 => child(world, rng, &by, side, Kind::Note),
        _ => edit_both(world, rng, &by),
    }
}

/// How often someone looks for a record that is still there.
const LOOKS: usize = 100;

fn some_id(world: &World, rng: &mut Rng, side: Side, kind: Kind) -> Option<String> {
    let places = world.places(side, kind);
    (places > 0).then_some(())?;
    (0..LOOKS).find_map(|_| world.id_at(side, kind, rng.usize(..places)))
}

/// Changes one mapped field of a record to something new; never what links it.
pub(super) fn edit_one(
    world: &mut World,
    rng: &mut Rng,
    by: &By,
    side: Side,
    kind: Kind,
    id: &str,
) {
    let patch = match kind {
        Kind::Contact => contact_patch(rng, side, country_of(world, side, id), None),
        Kind::Task => {
            let title = format!("{} ({})", any(rng, &TASKS), rng.u16(2..999));
            json!({"title": title})
        }
        Kind::Note => json!({"body": format!("{} ({})", any(rng, &NOTES), rng.u16(2..999))}),
        Kind::Appointment => json!({"title": format!("Intro call {}", rng.u16(2..999))}),
        Kind::Business => json!({"description": format!("Seen {} times", rng.u16(2..999))}),
    };
    let _ = world.edit(by, side, kind, id, into_body(patch));
}

/// Where a contact lives, so that what is made up for it fits.
fn country_of(world: &World, side: Side, id: &str) -> &'static Country {
    let contact = world.live(side, Kind::Contact, id);
    let code = contact.as_deref().and_then(|body| match side {
        Side::Ghl => text(body, "country"),
        Side::Growbots => body.get("address")?["country"].as_str(),
    });
    COUNTRIES
        .iter()
        .find(|country| Some(country.code) == code)
        .unwrap_or(&COUNTRIES[0])
}

/// A new value for one field of a contact, in the side's wire names; `field` picks which.
fn contact_patch(rng: &mut Rng, side: Side, country: &Country, field: Option<u8>) -> Value {
    let city = any(rng, country.cities).0;
    let last = any(rng, country.last).0;
    let n = rng.u16(1..999);
    match (side, field.unwrap_or_else(|| rng.u8(..5))) {
        (Side::Ghl, 0) => json!({"city": city}),
        (Side::Growbots, 0) => json!({"address": {"city": city}}),
        (Side::Ghl, 1) => json!({"lastName": last}),
        (Side::Growbots, 1) => json!({"last_name": last}),
        (_, 2) => json!({"website": format!("https://site-{n}.example.com")}),
        (Side::Ghl, 3) => json!({"address1": format!("{} {n}", any(rng, country.streets))}),
        (Side::Growbots, 3) => {
            json!({"address": {"street": format!("{} {n}", any(rng, country.streets))}})
        }
        (Side::Ghl, _) => json!({"firstName": any(rng, country.first).0}),
        (Side::Growbots, _) => json!({"first_name": any(rng, country.first).0}),
    }
}

fn retag(world: &mut World, rng: &mut Rng, by: &By, side: Side) {
    let Some(id) = some_id(world, rng, side, Kind::Contact) else {
        return;
    };
    let tag = json!(any(rng, &TAGS));
    let adds = rng.bool();
    // a refusal leaves the record as it is, which is what a user would see
    let _ = match side {
        Side::Ghl => {
            let tag = ghl::rules::normal_tags(&[tag])[0].clone();
            let change = |tags: &mut Vec<Value>| {
                tags.retain(|have| *have != tag);
                if adds {
                    tags.push(tag);
                }
            };
            ghl::rules::retag(world, by, &id, change).is_ok()
        }
        Side::Growbots => {
            let (add, remove) = if adds {
                (vec![tag], vec![])
            } else {
                (vec![], vec![tag])
            };
            growbots::rules::retag(world, by, &id, &add, &remove).is_ok()
        }
    };
}

fn child(world: &mut World, rng: &mut Rng, by: &By, side: Side, kind: Kind) {
    let Some(parent) = some_id(world, rng, side, Kind::Contact) else {
        return;
    };
    let due = Millis(world.now().0 + rng.i64(1..20) * 86_400_000)
        .to_second()
        .to_string();
    let fields = match (side, kind) {
        (Side::Ghl, Kind::Task) => {
            json!({"contactId": parent, "title": any(rng, &TASKS), "dueDate": due, "completed": false})
        }
        (Side::Growbots, Kind::Task) => {
            json!({"lead_id": parent, "title": any(rng, &TASKS), "due_at": due})
        }
        (Side::Ghl, _) => json!({"contactId": parent, "body": any(rng, &NOTES)}),
        (Side::Growbots, _) => json!({"lead_id": parent, "body": any(rng, &NOTES)}),
    };
    let _ = world.create(by, side, kind, into_body(fields));
}

/// The same field of a linked pair, with two values.
fn edit_both(world: &mut World, rng: &mut Rng, by: &By) {
    let linked = (0..LOOKS).find_map(|_| {
        let id = some_id(world, rng, Side::Growbots, Kind::Contact)?;
        let lead = world.live(Side::Growbots, Kind::Contact, &id)?;
        let ghl = lead["external_ids"]["ghl"].as_str()?;
        let is_there = world.is_live(Side::Ghl, Kind::Contact, ghl);
        is_there.then(|| (ghl.to_owned(), id))
    });
    let Some((ghl, lead)) = linked else {
        return;
    };
    let field = rng.u8(..4);
    for (side, id) in [(Side::Ghl, &ghl), (Side::Growbots, &lead)] {
        let patch = into_body(contact_patch(
            rng,
            side,
            country_of(world, side, id),
            Some(field),
        ));
        let _ = world.edit(by, side, Kind::Contact, id, patch);
    }
}
