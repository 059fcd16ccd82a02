//! What customers are called stands in the database, exports and screens, and nowhere else; and who may read the files.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use serde_json::json;

use crate::lab::Lab;
use crate::serve::{Service, hooks, settings, until};

/// What no log line, metric, alert or crash may hold.
const CANARIES: [&str; 5] = [
    "Canarina",
    "Vogelsang-Leck",
    "canarina.leck",
    "5550199",
    "Canary task for a leak",
];

fn plant(lab: &Lab) {
    let email = "canarina.leck@leak.example";
    let ghl = json!({"firstName": "Canarina", "lastName": "Vogelsang-Leck", "email": email, "phone": "+12025550199"});
    let growbots = json!({"first_name": "Canarina", "last_name": "Vogelsang-Leck", "email": email, "phone": "+12025550199"});
    lab.add("ghl", "contact", &ghl);
    lab.add("growbots", "contact", &growbots);
}

#[test]
fn no_name_address_or_number_reaches_log_metric_or_alert_whatever_goes_wrong() {
    let lab = Lab::quick(5, 41);
    plant(&lab);
    let notices = lab.data().join("notices");
    let config = format!(
        "{}[alerts]\ncommand = \"tee -a {}\"\nsettle_seconds = 1\n[alerts.rules]\n\"error:ghl\" = \"over 0\"\n\"error:growbots\" = \"over 0\"\nconflicts = \"over 0\"\n",
        settings(&lab).replace("3600", "2"),
        notices.display()
    );
    std::fs::create_dir_all(lab.data().join("couplet")).expect("a folder");
    std::fs::write(lab.data().join("couplet/config.toml"), config).expect("a file");
    let mut command = lab.command(&["serve", "--listen", "127.0.0.1:0", "--start"]);
    command.env("COUPLET_LOG", "trace").env(
        "COUPLET_GROWBOTS_WEBHOOK_SECRET",
        lab.hello("growbots_webhook_secret"),
    );
    command.stdout(Stdio::null());
    let mut service = Service::of(command);
    let mut seen = String::new();
    until("it is ready", || {
        lab.get(&format!("{}/readyz", service.url)).0 == 200
    });
    hooks(&lab, &service, false);
    let (id, twin) = {
        let id = |side: &str| {
            let records = lab.records(side, "contact");
            let found = records
                .iter()
                .find(|(_, raw)| raw.to_string().contains("Canarina"));
            found.expect("planted").0.clone()
        };
        (id("ghl"), id("growbots"))
    };
    // both change the same field apart, while every kind of answer fails now and then
    lab.faults(&json!({
        "ghl": {"http_500": 0.3, "malformed_json": 0.2, "truncate_body": 0.2, "http_429": 0.2},
        "growbots": {"http_500": 0.3, "malformed_json": 0.2, "truncate_body": 0.2, "drop_response": 0.2},
    }));
    lab.edit(
        "ghl",
        "contact",
        &id,
        &json!({"lastName": "Vogelsang-Leck-One"}),
    );
    lab.edit(
        "growbots",
        "contact",
        &twin,
        &json!({"last_name": "Vogelsang-Leck-Two"}),
    );
    lab.add("ghl", "task", &json!({"contactId": id, "title": "Canary task for a leak", "dueDate": "2026-12-01T10:00:00Z", "completed": false}));
    until("errors stand in the list", || {
        lab.run(&["errors", "list", "--json"]).json() != json!([])
    });
    lab.faults(&json!({}));
    lab.edit(
        "ghl",
        "contact",
        &id,
        &json!({"lastName": "Vogelsang-Leck-Three"}),
    );
    until("the conflict is open", || {
        lab.run(&["status", "--json"]).json()["conflicts_open"] != json!(0)
    });
    until("somebody was told", || notices.exists());
    seen += &lab.get(&format!("{}/metrics", service.url)).1;
    seen += &lab.get(&format!("{}/readyz", service.url)).1;
    assert!(service.stop().success());
    seen += &service.rest().collect::<Vec<_>>().join("\n");
    seen += &std::fs::read_to_string(&notices).expect("notices");
    assert!(
        seen.contains("couplet_conflicts_open") && seen.contains("INFO"),
        "nothing was looked at"
    );
    for canary in CANARIES {
        let at = seen.find(canary);
        let around = at.map(|at| &seen[at.saturating_sub(300)..(at + 100).min(seen.len())]);
        assert!(around.is_none(), "{canary}: {around:?}");
    }

    // the modes of docs/operating.md
    let mode = |path: &std::path::Path| {
        std::fs::metadata(path).expect("there").permissions().mode() & 0o777
    };
    let entries = std::fs::read_dir(lab.data()).expect("a folder").flatten();
    let ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("default."));
    let files: Vec<_> = ours.map(|entry| entry.path()).collect();
    assert!(files.len() >= 2, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}
