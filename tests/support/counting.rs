//! A side that does little but count: records of any id, behind a limit of 100 in 10 s kept in one of the three ways,
//! with the headers of `facts/highlevel.md` d or `facts/growbots.md` 3.8. Written from those pages, apart from the
//! sandbox, so that a mistake there is not mirrored here; and light, for long runs. Its timers stand for the
//! network: only for tests with `start_paused`.

use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::body::Body;
use couplet::{
    model::Side,
    remote::{RouterTransport, Transport},
};
use http::{Request, Response};
use tokio::time::Instant;

const LIMIT: u32 = 100;
const WINDOW_MS: i64 = 10_000;
const DAY: u32 = 200_000;

/// How a server may count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kinds {
    /// Any span of 10 s.
    Sliding,
    /// Spans of 10 s that start anew.
    Fixed,
    /// A bucket that fills evenly.
    Bucket,
}

impl Kinds {
    pub const ALL: [Self; 3] = [Self::Sliding, Self::Fixed, Self::Bucket];
}

/// How long a request takes to the server and its answer back, in ms.
#[derive(Clone, Copy, Debug)]
pub struct Ways {
    pub out: (u64, u64),
    pub back: (u64, u64),
}

/// The server; clones are the same one.
#[derive(Clone)]
pub struct Counting(Arc<Mutex<State>>);

struct State {
    kind: Kinds,
    ways: Ways,
    random: fastrand::Rng,
    origin: Instant,
    /// How long before `origin` its window began.
    phase_ms: i64,
    /// Arrivals that count; of a bucket, how full it is, in requests, and when that was so.
    arrivals: VecDeque<i64>,
    level: (f64, i64),
    today: u32,
    got_by_others: u32,
    refused_to_others: u32,
}

/// What the answer to a request says of the limits.
struct Verdict {
    admitted: bool,
    left: u32,
    resets_in_ms: i64,
    day_left: u32,
}

