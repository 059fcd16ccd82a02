//! All time that couplet reads comes from a [`Clock`], so that tests can hold, step and simulate it.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicI64, Ordering},
};
use std::time::SystemTime;

use crate::model::Millis;

/// Wall time and ticks. Cheap to clone; clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<AtomicI64>),
    Runtime {
        start: Millis,
        origin: tokio::time::Instant,
        wrong_ms: Arc<AtomicI64>,
    },
}

impl Clock {
    /// The machine's clock.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `at` until [`Clock::advance`] moves it.
    pub fn manual(at: Millis) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(at.0))))
    }

    /// A clock that starts at `at` and follows the tokio runtime's time, which a test may pause. Call it inside
    /// the runtime.
    pub fn of_runtime(at: Millis) -> Self {
        Self(Source::Runtime {
            start: at,
            origin: tokio::time::Instant::now(),
            wrong_ms: Arc::default(),
        })
    }

    /// Wall time. It can jump, also backwards, with the machine's clock.
    pub fn now(&self) -> Millis {
        match &self.0 {
            Source::System => {
                #[expect(clippy::disallowed_methods, reason = "this is the one place")]
                let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
                Millis(since.map_or(0, |span| {
                    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
                }))
            }
            Source::Manual(at) => Millis(at.load(Ordering::SeqCst)),
            Source::Runtime {
                start,
                origin,
                wrong_ms,
            } => {
                let wrong_ms = wrong_ms.load(Ordering::SeqCst);
                start.plus(origin.elapsed().as_millis() as i64 + wrong_ms)
            }
        }
    }

    /// Milliseconds since the machine started, counting time asleep; never goes back. Ticks of one machine can be
    /// compared between its processes, as long as [`boot_id`] is the same.
    pub fn ticks(&self) -> i64 {
        match &self.0 {
            Source::System => {
                let at = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
                at.tv_sec * 1000 + at.tv_nsec / 1_000_000
            }
            Source::Manual(at) => at.load(Ordering::SeqCst),
            Source::Runtime { start, origin, .. } => {
                start.plus(origin.elapsed().as_millis() as i64).0
            }
        }
    }

    /// Sets the wall time of a clock that follows the runtime wrong by `ms`, as somebody does who sets the machine's
    /// clock: ticks go on as before. Nothing happens to the other kinds.
    pub fn set_wrong(&self, ms: i64) {
        if let Source::Runtime { wrong_ms, .. } = &self.0 {
            wrong_ms.store(ms, Ordering::SeqCst);
        }
    }

    /// Moves a manual clock on by `ms`; nothing happens to the other kinds.
    pub fn advance(&self, ms: i64) {
        if let Source::Manual(at) = &self.0 {
            at.fetch_add(ms, Ordering::SeqCst);
        }
    }
}

/// What names this run of the machine; empty where the system does not say.
pub fn boot_id() -> &'static str {
    static BOOT: OnceLock<String> = OnceLock::new();
    BOOT.get_or_init(|| {
        std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
            .unwrap_or_default()
            .trim()
            .to_owned()
    })
}
