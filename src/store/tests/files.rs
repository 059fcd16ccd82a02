use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rusqlite::Connection;

use super::{Cache, PASS, START, contact, create};
use crate::clock::Clock;
use crate::model::{IntentState, Side};
use crate::store::{Lease, Reader, StoreError, Writer, schema};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn nobody_else_can_read_the_files() {
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("new/deep/test.db");
    let _store = Writer::open(&path, &Clock::manual(START)).unwrap();
    let folder = path.parent().unwrap();
    assert_eq!(
        (mode(folder), mode(folder.parent().unwrap())),
        (0o700, 0o700)
    );
    for ending in ["", "-wal", "-shm"] {
        let file = folder.join(format!("test.db{ending}"));
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn a_folder_that_is_there_keeps_its_mode_and_an_open_file_is_closed_to_others() {
    let dir = tempfile::TempDir::new().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o750)).unwrap();
    let path = dir.path().join("test.db");
    drop(Writer::open(&path, &Clock::manual(START)).unwrap());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    drop(Writer::open(&path, &Clock::manual(START)).unwrap());
    assert_eq!((mode(dir.path()), mode(&path)), (0o750, 0o600));
}

#[test]
fn a_folder_made_for_a_group_lets_the_group_write_the_files_and_nobody_else() {
    for (folder, file) in [(0o2770, 0o660), (0o770, 0o600), (0o2750, 0o600)] {
        let dir = tempfile::TempDir::new().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(folder)).unwrap();
        let path = dir.path().join("test.db");
        let mut store = Writer::open(&path, &Clock::manual(START)).unwrap();
        store.acquire(&super::us()).unwrap();
        for ending in ["", "-wal", "-shm", ".fence"] {
            let beside = dir.path().join(format!("test.db{ending}"));
            assert_eq!(mode(&beside), file, "{folder:o}: {}", beside.display());
        }
    }
}

#[test]
fn a_schema_of_a_newer_couplet_is_refused() {
    let cache = Cache::new();
    let path = cache.dir.path().join("test.db");
    let conn = Connection::open(&path).unwrap();
    conn.pragma_update(None, "user_version", schema::NEWEST + 1)
        .unwrap();
    for error in [
        Writer::open(&path, &cache.clock).err(),
        Reader::open(&path).err(),
    ] {
        assert!(matches!(error, Some(StoreError::Newer { .. })), "{error:?}");
    }
}

#[test]
fn what_is_no_cache_is_refused_and_left_as_it_is() {
    let dir = tempfile::TempDir::new().unwrap();
    let text = dir.path().join("text.db");
    fs::write(&text, "Dear diary, ".repeat(500)).unwrap();
    let other = dir.path().join("other.db");
    Connection::open(&other)
        .unwrap()
        .execute_batch("CREATE TABLE mine (x)")
        .unwrap();
    for path in [text, other] {
        let before = fs::read(&path).unwrap();
        for error in [
            Writer::open(&path, &Clock::manual(START)).err(),
            Reader::open(&path).err(),
        ] {
            assert!(
                matches!(error, Some(StoreError::Damaged { .. })),
                "{error:?}"
            );
        }
        assert_eq!(fs::read(&path).unwrap(), before, "{}", path.display());
    }
}

#[test]
fn a_reader_needs_a_file() {
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("none.db");
    assert!(matches!(
        Reader::open(&path).err(),
        Some(StoreError::Open { .. })
    ));
    assert!(!path.exists());
}

#[test]
fn a_reader_reads_also_when_the_writer_has_gone() {
    let mut cache = Cache::new();
    cache.put(&contact(Side::Ghl, "g1", &[]));
    let path = cache.dir.path().join("test.db");
    drop(cache.store);
    let reader = Reader::open(&path).unwrap();
    assert!(reader.find("g1").unwrap().is_some());
    reader.interrupter()();
}

#[test]
fn a_copy_is_free_has_keys_of_its_own_and_does_not_know_what_was_on_its_way() {
    let mut cache = Cache::new();
    let link = cache.put(&contact(Side::Ghl, "g1", &[]));
    let write = create(link, Side::Growbots);
    let intent = cache.store.intend(cache.fence, PASS, &write).unwrap();
    cache.store.mark_sending(cache.fence, intent, &[]).unwrap();
    let path = cache.dir.path().join("copy.db");
    cache.store.copy_to(&path).unwrap();
    assert_eq!(mode(&path), 0o600);
    let again = cache.store.copy_to(&path);
    assert!(matches!(again, Err(StoreError::Open { .. })), "{again:?}");

    let mut copy = Writer::open(&path, &cache.clock).unwrap();
    let Lease::Ours(fence) = copy.acquire(&super::us()).unwrap() else {
        panic!("the copy is free");
    };
    copy.intend(fence, PASS, &write).unwrap();
    cache.store.intend(cache.fence, PASS, &write).unwrap();
    let (copied, original) = (
        copy.open_intents().unwrap(),
        cache.store.open_intents().unwrap(),
    );
    assert_eq!(copied[0].state, IntentState::Unknown);
    assert_eq!(original[0].state, IntentState::Sending);
    assert_eq!(copied[0].key, original[0].key);
    assert_eq!(copied[1].id, original[1].id);
    assert_ne!(copied[1].key, original[1].key);
}
