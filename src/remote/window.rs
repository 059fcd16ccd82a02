//! The burst window as a side's headers tell of it, and what others use of it: pure, over ticks.

use std::collections::VecDeque;

use crate::model::Sent;

use super::limits::Said;

/// Once others were seen for certain, the headers are heeded for this long.
const SHARED_MS: i64 = 60_000;
/// The most that others used is remembered for this part of a window more than one: a window that starts anew at
/// its end shows all of it only then.
const EXTRA: i64 = 10;
/// The most of a window is seen with guesses of when each request arrived: it is too much by about this, unless a
/// refusal of late says otherwise.
const GUESS: u32 = 1;
/// Places that others may take while a request is on its way.
const MARGIN: u32 = 1;

/// The limit as last heard, and what others use of it.
///
/// Whatever a server counts (any span, spans that start anew, a bucket that fills), what it has in its count and we did
/// not send within a window is others'. A window that starts anew and a bucket show less than that most of the time and
/// all of it when they are full, so the most of the last window is taken.
#[derive(Clone, Debug)]
pub struct Window {
    /// Places in the burst window.
    pub limit: u32,
    /// Its length.
    pub length_ms: u32,
    /// Whether an answer said the limit.
    is_told: bool,
    /// What others used at each answer, falling: the first is the most.
    others: VecDeque<(i64, u32)>,
    shared_until: i64,
    wary_until: i64,
    last: Option<Standing>,
}

/// What an answer said of the server's count.
#[derive(Clone, Copy, Debug)]
struct Standing {
    /// When the request is thought to have arrived.
    at: i64,
    took_ms: i64,
    used: u32,
}

impl Default for Window {
    /// Both sides' published limit, until a header says otherwise.
    fn default() -> Self {
        Self {
            limit: 100,
            length_ms: 10_000,
            is_told: false,
            others: VecDeque::new(),
            shared_until: 0,
            wary_until: 0,
            last: None,
        }
    }
}

impl Window {
    /// Takes in the headers of the answer that came now to a request sent at `sent_at`. `requests` are all of ours
    /// of the last two windows, this one among them.
    pub fn learn(&mut self, said: &Said, sent_at: i64, now: i64, requests: &[Sent]) {
        self.limit = said.burst.unwrap_or(self.limit).max(1);
        self.is_told |= said.burst.is_some();
        self.length_ms = said.window_ms.unwrap_or(self.length_ms).max(1);
        let Some(left) = said.burst_left else {
            return;
        };
        let used = self.limit.saturating_sub(left);
        let length = i64::from(self.length_ms);
        let may_count = |sent: &&Sent| sent.answered_at.is_none_or(|at| at > sent_at - length);
        if used > requests.iter().filter(may_count).count() as u32 {
            self.shared_until = now + SHARED_MS;
        }
        let standing = Standing {
            at: i64::midpoint(sent_at, now),
            took_ms: now - sent_at,
            used,
        };
        let counted = standing.arrived(requests, standing.at - length, standing.at);
        let others = used.saturating_sub(counted);
        let since = now - length - length / EXTRA;
        while self.others.front().is_some_and(|(at, _)| *at <= since) {
            self.others.pop_front();
        }
        while self.others.back().is_some_and(|(_, n)| *n <= others) {
            self.others.pop_back();
        }
        self.others.push_back((now, others));
        if self.last.is_none_or(|last| last.at <= standing.at) {
            self.last = Some(standing);
        }
    }

    /// Takes a limit that was learnt earlier (0 is none), unless an answer has said one since.
    pub const fn expect(&mut self, limit: u32) {
        if limit > 0 && !self.is_told {
            self.limit = limit;
        }
    }

    /// A 429 came: somebody else is there, or the server counts otherwise than we thought.
    pub const fn refused(&mut self, now: i64) {
        self.shared_until = now + SHARED_MS;
        self.wary_until = now + SHARED_MS;
    }

    /// Whether others were seen lately.
    pub const fn is_shared(&self, now: i64) -> bool {
        now < self.shared_until
    }

    /// Places that others use.
    pub fn others(&self, now: i64) -> u32 {
        let since = now - i64::from(self.length_ms) * (EXTRA + 1) / EXTRA;
        let of_late = self.others.iter().find(|(at, _)| *at > since);
        of_late.map_or(0, |(_, n)| if self.is_shared(now) { *n } else { 0 })
    }

