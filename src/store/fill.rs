//! Whole links put into the cache at once, as they stand after a pull, a match and a merge: what measurements and
//! tests of many records start from.

use crate::model::{Fence, LinkId, Linked, LogOp, NewLog, PassId};

use super::{
    StoreError, Writer, convert::json, db::Tx, error::Res, links, log, refresh::refresh, snapshots,
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
            links.iter().map(|filled| put(tx, pass, filled)).collect()
        })
    }
}

fn put(tx: &Tx<'_>, pass: PassId, filled: &Filled) -> Res<LinkId> {
    let linked = &filled.linked;
    let link = links::new(tx, linked.kind, linked.parent)?;
    let ends = linked.ends.as_ref();
    for end in [ends.ghl, ends.growbots] {
        if let Some(snapshot) = end.live() {
            snapshots::add(tx, link, snapshot)?;
        }
    }
    if let Some(base) = &linked.base {
        tx.run(
            "INSERT INTO base (link, record) VALUES (?1, ?2)",
            (link.0, json(base)?),
        )?;
    }
    tx.run("UPDATE link SET dirty = 0 WHERE id = ?1", [link.0])?;
    refresh(tx, link)?;
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
    Ok(link)
}
