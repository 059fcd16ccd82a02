//! Conflicts: the list, the workbench, what is staged and applied.

use super::*;

screens! {
    conflicts: "3jj";
    workbench: format!("{BENCH}l");
    workbench_of_a_delete: "3<enter>l";
    workbench_of_candidates: "3j<enter><right><enter>";
    workbench_of_a_mass_change: "3jj<enter>h";
    apply_confirm: format!("{BENCH}ljha");
    apply_confirm_of_a_delete: "3<enter>la";
    put_off: "3jjjz";
    remember: format!("{BENCH}jlR<down><right><right>");
    remember_by_filter: format!("{BENCH}jR<down><right><tab>owner:dana");
    remember_confirm: format!("{BENCH}jR<down><right><tab>owner:dana<down>imports<enter>");
    policies: "3pj";
    policy_removal: "3pX";
    grouped_by_record: "3s";
    grouped_by_field: "3ss";
    grouped_by_who: "3sss";
}

#[test]
fn taking_growbots_stages_the_value_and_writes_nothing() {
    let mut app = TestApp::demo(80, 24);
    app.press(&format!("{BENCH}l"));
    let want = Ask::Stage {
        conflict: ConflictId(4127),
        answer: Answer::Field {
            field: FieldName::Phone,
            take: "growbots".into(),
            value: "+1 415 555 0190".into(),
        },
        revision: 3,
    };
    assert_eq!(app.asks, [want]);
    assert!(app.screen().contains("1 staged"));
}

#[test]
fn a_staged_answer_is_taken_back_with_x() {
    let mut app = TestApp::demo(80, 24);
    app.press(&format!("{BENCH}lx"));
    let want = Ask::Unstage {
        conflict: ConflictId(4127),
        field: Some(FieldName::Phone),
    };
    assert_eq!(app.asks.last(), Some(&want));
    assert!(app.screen().contains("0 of 2 decided"));
}

#[test]
fn a_staged_answer_stays_until_the_store_shows_it() {
    let mut app = TestApp::demo(80, 24);
    app.press(BENCH);
    let key = keys::Key::char('l');
    update(&mut app.model, Msg::Key(key)); // what it asks for is still under way
    app.send(Msg::Changed);
    assert!(app.screen().contains("1 of 2 decided"));
    app.later(5_000).send(Msg::Changed);
    assert!(
        app.screen().contains("0 of 2 decided"),
        "the store never took it"
    );
}

#[test]
fn only_y_applies() {
    for keys in ["N", "n", "<esc>", "<enter>", "a"] {
        let mut app = TestApp::demo(80, 24);
        app.press(&format!("{BENCH}la")).press(keys);
        let acts = app.asks.iter().filter(|ask| matches!(ask, Ask::Act(_)));
        assert_eq!(acts.count(), 0, "{keys}");
    }
    let mut app = TestApp::demo(80, 24);
    app.press(&format!("{BENCH}ljha"));
    app.send(Msg::Paste("y".into()));
    assert!(matches!(app.model.overlay, Some(Overlay::Confirm(_))));
    app.press("y");
    let field = |field, take: &str, value: &str| Answer::Field {
        field,
        take: take.into(),
        value: value.into(),
    };
    let want = Ask::Act(Action::Resolve {
        conflict: ConflictId(4127),
        revision: 3,
        answers: vec![
            field(FieldName::Phone, "growbots", "+1 415 555 0190"),
            field(FieldName::Title, "ghl", "Senior Buyer"),
        ],
        note: None,
    });
    assert_eq!(app.asks.last(), Some(&want));
    insta::assert_snapshot!(app.screen());
}

#[test]
fn a_record_that_moved_is_asked_again() {
    let mut app = TestApp::demo(80, 24);
    app.press(&format!("{BENCH}l3j"));
    let mara = app.world.conflicts.iter_mut().find(|c| c.id.0 == 4127);
    let mara = mara.unwrap();
    mara.revision = 4;
    mara.fields[0].ghl = Value::text("+1 415 555 0123");
    app.send(Msg::Changed).press(BENCH);
    insta::assert_snapshot!("moved_workbench", app.screen());
    app.press("a");
    insta::assert_snapshot!("moved_box", app.screen());
    app.press("y");
    assert!(
        !app.asks.iter().any(|ask| matches!(ask, Ask::Act(_))),
        "nothing else was staged"
    );
    app.press("<enter>");
    assert!(app.model.overlay.is_none());
}

#[test]
fn a_refused_action_says_why_until_a_key() {
    let mut app = TestApp::demo(80, 24);
    let action = Action::Resolve {
        conflict: ConflictId(4127),
        revision: 3,
        answers: Vec::new(),
        note: None,
    };
    let outcome = ActionOutcome::Refused {
        why: "ravi decided it at 14:02".into(),
    };
    app.told(Event::Ended { action, outcome }).later(60_000);
    assert!(app.screen().contains("! 4127: ravi decided it at 14:02"));
    app.press("j");
    assert!(!app.screen().contains("ravi decided"));
}

