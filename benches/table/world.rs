//! What the parts measure on: seeded databases, kept between runs, and sandboxes that go with them.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use couplet::model::Direction;
use couplet::store::{ContactQuery, Reader};
use serde_json::Value;

use crate::report::{Against, Report};
use crate::{Outcome, process};

/// Where what is made once is kept.
fn folder() -> Outcome<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// A database of so many linked contacts, made with `couplet bench seed` unless an earlier run has made it.
pub fn seeded(report: &mut Report, contacts: u32) -> Outcome<PathBuf> {
    let data = folder()?.join(format!("seed-{contacts}"));
    let database = data.join("default.db");
    if !database.exists() {
        let being_made = folder()?.join("being-made");
        if being_made.exists() {
            fs::remove_dir_all(&being_made)?;
        }
        let (cost, _) = process::run(
            process::couplet()
                .args([
                    "bench",
                    "seed",
                    "--contacts",
                    &contacts.to_string(),
                    "--data-dir",
                ])
                .arg(&being_made),
        )?;
        fs::rename(&being_made, &data)?;
        let rate = f64::from(contacts) / cost.cpu_s;
        report.row(
            "`bench seed`: contacts a CPU second",
            rate,
            "",
            &Against::Nothing,
            "",
        );
    }
    let bytes = process::size(&database) / f64::from(contacts);
    report.row(
        "seeded database, bytes a contact with half a task",
        bytes,
        "B",
        &Against::Nothing,
        "",
    );
    Ok(database)
}

/// The rows of the contacts list as CSV, for programs that show tables.
pub fn csv(database: &Path, contacts: u32) -> Outcome<PathBuf> {
    let path = folder()?.join(format!("seed-{contacts}.csv"));
    if path.exists() {
        return Ok(path);
    }
    let reader = Reader::open(database)?;
    let half = path.with_extension("half");
    let mut to = BufWriter::new(File::create(&half)?);
    writeln!(to, "name,email,phone,company,owner,state,updated")?;
    let mut from = None;
    loop {
        let query = ContactQuery::default();
        let rows = reader.contacts(&query, from.as_ref(), Direction::Forward, 500)?;
        let Some(last) = rows.last() else { break };
        from = Some(last.key.clone());
        for row in &rows {
            let updated = row.updated_at.map(|at| at.to_string()).unwrap_or_default();
            let cells = [
                row.name.as_str(),
                &row.email,
                &row.phone,
                &row.company,
                &row.owner,
                row.state.name(),
                &updated,
            ];
            let quoted = cells.map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
            writeln!(to, "{}", quoted.join(","))?;
        }
    }
    to.flush()?;
    fs::rename(half, &path)?;
    Ok(path)
}

/// Both systems without a limit, and how to reach them; they go when this is dropped.
pub struct Sandbox {
    child: Child,
    pub hello: Value,
}

impl Sandbox {
    pub fn start(contacts: u32) -> Outcome<Self> {
        let mut child = process::couplet()
            .args([
                "sandbox",
                "--listen",
                "127.0.0.1:0",
                "--limit",
                "off",
                "--lag",
                "0",
            ])
            .args(["--contacts", &contacts.to_string()])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let stdout = child.stdout.take().ok_or("no stdout")?;
        BufReader::new(stdout).read_line(&mut line)?;
        Ok(Self {
            hello: serde_json::from_str(&line)?,
            child,
        })
    }

    pub fn text(&self, key: &str) -> String {
        self.hello[key].as_str().unwrap_or_default().to_owned()
    }

    /// Its addresses and keys as a command's environment.
    pub fn env(&self) -> [(&'static str, String); 5] {
        [
            ("COUPLET_GHL_URL", self.text("ghl")),
            ("COUPLET_GHL_TOKEN", self.text("ghl_token")),
            ("COUPLET_GHL_LOCATION", self.text("location_id")),
            ("COUPLET_GROWBOTS_URL", self.text("growbots")),
            ("COUPLET_GROWBOTS_TOKEN", self.text("growbots_token")),
        ]
    }

    /// A call of the control API, by the client that is everywhere.
    pub fn control(&self, method: &str, path: &str, body: &str) -> Outcome<Vec<u8>> {
        let url = format!("{}/{path}", self.text("control"));
        let output = Command::new("curl")
            .args([
                "-sf",
                "-X",
                method,
                "-H",
                "content-type: application/json",
                "-d",
                body,
                &url,
            ])
            .output()?;
        if output.status.success() {
            Ok(output.stdout)
        } else {
            Err(format!("{method} {path} failed").into())
        }
    }

    /// Requests that each side has had.
    pub fn requests(&self) -> Outcome<Value> {
        Ok(serde_json::from_slice(
            &self.control("GET", "requests", "")?,
        )?)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}
