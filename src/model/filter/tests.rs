use proptest::prelude::*;

use super::*;

const NOW: &str = "2026-03-10T12:00:00Z";

fn passes(filter: &str) -> bool {
    let look = |field: &str| -> Vec<String> {
        let values: &[&str] = match field {
            "tag" => &["vip", "Q4-List"],
            "city" => &["New York"],
            "updated" => &["2026-03-09T11:00:00Z"],
            "due_at" => &["2026-03-11T12:00:00Z"],
            _ => &[],
        };
        values.iter().map(|value| (*value).to_owned()).collect()
    };
    let text = || "Ann Lee, Acme".to_owned();
    let now = Millis::parse(NOW).unwrap();
    Filter::parse(filter).unwrap().matches(now, &look, &text)
}

#[test]
fn a_filter_passes_what_it_says() {
    for (filter, want) in [
        ("", true),
        ("   ", true),
        ("ann", true),
        ("ANN lee", true),
        ("\"ann lee\"", true),
        ("\"lee ann\"", false),
        ("lee ann", true),
        ("bob", false),
        ("-bob", true),
        ("-ann", false),
        ("tag:vip", true),
        ("tag:VIP tag:q4-list", true),
        ("tag:vi", false),
        ("-tag:vip", false),
        ("tag:vip tag:lead", false),
        ("tag:lead OR tag:vip", true),
        ("tag:lead OR tag:cold bob", false),
        ("bob tag:vip OR ann", true),
        ("bob OR ann tag:lead", false),
        ("city:\"new york\"", true),
        ("-city:\"new york\"", false),
        ("\"city\":york", false),
        ("owner:\"\"", true),
        ("city:\"\"", false),
        ("updated:<2d", true),
        ("updated:<1d", false),
        ("updated:>1d", true),
        ("updated:<26h", true),
        ("updated:<90m", false),
        ("updated:<1w", true),
        ("due_at:<2d", true),
        ("due_at:<3h", false),
        ("owner:<2d", false),
        ("owner:>2d", false),
        ("or", false),
        ("10:30", false),
        ("https://a.test", false),
    ] {
        assert_eq!(passes(filter), want, "{filter}");
    }
}

#[test]
fn a_wrong_filter_says_where_and_what_would_be_right() {
    for (filter, at, message) in [
        (
            "ann \"lee",
            4,
            "this quote has no end: put a `\"` behind the last word",
        ),
        (
            "city:\"new york",
            5,
            "this quote has no end: put a `\"` behind the last word",
        ),
        (
            "ann -tag:",
            5,
            "`tag:` needs a value: say `tag:vip`, or `tag:\"\"` for those without one",
        ),
        (
            "ann :vip",
            4,
            "a field's name is missing before `:`: say `tag:vip`",
        ),
        (
            "updated:<2x",
            9,
            "not a span: `2x`; say `30m`, `2h`, `2d` or `3w`",
        ),
        (
            "updated:>",
            9,
            "not a span: ``; say `30m`, `2h`, `2d` or `3w`",
        ),
        (
            "updated:<é",
            9,
            "not a span: `é`; say `30m`, `2h`, `2d` or `3w`",
        ),
        (
            "OR ann",
            0,
            "`OR` needs a term on both sides: say `tag:vip OR tag:lead`",
        ),
        (
            "ann OR",
            4,
            "`OR` needs a term on both sides: say `tag:vip OR tag:lead`",
        ),
        (
            "ann OR OR bob",
            7,
            "`OR` needs a term on both sides: say `tag:vip OR tag:lead`",
        ),
        (
            "ann - bob",
            4,
            "`-` needs a term right behind it: say `-tag:vip`",
        ),
    ] {
        let error = Filter::parse(filter).unwrap_err();
        assert_eq!((error.at, &*error.to_string()), (at, message), "{filter}");
    }
}

#[test]
fn filters_are_joined_and_me_is_somebody() {
    let of = |text| Filter::parse(text).unwrap();
    assert_eq!(of("a OR b").and(&of("c")), of("a c OR b c"));
    assert_eq!(of("a").and(&of("")), of("a"));
    assert_eq!(of("").and(&of("a")), of("a"));
    let mine = of("owner:me name:me").with_me(&["owner"], "Dana");
    assert_eq!(mine, of("owner:dana name:me"));
    for (text, want) in [
        ("state:error ann", Some("error")),
        ("-state:error", None),
        ("state:error OR ann", None),
        ("ann", None),
    ] {
        assert_eq!(of(text).only("state"), want, "{text}");
    }
}

#[test]
fn the_fields_are_listed_once() {
    let filter = Filter::parse("tag:a OR -Tag:b updated:<2d ann").unwrap();
    assert_eq!(filter.fields(), ["tag", "updated"]);
    assert!(!filter.is_empty());
    assert!(Filter::parse(" ").unwrap().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]
    #[test]
    fn what_is_printed_reads_back_the_same(text in r#"([a-c<>2d:"\-/ é]|OR| or ){0,12}"#) {
        if let Ok(filter) = Filter::parse(&text) {
            let printed = filter.to_string();
            prop_assert_eq!(Filter::parse(&printed), Ok(filter), "{}", printed);
        }
    }

    #[test]
    fn no_text_is_too_wild_to_be_read(text in ".{0,30}") {
        let _ = Filter::parse(&text);
    }
}
