//! The sync loop: passes, outbox, lease, operator actions. The interface sees it only through [`port`].
//!
//! | module | what it tells |
//! | --- | --- |
//! | `run` | when passes run, and what comes between them |
//! | `thread` | the same on a thread of its own |
//! | `pass` | one pass, in order |
//! | `pull`, `held`, `sweep`, `shares` | reading: what changed, how it is stored, what no cursor shows, at what share of a day |
//! | `matching` | finding the pair of a record that has none |
//! | `outdated` | conflicts whose cause went away |
//! | `businesses` | businesses and companies, which contacts name |
//! | `mapped` | the field map: canonical names before the merge, own names after it |
//! | `reconcile`, `creating` | merge and plan; which contacts are made on the other side |
//! | `push`, `batch`, `settle`, `refusals`, `brake` | writing: the outbox, several at once, lost answers, what was refused, and what is held |
//! | `actions`, `resolve`, `verdict`, `pause`, `urgent` | what operators asked for |
//! | `breaker` | values that a side rewrites, and fields that go to and fro |
//! | `recovery` | what happened to this machine: an older copy, a wrong clock |
//! | `undo` | earlier values back, what was made away, what was deleted made again |
//! | `preview` | what they would write |
//! | `pairs`, `policies` | pairs that operators made or parted, policies that they remembered |
//! | `rules` | automations: what happened, and what rules make of it |
//! | `lease` | who may run |
//! | `alerts` | what holds by the rules, and telling somebody |

mod actions;
mod alerts;
mod allowed;
mod batch;
mod brake;
mod breaker;
mod businesses;
mod core;
mod creating;
mod error;
#[cfg(test)]
mod fail_at;
mod held;
mod hints;
mod keep;
mod lease;
mod mapped;
mod matching;
mod outdated;
mod pairs;
mod parted;
mod pass;
mod pause;
mod policies;
pub mod port;
mod preview;
mod pull;
mod push;
mod reconcile;
mod recovery;
mod refusals;
mod resolve;
mod rules;
mod run;
mod settle;
mod shares;
mod sweep;
mod thread;
mod undo;
mod urgent;
mod verdict;

pub use alerts::{Alerts, Quiet, Watch, Watching, notice, readings, shown};
pub use error::EngineError;
pub use lease::LeaseGate;
pub use preview::Preview;
pub use run::{Engine, Once, Parts};
pub use thread::{Handle, spawn};
