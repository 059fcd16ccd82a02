//! The sync loop: passes, outbox, lease, operator actions. The interface sees it only through [`port`].
//!
//! | module | what it tells |
//! | --- | --- |
//! | `run` | when passes run, and what comes between them |
//! | `thread` | the same on a thread of its own |
//! | `pass` | one pass, in order |
//! | `pull`, `sweep` | reading: what changed, and what no cursor shows |
//! | `matching` | finding the pair of a record that has none |
//! | `outdated` | conflicts whose cause went away |
//! | `businesses` | businesses and companies, which contacts name |
//! | `mapped` | the field map: canonical names before the merge, own names after it |
//! | `reconcile` | merge and plan |
//! | `push`, `settle`, `brake` | writing: the outbox, lost answers, and what is held |
//! | `actions`, `resolve`, `verdict`, `pause`, `urgent` | what operators asked for |
//! | `breaker` | values that a side rewrites, and fields that go to and fro |
//! | `recovery` | what happened to this machine: an older copy, a wrong clock |
//! | `undo` | earlier values back, what was made away, what was deleted made again |
//! | `pairs`, `policies` | pairs that operators made or parted, policies that they remembered |
//! | `rules` | automations: what happened, and what rules make of it |
//! | `lease` | who may run |
//! | `alerts` | what holds by the rules, and telling somebody |

mod actions;
mod alerts;
mod allowed;
mod brake;
mod breaker;
mod businesses;
mod core;
mod error;
#[cfg(test)]
mod fail_at;
mod hints;
mod keep;
mod lease;
mod mapped;
mod matching;
mod outdated;
mod pairs;
mod pass;
mod pause;
mod policies;
pub mod port;
mod pull;
mod push;
mod reconcile;
mod recovery;
mod resolve;
mod rules;
mod run;
mod settle;
mod sweep;
mod thread;
mod undo;
mod urgent;
mod verdict;

pub use alerts::{Alerts, Quiet, Watch, Watching, notice, readings, shown};
pub use error::EngineError;
pub use lease::LeaseGate;
pub use run::{Engine, Once, Parts};
pub use thread::{Handle, spawn};
