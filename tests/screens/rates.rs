//! Rates: gauges, forecast, lanes, pause and resume.

use couplet::model::{Lane, Paused};

use super::*;

screens! {
    rates: "6j";
    of_a_day_with_all_operations: "6]<space>";
    pause: "6p";
}

#[test]
fn a_day_that_ends_early_a_shut_side_and_a_paused_lane_are_said_in_words() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut app = TestApp::demo(width, height);
        let status = &mut app.world.status;
        status.sides.ghl.day.used = 178_000;
        status.sides.ghl.burst.others = 12;
        status.sides.growbots.health = Health::Shut {
            until: world::at("2026-11-24T14:06:30Z"),
        };
        status.sides.growbots.breaker = "open".into();
        status.lanes_paused.push(Paused {
            by: "ravi".into(),
            at: world::at("2026-11-24T13:58:00Z"),
            until: None,
            note: Some("month end".into()),
            side: None,
            lane: Some(Lane::Sweep),
        });
        app.press("6");
        insta::assert_snapshot!(format!("trouble_{width}"), app.screen());
    }
}

#[test]
fn a_lane_is_paused_for_a_time_with_a_reason_after_y_and_resumed() {
    let mut app = TestApp::demo(80, 24);
    app.press("6Gp")
        .typed("+2h")
        .press("<tab>")
        .typed("month end")
        .press("<enter>");
    assert!(app.asks.is_empty());
    insta::assert_snapshot!("pause_confirm", app.screen());
    app.press("y");
    let until = Some(world::at("2026-11-24T16:05:00Z"));
    let want = Ask::Act(Action::Pause {
        side: None,
        lane: Some(Lane::Sweep),
        until,
        note: Some("month end".into()),
    });
    assert_eq!(app.asks, [want]);
    app.world.status.lanes_paused.push(Paused {
        by: "dana".into(),
        at: world::now(),
        until,
        note: None,
        side: None,
        lane: Some(Lane::Sweep),
    });
    app.asks.clear();
    app.later(1_000).press("py");
    let want = Ask::Act(Action::Resume {
        side: None,
        lane: Some(Lane::Sweep),
    });
    assert_eq!(app.asks, [want]);
}

#[test]
fn a_side_is_paused_and_the_operators_lane_cannot_be() {
    let mut app = TestApp::demo(80, 24);
    app.press("6p<enter>y");
    let want = Ask::Act(Action::Pause {
        side: Some(Side::Ghl),
        lane: None,
        until: None,
        note: None,
    });
    assert_eq!(app.asks, [want]);
    app.press("jjp");
    assert!(
        app.screen().contains("The operator lane cannot be paused"),
        "{}",
        app.screen()
    );
}

#[test]
fn work_that_goes_on_says_how_long_it_takes() {
    let mut app = TestApp::demo(120, 40);
    for (ms, done) in [(0, 0), (4_000, 1_000), (4_000, 2_000)] {
        app.world.status.state = LoopState::Pulling {
            side: Side::Ghl,
            kind: Kind::Contact,
            done,
            total: Some(10_000),
        };
        app.later(ms).send(Msg::Changed);
        app.later(600);
    }
    app.send(Msg::Changed);
    let screen = app.screen();
    assert!(
        screen.contains("pull GHL contacts 2,000 of 10,000, 3"),
        "{screen}"
    );
    app.press("6");
    assert!(
        app.screen().contains("The pull in hand ends in 3"),
        "{}",
        app.screen()
    );
}
