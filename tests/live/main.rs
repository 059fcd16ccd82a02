//! The built program against a sandbox process over real HTTP, with and without a screen: what a user would see.

mod alerts;
mod fields;
mod lab;
mod mapping;
mod rules;
mod screen;
mod serve;
mod sides;
mod ssh;
mod storm;
mod terminal;
mod undo;