impl Counting {
    /// The seed decides how long each way takes, when its windows begin, and what another client does.
    pub fn new(kind: Kinds, ways: Ways, seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        Self(Arc::new(Mutex::new(State {
            kind,
            ways,
            phase_ms: random.i64(0..WINDOW_MS),
            random,
            origin: Instant::now(),
            arrivals: VecDeque::new(),
            level: (0.0, 0),
            today: 0,
            got_by_others: 0,
            refused_to_others: 0,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("one thread")
    }

    /// What the other client got, and what it was refused.
    pub fn others(&self) -> (u32, u32) {
        let state = self.state();
        (state.got_by_others, state.refused_to_others)
    }

    /// What a connector sends through.
    pub fn transport(&self, side: Side) -> Arc<dyn Transport> {
        let server = self.clone();
        Arc::new(RouterTransport::new(tower::service_fn(
            move |request: Request<Body>| {
                let server = server.clone();
                async move { Ok::<_, Infallible>(server.answer(side, request).await) }
            },
        )))
    }

    /// Another program with the same key, which knows nothing of us and asks for a third of the limit: one request
    /// after the other, or up to three at once and then a pause, like a clock or not.
    pub async fn another_client(&self) {
        let mut random = fastrand::Rng::with_seed(self.state().random.u64(..));
        let at_once = u64::from(random.u32(1..=3));
        let evenly = random.bool();
        tokio::time::sleep(Duration::from_millis(random.u64(0..1_500))).await;
        loop {
            let ways: Vec<_> = (0..at_once).map(|_| self.state().ways()).collect();
            let asks = ways.into_iter().map(|(out, _)| async move {
                tokio::time::sleep(out).await;
                let mut state = self.state();
                let admitted = state.count().admitted;
                state.got_by_others += u32::from(admitted);
                state.refused_to_others += u32::from(!admitted);
            });
            let pause = if evenly { 300 } else { random.u64(150..=450) };
            tokio::join!(
                futures_util::future::join_all(asks),
                tokio::time::sleep(Duration::from_millis(at_once * pause)),
            );
        }
    }

    async fn answer(&self, side: Side, request: Request<Body>) -> Response<Body> {
        let (out, back) = self.state().ways();
        tokio::time::sleep(out).await;
        let verdict = self.state().count();
        tokio::time::sleep(back).await;
        let id = request.uri().path().rsplit('/').next().unwrap_or("");
        let body = match side {
            Side::Ghl => format!(r#"{{"contact":{{"id":"{id}","firstName":"Ann"}}}}"#),
            Side::Growbots => format!(r#"{{"id":"{id}","version":1,"first_name":"Ann"}}"#),
        };
        let status = if verdict.admitted { 200 } else { 429 };
        let mut response = Response::builder().status(status);
        for (name, value) in verdict.headers(side) {
            response = response.header(name, value);
        }
        response.body(Body::from(body)).expect("valid")
    }
}

impl State {
    fn ways(&mut self) -> (Duration, Duration) {
        let Ways { out, back } = self.ways;
        let mut way = |(least, most)| Duration::from_millis(self.random.u64(least..=most));
        (way(out), way(back))
    }

    /// A request arrives.
    fn count(&mut self) -> Verdict {
        let now = self.origin.elapsed().as_millis() as i64;
        // Its windows started before we came.
        let fixed_start = (now + self.phase_ms).div_euclid(WINDOW_MS) * WINDOW_MS - self.phase_ms;
        let from = match self.kind {
            Kinds::Fixed => fixed_start,
            _ => now - WINDOW_MS + 1,
        };
        while self.arrivals.front().is_some_and(|at| *at < from) {
            self.arrivals.pop_front();
        }
        let used = if self.kind == Kinds::Bucket {
            let drained = (now - self.level.1) as f64 * f64::from(LIMIT) / WINDOW_MS as f64;
            self.level = ((self.level.0 - drained).max(0.0), now);
            self.level.0
        } else {
            self.arrivals.len() as f64
        };
        let admitted = used + 1.0 <= f64::from(LIMIT) + 1e-9 && self.today < DAY;
        let used = if admitted { used + 1.0 } else { used };
        if admitted {
            self.today += 1;
            self.arrivals.push_back(now);
            self.level.0 += 1.0;
        }
        Verdict {
            admitted,
            left: LIMIT.saturating_sub(used.ceil() as u32),
            resets_in_ms: match self.kind {
                Kinds::Sliding => self.arrivals.front().map_or(0, |at| at + WINDOW_MS - now),
                Kinds::Fixed => fixed_start + WINDOW_MS - now,
                Kinds::Bucket => WINDOW_MS / i64::from(LIMIT),
            },
            day_left: DAY - self.today,
        }
    }
}

impl Verdict {
    fn headers(&self, side: Side) -> Vec<(&'static str, String)> {
        let seconds = (self.resets_in_ms + 999) / 1_000;
        match side {
            Side::Ghl => vec![
                ("x-ratelimit-limit-daily", DAY.to_string()),
                ("x-ratelimit-daily-remaining", self.day_left.to_string()),
                ("x-ratelimit-interval-milliseconds", WINDOW_MS.to_string()),
                ("x-ratelimit-max", LIMIT.to_string()),
                ("x-ratelimit-remaining", self.left.to_string()),
            ],
            Side::Growbots => {
                let mut headers = vec![
                    ("ratelimit-policy", "100;w=10, 200000;w=86400".to_owned()),
                    ("ratelimit-limit", LIMIT.to_string()),
                    ("ratelimit-remaining", self.left.to_string()),
                    ("ratelimit-reset", seconds.to_string()),
                ];
                if !self.admitted {
                    headers.push(("retry-after", seconds.max(1).to_string()));
                }
                headers
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_burst_is_refused_until_the_window_is_over() {
    let none = Ways {
        out: (0, 0),
        back: (0, 0),
    };
    for (kind, at_once, later) in [
        (Kinds::Sliding, 100, 100),
        (Kinds::Fixed, 100, 100),
        (Kinds::Bucket, 100, 100),
    ] {
        let server = Counting::new(kind, none, 7);
        let burst = || (0..150).filter(|_| server.state().count().admitted).count();
        assert_eq!(burst(), at_once, "{kind:?}");
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(burst(), later, "{kind:?} a window later");
    }
}
