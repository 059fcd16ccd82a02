//! Keys that change: renewed, rotated, revoked, by one process and by two at once.

use std::{collections::VecDeque, future::Future};

use http::HeaderMap;
use serde_json::{Value as Json, json};

use super::*;

const NOW: i64 = 1_000_000_000;

/// A token endpoint that says what a test wrote down, and remembers the forms.
#[derive(Clone, Default)]
struct Desk(Arc<Mutex<DeskState>>);

#[derive(Default)]
struct DeskState {
    answers: VecDeque<Result<(u16, Json), ()>>,
    asked: Vec<String>,
}

impl Desk {
    fn new(answers: impl IntoIterator<Item = (u16, Json)>) -> Self {
        let desk = Self::default();
        desk.0.lock().unwrap().answers = answers.into_iter().map(Ok).collect();
        desk
    }

    fn asked(&self) -> Vec<String> {
        self.0.lock().unwrap().asked.clone()
    }
}

impl Wire for Desk {
    fn post(&self, call: TokenCall) -> BoxFuture<'_, Result<(u16, Bytes), RemoteError>> {
        Box::pin(async move {
            // Time for another task to come in between.
            tokio::task::yield_now().await;
            let form: Vec<String> = call
                .form
                .iter()
                .filter(|(name, _)| ["refresh_token", "grant_type", "locationId"].contains(name))
                .map(|(name, secret)| format!("{name}={}", secret.expose()))
                .collect();
            let mut desk = self.0.lock().unwrap();
            desk.asked
                .push(format!("{} {}", call.url.path(), form.join(" ")));
            match desk.answers.pop_front() {
                Some(Ok((status, body))) => Ok((status, Bytes::from(body.to_string()))),
                Some(Err(())) | None => Err(RemoteError::Lost {
                    side: Side::Ghl,
                    operation: call.operation.into(),
                    closed: true,
                    write: true,
                }),
            }
        })
    }
}

fn pair(number: u32) -> (u16, Json) {
    let body = json!({
        "access_token": format!("access-{number}"),
        "refresh_token": format!("refresh-{number}"),
        "expires_in": 86_399,
        "scope": "contacts.readonly",
        "userType": "Location",
    });
    (200, body)
}

fn refused() -> (u16, Json) {
    (
        400,
        json!({"error": "invalid_grant", "error_description": "refresh-1 was used"}),
    )
}

fn oauth() -> OAuth {
    let url = |path: &str| Url::parse(&format!("https://side.test/{path}")).unwrap();
    OAuth {
        flow: Flow::Code,
        client_id: "app".into(),
        client_secret: ClientSecret::default(),
        authorize_url: url("choose"),
        token_url: url("oauth/token"),
        redirect_uri: url("back"),
        scopes: "contacts.readonly".into(),
        user_type: "Location".into(),
        location: Some((url("oauth/locationToken"), "loc".into())),
    }
}

fn grant(number: u32, ends_ms: i64) -> secrets::Grant {
    secrets::Grant {
        access: secrets::Held {
            token: Secret::new(format!("access-{number}")),
            ends_ms,
        },
        refresh: Some(Secret::new(format!("refresh-{number}"))),
        scope: "contacts.readonly".into(),
        since_ms: 0,
        company: None,
        location: None,
        client_secret: None,
        ended: None,
    }
}

/// A workspace's secrets file, and clients of it.
struct Home {
    _folder: tempfile::TempDir,
    file: SecretsFile,
    clock: Clock,
}

impl Home {
    async fn with(kept: Option<Kept>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = SecretsFile::new(folder.path().join("default.secrets"));
        let home = Self {
            _folder: folder,
            file,
            clock: Clock::manual(Millis(NOW)),
        };
        home.put(kept.as_ref()).await;
        home
    }

    async fn put(&self, kept: Option<&Kept>) {
        let lock = self.file.lock().await.unwrap();
        self.file.put(&lock, "ghl", kept).unwrap();
    }

