//! The built program against a sandbox process over real HTTP, with and without a screen: what a user would see.

mod lab;
mod mapping;
mod rules;
mod screen;
mod sides;
mod terminal;
