//! How long the way to a side and back takes at the least: pure, over ticks.

/// What the server's clock may be off by within one window, and more than we measure wrongly.
const DOUBT_MS: i64 = 5;
/// Answers that must be seen before the shortest of them says anything.
const ENOUGH: u32 = 500;
/// The shortest of this long ago to twice this long ago is forgotten: a way may become longer.
const SPAN_MS: i64 = 300_000;
/// After a refusal or a change of the way nothing is taken for granted for this long.
const CAREFUL_MS: i64 = 60_000;

/// The shortest round trip of late.
///
/// A place may be used again when a window has passed *at the server* between the request in it and the next. What we
/// see is the answer. It took at least the shortest way back, and the next request will take at least the shortest
/// way there: together the shortest round trip, by which a place is free sooner than a window after its answer.
/// This is `sync.md` 3.6, send + window + (RTT − least RTT) + eps, said from the answer's side.
#[derive(Clone, Copy, Debug, Default)]
pub struct Route {
    spans: [Span; 2],
    began: i64,
    careful_until: i64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Span {
    answers: u32,
    least_ms: Option<i64>,
}

impl Route {
    /// An answer came `took_ms` after its request went out.
    pub fn answered(&mut self, took_ms: i64, now: i64) {
        if now >= self.began + SPAN_MS {
            self.spans = [self.spans[1], Span::default()];
            self.began = now;
        }
        if self.known().is_some_and(|least| took_ms + DOUBT_MS < least) {
            self.doubt(now);
        }
        let span = &mut self.spans[1];
        span.answers += 1;
        span.least_ms = Some(span.least_ms.map_or(took_ms, |least| least.min(took_ms)));
    }

    /// A 429 came: what we took for granted may be wrong.
    pub const fn doubt(&mut self, now: i64) {
        self.careful_until = now + CAREFUL_MS;
    }

    /// By how much a place is free sooner than a window after its answer; 0 while that is not known.
    pub fn saves_ms(&self, now: i64) -> u32 {
        if now < self.careful_until {
            return 0;
        }
        let least = self.known().unwrap_or(0);
        u32::try_from(least - DOUBT_MS).unwrap_or(0)
    }

    fn known(&self) -> Option<i64> {
        let answers: u32 = self.spans.iter().map(|span| span.answers).sum();
        let least = self.spans.iter().filter_map(|span| span.least_ms).min();
        least.filter(|_| answers >= ENOUGH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_of_enough_answers_is_saved_until_something_speaks_against_it() {
        let mut route = Route::default();
        for n in 0..ENOUGH {
            assert_eq!(route.saves_ms(0), 0, "after {n}");
            route.answered(i64::from(50 + n % 30), 0);
        }
        assert_eq!(route.saves_ms(0), 45);
        route.answered(47, 1);
        assert_eq!(route.saves_ms(1), 42, "within the doubt");
        route.answered(30, 2);
        assert_eq!(route.saves_ms(2), 0, "another way");
        assert_eq!(route.saves_ms(2 + CAREFUL_MS), 25);
        route.doubt(70_000);
        assert_eq!(route.saves_ms(129_999), 0, "a refusal");
        assert_eq!(route.saves_ms(130_000), 25);
    }

    #[test]
    fn a_way_that_became_longer_is_learnt_in_two_spans() {
        let mut route = Route::default();
        for (at, took, want) in [(0, 20, 15), (SPAN_MS, 60, 15), (2 * SPAN_MS, 60, 55)] {
            for _ in 0..ENOUGH {
                route.answered(took, at);
            }
            assert_eq!(route.saves_ms(at), want, "at {at}");
        }
    }
}