    fn auth(&self) -> Auth {
        let source = Source::File(self.file.clone(), Some(Box::new(oauth())));
        Auth::new(Sign::default(), vec![source], self.clock.clone())
    }

    fn kept(&self) -> secrets::Grant {
        match self.file.read("ghl").unwrap() {
            Some(Kept::Grant(grant)) => grant,
            other => panic!("{other:?}"),
        }
    }
}

fn key(text: &str) -> Kept {
    Kept::Key {
        key: Secret::new(text.into()),
        since_ms: 0,
    }
}

async fn text(key: impl Future<Output = Result<Key, RemoteError>>) -> String {
    key.await.unwrap().text.expose().clone()
}

#[test]
fn the_key_is_in_the_header_and_in_no_text() {
    let auth = Auth::bearer(Secret::new("pit-1234".to_owned()));
    let custom = Sign {
        header: HeaderName::from_static("x-api-key"),
        scheme: String::new(),
        account: Some((
            HeaderName::from_static("x-account-id"),
            HeaderValue::from_static("ac_1"),
        )),
    };
    let custom = Auth::new(custom, vec![], Clock::system());
    let key = Key {
        text: Secret::new("pit-1234".to_owned()),
        origin: Origin::Given,
        ends_at: None,
        stamp: None,
        is_new: false,
    };
    let mut headers = HeaderMap::new();
    auth.sign(&key, &mut headers);
    custom.sign(&key, &mut headers);
    assert_eq!(headers["authorization"], "Bearer pit-1234");
    assert_eq!(headers["x-api-key"], "pit-1234");
    assert_eq!(headers["x-account-id"], "ac_1");
    assert!(!format!("{headers:?}{auth:?}{key:?}").contains("1234"));
    assert_eq!(auth.redact("bad token pit-1234!"), "bad token ***!");
}

#[test]
fn only_a_401_about_the_token_itself_asks_for_another_one() {
    for (status, message, want) in [
        (401, json!("Invalid JWT"), true),
        (401, json!("Invalid token: access token is invalid"), true),
        (401, json!(["Invalid Private Integration token"]), true),
        (
            401,
            json!("The token is not authorized for this scope."),
            false,
        ),
        (
            401,
            json!(["The token is not authorized for this scope."]),
            false,
        ),
        (401, json!("version header was not found."), false),
        (
            403,
            json!("The token does not have access to this location."),
            false,
        ),
        (400, json!("Invalid JWT"), false),
    ] {
        let body = json!({"statusCode": status, "message": message}).to_string();
        assert_eq!(refuses_key(status, body.as_bytes()), want, "{body}");
    }
    assert!(refuses_key(401, b"{\"code\":\"token_expired\"}"));
    assert!(refuses_key(401, b"<html>"));
}

#[tokio::test]
async fn the_first_source_that_has_a_key_counts_and_the_next_one_stands_in_when_it_is_refused() {
    let home = Home::with(Some(key("kept"))).await;
    let sources = [
        Source::Given(Secret::new("given".into())),
        Source::Command("echo printed".into()),
        Source::File(home.file.clone(), None),
    ];
    let desk = Desk::default();
    for (skip, want) in [(0, "given"), (1, "printed"), (2, "kept")] {
        let auth = Auth::new(
            Sign::default(),
            sources[skip..].to_vec(),
            home.clock.clone(),
        );
        let first = auth.key(Side::Ghl, &desk).await.unwrap();
        assert_eq!(first.text.expose(), want);
        let next = auth.another(Side::Ghl, &first, &desk).await.unwrap();
        let next = next.map(|key| key.text.expose().clone());
        assert_eq!(next.as_deref(), ["printed", "kept"].get(skip).copied());
    }
    let none = Auth::new(Sign::default(), vec![], home.clock.clone());
    let error = none.key(Side::Ghl, &desk).await.unwrap_err();
    assert!(error.hint().unwrap().contains("couplet auth login ghl"));
}

