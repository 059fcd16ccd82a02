//! Plays seeded schedules of edits, faults, crashes and decisions, many thousands of them:
//!
//! ```sh
//! cargo run --release --example simulate -- --seeds 20000 [--from S] [--steps N]
//! cargo run --release --example simulate -- --bugs [--seeds N] [--only WORD]
//! cargo run --release --example simulate -- --planner N [--from S]
//! ```
//!
//! The first fails when a seed fails, or when a batch of 300 or more never met one of the situations that it is for; the second
//! puts one deliberate bug after the other into couplet and tells after how many seeds each is found; the third holds
//! the pure planner alone against its laws.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for developers, which ends where something cannot be"
)]

#[path = "../tests/simulation/sim/mod.rs"]
mod sim;

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::Parser;
use mimalloc::MiMalloc;

use sim::{Bug, ENOUGH, How, PLANNER_BATCH, Planner, missing, play_all};

/// A seed allocates much and small.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[derive(Debug, Parser)]
struct Args {
    /// How many seeds; with `--bugs`, at most for each.
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Steps of a schedule before the calm.
    #[arg(long, default_value_t = 30)]
    steps: u32,
    /// Play deliberate bugs, and print the table of `docs/reliability.md`.
    #[arg(long)]
    bugs: bool,
    /// Of the bugs only those with this in their words.
    #[arg(long, value_name = "WORD", requires = "bugs")]
    only: Option<String>,
    /// Threads; as many as there are cores where it is not given.
    #[arg(long)]
    threads: Option<usize>,
    /// Tell a seed step by step, on stderr.
    #[arg(long, conflicts_with = "bugs")]
    talk: bool,
    /// Check so many cases of the planner alone.
    #[arg(long, value_name = "CASES", conflicts_with_all = ["bugs", "talk"])]
    planner: Option<u64>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let how = How {
        steps: args.steps,
        bug: None,
        talks: args.talk,
        threads: args.threads,
    };
    if let Some(cases) = args.planner {
        planner(args.from, cases)
    } else if args.bugs {
        bugs(&args, how)
    } else {
        seeds(&args, how)
    }
}

fn seeds(args: &Args, how: How) -> ExitCode {
    let began = now();
    let seeds = args.from..args.from + args.seeds;
    let trace = AtomicU64::new(0);
    let batch = play_all(seeds, how, &|seed, report| {
        trace.fetch_xor(report.trace.wrapping_mul(2 * seed + 1), Ordering::SeqCst);
        if !report.wrong.is_empty() {
            println!("seed {seed}:\n  {}", report.wrong.join("\n  "));
        }
        true
    });
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{} seeds of {} steps in {seconds:.1} s: {:.1} a second; {} failed: {:?}",
        args.seeds,
        args.steps,
        args.seeds as f64 / seconds,
        batch.failed.len(),
        batch.failed.keys().collect::<Vec<_>>(),
    );
    println!("trace {:016x}", trace.into_inner());
    for (what, times) in &batch.met {
        println!("{times:>9}  {what}");
    }
    let never = missing(&batch.met);
    for what in &never {
        println!("    never  {what}");
    }
    if batch.failed.is_empty() && (never.is_empty() || args.seeds < ENOUGH) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the speed of the simulation itself"
)]
fn now() -> Instant {
    Instant::now()
}

/// Cases of the planner, on all cores.
fn planner(from: u64, cases: u64) -> ExitCode {
    let began = now();
    let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let batches = cases.div_ceil(threads * PLANNER_BATCH);
    let ended: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|thread| {
                let from = from + thread * batches * PLANNER_BATCH;
                scope.spawn(move || Planner::default().check(from, batches))
            })
            .collect();
        running
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let seconds = began.elapsed().as_secs_f64();
    let done: u64 = ended.iter().flatten().sum();
    println!(
        "{done} cases of the planner in {seconds:.1} s: {:.0} a second",
        done as f64 / seconds
    );
    let mut code = ExitCode::SUCCESS;
    for (seed, wrong) in ended.into_iter().filter_map(Result::err) {
        println!("case {seed}: {wrong}");
        code = ExitCode::FAILURE;
    }
    code
}

fn bugs(args: &Args, how: How) -> ExitCode {
    std::panic::set_hook(Box::new(|_| {}));
    let mut unfound = 0;
    println!("| bug | found after | by |\n| --- | --- | --- |");
    let only = args.only.as_deref().unwrap_or_default();
    for bug in Bug::ALL.iter().filter(|bug| bug.words().contains(only)) {
        let how = How {
            bug: Some(*bug),
            ..how
        };
        let played = AtomicU64::new(0);
        let batch = play_all(args.from..args.from + args.seeds, how, &|_, report| {
            played.fetch_add(1, Ordering::SeqCst);
            report.wrong.is_empty()
        });
        let found = batch.failed.first_key_value();
        unfound += u64::from(found.is_none());
        let (after, by) = match found {
            Some((seed, wrong)) => (
                format!("{} seeds", seed - args.from + 1),
                wrong.first().map_or("", String::as_str),
            ),
            None => (format!("not found in {} seeds", args.seeds), ""),
        };
        let by: String = by.chars().take(100).collect();
        println!("| {} | {after} | `{by}` |", bug.words());
    }
    if unfound == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
