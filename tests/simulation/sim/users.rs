//! Users of the two web apps. All that they write is new to the world, so that each value can be followed.

use couplet::model::{FieldName, Kind, Millis, Side};
use couplet::sandbox::{By, Op, Sandbox, World};
use serde_json::{Value as Json, json};

/// The texts of a contact that users edit: GHL's name, Growbots' name.
pub const TEXTS: [(FieldName, &str, &str); 5] = [
    (FieldName::FirstName, "firstName", "first_name"),
    (FieldName::LastName, "lastName", "last_name"),
    (FieldName::Website, "website", "website"),
    (FieldName::Street, "address1", "address.street"),
    (FieldName::City, "city", "address.city"),
];

/// Those of a task.
pub const TASK_TEXTS: [(FieldName, &str, &str); 4] = [
    (FieldName::Title, "title", "title"),
    (FieldName::Body, "body", "body"),
    (FieldName::DueAt, "dueDate", "due_at"),
    (FieldName::Completed, "completed", "completed"),
];

pub struct Users {
    pub rng: fastrand::Rng,
    /// How likely somebody edits something at a moment between two requests.
    pub meddling: f64,
    /// How many contacts they have merged.
    pub merged: u32,
    number: u32,
}

impl Users {
    pub fn new(seed: u64) -> Self {
        Self {
            rng: fastrand::Rng::with_seed(seed ^ 0x0575_e125),
            meddling: 0.0,
            merged: 0,
            number: 0,
        }
    }

    pub fn maybe_meddle(&mut self, sandbox: &Sandbox) {
        if self.rng.f64() < self.meddling {
            sandbox.with_world(|world| self.act(world));
        }
    }

    /// A word that nobody has written before.
    pub fn word(&mut self, what: &str) -> String {
        self.number += 1;
        format!("{what}{}", self.number)
    }

    fn some(&mut self, world: &World, side: Side, kind: Kind) -> Option<String> {
        let mut all: Vec<String> = world.ids(side, kind).collect();
        (!all.is_empty()).then(|| all.swap_remove(self.rng.usize(..all.len())))
    }

    /// Somebody does something somewhere. What a side refuses is not done.
    pub fn act(&mut self, world: &mut World) {
        let side = if self.rng.bool() {
            Side::Ghl
        } else {
            Side::Growbots
        };
        match self.rng.u8(..100) {
            0..36 => {
                if let Some(id) = self.some(world, side, Kind::Contact) {
                    let at = self.rng.usize(..TEXTS.len());
                    let value = self.value(at);
                    edit(
                        world,
                        side,
                        Kind::Contact,
                        &id,
                        contact_patch(side, at, &value),
                    );
                }
            }
            36..46 => self.both(world),
            46..54 => self.retag(world, side),
            54..56 => {
                if let Some(id) = self.some(world, side, Kind::Contact) {
                    let email = self.word("moved") + "@sim.example.com";
                    let email = self.typed(email);
                    edit(world, side, Kind::Contact, &id, json!({"email": email}));
                }
            }
            56 => self.swap_addresses(world, side),
            57 => self.bring_back(world),
            58 => {
                if let Some(id) = self.some(world, side, Kind::Contact) {
                    let on = self.rng.bool();
                    let patch = match side {
                        Side::Ghl => json!({"dnd": on}),
                        Side::Growbots => json!({"do_not_contact": on}),
                    };
                    edit(world, side, Kind::Contact, &id, patch);
                }
            }
            59..64 => self.new_contact(world, side),
            64 => self.business(world),
            65..80 => self.task(world, side),
            80..89 => self.note(world, side),
            89..93 => {
                if let Some(id) = self.some(world, side, Kind::Contact) {
                    world.delete(&By::user(), side, Kind::Contact, &id).ok();
                }
            }
            93..96 => {
                if let Some(id) = self.some(world, side, Kind::Task) {
                    world.delete(&By::user(), side, Kind::Task, &id).ok();
                }
            }
            96 => {
                let (one, two) = (
                    self.some(world, side, Kind::Contact),
                    self.some(world, side, Kind::Contact),
                );
                if let (Some(one), Some(two)) = (one, two) {
                    self.merged += u32::from(world.merge(&By::user(), side, &one, &two).is_ok());
                }
            }
            _ => {
                if let Some(id) = self.some(world, side, Kind::Contact) {
                    // First and last name stay: a record needs something to be known by.
                    let at = self.rng.usize(2..TEXTS.len());
                    edit(
                        world,
                        side,
                        Kind::Contact,
                        &id,
                        contact_patch(side, at, &Json::Null),
                    );
                }
            }
        }
    }

