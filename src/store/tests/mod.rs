//! Tests of the verbs, against files in a folder that goes with the test.

mod alerts;
mod changes;
mod conflicts;
pub(crate) mod fail;
mod files;
mod forget;
mod late;
mod leases;
mod lists;
mod load;
mod operators;
mod outbox;
mod presence;
mod pulls;
mod slots;
mod totals;
mod trouble;

use tempfile::TempDir;

use crate::clock::Clock;
use crate::model::{
    Cause, ContactSort, Direction, Fence, FieldChange, FieldName, Holder, Kind, LinkId, LinkState,
    Millis, Op, PassId, Record, RecordId, Side, Snapshot, Tombstone, Value, Write,
};

use super::{ContactQuery, Lease, LinkOutcome, Reader, Writer};

pub(super) const START: Millis = Millis(1_700_000_000_000);
pub(super) const PASS: PassId = PassId(1);

/// A cache whose lease we hold.
pub(super) struct Cache {
    pub(super) dir: TempDir,
    pub(super) clock: Clock,
    pub(super) store: Writer,
    pub(super) fence: Fence,
}

pub(super) fn us() -> Holder {
    Holder {
        operator: "dana".into(),
        host: "here".into(),
        pid: std::process::id(),
        since: START,
    }
}

impl Cache {
    pub(super) fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let clock = Clock::manual(START);
        let mut store = Writer::open(&dir.path().join("test.db"), &clock).unwrap();
        // Tests look for what they have just put.
        store.let_index_wait(0);
        let Lease::Ours(fence) = store.acquire(&us()).unwrap() else {
            panic!("a new cache is free");
        };
        Self {
            dir,
            clock,
            store,
            fence,
        }
    }

    pub(super) fn reader(&self) -> Reader {
        self.store.reader().unwrap()
    }

    /// A side says that a record is gone; gives the link whose end it was.
    pub(super) fn gone(
        &mut self,
        side: Side,
        kind: Kind,
        record: &str,
        stone: &Tombstone,
    ) -> Option<LinkId> {
        self.store
            .mark_gone(self.fence, side, kind, &id(record), stone)
            .unwrap()
    }

    pub(super) fn put(&mut self, snapshot: &Snapshot) -> LinkId {
        let seen = self
            .store
            .put_snapshots(self.fence, std::slice::from_ref(snapshot))
            .unwrap();
        seen[0].link
    }

    /// A contact that both sides have alike, merged.
    pub(super) fn pair(
        &mut self,
        ghl: &str,
        growbots: &str,
        fields: &[(FieldName, &str)],
    ) -> LinkId {
        let link = self.put(&contact(Side::Ghl, ghl, fields));
        let other = self.put(&contact(Side::Growbots, growbots, fields));
        self.store
            .join(self.fence, PASS, link, other, "same e-mail")
            .unwrap();
        self.commit(LinkOutcome {
            base: Some(record(fields)),
            ..outcome(link)
        });
        link
    }

    pub(super) fn commit(&mut self, outcome: LinkOutcome) {
        self.store.commit(self.fence, PASS, &[outcome]).unwrap();
    }

    pub(super) fn dirty(&self, kind: Kind) -> Vec<LinkId> {
        let dirty = self.store.dirty(kind, LinkId(0), 100).unwrap();
        dirty.into_iter().map(|linked| linked.id).collect()
    }

    pub(super) fn state(&self, link: LinkId) -> LinkState {
        self.reader().detail(link).unwrap().unwrap().state
    }

    pub(super) fn names(&self, query: &ContactQuery) -> Vec<String> {
        let page = self.reader().contacts(query, None, Direction::Forward, 500);
        page.unwrap().into_iter().map(|row| row.name).collect()
    }

    /// What the log says, oldest first: op and cause.
    pub(super) fn told(&self) -> Vec<(String, String)> {
        let mut log = self.reader().log(None, 1000).unwrap();
        log.reverse();
        log.into_iter().map(|line| (line.op, line.cause)).collect()
    }
}

pub(super) fn outcome(link: LinkId) -> LinkOutcome {
    LinkOutcome {
        link,
        ..LinkOutcome::default()
    }
}

pub(super) fn record(fields: &[(FieldName, &str)]) -> Record {
    let value = |(field, text): &(FieldName, &str)| {
        let value = Value::parse(field.ty(), text).unwrap();
        Some((field.clone(), value?))
    };
    Record::from_fields(fields.iter().filter_map(value))
}

pub(super) fn snapshot(side: Side, kind: Kind, id: &str, fields: &[(FieldName, &str)]) -> Snapshot {
    Snapshot {
        raw: format!("{{\"id\":\"{id}\"}}").into(),
        version: (side == Side::Growbots).then(|| "1".into()),
        created_at: Some(START),
        updated_at: Some(START),
        ..Snapshot::new(side, kind, id, record(fields))
    }
}

pub(super) fn contact(side: Side, id: &str, fields: &[(FieldName, &str)]) -> Snapshot {
    snapshot(side, Kind::Contact, id, fields)
}

pub(super) fn task(side: Side, id: &str, parent: &str, title: &str) -> Snapshot {
    Snapshot {
        parent: Some(parent.into()),
        ..snapshot(side, Kind::Task, id, &[(FieldName::Title, title)])
    }
}

pub(super) fn text(text: &str) -> Option<Value> {
    Value::text(text)
}

pub(super) fn update(link: LinkId, side: Side, id: &str, from: &str, to: &str) -> Write {
    Write {
        link,
        side,
        kind: Kind::Contact,
        id: Some(id.into()),
        op: Op::Update,
        fields: vec![FieldChange {
            field: FieldName::FirstName,
            from: text(from),
            to: text(to),
        }],
        cause: Cause::Change { side: side.other() },
    }
}

pub(super) fn create(link: LinkId, side: Side) -> Write {
    Write {
        id: None,
        op: Op::Create,
        ..update(link, side, "", "", "Ann")
    }
}

pub(super) fn id(text: &str) -> RecordId {
    text.into()
}

pub(super) fn by(sort: ContactSort) -> ContactQuery {
    ContactQuery {
        sort,
        ..ContactQuery::default()
    }
}

pub(super) fn search(words: &str) -> ContactQuery {
    ContactQuery {
        search: words.into(),
        ..ContactQuery::default()
    }
}
