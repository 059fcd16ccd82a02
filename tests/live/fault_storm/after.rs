//! What must hold when a storm is over, told by fresh reads of both sides and by the sandbox's events.

use std::collections::{BTreeMap, BTreeSet};

use couplet::model::Millis;
use serde_json::{Value, json};

use super::{KINDS, SIDES, WINDOW_MS, at, plain, words};
use crate::lab::Lab;

/// Ids of the pairs of a kind, GHL's first, as Growbots' records name them.
pub fn pairs(lab: &Lab, kind: &str) -> BTreeSet<[String; 2]> {
    let ghl = lab.records("ghl", kind);
    let growbots = lab.records("growbots", kind).into_iter();
    growbots
        .filter_map(|(id, raw)| {
            let of = raw["external_ids"]["ghl"].as_str()?;
            ghl.contains_key(of).then(|| [of.to_owned(), id])
        })
        .collect()
}

/// By id of either side: fields that are held, `*` for all of the record.
pub fn held(lab: &Lab, kind: &str) -> BTreeMap<String, BTreeSet<String>> {
    let list = lab
        .run(&[&format!("{kind}s"), "list", "--json"])
        .ended(&[0])
        .json();
    let conflicts = lab.run(&["conflicts", "list", "--json"]).ended(&[0]).json();
    let of_record: BTreeSet<String> = conflicts
        .as_array()
        .into_iter()
        .flatten()
        .filter(|conflict| conflict["fields"] == json!([]))
        .map(|conflict| conflict["link"].to_string())
        .collect();
    let mut held: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in list.as_array().expect("an array") {
        let mut fields: BTreeSet<String> = row["fields_held"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|held| Some(held["field"].as_str()?.to_owned()))
            .collect();
        if of_record.contains(&row["id"].to_string()) {
            fields.insert("*".into());
        }
        for side in SIDES {
            if let Some(id) = row[format!("{side}_id")].as_str() {
                held.entry(id.into()).or_default().extend(fields.clone());
            }
        }
    }
    held
}

/// What differs between the sides and is not held.
pub fn apart(lab: &Lab) -> Vec<String> {
    let mut wrong = Vec::new();
    let contact_held = held(lab, "contact");
    for (kind, fields) in KINDS {
        let held = held(lab, kind);
        let is_held = |id: &str, field: &str| {
            let of = held.get(id);
            of.is_some_and(|of| of.contains("*") || of.contains(field))
        };
        let (ghl, growbots) = (lab.records("ghl", kind), lab.records("growbots", kind));
        let pairs = pairs(lab, kind);
        for [one, two] in &pairs {
            for [name, on_ghl, on_growbots] in fields {
                let (left, right) = (at(&ghl[one], on_ghl), at(&growbots[two], on_growbots));
                if plain(left) != plain(right) && !is_held(one, name) {
                    wrong.push(format!("{kind} {one} {two} `{name}`: {left} {right}"));
                }
            }
            let (left, right) = (words(&ghl[one]["tags"]), words(&growbots[two]["tags"]));
            if kind == "contact" && left != right && !is_held(one, "tags") {
                wrong.push(format!("{kind} {one} {two} tags: {left:?} {right:?}"));
            }
        }
        let paired: BTreeSet<&String> = pairs.iter().flatten().collect();
        for (side, all) in [("ghl", &ghl), ("growbots", &growbots)] {
            for (id, raw) in all {
                let parent = raw[if side == "ghl" {
                    "contactId"
                } else {
                    "lead_id"
                }]
                .as_str();
                let waits_for = parent.and_then(|parent| contact_held.get(parent));
                let waits = waits_for.is_some_and(|held| held.contains("*"));
                if !paired.contains(id) && !is_held(id, "*") && !waits {
                    wrong.push(format!("{kind} {id} is on {side} only: {raw}"));
                }
            }
        }
    }
    wrong
}

/// Records that are there twice: of one address, or made by people once.
pub fn twice(lab: &Lab, events: &[Value]) -> Vec<String> {
    let mut wrong = Vec::new();
    for side in SIDES {
        let mut seen: BTreeMap<String, u32> = BTreeMap::new();
        for raw in lab.records(side, "contact").into_values() {
            for name in ["email", "firstName", "first_name"] {
                let text = plain(&raw[name]);
                if name == "email" && !text.is_empty() || text.starts_with("new") {
                    *seen.entry(text).or_default() += 1;
                }
            }
        }
        for raw in lab.records(side, "task").into_values() {
            let title = plain(&raw["title"]);
            if title.starts_with("task ") {
                *seen.entry(title).or_default() += 1;
            }
        }
        let more = seen.into_iter().filter(|(_, n)| *n > 1);
        wrong.extend(more.map(|(what, n)| format!("{side}: {what} is there {n} times")));
    }
    // Somebody's own record, and one copy of it.
    let mut copies: BTreeMap<&str, u32> = BTreeMap::new();
    for event in events.iter().filter(|event| event["op"] == "create") {
        let fields = event["fields"].as_array().into_iter().flatten();
        let mut of = fields.filter(|field| field["field"] == "external_ids.ghl");
        if event["actor"] == "api"
            && let Some(ghl) = of.find_map(|field| field["to"].as_str())
        {
            *copies.entry(ghl).or_default() += 1;
        }
    }
    let more = copies.into_iter().filter(|(_, n)| *n > 1);
    wrong.extend(more.map(|(ghl, n)| format!("{ghl} was copied {n} times")));
    wrong
}