    /// An address as people type it: none of the sides minds capitals.
    fn typed(&mut self, email: String) -> String {
        if self.rng.u8(..3) == 0 {
            email.to_uppercase()
        } else {
            email
        }
    }

    /// Somebody takes back a delete in Growbots, one of the last few.
    fn bring_back(&mut self, world: &mut World) {
        let deleted = world.events().iter().rev().filter(|event| {
            event.op == Op::Delete && event.side == Side::Growbots && event.kind == Kind::Contact
        });
        let mut ids: Vec<String> = deleted.take(3).map(|event| event.id.clone()).collect();
        if !ids.is_empty() {
            let id = ids.swap_remove(self.rng.usize(..ids.len()));
            world.restore(&By::user(), Kind::Contact, &id).ok();
        }
    }

    /// Businesses are kept in GHL: one is new, or says something else about itself.
    fn business(&mut self, world: &mut World) {
        let by = By::user();
        if self.rng.u8(..4) == 0 {
            let fields = json!({"name": self.word("Business")});
            return create(world, Side::Ghl, Kind::Business, fields);
        }
        if let Some(id) = self.some(world, Side::Ghl, Kind::Business) {
            if self.rng.bool() {
                if let Some(contact) = self.some(world, Side::Ghl, Kind::Contact) {
                    let patch = json!({"businessId": id});
                    edit(world, Side::Ghl, Kind::Contact, &contact, patch);
                }
                return;
            }
            let patch = match self.rng.u8(..3) {
                0 => json!({"name": self.word("Business")}),
                1 => json!({"website": format!("https://{}.example.com", self.word("firm"))}),
                _ => json!({"city": self.word("Town")}),
            };
            let Json::Object(patch) = patch else { return };
            world.edit(&by, Side::Ghl, Kind::Business, &id, patch).ok();
        }
    }

    /// The addresses of two contacts change places, by way of a third one: no side takes one address twice.
    fn swap_addresses(&mut self, world: &mut World, side: Side) {
        let (one, two) = (
            self.some(world, side, Kind::Contact),
            self.some(world, side, Kind::Contact),
        );
        let (Some(one), Some(two)) = (one, two) else {
            return;
        };
        let email = |world: &World, id: &str| {
            let body = world.live(side, Kind::Contact, id)?;
            body.get("email")?.as_str().map(str::to_owned)
        };
        let (Some(first), Some(second)) = (email(world, &one), email(world, &two)) else {
            return;
        };
        let between = self.word("between") + "@sim.example.com";
        for (id, email) in [(&one, between), (&two, first), (&one, second)] {
            edit(world, side, Kind::Contact, id, json!({"email": email}));
        }
    }

    fn value(&mut self, at: usize) -> Json {
        match TEXTS[at].0 {
            FieldName::Website => json!(format!("https://{}.example.com", self.word("site"))),
            _ => json!(self.word("Word")),
        }
    }

    /// Somebody empties half a side by mistake.
    pub fn clear_out(&mut self, world: &mut World) {
        let side = if self.rng.bool() {
            Side::Ghl
        } else {
            Side::Growbots
        };
        for _ in 0..32 {
            if let Some(id) = self.some(world, side, Kind::Contact) {
                world.delete(&By::user(), side, Kind::Contact, &id).ok();
            }
        }
    }

    /// The same field of a pair on both sides.
    fn both(&mut self, world: &mut World) {
        let pairs: Vec<(String, String)> = world
            .records(Side::Growbots, Kind::Contact)
            .filter_map(|lead| {
                let ghl = lead.get("external_ids")?["ghl"].as_str()?;
                world.is_live(Side::Ghl, Kind::Contact, ghl).then_some(())?;
                Some((ghl.to_owned(), lead["id"].as_str()?.to_owned()))
            })
            .collect();
        if pairs.is_empty() {
            return;
        }
        let (ghl, growbots) = &pairs[self.rng.usize(..pairs.len())];
        let at = self.rng.usize(..TEXTS.len());
        let (one, two) = (self.value(at), self.value(at));
        edit(
            world,
            Side::Ghl,
            Kind::Contact,
            ghl,
            contact_patch(Side::Ghl, at, &one),
        );
        let patch = contact_patch(Side::Growbots, at, &two);
        edit(world, Side::Growbots, Kind::Contact, growbots, patch);
    }

