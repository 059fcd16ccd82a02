//! A terminal that does not read: a link that is down, a window that was stopped.

use std::process::Command;

use couplet::clock::Clock;
use couplet::store::Reader;
use serde_json::Value;

use crate::lab::Lab;
use crate::screen::{apart, dashboard};
use crate::terminal::Terminal;

/// The workbench of the conflict about a last name, on a terminal that then reads nothing more.
fn stalled(lab: &Lab) -> Terminal {
    apart(lab);
    lab.run(&["sync", "--once"]).ended(&[3]);
    let mut screen = dashboard(lab, (120, 40), &[]);
    screen.wait_for("idle since");
    screen.press("3f");
    screen.wait_for("filter");
    screen.press("field:last_name<enter>");
    screen.wait("the conflict", |shown| shown.contains("Ost / West"));
    screen.press("<enter>");
    screen.wait_for("0 of 1 decided");
    screen.settle();
    screen.stall(true);
    screen
}

/// Each draws every cell anew: 4 KiB, and a pseudo-terminal holds hardly more.
fn redraw(screen: &mut Terminal, times: usize) {
    for _ in 0..times {
        screen.press("\u{c}");
    }
}

fn staged(lab: &Lab) -> usize {
    let reader = Reader::open(&lab.data().join("default.db")).expect("a database");
    let conflicts = reader.conflicts(1_000).expect("it answers");
    conflicts
        .iter()
        .filter(|one| !one.staged.is_empty())
        .count()
}

/// The key is heard: the store has so many answers that are staged.
#[track_caller]
fn until_staged(lab: &Lab, wanted: usize) {
    let clock = Clock::system();
    let began = clock.ticks();
    while staged(lab) != wanted {
        assert!(
            clock.ticks().abs_diff(began) < 60_000,
            "the key was never heard"
        );
        std::thread::yield_now();
    }
}

#[test]
fn stops_neither_keys_nor_the_store_keeps_no_frames_and_shows_the_newest_state_when_it_reads_again()
{
    let lab = Lab::quick(20, 11);
    let mut screen = stalled(&lab);
    redraw(&mut screen, 50);
    screen.press("l");
    until_staged(&lab, 1);
    let before = screen.memory();
    redraw(&mut screen, 2_000);
    screen.press("x");
    until_staged(&lab, 0);
    let grown = screen.memory().saturating_sub(before);
    assert!(
        grown < 2_048,
        "8 MB of frames were asked for; {grown} KiB more"
    );
    screen.press("l");
    until_staged(&lab, 1);
    screen.stall(false);
    screen.wait_for("1 of 1 decided");
    screen.press("q");
    screen.wait_for("[3 Conflicts");
}

#[test]
fn is_left_by_a_signal_and_what_was_staged_is_there_for_the_next_screen() {
    let lab = Lab::quick(20, 11);
    let mut screen = stalled(&lab);
    screen.press("l");
    redraw(&mut screen, 200);
    until_staged(&lab, 1);
    let pid = screen.pid().expect("it runs").to_string();
    let killed = Command::new("kill").args(["-TERM", &pid]).status();
    assert!(killed.expect("kill is there").success());
    assert_eq!(screen.end(), 0, "it ends though nobody reads");
    let holder = lab.run(&["status", "--json"]).ended(&[0]).json()["holder"].clone();
    assert_eq!(holder, Value::Null, "the lease was given back");
    let mut next = dashboard(&lab, (120, 40), &[]);
    next.wait_for("1 staged");
    next.press("qq"); // the filter was kept, too: the first drops it
    assert_eq!(next.end(), 0);
}
