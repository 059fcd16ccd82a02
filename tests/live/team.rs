//! Five operators over a real sshd on one database, while `serve` syncs and people edit both sides.
//!
//! `COUPLET_TEAM_SECONDS` says for how long: 15 by default; `COUPLET_TEAM_SECONDS=600` is the long run, whose figures
//! stand in `docs/reliability.md`.

use std::time::Duration;

use couplet::clock::Clock;
use couplet::model::Direction;
use couplet::store::{ContactQuery, Reader};
use serde_json::json;

use crate::lab::{EXE, Lab};
use crate::screen::apart;
use crate::serve::{Service, until};
use crate::ssh::{OPERATORS, Server, answer};
use crate::terminal::Terminal;

const PATIENCE: Duration = Duration::from_mins(1);
/// What a screen may need to show what the database has: most changes, and any of them on a machine under load.
const MOST_WITHIN: Duration = Duration::from_secs(1);
const ALL_WITHIN: Duration = Duration::from_secs(5);

/// Resident memory of every couplet of this lab, KiB; the sandbox is none of them.
fn memory(lab: &Lab) -> Vec<(u32, u64)> {
    let data = lab.data().display().to_string();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").expect("Linux").flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        let read = |name| std::fs::read(entry.path().join(name)).unwrap_or_default();
        let program = std::fs::read_link(entry.path().join("exe")).unwrap_or_default();
        if program.as_os_str() != EXE || !String::from_utf8_lossy(&read("environ")).contains(&data)
        {
            continue;
        }
        let status = String::from_utf8_lossy(&read("status")).into_owned();
        let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let rss = rss.and_then(|text| text.trim().split(' ').next()?.parse().ok());
        found.extend(rss.map(|rss| (pid, rss)));
    }
    found.sort_unstable();
    found
}

/// Where a box says that a colleague was faster, the first key is its answer: it shows the log.
fn to_contacts(screen: &mut Terminal) {
    let shows = |shown: &str| shown.contains("[1 Contacts");
    screen.press("1");
    let shown = screen.wait("contacts, or the log", |shown| {
        shows(shown) || shown.contains("[4 Sync log")
    });
    if !shows(&shown) {
        screen.press("1");
        screen.wait("contacts", shows);
    }
}

#[test]
#[expect(
    clippy::print_stderr,
    clippy::too_many_lines,
    reason = "the figures are what the long run is for; one story, told in order"
)]
fn five_dashboards_over_ssh_share_a_database_that_serve_syncs() {
    let span = std::env::var("COUPLET_TEAM_SECONDS").ok();
    let span = Duration::from_secs(span.and_then(|text| text.parse().ok()).unwrap_or(15));
    let lab = Lab::quick(60, 11);
    let person = apart(&lab);
    lab.run(&["sync", "--once"]).ended(&[3]);
    let Some(server) = Server::start(&lab, EXE) else {
        return;
    };
    let mut service = Service::start(&lab, "poll_seconds = 1\n");
    let mut screens: Vec<Terminal> = OPERATORS.iter().map(|name| server.open_as(name)).collect();
    for screen in &screens {
        screen.wait_for("[1 Contacts");
    }

    // Two decide the same conflict apart, at the same moment.
    answer(&mut screens[0], "h");
    answer(&mut screens[1], "l");
    screens[0].press("y");
    screens[1].press("y");
    for screen in &screens[..2] {
        screen.wait("the question answered", |shown| !shown.contains("y apply"));
    }

    let reader = Reader::open(&lab.data().join("default.db")).expect("a database");
    until("one of them has decided", || {
        let open = reader.conflicts(100).expect("never locked");
        !open.iter().any(|one| !one.staged.is_empty())
    });
    for screen in &screens[..2] {
        screen.settle(); // the other one is told by now
    }

    let watched = lab.in_step(7)["ghl_id"].as_str().expect("an id").to_owned();
    let others: Vec<String> = (8..12)
        .map(|n| {
            lab.in_step(n)["growbots_id"]
                .as_str()
                .expect("an id")
                .to_owned()
        })
        .collect();
    let rename = |name: &str| lab.edit("ghl", "contact", &watched, &json!({"firstName": name}));
    rename("Marker0x");
    for screen in &mut screens {
        to_contacts(screen);
        screen.press("/Marker<enter>");
    }
    for screen in &screens {
        screen.wait_for("Marker0x");
    }

    let clock = Clock::system();
    let began = clock.ticks();
    let since = |at: i64| Duration::from_millis(clock.ticks().abs_diff(at));
    let mut delays = Vec::new();
    let mut early = None;
    while since(began) < span {
        let n = delays.len() + 1;
        let name = format!("Marker{n}x");
        for other in &others {
            let patch = json!({"title": format!("Title {n}")});
            lab.edit("growbots", "contact", other, &patch);
        }
        rename(&name);
        let query = ContactQuery {
            search: name.to_lowercase(),
            ..ContactQuery::default()
        };
        let asked = clock.ticks();
        while reader
            .contacts(&query, None, Direction::Forward, 1)
            .expect("never locked")
            .is_empty()
        {
            assert!(since(asked) < PATIENCE, "the loop never saw {name}");
            std::thread::yield_now();
        }
        let stored = clock.ticks();
        for screen in &screens {
            screen.wait_for(&name);
        }
        delays.push(since(stored));
        if early.is_none() && since(began) > span / 5 {
            early = Some(memory(&lab));
        }
    }

    let (early, late) = (early.expect("it ran for a while"), memory(&lab));
    assert_eq!(
        early.len(),
        OPERATORS.len() + 1,
        "five dashboards and the service"
    );
    assert_eq!(early.len(), late.len(), "all of them still run");
    for ((pid, before), (same, after)) in early.iter().zip(&late) {
        assert_eq!(pid, same, "none was started again");
        assert!(
            *after <= before + before / 5 + 4096,
            "memory of {pid} grew from {before} to {after} KiB"
        );
    }
    delays.sort_unstable();
    let (median, worst) = (delays[delays.len() / 2], delays[delays.len() - 1]);
    assert!(
        median < MOST_WITHIN && worst < ALL_WITHIN,
        "seen after {median:?} (median), {worst:?} (worst)"
    );
    eprintln!(
        "{} changes in {:?}, each on five screens after {median:?} (median), {worst:?} (worst); KiB before {early:?}, \
         after {late:?}",
        delays.len(),
        since(began),
    );

    let log = lab.run(&["log", "list", "--json"]).ended(&[0]).json();
    let resolved = log.as_array().expect("an array").iter();
    let resolved = resolved.filter(|line| line["op"] == "resolved").count();
    assert_eq!(resolved, 1, "two asked, one decided");
    let now = |side: &str, key: &str| {
        let id = person[format!("{side}_id")].as_str().expect("an id");
        lab.records(side, "contact")[id][key].clone()
    };
    assert_eq!(now("ghl", "lastName"), now("growbots", "last_name"));
    for screen in &screens {
        let shown = screen.with_screen(vt100::Screen::contents);
        assert!(!shown.contains("locked"), "{shown}");
    }
    drop(screens);
    let errors = lab.run(&["errors", "list", "--json"]).ended(&[0]).json();
    assert!(!errors.to_string().contains("lock"), "{errors}");
    assert!(service.stop().success());
    let bad: Vec<String> = service
        .rest()
        .filter(|line| line.contains("locked") || line.contains("\"ERROR\""))
        .collect();
    assert!(bad.is_empty(), "{bad:?}");
}
