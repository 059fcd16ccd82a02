//! Rules as settings.

use super::configure::*;
use super::error::RuleError;
use crate::model::default_rules;

fn row<'a>(values: &[(&'a str, &'a str)], then: Option<&[&[(&'a str, &'a str)]]>) -> RuleRow<'a> {
    RuleRow {
        values: values.to_vec(),
        then: then.map(|then| then.iter().map(|step| step.to_vec()).collect()),
        origin: "couplet.toml line 3",
    }
}

#[test]
fn a_rule_is_added_and_a_default_one_changed_or_switched_off() {
    let mut rules = default_rules();
    let new = [
        ("name", "vip-call"),
        ("when", "contact_created"),
        ("filter", "tag:vip custom.plan:gold"),
    ];
    let steps: &[&[(&str, &str)]] = &[
        &[
            ("create_task", "Call {name}"),
            ("kind", "call"),
            ("due", "2 working days"),
            ("if", "-phone:\"\""),
        ],
        &[("add_tag", "Called")],
        &[("set_field", "address.country"), ("value", "DE")],
    ];
    configure(&mut rules, &row(&new, Some(steps))).unwrap();
    let added = rules.last().unwrap();
    let steps: Vec<String> = added.then.iter().map(ToString::to_string).collect();
    assert_eq!(
        steps,
        [
            "create_task \"Call {name}\" (call, due in 2 working days) if -phone:\"\"",
            "add_tag \"called\"",
            "set_field address.country = \"DE\"",
        ]
    );
    assert!(added.on && added.origin.contains("line 3"));
    let off = [("name", "call-task"), ("enabled", "false")];
    configure(&mut rules, &row(&off, None)).unwrap();
    let call = rules.iter().find(|rule| rule.name == "call-task").unwrap();
    assert!(!call.on && call.then.len() == 1);
    assert_eq!(rules.len(), default_rules().len() + 1);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table, a row a mistake")]
fn what_is_wrong_with_a_rule_is_named_with_a_way_out() {
    let task: &[&[(&str, &str)]] = &[&[("create_task", "Call")]];
    let name = ("name", "a");
    let when = ("when", "contact_created");
    for (values, then, key, why, hint) in [
        (&[when][..], task, None, "needs `name`", "such as"),
        (&[name], task, None, "needs `when`", "contact_created"),
        (&[name, when], &[], None, "needs `then`", "create_task"),
        (
            &[("name", "A b"), when],
            task,
            Some("name"),
            "is no name",
            "lower-case",
        ),
        (
            &[name, ("when", "contact_make")],
            task,
            Some("when"),
            "is no when",
            "contact_created",
        ),
        (
            &[name, when, ("filtr", "")],
            task,
            Some("filtr"),
            "no setting `filtr`",
            "`filter`",
        ),
        (
            &[name, when, ("filter", "tag:")],
            task,
            Some("filter"),
            "needs a value",
            "tag:vip",
        ),
        (
            &[name, when, ("filter", "emial:x")],
            task,
            Some("filter"),
            "asks for `emial`",
            "`email`",
        ),
        (
            &[name, when, ("enabled", "no")],
            task,
            Some("enabled"),
            "is no enabled",
            "`true`",
        ),
        (
            &[name, when],
            &[&[("if", "ann")]],
            None,
            "does nothing",
            "create_task",
        ),
        (
            &[name, when],
            &[&[("add_tag", "a"), ("create_task", "b")]],
            None,
            "does several",
            "`then`",
        ),
        (
            &[name, when],
            &[&[("add_tga", "a")]],
            Some("add_tga"),
            "a step has no setting",
            "`add_tag`",
        ),
        (
            &[name, when],
            &[&[("create_task", "a"), ("kind", "cal")]],
            Some("kind"),
            "is no kind",
            "`call`",
        ),
        (
            &[name, when],
            &[&[("create_task", "a"), ("due", "soon")]],
            Some("due"),
            "is no due",
            "working days",
        ),
        (
            &[name, when],
            &[&[("create_task", "a"), ("due", "start")]],
            Some("due"),
            "about an appointment",
            "working day",
        ),
        (
            &[name, when],
            &[&[("move_task", "true")]],
            Some("move_task"),
            "about an appointment",
            "take the line out",
        ),
        (
            &[name, when],
            &[&[("set_field", "tags"), ("value", "a")]],
            Some("set_field"),
            "cannot set `tags`",
            "add_tag",
        ),
        (
            &[name, when],
            &[&[("set_field", "emial"), ("value", "a")]],
            Some("set_field"),
            "cannot set `emial`",
            "`email`",
        ),
        (
            &[name, when],
            &[&[("set_field", "email")]],
            None,
            "needs `value`",
            "such as",
        ),
        (
            &[name, when],
            &[&[("set_field", "do_not_contact"), ("value", "perhaps")]],
            Some("value"),
            "yes or no",
            "correct",
        ),
        (
            &[("name", "call-task"), when],
            task,
            Some("when"),
            "waits for `call`",
            "name of its own",
        ),
    ] {
        let mut rules = default_rules();
        let error = configure(&mut rules, &row(values, Some(then))).unwrap_err();
        let said = (error.key(), error.to_string(), error.hint());
        assert!(
            said.0 == key && said.1.contains(why) && said.2.contains(hint),
            "{values:?} {then:?}: {said:?}"
        );
        assert_eq!(rules, default_rules());
    }
    let mut rules = default_rules();
    let mine = row(&[name, when], Some(task));
    configure(&mut rules, &mine).unwrap();
    let twice = configure(&mut rules, &mine).unwrap_err();
    assert_eq!(twice, RuleError::Twice { given: "a".into() });
}