    /// Places that we may have in use now.
    pub fn ours(&self, now: i64) -> u32 {
        let guess = if now < self.wary_until { 0 } else { GUESS };
        let left = (self.limit + guess).saturating_sub(self.others(now));
        left.clamp(1, self.limit)
    }

    /// Requests that may wait for their answers at a time, at most `most`. Beside others as few as keep the pace:
    /// the fewer are on their way, the better the headers tell.
    pub fn in_flight(&self, most: u32, now: i64) -> u32 {
        match self.last {
            Some(last) if self.is_shared(now) => {
                let pace = i64::from(self.limit) * last.took_ms / i64::from(self.length_ms);
                u32::try_from(2 * pace).unwrap_or(most).clamp(2, most)
            }
            _ => most,
        }
    }

    /// Whether a request that goes now finds room at the server by its last word, what we sent since, and what of
    /// ours it has forgotten since.
    pub fn has_room(&self, now: i64, requests: &[Sent]) -> bool {
        let Some(last) = self.last.filter(|_| self.is_shared(now)) else {
            return true;
        };
        let length = i64::from(self.length_ms);
        if now >= last.at + length {
            return true;
        }
        let since = last.arrived(requests, last.at, i64::MAX);
        let forgotten = last.arrived(requests, last.at - length, now - length);
        let used = (last.used + since).saturating_sub(forgotten);
        used + MARGIN < self.limit
    }
}

impl Standing {
    /// How many of the requests are thought to have arrived after `after` and not after `until`.
    fn arrived(&self, requests: &[Sent], after: i64, until: i64) -> u32 {
        let arrives = |sent: &Sent| match sent.answered_at {
            Some(at) => i64::midpoint(sent.at, at),
            None => sent.at + self.took_ms / 2,
        };
        let within = |sent: &&Sent| (after + 1..=until).contains(&arrives(sent));
        requests.iter().filter(within).count() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(left: u32) -> Said {
        Said {
            burst_left: Some(left),
            ..Said::default()
        }
    }

    /// So many requests of ours, one in 100 ms and each answered after 50, the last at `now`.
    fn ours(n: i64, now: i64) -> Vec<Sent> {
        let sent = |k| Sent {
            at: now - 50 - k * 100,
            answered_at: Some(now - k * 100),
        };
        (0..n).map(sent).collect()
    }

    #[test]
    fn what_the_server_counts_and_we_did_not_send_is_others() {
        for (left, sent, want) in [
            (90, 10, 0),  // alone
            (95, 10, 0),  // alone, in a window that started anew
            (60, 10, 30), // 40 used, 10 of them ours
            (0, 0, 100),
        ] {
            let mut window = Window::default();
            window.learn(&said(left), 19_950, 20_000, &ours(sent, 20_000));
            assert_eq!(window.others(20_001), want, "{left} left, {sent} ours");
            let free = (100 + GUESS).saturating_sub(want).clamp(1, 100);
            assert_eq!(window.ours(20_001), free);
            assert_eq!(window.others(31_100), 0, "forgotten after a window");
        }
    }

    #[test]
    fn the_most_of_a_window_counts() {
        let mut window = Window::default();
        for (now, left, want) in [
            (20_000, 60, 30),
            (21_000, 80, 30),
            (22_000, 50, 40),
            (31_500, 80, 40),
            (33_000, 80, 10),
        ] {
            window.learn(&said(left), now - 50, now, &ours(10, now));
            assert_eq!(window.others(now), want, "at {now}");
        }
    }

    #[test]
    fn beside_others_nothing_goes_where_the_last_word_leaves_no_room() {
        let at = 20_000;
        for (left, since, want) in [
            (50, 0, true),
            (2, 0, true),
            (1, 0, false),
            (5, 4, false),
            (5, 3, true),
        ] {
            let mut window = Window::default();
            let mut requests = ours(1, at);
            window.learn(&said(left), at - 50, at, &requests);
            requests.extend((0..since).map(|_| Sent {
                at,
                answered_at: None,
            }));
            assert_eq!(
                window.has_room(at + 10, &requests),
                want,
                "{left} left, {since} since"
            );
        }
    }

    #[test]
    fn the_limits_come_from_the_headers() {
        let said = Said {
            burst: Some(20),
            window_ms: Some(1_000),
            ..Said::default()
        };
        let mut window = Window::default();
        window.learn(&said, 0, 0, &[]);
        window.learn(&Said::default(), 0, 0, &[]);
        window.expect(50);
        assert_eq!((window.ours(0), window.length_ms), (20, 1_000));
    }
}
