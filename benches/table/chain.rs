//! The whole chain as a process against both systems on loopback, limits off: everything read and brought in step, a
//! hundredth of the contacts changed on each side, a sweep for deletes, and the dashboard at rest.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use portable_pty::CommandBuilder;
use serde_json::Value;

use crate::Outcome;
use crate::process::{self, Cost};
use crate::pty::Terminal;
use crate::report::{Against, Report};
use crate::world::Sandbox;

/// Passes after which all must be in step.
const PASSES: usize = 8;
const REST: Duration = Duration::from_secs(30);

/// One pass with its summary.
pub fn pass(sandbox: &Sandbox, data: &Path) -> Outcome<(Cost, Value)> {
    run_pass(sandbox, data, &[])
}

fn run_pass(sandbox: &Sandbox, data: &Path, more: &[&str]) -> Outcome<(Cost, Value)> {
    let mut command = process::couplet();
    command
        .args(["sync", "--once", "--json", "--data-dir"])
        .arg(data)
        .args(more)
        .envs(sandbox.env());
    let (cost, stdout) = process::run(&mut command)?;
    let line = stdout
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let summary = serde_json::from_slice(line)
        .map_err(|why| format!("exit {}, no summary: {why}", cost.code))?;
    Ok((cost, summary))
}

/// Over both sides.
pub fn sum(value: &Value) -> f64 {
    ["ghl", "growbots"]
        .iter()
        .filter_map(|side| value[side].as_f64())
        .sum()
}

/// Records written on either side.
fn written(summary: &Value) -> f64 {
    sum(&summary["created"]) + sum(&summary["updated"]) + sum(&summary["deleted"])
}

/// Passes until one writes nothing and reads nothing new.
pub fn converge(sandbox: &Sandbox, data: &Path) -> Outcome<Vec<(Cost, Value)>> {
    let mut passes = Vec::new();
    for _ in 0..PASSES {
        let (cost, summary) = pass(sandbox, data)?;
        let is_still = written(&summary) + sum(&summary["pulled"]) == 0.0;
        passes.push((cost, summary));
        if is_still {
            return Ok(passes);
        }
    }
    Err("it does not come to rest".into())
}

pub fn measure(report: &mut Report, contacts: u32) -> Outcome<()> {
    let sandbox = Sandbox::start(contacts)?;
    let data = tempfile::tempdir()?;
    let passes = converge(&sandbox, data.path())?;
    let (cost, summary) = &passes[0];
    let pulled = sum(&summary["pulled"]);
    let what =
        format!("first pass over {contacts} people: records pulled and written, a CPU second");
    report.row(
        &what,
        (pulled + written(summary)) / cost.cpu_s,
        "",
        &Against::Nothing,
        "",
    );
    report.row(
        "first pass: peak memory",
        cost.peak_mib,
        "MiB",
        &Against::Most(128.0),
        "limit",
    );
    // What was just written is looked at once more while the index of GHL may lag: the overlap of two minutes.
    sandbox.control_clock()?;
    converge(&sandbox, data.path())?;

    let changed = (contacts / 100).max(1);
    sandbox.edit(changed, "moved at last")?;
    let passes = converge(&sandbox, data.path())?;
    let cpu: f64 = passes.iter().map(|(cost, _)| cost.cpu_s).sum();
    let wall: f64 = passes.iter().map(|(cost, _)| cost.wall_s).sum();
    let requests: f64 = passes
        .iter()
        .map(|(_, summary)| sum(&summary["requests"]))
        .sum();
    let peak = passes
        .iter()
        .map(|(cost, _)| cost.peak_mib)
        .fold(0.0, f64::max);
    let records = f64::from(2 * changed);
    let what = |what: &str| format!("{changed} changed on each side, to convergence: {what}");
    report.row(
        &what("CPU seconds for 1,000 changed"),
        cpu / records * 1000.0,
        "s",
        &Against::Nothing,
        "",
    );
    report.row(
        &what("changed records a second by the clock"),
        records / wall,
        "",
        &Against::Nothing,
        "",
    );
    // To GHL: read before, write, read back. To Growbots: read on GHL, one conditional write.
    let least = "2.5 and its share of the pages are the least";
    report.row(
        &what("requests a changed record"),
        requests / records,
        "",
        &Against::Most(4.0),
        least,
    );
    report.row(
        &what("peak memory"),
        peak,
        "MiB",
        &Against::Most(64.0),
        "limit",
    );
    sweep(report, &sandbox, data.path(), contacts)?;
    at_rest(report, &sandbox, data.path())
}

