//! The dashboard on a terminal, beside other programs that show the same rows.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::{Duration, Instant};

use couplet::model::{ContactSort, Direction, Filter};
use couplet::store::{ContactQuery, Reader};
use portable_pty::CommandBuilder;

use crate::pty::Terminal;
use crate::report::{Against, Report};
use crate::{Outcome, process, world};

const STEPS: usize = 200;
const ALONE: usize = 20;
const REST: Duration = Duration::from_secs(30);

/// Bytes and times of stepping down a list.
struct Steps {
    bytes: f64,
    median_ms: f64,
    p99_ms: f64,
    peak_mib: f64,
}

pub fn measure(report: &mut Report, contacts: u32) -> Outcome<()> {
    let database = world::seeded(report, contacts)?;
    let csv = world::csv(&database, contacts)?;
    let peers = peers(report, &csv)?;
    let name = first_name(&database)?;
    let home = tempfile::tempdir()?;
    let data = database.parent().ok_or("no folder")?;

    let mut first_frames = Vec::new();
    for _ in 0..5 {
        let mut terminal = open(data, home.path())?;
        first_frames.push(terminal.until("Contacts")?);
        terminal.until(&name)?;
    }
    first_frames.sort_unstable();
    let ms = first_frames[2].as_secs_f64() * 1000.0;
    report.row(
        "dashboard: start to first frame, median of 5",
        ms,
        "ms",
        &Against::Most(50.0),
        "limit",
    );

    let mut terminal = open(data, home.path())?;
    let rows = terminal.until(&name)?.as_secs_f64() * 1000.0;
    report.row(
        "dashboard: start to first rows",
        rows,
        "ms",
        &Against::Nothing,
        "",
    );
    terminal.settle();
    let steps = step(&mut terminal, b"j")?;
    held(report, &steps, &peers);
    alone(report, &mut terminal)?;
    others(report, &mut terminal)?;
    let peak = process::peak_mib(terminal.pid().unwrap_or_default()).unwrap_or(f64::NAN);
    report.row(
        "dashboard: peak memory after all keys",
        peak,
        "MiB",
        &Against::Most(64.0),
        "limit",
    );
    for peer in &peers {
        let what = format!("peak memory, {}", peer.name);
        report.row(&what, peer.steps.peak_mib, "MiB", &Against::Nothing, "");
    }
    terminal.settle();
    let (bytes, percent) = terminal.rest(REST);
    report.row(
        "at rest for 30 s: bytes",
        bytes as f64,
        "B",
        &Against::Most(0.0),
        "limit",
    );
    report.row(
        "at rest for 30 s: share of a core",
        percent,
        "%",
        &Against::Most(0.2),
        "limit",
    );
    drop(terminal);
    searches(report, &database)
}

/// What a held key costs, beside the peers.
fn held(report: &mut Report, steps: &Steps, peers: &[Peer]) {
    report.row(
        "held cursor down, 120x40: bytes a step",
        steps.bytes,
        "B",
        &Against::Most(150.0),
        "limit",
    );
    for peer in peers {
        let what = format!("held cursor down: bytes, beside {}", peer.name);
        report.row(
            &what,
            steps.bytes,
            "B",
            &Against::Most(peer.steps.bytes),
            peer.name,
        );
    }
    report.row(
        "held cursor down: key to first byte, median",
        steps.median_ms,
        "ms",
        &Against::Most(3.0),
        "limit",
    );
    report.row(
        "held cursor down: key to first byte, p99",
        steps.p99_ms,
        "ms",
        &Against::Most(16.0),
        "limit",
    );
    for peer in peers {
        let what = format!("key to first byte, median, beside {}", peer.name);
        let against = if peer.name == "less" {
            Against::Nothing
        } else {
            Against::Most(peer.steps.median_ms)
        };
        report.row(
            &what,
            steps.median_ms,
            "ms",
            &against,
            &format!("{} {:.2} ms", peer.name, peer.steps.median_ms),
        );
    }
}

/// The dashboard of a viewer: the same screens, without a loop whose sides are not there.
fn open(data: &Path, home: &Path) -> Outcome<Terminal> {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_couplet"));
    command.args(["--role", "viewer", "--data-dir"]);
    command.arg(data);
    command.env("HOME", home);
    Terminal::start(command)
}

fn first_name(database: &Path) -> Outcome<String> {
    let rows =
        Reader::open(database)?.contacts(&ContactQuery::default(), None, Direction::Forward, 3)?;
    let row = rows.last().ok_or("no contacts")?;
    Ok(row.name.chars().take(12).collect())
}

/// Presses a key again as soon as it has been answered, as a held one comes.
fn step(terminal: &mut Terminal, key: &[u8]) -> Outcome<Steps> {
    let before = terminal.bytes();
    let mut times = Vec::new();
    for _ in 0..STEPS {
        times.push(terminal.press(key)?.first_byte);
    }
    let bytes = (terminal.bytes() - before) as f64 / STEPS as f64;
    terminal.settle();
    times.sort_unstable();
    let ms = |at: usize| times[at].as_secs_f64() * 1000.0;
    Ok(Steps {
        bytes,
        median_ms: ms(STEPS / 2),
        p99_ms: ms(STEPS * 99 / 100),
        peak_mib: process::peak_mib(terminal.pid().unwrap_or_default()).unwrap_or(f64::NAN),
    })
}

