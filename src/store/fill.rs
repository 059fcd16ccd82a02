//! Whole links put into the cache at once, as they stand after a pull, a match and a merge: what measurements and
//! tests of many records start from.

use rusqlite::params;

use crate::model::{End, Fence, FieldName, LinkId, LinkState, Linked, LogOp, NewLog, PassId};

use super::{
    StoreError, Writer,
    convert::json,
    db::Tx,
    error::Res,
    load::{self, Made},
    log, refresh, snapshots,
};

/// A link as it is to stand, and what its log tells.
#[derive(Clone, Debug)]
pub struct Filled {
    /// Both ends and the base; its number is not looked at.
    pub linked: Linked,
    /// Lines after the one that says that the two were linked.
    pub history: Vec<NewLog>,
}

impl Writer {
    /// Puts links in, clean, in one transaction; gives their numbers in the same order. None of their records may be
    /// there already.
    pub fn fill(
        &mut self,
        fence: Fence,
        pass: PassId,
        links: &[Filled],
    ) -> Result<Vec<LinkId>, StoreError> {
        self.fenced("fill", fence, |tx| {
            let made: Vec<Made> =
                tx.without_triggers(|| links.iter().map(|filled| put(tx, pass, filled)).collect())?;
            load::account(tx, &made)?;
            Ok(made.into_iter().map(|made| made.link).collect())
        })
    }
}

fn put(tx: &Tx<'_>, pass: PassId, filled: &Filled) -> Res<Made> {
    let linked = &filled.linked;
    let live = linked.ends.as_ref().map(End::live);
    let state = if live.ghl.is_some() && live.growbots.is_some() {
        LinkState::InStep
    } else {
        LinkState::OneSide
    };
    tx.run(
        "INSERT INTO link (kind, parent, dirty, ghl, growbots, state) VALUES (?1, ?2, 0, ?3, ?4, ?5)",
        params![
            linked.kind.name(),
            linked.parent.map(|parent| parent.0),
            live.ghl.is_some(),
            live.growbots.is_some(),
            state.name()
        ],
    )?;
    let link = LinkId(tx.conn.last_insert_rowid());
    for snapshot in [live.ghl, live.growbots].into_iter().flatten() {
        snapshots::add(tx, link, snapshot)?;
    }
    if let Some(base) = &linked.base {
        tx.run(
            "INSERT INTO base (link, record) VALUES (?1, ?2)",
            (link.0, json(base)?),
        )?;
    }
    refresh::first_row(tx, link, linked.kind, linked.parent, state, live)?;
    let op = LogOp::Linked.name();
    log::words(
        tx,
        pass,
        link,
        op,
        "same e-mail, unique on both sides",
        None,
    )?;
    for line in &filled.history {
        log::add(tx, pass, link, line)?;
    }
    let shown = live.ghl.or(live.growbots);
    Ok(Made {
        link,
        kind: linked.kind,
        state,
        is_open: shown.is_some_and(|shown| !shown.record.is(&FieldName::Completed)),
    })
}
