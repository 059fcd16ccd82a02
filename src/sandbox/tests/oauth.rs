//! OAuth: facts of GHL, section a and S25; of Growbots, 3.2.

use super::*;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

impl Bench {
    fn app(&self, side: &str, what: &str) -> &str {
        self.hello["oauth"][side][what].as_str().unwrap()
    }

    /// A form to a token endpoint, with the app's id and secret and these fields.
    async fn token(&self, side: &str, fields: &[(&str, &str)]) -> Got {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("client_id", self.app(side, "client_id"));
        form.append_pair("client_secret", self.app(side, "client_secret"));
        form.extend_pairs(fields);
        let uri = format!("/{side}/oauth/token");
        self.send_raw("POST", &uri, &[FORM], form.finish()).await
    }

    async fn refresh(&self, side: &str, token: &str) -> Got {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.token(side, &fields).await
    }

    /// What an authorize page sends back to the client.
    async fn authorize(&self, uri: &str) -> std::collections::BTreeMap<String, String> {
        let got = self.send("GET", uri, &[], Value::Null).await;
        assert_eq!(got.status, 302, "{}", got.text);
        let to = url::Url::parse(got.header("location")).unwrap();
        assert_eq!(to.port(), Some(8_484));
        to.query_pairs().into_owned().collect()
    }

    /// The status of a read with a token.
    async fn reads_with(&self, side: &str, token: &Value) -> u16 {
        let bearer = format!("Bearer {}", token.as_str().unwrap());
        let headers = [
            ("authorization", bearer.as_str()),
            ("version", "2021-07-28"),
        ];
        let uri = match side {
            "ghl" => format!("/ghl/locations/{}", self.location()),
            _ => "/growbots/v1/account".to_owned(),
        };
        self.send("GET", &uri, &headers, Value::Null).await.status
    }

    async fn advance(&self, ms: i64) {
        let body = json!({"advance_ms": ms});
        self.control("POST", "/clock", body).await;
    }
}

#[tokio::test]
async fn s25_a_ghl_code_is_exchanged_once_and_its_token_lasts_a_day() {
    let bench = Bench::new(settings(0));
    let client = bench.app("ghl", "client_id").to_owned();
    for path in ["/v2/oauth/chooselocation", "/oauth/chooselocation"] {
        let page = format!(
            "/ghl{path}?response_type=code&client_id={client}&state=s%201&scope=contacts.readonly%20locations.readonly\
             &redirect_uri=http%3A%2F%2F127.0.0.1%3A8484%2Fback"
        );
        let back = bench.authorize(&page).await;
        assert_eq!(back["state"], "s 1");
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &back["code"]),
        ];
        let got = bench.token("ghl", &fields).await;
        assert_eq!(got.status, 200, "{}", got.body);
        assert_eq!(got.body["scope"], "contacts.readonly locations.readonly");
        assert_eq!(
            (
                &got.body["userType"],
                &got.body["locationId"],
                &got.body["expires_in"]
            ),
            (&json!("Location"), &json!(bench.location()), &json!(86_399))
        );
        let again = bench.token("ghl", &fields).await;
        assert_eq!(
            (again.status, &again.body["error"]),
            (400, &json!("invalid_grant"))
        );

        assert_eq!(
            bench.reads_with("ghl", &got.body["access_token"]).await,
            200
        );
        bench.advance(86_399_000).await;
        assert_eq!(
            bench.reads_with("ghl", &got.body["access_token"]).await,
            401
        );
    }
}

#[tokio::test]
async fn s25_a_ghl_refresh_token_rotates_and_an_old_one_is_dead_but_for_the_grace_that_is_set() {
    let bench = Bench::new(settings(0));
    let first = bench.app("ghl", "refresh_token").to_owned();
    let one = bench.refresh("ghl", &first).await;
    assert_eq!(
        (
            one.status,
            bench.reads_with("ghl", &one.body["access_token"]).await
        ),
        (200, 200)
    );
    let reused = bench.refresh("ghl", &first).await;
    assert_eq!(
        (reused.status, &reused.body["error"]),
        (400, &json!("invalid_grant"))
    );

    let setting = json!({"ghl.refresh_grace_ms": 1_000});
    bench.control("PUT", "/settings", setting).await;
    let next = one.body["refresh_token"].as_str().unwrap();
    let two = bench.refresh("ghl", next).await;
    bench.advance(999).await;
    let again = bench.refresh("ghl", next).await;
    assert_eq!(again.body["access_token"], two.body["access_token"]);
    bench.advance(1).await;
    assert_eq!(bench.refresh("ghl", next).await.status, 400);
    let last = two.body["refresh_token"].as_str().unwrap();
    bench.advance(365 * 86_400_000).await;
    assert_eq!(
        bench.refresh("ghl", last).await.status,
        400,
        "valid for a year"
    );
}