fn alone(report: &mut Report, terminal: &mut Terminal) -> Outcome<()> {
    let mut bytes = 0;
    for _ in 0..ALONE {
        bytes += terminal.press_alone(b"k")?.bytes;
    }
    let each = bytes as f64 / ALONE as f64;
    report.row(
        "a step alone, with the pane that follows: bytes",
        each,
        "B",
        &Against::Nothing,
        "",
    );
    Ok(())
}

/// The other keys: first byte, and all bytes until it is still.
fn others(report: &mut Report, terminal: &mut Terminal) -> Outcome<()> {
    let keys: [(&str, &[u8]); 12] = [
        ("page down", b"\x1b[6~"),
        ("end", b"G"),
        ("home", b"\x1b[H"),
        ("sort and columns, opened", b"s"),
        ("sort and columns, closed", b"\x1b"),
        ("open detail", b"\r"),
        ("back", b"\x1b"),
        ("search: first letter", b"/o"),
        ("search: third letter", b"ko"),
        ("search: left", b"\x1b"),
        ("conflicts", b"3"),
        ("open a conflict", b"\r"),
    ];
    for (what, key) in keys {
        let answer = terminal.press_alone(key)?;
        let ms = answer.first_byte.as_secs_f64() * 1000.0;
        report.row(
            &format!("{what}: key to first byte"),
            ms,
            "ms",
            &Against::Most(16.0),
            "limit",
        );
        report.row(
            &format!("{what}: bytes"),
            answer.bytes as f64,
            "B",
            &Against::Nothing,
            "",
        );
    }
    Ok(())
}

/// The first rows of searches and filters, as the reader thread asks for them.
fn searches(report: &mut Report, database: &Path) -> Outcome<()> {
    let reader = Reader::open(database)?;
    let search = |words: &str| ContactQuery {
        search: words.into(),
        ..ContactQuery::default()
    };
    let filter = |text: &str| -> Outcome<ContactQuery> {
        Ok(ContactQuery {
            filter: Filter::parse(text)?,
            ..ContactQuery::default()
        })
    };
    let queries = [
        ("all, by name", ContactQuery::default()),
        (
            "all, by latest edit",
            ContactQuery {
                sort: ContactSort::Edited,
                ..ContactQuery::default()
            },
        ),
        ("search `okonkwo` (many)", search("okonkwo")),
        ("search of one e-mail", search("guttenberg77@")),
        ("search `zz` (short, none)", search("zz")),
        ("filter `state:conflict`", filter("state:conflict")?),
        ("filter `tag:vip`", filter("tag:vip")?),
        ("filter `owner:ines.okafor`", filter("owner:ines.okafor")?),
        ("filter `updated:<2d`", filter("updated:<2d")?),
    ];
    for (what, query) in queries {
        let mut best = f64::MAX;
        for _ in 0..3 {
            let began = Instant::now();
            reader.contacts(&query, None, Direction::Forward, 80)?;
            best = best.min(began.elapsed().as_secs_f64() * 1000.0);
        }
        report.row(
            &format!("first rows, warm: {what}"),
            best,
            "ms",
            &Against::Most(50.0),
            "limit",
        );
    }
    Ok(())
}

struct Peer {
    name: &'static str,
    steps: Steps,
}

fn peers(report: &mut Report, csv: &Path) -> Outcome<Vec<Peer>> {
    let first = first_value(csv)?;
    let mut peers = Vec::new();
    for (name, program, args) in [
        ("visidata", "vd", &[][..]),
        ("csvlens", "csvlens", &[][..]),
        ("less", "less", &["-S"][..]),
    ] {
        let Some(path) = process::program(program) else {
            let why = format!(
                "`{program}` is not on the path, nor named by `BENCH_{}`",
                program.to_uppercase()
            );
            report.left_out(name, &why);
            continue;
        };
        let mut command = CommandBuilder::new(path);
        command.args(args);
        command.arg(csv);
        let mut terminal = Terminal::start(command)?;
        terminal.until(&first)?;
        terminal.settle();
        // less moves no cursor: past the first screen each key is a line
        for _ in 0..3 {
            terminal.press_alone(b"j")?;
        }
        let steps = step(&mut terminal, b"j")?;
        peers.push(Peer { name, steps });
    }
    Ok(peers)
}

/// The first value of a table of which all values stand in quotes: what each program shows at the top.
fn first_value(csv: &Path) -> Outcome<String> {
    let mut lines = BufReader::new(File::open(csv)?).lines();
    let line = lines.nth(1).ok_or("the table has no rows")??;
    let value = line.split('"').nth(1).unwrap_or_default();
    Ok(value.to_owned())
}
