//! What the sweeps may cost of a day: each comes again only when its share has paid for what it cost before, however
//! large the workspace.

use serde::{Deserialize, Serialize};

use crate::model::{Millis, Side};

use super::EngineError;
use super::core::Core;
use super::pass::Pass;

const DAY_MS: u64 = 86_400_000;
/// What a share did not spend is saved for this long.
const SAVED_MS: i64 = 600_000;
/// The children of untouched contacts are read at most this often.
const ROTATION_EVERY_MS: u64 = 60_000;
/// Requests that the children of one contact cost: its notes and its appointments.
const REQUESTS_A_CONTACT: u64 = 2;
/// Percent of a day that all tasks, businesses and the rotation have together.
const REST_PERCENT: u64 = 8;

/// A reading of a whole listing that comes again and again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sweep {
    /// The note with the time of the last run.
    pub mark: &'static str,
    /// It comes at most this often, unless somebody told that there is something to find.
    pub every_ms: u64,
    /// It takes at most this part of a day's requests.
    pub percent: u64,
}

/// Open tasks of GHL.
pub(super) const OPEN_TASKS: Sweep = Sweep {
    mark: "sweep.tasks.open.at",
    every_ms: 60_000,
    percent: 5,
};
/// Contact ids of GHL, for deletes.
pub(super) const CONTACTS: Sweep = Sweep {
    mark: "sweep.contacts.at",
    every_ms: 600_000,
    percent: 2,
};
/// All tasks of GHL.
pub(super) const ALL_TASKS: Sweep = Sweep {
    mark: "sweep.tasks.at",
    every_ms: 3_600_000,
    percent: 3,
};
/// Businesses of GHL, which have no listing by time of change.
pub(super) const BUSINESSES: Sweep = Sweep {
    mark: "sweep.businesses.at",
    every_ms: 600_000,
    percent: 1,
};
/// Everything in Growbots where it has no change feed: the only sweep of that side.
pub(super) const WITHOUT_FEED: Sweep = Sweep {
    mark: "sweep.contacts.at.growbots",
    every_ms: 600_000,
    percent: 15,
};

/// What a sweep cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Spent {
    /// Requests of the last run.
    requests: u64,
    /// When the share will have paid for all runs so far.
    paid: Millis,
}

impl Spent {
    /// After one more run, at `now`, that cost so many of the `share` requests of a day.
    fn and(self, requests: u64, share: u64, now: Millis) -> Self {
        let owed = i64::try_from(requests * DAY_MS / share.max(1)).unwrap_or(i64::MAX);
        // A clock that was put back must not shut it for as long.
        let paid = self.paid.min(now.plus(owed)).max(now.plus(-SAVED_MS));
        Self {
            requests,
            paid: paid.plus(owed),
        }
    }
}

impl Sweep {
    const fn share(&self, limit: u64) -> u64 {
        limit * self.percent / 100
    }

    /// Requests that it takes of a day, where a run costs so many.
    fn of_a_day(&self, requests: u64, limit: u64) -> u64 {
        (requests * DAY_MS / self.every_ms).min(self.share(limit))
    }

    fn spent(&self, core: &Core) -> Result<Spent, EngineError> {
        Ok(core.note(&self.note("spent"))?.unwrap_or_default())
    }

    fn note(&self, what: &str) -> String {
        format!("{}.{what}", self.mark)
    }

    /// Somebody told that there is something to find: it comes as soon as its share pays for it.
    pub(super) fn ask(&self, core: &Core) -> Result<(), EngineError> {
        Ok(core.put_note(&self.note("asked"), &true)?)
    }

    /// Whether its time has come, and its share can pay for it.
    pub(super) fn is_due(&self, core: &Core) -> Result<bool, EngineError> {
        let every_ms = i64::try_from(self.every_ms).unwrap_or(i64::MAX);
        let asked = core.note::<bool>(&self.note("asked"))? == Some(true);
        let is_paid = core.now() >= self.spent(core)?.paid;
        Ok(is_paid && (asked || core.is_due(self.mark, every_ms)?))
    }

    /// It cost so much; `ended`: it came to its end.
    pub(super) fn ran(
        &self,
        core: &Core,
        side: Side,
        requests: u64,
        ended: bool,
    ) -> Result<(), EngineError> {
        let share = self.share(requests_of_a_day(core, side));
        let spent = self.spent(core)?.and(requests, share, core.now());
        core.put_note(&self.note("spent"), &spent)?;
        if ended {
            core.drop_note(&self.note("asked"))?;
            core.mark_done(self.mark)?;
        }
        Ok(())
    }
}

