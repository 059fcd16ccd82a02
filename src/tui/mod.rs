//! The dashboard, in the Elm shape: all state in a [`model::Model`], all that can happen in a [`msg::Msg`], one
//! pure [`update::update`] that answers with [`effect::Effect`]s, one pure [`view::view`]. [`run`] joins them to the
//! terminal, the reader thread and the engine.

mod advice;
pub mod ansi;
pub mod commands;
pub mod confirm;
mod copy;
pub mod effect;
pub mod filter;
pub mod form;
pub mod glyphs;
mod kept;
pub mod keys;
pub mod marks;
pub mod model;
pub mod mouse;
pub mod msg;
mod plain;
mod press;
pub mod reader;
pub mod remember;
mod run;
pub mod tabs;
mod terminal;
pub mod theme;
pub mod times;
pub mod undo;
pub mod update;
pub mod view;
mod when;
pub mod widgets;
pub mod window;

pub use reader::MapSource;
pub use run::{Exit, Settings, TuiError, run};
pub use theme::ThemeChoice;