/// What people wrote and couplet wrote over, though nobody wrote later on the other side. Gives with it how many
/// edits fell into the one window that is excused.
pub fn lost(events: &[Value], pairs: &BTreeSet<[String; 2]>) -> (Vec<String>, u32) {
    type Move<'a> = (usize, &'a Value, &'a Value);
    let mut of_field: BTreeMap<(&str, &str), Vec<Move<'_>>> = BTreeMap::new();
    let mut other: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for [ghl, growbots] in pairs {
        other.entry(ghl).or_default().push(growbots);
        other.entry(growbots).or_default().push(ghl);
    }
    for (nth, event) in events.iter().enumerate() {
        let id = event["id"].as_str().expect("an id");
        for field in event["fields"].as_array().into_iter().flatten() {
            let name = field["field"].as_str().expect("a name");
            of_field
                .entry((id, name))
                .or_default()
                .push((nth, &field["from"], &field["to"]));
            if name == "external_ids.ghl"
                && let Some(ghl) = field["to"].as_str()
            {
                other.entry(ghl).or_default().push(id);
                other.entry(id).or_default().push(ghl);
            }
        }
    }
    let is_ours = |nth: usize| events[nth]["actor"] == "api";
    let (mut wrong, mut excused) = (Vec::new(), 0);
    for ((id, name), moves) in &of_field {
        let (side, kind) = {
            let event = &events[moves[0].0];
            (event["side"].as_str(), event["kind"].as_str())
        };
        let fields = KINDS.iter().find(|(of, _)| Some(*of) == kind);
        let here = usize::from(side == Some("growbots"));
        let Some(field) =
            fields.and_then(|(_, fields)| fields.iter().find(|field| field[here + 1] == *name))
        else {
            continue;
        };
        for pair in moves.windows(2) {
            let [(theirs, _, value), (ours, _, to)] = [pair[0], pair[1]];
            if is_ours(theirs) || !is_ours(ours) || plain(value) == plain(to) {
                continue;
            }
            // Back to what it was before people began to change it: no news to anybody.
            let of_people = moves.iter().rev().skip_while(|(nth, ..)| *nth > theirs);
            let of_people = of_people.take_while(|(nth, ..)| !is_ours(*nth));
            if of_people
                .skip(1)
                .any(|(_, from, _)| plain(from) == plain(value))
            {
                continue;
            }
            let later = other.get(id).into_iter().flatten().any(|twin| {
                let there = of_field.get(&(*twin, field[2 - here]));
                there.into_iter().flatten().any(|(nth, _, now)| {
                    *nth > theirs && *nth < ours && !is_ours(*nth) && plain(now) == plain(to)
                })
            });
            let moment = |nth: usize| {
                Millis::parse(events[nth]["at"].as_str().expect("a time")).expect("a time")
            };
            if later {
                continue;
            }
            if side == Some("ghl") && moment(ours).since(moment(theirs)) <= WINDOW_MS {
                excused += 1;
                continue;
            }
            wrong.push(format!(
                "{side:?} {kind:?} {id} `{name}`: {value} of event {} was lost in event {}: {to}",
                events[theirs]["seq"], events[ours]["seq"]
            ));
        }
    }
    (wrong, excused)
}

/// Words that people added to somebody's tags and nobody took out.
pub fn lost_tags(lab: &Lab, events: &[Value]) -> Vec<String> {
    let mut added: BTreeMap<String, (String, String)> = BTreeMap::new();
    for event in events.iter().filter(|event| event["actor"] != "api") {
        let fields = event["fields"].as_array().into_iter().flatten();
        for field in fields.filter(|field| field["field"] == "tags") {
            let (from, to) = (words(&field["from"]), words(&field["to"]));
            let of = |key: &str| event[key].as_str().expect("a text").to_owned();
            for word in to
                .difference(&from)
                .filter(|word| word.starts_with("storm "))
            {
                added.insert(word.clone(), (of("side"), of("id")));
            }
            for word in from.difference(&to) {
                added.remove(word);
            }
        }
    }
    let live = SIDES.map(|side| lab.records(side, "contact"));
    let mut wrong = Vec::new();
    for (word, (side, id)) in added {
        let on = &live[usize::from(side == "growbots")];
        let gone = on
            .get(&id)
            .is_some_and(|raw| !words(&raw["tags"]).contains(&word));
        if gone {
            wrong.push(format!("{side} {id}: tag `{word}` was lost"));
        }
    }
    wrong
}