#[test]
fn a_policy_is_remembered_and_stages_what_it_settles_only_after_y() {
    let mut app = TestApp::demo(80, 24);
    app.press(&format!("{BENCH}jR<enter>"));
    assert_eq!(app.asks, [], "the box asks for nothing");
    assert!(app.screen().contains("remember and stage 1"));
    app.press("<enter>");
    assert_eq!(app.asks, [], "enter is no");
    app.press("R<down><right><right><enter>y");
    let remembered = app.asks.iter().find_map(|ask| match ask {
        Ask::Act(Action::Remember { conflict, policy }) => Some((*conflict, policy.clone())),
        _ => None,
    });
    let (from, policy) = remembered.expect("it is remembered");
    assert_eq!(from, None, "at once, whatever becomes of the conflict");
    assert_eq!(policy.policy, "newest");
    assert_eq!(policy.scope, couplet::model::Scope::Field);
    let staged = |ask: &&Ask| matches!(ask, Ask::Stage { .. });
    assert_eq!(
        app.asks.iter().filter(staged).count(),
        1,
        "Thea's is staged by ravi, and kept"
    );
    let writes = |ask: &Ask| matches!(ask, Ask::Act(Action::Resolve { .. }));
    assert!(!app.asks.iter().any(writes), "apply is another step");
}

#[test]
fn the_box_of_a_policy_says_what_is_wrong_with_its_filter() {
    let mut app = TestApp::demo(80, 24);
    app.press(&format!("{BENCH}R<down><right><tab>colour:red<enter>"));
    let screen = app.screen();
    assert!(screen.contains("no field `colour` here"), "{screen}");
    assert!(matches!(app.model.overlay, Some(Overlay::Remember(_))));
}

#[test]
fn the_scopes_of_a_policy_are_walked_the_way_they_stand() {
    for (keys, chosen) in [
        ("<tab>", "(•) this record only"),
        ("<tab>j", "(•) a filter"),
        ("<tab><down><down>", "(•) the field, always"),
        ("<tab>jjk", "(•) a filter"),
        ("jjjj", "(•) the field, always"),
        ("<tab><tab><up>", "(•) this record only"),
        ("<tab><right>", "(•) a filter"),
    ] {
        let mut app = TestApp::demo(80, 24);
        let screen = app.press(&format!("{BENCH}R{keys}")).screen();
        assert!(screen.contains(chosen), "{keys}\n{screen}");
        let here = screen.lines().filter(|line| line.contains("▌"));
        let here: Vec<_> = here.filter(|line| line.contains('│')).collect();
        assert!(
            here.iter().any(|line| line.contains(chosen)) || keys == "jjjj",
            "{screen}"
        );
    }
}

#[test]
fn ctrl_u_clears_a_value_that_is_to_be_edited_and_the_box_says_so() {
    let mut app = TestApp::demo(80, 24);
    let screen = app.press(&format!("{BENCH}je")).screen();
    assert!(screen.contains("ctrl-u clears"), "{screen}");
    app.press("<left><left><ctrl-u>")
        .typed("CFO")
        .press("<enter>");
    let value = app.asks.iter().find_map(|ask| match ask {
        Ask::Stage {
            answer: Answer::Field { value, .. },
            ..
        } => Some(value.clone()),
        _ => None,
    });
    assert_eq!(value, Some("CFO".into()));
}

#[test]
fn a_policy_is_removed_after_y_and_leads_to_what_it_settled() {
    let mut app = TestApp::demo(80, 24);
    app.press("3pjX<enter>");
    assert_eq!(app.asks, [], "enter is no");
    app.press("Xy");
    let id = couplet::model::PolicyId(9);
    assert_eq!(app.asks, [Ask::Act(Action::ForgetPolicy { policy: id })]);
    app.press("<enter>");
    assert_eq!(app.model.tab, Tab::SyncLog);
    assert_eq!(
        app.model.filters.text(Tab::SyncLog),
        "\"remembered as 9 by\""
    );
}

#[test]
fn a_conflict_is_put_off_with_a_note_to_a_time_that_is_to_come() {
    let mut app = TestApp::demo(80, 24);
    app.press("3jjjz4");
    insta::assert_snapshot!("put_off_form", app.screen());
    for _ in 0..20 {
        app.press("<backspace>");
    }
    app.typed("2020-01-01 09:00").press("<enter>");
    assert!(
        app.screen().contains("a time in the future is needed"),
        "{}",
        app.screen()
    );
    for _ in 0..20 {
        app.press("<backspace>");
    }
    app.typed("2026-11-26 09:00").press("<tab>");
    app.typed("travelling").press("<enter>");
    let until = couplet::model::Millis::parse("2026-11-26T09:00:00Z");
    let put_off = Action::Defer {
        conflict: ConflictId(4102),
        until,
        note: Some("travelling".into()),
    };
    assert_eq!(app.asks, [Ask::Act(put_off)]);
}

