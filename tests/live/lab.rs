//! A sandbox process, a data folder of its own, and the built binary to run against them: all real, on loopback.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

pub const EXE: &str = env!("CARGO_BIN_EXE_couplet");

/// The binary: the one just built, or what `COUPLET_EXE` names.
fn exe() -> std::ffi::OsString {
    std::env::var_os("COUPLET_EXE").unwrap_or_else(|| EXE.into())
}

/// The sandbox, and couplet's settings for it. Both go when it is dropped.
pub struct Lab {
    sandbox: Child,
    hello: Value,
    folder: tempfile::TempDir,
    http: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

/// How a command ended.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }

    #[track_caller]
    pub fn ended(self, codes: &[i32]) -> Self {
        assert!(
            codes.contains(&self.code),
            "exit {} not in {codes:?}\n{}\n{}",
            self.code,
            self.out,
            self.err
        );
        self
    }
}

impl Lab {
    /// A sandbox of so many people, whose lists do not lag and that lets every request in.
    pub fn quick(contacts: u32, seed: u64) -> Self {
        let (contacts, seed) = (contacts.to_string(), seed.to_string());
        Self::start(&[
            "--contacts",
            &contacts,
            "--seed",
            &seed,
            "--lag",
            "0",
            "--limit",
            "off",
        ])
    }

    fn start(args: &[&str]) -> Self {
        let mut sandbox = Command::new(exe())
            .args(["sandbox", "--listen", "127.0.0.1:0"])
            .args(args)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary is built");
        let mut first = String::new();
        BufReader::new(sandbox.stdout.take().expect("piped"))
            .read_line(&mut first)
            .expect("a line");
        let _provider = rustls::crypto::ring::default_provider().install_default();
        Self {
            sandbox,
            hello: serde_json::from_str(&first).expect("the first line is JSON"),
            folder: tempfile::tempdir().expect("a folder"),
            http: reqwest::Client::new(),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime"),
        }
    }

    /// What the sandbox's first line says under a key, or at a JSON pointer.
    pub fn hello(&self, key: &str) -> &str {
        let found = self.hello.get(key).or_else(|| self.hello.pointer(key));
        found.and_then(Value::as_str).expect("a text")
    }

    /// The environment that points couplet at this sandbox.
    pub fn env(&self) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("HOME", self.data().display().to_string()),
            ("XDG_CONFIG_HOME", self.data().display().to_string()),
            ("COUPLET_DATA_DIR", self.data().display().to_string()),
            ("COUPLET_OPERATOR", "dana".into()),
            ("COUPLET_GHL_URL", self.hello("ghl").into()),
            ("COUPLET_GHL_TOKEN", self.hello("ghl_token").into()),
            ("COUPLET_GHL_LOCATION", self.hello("location_id").into()),
            ("COUPLET_GROWBOTS_URL", self.hello("growbots").into()),
            (
                "COUPLET_GROWBOTS_TOKEN",
                self.hello("growbots_token").into(),
            ),
        ])
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// The binary with the environment set, ready to be started.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(exe());
        command.args(args).envs(self.env()).stdin(Stdio::null());
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::of(&self.command(args).output().expect("it starts"))
    }

    /// One pass; its summary.
    #[track_caller]
    pub fn pass(&self, more: &[&str]) -> Value {
        let args = [&["sync", "--once", "--json"], more].concat();
        self.run(&args).ended(&[0, 3]).json()
    }

    pub fn call(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, String) {
        let url = format!("{}{path}", self.hello("control"));
        let method = method.parse().expect("a method");
        let mut request = self.http.request(method, url);
        if let Some(body) = body {
            request = request.json(body);
        }
        self.runtime.block_on(async {
            let answer = request.send().await.expect("the control API answers");
            let status = answer.status().as_u16();
            (status, answer.text().await.expect("text"))
        })
    }

    /// Status and text of an address, without keys; 0 where nobody answers.
    pub fn get(&self, url: &str) -> (u16, String) {
        self.runtime.block_on(async {
            match self.http.get(url).send().await {
                Ok(answer) => (
                    answer.status().as_u16(),
                    answer.text().await.unwrap_or_default(),
                ),
                Err(_) => (0, String::new()),
            }
        })
    }

    /// What GHL's API answers, as couplet asks it; `{location}` is the location's id.
    pub fn ghl_get(&self, path: &str) -> Value {
        self.ghl("GET", path, None)
    }

    /// What GHL's API answers to a call.
    pub fn ghl(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let path = path.replace("{location}", self.hello("location_id"));
        let method = method.parse().expect("a method");
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.hello("ghl")))
            .bearer_auth(self.hello("ghl_token"))
            .header("Version", "2021-07-28");
        if let Some(body) = body {
            request = request.json(body);
        }
        self.answer(request)
    }

    /// What Growbots' API answers.
    pub fn growbots_get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.hello("growbots"));
        self.answer(self.http.get(url).bearer_auth(self.hello("growbots_token")))
    }

    fn answer(&self, request: reqwest::RequestBuilder) -> Value {
        self.runtime.block_on(async {
            let answer = request.send().await.expect("the API answers");
            answer.json().await.expect("JSON")
        })
    }

    /// Every live record of a kind, by id, as a read by id shows it.
    pub fn records(&self, side: &str, kind: &str) -> BTreeMap<String, Value> {
        let (_, text) = self.call("GET", &format!("/records/{side}/{kind}"), None);
        let rows = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        rows.map(|row| {
            (
                row["id"].as_str().expect("an id").to_owned(),
                row["raw"].clone(),
            )
        })
        .collect()
    }

    #[track_caller]
    pub fn edit(&self, side: &str, kind: &str, id: &str, patch: &Value) {
        let (status, text) = self.call(
            "PATCH",
            &format!("/records/{side}/{kind}/{id}"),
            Some(patch),
        );
        assert!(status < 300, "{status} {text}");
    }

    #[track_caller]
    pub fn add(&self, side: &str, kind: &str, body: &Value) {
        let (status, text) = self.call("POST", &format!("/records/{side}/{kind}"), Some(body));
        assert!(status < 300, "{status} {text}");
    }

    pub fn delete(&self, side: &str, kind: &str, id: &str) {
        self.call("DELETE", &format!("/records/{side}/{kind}/{id}"), None);
    }

    pub fn faults(&self, faults: &Value) {
        self.call("PUT", "/faults", Some(faults));
    }

    pub fn events(&self) -> Vec<Value> {
        let (_, text) = self.call("GET", "/events?after=0", None);
        text.lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }

    /// A contact that is in step on both sides.
    pub fn in_step(&self, nth: usize) -> Value {
        let people = self
            .run(&["contacts", "list", "--json", "--filter", "state:in_step"])
            .ended(&[0])
            .json();
        people.as_array().expect("an array")[nth].clone()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _gone = self.sandbox.kill();
        let _reaped = self.sandbox.wait();
    }
}
