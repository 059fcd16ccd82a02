use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    ops::RangeInclusive,
    sync::Arc,
};

use super::*;
use crate::model::{BySide, Kind, Side};
use crate::sandbox::{
    By, World, churn,
    mark::Mark,
    origin::Stamp,
    record::{moment, text},
    seed,
    walk::{ALWAYS, Order},
};
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
fn pairs(world: &World) -> Vec<(Map<String, Value>, Map<String, Value>)> {
    let email = |body: &Map<String, Value>| Some(body.get("email")?.as_str()?.to_lowercase());
    let phone = |body: &Map<String, Value>| Some(body.get("phone")?.as_str()?.replace(' ', ""));
    let mut by: BTreeMap<(&str, String), Arc<Map<String, Value>>> = BTreeMap::new();
    for lead in world.all(Side::Growbots, Kind::Contact) {
        let external = lead["external_ids"]["ghl"].as_str().map(str::to_owned);
        for (what, key) in [
            ("id", external),
            ("email", email(&lead)),
            ("phone", phone(&lead)),
        ] {
            by.extend(key.map(|key| ((what, key), lead.clone())));
        }
    }
    world
        .all(Side::Ghl, Kind::Contact)
        .filter_map(|contact| {
            let id = contact["id"].as_str().map(str::to_owned);
            let keys = [
                ("id", id),
                ("email", email(&contact)),
                ("phone", phone(&contact)),
            ];
            let lead = keys
                .into_iter()
                .find_map(|(what, key)| by.get(&(what, key?)))?;
            Some(((*contact).clone(), (**lead).clone()))
        })
        .collect()
}

#[test]
fn the_seeded_world_is_as_the_contract_says() {
    for people in [300, 10_000] {
        as_the_contract_says(people);
        fields_are_missing_and_names_are_of_many_scripts(people);
    }
}

fn fields_are_missing_and_names_are_of_many_scripts(people: usize) {
    let world = seed::world(1, people as u32, Clock::manual(START));
    let contacts: Vec<_> = world.all(Side::Ghl, Kind::Contact).collect();
    let missing = |key: &str| {
        let all = contacts.iter();
        all.filter(|contact| !contact.contains_key(key)).count()
    };
    for key in [
        "firstName",
        "lastName",
        "email",
        "phone",
        "companyName",
        "city",
        "timezone",
    ] {
        let missing = missing(key);
        assert!(
            (people / 200..people * 6 / 10).contains(&missing),
            "{missing} without {key}"
        );
    }
    let of_script = |script: RangeInclusive<char>| {
        let all = contacts.iter();
        all.filter(|contact| {
            let name = contact.get("lastName").and_then(Value::as_str);
            name.is_some_and(|name| name.chars().any(|c| script.contains(&c)))
        })
        .count()
    };
    for script in [
        'à'..='ž',
        'а'..='я',
        'α'..='ω',
        '一'..='龥',
        'ا'..='ي',
        'अ'..='ह',
    ] {
        assert!(of_script(script.clone()) > 0, "nobody in {script:?}");
    }
}

fn as_the_contract_says(people: usize) {
    let world = seed::world(1, people as u32, Clock::manual(START));
    let count = |side, kind| world.count(side, kind);
    let contacts = Side::BOTH.map(|side| count(side, Kind::Contact));
    assert_eq!(contacts, [people * 9 / 10; 2]);
    let pairs = pairs(&world);
    assert_eq!(pairs.len(), people * 8 / 10);
    assert_eq!(
        pairs
            .iter()
            .filter(|(_, lead)| lead["external_ids"]["ghl"].is_string())
            .count(),
        people * 4 / 10
    );
    for side in Side::BOTH {
        let (tasks, notes) = (count(side, Kind::Task), count(side, Kind::Note));
        let about = |share: usize| people * (share - 10) / 100..=people * (share + 2) / 100;
        assert!(about(50).contains(&tasks), "{tasks} of {people}");
        assert!(about(30).contains(&notes), "{notes} of {people}");
    }
    let appointments = count(Side::Ghl, Kind::Appointment);
    assert!(
        (people / 25..people / 10).contains(&appointments),
        "{appointments}"
    );
    assert_eq!(count(Side::Ghl, Kind::Business), 12);

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
    // of those that get another city or website, some had it already or had none to begin with
    let share = differing * 1000 / pairs.len();
    assert!(
        (25..=32).contains(&share),
        "{differing} of {} differ",
        pairs.len()
    );

    let mut seen = BTreeSet::new();
    for contact in world.all(Side::Ghl, Kind::Contact) {
        for value in ["email", "phone"]
            .into_iter()
            .filter_map(|key| contact.get(key))
        {
            assert!(seen.insert(value.to_string()), "two have {value}");
        }
    }
}

