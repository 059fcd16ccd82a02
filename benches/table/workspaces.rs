//! Many workspaces in one `couplet serve`: memory, processor time at rest, and whether each gets its turn. The systems
//! of all run in this process, with the usual limits, so that what is counted is couplet's alone and sweeps come as
//! often as they would.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use axum::body::Body;
use couplet::clock::Clock;
use couplet::model::{Direction, Kind, LinkState, LoopState, Side};
use couplet::sandbox::{self, Actor, Event};
use couplet::store::{ContactQuery, Reader};
use http::Request;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle};
use tower::ServiceExt as _;

use crate::report::{Against, Report};
use crate::{Outcome, process};

/// People of each workspace.
const PEOPLE: u32 = 1_000;
/// As GHL has it.
const LIMIT: &str = "100/10/200000/sliding";
const LAG_MS: u64 = 2_000;
const REST: Duration = Duration::from_secs(30);
/// The usual pause between passes, which bounds how long an edit waits.
const POLL_S: f64 = 15.0;
/// How often this process looks whether they are through.
const LOOK: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_hours(1);
/// How far the clocks of the systems go on once all is in step: past the overlap of the searches.
const AN_HOUR: &str = r#"{"advance_ms": 3600000}"#;

/// The systems of one workspace, and its database.
struct One {
    name: String,
    sandbox: sandbox::Sandbox,
    hello: serde_json::Value,
    database: PathBuf,
}

impl One {
    fn text(&self, key: &str) -> &str {
        self.hello[key].as_str().unwrap_or_default()
    }

    fn reader(&self) -> Outcome<Reader> {
        Ok(Reader::open(&self.database)?)
    }

    /// How many passes it has begun, and whether the last did nothing and has ended.
    fn passes(&self) -> Outcome<(i64, bool)> {
        let reader = self.reader()?;
        let last = reader.passes(1)?.pop().unwrap_or_default();
        let is_still = !last.did_something() && reader.status()?.state == LoopState::Idle;
        Ok((last.pass.0, is_still && reader.is_backfilled()?))
    }

    /// A GHL contact that is in step.
    fn contact(&self) -> Outcome<String> {
        let query = ContactQuery {
            state: Some(LinkState::InStep),
            ..ContactQuery::default()
        };
        let rows = self
            .reader()?
            .contacts(&query, None, Direction::Forward, 1)?;
        let row = rows.first().ok_or("nobody is in step")?;
        let id = row.ids.ghl.as_ref().ok_or("no GHL end")?;
        Ok(id.to_string())
    }

    fn events_after(&self, seq: u64) -> Vec<Event> {
        self.sandbox.with_world(|world| {
            let all = world.events().iter();
            all.filter(|event| event.seq > seq).cloned().collect()
        })
    }
}

/// `couplet serve` over all; it goes when this is dropped.
struct Serve(Child);

impl Drop for Serve {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

pub fn measure(report: &mut Report, workspaces: u32) -> Outcome<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let here = runtime.handle().clone();
    thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
    let folder = tempfile::tempdir()?;
    let all = start_systems(&here, workspaces, folder.path())?;
    let serve = start_service(&all, folder.path())?;
    let pid = serve.0.id();
    let many = f64::from(workspaces);
    let what = |what: &str| format!("{workspaces} workspaces of {PEOPLE} people: {what}");

    let began = Instant::now();
    let first = through(&all, began)?;
    let cpu_s = process::cpu_ms(pid).unwrap_or(f64::NAN) / 1000.0;
    report.row(
        &what("CPU of everything read and brought in step, each"),
        cpu_s / many,
        "s",
        &Against::Nothing,
        "",
    );
    let ratio = last(&first) / first[first.len() / 2];
    report.row(
        &what("the last one is through, by when half are"),
        ratio,
        "",
        &Against::Most(2.0),
        "limit",
    );
    for one in &all {
        here.block_on(control(one, "POST", "clock", AN_HOUR))?;
    }
    // What is edited now moves the mark of the searches past what was just written.
    one_edit_each(&here, &all)?;
    for one in &all {
        here.block_on(control(one, "POST", "clock", AN_HOUR))?;
    }
    settle(&all)?;

    at_rest(report, &all, pid, &what)?;
    let mut delays = one_edit_each(&here, &all)?;
    delays.sort_by(f64::total_cmp);
    report.row(
        &what("an edit in each at once, until it is on the other side: median"),
        delays[delays.len() / 2],
        "s",
        &Against::Most(POLL_S),
        "the pause between passes",
    );
    report.row(
        &what("the same, the slowest"),
        last(&delays),
        "s",
        &Against::Most(2.0 * POLL_S),
        "two pauses",
    );
    Ok(())
}

