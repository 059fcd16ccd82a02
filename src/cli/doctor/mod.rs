//! `couplet doctor`: settings, permissions, clock, database, and whether both sides take the token.

mod endpoints;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::config::Flags;
use crate::engine::{EngineError, LeaseGate};
use crate::model::{Lane, Millis, Side};
use crate::remote::RemoteError;
use crate::store::Reader;
use crate::text::clean;

use super::args::Doctor;
use super::assemble;
use super::context::Context;
use super::exit::{Exit, Problem};
use super::output::{document, print};
use super::stop;

/// How long a side may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// No clock that is right shows an earlier time: 2026-01-01.
const EARLIEST: Millis = Millis(1_767_225_600_000);

/// What one check found.
struct Check {
    name: &'static str,
    said: String,
    /// What is wrong, if something is.
    problem: Option<Problem>,
}

impl Check {
    fn ok(name: &'static str, said: impl Into<String>) -> Self {
        Self {
            name,
            said: said.into(),
            problem: None,
        }
    }

    fn wrong(name: &'static str, problem: impl Into<Problem>) -> Self {
        let problem = problem.into();
        Self {
            name,
            said: problem.message(),
            problem: Some(problem),
        }
    }
}

/// Runs all checks and prints what they found; the exit code is that of the gravest.
pub fn run(flags: &Flags, asked: Doctor) -> Result<Exit, Problem> {
    if asked.endpoints {
        return endpoints::run(&Context::load(flags)?, asked);
    }
    let mut checks = Vec::new();
    match Context::load(flags).and_then(|context| {
        context.config.sides()?;
        Ok(context)
    }) {
        Err(problem) => checks.push(Check::wrong("settings", problem)),
        Ok(context) => {
            let from = context.config.file.as_ref().map_or_else(
                || "from the environment".into(),
                |path| format!("from `{}` and the environment", path.display()),
            );
            checks.push(Check::ok("settings", from));
            checks.push(clock(context.clock.now()));
            let folder = context.config.data_dir()?;
            let (most_folder, most_file) = if is_for_a_group(&folder) {
                (0o770, 0o660)
            } else {
                (0o700, 0o600)
            };
            checks.push(permissions(&folder, most_folder, "folder"));
            checks.push(permissions(&context.config.database()?, most_file, "file"));
            checks.push(database(&context.config.database()?));
            let secrets = context.config.secrets()?;
            if secrets.stamp().is_some() {
                checks.push(permissions(secrets.path(), 0o600, "secrets"));
            }
            checks.extend(sides(&context)?);
            checks.extend(scopes(&context)?);
        }
    }
    if asked.form.json {
        let rows = checks.iter().map(|check| {
            json!({
                "check": check.name,
                "ok": check.problem.is_none(),
                "said": check.said,
                "hint": check.problem.as_ref().and_then(Problem::hint),
            })
        });
        let ok = checks.iter().all(|check| check.problem.is_none());
        document(&json!({"checks": rows.collect::<Vec<_>>(), "ok": ok}))?;
    } else {
        for check in &checks {
            let mark = if check.problem.is_none() {
                "ok"
            } else {
                "wrong"
            };
            print(&format!(
                "{mark:<6}{:<12}{}",
                check.name,
                clean(&check.said)
            ))?;
            if let Some(hint) = check.problem.as_ref().and_then(Problem::hint) {
                print(&format!("{:18}hint: {hint}", ""))?;
            }
        }
        print(
            "\nThe Growbots side speaks couplet's own contract: Growbots publishes no API, so it needs an adapter.",
        )?;
    }
    Ok(gravest(
        checks
            .iter()
            .filter_map(|check| Some(check.problem.as_ref()?.exit)),
    ))
}

/// The exit code that comes first in the order of the contract.
pub fn gravest(exits: impl Iterator<Item = Exit>) -> Exit {
    const ORDER: [Exit; 5] = [
        Exit::Unauthorised,
        Exit::Held,
        Exit::Usage,
        Exit::Failed,
        Exit::ConflictsWait,
    ];
    let found: Vec<Exit> = exits.collect();
    ORDER
        .into_iter()
        .find(|exit| found.contains(exit))
        .unwrap_or(Exit::Done)
}

