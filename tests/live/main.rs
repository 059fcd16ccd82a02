//! The built program against a sandbox process over real HTTP, with and without a screen: what a user would see.

mod alerts;
mod creating;
mod fault_storm;
mod fields;
mod held;
mod holders;
mod lab;
mod mapping;
mod previews;
mod privacy;
mod recovery;
mod rewrites;
mod rules;
mod screen;
mod serve;
mod setup;
mod sides;
mod ssh;
mod stalled;
mod storm;
mod team;
mod terminal;
mod undo;
mod workspaces;