/// What all of them take while nothing happens.
fn at_rest(
    report: &mut Report,
    all: &[One],
    pid: u32,
    what: &dyn Fn(&str) -> String,
) -> Outcome<()> {
    let many = all.len() as f64;
    let passes = |one: &One| one.passes().map(|(passes, _)| passes);
    let before = all.iter().map(passes).collect::<Outcome<Vec<_>>>()?;
    let cpu = process::cpu_ms(pid).unwrap_or(f64::NAN);
    let written = written_bytes(pid);
    thread::sleep(REST);
    let cpu = process::cpu_ms(pid).unwrap_or(f64::NAN) - cpu;
    let written = written_bytes(pid) - written;
    let after = all.iter().map(passes).collect::<Outcome<Vec<_>>>()?;
    let each: Vec<i64> = after.iter().zip(&before).map(|(a, b)| a - b).collect();
    let done = each.iter().sum::<i64>() as f64;
    let (least, most) = (
        each.iter().min().copied().unwrap_or_default(),
        each.iter().max().copied().unwrap_or_default(),
    );
    let share = cpu / REST.as_millis() as f64 * 100.0;
    let limit = Against::Most(0.2);
    report.row(
        &what("at rest, share of a core for each"),
        share / many,
        "%",
        &limit,
        "limit of one",
    );
    report.row(
        &what("at rest, share of a core for all"),
        share,
        "%",
        &Against::Nothing,
        "",
    );
    report.row(
        &what("at rest, CPU for a pass with all between"),
        cpu / done,
        "ms",
        &Against::Most(50.0),
        "limit",
    );
    report.row(
        &what("at rest, written to disk by each, a second"),
        written / many / REST.as_secs_f64() / 1024.0,
        "KiB",
        &Against::Nothing,
        "",
    );
    report.row(
        &what("at rest for 30 s, passes of the one with most, beyond those of the one with least"),
        (most - least) as f64,
        "",
        &Against::Most(1.0),
        "limit",
    );
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let field = |name: &str| -> f64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().next());
        number
            .and_then(|number| number.parse().ok())
            .unwrap_or(f64::NAN)
    };
    let files = fs::read_dir(format!("/proc/{pid}/fd"))?.count() as f64;
    for (thing, figure, unit) in [
        (
            "resident memory, each",
            field("VmRSS:") / 1024.0 / many,
            "MiB",
        ),
        ("resident memory", field("VmRSS:") / 1024.0, "MiB"),
        ("peak memory", field("VmHWM:") / 1024.0, "MiB"),
        ("open files, each", files / many, ""),
        ("threads, each", field("Threads:") / many, ""),
    ] {
        report.row(&what(thing), figure, unit, &Against::Nothing, "");
    }
    Ok(())
}

/// Bytes that a process has handed to the disk.
fn written_bytes(pid: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{pid}/io")).unwrap_or_default();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("write_bytes: "));
    line.and_then(|bytes| bytes.parse().ok())
        .unwrap_or(f64::NAN)
}

/// The systems of each workspace, served by this process.
fn start_systems(here: &Handle, workspaces: u32, data: &Path) -> Outcome<Vec<One>> {
    let mut all = Vec::new();
    for at in 0..workspaces {
        let sandbox = sandbox::Sandbox::new(sandbox::Settings {
            seed: u64::from(at) + 1,
            contacts: PEOPLE,
            limit: LIMIT.parse()?,
            lag_ms: LAG_MS,
            faults: None,
            clock: Clock::system(),
        })?;
        let listener = here.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let hello = sandbox.hello(listener.local_addr()?);
        let served = sandbox.clone();
        here.spawn(async move { served.serve(listener, std::future::pending()).await });
        let name = format!("w{at:04}");
        all.push(One {
            database: data.join(format!("{name}.db")),
            name,
            sandbox,
            hello,
        });
    }
    Ok(all)
}

