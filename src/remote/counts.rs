//! How a server counts requests, as far as its answers tell: pure, over ticks.

use crate::model::Sent;

/// In a window that has just started, others have used at most this part of the limit: a tenth.
const FRESH: u32 = 10;

/// What an answer said of the server's count, and when.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// When its request went out.
    pub sent_at: i64,
    /// When it came.
    pub heard_at: i64,
    /// Requests in the server's count, this one among them.
    pub used: u32,
}

/// The ways in which a server may count (`sync.md` 3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// All of the last window, at any moment.
    Log,
    /// A bucket, which empties evenly.
    Bucket,
    /// Windows that start anew.
    Spans,
}

/// Tells the ways apart: each forbids something that the others do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    is_no_log: bool,
    is_no_bucket: bool,
    /// The last answer that was heard before the request of the next one compared with it went out.
    before: Option<Standing>,
    /// When a window had just started anew: never before it did, and as soon after as was seen.
    turned_at: Option<i64>,
}

impl Standing {
    /// When its request is thought to have arrived.
    pub const fn at(&self) -> i64 {
        i64::midpoint(self.sent_at, self.heard_at)
    }

    /// How many of the requests are thought to have arrived after `after` and not after `until`.
    pub fn arrived(&self, requests: &[Sent], after: i64, until: i64) -> u32 {
        let way = (self.heard_at - self.sent_at) / 2;
        let arrives = |sent: &Sent| match sent.answered_at {
            Some(at) => i64::midpoint(sent.at, at),
            None => sent.at + way,
        };
        let within = |sent: &&Sent| (after + 1..=until).contains(&arrives(sent));
        requests.iter().filter(within).count() as u32
    }
}

impl Counts {
    /// Takes in an answer. `requests` are ours of the last two windows that the server counts.
    pub fn saw(&mut self, now: Standing, requests: &[Sent], limit: u32, length_ms: i64) {
        let count = |is: &dyn Fn(&Sent) -> bool| requests.iter().filter(|sent| is(sent)).count();
        // What cannot but have arrived after one moment and before another.
        let surely = |after: i64, until: i64| {
            count(&|sent| sent.at >= after && sent.answered_at.is_some_and(|at| at <= until)) as u32
        };
        let is_less_than_a_log = now.used < surely(now.heard_at - length_ms + 1, now.sent_at);
        self.is_no_log |= is_less_than_a_log;
        let before = *self.before.get_or_insert(now);
        if before.heard_at > now.sent_at {
            return; // who knows which of the two came first
        }
        self.before = Some(now);
        let drained = (now.heard_at - before.sent_at) * i64::from(limit) / length_ms + 1;
        let least = i64::from(before.used + surely(before.heard_at, now.sent_at)) - drained;
        if i64::from(now.used) >= least {
            return;
        }
        self.is_no_bucket = true;
        let possible = count(&|sent| sent.answered_at.is_none_or(|at| at > before.sent_at)) as u32;
        if is_less_than_a_log && now.used <= possible + limit / FRESH {
            self.turned(now.at(), length_ms);
        }
    }

    /// How the server counts, as far as is known.
    pub const fn way(&self) -> Way {
        match (self.is_no_log, self.is_no_bucket) {
            (false, _) => Way::Log,
            (true, false) => Way::Bucket,
            (true, true) => Way::Spans,
        }
    }

    /// The first start of a window after `at`, where one was seen.
    pub fn turns_after(&self, at: i64, length_ms: i64) -> Option<i64> {
        let turned = self.turned_at?;
        Some(turned + ((at - turned).div_euclid(length_ms) + 1) * length_ms)
    }

    fn turned(&mut self, at: i64, length_ms: i64) {
        let expected = self
            .turns_after(at - length_ms / 2, length_ms)
            .filter(|expected| *expected <= at);
        // The server's clock need not go like ours: by a little each window.
        self.turned_at = Some(expected.map_or(at, |expected| expected + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: u32 = 100;
    const WINDOW: i64 = 10_000;

    /// Sends one request each 200 ms for three windows to a server that counts by `used`, given how many came before
    /// and when; beside it others send as many. Gives what was learnt.
    fn learnt(used: impl Fn(&[i64], i64) -> u32) -> Counts {
        let mut counts = Counts::default();
        let mut arrivals = vec![];
        let mut requests = vec![];
        for n in 0..150 {
            let sent_at = n * 200;
            arrivals.extend([sent_at + 20, sent_at + 25]);
            let heard_at = sent_at + 50;
            requests.push(Sent {
                at: sent_at,
                answered_at: Some(heard_at),
                free_at: heard_at + WINDOW,
            });
            let now = Standing {
                sent_at,
                heard_at,
                used: used(&arrivals, sent_at + 25),
            };
            counts.saw(now, &requests, LIMIT, WINDOW);
        }
        counts
    }

    fn after(arrivals: &[i64], at: i64) -> u32 {
        arrivals.iter().filter(|arrival| **arrival > at).count() as u32
    }

    #[test]
    fn the_ways_are_told_apart() {
        let log = learnt(|arrivals, now| after(arrivals, now - WINDOW));
        assert_eq!(log.way(), Way::Log);
        let spans = learnt(|arrivals, now| {
            after(arrivals, (now - 3_000).div_euclid(WINDOW) * WINDOW + 3_000)
        });
        assert_eq!(spans.way(), Way::Spans);
        let turns = spans.turns_after(50_000, WINDOW).expect("seen to turn");
        assert!((53_000..53_300).contains(&turns), "{turns}");
        // Ten a second come and ten a second drain.
        let bucket = learnt(|_, _| 2);
        assert_eq!(bucket.way(), Way::Bucket);
    }

    #[test]
    fn what_may_have_come_in_either_order_tells_nothing() {
        let mut counts = Counts::default();
        for (sent_at, heard_at, used) in [(0, 100, 90), (50, 150, 5)] {
            let now = Standing {
                sent_at,
                heard_at,
                used,
            };
            counts.saw(now, &[], LIMIT, WINDOW);
        }
        assert_eq!(counts.way(), Way::Log);
        assert!(!counts.is_no_bucket);
    }
}
