//! Made-up people as both sides would have them once all is in step: the sandbox's people, without its wire.

use fastrand::Rng;
use serde_json::json;

use crate::merge::normalise;
use crate::model::{
    BySide, Cause, End, FieldChange, FieldName, Kind, LinkId, Linked, LogOp, Millis, NewLog, Op,
    Record, Side, Snapshot, Value,
};
use crate::sandbox::ids;
use crate::sandbox::people::{NOTES, TASKS};
use crate::sandbox::person::{Person, any};
use crate::sandbox::place::{COUNTRY, Place};
use crate::store::Filled;

const DAY_MS: i64 = 86_400_000;
/// One contact of so many has another city on each side.
const APART_EVERY: u32 = 1_000;

/// Makes people up, the same on each run but for their times.
pub struct People {
    place: Place,
    rng: Rng,
    now: Millis,
}

impl People {
    /// People who were last edited before `now`.
    pub fn new(now: Millis) -> Self {
        let mut rng = Rng::with_seed(1);
        Self {
            place: Place::new(&mut rng),
            rng,
            now,
        }
    }

    /// Somebody whom both sides have, with a change that was carried over. One in a thousand is in conflict.
    pub fn contact(&mut self, number: u32) -> Filled {
        let person = Person::made_up(&mut self.rng, number + 1, self.place.users.len());
        let base = normalise::record(Kind::Contact, COUNTRY, self.canonical(&person));
        let created = self.past(700);
        let updated = Millis(self.rng.i64(created.0..self.now.0));
        let ids = self.ids("ld_", created);
        let raw = BySide {
            ghl: json!(person.contact(&self.place, &ids.ghl)).to_string(),
            growbots: person.lead(&self.place, Some(&ids.ghl)).to_string(),
        };
        let mut ends = BySide::from_fn(|side| {
            End::Live(Snapshot {
                raw: raw.get(side).as_str().into(),
                external_id: (side == Side::Growbots).then(|| ids.ghl.as_str().into()),
                ..snapshot(side, Kind::Contact, ids.get(side), &base, created, updated)
            })
        });
        if number % APART_EVERY == 7 {
            for (side, city) in [(Side::Ghl, "Springfield"), (Side::Growbots, "Shelbyville")] {
                if let End::Live(snapshot) = ends.get_mut(side) {
                    snapshot.record.set(FieldName::City, Value::text(city));
                }
            }
        }
        let history = vec![NewLog {
            side: Some(Side::Growbots),
            op: LogOp::Wrote(Op::Update),
            fields: vec![FieldChange {
                field: FieldName::Title,
                from: Value::text("Intern"),
                to: base.get(&FieldName::Title).cloned(),
            }],
            cause: Some(Cause::Change { side: Side::Ghl }),
            words: String::new(),
            requests: 2,
        }];
        Filled {
            linked: linked(Kind::Contact, None, base, ends),
            history: if person.title.is_empty() {
                Vec::new()
            } else {
                history
            },
        }
    }

    /// The tasks of a contact: every second one has one.
    pub fn tasks(&mut self, number: u32, contact: &Linked, link: LinkId) -> Vec<Filled> {
        if number % 2 == 1 {
            return Vec::new();
        }
        let created = self.past(60);
        let updated = Millis(self.rng.i64(created.0..self.now.0));
        let due = Millis(self.now.0 + self.rng.i64(-12..30) * DAY_MS).to_second();
        let assignee = any(&mut self.rng, &self.place.users).email.clone();
        let base = Record::from_fields(
            [
                (FieldName::Title, Value::text(*any(&mut self.rng, &TASKS))),
                (FieldName::Body, Value::text(*any(&mut self.rng, &NOTES))),
                (FieldName::DueAt, Some(Value::Time(due))),
                (FieldName::Completed, Value::yes(self.rng.u8(..5) == 0)),
                (FieldName::Assignee, Value::text(assignee)),
            ]
            .into_iter()
            .filter_map(|(field, value)| Some((field, value?))),
        );
        let ids = self.ids("tk_", created);
        let ends = BySide::from_fn(|side| {
            let parent = contact.ends.get(side).live();
            End::Live(Snapshot {
                parent: parent.map(|parent| parent.id.clone()),
                ..snapshot(side, Kind::Task, ids.get(side), &base, created, updated)
            })
        });
        vec![Filled {
            linked: linked(Kind::Task, Some(link), base, ends),
            history: Vec::new(),
        }]
    }

    fn canonical(&self, person: &Person) -> Record {
        let owner = person.owner.map(|at| self.place.users[at].email.as_str());
        let budget = person.budget.map(|budget| budget.to_string());
        let texts = [
            (FieldName::FirstName, person.first.as_str()),
            (FieldName::LastName, &person.last),
            (FieldName::Email, &person.email),
            (FieldName::Phone, &person.phone),
            (FieldName::Company, &person.company),
            (FieldName::Title, &person.title),
            (FieldName::Website, &person.website),
            (FieldName::Street, &person.street),
            (FieldName::City, &person.city),
            (FieldName::Region, &person.region),
            (FieldName::PostalCode, &person.postal_code),
            (FieldName::Country, person.country),
            (FieldName::TimeZone, &person.zone),
            (FieldName::Owner, owner.unwrap_or_default()),
            (FieldName::Source, &person.source),
            (FieldName::Custom("plan".into()), &person.plan),
            (
                FieldName::Custom("budget".into()),
                budget.as_deref().unwrap_or_default(),
            ),
        ];
        let mut record = Record::default();
        for (field, text) in texts {
            record.set(field, Value::text(text));
        }
        record.set(FieldName::Tags, Value::set(&person.tags));
        record.set(FieldName::DoNotContact, Value::yes(person.do_not_contact));
        record
    }

    fn past(&mut self, days: i64) -> Millis {
        self.now.plus(-self.rng.i64(DAY_MS..days * DAY_MS))
    }

    fn ids(&mut self, prefix: &str, made: Millis) -> BySide<String> {
        BySide {
            ghl: ids::alphanumeric(&mut self.rng, 20),
            growbots: ids::ulid(&mut self.rng, prefix, made),
        }
    }
}

/// The field in which the two sides of somebody are apart.
pub fn in_conflict(contact: &Linked) -> Option<FieldName> {
    let [ghl, growbots] = Side::BOTH.map(|side| {
        let end = contact.ends.get(side).live();
        end.and_then(|snapshot| snapshot.record.get(&FieldName::City))
    });
    (ghl != growbots).then_some(FieldName::City)
}

fn snapshot(
    side: Side,
    kind: Kind,
    id: &str,
    record: &Record,
    created_at: Millis,
    updated_at: Millis,
) -> Snapshot {
    Snapshot {
        raw: json!({"id": id, "fields": record}).to_string().into(),
        version: (side == Side::Growbots).then(|| "1".into()),
        created_at: Some(created_at),
        updated_at: Some(updated_at),
        ..Snapshot::new(side, kind, id, record.clone())
    }
}

fn linked(kind: Kind, parent: Option<LinkId>, base: Record, ends: BySide<End>) -> Linked {
    Linked {
        parent,
        ..Linked::new(LinkId(0), kind, Some(base), ends)
    }
}
