//! The sync loop: passes, outbox, lease, operator actions. The interface sees it only through [`port`].

mod error;
mod lease;
pub mod port;
mod run;

pub use error::EngineError;
pub use lease::LeaseGate;
pub use run::{Engine, Handle, Once, Parts, spawn};