/// One service over all, once it listens.
fn start_service(all: &[One], data: &Path) -> Outcome<Serve> {
    let mut settings = String::new();
    let mut command = process::couplet();
    command.args(["serve", "--start", "--listen", "127.0.0.1:0", "--data-dir"]);
    command.arg(data);
    for one in all {
        let (name, location) = (&one.name, one.text("location_id"));
        write!(
            settings,
            "[workspaces.{name}.ghl]\nlocation = \"{location}\"\nurl = \"{}\"\n\
             [workspaces.{name}.growbots]\nurl = \"{}\"\n",
            one.text("ghl"),
            one.text("growbots"),
        )?;
        let upper = name.to_uppercase();
        for side in ["ghl", "growbots"] {
            let variable = format!("COUPLET_{}_TOKEN_{upper}", side.to_uppercase());
            command.env(variable, one.text(&format!("{side}_token")));
        }
    }
    let config = data.join("config.toml");
    fs::write(&config, settings)?;
    command.env("COUPLET_CONFIG", &config);
    let mut child = command.stderr(Stdio::piped()).spawn()?;
    let stderr = child.stderr.take().ok_or("no stderr")?;
    let serve = Serve(child);
    let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
    let mut said = String::new();
    for line in lines.by_ref() {
        said = line;
        if said.contains("listening on") {
            thread::spawn(move || lines.for_each(drop));
            return Ok(serve);
        }
    }
    Err(format!("it does not listen: {said}").into())
}

/// Waits until each has done all there is to do; when that was for each, in seconds, in order.
fn through(all: &[One], began: Instant) -> Outcome<Vec<f64>> {
    let mut times = Vec::new();
    let mut left: Vec<&One> = all.iter().collect();
    while !left.is_empty() {
        if began.elapsed() > PATIENCE {
            return Err(format!("{} never come to rest", left.len()).into());
        }
        thread::sleep(LOOK);
        left.retain(|one| {
            let is_through = one.passes().is_ok_and(|(_, is_still)| is_still);
            if is_through {
                times.push(began.elapsed().as_secs_f64());
            }
            !is_through
        });
    }
    Ok(times)
}

/// Waits until two passes of each in a row have done nothing.
fn settle(all: &[One]) -> Outcome<()> {
    let before = all.iter().map(One::passes).collect::<Outcome<Vec<_>>>()?;
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        let are_still = all.iter().zip(&before).all(|(one, (passes, _))| {
            one.passes()
                .is_ok_and(|(now, is_still)| is_still && now > passes + 2)
        });
        if are_still {
            return Ok(());
        }
        thread::sleep(LOOK);
    }
    Err("they do not come to rest".into())
}

/// Edits a contact on GHL in each workspace; seconds until Growbots has it, by the clock of its systems.
fn one_edit_each(here: &Handle, all: &[One]) -> Outcome<Vec<f64>> {
    let mut marks = Vec::new();
    for one in all {
        let contact = one.contact()?;
        let seq = one.sandbox.with_world(|world| world.events().len() as u64);
        let path = format!("records/ghl/contact/{contact}");
        let town = format!(r#"{{"city": "Town {seq}"}}"#);
        marks.push((one, seq, path, town));
    }
    for (one, _, path, town) in &marks {
        here.block_on(control(one, "PATCH", path, town))?;
    }
    let (began, mut delays) = (Instant::now(), Vec::new());
    while !marks.is_empty() {
        if began.elapsed() > PATIENCE {
            return Err(format!("{} edits never came over", marks.len()).into());
        }
        thread::sleep(LOOK);
        let mut left = Vec::new();
        for mark in marks {
            match delay(&mark.0.events_after(mark.1)) {
                Some(delay) => delays.push(delay),
                None => left.push(mark),
            }
        }
        marks = left;
    }
    Ok(delays)
}

/// Seconds from what a user did to the write of the same on Growbots, where that has come.
fn delay(events: &[Event]) -> Option<f64> {
    let at = |event: &Event| event.at.parse::<jiff::Timestamp>().ok();
    let edit = events.iter().find(|event| event.actor == Actor::User)?;
    let came = events.iter().find(|event| {
        (event.actor, event.side, event.kind) == (Actor::Api, Side::Growbots, Kind::Contact)
    })?;
    Some(at(came)?.duration_since(at(edit)?).as_secs_f64())
}

/// A call of the control API, in this process.
async fn control(one: &One, method: &str, path: &str, body: &str) -> Outcome<()> {
    let request = Request::builder()
        .method(method)
        .uri(format!("/_sandbox/{path}"))
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()))?;
    let answer = one.sandbox.router().oneshot(request).await?;
    if answer.status().is_success() {
        Ok(())
    } else {
        Err(format!("{method} {path}: {}", answer.status()).into())
    }
}

fn last(sorted: &[f64]) -> f64 {
    sorted.last().copied().unwrap_or(f64::NAN)
}
