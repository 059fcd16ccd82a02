use std::collections::BTreeMap;

use super::*;
use crate::model::{Kind, Side};
use crate::sandbox::{churn, seed};
use serde_json::Map;

#[test]
fn the_same_seed_and_start_make_the_same_world() {
    let world = |seed_number| seed::world(seed_number, 120, Clock::manual(START));
    assert!(world(3) == world(3));
    assert!(world(3) != world(4));
}

#[test]
fn the_same_churn_leads_to_the_same_world() {
    let run = || {
        let mut world = seed::world(3, 60, Clock::manual(START));
        let mut rng = fastrand::Rng::with_seed(5);
        for _ in 0..300 {
            world.advance(1_000);
            churn::step(&mut world, &mut rng);
        }
        world
    };
    let world = run();
    assert!(world.events().len() > 200, "{}", world.events().len());
    assert!(world == run());
}

/// Pairs of contacts by what links them, as a reader of both sides would find them.
fn pairs(world: &crate::sandbox::World) -> Vec<(Map<String, Value>, Map<String, Value>)> {
    let digits = |body: &Map<String, Value>| body["phone"].as_str().map(|p| p.replace(' ', ""));
    let email = |v: Option<&Value>| v.and_then(Value::as_str).map(str::to_lowercase);
    let leads: Vec<_> = world
        .all(Side::Growbots, Kind::Contact)
        .map(|b| (**b).clone())
        .collect();
    world
        .all(Side::Ghl, Kind::Contact)
        .filter_map(|contact| {
            let lead = leads.iter().find(|lead| {
                lead["external_ids"]["ghl"] == contact["id"]
                    || email(contact.get("email")).is_some()
                        && email(contact.get("email")) == email(lead.get("email"))
                    || contact.contains_key("phone") && digits(contact) == digits(lead)
            })?;
            Some(((**contact).clone(), lead.clone()))
        })
        .collect()
}

#[test]
fn the_seeded_world_is_as_the_contract_says() {
    let world = seed::world(1, 400, Clock::manual(START));
    let count = |side, kind| world.all(side, kind).count();
    assert_eq!(
        (
            count(Side::Ghl, Kind::Contact),
            count(Side::Growbots, Kind::Contact)
        ),
        (360, 360)
    );
    let pairs = pairs(&world);
    assert_eq!(pairs.len(), 320);
    assert_eq!(
        pairs
            .iter()
            .filter(|(_, lead)| lead["external_ids"]["ghl"].is_string())
            .count(),
        160
    );
    assert!(
        (140..260).contains(&count(Side::Ghl, Kind::Task)),
        "{}",
        count(Side::Ghl, Kind::Task)
    );
    assert!(
        (70..150).contains(&count(Side::Ghl, Kind::Note)),
        "{}",
        count(Side::Ghl, Kind::Note)
    );
    assert!(count(Side::Ghl, Kind::Appointment) > 5 && count(Side::Ghl, Kind::Business) > 5);

    let fields = [
        ("firstName", "/first_name"),
        ("lastName", "/last_name"),
        ("companyName", "/company"),
        ("website", "/website"),
        ("address1", "/address/street"),
        ("city", "/address/city"),
        ("state", "/address/region"),
        ("postalCode", "/address/postal_code"),
        ("country", "/address/country"),
        ("timezone", "/time_zone"),
        ("source", "/source"),
        ("dnd", "/do_not_contact"),
    ];
    let mut differing = 0;
    for (contact, lead) in &pairs {
        let lead_value = Value::Object(lead.clone());
        let apart: Vec<&str> = fields
            .iter()
            .filter(|(ours, theirs)| {
                contact.get(*ours).unwrap_or(&Value::Null) != lead_value.pointer(theirs).unwrap()
            })
            .map(|(ours, _)| *ours)
            .collect();
        assert!(apart.len() <= 1, "{contact:?} {lead:?}");
        differing += apart.len();
        let lower: Vec<String> = serde_json::from_value::<Vec<String>>(lead["tags"].clone())
            .unwrap()
            .iter()
            .map(|tag| tag.to_lowercase())
            .collect();
        assert_eq!(contact["tags"], json!(lower));
    }
    assert!((8..=11).contains(&differing), "{differing} of 320 differ");

    let mut phones: BTreeMap<String, u32> = BTreeMap::new();
    for contact in world.all(Side::Ghl, Kind::Contact) {
        if let Some(phone) = contact.get("phone").and_then(Value::as_str) {
            *phones.entry(phone.to_owned()).or_default() += 1;
        }
    }
    assert!(phones.values().all(|n| *n == 1));
}

#[test]
fn tasks_and_notes_of_pairs_are_alike() {
    let world = seed::world(2, 200, Clock::manual(START));
    let mut seen = 0;
    for (contact, lead) in pairs(&world) {
        let list = |side, kind, id: &Value, keys: [&str; 2]| {
            let mut rows: Vec<String> = world
                .children(side, kind, id.as_str().unwrap())
                .iter()
                .map(|body| json!([body.get(keys[0]), body.get(keys[1])]).to_string())
                .collect();
            rows.sort();
            rows
        };
        let ghl = list(Side::Ghl, Kind::Task, &contact["id"], ["title", "dueDate"]);
        assert_eq!(
            ghl,
            list(Side::Growbots, Kind::Task, &lead["id"], ["title", "due_at"])
        );
        seen += ghl.len();
        assert_eq!(
            list(Side::Ghl, Kind::Note, &contact["id"], ["body", "none"]),
            list(Side::Growbots, Kind::Note, &lead["id"], ["body", "none"]),
        );
    }
    assert!(seen > 40, "{seen}");
}

#[test]
fn a_shared_phone_is_only_on_leads_without_a_twin() {
    let world = seed::world(4, 300, Clock::manual(START));
    let twins: Vec<Value> = pairs(&world)
        .into_iter()
        .map(|(_, lead)| lead["id"].clone())
        .collect();
    let mut by_phone: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for lead in world.all(Side::Growbots, Kind::Contact) {
        if let Some(phone) = lead["phone"].as_str() {
            by_phone
                .entry(phone.replace(' ', ""))
                .or_default()
                .push(lead["id"].clone());
        }
    }
    by_phone.retain(|_, leads| leads.len() > 1);
    assert!(!by_phone.is_empty());
    assert!(
        by_phone
            .values()
            .flatten()
            .all(|lead| !twins.contains(lead)),
        "{by_phone:?}"
    );
}

#[test]
fn churn_now_and_then_edits_one_field_of_a_pair_on_both_sides() {
    let mut world = seed::world(3, 60, Clock::manual(START));
    let mut rng = fastrand::Rng::with_seed(1);
    let mut both = 0;
    for _ in 0..400 {
        let before = world.events().len();
        churn::step(&mut world, &mut rng);
        both += u32::from(world.events().len() == before + 2);
    }
    assert!((5..60).contains(&both), "{both}");
}
