//! Two connectors over one transport: `ghl` and `growbots` map wire shapes to `model` and back; auth, limiter,
//! retry and circuit breaker are layers on the transport that both share.

mod auth;
mod breaker;
mod client;
#[cfg(test)]
mod client_tests;
mod connector;
mod counts;
mod day;
mod error;
mod exchange;
mod ghl;
mod growbots;
mod known;
mod lanes;
mod limiter;
mod limits;
mod meter;
mod notice;
mod offset;
mod queue;
mod retry;
mod route;
mod scalar;
mod slots;
#[cfg(test)]
mod testing;
mod transport;
mod window;

pub use auth::{
    Access, Auth, ClientSecret, FEATURES, Feature, Flow, OAuth, Origin, Pkce, Scopes, Sign, SignIn,
    Source,
};
pub use client::{Gate, Parts, Settings};
pub use connector::{
    BatchWrite, Calendar, ChangePage, Connector, CustomField, Deleted, Found, NewRecord, Normalise,
    Page, PageRequest, Read, Reply, Row, Setup, Updated, User,
};
pub use error::{Class, RemoteError};
pub use exchange::{having_heard, heard, hearing};
pub use ghl::{Ghl, Sample, Walked, unknown_status};
pub use growbots::{Dialect, DialectError, Growbots};
pub use known::unknown_user;
pub use notice::{Channel, NoticeError};
pub use slots::MemorySlots;
pub use transport::{HttpTransport, RouterTransport, Transport, TransportError};