/// A pass that looks for deletes among all contacts and tasks, when there are none.
fn sweep(report: &mut Report, sandbox: &Sandbox, data: &Path, contacts: u32) -> Outcome<()> {
    let (cost, summary) = run_pass(sandbox, data, &["--full"])?;
    let what = |what: &str| format!("sweep for deletes over {contacts} people: {what}");
    let rows = f64::from(contacts) * 1.4 / cost.cpu_s;
    let what_rows = what("rows of GHL a CPU second");
    report.row(&what_rows, rows, "", &Against::Nothing, "");
    let requests = sum(&summary["requests"]);
    let least = "90 % of the people in pages of 500, their tasks in pages of 100";
    report.row(&what("requests"), requests, "", &Against::Nothing, least);
    let most = Against::Most(64.0);
    report.row(&what("peak memory"), cost.peak_mib, "MiB", &most, "limit");
    Ok(())
}

/// The dashboard with the loop in it, when all is in step.
fn at_rest(report: &mut Report, sandbox: &Sandbox, data: &Path) -> Outcome<()> {
    let home = tempfile::tempdir()?;
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_couplet"));
    command.arg("--data-dir");
    command.arg(data);
    command.env("HOME", home.path());
    for (name, value) in sandbox.env() {
        command.env(name, value);
    }
    let mut terminal = Terminal::start(command)?;
    terminal.until("idle since")?;
    terminal.settle();
    let (bytes, percent) = terminal.rest(REST);
    report.row(
        "dashboard with the loop, at rest for 30 s: bytes",
        bytes as f64,
        "B",
        &Against::Most(0.0),
        "limit",
    );
    report.row(
        "the same: share of a core, two passes within",
        percent,
        "%",
        &Against::Nothing,
        "",
    );
    let peak = process::peak_mib(terminal.pid().unwrap_or_default()).unwrap_or(f64::NAN);
    report.row(
        "dashboard with the loop: peak memory",
        peak,
        "MiB",
        &Against::Most(64.0),
        "limit",
    );
    Ok(())
}

impl Sandbox {
    /// Lets three minutes go by in both systems.
    pub fn control_clock(&self) -> Outcome<()> {
        self.control("POST", "clock", r#"{"advance_ms": 180000}"#)
            .map(drop)
    }

    /// As users who change a field of so many contacts on each side, another one on the other: no conflict comes of it.
    pub fn edit(&self, changes: u32, mark: &str) -> Outcome<()> {
        if changes == 0 {
            return Ok(());
        }
        for (side, field) in [("ghl", "city"), ("growbots", "title")] {
            let body = format!(r#"{{"{field}": "{mark}"}}"#);
            let all = self.control("GET", &format!("records/{side}/contact"), "")?;
            let ids: Vec<String> = BufReader::new(&*all)
                .lines()
                .map_while(Result::ok)
                .filter_map(|line| {
                    let row: Value = serde_json::from_str(&line).ok()?;
                    Some(row["id"].as_str()?.to_owned())
                })
                .collect();
            let apart = (ids.len() / changes as usize).max(1);
            let mut line = self.line()?;
            for id in ids.iter().step_by(apart).take(changes as usize) {
                line.patch(&format!("/_sandbox/records/{side}/contact/{id}"), &body)?;
            }
        }
        Ok(())
    }

    fn line(&self) -> Outcome<Line> {
        let url = self.text("control");
        let host = url
            .trim_start_matches("http://")
            .trim_end_matches("/_sandbox")
            .to_owned();
        let stream = TcpStream::connect(&host)?;
        Ok(Line {
            from: BufReader::new(stream.try_clone()?),
            to: stream,
            host,
        })
    }
}

/// A connection that is kept for many calls.
struct Line {
    from: BufReader<TcpStream>,
    to: TcpStream,
    host: String,
}

impl Line {
    fn patch(&mut self, path: &str, body: &str) -> Outcome<()> {
        let head = format!(
            "PATCH {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        self.to.write_all(head.as_bytes())?;
        let mut line = String::new();
        self.from.read_line(&mut line)?;
        if !line.contains(" 200") {
            return Err(format!("{path}: {line}").into());
        }
        let mut length = 0;
        loop {
            line.clear();
            self.from.read_line(&mut line)?;
            let header = line.trim().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut rest = vec![0; length];
        self.from.read_exact(&mut rest)?;
        Ok(())
    }
}
