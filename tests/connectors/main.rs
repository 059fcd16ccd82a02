//! Both connectors of the built program over real HTTP: all operations, all capabilities, other names, broken answers.

mod batch;
mod broken;
mod capabilities;
mod endpoints;
mod expiry;
mod fuzz;
#[expect(dead_code, reason = "other tests use the rest of it")]
#[path = "../live/lab.rs"]
mod lab;
mod near_miss;
mod official;
mod proxy;
mod together;

#[path = "../support/spec.rs"]
mod spec;