#[tokio::test]
async fn a_key_that_is_put_in_its_place_is_used_from_the_next_request_on() {
    let home = Home::with(Some(key("old"))).await;
    let (auth, desk) = (home.auth(), Desk::default());
    assert_eq!(text(auth.key(Side::Ghl, &desk)).await, "old");
    home.put(Some(&key("new"))).await;
    assert_eq!(text(auth.key(Side::Ghl, &desk)).await, "new");
    home.put(None).await;
    let error = auth.key(Side::Ghl, &desk).await.unwrap_err();
    assert!(matches!(error, RemoteError::SignIn { .. }), "{error:?}");
}

#[tokio::test]
async fn a_token_is_renewed_once_two_minutes_before_its_end_and_is_on_disk_by_then() {
    for (left_ms, renewals) in [(EARLY_MS + 1, 0), (EARLY_MS, 1), (-5, 1)] {
        let home = Home::with(Some(Kept::Grant(grant(1, NOW + left_ms)))).await;
        let desk = Desk::new([pair(2)]);
        let auth = home.auth();
        let all = futures_util::future::join_all((0..5).map(|_| auth.key(Side::Ghl, &desk))).await;
        let want = if renewals == 0 {
            "access-1"
        } else {
            "access-2"
        };
        for key in all {
            assert_eq!(key.unwrap().text.expose(), want, "{left_ms}");
        }
        assert_eq!(
            desk.asked().len(),
            renewals,
            "{left_ms}: {:?}",
            desk.asked()
        );
        assert_eq!(home.kept().access.token.expose(), want);
    }
}

