//! One request with all layers around the transport: breaker, limiter, gate, meter, retry.

mod call;
mod words;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::Request;
use url::Url;

use crate::{
    clock::Clock,
    model::{Health, Lane, Side, SideStatus, Slots},
};

use super::{
    Normalise, RemoteError, Transport, TransportError,
    auth::{self, Auth, Key, TokenCall, Wire},
    breaker::Breaker,
    exchange,
    limiter::Limiter,
    limits::{self, Said},
    meter::{Last, Meter},
    offset::Offset,
    retry::{Attempt, Budget, Ended, LONGEST_WAIT_MS, Step, next_step},
};

pub use call::{Answer, Call};

/// Asked last thing before a write is sent; `false` where this process may not write any more.
pub type Gate = Arc<dyn Fn() -> bool + Send + Sync>;

/// How to reach a side.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Root of the API; may have a path.
    pub base_url: Url,
    /// The key.
    pub auth: Auth,
    /// The GHL location. Growbots: unused.
    pub location: String,
    /// How long an answer may take.
    pub timeout: Duration,
}

/// What a connector works with.
#[derive(Clone)]
pub struct Parts {
    /// Carries the requests.
    pub transport: Arc<dyn Transport>,
    /// All time.
    pub clock: Clock,
    /// The limiter's log.
    pub slots: Arc<dyn Slots>,
    /// Brings values to canonical form.
    pub normalise: Normalise,
    /// Whether writes may go.
    pub gate: Gate,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}

/// Sends calls to one side.
pub struct Client {
    side: Side,
    base: Url,
    timeout: Duration,
    auth: Auth,
    transport: Arc<dyn Transport>,
    clock: Clock,
    gate: Gate,
    limiter: Limiter,
    breaker: Mutex<Breaker>,
    meter: Mutex<Meter>,
    budget: Mutex<Budget>,
    offset: Mutex<Offset>,
    random: Mutex<fastrand::Rng>,
}

impl Client {
    /// A client of `side`.
    pub fn new(side: Side, settings: Settings, parts: &Parts) -> Self {
        let clock = parts.clock.clone();
        Self {
            side,
            base: settings.base_url,
            timeout: settings.timeout,
            auth: settings.auth,
            transport: Arc::clone(&parts.transport),
            gate: Arc::clone(&parts.gate),
            limiter: Limiter::new(side, clock.clone(), Arc::clone(&parts.slots)),
            breaker: Mutex::default(),
            meter: Mutex::default(),
            budget: Mutex::default(),
            offset: Mutex::default(),
            // From the clock, so that a simulation repeats itself.
            random: Mutex::new(fastrand::Rng::with_seed(clock.now().0 as u64 ^ side as u64)),
            clock,
        }
    }

    /// Sends a call, again where that is safe, and gives its last answer. 5xx and lost answers are errors.
    pub async fn send(&self, lane: Lane, call: Call) -> Result<Answer, RemoteError> {
        let mut number = 1;
        let mut waited_ms = 0;
        lock(&self.budget).earn();
        let mut key = self.key_for(lane, &call).await?;
        let mut renewed = false;
        loop {
            let (end, said) = self.attempt(lane, &call, key.as_ref()).await?;
            if let (Some(used), Ok(answer)) = (&key, &end)
                && let Some(next) = self.after(lane, used, answer, renewed).await?
            {
                // A refused key did nothing, so a write is repeated too: once.
                key = Some(next);
                renewed = true;
                continue;
            }
            let ended = match &end {
                Ok(answer) if !call.write && answer.is_ok() && !answer.is_json() => Ended::Garbled,
                Ok(answer) => Ended::Status(answer.status),
                Err(TransportError::NotConnected(_)) => Ended::Unreachable,
                Err(TransportError::Other(_)) => return self.outcome(&call, end),
                Err(_) => Ended::Lost,
            };
            let attempt = Attempt {
                number,
                write: call.write,
                waited_ms,
            };
            let jitter = lock(&self.random).f64();
            match next_step(ended, &said, attempt, jitter) {
                Step::Done => return self.outcome(&call, end),
                Step::Shut(ms) => {
                    self.limiter.block(ms);
                    return Err(self.shut(ms));
                }
                // What was not done at all costs the side nothing to hear again.
                Step::Wait(_)
                    if !matches!(ended, Ended::Status(409 | 429))
                        && !lock(&self.budget).spend(self.clock.ticks()) =>
                {
                    return self.outcome(&call, end);
                }
                Step::Wait(ms) => {
                    lock(&self.meter).slowed(self.clock.ticks());
                    if ended == Ended::Status(429) {
                        // For everybody: the next request would be refused as well.
                        self.limiter.block(ms);
                    } else {
                        // This request alone waits; the side may answer others meanwhile.
                        tokio::time::sleep(Duration::from_millis(ms as u64)).await;
                    }
                    waited_ms = ms;
                    number += 1;
                }
            }
        }
    }

