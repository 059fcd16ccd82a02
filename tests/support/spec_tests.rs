//! What the checks find, and what they let pass.

use super::*;

fn headers(version: &'static str) -> HeaderMap {
    let pairs = [
        ("authorization", "Bearer x"),
        ("version", version),
        ("content-type", "application/json"),
    ];
    let pair = |(name, value)| {
        (
            http::HeaderName::from_static(name),
            http::HeaderValue::from_static(value),
        )
    };
    pairs.map(pair).into_iter().collect()
}

fn shown(checked: Checked) -> Vec<String> {
    let short = |d: Difference| format!("{} {} {}", d.part, d.at, d.rule);
    checked.err().into_iter().flatten().map(short).collect()
}

#[test]
fn the_files_hold_operations_whose_schemas_all_compile() {
    assert!(operations().len() > 100);
    for operation in operations() {
        assert!(operation.statuses().count() > 0, "{}", operation.name);
        let schemas = operation.answers.values().flatten();
        for schema in schemas.chain(operation.bodies.values()) {
            schema.validator();
        }
    }
    let create = operations().iter().find(|o| o.name == "POST /contacts/");
    let body = create.and_then(Operation::body_schema);
    assert!(body.is_some_and(|schema| schema["$defs"].is_object()));
}

#[test]
fn a_request_is_checked_in_path_query_headers_and_body() {
    for (method, target, version, body, want) in [
        ("GET", "/contacts/a", "2021-07-28", "", vec![]),
        (
            "GET",
            "/contacts/a",
            "2021-04-15",
            "",
            vec!["header Version enum"],
        ),
        (
            "GET",
            "/contacts/?limit=x&page=2",
            "2021-07-28",
            "",
            vec![
                "query locationId required",
                "query limit type",
                "query page unlisted",
            ],
        ),
        (
            "GET",
            "/calendars/events/appointments/e",
            "2021-04-15",
            "",
            vec![],
        ),
        (
            "POST",
            "/contacts/a/tasks",
            "2021-07-28",
            r#"{"title": "t", "dueDate": 1, "x": 1}"#,
            vec![
                "body  required",
                "body /dueDate type",
                "body  unevaluatedProperties",
            ],
        ),
        (
            "POST",
            "/contacts/a/tasks",
            "2021-07-28",
            "",
            vec!["body  required"],
        ),
        (
            "PUT",
            "/contacts/a",
            "2021-07-28",
            r#"{"email": null, "tags": ["x"], "customFields": [{"id": "f", "field_value": "v"}]}"#,
            vec![],
        ),
        (
            "PUT",
            "/contacts/a",
            "2021-07-28",
            r#"{"customFields": [{"field_value": "v"}]}"#,
            vec!["body /customFields/* anyOf"],
        ),
        (
            "POST",
            "/contacts/search",
            "2021-07-28",
            r#"{"anything": 1}"#,
            vec![],
        ),
        (
            "PATCH",
            "/contacts/a",
            "2021-07-28",
            "",
            vec!["path  unlisted"],
        ),
    ] {
        let (path, query) = target.split_once('?').unzip();
        let checked = check_request(
            &method.parse().expect("a method"),
            path.unwrap_or(target),
            query,
            &headers(version),
            body.as_bytes(),
        );
        let (mut got, mut want) = (shown(checked), want);
        got.sort();
        want.sort_unstable();
        assert_eq!(got, want, "{method} {target} {body}");
    }
}

#[test]
fn an_answer_is_checked_by_status_and_schema() {
    for (path, status, body, want) in [
        (
            "/contacts/a",
            200,
            r#"{"contact": {"id": "a", "more": 1}}"#,
            vec![],
        ),
        (
            "/contacts/a",
            200,
            r#"{"contact": {"id": 1}}"#,
            vec!["answer 200 /contact/id type"],
        ),
        (
            "/contacts/a",
            422,
            r#"{"statusCode": 422, "message": "no"}"#,
            vec!["answer 422 /message type"],
        ),
        ("/contacts/a", 404, "{}", vec!["answer 404  unlisted"]),
        ("/contacts/a", 400, "<html>", vec!["answer 400  type"]),
    ] {
        let checked = check_answer(&Method::GET, path, status, body.as_bytes());
        assert_eq!(shown(checked), want, "{path} {status} {body}");
    }
    let difference = &check_answer(&Method::GET, "/contacts/a", 404, b"").unwrap_err()[0];
    assert_eq!(
        difference.to_string(),
        "GET /contacts/{contactId} | answer 404 |  | unlisted | this status is not listed"
    );
}
