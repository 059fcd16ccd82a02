//! A sign-in whose token ends in the middle of a pass of the built program.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use http::Method;
use serde_json::{Value, json};

use super::lab::Lab;
use super::proxy::{Answered, Asked, Between, Proxy};

/// Ends the tokens at the third read by id, and the sign-in with them where asked.
struct Ending {
    control: String,
    revoked: Option<String>,
    reads: AtomicU32,
}

impl Between for Ending {
    fn answer(&self, asked: &Asked, _: &mut Answered) {
        let is_read = asked.method == Method::GET && asked.path.starts_with("/contacts/");
        if is_read && self.reads.fetch_add(1, Ordering::SeqCst) == 2 {
            // The proxy's thread waits for it: nothing passes meanwhile.
            std::thread::scope(|scope| {
                scope.spawn(|| self.end());
            });
        }
    }
}

impl Ending {
    fn end(&self) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(async {
            let http = reqwest::Client::new();
            for faults in [json!({"ghl": {"expire_tokens": true}}), json!({})] {
                let put = http.put(format!("{}/faults", self.control)).json(&faults);
                assert!(put.send().await.expect("an answer").status().is_success());
            }
            if let Some(token) = &self.revoked {
                let delete = http.delete(format!("{}/tokens/{token}", self.control));
                assert!(
                    delete
                        .send()
                        .await
                        .expect("an answer")
                        .status()
                        .is_success()
                );
            }
        });
    }
}

/// Somebody who signed in to GHL, and the settings of that.
struct SignedIn {
    lab: Lab,
    config: String,
}

impl SignedIn {
    fn new() -> Self {
        let lab = Lab::quick(30, 8);
        let path = lab.data().join("sign-in.toml");
        let text = format!(
            "[ghl]\noauth.client_id = \"{}\"\noauth.redirect_uri = \"http://127.0.0.1:1/x\"\n",
            lab.hello("/oauth/ghl/client_id")
        );
        std::fs::write(&path, text).expect("it can be written");
        let signed_in = Self {
            config: path.display().to_string(),
            lab,
        };
        let mut login = signed_in.command(&["auth", "login", "ghl", "--stdin"]);
        let mut login = login.stdin(Stdio::piped()).spawn().expect("it starts");
        let mut keys = login.stdin.take().expect("piped");
        std::io::Write::write_all(
            &mut keys,
            signed_in.lab.hello("/oauth/ghl/refresh_token").as_bytes(),
        )
        .expect("it reads");
        drop(keys);
        assert!(login.wait().expect("a child").success());
        signed_in
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.lab.command(args);
        command
            .args(["--config", &self.config])
            .env_remove("COUPLET_GHL_TOKEN")
            .env(
                "COUPLET_GHL_CLIENT_SECRET",
                self.lab.hello("/oauth/ghl/client_secret"),
            );
        command
    }

    /// A first pass in which the tokens end: exit code, stdout, stderr.
    fn pass(&self, revoked: Option<String>) -> (Option<i32>, String, String) {
        let ending = Arc::new(Ending {
            control: self.lab.hello("control").to_owned(),
            revoked,
            reads: AtomicU32::new(0),
        });
        let proxy = Proxy::before(&self.lab.env()["COUPLET_GHL_URL"], Arc::clone(&ending) as _);
        let ran = self
            .command(&["sync", "--once", "--json"])
            .env("COUPLET_GHL_URL", &proxy.url)
            .output()
            .expect("it starts");
        assert!(
            ending.reads.load(Ordering::SeqCst) > 2,
            "it ended in the middle"
        );
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (ran.status.code(), text(&ran.stdout), text(&ran.stderr))
    }

    /// Answers of GHL by operation and status.
    fn answers(&self) -> Value {
        let (_, text) = self.lab.call("GET", "/requests", None);
        let all: Value = serde_json::from_str(&text).expect("JSON");
        all["ghl"]["by_operation"].clone()
    }
}

#[test]
fn a_token_that_ends_in_the_middle_of_a_pass_is_renewed_once_and_nothing_is_missed() {
    let signed_in = SignedIn::new();
    let there = signed_in.lab.records("ghl", "contact").len() as u64;
    let (code, out, err) = signed_in.pass(None);
    assert!(matches!(code, Some(0 | 3)), "{code:?} {err}");
    let pass: Value = serde_json::from_str(&out).expect("JSON");
    assert!(
        pass["pulled"]["ghl"].as_u64().expect("a count") >= there,
        "{pass}"
    );
    assert_eq!(pass["errors_open"], 0, "{pass}");
    assert_eq!(pass["deleted"], json!({"ghl": 0, "growbots": 0}));
    let answers = signed_in.answers();
    let all = answers.as_object().expect("a table").values();
    assert!(
        all.filter(|statuses| statuses["401"].is_u64()).count() > 0,
        "{answers}"
    );
    assert_eq!(answers["POST /oauth/token"], json!({"200": 2}));
}

#[test]
fn a_sign_in_that_is_revoked_in_the_middle_of_a_pass_says_how_to_go_on_and_loses_nothing() {
    let signed_in = SignedIn::new();
    let kept = std::fs::read(signed_in.lab.data().join("default.secrets")).expect("a file");
    let kept: Value = serde_json::from_slice(&kept).expect("JSON");
    let refresh = kept["ghl"]["refresh"].as_str().expect("a token").to_owned();
    let (code, _, err) = signed_in.pass(Some(refresh.clone()));
    assert_eq!(code, Some(5), "{err}");
    for words in [
        "GHL wants a new sign-in",
        "sign in again: `couplet auth login ghl`",
    ] {
        assert!(err.contains(words), "{words}: {err}");
    }
    assert!(!err.contains(&refresh), "{err}");
    let errors = signed_in
        .lab
        .run(&["errors", "list", "--json"])
        .ended(&[0])
        .json();
    let message = errors[0]["message"].as_str().expect("an error row");
    assert!(message.contains("new sign-in"), "{message}");
    let by_us = signed_in.lab.events();
    let by_us = by_us.iter().filter(|event| event["actor"] == "api");
    assert_eq!(by_us.count(), 0, "half a reading is no reason to write");
    // A key in its place, and all of it comes together.
    let last = signed_in.lab.pass(&[]);
    assert_eq!(last["errors_open"], 0, "{last}");
    assert_eq!(last["deleted"], json!({"ghl": 0, "growbots": 0}));
}
