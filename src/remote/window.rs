//! The burst window as a side's headers tell of it, and what others use of it: pure, over ticks.

use std::collections::VecDeque;

use crate::model::Sent;

use super::{
    counts::{Counts, Standing, Way},
    limits::Said,
};

/// Once others were seen for certain, the headers are heeded for this long.
const SHARED_MS: i64 = 60_000;
/// The most that others used is remembered for this part of a window more than one: a window that starts anew at
/// its end shows all of it only then.
const EXTRA: i64 = 10;
/// Guesses of when each request arrived may make as many others of none.
const NOISE: u32 = 3;
/// The last word is old after this part of a window: others may have come.
const OLD: i64 = 10;
/// Percent of the places left to others while a request is on its way.
const MARGIN_PERCENT: u32 = 4;
/// The same in a bucket: it loses nothing by being less than full, but once.
const BUCKET_MARGIN_PERCENT: u32 = 8;
/// Percent of the places by which guesses of what is on its way may be wrong.
const SLACK_PERCENT: u32 = 5;
/// Requests that may be on their way beside others, whatever the pace.
const LEAST_IN_FLIGHT: u32 = 6;

/// The limit as last heard, and what others use of it.
///
/// What a server has in its count and we did not send within a window is others'. Whether there is room for one more
/// depends on how it counts ([`Counts`]): what of its last word it has forgotten by now.
#[derive(Clone, Debug)]
pub struct Window {
    /// Places in the burst window.
    pub limit: u32,
    /// Its length.
    pub length_ms: u32,
    /// Whether an answer said the limit.
    is_told: bool,
    counts: Counts,
    /// What others used at each answer, falling: the first is the most.
    others: VecDeque<(i64, u32)>,
    shared_until: i64,
    last: Option<Standing>,
    /// When requests of ours went out that were refused, in the last two windows: no server counts them.
    refused: VecDeque<i64>,
}

impl Default for Window {
    /// Both sides' published limit, until a header says otherwise.
    fn default() -> Self {
        Self {
            limit: 100,
            length_ms: 10_000,
            is_told: false,
            counts: Counts::default(),
            others: VecDeque::new(),
            shared_until: 0,
            last: None,
            refused: VecDeque::new(),
        }
    }
}