/// The lead that both `4121` may be, seen from its own side.
fn asked_from_the_other_side() -> World {
    let mut world = World::demo();
    let percy = world
        .conflicts
        .iter()
        .find(|c| c.id.0 == 4121)
        .expect("there");
    let mut again = percy.clone();
    again.id = ConflictId(4122);
    again.link = LinkId(101);
    again.title = "Percy Underhill".into();
    again.candidates = vec![couplet::model::Candidate {
        side: Side::Ghl,
        id: "ghl0023".into(),
        title: "Underhill, Percy".into(),
        link: Some(percy.link),
    }];
    let at = world
        .conflicts
        .iter()
        .position(|c| c.id.0 == 4121)
        .expect("there");
    world.conflicts.insert(at + 1, again);
    world
}

#[test]
fn one_person_in_doubt_is_one_row_and_one_count() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut app = TestApp::with(width, height, Theme::dark(), asked_from_the_other_side());
        app.press("3j");
        let screen = app.screen();
        assert!(screen.contains("Conflicts 7"), "{screen}");
        assert!(!screen.contains("4122 Percy"), "{screen}");
        insta::assert_snapshot!(format!("asked_twice_{width}"), screen);
        app.press("<enter>");
        let screen = app.screen();
        assert!(
            screen.contains("seen from the other side: 4122"),
            "{screen}"
        );
        app.press("D<esc>");
        let screen = app.screen();
        assert!(
            screen.contains("4122") && screen.contains("Conflicts 8"),
            "different settles only its own question: {screen}"
        );
    }
}

#[test]
fn the_footer_says_what_the_box_says() {
    for (keys, words) in [
        ("3<enter>", ["h keep it", "l delete it"]),
        ("3jj<enter>", ["h keep them", "l delete them"]),
    ] {
        let mut app = TestApp::demo(80, 24);
        let screen = app.press(keys).screen();
        let footer = screen.lines().last().unwrap();
        let word = words[1].split_once(' ').unwrap().1;
        assert!(words.iter().all(|words| footer.contains(words)), "{screen}");
        assert!(screen.contains(&format!("Growbots: {word}")), "{screen}");
        assert!(app.press("l").screen().contains(&format!("✓ {word}")));
    }
}

#[test]
fn a_value_that_moves_while_it_is_looked_at_is_marked() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut app = TestApp::demo(width, height);
        app.press(BENCH).press("l");
        let mara = app
            .world
            .conflicts
            .iter_mut()
            .find(|c| c.id.0 == 4127)
            .unwrap();
        mara.revision += 1;
        mara.fields[0].ghl = Value::text("+1 415 555 0123");
        app.send(Msg::Changed);
        let screen = app.screen();
        assert!(screen.contains("moved 14:05"), "{screen}");
        assert!(screen.contains("? was Growbots"), "{screen}");
        insta::assert_snapshot!(format!("value_moved_{width}"), screen);
    }
}

#[test]
fn a_business_is_shown_by_its_name_and_decided_by_its_id() {
    let mut world = World::demo();
    let names = [("bus0001", "Harbor Works"), ("bus0002", "Quay Works")];
    let names = names.map(|(id, name)| (id.to_owned(), name.to_owned()));
    world.businesses = Businesses::new(names);
    let mara = world.conflicts.iter_mut().find(|c| c.id.0 == 4127);
    let field = &mut mara.expect("it is open").fields[0];
    field.field = FieldName::Business;
    (field.base, field.ghl) = (Value::text("bus0001"), Value::text("bus0002"));
    field.growbots = Value::text("bus0009");
    for (width, height) in [(80, 24), (120, 40)] {
        let mut app = TestApp::with(width, height, Theme::dark(), world.clone());
        app.press(&format!("{BENCH}h"));
        let screen = app.screen();
        for shown in ["Harbor Works", "Quay Works", "bus0009"] {
            assert!(screen.contains(shown), "{shown}\n{screen}");
        }
        assert!(!screen.contains("bus0002"), "{screen}");
        app.press("a");
        assert!(
            app.screen().contains("bus0009 → Quay Works"),
            "{}",
            app.screen()
        );
        let staged = app.asks.iter().find_map(|ask| match ask {
            Ask::Stage { answer, .. } => Some(answer.clone()),
            _ => None,
        });
        let want = Answer::Field {
            field: FieldName::Business,
            take: "ghl".into(),
            value: "bus0002".into(),
        };
        assert_eq!(staged, Some(want));
    }
}