/// Contacts whose children are read at a time, and the milliseconds from one time to the next.
const fn rotation(rest: u64) -> (u64, u64) {
    let a_day = REQUESTS_A_CONTACT * DAY_MS;
    let rest = if rest == 0 { 1 } else { rest };
    let contacts = (rest * ROTATION_EVERY_MS).div_ceil(a_day);
    (contacts, contacts * a_day / rest)
}

fn requests_of_a_day(core: &Core, side: Side) -> u64 {
    core.side(side).status().day.limit
}

impl Pass<'_> {
    /// Runs a sweep by `work`, which says whether it came to its end, if it is due, or `now`. Whatever it cost is
    /// charged to its share; one that ended early is due again.
    pub(super) async fn in_its_share(
        &self,
        side: Side,
        sweep: &Sweep,
        now: bool,
        work: impl AsyncFnOnce() -> Result<bool, EngineError>,
    ) -> Result<bool, EngineError> {
        if !now && !sweep.is_due(self.core)? {
            return Ok(false);
        }
        let (before, _) = self.core.side(side).sent();
        let ended = work().await;
        let requests = self.core.side(side).sent().0 - before;
        sweep.ran(self.core, side, requests, matches!(ended, Ok(true)))?;
        ended
    }

    /// How many contacts' children are read now; `None` while it is not their time.
    pub(super) fn contacts_in_turn(&self, mark: &str) -> Result<Option<u32>, EngineError> {
        let limit = requests_of_a_day(self.core, Side::Ghl);
        let mut rest = limit * REST_PERCENT / 100;
        for sweep in [ALL_TASKS, BUSINESSES] {
            rest = rest.saturating_sub(sweep.of_a_day(sweep.spent(self.core)?.requests, limit));
        }
        let (contacts, every_ms) = rotation(rest);
        let is_due = self
            .core
            .is_due(mark, i64::try_from(every_ms).unwrap_or(i64::MAX))?;
        Ok(is_due.then(|| u32::try_from(contacts).unwrap_or(u32::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs of a sweep within a day that it is asked for all the time, and what they cost together.
    fn day_of(sweep: &Sweep, requests: u64, limit: u64, every_ms: i64) -> (u64, u64) {
        let (mut spent, mut now, mut runs) = (Spent::default(), Millis(1_000_000_000_000), 0);
        let end = now.plus(DAY_MS as i64);
        while now < end {
            if now >= spent.paid {
                spent = spent.and(requests, sweep.share(limit), now);
                runs += 1;
            }
            now = now.plus(every_ms);
        }
        (runs, runs * requests)
    }

    #[test]
    fn a_sweep_takes_its_share_of_a_day_and_no_more() {
        for (sweep, requests, limit, every_ms, why) in [
            (OPEN_TASKS, 100, 200_000, 60_000, "ten thousand open tasks"),
            (
                OPEN_TASKS,
                2,
                200_000,
                3_000,
                "a webhook every three seconds",
            ),
            (CONTACTS, 2_000, 200_000, 600_000, "a million contacts"),
            (BUSINESSES, 1, 1_000, 600_000, "a day of few requests"),
            (
                BUSINESSES,
                3,
                10,
                600_000,
                "a share of less than one request",
            ),
        ] {
            let (runs, cost) = day_of(&sweep, requests, limit, every_ms);
            let share = sweep.share(limit);
            // What was saved before, and the last run, which is paid for afterwards.
            let most = share + share * SAVED_MS as u64 / DAY_MS + requests;
            assert!(cost <= most, "{why}: {cost} of {share}");
            assert!(
                runs > 0 && cost + requests >= share.min(runs * requests),
                "{why}"
            );
            assert!(cost + 2 * requests > share, "{why}: only {cost} of {share}");
        }
    }

    #[test]
    fn a_clock_that_is_put_back_shuts_no_sweep_for_long() {
        let late = Millis(2_000_000_000_000);
        let spent = Spent::default().and(10, 100, late);
        let now = late.plus(-30 * DAY_MS as i64);
        let spent = spent.and(10, 100, now);
        assert!(spent.paid <= now.plus(2 * 8_640_000), "{spent:?}");
    }

    #[test]
    fn the_children_in_turn_have_what_is_left() {
        for (rest, contacts, every_ms) in [
            (16_000, 6, 64_800),
            (2_880, 1, 60_000),
            (1_440, 1, 120_000),
            (0, 1, 2 * DAY_MS),
        ] {
            assert_eq!(rotation(rest), (contacts, every_ms), "{rest}");
        }
    }

    #[test]
    fn all_shares_of_ghl_are_fifteen_percent() {
        let all = OPEN_TASKS.percent + CONTACTS.percent + REST_PERCENT;
        assert_eq!(all, 15);
        const { assert!(ALL_TASKS.percent + BUSINESSES.percent < REST_PERCENT) };
    }
}
