//! Many versions in one step, as a first pull brings them: what triggers and the search index do row by row is done
//! once for all records that were never met.

use std::collections::{BTreeMap, HashSet};

use rusqlite::params;

use crate::model::{FieldName, Kind, LinkId, LinkState, Millis, Snapshot};

use super::{
    Seen, SeenAs,
    convert::any,
    db::Tx,
    error::Res,
    gone, rules, search,
    snapshots::{self, Before},
};

/// From how many versions on that is worth it: the connection prepares its statements again.
const MANY: usize = if cfg!(test) { 2 } else { 32 };

/// Stores versions seen on a side, in one transaction. `since`: from when on what happens is noted for rules.
pub(super) fn put_all(
    tx: &Tx<'_>,
    since: Option<Millis>,
    snapshots: &[Snapshot],
) -> Res<Vec<Seen>> {
    let before = Before::of(tx.conn, snapshots)?;
    let mut links: BTreeMap<usize, LinkId> = BTreeMap::new();
    if snapshots.len() >= MANY {
        let fresh = never_met(tx, before, snapshots)?;
        if fresh.len() >= MANY {
            links = load(tx, since, snapshots, &fresh)?;
            if before.children {
                for (&at, &link) in &links {
                    snapshots::adopt(tx, link, &snapshots[at])?;
                }
            }
        }
    }
    let put = |tx: &Tx<'_>, snapshot: &Snapshot| snapshots::put_on(tx, before, snapshot);
    let all = snapshots.iter().enumerate();
    all.map(|(at, snapshot)| match links.get(&at) {
        Some(&link) => Ok(Seen {
            link,
            seen: SeenAs::New,
        }),
        None => rules::watched(tx, since, snapshot, put),
    })
    .collect()
}

/// Places of the versions whose record is in no link and was never gone; of a record that is there twice the first.
fn never_met(tx: &Tx<'_>, before: Before, page: &[Snapshot]) -> Res<Vec<usize>> {
    let mut met = HashSet::with_capacity(page.len());
    let mut fresh = Vec::with_capacity(page.len());
    for (at, snapshot) in page.iter().enumerate() {
        let (side, kind, id) = (snapshot.side, snapshot.kind, &snapshot.id);
        let is_known = !met.insert((side, kind, id))
            || any(
                tx.conn,
                "SELECT 1 FROM snapshot WHERE side = ?1 AND kind = ?2 AND id = ?3",
                params![side.name(), kind.name(), id.as_str()],
            )?
            || (before.tombs
                && (gone::tomb(tx.conn, snapshot)?.is_some()
                    || gone::is_forgotten(tx.conn, snapshot)?));
        if !is_known {
            fresh.push(at);
        }
    }
    Ok(fresh)
}

/// Makes a link for each of these; gives them by place.
fn load(
    tx: &Tx<'_>,
    since: Option<Millis>,
    page: &[Snapshot],
    fresh: &[usize],
) -> Res<BTreeMap<usize, LinkId>> {
    let links = tx.without_triggers(|| {
        let mut links = BTreeMap::new();
        for &at in fresh {
            let put = |tx: &Tx<'_>, snapshot: &Snapshot| {
                Ok(Seen {
                    link: snapshots::add_link(tx, snapshot)?,
                    seen: SeenAs::New,
                })
            };
            links.insert(at, rules::watched(tx, since, &page[at], put)?.link);
        }
        Ok(links)
    })?;
    let made = links.iter().map(|(&at, &link)| Made {
        link,
        kind: page[at].kind,
        state: LinkState::OneSide,
        is_open: !page[at].record.is(&FieldName::Completed),
    });
    account(tx, &made.collect::<Vec<_>>())?;
    Ok(links)
}

/// A link that was made without triggers.
pub(super) struct Made {
    pub(super) link: LinkId,
    pub(super) kind: Kind,
    pub(super) state: LinkState,
    /// Of a task: it is not completed.
    pub(super) is_open: bool,
}

/// Does what the triggers would have done for links made in this transaction, in order of their numbers.
pub(super) fn account(tx: &Tx<'_>, made: &[Made]) -> Res<()> {
    let Some(first) = made.first() else {
        return Ok(());
    };
    let mut totals: BTreeMap<String, i64> = BTreeMap::new();
    for made in made {
        *totals
            .entry(format!("link.{}", made.kind.name()))
            .or_default() += 1;
        let of_list = match made.kind {
            Kind::Contact => format!("contact.{}", made.state.name()),
            Kind::Task if made.is_open => "tasks_open".into(),
            _ => continue,
        };
        *totals.entry(of_list).or_default() += 1;
    }
    for (name, more) in totals {
        tx.run(
            "UPDATE tally SET n = n + ?2 WHERE name = ?1",
            params![name, more],
        )?;
    }
    search::index_from(tx, first.link)
}
