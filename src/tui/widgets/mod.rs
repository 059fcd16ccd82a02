//! Parts of screens.

pub mod boxes;
pub mod diff;
pub mod footer;
pub mod gauge;
pub mod header;
pub mod help;
pub mod paint;
pub mod palette;
mod palette_box;
mod remember_box;
pub mod tab_strip;
