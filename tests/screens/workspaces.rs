//! The list of all workspaces.

use super::*;

/// Four workspaces: one of each mark.
fn four(width: u16, height: u16) -> TestApp {
    use couplet::model::{Day, Health, Holder, LoopState, Paused, Side};
    use couplet::store::Totals;
    use couplet::tui::workspaces::Seen;

    let mut app = TestApp::demo(width, height);
    let names = ["demo", "harbor-east", "harbor-west", "lakeside"];
    app.model.places = names.map(str::to_owned).into();
    app.press("W");
    let seen = |conflicts: u64, errors: u64, used: u64, runs: bool| {
        let mut status = couplet::model::LoopStatus {
            state: LoopState::Idle,
            idle_since: Some(world::now().plus(-24 * 60_000)),
            ..Default::default()
        };
        for side in Side::BOTH {
            let side = status.sides.get_mut(side);
            side.health = Health::Ok;
            side.day = Day {
                used,
                limit: 200_000,
                ..Default::default()
            };
        }
        let holder = runs.then(|| Holder {
            operator: "ops".into(),
            host: "ops-2".into(),
            pid: 7,
            since: world::now(),
        });
        let totals = Totals {
            conflicts_undecided: conflicts,
            errors_open: errors,
            ..Default::default()
        };
        Seen {
            status,
            holder,
            totals,
        }
    };
    let mut refused = seen(0, 1, 6_000, false);
    refused.status.sides.ghl.health = Health::Refused;
    let mut paused = seen(0, 0, 0, true);
    paused.status.paused = Some(Paused {
        by: "dana".into(),
        at: world::now().plus(-4 * 86_400_000),
        until: None,
        note: None,
        side: None,
        lane: None,
    });
    for (name, seen) in [
        ("demo", paused),
        ("harbor-east", seen(0, 0, 24_000, true)),
        ("harbor-west", seen(12, 0, 98_000, true)),
        ("lakeside", refused),
    ] {
        app.send(Msg::Workspace(name.into(), Ok(Some(Box::new(seen)))));
    }
    app
}

#[test]
fn all_workspaces_stand_in_one_list_the_worst_first() {
    let order = ["! lakeside", "≠ harbor-west", "‖ demo", "= harbor-east"];
    for (width, height) in [(120, 24), (80, 24), (40, 10)] {
        let screen = four(width, height).screen();
        let lines: Vec<_> = screen.lines().collect();
        for (line, want) in lines[2..].iter().zip(order) {
            // the cursor's mark stands in the first column
            let line: String = line.chars().skip(1).collect();
            assert!(line.starts_with(want), "{want}\n{screen}");
        }
        let counts = ["12", "1"];
        for (line, want) in [lines[3], lines[2]].into_iter().zip(counts) {
            assert!(line.contains(want), "{want}\n{screen}");
        }
        for words in [
            "key refused",
            "nobody runs the sync",
            "49 %",
            "idle since 13:41",
            "paused Fri 14:05",
        ] {
            assert!(width < 120 || screen.contains(words), "{words}\n{screen}");
        }
    }
    let mut app = four(80, 24);
    app.send(Msg::Workspace("demo".into(), Ok(None)));
    app.send(Msg::Workspace(
        "lakeside".into(),
        Err("damaged \u{1b}[31m".into()),
    ));
    let screen = app.screen();
    assert!(
        screen.contains("it never ran") && screen.contains("damaged"),
        "{screen}"
    );
    assert!(!screen.contains('\u{1b}'));
}

#[test]
fn enter_opens_another_workspace_and_esc_stays_in_this_one() {
    let mut app = four(80, 24);
    app.press("gg<enter>");
    assert_eq!(app.switched.as_deref(), Some("lakeside"));
    let mut app = four(80, 24);
    app.press("<enter>");
    assert_eq!(
        app.switched, None,
        "the cursor stands on the one that is open"
    );
    let mut app = four(80, 24);
    app.press("<esc>");
    assert!(app.screen().contains("[1 Contacts"));
    let mut alone = TestApp::demo(80, 24);
    alone.press("W");
    assert!(
        alone.screen().contains("The config has one workspace"),
        "{}",
        alone.screen()
    );
}