impl Window {
    /// Takes in the headers of the answer that came now to a request sent at `sent_at`. `requests` are all of ours
    /// of the last two windows, this one among them.
    pub fn learn(&mut self, said: &Said, sent_at: i64, now: i64, requests: &[Sent]) {
        let requests = &self.admitted(requests);
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
            sent_at,
            heard_at: now,
            used,
        };
        if self.last.is_some_and(|last| last.at() > standing.at()) {
            return;
        }
        self.counts.saw(standing, requests, self.limit, length);
        self.last = Some(standing);
        let counted = standing.arrived(requests, standing.at() - length, standing.at());
        let others = used.saturating_sub(counted);
        if self.is_shared(now) && others > NOISE {
            self.shared_until = now + SHARED_MS;
        }
        let since = now - length - length / EXTRA;
        while self.others.front().is_some_and(|(at, _)| *at <= since) {
            self.others.pop_front();
        }
        while self.others.back().is_some_and(|(_, n)| *n <= others) {
            self.others.pop_back();
        }
        self.others.push_back((now, others));
    }

    /// Takes a limit that was learnt earlier (0 is none), unless an answer has said one since.
    pub const fn expect(&mut self, limit: u32) {
        if limit > 0 && !self.is_told {
            self.limit = limit;
        }
    }

    /// A 429 came: somebody else is there, or the server counts otherwise than we thought.
    pub fn refused(&mut self, sent_at: i64, now: i64) {
        self.shared_until = now + SHARED_MS;
        self.refused.push_back(sent_at);
        let since = now - 2 * i64::from(self.length_ms);
        self.refused.retain(|at| *at > since);
    }

    /// Those of our requests that the server counts.
    fn admitted(&self, requests: &[Sent]) -> Vec<Sent> {
        let counts = |sent: &&Sent| !self.refused.contains(&sent.at);
        requests.iter().filter(counts).copied().collect()
    }

    /// Whether others were seen lately.
    pub const fn is_shared(&self, now: i64) -> bool {
        now < self.shared_until
    }

    /// Places that others use: a log tells how many at any moment; a window that starts anew shows less most of the
    /// time and all of it when it is full, so the most of the last window is taken.
    pub fn others(&self, now: i64) -> u32 {
        let since = now - i64::from(self.length_ms) * (EXTRA + 1) / EXTRA;
        let mut of_late = self.others.iter().filter(|(at, _)| *at > since);
        let seen = match self.counts.way() {
            Way::Log => of_late.next_back(),
            Way::Bucket | Way::Spans => of_late.next(),
        };
        seen.map_or(0, |(_, n)| if self.is_shared(now) { *n } else { 0 })
    }

    /// Places that we may have in use now. Of windows that start anew we leave others what they had of the last, or
    /// we would take all of each at its start.
    pub fn ours(&self, now: i64) -> u32 {
        match self.counts.way() {
            Way::Spans => self.limit.saturating_sub(self.others(now)).max(1),
            Way::Log | Way::Bucket => self.limit,
        }
    }

    /// Requests that may wait for their answers at a time, at most `most`. Beside others as few as keep the pace:
    /// the fewer are on their way, the better the headers tell. Where the last word is old, one goes ahead and looks.
    pub fn in_flight(&self, most: u32, now: i64) -> u32 {
        let Some(last) = self.last.filter(|_| self.is_shared(now)) else {
            return most;
        };
        if now > last.at() + i64::from(self.length_ms) / OLD {
            return 1;
        }
        let took_ms = last.heard_at - last.sent_at;
        let pace = i64::from(self.limit) * took_ms / i64::from(self.length_ms);
        let twice = u32::try_from(2 * pace).unwrap_or(most);
        twice.max(LEAST_IN_FLIGHT).min(most)
    }

    /// Whether any answer told what is left, so that [`Window::has_room`] knows more than the limit.
    pub const fn has_word(&self) -> bool {
        self.last.is_some()
    }

    /// Whether a request that goes now finds room at the server: by its last word, what we sent since, and what it
    /// has forgotten since. Alone, some slack keeps it from being less than our own count allows.
    pub fn has_room(&self, now: i64, requests: &[Sent]) -> bool {
        let Some(last) = self.last else {
            return true;
        };
        let length = i64::from(self.length_ms);
        let age = now - last.at();
        if age >= length {
            return true;
        }
        let requests = self.admitted(requests);
        let way = self.counts.way();
        let forgotten = match way {
            Way::Log => {
                let free = |sent: &&Sent| (last.at() + 1..=now).contains(&sent.free_at);
                requests.iter().filter(free).count() as u32
            }
            Way::Bucket => (age * i64::from(self.limit) / length) as u32,
            Way::Spans => match self.counts.turns_after(last.at(), length) {
                Some(at) if at <= now => last.used,
                _ => 0,
            },
        };
        // In a log as many of theirs go as come; a bucket has been drained of them.
        let theirs = match way {
            Way::Spans => (age * i64::from(self.others(now)) / length) as u32,
            Way::Log | Way::Bucket => 0,
        };
        let percent = |part: u32| self.limit * part / 100;
        let (slack, margin) = match way {
            // Alone, our own count is right, and only a wrong guess would keep a request.
            _ if !self.is_shared(now) => (percent(SLACK_PERCENT), 0),
            Way::Bucket => (0, percent(BUCKET_MARGIN_PERCENT)),
            Way::Log | Way::Spans => (0, percent(MARGIN_PERCENT)),
        };
        let since = last.arrived(&requests, last.at(), i64::MAX);
        last.used + since + theirs + margin < self.limit + forgotten + slack
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

    const WINDOW: i64 = 10_000;

    /// A request of ours that was answered after 50 ms, at `at`.
    fn answered(at: i64) -> Sent {
        Sent {
            at: at - 50,
            answered_at: Some(at),
            free_at: at + WINDOW,
        }
    }

    /// So many requests of ours, one in 100 ms, the last answered at `now`.
    fn ours(n: i64, now: i64) -> Vec<Sent> {
        (0..n).map(|k| answered(now - k * 100)).collect()
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
            assert_eq!(window.others(31_100), 0, "forgotten after a window");
        }
    }

    #[test]
    fn a_log_tells_what_others_use_at_any_moment() {
        let mut window = Window::default();
        for (now, left, want) in [(20_000, 60, 30), (21_000, 80, 10), (22_000, 50, 40)] {
            window.learn(&said(left), now - 50, now, &ours(10, now));
            assert_eq!(window.others(now), want, "at {now}");
        }
    }

    #[test]
    fn of_windows_that_start_anew_the_most_counts() {
        let mut window = Window::default();
        // Ten of ours in the window, and only one counted: it started anew.
        window.learn(&said(60), 19_950, 20_000, &ours(10, 20_000));
        let mut requests = ours(10, 20_000);
        requests.push(answered(20_200));
        window.learn(&said(99), 20_150, 20_200, &requests);
        assert_eq!(window.others(20_200), 30);
        assert_eq!(window.ours(20_200), 70);
        assert_eq!(window.others(31_500), 0, "of the last window");
    }

    #[test]
    fn beside_others_nothing_goes_where_the_last_word_leaves_no_room() {
        let at = 20_000;
        for (left, since, want) in [
            (50, 0, true),
            (5, 0, true),
            (4, 0, false),
            (8, 4, false),
            (8, 3, true),
        ] {
            let mut window = Window::default();
            let mut requests = ours(1, at);
            window.learn(&said(left), at - 50, at, &requests);
            requests.extend((0..since).map(|_| Sent {
                at,
                answered_at: None,
                free_at: at + 2 * WINDOW,
            }));
            assert_eq!(
                window.has_room(at + 10, &requests),
                want,
                "{left} left, {since} since"
            );
        }
    }

    #[test]
    fn a_place_of_ours_that_a_log_forgot_is_room_again() {
        let at = 20_000;
        let old = answered(at - WINDOW + 100);
        let requests = [old, answered(at)];
        let mut window = Window::default();
        window.learn(&said(4), at - 50, at, &requests);
        assert!(!window.has_room(old.free_at - 1, &requests));
        assert!(window.has_room(old.free_at, &requests));
    }

    #[test]
    fn beside_others_an_old_word_lets_one_go_ahead() {
        let mut window = Window::default();
        window.learn(&said(50), 19_950, 20_000, &ours(1, 20_000));
        assert_eq!(window.in_flight(32, 20_100), LEAST_IN_FLIGHT);
        assert_eq!(window.in_flight(32, 21_000), 1);
        assert_eq!(window.in_flight(32, 90_000), 32, "alone again");
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