#[tokio::test]
async fn two_processes_that_meet_an_ended_token_ask_for_one_new_pair() {
    let home = Home::with(Some(Kept::Grant(grant(1, NOW)))).await;
    let desk = Desk::new([pair(2)]);
    let (one, other) = (home.auth(), home.auth());
    let (first, second) = tokio::join!(one.key(Side::Ghl, &desk), other.key(Side::Ghl, &desk));
    assert_eq!(first.unwrap().text.expose(), "access-2");
    assert_eq!(second.unwrap().text.expose(), "access-2");
    assert_eq!(
        desk.asked(),
        ["/oauth/token grant_type=refresh_token refresh_token=refresh-1"]
    );
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_never_in_a_loop() {
    let home = Home::with(Some(Kept::Grant(grant(1, NOW + 3_600_000)))).await;
    let desk = Desk::new([pair(2), pair(3)]);
    let auth = home.auth();
    let first = auth.key(Side::Ghl, &desk).await.unwrap();
    let second = auth.another(Side::Ghl, &first, &desk).await.unwrap();
    let second = second.expect("a new one");
    assert_eq!(second.text.expose(), "access-2");
    // A request that was on its way with the old one takes what is there.
    let same = auth.another(Side::Ghl, &first, &desk).await.unwrap();
    assert_eq!(same.expect("the new one").text.expose(), "access-2");
    // Refused as well: asking on would go on for ever.
    for _ in 0..3 {
        assert!(
            auth.another(Side::Ghl, &second, &desk)
                .await
                .unwrap()
                .is_none()
        );
    }
    assert_eq!(desk.asked().len(), 1);
    // One that did work may end early another time.
    auth.works(&second);
    let third = auth.another(Side::Ghl, &second, &desk).await.unwrap();
    assert_eq!(third.expect("a new one").text.expose(), "access-3");
}

#[tokio::test]
async fn a_sign_in_that_the_side_ended_is_asked_for_once_and_says_who_can_help() {
    let home = Home::with(Some(Kept::Grant(grant(1, NOW)))).await;
    let desk = Desk::new([refused(), refused()]);
    for auth in [home.auth(), home.auth()] {
        for _ in 0..2 {
            let error = auth.key(Side::Ghl, &desk).await.unwrap_err();
            assert!(matches!(error, RemoteError::SignIn { .. }), "{error:?}");
            assert!(!error.to_string().contains("refresh-1"), "{error}");
            assert!(error.hint().unwrap().contains("couplet auth login ghl"));
        }
    }
    assert_eq!(
        desk.asked().len(),
        1,
        "other processes know it from the file"
    );
    home.put(Some(&Kept::Grant(grant(5, NOW + 3_600_000))))
        .await;
    assert_eq!(text(home.auth().key(Side::Ghl, &desk)).await, "access-5");
}

#[tokio::test]
async fn while_a_token_has_time_left_a_token_endpoint_that_fails_is_no_reason_to_stop() {
    let home = Home::with(Some(Kept::Grant(grant(1, NOW + 60_000)))).await;
    let (auth, desk) = (home.auth(), Desk::default());
    for _ in 0..3 {
        assert_eq!(text(auth.key(Side::Ghl, &desk)).await, "access-1");
    }
    assert_eq!(desk.asked().len(), 1);
    home.clock.advance(10_000);
    assert_eq!(text(auth.key(Side::Ghl, &desk)).await, "access-1");
    assert_eq!(desk.asked().len(), 2, "one try each ten seconds");
    home.clock.advance(60_000);
    assert!(
        auth.key(Side::Ghl, &desk).await.is_err(),
        "now it has ended"
    );
    assert_eq!(
        home.kept(),
        grant(1, NOW + 60_000),
        "and the old pair is kept"
    );
}

#[tokio::test]
async fn a_companys_sign_in_gives_tokens_of_the_location_again_and_again() {
    let company = secrets::Grant {
        company: Some("co".into()),
        ..grant(1, NOW + 3_600_000)
    };
    let of_location = |name: &str| (200, json!({"access_token": name, "expires_in": 600}));
    let home = Home::with(Some(Kept::Grant(company))).await;
    let desk = Desk::new([
        of_location("loc-1"),
        of_location("loc-2"),
        (401, json!({"message": "Invalid JWT"})),
        pair(2),
        of_location("loc-3"),
    ]);
    let auth = home.auth();
    assert_eq!(text(auth.key(Side::Ghl, &desk)).await, "loc-1");
    home.clock.advance(500_000);
    assert_eq!(text(auth.key(Side::Ghl, &desk)).await, "loc-2");
    // The company's token was taken back before its end.
    home.clock.advance(500_000);
    assert_eq!(text(auth.key(Side::Ghl, &desk)).await, "loc-3");
    let mint = "/oauth/locationToken locationId=loc";
    let refresh = "/oauth/token grant_type=refresh_token refresh_token=refresh-1";
    assert_eq!(desk.asked(), [mint, mint, mint, refresh, mint]);
    assert_eq!(home.kept().refresh.unwrap().expose(), "refresh-2");
    assert_eq!(home.kept().company.as_deref(), Some("co"));
}

#[tokio::test]
async fn a_client_with_its_own_secret_needs_nobody_to_sign_in() {
    let home = Home::with(None).await;
    let client = OAuth {
        flow: Flow::ClientCredentials,
        location: None,
        ..oauth()
    };
    let source = Source::File(home.file.clone(), Some(Box::new(client)));
    let auth = || Auth::new(Sign::default(), vec![source.clone()], home.clock.clone());
    let answer = |name: &str| (200, json!({"access_token": name, "expires_in": 3600}));
    let desk = Desk::new([answer("one"), answer("two")]);
    assert_eq!(text(auth().key(Side::Ghl, &desk)).await, "one");
    assert_eq!(
        text(auth().key(Side::Ghl, &desk)).await,
        "one",
        "kept for all processes"
    );
    home.clock.advance(3_600_000);
    assert_eq!(text(auth().key(Side::Ghl, &desk)).await, "two");
    assert_eq!(
        desk.asked(),
        ["/oauth/token grant_type=client_credentials"; 2]
    );
}
