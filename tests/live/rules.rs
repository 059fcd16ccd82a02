//! The default automation rules over HTTP: an edit in GHL, a pass, a look at the tasks of Growbots.

use std::process::Stdio;

use serde_json::{Value, json};

use super::lab::Lab;
use super::serve::{self, Service};

/// A lab with the default rules on, after its first full reading.
fn lab() -> (Lab, String) {
    let lab = Lab::quick(30, 3);
    let path = lab.data().join("rules.toml");
    std::fs::write(&path, "[rules]\ndefaults = true\n").expect("it can be written");
    let config = path.display().to_string();
    lab.pass(&["--config", &config]);
    lab.pass(&["--config", &config]);
    (lab, config)
}

/// Live tasks of Growbots that a rule made.
fn made(lab: &Lab, rule: &str) -> Vec<Value> {
    let all = lab.records("growbots", "task").into_values();
    all.filter(|raw| {
        let key = raw["external_ids"]["rule"].as_str().unwrap_or("");
        key.starts_with(&format!("{rule}:"))
    })
    .collect()
}

fn only(lab: &Lab, rule: &str) -> Value {
    let tasks = made(lab, rule);
    assert_eq!(tasks.len(), 1, "{rule}: {tasks:?}");
    tasks[0].clone()
}

fn fired(lab: &Lab, config: &str, rule: &str) -> Value {
    let rules = lab.run(&["rules", "list", "--json", "--config", config]);
    let rules = rules.ended(&[0]).json();
    let mut rows = rules.as_array().expect("an array").iter();
    let row = rows.find(|row| row["name"] == rule).expect("it is listed");
    assert_eq!(row["on"], true, "{row}");
    row["fired"].clone()
}

#[test]
fn the_first_reading_fires_no_rule_and_a_new_contact_gets_one_follow_up() {
    let (lab, config) = lab();
    for rule in ["new-contact-follow-up", "appointment-task", "business-fill"] {
        assert!(made(&lab, rule).is_empty(), "{rule}");
        assert_eq!(fired(&lab, &config, rule), 0, "{rule}");
    }
    let new = |email: &str, dnd: bool| json!({"firstName": "Ida", "lastName": "Ost", "email": email, "dnd": dnd});
    lab.add("ghl", "contact", &new("ida@example.com", false));
    lab.add("ghl", "contact", &new("no@example.com", true));
    // Made by couplet itself in GHL: nobody's new contact there.
    lab.add(
        "growbots",
        "contact",
        &json!({"first_name": "Bo", "email": "bo@example.com"}),
    );
    for _ in 0..3 {
        lab.pass(&["--config", &config]);
    }
    let task = only(&lab, "new-contact-follow-up");
    assert_eq!(task["title"], "Follow up with Ida Ost");
    assert_eq!(task["kind"], "follow_up");
    assert_eq!(fired(&lab, &config, "new-contact-follow-up"), 1);
    let on_ghl = lab.records("ghl", "task").into_values();
    let on_ghl = on_ghl.filter(|raw| raw["title"] == task["title"]).count();
    assert_eq!(on_ghl, 1, "it is an ordinary task");
    let log = lab
        .run(&["log", "list", "--json", "--config", &config])
        .ended(&[0])
        .json();
    let causes = log.as_array().expect("an array").iter();
    let of_rule = causes.filter(|line| line["cause"] == "rule new-contact-follow-up");
    assert_eq!(of_rule.count(), 1, "{log}");
}

