//! The cache: the first pull beside plain SQLite, keys while it runs, passes with few changes over many contacts, and
//! the sweep for deletes. The program runs as a process against both systems on loopback, limits off.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;

use portable_pty::CommandBuilder;
use rusqlite::{Connection, Transaction, params_from_iter, types::Value as Sql};

use crate::Outcome;
use crate::chain::{converge, pass, sum};
use crate::process;
use crate::pty::Terminal;
use crate::report::{Against, Report};
use crate::world::{Sandbox, seeded};

/// Rows of a page of GHL's search.
const PAGE: u32 = 500;
/// People of the sandbox beside the cache of many.
const FEW: u32 = 1_000;
/// Keys between two looks whether the pull still runs.
const KEYS: usize = 50;
/// The most keys that are pressed while it does.
const MOST_KEYS: usize = 100_000;
/// Idle passes of a running loop that are measured.
const IDLE: usize = 10;

/// The first pull of GHL from rows of its search. The feed of Growbots does not answer, so that the pass ends when
/// GHL has been read.
pub fn first_pull(report: &mut Report, contacts: u32) -> Outcome<()> {
    let sandbox = Sandbox::start(contacts)?;
    sandbox.control(
        "PUT",
        "faults",
        r#"{"growbots": {"http_500": 1, "only": ["GET /changes"]}}"#,
    )?;
    let data = tempfile::tempdir()?;
    let mut command = process::couplet();
    command
        .args(["sync", "--once", "--data-dir"])
        .arg(data.path())
        .envs(sandbox.env());
    let (cost, _) = process::run(&mut command)?;
    let database = data.path().join("default.db");
    let from = Connection::open(&database)?;
    let is_read: bool = from
        .prepare("SELECT 1 FROM note WHERE name = 'backfill.ghl'")?
        .exists([])?;
    if !is_read {
        return Err("the pass ended before GHL was read".into());
    }
    let rows: f64 = from.query_row("SELECT count(*) FROM snapshot", [], |row| row.get(0))?;
    let rate = rows / cost.cpu_s;
    let what = format!("first pull of {rows} rows of GHL: rows a CPU second");
    let lean_s = lean(&from, data.path())?;
    let whose = format!(
        "a third of {:.0}, plain SQLite with one table, 4 indexes and full text",
        rows / lean_s
    );
    let least = Against::Least(rows / lean_s / 3.0);
    report.row(&what, rate, "", &least, &whose);
    let same_s = same(&from, data.path())?;
    let whose = format!(
        "a third of {:.0}, plain SQLite with the same tables, indexes and full text",
        rows / same_s
    );
    let least = Against::Least(rows / same_s / 3.0);
    report.row("the same", rate, "", &least, &whose);
    let most = Against::Most(128.0);
    report.row(
        "first pull: peak memory",
        cost.peak_mib,
        "MiB",
        &most,
        "limit",
    );
    let bytes = process::size(&database) / rows;
    let what = "first pull: bytes on disk a row";
    report.row(what, bytes, "B", &Against::Nothing, "");
    let requests = sandbox.requests()?;
    let total = requests["ghl"]["total"].as_f64().unwrap_or(f64::NAN);
    let contacts: f64 = from.query_row("SELECT count(*) FROM contact", [], |row| row.get(0))?;
    let tasks: f64 = from.query_row("SELECT count(*) FROM task", [], |row| row.get(0))?;
    let least = (contacts / 500.0).ceil() + (tasks / 100.0).ceil();
    let whose = format!(
        "{least} pages are the least; the set-up and 20 rows of each kind that are checked come on top"
    );
    let most = Against::Nothing;
    report.row("first pull: requests", total, "", &most, &whose);
    Ok(())
}