/// What a side lists, in order, by the slow way.
fn sorted(world: &World, side: Side, kind: Kind, order: Order) -> Vec<String> {
    let field = order.by.field(side, kind);
    let mut rows: Vec<(Millis, String)> = world
        .all(side, kind)
        .map(|body| {
            (
                moment(&body, field),
                body["id"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    rows.sort_by(|one, two| order.compare((one.0, &one.1), (two.0, &two.1)));
    rows.into_iter().map(|(_, id)| id).collect()
}

#[test]
fn a_walk_is_in_order_before_and_after_people_wrote() {
    let mut world = seed::world(8, 130, Clock::manual(START));
    let mut rng = fastrand::Rng::with_seed(2);
    for round in 0..4 {
        for side in Side::BOTH {
            let until = world.indexed_until(side);
            for kind in Kind::ALL {
                for (by, newest_first, ids_fall) in [
                    (Stamp::Added, false, false),
                    (Stamp::Added, true, true),
                    (Stamp::Updated, false, false),
                    (Stamp::Updated, true, false),
                ] {
                    let order = Order {
                        by,
                        newest_first,
                        ids_fall,
                    };
                    let want = sorted(&world, side, kind, order);
                    let walk = |window: RangeInclusive<Millis>| {
                        let rows = world.walk((side, kind), until, order, window);
                        let live = rows.filter(|(_, row)| row.is_live());
                        live.map(|(_, row)| row.id().into_owned())
                            .collect::<Vec<_>>()
                    };
                    assert_eq!(walk(ALWAYS), want, "{side} {kind:?} {order:?} {round}");
                    if side == Side::Ghl {
                        assert_eq!(world.count_in((side, kind), until, by, &ALWAYS), want.len());
                        let middle = START.plus(-100 * 86_400_000)..=START.plus(-10 * 86_400_000);
                        let part = walk(middle.clone());
                        assert_eq!(world.count_in((side, kind), until, by, &middle), part.len());
                    }
                }
                assert_eq!(world.count(side, kind), world.all(side, kind).count());
                assert_eq!(
                    world.count_readable(side, kind),
                    world.records(side, kind).count()
                );
                assert!(
                    world.ids(side, kind).eq(world
                        .records(side, kind)
                        .map(|body| body["id"].as_str().unwrap().to_owned()))
                );
            }
        }
        for _ in 0..60 {
            // many writes in one moment, so that the ids decide
            churn::step(&mut world, &mut rng);
            let side = *crate::sandbox::person::any(&mut rng, &Side::BOTH);
            let some = world.ids(side, Kind::Contact).nth(rng.usize(..90));
            if let Some(id) = some.filter(|_| rng.u8(..4) == 0) {
                world.delete(&By::user(), side, Kind::Contact, &id).unwrap();
            }
        }
        world.advance(1_000);
    }
}

#[test]
fn an_index_that_lags_shows_the_world_of_then() {
    let mut world = seed::world(8, 60, Clock::manual(START));
    let mut rng = fastrand::Rng::with_seed(3);
    let order = Order {
        by: Stamp::Updated,
        newest_first: true,
        ids_fall: false,
    };
    let mut past = VecDeque::new();
    for _ in 0..40 {
        past.push_back(BySide::from_fn(|side| {
            sorted(&world, side, Kind::Contact, order)
        }));
        world.advance(1_000);
        churn::step(&mut world, &mut rng);
        if past.len() > 5 {
            let then = past.pop_front().unwrap();
            for side in Side::BOTH {
                world.lag_ms = BySide {
                    ghl: 5_001,
                    growbots: 5_001,
                };
                let until = world.indexed_until(side);
                let rows = world.walk((side, Kind::Contact), until, order, ALWAYS);
                let ids: Vec<String> = rows.map(|(_, row)| row.id().into_owned()).collect();
                assert_eq!(&ids, then.get(side));
                if side == Side::Ghl {
                    let counted = world.count_in((side, Kind::Contact), until, order.by, &ALWAYS);
                    assert_eq!(counted, ids.len());
                }
            }
        }
    }
}

#[test]
fn everybody_is_found_by_what_they_are_known_by() {
    let mut world = seed::world(6, 250, Clock::manual(START));
    let mut rng = fastrand::Rng::with_seed(4);
    for round in 0..2 {
        for side in Side::BOTH {
            for kind in Kind::ALL {
                for body in world.all(side, kind) {
                    let id = body["id"].as_str().unwrap();
                    assert_eq!(world.live(side, kind, id).as_ref(), Some(&body));
                    for mark in Mark::all(side, kind, &body) {
                        let mut found = world.holders(side, kind, &mark);
                        assert!(found.any(|other| other == body), "{mark:?} {round}");
                    }
                    let parent = ["contactId", "lead_id"].map(|name| text(&body, name));
                    if let Some(parent) = parent.into_iter().flatten().next() {
                        assert!(world.children(side, kind, parent).contains(&body));
                    }
                }
            }
        }
        for _ in 0..200 {
            churn::step(&mut world, &mut rng);
        }
    }
    for id in [
        "",
        "x",
        "ld_",
        "ééééééééééééééééééééé",
        "00000000000000000000",
    ] {
        assert!(world.find(Side::Ghl, Kind::Contact, id).is_none());
        assert!(world.find(Side::Growbots, Kind::Contact, id).is_none());
    }
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
