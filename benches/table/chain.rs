//! The engine as a process against both systems on loopback, limits off: the first pull beside plain SQLite, passes with
//! nothing, one and a hundred changes, and a hundredth of the contacts changed on each side.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use portable_pty::CommandBuilder;
use rusqlite::{Connection, OpenFlags, params};
use serde_json::Value;

use crate::Outcome;
use crate::process::{self, Cost};
use crate::pty::Terminal;
use crate::report::{Against, Report};
use crate::world::Sandbox;

/// How often the cache is asked how far the pull is.
const LOOK: Duration = Duration::from_millis(10);
/// Passes after which all must be in step.
const PASSES: usize = 8;
const REST: Duration = Duration::from_secs(30);

/// The first pull of GHL from rows of its search; Growbots has nobody.
pub fn first_pull(report: &mut Report, contacts: u32) -> Outcome<()> {
    let (ghl, growbots) = (Sandbox::start(contacts)?, Sandbox::start(0)?);
    let data = tempfile::tempdir()?;
    let mut child = process::couplet()
        .args(["sync", "--once", "--data-dir"])
        .arg(data.path())
        .envs(
            ghl.env()
                .into_iter()
                .filter(|(name, _)| name.contains("GHL")),
        )
        .envs(
            growbots
                .env()
                .into_iter()
                .filter(|(name, _)| name.contains("GROWBOTS")),
        )
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let database = data.path().join("default.db");
    let cpu_s = loop {
        if child.try_wait()?.is_some() {
            return Err("the pull ended before it was looked at".into());
        }
        if is_pulled(&database) {
            break process::cpu_ms(child.id()).unwrap_or(f64::NAN) / 1000.0;
        }
        thread::sleep(LOOK);
    };
    let peak = process::peak_mib(child.id()).unwrap_or(f64::NAN);
    child.kill()?;
    child.wait()?;
    let (rows, plain_s) = plain_sqlite(&database, data.path())?;
    let rate = rows as f64 / cpu_s;
    let whose = format!("a third of plain SQLite's {:.0}", rows as f64 / plain_s);
    let least = Against::Least(rows as f64 / plain_s / 3.0);
    report.row(
        &format!("first pull of {rows} rows of GHL: rows a CPU second"),
        rate,
        "",
        &least,
        &whose,
    );
    report.row(
        "first pull: peak memory",
        peak,
        "MiB",
        &Against::Most(128.0),
        "limit",
    );
    let bytes = process::size(&database) / rows as f64;
    report.row(
        "first pull: bytes on disk a row",
        bytes,
        "B",
        &Against::Nothing,
        "",
    );
    let requests = ghl.requests()?;
    let total = requests["ghl"]["total"].as_f64().unwrap_or(f64::NAN);
    let least = (rows as f64 / 100.0).ceil();
    report.row(
        "first pull: requests",
        total,
        "",
        &Against::Nothing,
        &format!("{least} pages of 100 are the least"),
    );
    Ok(())
}

/// Whether all of GHL has been read; false while there is no database.
fn is_pulled(database: &Path) -> bool {
    let look = || -> rusqlite::Result<bool> {
        Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?
            .prepare("SELECT 1 FROM note WHERE name = 'backfill.ghl'")?
            .exists([])
    };
    look().unwrap_or(false)
}

/// Puts the same rows into a table with their raw JSON, the same look-up keys as indexes, and a trigram index filled
/// afterwards; rows and CPU seconds.
fn plain_sqlite(from: &Path, folder: &Path) -> Outcome<(usize, f64)> {
    let from = Connection::open(from)?;
    let mut read = from.prepare(
        "SELECT kind, id, coalesce(email, ''), coalesce(phone, ''), coalesce(updated_at, 0), raw FROM snapshot ORDER BY link",
    )?;
    let rows = read.query_map([], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, String>(2)?,
            row.get::<_, String>(3)?,
            row.get::<_, i64>(4)?,
            row.get::<_, String>(5)?,
        ))
    })?;
    let rows: Vec<_> = rows.collect::<Result<_, _>>()?;
    let mut to = Connection::open(folder.join("plain.db"))?;
    to.pragma_update(None, "journal_mode", "WAL")?;
    let before = process::cpu_ms(std::process::id()).unwrap_or(f64::NAN);
    to.execute_batch(
        "CREATE TABLE record (kind TEXT, id TEXT, email TEXT, phone TEXT, updated INTEGER, raw TEXT);
         CREATE UNIQUE INDEX record_id ON record (kind, id);
         CREATE INDEX record_email ON record (email);
         CREATE INDEX record_phone ON record (phone);
         CREATE INDEX record_updated ON record (updated);
         CREATE VIRTUAL TABLE record_search USING fts5 (words, content = '', tokenize = 'trigram');",
    )?;
    for page in rows.chunks(100) {
        let tx = to.transaction()?;
        {
            let mut add =
                tx.prepare_cached("INSERT INTO record VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
            for (kind, id, email, phone, updated, raw) in page {
                add.execute(params![kind, id, email, phone, updated, raw])?;
            }
        }
        tx.commit()?;
    }
    to.execute(
        "INSERT INTO record_search (rowid, words) SELECT rowid, email || ' ' || phone FROM record",
        [],
    )?;
    let spent = process::cpu_ms(std::process::id()).unwrap_or(f64::NAN) - before;
    Ok((rows.len(), spent / 1000.0))
}

/// One pass with its summary.
fn pass(sandbox: &Sandbox, data: &Path) -> Outcome<(Cost, Value)> {
    let mut command = process::couplet();
    command
        .args(["sync", "--once", "--json", "--data-dir"])
        .arg(data)
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

fn sum(value: &Value) -> f64 {
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
fn converge(sandbox: &Sandbox, data: &Path) -> Outcome<Vec<(Cost, Value)>> {
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

    for changes in [0, 1, 100] {
        sandbox.edit(changes, &format!("moved {changes}"))?;
        let (cost, summary) = pass(&sandbox, data.path())?;
        let what = |what: &str| format!("pass with {changes} changes on each side: {what}");
        let ms = cost.cpu_s * 1000.0;
        let limit = |most: f64| {
            if changes == 0 {
                Against::Most(most)
            } else {
                Against::Nothing
            }
        };
        report.row(&what("CPU of the process"), ms, "ms", &limit(50.0), "limit");
        report.row(
            &what("requests"),
            sum(&summary["requests"]),
            "",
            &limit(4.0),
            "limit",
        );
        report.row(
            &what("peak memory"),
            cost.peak_mib,
            "MiB",
            &Against::Most(64.0),
            "limit",
        );
        sandbox.control_clock()?;
        converge(&sandbox, data.path())?;
    }

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
    at_rest(report, &sandbox, data.path())
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
    fn control_clock(&self) -> Outcome<()> {
        self.control("POST", "clock", r#"{"advance_ms": 180000}"#)
            .map(drop)
    }

    /// As users who change a field of so many contacts on each side, another one on the other: no conflict comes of it.
    fn edit(&self, changes: u32, mark: &str) -> Outcome<()> {
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