#[test]
fn the_task_of_an_appointment_moves_with_it_and_ends_with_it() {
    let (lab, config) = lab();
    let pass = || lab.pass(&["--config", &config, "--full", "--children"]);
    let person = lab.in_step(0);
    let body = json!({
        "contactId": person["ghl_id"], "title": "Demo call",
        "startTime": "2031-03-04T10:00:00.000Z", "endTime": "2031-03-04T10:30:00.000Z",
        "appointmentStatus": "confirmed",
    });
    lab.add("ghl", "appointment", &body);
    pass();
    pass();
    let task = only(&lab, "appointment-task");
    assert_eq!(task["title"], "Prepare: Demo call");
    assert_eq!(task["kind"], "meeting");
    assert_eq!(task["due_at"], "2031-03-04T10:00:00.000Z");
    let all = lab.records("ghl", "appointment");
    let (id, _) = all
        .iter()
        .find(|(_, raw)| raw["title"] == "Demo call")
        .expect("it is there");
    let moved =
        json!({"startTime": "2031-03-05T11:00:00.000Z", "endTime": "2031-03-05T11:30:00.000Z"});
    lab.edit("ghl", "appointment", id, &moved);
    pass();
    pass();
    let task = only(&lab, "appointment-task");
    assert_eq!(task["due_at"], "2031-03-05T11:00:00.000Z", "{task}");
    lab.edit(
        "ghl",
        "appointment",
        id,
        &json!({"appointmentStatus": "noshow"}),
    );
    pass();
    pass();
    assert_eq!(only(&lab, "appointment-task")["completed"], true);
    let title = only(&lab, "appointment-done")["title"].clone();
    assert!(
        title.as_str().is_some_and(|it| it.starts_with("Rebook ")),
        "{title}"
    );
}

#[test]
fn a_contact_put_into_a_new_business_gets_its_company_in_the_same_pass() {
    let (lab, config) = lab();
    let person = lab.in_step(0);
    let ghl = person["ghl_id"].as_str().expect("linked").to_owned();
    lab.add("ghl", "business", &json!({"name": "Brand New Works"}));
    let all = lab.records("ghl", "business");
    let (business, _) = all
        .iter()
        .find(|(_, raw)| raw["name"] == "Brand New Works")
        .expect("it is there");
    lab.edit("ghl", "contact", &ghl, &json!({"businessId": business}));
    lab.pass(&["--config", &config]);
    let companies = lab.records("growbots", "business");
    let (company, _) = companies
        .iter()
        .find(|(_, raw)| raw["name"] == "Brand New Works")
        .expect("the company was made");
    let lead = person["growbots_id"].as_str().expect("linked");
    let lead = lab.records("growbots", "contact")[lead].clone();
    assert_eq!(lead["company_id"], **company);
    assert_eq!(fired(&lab, &config, "business-fill"), 1);
}

#[test]
fn killed_once_the_task_is_made_a_rule_makes_no_second_one() {
    let (lab, config) = lab();
    let new = json!({"firstName": "Ida", "email": "ida@example.com"});
    lab.add("ghl", "contact", &new);
    lab.faults(&json!({"ghl": {"latency_ms": 15}, "growbots": {"latency_ms": 15}}));
    let mut sync = lab
        .command(&["sync", "--once", "--config", &config])
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts");
    // The blow falls when the sandbox has the task, whether or not the answer has arrived.
    while made(&lab, "new-contact-follow-up").is_empty()
        && sync.try_wait().expect("a child").is_none()
    {}
    sync.kill().expect("SIGKILL");
    sync.wait().expect("a child");
    lab.faults(&json!({"ghl": {}, "growbots": {}}));
    for _ in 0..3 {
        lab.pass(&["--config", &config]);
    }
    only(&lab, "new-contact-follow-up");
    assert_eq!(fired(&lab, &config, "new-contact-follow-up"), 1);
}

#[test]
fn a_missed_call_told_by_a_webhook_twice_makes_one_task() {
    let (lab, config) = lab();
    let person = lab.in_step(0);
    let settings = serve::settings(&lab) + "[rules]\ndefaults = true\n";
    let mut service = Service::start(&lab, &settings);
    serve::hooks(&lab, &service, false);
    let call = json!({"side": "ghl", "body": {
        "type": "InboundMessage", "messageType": "CALL", "direction": "inbound", "callStatus": "no-answer",
        "status": "no-answer", "contactId": person["ghl_id"], "webhookId": "wh-call-1",
    }});
    for _ in 0..2 {
        let (status, text) = lab.call("POST", "/webhooks/emit", Some(&call));
        assert!(status < 300, "{status} {text}");
    }
    serve::until("the task of the call", || {
        !made(&lab, "call-task").is_empty()
    });
    assert!(service.stop().success());
    for _ in 0..2 {
        lab.pass(&["--config", &config]);
    }
    let task = only(&lab, "call-task");
    assert_eq!(task["kind"], "call", "{task}");
    assert_eq!(fired(&lab, &config, "call-task"), 1);
}
