//! couplet keeps contacts and tasks the same in HighLevel (GHL) and Growbots, and gives operators a terminal
//! dashboard where they see what the sync is doing and decide what a machine must not decide alone.
//!
//! The map, lowest layer first; each uses only what stands above it (`tests/layers.rs` has the exact table and
//! fails when a layer looks down):
//!
//! | module | what it is for |
//! | --- | --- |
//! | [`model`] | plain types: ids, sides, kinds, fields, records, conflicts, plans, filters; no I/O |
//! | [`clock`], [`text`], [`secrets`], [`config`] | stand beside the layers |
//! | [`merge`] | pure functions: normalise, map, match, merge three ways, plan |
//! | [`store`] | the cache: all SQL, nothing but SQL |
//! | [`remote`] | two connectors over one transport |
//! | [`engine`] | the sync loop; the interface sees only [`engine::port`] |
//! | [`sandbox`] | both systems, imitated over real HTTP |
//! | [`table`] | three-way merge of exported tables, without an API |
//! | [`tui`], [`cli`], [`serve`] | the faces |

pub mod cli;
pub mod clock;
pub mod config;
pub mod engine;
pub mod merge;
pub mod model;
pub mod remote;
pub mod sandbox;
pub mod secrets;
pub mod serve;
pub mod store;
pub mod table;
pub mod text;
pub mod tui;