    /// The key that a call is sent with; requests for tokens have their own.
    async fn key_for(&self, lane: Lane, call: &Call) -> Result<Option<Key>, RemoteError> {
        if call.apart.is_some() {
            return Ok(None);
        }
        let key = self.auth.key(self.side, &self.wire(lane)).await;
        key.map(Some).map_err(|error| self.kept_out(error))
    }

    /// The key to repeat a request with, where the side refused the one used and there is another.
    async fn after(
        &self,
        lane: Lane,
        used: &Key,
        answer: &Answer,
        renewed: bool,
    ) -> Result<Option<Key>, RemoteError> {
        if !auth::refuses_key(answer.status, &answer.body) {
            self.auth.works(used);
            return Ok(None);
        }
        if renewed {
            return Ok(None);
        }
        let next = self.auth.another(self.side, used, &self.wire(lane)).await;
        next.map_err(|error| self.kept_out(error))
    }

    fn kept_out(&self, error: RemoteError) -> RemoteError {
        match error {
            RemoteError::SignIn { .. } => lock(&self.meter).ended(Last::SignIn),
            RemoteError::Unauthorised { .. } => self.refused_key(),
            _ => {}
        }
        error
    }

    /// Carries requests for tokens in this lane.
    pub const fn wire(&self, lane: Lane) -> TokenWire<'_> {
        TokenWire { client: self, lane }
    }

    /// Time, as this client sees it.
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    async fn attempt(
        &self,
        lane: Lane,
        call: &Call,
        key: Option<&Key>,
    ) -> Result<(Result<Answer, TransportError>, Said), RemoteError> {
        let shut = lock(&self.breaker).shut_for_ms(self.clock.ticks());
        if shut > 0 {
            return Err(self.shut(shut));
        }
        let request = self.request(call, key)?;
        let place = self.limiter.place(lane, call.cost).await?;
        if call.write && call.apart.is_none() && !(self.gate)() {
            place.unused();
            return Err(RemoteError::Stopped {
                side: self.side,
                operation: call.operation.to_owned(),
            });
        }
        let sent_at = self.clock.ticks();
        if let Err(ms) = lock(&self.breaker).permit(sent_at) {
            place.unused();
            return Err(self.shut(ms));
        }
        lock(&self.meter).sent(call.operation);
        let told = (call.write && call.apart.is_none())
            .then(|| exchange::begun(&request, self.clock.now()))
            .flatten();
        let end = match tokio::time::timeout(self.timeout, self.transport.send(request)).await {
            Ok(end) => end,
            Err(_) => Err(TransportError::TimedOut),
        };
        let now = self.clock.ticks();
        let status = end.as_ref().map_or(0, |answer| answer.status().as_u16());
        tracing::debug!(
            side = self.side.name(),
            operation = call.operation,
            status,
            ms = now - sent_at,
            "answered"
        );
        match &end {
            Ok(_) if status == 429 => place.refused(),
            Ok(_) => place.answered(),
            Err(TransportError::NotConnected(_)) => place.unused(),
            Err(_) => drop(place),
        }
        lock(&self.breaker).report(now, (1..500).contains(&status));
        lock(&self.meter).ended(match &end {
            Err(TransportError::NotConnected(_)) => Last::Unreachable,
            _ => Last::Answered,
        });
        let answer = match end {
            Ok(answer) => answer,
            Err(error) => {
                exchange::ended(told, now - sent_at, None);
                return Ok((Err(error), Said::default()));
            }
        };
        let said = limits::read(answer.headers(), self.clock.now());
        if let Some(date) = said.date {
            lock(&self.offset).answered(date, self.clock.now(), now - sent_at);
        }
        if status == 429 {
            lock(&self.meter).throttled(self.clock.now());
        }
        self.limiter.learn(&said, sent_at)?;
        let (head, body) = answer.into_parts();
        exchange::ended(told, now - sent_at, Some((status, &head.headers, &body)));
        let answer = Answer {
            status,
            headers: head.headers,
            body,
            operation: call.operation,
            write: call.write,
        };
        Ok((Ok(answer), said))
    }

    fn request(&self, call: &Call, key: Option<&Key>) -> Result<Request<Bytes>, RemoteError> {
        let mut request = call
            .request(&self.base)
            .map_err(|what| self.malformed(call.operation, what, false))?;
        if let Some(key) = key {
            self.auth.sign(key, request.headers_mut());
        }
        Ok(request)
    }

    fn outcome(
        &self,
        call: &Call,
        end: Result<Answer, TransportError>,
    ) -> Result<Answer, RemoteError> {
        let side = self.side;
        let operation = call.operation.to_owned();
        let closed = matches!(end, Err(TransportError::Closed(_)));
        match end {
            Ok(answer) if answer.status >= 500 => Err(RemoteError::Server {
                side,
                operation,
                status: answer.status,
                maybe_applied: call.write,
            }),
            Ok(answer) => Ok(answer),
            Err(TransportError::NotConnected(source)) => Err(RemoteError::Unreachable {
                side,
                at: self.at(),
                source,
            }),
            Err(TransportError::Closed(_) | TransportError::TimedOut) => Err(RemoteError::Lost {
                side,
                operation,
                closed,
                write: call.write,
            }),
            Err(TransportError::Other(source)) => {
                Err(self.malformed(call.operation, &source.to_string(), call.write))
            }
        }
    }

    fn at(&self) -> String {
        let host = self.base.host_str().unwrap_or("");
        match self.base.port_or_known_default() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// The side refused the key.
    pub fn refused_key(&self) {
        lock(&self.meter).ended(Last::Refused);
    }

    /// Takes the burst limit that another process learnt, until an answer says one.
    pub fn expect_burst(&self, limit: u32) {
        self.limiter.expect(limit);
    }

    /// How the side is doing.
    pub fn status(&self) -> SideStatus {
        let now = self.clock.now();
        let ticks = self.clock.ticks();
        let breaker = lock(&self.breaker);
        let blocked = self.limiter.blocked_for_ms();
        let shut = breaker
            .shut_for_ms(ticks)
            .max(if blocked > LONGEST_WAIT_MS {
                blocked
            } else {
                0
            });
        let meter = lock(&self.meter);
        SideStatus {
            health: if shut > 0 {
                Health::Shut {
                    until: now.plus(shut),
                }
            } else {
                meter.health(ticks)
            },
            burst: self.limiter.burst(),
            day: self.limiter.day(),
            throttled: meter.throttled_today(now),
            breaker: breaker.name().to_owned(),
            lanes: self.limiter.lanes(),
            operations: meter.operations(),
            clock_offset_ms: self.clock_offset_ms(),
        }
    }

    /// The side's clock less ours.
    pub fn clock_offset_ms(&self) -> Option<i64> {
        lock(&self.offset).ms()
    }

    /// What the side's clock is ahead of ours at the least.
    pub fn clock_ahead_ms(&self) -> Option<i64> {
        lock(&self.offset).least_ms()
    }

    /// Requests and 429 answers so far.
    pub fn sent(&self) -> (u64, u64) {
        lock(&self.meter).totals()
    }

    fn shut(&self, ms: i64) -> RemoteError {
        RemoteError::Shut {
            side: self.side,
            until: self.clock.now().plus(ms),
        }
    }
}

/// A client that carries requests for tokens: in the limits, the breaker and the counts of its side.
pub struct TokenWire<'a> {
    client: &'a Client,
    lane: Lane,
}

impl Wire for TokenWire<'_> {
    fn post(&self, call: TokenCall) -> BoxFuture<'_, Result<(u16, Bytes), RemoteError>> {
        Box::pin(async move {
            let answer = self.client.send(self.lane, Call::for_tokens(call)).await?;
            Ok((answer.status, answer.body))
        })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("side", &self.side)
            .finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
