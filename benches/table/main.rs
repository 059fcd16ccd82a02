//! The whole table of figures, each beside its limit or a peer measured in the same run:
//!
//! ```sh
//! cargo bench --bench table                     # everything at 100,000 contacts
//! cargo bench --bench table -- --contacts 1000000 dashboard
//! ```
//!
//! Parts: `dashboard`, `merge`, `tables`, `cache`, `api`, `chain`, `workspaces` (`--workspaces N` of a thousand people each).
//! `docs/performance.md` says what each needs; a peer that is not installed is left out, and said so.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark measures real time and prints"
)]

mod api;
mod cache;
mod chain;
mod dashboard;
mod merge;
mod process;
mod pty;
mod report;
mod tables;
mod workspaces;
mod world;

#[path = "../../tests/support/pull.rs"]
mod pull;
#[path = "../../tests/support/virtual_world.rs"]
mod virtual_world;

use std::error::Error;

use report::Report;

/// What a part of the benchmark gives, or why it cannot be measured.
pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const PARTS: [&str; 7] = [
    "merge",
    "tables",
    "dashboard",
    "cache",
    "api",
    "chain",
    "workspaces",
];

fn main() -> Outcome<()> {
    let (mut contacts, mut workspaces) = (100_000, 100);
    let mut parts: Vec<String> = Vec::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--bench" => {} // cargo says it
            "--contacts" => contacts = args.next().ok_or("how many contacts?")?.parse()?,
            "--workspaces" => workspaces = args.next().ok_or("how many workspaces?")?.parse()?,
            part if PARTS.contains(&part) => parts.push(part.into()),
            other => return Err(format!("`{other}` is none of {PARTS:?}").into()),
        }
    }
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|given| given == part);
    let mut report = Report::start(contacts);
    if wanted("merge") {
        merge::measure(&mut report);
    }
    if wanted("tables") {
        tables::measure(&mut report)?;
    }
    if wanted("dashboard") {
        dashboard::measure(&mut report, contacts)?;
    }
    if wanted("cache") {
        cache::first_pull(&mut report, contacts)?;
        cache::keys_while_pulling(&mut report, contacts)?;
        cache::passes(&mut report, contacts)?;
    }
    if wanted("api") {
        api::measure(&mut report, contacts)?;
    }
    if wanted("chain") {
        chain::measure(&mut report, contacts)?;
    }
    if wanted("workspaces") {
        workspaces::measure(&mut report, workspaces)?;
    }
    report.end();
    Ok(())
}