fn clock(now: Millis) -> Check {
    if now < EARLIEST {
        return Check::wrong(
            "clock",
            Problem::failed(
                format!("the machine's clock says {now}"),
                "set it: which edit is newer is decided by time",
            ),
        );
    }
    Check::ok("clock", now.to_string())
}

/// Whether somebody made the folder for a group: setgid, and the group may write (docs/operating.md).
fn is_for_a_group(folder: &Path) -> bool {
    std::fs::metadata(folder).is_ok_and(|found| found.permissions().mode() & 0o2070 == 0o2070)
}

/// Whether what is at `path` can be read by no more than `most` lets.
fn permissions(path: &Path, most: u32, what: &'static str) -> Check {
    let said = format!("`{}`", path.display());
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Check::ok(what, format!("{said} is made by the first pass"))
        }
        Err(error) => Check::wrong(what, error),
        Ok(found) => {
            let mode = found.permissions().mode() & 0o777;
            if mode & !most == 0 {
                return Check::ok(what, format!("{said}, mode {mode:04o}"));
            }
            Check::wrong(
                what,
                Problem::failed(
                    format!("{said} can be read by others (mode {mode:04o})"),
                    format!("chmod {most:04o} {}", path.display()),
                ),
            )
        }
    }
}

fn database(path: &Path) -> Check {
    if !path.exists() {
        return Check::ok("database", "none yet");
    }
    match Reader::open(path).and_then(|reader| reader.totals()) {
        Ok(totals) => {
            let links: u64 = totals.links.values().sum();
            Check::ok("database", format!("{links} records"))
        }
        Err(error) => Check::wrong("database", error),
    }
}

/// Whether both sides answer and take the token.
fn sides(context: &Context) -> Result<Vec<Check>, Problem> {
    let gate = LeaseGate::new(context.clock.clone());
    let connectors = assemble::connectors(context, &gate)?;
    let ask = async |side: Side| -> Result<String, Problem> {
        let setup = connectors.get(side).setup(Lane::Operator);
        let answer = tokio::time::timeout(PATIENCE, setup).await;
        let setup = answer
            .map_err(|_| {
                Problem::failed(
                    format!("{side} does not answer within {} s", PATIENCE.as_secs()),
                    format!(
                        "check `COUPLET_{}_URL` and the network",
                        side.name().to_uppercase()
                    ),
                )
            })?
            .map_err(|error: RemoteError| EngineError::Remote(error))?;
        Ok(format!(
            "`{}` answers and takes the token, {} users",
            setup.name,
            setup.users.len()
        ))
    };
    let (ghl, growbots) =
        stop::runtime()?.block_on(async { tokio::join!(ask(Side::Ghl), ask(Side::Growbots)) });
    Ok([("GHL", ghl), ("Growbots", growbots)]
        .map(|(name, found)| match found {
            Ok(said) => Check::ok(name, said),
            Err(problem) => Check::wrong(name, problem),
        })
        .into())
}

/// What the keys may not do. A side that does not let us in at all has said so already.
fn scopes(context: &Context) -> Result<Vec<Check>, Problem> {
    let mut checks = Vec::new();
    let runtime = stop::runtime()?;
    for side in Side::BOTH {
        let asked = runtime.block_on(async {
            tokio::time::timeout(PATIENCE, super::auth::missing(context, side)).await
        });
        let Ok(Ok(missing)) = asked else { continue };
        let said = if missing.is_empty() {
            "all that couplet uses".to_owned()
        } else {
            missing.join("; ")
        };
        checks.push(Check::ok("scopes", format!("{side}: {said}")));
    }
    Ok(checks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_problem_gives_the_exit_code() {
        use Exit as E;
        for (found, want) in [
            (&[][..], E::Done),
            (&[E::Failed, E::Usage], E::Usage),
            (&[E::Failed, E::Unauthorised, E::Usage], E::Unauthorised),
        ] {
            assert_eq!(gravest(found.iter().copied()), want, "{found:?}");
        }
    }
}