    fn retag(&mut self, world: &mut World, side: Side) {
        let Some(id) = self.some(world, side, Kind::Contact) else {
            return;
        };
        let now = world
            .live(side, Kind::Contact, &id)
            .and_then(|body| body.get("tags").cloned());
        let mut tags = now
            .and_then(|tags| tags.as_array().cloned())
            .unwrap_or_default();
        if self.rng.bool() || tags.is_empty() {
            tags.push(json!(self.word("tag")));
        } else {
            tags.swap_remove(self.rng.usize(..tags.len()));
        }
        edit(world, side, Kind::Contact, &id, json!({"tags": tags}));
    }

    fn new_contact(&mut self, world: &mut World, side: Side) {
        let (first, last) = (self.word("First"), self.word("Last"));
        let email = match self.rng.u8(..10) {
            0 => None,
            _ => Some(format!("{}@sim.example.com", first.to_lowercase())),
        };
        let fields = |side, email: Option<String>| {
            let mut fields = match side {
                Side::Ghl => json!({"firstName": first, "lastName": last}),
                Side::Growbots => json!({"first_name": first, "last_name": last}),
            };
            if let Some(email) = email {
                fields["email"] = json!(email);
            }
            fields
        };
        let typed = email.clone().map(|email| self.typed(email));
        create(world, side, Kind::Contact, fields(side, typed));
        if email.is_some() && self.rng.u8(..5) == 0 {
            create(
                world,
                side.other(),
                Kind::Contact,
                fields(side.other(), email),
            );
        }
    }

    fn due(&mut self) -> String {
        Millis(START_OF_DUE + self.rng.i64(0..200) * 3_600_000).to_string()
    }

    fn task(&mut self, world: &mut World, side: Side) {
        if self.rng.u8(..3) == 0 {
            let Some(parent) = self.some(world, side, Kind::Contact) else {
                return;
            };
            let (title, due) = (self.word("task"), self.due());
            let fields = match side {
                Side::Ghl => {
                    json!({"contactId": parent, "title": title, "dueDate": due, "completed": false})
                }
                Side::Growbots => json!({"lead_id": parent, "title": title, "due_at": due}),
            };
            return create(world, side, Kind::Task, fields);
        }
        let Some(id) = self.some(world, side, Kind::Task) else {
            return;
        };
        let patch = match (self.rng.u8(..4), side) {
            (0, _) => json!({"title": self.word("task")}),
            (1, Side::Ghl) => json!({"dueDate": self.due()}),
            (1, Side::Growbots) => json!({"due_at": self.due()}),
            (2, _) => json!({"body": self.word("body")}),
            _ => {
                let done = world
                    .live(side, Kind::Task, &id)
                    .is_some_and(|task| task.get("completed") == Some(&json!(true)));
                json!({"completed": !done})
            }
        };
        edit(world, side, Kind::Task, &id, patch);
    }

    fn note(&mut self, world: &mut World, side: Side) {
        match self.rng.u8(..4) {
            0..2 => {
                let Some(parent) = self.some(world, side, Kind::Contact) else {
                    return;
                };
                let body = self.word("note");
                let fields = match side {
                    Side::Ghl => json!({"contactId": parent, "body": body}),
                    Side::Growbots => json!({"lead_id": parent, "body": body}),
                };
                create(world, side, Kind::Note, fields);
            }
            2 => {
                if let Some(id) = self.some(world, Side::Ghl, Kind::Note) {
                    let body = self.word("note");
                    edit(world, Side::Ghl, Kind::Note, &id, json!({"body": body}));
                }
            }
            _ => {
                if let Some(id) = self.some(world, Side::Ghl, Kind::Note) {
                    world.delete(&By::user(), Side::Ghl, Kind::Note, &id).ok();
                }
            }
        }
    }
}

const START_OF_DUE: i64 = super::rig::START.0 + 86_400_000;

fn contact_patch(side: Side, at: usize, value: &Json) -> Json {
    let name = match side {
        Side::Ghl => TEXTS[at].1,
        Side::Growbots => TEXTS[at].2,
    };
    match name.split_once('.') {
        Some((object, member)) => json!({ object: { member: value } }),
        None => json!({ name: value }),
    }
}

fn edit(world: &mut World, side: Side, kind: Kind, id: &str, patch: Json) {
    let Json::Object(patch) = patch else { return };
    world.edit(&By::user(), side, kind, id, patch).ok();
}

fn create(world: &mut World, side: Side, kind: Kind, fields: Json) {
    let Json::Object(fields) = fields else { return };
    world.create(&By::user(), side, kind, fields).ok();
}
