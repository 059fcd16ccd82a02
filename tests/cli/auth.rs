//! Keys and sign-ins of the built program, against the sandbox over HTTP.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use couplet::remote::HttpTransport;
use reqwest::Method;
use serde_json::{Value as Json, json};

use crate::user::{Running, Sandbox, User, first_line, said};

/// Sends a request, without following redirects: status, `location` header, body.
pub fn http(method: Method, url: &str, body: Option<&Json>) -> (u16, String, Json) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    // Puts the provider of TLS in place, which every client needs.
    HttpTransport::new(Duration::from_secs(9)).unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let mut request = client.request(method, url);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let to = answer.headers().get("location");
        let to = to.map_or("", |to| to.to_str().unwrap()).to_owned();
        (status, to, answer.json().await.unwrap_or_default())
    })
}

impl Sandbox {
    pub fn text(&self, path: &str) -> String {
        self.hello
            .pointer(path)
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub fn control(&self, method: Method, path: &str, body: &Json) -> Json {
        let url = format!("{}/{path}", self.text("/control"));
        let (status, _, answer) = http(method, &url, Some(body));
        assert!(status < 300, "{path}: {status} {answer}");
        answer
    }

    fn expire_tokens(&self, side: &str) {
        let faults = json!({side: {"expire_tokens": true}});
        self.control(Method::PUT, "faults", &faults);
        self.control(Method::PUT, "faults", &json!({}));
    }

    /// Answers of this operation by status.
    fn answers(&self, side: &str, operation: &str) -> Json {
        let all = self.control(Method::GET, "requests", &json!(null));
        all[side]["by_operation"][operation].clone()
    }
}

/// The two sides, and a user who signs in to GHL with OAuth 2 and has a key of Growbots.
fn with_oauth(redirect: &str) -> (Sandbox, User) {
    let (sandbox, user) = Sandbox::start();
    let user = user
        .config(&format!(
            "[ghl]\nauth_url = \"{}/oauth/chooselocation\"\noauth.client_id = \"{}\"\noauth.redirect_uri = \"{redirect}\"\n",
            sandbox.text("/ghl"),
            sandbox.text("/oauth/ghl/client_id"),
        ))
        .set("COUPLET_GHL_TOKEN", "")
        .set("COUPLET_GHL_CLIENT_SECRET", &sandbox.text("/oauth/ghl/client_secret"));
    (sandbox, user)
}

fn secrets(user: &User) -> Json {
    let text = std::fs::read(user.data().join("default.secrets")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Signs in as somebody with a browser does; `paste` where that is on another machine.
fn sign_in(user: &User, side: &str, paste: bool) {
    let mut command = user.command(&format!("auth login {side}"));
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut login = command.spawn().unwrap();
    let mut lines = BufReader::new(login.stderr.take().unwrap()).lines();
    let address = lines
        .by_ref()
        .map(Result::unwrap)
        .find(|line| line.contains("http"))
        .unwrap();
    let (status, back, _) = http(Method::GET, address.trim(), None);
    assert!((300..400).contains(&status), "{status} {address}");
    let mut stdin = login.stdin.take().unwrap();
    if paste {
        writeln!(stdin, "https://elsewhere.test/?code=forged&state=forged").unwrap();
        writeln!(stdin, "{back}").unwrap();
    } else {
        // A stranger's call is turned away, and the right one still counts.
        let forged = back.replace("state=", "state=x");
        assert_eq!(http(Method::GET, &forged, None).0, 400);
        assert_eq!(http(Method::GET, &back, None).0, 200);
    }
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    let output = login.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{rest:?}");
    drop(stdin);
}

#[test]
fn a_sign_in_by_browser_or_by_paste_gives_tokens_that_are_renewed_when_they_end() {
    for paste in [false, true] {
        let redirect = if paste {
            "https://elsewhere.test/back".to_owned()
        } else {
            format!("http://127.0.0.1:{}/callback", free_port())
        };
        let (sandbox, user) = with_oauth(&redirect);
        let output = user.run("sync --once");
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(
            said(&output).contains("couplet auth login ghl"),
            "{}",
            said(&output)
        );
        sign_in(&user, "ghl", paste);
        let status = user.json("auth status ghl --json");
        assert_eq!(status["ghl"]["state"], "ok", "{status}");
        assert_eq!(status["ghl"]["kind"], "OAuth 2 sign-in");
        assert_eq!(status["ghl"]["scopes_from"], "sign-in");
        let first = secrets(&user);
        sandbox.expire_tokens("ghl");
        let output = user.run("sync --once --json");
        assert!(
            matches!(output.status.code(), Some(0 | 3)),
            "{}",
            said(&output)
        );
        let pass: Json = serde_json::from_slice(&output.stdout).unwrap();
        assert!(pass["pulled"]["ghl"].as_u64().unwrap() > 10, "{pass}");
        assert_ne!(secrets(&user)["ghl"]["refresh"], first["ghl"]["refresh"]);
        assert_eq!(
            sandbox.answers("ghl", "POST /oauth/token"),
            json!({"200": 2})
        );
    }
}

#[test]
fn growbots_lets_in_who_signs_in_with_pkce_and_a_client_by_its_own_secret() {
    for kind in ["oauth2_refresh", "oauth2_client"] {
        let (sandbox, user) = Sandbox::start();
        let user = user
            .config(&format!(
                "[growbots.auth]\nkind = \"{kind}\"\nclient_id = \"{}\"\nredirect_uri = \"http://127.0.0.1:{}/back\"\n",
                sandbox.text("/oauth/growbots/client_id"),
                free_port(),
            ))
            .set("COUPLET_GROWBOTS_TOKEN", "")
            .set("COUPLET_GROWBOTS_CLIENT_SECRET", &sandbox.text("/oauth/growbots/client_secret"));
        if kind == "oauth2_refresh" {
            sign_in(&user, "growbots", false);
        }
        for _ in 0..2 {
            let output = user.run("sync --once");
            assert!(
                matches!(output.status.code(), Some(0 | 3)),
                "{kind}: {}",
                said(&output)
            );
            sandbox.expire_tokens("growbots");
        }
        let status = user.json("auth status growbots --json");
        assert_eq!(status["growbots"]["state"], "ok", "{status}");
    }
}

#[test]
fn two_processes_that_meet_an_ended_token_use_one_refresh() {
    let (sandbox, user) = with_oauth("http://127.0.0.1:1/x");
    let output = user.run_with(
        "auth login ghl --stdin",
        &sandbox.text("/oauth/ghl/refresh_token"),
    );
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    sandbox.expire_tokens("ghl");
    let start = || {
        let mut command = user.command("auth status ghl --json");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let both: Vec<_> = (0..4).map(|_| start()).collect();
    for child in both {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }
    assert_eq!(
        sandbox.answers("ghl", "POST /oauth/token"),
        json!({"200": 2})
    );
}

#[test]
fn a_revoked_sign_in_asks_for_a_new_one_and_does_not_go_on_asking() {
    let (sandbox, user) = with_oauth("http://127.0.0.1:1/x");
    let refresh = sandbox.text("/oauth/ghl/refresh_token");
    let output = user.run_with("auth login ghl --stdin", &refresh);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    // The one that was used up stands for one that was revoked.
    let mut kept = secrets(&user);
    kept["ghl"]["refresh"] = refresh.clone().into();
    std::fs::write(user.data().join("default.secrets"), kept.to_string()).unwrap();
    sandbox.expire_tokens("ghl");
    for line in ["sync --once", "sync", "auth status", "doctor"] {
        let output = user.run(line);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(5), "{line}: {said}");
        assert!(said.contains("GHL wants a new sign-in"), "{line}: {said}");
        assert!(
            said.contains("sign in again: `couplet auth login ghl`"),
            "{line}: {said}"
        );
        assert!(!said.contains(&refresh), "{line}: {said}");
    }
    assert_eq!(
        sandbox.answers("ghl", "POST /oauth/token"),
        json!({"200": 1, "400": 1})
    );
    let health = user.json("status --json")["sides"]["ghl"]["health"].clone();
    assert_eq!(health, "sign_in");
}

#[test]
fn a_key_is_tried_before_it_is_kept_and_a_running_loop_goes_on_with_the_new_one() {
    let (sandbox, user) = Sandbox::start();
    let user = user
        .set("COUPLET_GHL_TOKEN", "")
        .config("poll_seconds = 1\n");
    let old = sandbox.text("/ghl_token");
    let output = user.run_with("auth login ghl --stdin", &old);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let mut command = user.command("sync --json");
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut loops = Running(command.spawn().unwrap());
    first_line(&mut loops.0);

    let before = secrets(&user);
    let output = user.run_with("auth rotate ghl --stdin", "pit-not-a-key-of-theirs");
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
    assert!(!said(&output).contains("pit-not"), "{}", said(&output));
    assert_eq!(secrets(&user), before, "the old one stays");

    let scopes = json!(sandbox_scopes());
    let new = sandbox.control(
        Method::POST,
        "tokens",
        &json!({"side": "ghl", "scopes": scopes}),
    );
    let new = new["token"].as_str().unwrap();
    let output = user.run_with("auth rotate ghl --stdin", new);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    sandbox.control(Method::DELETE, &format!("tokens/{old}"), &json!(null));
    // What ended after the old one was taken back went with the new one.
    let lines = BufReader::new(loops.0.stdout.take().unwrap()).lines();
    let refused = |answers: Json| answers["401"].as_u64().unwrap_or(0);
    for line in lines.take(4) {
        let pass: Json = serde_json::from_str(&line.unwrap()).unwrap();
        assert!(pass["requests"]["ghl"].as_u64().unwrap() > 0, "{pass}");
    }
    assert_eq!(
        refused(sandbox.answers("ghl", "POST /contacts/search")),
        1,
        "the wrong key's"
    );
    let output = user.run("auth logout ghl");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(user.run("auth status ghl").status.code(), Some(5));
}

fn sandbox_scopes() -> Vec<&'static str> {
    let all = couplet::remote::FEATURES.iter();
    all.filter(|feature| feature.side == couplet::model::Side::Ghl)
        .map(|feature| feature.scope)
        .collect()
}

#[test]
fn with_contacts_readonly_alone_it_pulls_and_says_what_it_cannot_do() {
    let (sandbox, user) = Sandbox::start();
    let key = json!({"side": "ghl", "scopes": ["contacts.readonly"]});
    let key = sandbox.control(Method::POST, "tokens", &key);
    let user = user.set("COUPLET_GHL_TOKEN", key["token"].as_str().unwrap());
    let mut requests = 0;
    for _ in 0..2 {
        let output = user.run("sync --once --json");
        assert!(
            matches!(output.status.code(), Some(0 | 3)),
            "{}",
            said(&output)
        );
        let pass: Json = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(pass["created"]["ghl"], 0, "{pass}");
        requests = pass["requests"]["ghl"].as_u64().unwrap();
    }
    assert!(requests < 12, "no write is tried again at once: {requests}");
    let rows = user.json("errors list --json");
    let of_ghl: Vec<&Json> = rows
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["pattern"] == "writes.ghl.forbidden")
        .collect();
    assert_eq!(of_ghl.len(), 1, "{rows}");
    let message = of_ghl[0]["message"].as_str().unwrap();
    assert!(message.contains("couplet auth status ghl"), "{message}");
    // Users cannot be read: owners stay where they are, and no record is refused for its owner.
    assert!(!rows.to_string().contains("is no user"), "{rows}");
    let contacts = user.json("contacts list --json");
    assert!(contacts.as_array().unwrap().len() >= 18, "{contacts}");
    let shown = said(&user.run("auth status ghl"));
    for words in [
        "yes      read contacts",
        "no       write contacts, tasks, tags, notes (`contacts.write`); without it, nothing is written to GHL",
        "no       read all tasks at once (`locations/tasks.readonly`)",
    ] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
}

#[test]
fn a_key_of_another_location_says_so() {
    let (_sandbox, user) = Sandbox::start();
    let user = user.set("COUPLET_GHL_LOCATION", "zzzzzzzzzzzzzzzzzzzz");
    for line in ["sync --once", "auth status ghl", "doctor"] {
        let output = user.run(line);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(5), "{line}: {said}");
        assert!(
            said.contains("does not have access to this location"),
            "{line}: {said}"
        );
        assert!(said.contains("of this location"), "{line}: {said}");
    }
}