#[tokio::test]
async fn s25_ghl_takes_forms_only_and_names_what_is_missing() {
    let bench = Bench::new(settings(0));
    let json_body = json!({"grant_type": "refresh_token", "refresh_token": "x"});
    let got = bench.send("POST", "/ghl/oauth/token", &[], json_body).await;
    assert_eq!(got.status, 422);
    assert_eq!(got.body["message"][0], "client_id must be a string");
    let got = bench.token("ghl", &[("grant_type", "refresh_token")]).await;
    assert_eq!(
        (got.status, &got.body["message"]),
        (422, &json!(["refresh_token must be a string"]))
    );
    let wrong = [
        ("client_secret", "no"),
        ("grant_type", "client_credentials"),
    ];
    assert_eq!(bench.token("ghl", &wrong).await.status, 401);
    assert_eq!(
        bench
            .token("ghl", &[("grant_type", "password")])
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn s25_only_an_agencys_token_mints_those_of_a_location_and_opens_no_records() {
    let bench = Bench::new(settings(0));
    let fields = [
        ("grant_type", "client_credentials"),
        ("user_type", "Company"),
    ];
    let company = bench.token("ghl", &fields).await;
    assert_eq!(company.body["userType"], "Company");
    assert!(company.body.get("locationId").is_none());
    assert_eq!(
        bench.reads_with("ghl", &company.body["access_token"]).await,
        401
    );

    let company_id = bench.hello["company_id"].as_str().unwrap();
    let form = format!("companyId={company_id}&locationId={}", bench.location());
    let mint = async |token: &Value, form: &str| {
        let bearer = format!("Bearer {}", token.as_str().unwrap());
        let headers = [
            FORM,
            ("authorization", bearer.as_str()),
            ("version", "2021-07-28"),
        ];
        bench
            .send_raw(
                "POST",
                "/ghl/oauth/locationToken",
                &headers,
                form.to_owned(),
            )
            .await
    };
    let minted = mint(&company.body["access_token"], &form).await;
    assert_eq!(minted.status, 200, "{}", minted.body);
    assert!(minted.body.get("refresh_token").is_none());
    assert_eq!(
        bench.reads_with("ghl", &minted.body["access_token"]).await,
        200
    );
    let other = mint(
        &company.body["access_token"],
        &form.replace(bench.location(), "x"),
    )
    .await;
    assert_eq!(other.status, 403);
    let location = bench
        .refresh("ghl", bench.app("ghl", "refresh_token"))
        .await;
    let refused = mint(&location.body["access_token"], &form).await;
    assert_eq!(
        refused.body["message"],
        "The token is not authorized for this scope."
    );

    let bearer = format!("Bearer {}", company.body["access_token"].as_str().unwrap());
    let app = bench.app("ghl", "client_id").split('-').next().unwrap();
    let uri = format!("/ghl/oauth/installedLocations?companyId={company_id}&appId={app}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("version", "2021-07-28"),
    ];
    let installed = bench.send("GET", &uri, &headers, Value::Null).await;
    assert_eq!(
        (
            &installed.body["count"],
            &installed.body["locations"][0]["_id"]
        ),
        (&json!(1), &json!(bench.location()))
    );

    let lost = json!({
        "clientKey": bench.app("ghl", "client_id"), "clientSecret": bench.app("ghl", "client_secret"),
        "locationId": bench.location(),
    });
    let back = bench.send("POST", "/ghl/oauth/reconnect", &[], lost).await;
    let code = back.body["authorizationCode"].as_str().unwrap();
    let fields = [("grant_type", "authorization_code"), ("code", code)];
    assert_eq!(bench.token("ghl", &fields).await.status, 200);
}

#[tokio::test]
async fn a_growbots_code_needs_the_verifier_of_its_challenge() {
    let bench = Bench::new(settings(0));
    let verifier = "v".repeat(43);
    let hash = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
    let challenge = URL_SAFE_NO_PAD.encode(hash);
    let page = |more: &str| {
        format!(
            "/growbots/oauth/authorize?client_id={}&state=abc&scope=account.read%20leads.read\
             &redirect_uri=http%3A%2F%2Flocalhost%3A8484%2Fback&{more}",
            bench.app("growbots", "client_id"),
        )
    };
    let good = format!("response_type=code&code_challenge_method=S256&code_challenge={challenge}");
    for (more, error) in [
        ("response_type=code".to_owned(), "invalid_request"),
        (good.replace("S256", "plain"), "invalid_request"),
        (
            good.replace("=code&", "=token&"),
            "unsupported_response_type",
        ),
        (good.clone() + "&scope=x", ""),
    ] {
        let back = bench.authorize(&page(&more)).await;
        assert_eq!(
            back.get("error").map_or("", String::as_str),
            error,
            "{more}"
        );
        assert_eq!(back["state"], "abc");
    }
    for (given, status) in [("w".repeat(43), 400), (verifier, 200)] {
        let back = bench.authorize(&page(&good)).await;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", back["code"].as_str()),
            ("redirect_uri", "http://localhost:8484/back"),
            ("code_verifier", given.as_str()),
        ];
        let got = bench.token("growbots", &fields).await;
        assert_eq!(got.status, status, "{}", got.body);
        if status == 200 {
            assert_eq!(
                (&got.body["scope"], &got.body["expires_in"]),
                (&json!("account.read leads.read"), &json!(3_600))
            );
            assert_eq!(
                bench.token("growbots", &fields).await.body["error"],
                "invalid_grant"
            );
        }
    }
}

#[tokio::test]
async fn a_growbots_refresh_that_is_repeated_within_a_minute_gets_the_same_answer() {
    let bench = Bench::new(settings(0));
    let first = bench.app("growbots", "refresh_token").to_owned();
    let fault =
        json!({"growbots": {"drop_response": 1.0, "next": 1, "only": ["POST /oauth/token"]}});
    bench.control("PUT", "/faults", fault).await;
    let lost = bench.refresh("growbots", &first).await;
    assert_eq!(lost.severed, Some(Severed { applied: true }));
    bench.advance(59_999).await;
    let again = bench.refresh("growbots", &first).await;
    assert_eq!(
        bench
            .reads_with("growbots", &again.body["access_token"])
            .await,
        200
    );
    bench.advance(1).await;
    let late = bench.refresh("growbots", &first).await;
    assert_eq!(
        (late.status, &late.body),
        (
            400,
            &json!({
                "error": "invalid_grant", "error_description": "the refresh token is not good",
            })
        )
    );
    bench.advance(3_600_000).await;
    assert_eq!(
        bench
            .reads_with("growbots", &again.body["access_token"])
            .await,
        401
    );
}

#[tokio::test]
async fn growbots_token_errors_are_those_of_rfc_6749() {
    let bench = Bench::new(settings(0));
    for (fields, status, error) in [
        (vec![], 400, "invalid_request"),
        (
            vec![
                ("client_secret", "no"),
                ("grant_type", "client_credentials"),
            ],
            401,
            "invalid_client",
        ),
        (
            vec![("grant_type", "password")],
            400,
            "unsupported_grant_type",
        ),
        (
            vec![("grant_type", "client_credentials"), ("scope", "all")],
            400,
            "invalid_scope",
        ),
        (
            vec![("grant_type", "authorization_code"), ("code", "x")],
            400,
            "invalid_grant",
        ),
    ] {
        let got = bench.token("growbots", &fields).await;
        assert_eq!(
            (got.status, &got.body["error"]),
            (status, &json!(error)),
            "{fields:?}"
        );
        assert!(got.header("content-type").starts_with("application/json"));
        assert_eq!(got.header("cache-control"), "no-store");
    }
    let scope = [
        ("grant_type", "client_credentials"),
        ("scope", "account.read"),
    ];
    let got = bench.token("growbots", &scope).await;
    assert_eq!(got.body["scope"], "account.read");
    assert!(got.body.get("refresh_token").is_none());
}

#[tokio::test]
async fn a_fault_ends_oauth_tokens_once_and_a_revoked_refresh_token_is_dead() {
    let bench = Bench::new(settings(0));
    for side in ["ghl", "growbots"] {
        let first = bench.app(side, "refresh_token").to_owned();
        let one = bench.refresh(side, &first).await;
        let fault = json!({side: {"expire_tokens": true}});
        bench.control("PUT", "/faults", fault).await;
        assert_eq!(
            bench.reads_with(side, &one.body["access_token"]).await,
            401,
            "{side}"
        );
        let key = format!("{side}_token");
        assert_eq!(
            bench.reads_with(side, &bench.hello[key]).await,
            200,
            "a key has no end"
        );
        let two = bench
            .refresh(side, one.body["refresh_token"].as_str().unwrap())
            .await;
        assert_eq!(bench.reads_with(side, &two.body["access_token"]).await, 200);
        let path = format!("/tokens/{}", two.body["refresh_token"].as_str().unwrap());
        assert_eq!(
            bench.control("DELETE", &path, Value::Null).await.status,
            200
        );
        let dead = bench
            .refresh(side, two.body["refresh_token"].as_str().unwrap())
            .await;
        assert_eq!(
            (dead.status, &dead.body["error"]),
            (400, &json!("invalid_grant"))
        );
    }
}
