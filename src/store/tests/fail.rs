//! Makes the Nth write of this thread fail: what a disk does that is full, slow to say so, or loses power.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use crate::store::StoreError;

/// How a write fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Nothing of it is done.
    Before,
    /// It is done, and said to have failed (an fsync whose answer is an error).
    After,
    /// Half of it is on the disk, and the machine is off: the file beside, as [`torn`] names it.
    Torn,
}

thread_local! {
    static PLAN: Cell<Option<(u64, Way)>> = const { Cell::new(None) };
    static LENGTH: Cell<u64> = const { Cell::new(0) };
}

/// The Nth write from now on, from 1, fails so.
pub(crate) fn arm(number: u64, way: Way) {
    PLAN.set(Some((number, way)));
}

/// No write fails any more. Whether one would still have.
pub(crate) fn disarm() -> bool {
    PLAN.take().is_some()
}

/// What is on the disk of a machine that went off in the middle of a write.
pub(crate) fn torn(path: &Path) -> PathBuf {
    path.with_extension("torn")
}

fn wal(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

fn length(path: &Path) -> u64 {
    fs::metadata(wal(path)).map_or(0, |meta| meta.len())
}

fn failed(query: &'static str) -> StoreError {
    StoreError::Query {
        query,
        source: "the disk is gone".into(),
    }
}

pub(crate) fn before(path: &Path, query: &'static str) -> Result<(), StoreError> {
    match PLAN.get() {
        Some((1, Way::Before)) => {
            PLAN.set(None);
            Err(failed(query))
        }
        Some(_) => {
            LENGTH.set(length(path));
            Ok(())
        }
        None => Ok(()),
    }
}

pub(crate) fn after(path: &Path, query: &'static str) -> Result<(), StoreError> {
    let Some((number, way)) = PLAN.get() else {
        return Ok(());
    };
    if number > 1 {
        PLAN.set(Some((number - 1, way)));
        return Ok(());
    }
    PLAN.set(None);
    if way == Way::Torn {
        let (old, new) = (LENGTH.get(), length(path));
        fs::copy(path, torn(path)).unwrap();
        fs::copy(wal(path), wal(&torn(path))).unwrap();
        let half = old + new.saturating_sub(old) / 2;
        let file = fs::OpenOptions::new().write(true).open(wal(&torn(path)));
        file.unwrap().set_len(half).unwrap();
    }
    Err(failed(query))
}