/// A side that renews a token and is slow afterwards: requests with the new one are told and not answered.
fn slow_side() -> (String, mpsc::Receiver<String>) {
    let (tell, told) = mpsc::channel();
    let (at, is_at) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let renew = tell.clone();
            let token = axum::routing::post(async move || {
                renew.send("renewed".to_owned()).unwrap();
                axum::Json(json!({
                    "access_token": "access-number-two", "refresh_token": "refresh-number-two",
                    "expires_in": 3600, "scope": "contacts.readonly", "userType": "Location",
                }))
            });
            let hang = async move |headers: http::HeaderMap| {
                tell.send(headers["authorization"].to_str().unwrap().to_owned())
                    .unwrap();
                std::future::pending::<()>().await;
            };
            let router = axum::Router::new()
                .route("/oauth/token", token)
                .fallback(hang);
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            at.send(format!("http://{}", listener.local_addr().unwrap()))
                .unwrap();
            axum::serve(listener, router).await.unwrap();
        });
    });
    (is_at.recv().unwrap(), told)
}

#[test]
fn a_process_that_is_killed_before_it_used_a_new_pair_has_it_on_disk() {
    let (url, told) = slow_side();
    let user = User::new()
        .config("[ghl]\noauth.client_id = \"app\"\n")
        .set("COUPLET_GHL_URL", &url)
        .set("COUPLET_GHL_TOKEN", "")
        .set("COUPLET_GHL_CLIENT_SECRET", "client-secret");
    std::fs::create_dir_all(user.data()).unwrap();
    let kept = json!({"ghl": {
        "kind": "grant", "access": {"token": "access-number-one", "ends_ms": 1},
        "refresh": "refresh-number-one", "scope": "contacts.readonly", "since_ms": 1,
    }});
    let path = user.data().join("default.secrets");
    std::fs::write(&path, kept.to_string()).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&path, mode).unwrap();
    let wait = || told.recv_timeout(Duration::from_secs(30)).unwrap();
    for killed in 0..2 {
        let mut command = user.command("auth status ghl");
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = Running(command.spawn().unwrap());
        if killed == 0 {
            assert_eq!(wait(), "renewed");
        }
        assert_eq!(wait(), "Bearer access-number-two", "{killed}");
        child.0.kill().unwrap();
        child.0.wait().unwrap();
        assert_eq!(secrets(&user)["ghl"]["refresh"], "refresh-number-two");
    }
}
