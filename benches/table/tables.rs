//! `couplet merge` on exported tables beside `daff`, `git merge-file` and `git merge-tree`, on jobs whose truth is known.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::Outcome;
use crate::process::{self, Cost};
use crate::report::{Against, Report};

const RECORDS: u32 = 100_000;
const SEEDS: [&str; 4] = ["", "a", "b", "c"];

pub fn measure(report: &mut Report) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let job = folder.path().join("job");
    let mut ours = None;
    for seed in SEEDS {
        let truth = make(&job, "csv", seed)?;
        let (cost, counts) = couplet(&job)?;
        let wrong = wrong(&truth, &counts);
        let what = format!(
            "`couplet merge` of {RECORDS} records, seed `{seed}`: conflicts missed or false"
        );
        report.row(
            &what,
            wrong as f64,
            "",
            &Against::Most(0.0),
            "the generator's truth",
        );
        ours = Some(cost);
        if seed.is_empty() {
            beside_daff(report, &job, &cost)?;
            beside_merge_file(report, &job, &cost, &truth)?;
        }
    }
    let ours = ours.ok_or("no job")?;
    let files: f64 = ["base", "left", "right"]
        .map(|name| process::size(&job.join(format!("{name}.csv"))))
        .iter()
        .sum();
    let limit = 64.0 + files / 1_048_576.0;
    report.row(
        "`couplet merge`: peak memory",
        ours.peak_mib,
        "MiB",
        &Against::Most(limit),
        "64 MiB and the files",
    );
    beside_merge_tree(report, folder.path(), &ours)
}

/// Makes a job; gives its truth.
fn make(job: &Path, kind: &str, seed: &str) -> Outcome<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/three_way.py");
    let output = Command::new("python3")
        .arg(script)
        .arg(RECORDS.to_string())
        .arg(job)
        .args([kind, seed])
        .output()?;
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn couplet(job: &Path) -> Outcome<(Cost, Value)> {
    let file = |name: &str| job.join(format!("{name}.csv"));
    let mut command = process::couplet();
    command
        .arg("merge")
        .args([file("base"), file("left"), file("right")]);
    command.args(["--json", "--out"]).arg(file("merged"));
    let (cost, stdout) = process::run(&mut command)?;
    Ok((cost, serde_json::from_slice(&stdout)?))
}

/// How far the counts are from the truth.
fn wrong(truth: &Value, counts: &Value) -> i64 {
    let number = |value: &Value| value.as_i64().unwrap_or(i64::MIN / 8);
    let pairs = [
        (&truth["fieldconf"], &counts["conflicts"]["field"]),
        (&truth["delconf"], &counts["conflicts"]["delete_edit"]),
        (&truth["dels"], &counts["deleted"]),
        (&truth["adds"], &counts["added"]),
    ];
    pairs
        .iter()
        .map(|(want, got)| (number(want) - number(got)).abs())
        .sum()
}

/// Records a second of CPU time.
fn rate(cost: &Cost) -> f64 {
    f64::from(RECORDS) / cost.cpu_s
}

fn beside_daff(report: &mut Report, job: &Path, ours: &Cost) -> Outcome<()> {
    let what = "`couplet merge` beside `daff merge`: records a CPU second";
    let Some(daff) = process::program("daff") else {
        report.left_out(what, "`daff` is not on the path, nor named by `BENCH_DAFF`");
        return Ok(());
    };
    let mut command = Command::new(daff);
    command
        .args([
            "merge",
            "--output",
            "daff.csv",
            "base.csv",
            "left.csv",
            "right.csv",
        ])
        .current_dir(job);
    let (theirs, _) = process::run(&mut command)?;
    let whose = format!(
        "100 x {:.0} of daff, {:.0} MiB",
        rate(&theirs),
        theirs.peak_mib
    );
    report.row(
        what,
        rate(ours),
        "a second",
        &Against::Least(100.0 * rate(&theirs)),
        &whose,
    );
    Ok(())
}

fn beside_merge_file(report: &mut Report, job: &Path, ours: &Cost, truth: &Value) -> Outcome<()> {
    let mut command = Command::new("git");
    command
        .args(["merge-file", "-p", "left.csv", "base.csv", "right.csv"])
        .current_dir(job);
    let (theirs, merged) = process::run(&mut command)?;
    let marks = merged
        .split(|byte| *byte == b'\n')
        .filter(|line| line.starts_with(b"<<<<<<<"))
        .count();
    let whose = format!(
        "git merge-file, which knows no records: {marks} conflicts where {} are, {:.0} MiB",
        truth["fieldconf"].as_i64().unwrap_or(0) + truth["delconf"].as_i64().unwrap_or(0),
        theirs.peak_mib
    );
    let what = "`couplet merge` beside `git merge-file`: records a CPU second";
    report.row(
        what,
        rate(ours),
        "a second",
        &Against::Nothing,
        &format!("{:.0} of {whose}", rate(&theirs)),
    );
    Ok(())
}

/// A file for each record, in a repository that is made without a work tree.
fn beside_merge_tree(report: &mut Report, folder: &Path, ours: &Cost) -> Outcome<()> {
    let job = folder.join("files");
    make(&job, "json", "")?;
    let repository = folder.join("repository");
    let git = |args: &[&str]| -> Command {
        let mut command = Command::new("git");
        command.arg("-C").arg(&repository).args(args);
        command
    };
    fs::create_dir(&repository)?;
    git(&["init", "-q", "--bare"]).status()?;
    let mut import = git(&["fast-import", "--quiet"])
        .stdin(Stdio::piped())
        .spawn()?;
    let mut to = std::io::BufWriter::new(import.stdin.take().ok_or("no stdin")?);
    for (name, parent) in [
        ("base", None),
        ("left", Some("base")),
        ("right", Some("base")),
    ] {
        let time = "committer bench <bench@example.com> 1700000000 +0000";
        writeln!(to, "commit refs/heads/{name}\n{time}\ndata 0\n")?;
        if let Some(parent) = parent {
            writeln!(to, "from refs/heads/{parent}\ndeleteall")?;
        }
        for file in fs::read_dir(job.join(name))? {
            let file = file?;
            let bytes = fs::read(file.path())?;
            let file = file.file_name();
            writeln!(
                to,
                "M 100644 inline {}\ndata {}",
                file.to_string_lossy(),
                bytes.len()
            )?;
            to.write_all(&bytes)?;
            writeln!(to)?;
        }
        writeln!(to)?;
    }
    to.flush()?;
    drop(to);
    import.wait()?;
    let mut command = git(&["merge-tree", "--write-tree", "--name-only", "left", "right"]);
    let (theirs, _) = process::run(&mut command)?;
    let whose = format!(
        "git merge-tree, {:.0} MiB, which reads and writes no table",
        theirs.peak_mib
    );
    let what = "`couplet merge` beside `git merge-tree`: records a CPU second";
    report.row(
        what,
        rate(ours),
        "a second",
        &Against::Least(rate(&theirs)),
        &whose,
    );
    let what = "the same by the clock";
    let by_clock = |cost: &Cost| f64::from(RECORDS) / cost.wall_s;
    report.row(
        what,
        by_clock(ours),
        "a second",
        &Against::Least(by_clock(&theirs)),
        "git merge-tree",
    );
    Ok(())
}
