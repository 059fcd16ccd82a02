//! The dashboard, in the Elm shape: all state in a [`model::Model`], all that can happen in a [`msg::Msg`], one
//! pure [`update::update`] that answers with [`effect::Effect`]s, one pure [`view::view`]. [`run`] joins them to the
//! terminal, the reader thread and the engine.

mod advice;
pub mod ansi;
pub mod book;
pub mod commands;
pub mod confirm;
mod copy;
mod editor;
pub mod effect;
pub mod filter;
mod first_pull;
pub mod form;
pub mod glyphs;
mod input;
mod kept;
pub mod keymap;
pub mod keys;
pub mod marks;
pub mod model;
pub mod mouse;
pub mod msg;
mod next;
mod output;
pub mod pages;
pub mod passing;
mod plain;
pub mod plan;
pub mod presence;
mod press;
pub mod reader;
mod ready;
pub mod remember;
mod run;
pub mod tabs;
mod terminal;
pub mod theme;
pub mod tidy;
pub mod times;
pub mod undo;
pub mod update;
pub mod view;
mod walk;
pub mod welcome;
mod when;
pub mod widgets;
pub mod window;
pub mod workspaces;

pub use reader::MapSource;
pub use run::{Exit, Opened, Others, Settings, TuiError, run};
pub use theme::ThemeChoice;