/// Puts the same rows into one table with their raw JSON, the keys that are looked up as indexes, and a trigram index
/// filled afterwards. CPU seconds.
fn lean(from: &Connection, folder: &Path) -> Outcome<f64> {
    let mut to = Plain::open(&folder.join("lean.db"))?;
    to.run(
        "CREATE TABLE record (
             link INTEGER, kind TEXT, id TEXT, email TEXT, phone TEXT, updated INTEGER, raw TEXT, words TEXT
         );
         CREATE UNIQUE INDEX record_id ON record (kind, id);
         CREATE INDEX record_email ON record (email);
         CREATE INDEX record_phone ON record (phone);
         CREATE INDEX record_updated ON record (updated);
         CREATE VIRTUAL TABLE record_search USING fts5 (
             words, content = 'record', content_rowid = 'rowid', columnsize = 0,
             tokenize = 'trigram case_sensitive 1'
         );",
    )?;
    to.copy(
        from,
        &[(
            "SELECT snapshot.link, kind, id, snapshot.email, snapshot.phone, updated_at, raw, \
             coalesce(contact.folded, task.folded) FROM snapshot LEFT JOIN contact ON contact.link = snapshot.link \
             LEFT JOIN task ON task.link = snapshot.link WHERE snapshot.link > ?1 AND snapshot.link <= ?2",
            "INSERT INTO record VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )],
    )?;
    to.run("INSERT INTO record_search (rowid, words) SELECT rowid, words FROM record")?;
    Ok(to.spent_s)
}

/// The same with the tables that couplet has, all their indexes, and none of its triggers.
fn same(from: &Connection, folder: &Path) -> Outcome<f64> {
    const TABLES: [&str; 4] = ["link", "snapshot", "contact", "task"];
    let mut to = Plain::open(&folder.join("same.db"))?;
    let mut schema = from.prepare(
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND type IN ('table', 'index') \
         AND (tbl_name IN ('link', 'snapshot', 'contact', 'task') OR name IN ('contact_search', 'task_search'))",
    )?;
    let schema = schema.query_map([], |row| row.get::<_, String>(0))?;
    for sql in schema {
        to.run(&sql?)?;
    }
    let mut copies = Vec::new();
    for table in TABLES {
        let columns = from
            .prepare(&format!("SELECT * FROM {table}"))?
            .column_count();
        let key = if table == "link" { "id" } else { "link" };
        let marks = vec!["?"; columns].join(", ");
        copies.push((
            format!("SELECT * FROM {table} WHERE {key} > ?1 AND {key} <= ?2"),
            format!("INSERT INTO {table} VALUES ({marks})"),
        ));
    }
    let copies: Vec<(&str, &str)> = copies
        .iter()
        .map(|(read, write)| (read.as_str(), write.as_str()))
        .collect();
    to.copy(from, &copies)?;
    for list in ["contact", "task"] {
        to.run(&format!(
            "INSERT INTO {list}_search (rowid, folded) SELECT link, folded FROM {list}"
        ))?;
    }
    Ok(to.spent_s)
}

/// A database that is written as plainly as can be, and the processor time that went into writing it.
struct Plain {
    conn: Connection,
    spent_s: f64,
}

impl Plain {
    fn open(path: &Path) -> Outcome<Self> {
        let conn = Connection::open(path)?;
        conn.pragma_update(None, "journal_mode", "WAL")?;
        // as couplet opens its own
        conn.pragma_update(None, "synchronous", "FULL")?;
        Ok(Self { conn, spent_s: 0.0 })
    }

    fn run(&mut self, sql: &str) -> Outcome<()> {
        let before = spent_s();
        self.conn.execute_batch(sql)?;
        self.spent_s += spent_s() - before;
        Ok(())
    }

    /// Copies by pairs of a query and a statement, a transaction for each page of links.
    fn copy(&mut self, from: &Connection, pairs: &[(&str, &str)]) -> Outcome<()> {
        let last: u32 = from.query_row("SELECT max(id) FROM link", [], |row| row.get(0))?;
        for after in (0..last).step_by(PAGE as usize) {
            let mut rows = Vec::new();
            for (read, _) in pairs {
                rows.push(page(from, read, after)?);
            }
            let before = spent_s();
            let tx = self.conn.transaction()?;
            for ((_, write), rows) in pairs.iter().zip(&rows) {
                insert(&tx, write, rows)?;
            }
            tx.commit()?;
            self.spent_s += spent_s() - before;
        }
        Ok(())
    }
}

fn page(from: &Connection, sql: &str, after: u32) -> rusqlite::Result<Vec<Vec<Sql>>> {
    let mut read = from.prepare_cached(sql)?;
    let columns = read.column_count();
    let rows = read.query_map([after, after + PAGE], |row| {
        (0..columns).map(|at| row.get(at)).collect()
    })?;
    rows.collect()
}

fn insert(tx: &Transaction<'_>, sql: &str, rows: &[Vec<Sql>]) -> rusqlite::Result<()> {
    let mut write = tx.prepare_cached(sql)?;
    for row in rows {
        write.execute(params_from_iter(row))?;
    }
    Ok(())
}

/// Processor time of this process: nothing else of it runs.
fn spent_s() -> f64 {
    process::cpu_ms(std::process::id()).unwrap_or(f64::NAN) / 1000.0
}

/// Keys on a dashboard whose own loop pulls everything meanwhile, from the first rows to the last.
pub fn keys_while_pulling(report: &mut Report, contacts: u32) -> Outcome<()> {
    let sandbox = Sandbox::start(contacts)?;
    let (home, data) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_couplet"));
    command.arg("--data-dir");
    command.arg(data.path());
    command.env("HOME", home.path());
    for (name, value) in sandbox.env() {
        command.env(name, value);
    }
    let mut terminal = Terminal::start(command)?;
    terminal.until("@")?; // the first rows
    let reader = Connection::open(data.path().join("default.db"))?;
    let mut times = Vec::new();
    let mut log_mib = 0_f64;
    loop {
        for at in 0..KEYS {
            let key = if at < KEYS / 2 { b"j" } else { b"k" };
            times.push(terminal.press(key)?.first_byte);
        }
        let log = process::size(&data.path().join("default.db-wal"));
        log_mib = log_mib.max(log / f64::from(1 << 20));
        let is_over = reader
            .prepare_cached("SELECT 1 FROM note WHERE name = 'backfill.ghl'")?
            .exists([])?;
        if is_over || times.len() >= MOST_KEYS {
            break;
        }
    }
    times.sort_unstable();
    let ms = |at: usize| times[at].as_secs_f64() * 1000.0;
    let keys = times.len();
    for (what, figure, most) in [
        ("median", ms(keys / 2), 3.0),
        ("p99", ms(keys * 99 / 100), 16.0),
        ("the slowest", ms(keys - 1), 16.0),
    ] {
        let what =
            format!("key to first byte while {contacts} people are pulled, of {keys} keys: {what}");
        report.row(&what, figure, "ms", &Against::Most(most), "limit");
    }
    let late = times.iter().filter(|time| time.as_millis() >= 16).count();
    report.row(
        "the same: keys answered later than after 16 ms",
        late as f64,
        "",
        &Against::Most(0.0),
        "limit",
    );
    let most = Against::Most(64.0);
    report.row(
        "the same: the write-ahead log at its largest",
        log_mib,
        "MiB",
        &most,
        "what is kept of it",
    );
    Ok(())
}

/// Idle passes of a loop that runs: CPU of each with what comes between, without the start of a process.
fn idle_passes(report: &mut Report, sandbox: &Sandbox, data: &Path, size: u32) -> Outcome<()> {
    let config = data.join("config.toml");
    fs::write(&config, "poll_seconds = 1\n")?;
    let mut child = process::couplet()
        .args(["sync", "--json", "--data-dir"])
        .arg(data)
        .env("COUPLET_CONFIG", &config)
        .envs(sandbox.env())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let stdout = child.stdout.take().ok_or("no stdout")?;
    let mut passes = BufReader::new(stdout).lines().map_while(Result::ok);
    let cpu = || process::cpu_ms(child.id()).unwrap_or(f64::NAN);
    let mut wait = |passes_more: usize| passes.by_ref().take(passes_more).count();
    let begun = wait(2);
    let before = cpu();
    let ended = wait(IDLE);
    let spent = (cpu() - before) / IDLE as f64;
    child.kill()?;
    child.wait()?;
    if (begun, ended) != (2, IDLE) {
        return Err("the loop ended by itself".into());
    }
    let what =
        format!("{size} contacts, idle pass of a running loop: CPU, with the second between");
    report.row(&what, spent, "ms", &Against::Most(50.0), "limit");
    Ok(())
}

/// Passes with 0, 1 and 100 changes on each side over a cache of many contacts, of whom the sandbox has a thousand.
pub fn passes(report: &mut Report, contacts: u32) -> Outcome<()> {
    let mut sizes: Vec<u32> = [1_000, 100_000, 1_000_000]
        .into_iter()
        .filter(|size| *size < contacts)
        .collect();
    sizes.push(contacts);
    for size in sizes {
        let database = seeded(report, size)?;
        let data = tempfile::tempdir_in(database.parent().and_then(Path::parent).ok_or("where?")?)?;
        fs::copy(&database, data.path().join("default.db"))?;
        let sandbox = Sandbox::start(FEW)?;
        converge(&sandbox, data.path())?;
        // What was just written is looked at once more while the index of GHL may lag: the overlap of two minutes.
        sandbox.control_clock()?;
        converge(&sandbox, data.path())?;
        for changes in [0, 1, 100] {
            sandbox.edit(changes, &format!("moved {changes}"))?;
            let (cost, summary) = pass(&sandbox, data.path())?;
            let what = |what: &str| {
                format!("{size} contacts, pass with {changes} changes on each side: {what}")
            };
            let limit = |most: f64| match changes {
                0 => Against::Most(most),
                _ => Against::Nothing,
            };
            let ms = cost.cpu_s * 1000.0;
            report.row(
                &what("CPU of the process, from start to end"),
                ms,
                "ms",
                &limit(50.0),
                "limit",
            );
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
            if changes == 0 {
                idle_passes(report, &sandbox, data.path(), size)?;
            }
            sandbox.control_clock()?;
            converge(&sandbox, data.path())?;
        }
    }
    Ok(())
}
