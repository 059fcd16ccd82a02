use super::*;

fn row<'a>(kind: &'a str, field: &'a str, values: &[(&'a str, &'a str)]) -> MapRow<'a> {
    MapRow {
        kind,
        field,
        values: values.to_vec(),
        origin: "config.toml line 3",
    }
}

fn with(kind: &str, field: &str, values: &[(&str, &str)]) -> Result<FieldMap, MapError> {
    let mut map = FieldMap::default();
    map.configure(&row(kind, field, values)).map(|()| map)
}

#[test]
fn a_row_changes_what_it_names_and_nothing_else() {
    let title = FieldName::Title;
    let map = with(
        "contact",
        "title",
        &[
            ("ghl", "custom.job_title"),
            ("policy", "newest"),
            ("to_growbots", "{{ value | trim }}"),
        ],
    )
    .unwrap();
    let entry = map.entry(Kind::Contact, &title).unwrap();
    assert_eq!(entry.ghl, FieldName::Custom("job_title".into()));
    assert_eq!(
        (entry.policy, entry.direction),
        (Policy::Newest, Direction::Both)
    );
    assert_eq!(&*entry.origin, "config.toml line 3");

    let map = with("contact", "company", &[("policy", "ghl")]).unwrap();
    let entry = map.entry(Kind::Contact, &FieldName::Company).unwrap();
    assert_eq!(
        entry.on_create_only,
        Some(Direction::ToGhl),
        "GHL still takes it once only"
    );

    let map = with("contact", "address.city", &[("enabled", "false")]).unwrap();
    assert_eq!(map.entry(Kind::Contact, &FieldName::City), None);
    let map = with("contact", "custom.budget", &[]).unwrap();
    assert!(
        map.entry(Kind::Contact, &FieldName::Custom("budget".into()))
            .is_some()
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table, a row a case")]
fn what_is_wrong_is_named_with_a_way_out() {
    for (kind, field, values, says, key, hint) in [
        (
            "contract",
            "title",
            &[][..],
            "there is no kind `contract`",
            None,
            "`contact`",
        ),
        (
            "contact",
            "frist_name",
            &[],
            "no field `frist_name`",
            None,
            "`first_name`",
        ),
        (
            "contact",
            "postal_code",
            &[],
            "no field `postal_code`",
            None,
            "`address.postal_code`",
        ),
        (
            "task",
            "custom.x",
            &[],
            "no field `custom.x`",
            None,
            "map show",
        ),
        (
            "contact",
            "custom.Two Words",
            &[],
            "no field",
            None,
            "custom.KEY",
        ),
        (
            "contact",
            "email",
            &[("direcion", "->")],
            "no setting `direcion`",
            Some("direcion"),
            "`direction`",
        ),
        (
            "contact",
            "email",
            &[("direction", "=>")],
            "`=>` is no direction",
            Some("direction"),
            "->",
        ),
        (
            "contact",
            "email",
            &[("policy", "newst")],
            "`newst` is no policy",
            Some("policy"),
            "`newest`",
        ),
        (
            "contact",
            "email",
            &[("enabled", "yes")],
            "`yes` is no enabled",
            Some("enabled"),
            "`true`",
        ),
        (
            "contact",
            "email",
            &[("policy", "union")],
            "is for sets of words",
            Some("policy"),
            "newest",
        ),
        (
            "note",
            "body",
            &[("direction", "<->")],
            "only goes from GHL",
            Some("direction"),
            "->",
        ),
        (
            "contact",
            "title",
            &[],
            "no field for `title`",
            None,
            "custom.title",
        ),
        (
            "contact",
            "title",
            &[("ghl", "email")],
            "`email` is not where",
            Some("ghl"),
            "custom.",
        ),
        (
            "task",
            "title",
            &[("ghl", "custom.x")],
            "`custom.x` is not where",
            Some("ghl"),
            "custom",
        ),
        (
            "contact",
            "tags",
            &[("to_ghl", "{{ value }}")],
            "takes no template",
            Some("to_growbots"),
            "out",
        ),
        (
            "contact",
            "email",
            &[("to_ghl", "{{ value | lowr }}")],
            "the template is wrong",
            Some("to_ghl"),
            "{{ value | title }}",
        ),
        (
            "contact",
            "first_name",
            &[("direction", "->"), ("to_ghl", "{{ value }}")],
            "is never used",
            Some("to_ghl"),
            "<->",
        ),
        (
            "contact",
            "first_name",
            &[("to_growbots", "{{ value }}!")],
            "with each turn: `a!` becomes `a!!`",
            Some("to_ghl"),
            "undo",
        ),
    ] {
        let error = with(kind, field, values).unwrap_err();
        let name = format!("{kind} {field} {values:?}: {error} ({})", error.hint());
        assert!(error.to_string().contains(says), "{name}");
        assert_eq!(error.key(), key, "{name}");
        assert!(error.hint().contains(hint), "{name}");
    }
}

#[test]
fn one_field_of_ghl_stands_for_one_field_of_growbots() {
    let mut map = with("contact", "title", &[("ghl", "custom.x")]).unwrap();
    let error = map.configure(&row("contact", "custom.x", &[])).unwrap_err();
    assert!(matches!(error, MapError::Twice { .. }), "{error}");
}

#[test]
fn a_custom_field_is_found_by_key_or_name_and_one_that_is_gone_is_off() {
    let there = [("job_title", "Job Title"), ("budget", "Yearly budget")];
    for (ghl, found) in [
        ("custom.job_title", Some("job_title")),
        ("contact.job_title", Some("job_title")),
        ("job title", Some("job_title")),
        ("custom.Yearly Budget", Some("budget")),
        ("custom.job_titel", None),
    ] {
        let mut map = with("contact", "title", &[("ghl", ghl)]).unwrap();
        map.resolve_custom_fields(&there);
        let entry = map.entry(Kind::Contact, &FieldName::Title);
        let key = entry.map(|entry| entry.ghl.to_string());
        assert_eq!(key, found.map(|key| format!("custom.{key}")), "{ghl}");
        let missing: Vec<_> = map.missing().map(|(_, why)| why.to_owned()).collect();
        assert_eq!(missing.is_empty(), found.is_some(), "{ghl} {missing:?}");
        if found.is_none() {
            assert!(missing[0].contains("`custom.job_title`"), "{missing:?}");
        }
    }
}
