//! Three-way merge of exported tables (CSV or JSON lines) by a key: what `couplet merge` does, without any API.
//!
//! A table is read twice: once to index its keys, then row by row where it is. So memory is bounded by the keys,
//! whatever the size of the rows, and files in any order can be merged.

mod cell;
mod columns;
mod csv;
mod error;
mod jsonl;
mod keys;
mod merge;
mod row;
mod source;
#[cfg(test)]
mod tests;
mod write;

pub use columns::{ColumnType, parse_types};
pub use csv::write_cell;
pub use error::TableError;
pub use merge::{ConflictCounts, Counts, Job, merge};
pub use source::Format;
