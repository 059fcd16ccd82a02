//! Many at once leave what one by one leaves.

use rusqlite::{Connection, types::Value as Sql};

use super::{Cache, START, contact, search, task};
use crate::model::{FieldName, Kind, Side, Snapshot, Tombstone, Value};
use crate::store::SeenAs;

/// Tasks of whom one contact comes before them, one after them and one never, and of contacts one twice.
fn page() -> Vec<Snapshot> {
    let done = |mut task: Snapshot| {
        task.record.set(FieldName::Completed, Value::yes(true));
        task
    };
    let named = |id: &str, name: &str| contact(Side::Ghl, id, &[(FieldName::FirstName, name)]);
    let ann = named("g1", "Ann");
    let later = Snapshot {
        updated_at: Some(START.plus(1)),
        ..named("g1", "Anna")
    };
    vec![
        ann,
        task(Side::Ghl, "t1", "g1", "Call"),
        done(task(Side::Ghl, "t2", "g2", "Write")),
        task(Side::Ghl, "t3", "g9", "Visit"),
        later,
        named("g2", "Zoë"),
    ]
}

/// All that a table holds but when it was first seen.
fn dump(cache: &Cache, table: &str) -> Vec<Vec<Sql>> {
    let conn = Connection::open(cache.dir.path().join("test.db")).unwrap();
    let columns = match table {
        "snapshot" => "link, side, kind, id, parent, record, updated_at, email, gone, raw",
        _ => "*",
    };
    let sql = format!("SELECT {columns} FROM {table} ORDER BY 1, 2");
    let mut statement = conn.prepare(&sql).unwrap();
    let width = statement.column_count();
    let rows = statement.query_map([], |row| (0..width).map(|at| row.get(at)).collect());
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_page_leaves_what_its_records_leave_one_by_one() {
    let (mut at_once, mut singly) = (Cache::new(), Cache::new());
    let page = page();
    let seen = at_once.store.put_snapshots(at_once.fence, &page).unwrap();
    // those never met come first, the second version of the first contact after them
    let order = [0, 1, 2, 3, 5, 4];
    for at in order {
        let link = singly.put(&page[at]);
        assert_eq!(seen[at].link, link, "{:?}", page[at].id);
    }
    assert_eq!(seen[4].seen, SeenAs::Changed);
    for table in ["link", "snapshot", "contact", "task", "tally"] {
        assert_eq!(dump(&at_once, table), dump(&singly, table), "{table}");
    }
    for (words, want) in [("anna", 1), ("zoë", 1), ("call", 0), ("nobody", 0)] {
        assert_eq!(at_once.names(&search(words)).len(), want, "{words}");
    }
    assert!(dump(&at_once, "contact_unindexed").is_empty());
    assert!(dump(&at_once, "task_unindexed").is_empty());
}

#[test]
fn after_a_page_the_triggers_are_on_again() {
    let mut cache = Cache::new();
    cache.store.put_snapshots(cache.fence, &page()).unwrap();
    let open = |cache: &Cache| cache.reader().totals().unwrap().tasks_open;
    assert_eq!(open(&cache), 2);
    cache.gone(Side::Ghl, Kind::Task, "t1", &Tombstone::default());
    assert_eq!(open(&cache), 1);
    assert_eq!(cache.names(&search("anna")).len(), 1);
    let renamed = Snapshot {
        updated_at: Some(START.plus(2)),
        ..contact(Side::Ghl, "g1", &[(FieldName::FirstName, "Berta")])
    };
    cache.put(&renamed);
    assert_eq!(cache.names(&search("berta")).len(), 1);
    assert!(cache.names(&search("anna")).is_empty());
}

#[test]
fn a_page_brings_nothing_back_that_is_known_to_be_gone() {
    let mut cache = Cache::new();
    let page = page();
    cache.store.entomb(cache.fence, &page[3]).unwrap();
    let seen = cache.store.put_snapshots(cache.fence, &page).unwrap();
    assert_eq!(seen[3].seen, SeenAs::Stale);
    assert_eq!(cache.reader().totals().unwrap().tasks_open, 1);
}
