//! Plain types that every layer speaks: no I/O, no async, no clock.

mod side;
mod time;

pub use side::{BySide, Kind, Side, UnknownName};
pub use time::Millis;
