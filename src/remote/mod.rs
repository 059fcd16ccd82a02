//! Two connectors over one transport: `ghl` and `growbots` map wire shapes to `model` and back; auth, limiter,
//! retry and circuit breaker are layers on the transport that both share.

mod connector;
mod error;

pub use connector::{
    ChangePage, Connector, Deleted, Found, NewRecord, Normalise, Page, PageRequest, Read, Reply,
    Row, Setup, Updated, User,
};
pub use error::{Class, RemoteError};
