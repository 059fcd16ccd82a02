//! The people who use the two systems, through the sandbox's control API.

use serde_json::{Value as Json, json};

use crate::user::{Sandbox, User, said};

impl Sandbox {
    /// One call of the control API; what it answers.
    pub fn ask(&self, method: &str, path: &str, body: &Json) -> String {
        let url = format!("{}{path}", self.hello["control"].as_str().unwrap());
        // As `couplet` itself does before its first connection; a second time it is there already.
        drop(rustls::crypto::ring::default_provider().install_default());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let request = reqwest::Client::new()
                .request(method.parse().unwrap(), url)
                .json(body);
            let answer = request.send().await.unwrap();
            assert!(
                answer.status().is_success(),
                "{method} {path}: {}",
                answer.status()
            );
            answer.text().await.unwrap()
        })
    }

    /// A record as its side has it; null where it is gone.
    pub fn record(&self, side: &str, kind: &str, id: &Json) -> Json {
        let all = self.ask("GET", &format!("/records/{side}/{kind}"), &json!(null));
        let rows = all
            .lines()
            .map(|line| -> Json { serde_json::from_str(line).unwrap() });
        let mut found = rows.filter(|row| row["id"] == *id);
        found.next().map_or(Json::Null, |row| row["raw"].clone())
    }

    /// A user of a side edits a contact.
    pub fn edit(&self, side: &str, id: &Json, body: &Json) {
        let path = format!("/records/{side}/contact/{}", id.as_str().unwrap());
        self.ask("PATCH", &path, body);
    }

    /// Changes the last name apart on both sides, and runs a pass: gives the conflict.
    pub fn conflict(&self, user: &User, contact: &Json, ghl: &str, growbots: &str) -> Json {
        self.edit("ghl", &contact["ghl_id"], &json!({"lastName": ghl}));
        self.edit(
            "growbots",
            &contact["growbots_id"],
            &json!({"last_name": growbots}),
        );
        user.pass();
        let all = user.json("conflicts list --json");
        let all = all.as_array().unwrap().clone();
        let mine = all.into_iter().find(|one| {
            let fields = one["fields"].as_array().unwrap();
            fields.iter().any(|field| field["ghl"] == ghl)
        });
        mine.unwrap_or(Json::Null)
    }
}

impl User {
    /// Runs one pass.
    pub fn pass(&self) -> Json {
        let output = self.run("sync --once --json");
        assert!(
            matches!(output.status.code(), Some(0 | 3)),
            "{}",
            said(&output)
        );
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Contacts in step on both sides.
    pub fn in_step(&self) -> Vec<Json> {
        let all = self.json("contacts list --json --filter state:in_step");
        all.as_array().unwrap().clone()
    }

    /// Runs a command that is to be done.
    pub fn done(&self, line: &str) {
        let output = self.run(line);
        assert_eq!(output.status.code(), Some(0), "{line}: {}", said(&output));
    }
}
