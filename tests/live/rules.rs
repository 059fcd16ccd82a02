//! The default automation rules over HTTP: an edit in GHL, a pass, a look at the tasks of Growbots.

use std::process::Stdio;

use serde_json::{Value, json};

use super::lab::Lab;
use super::serve::{self, Service};

/// A lab with the default rules on, after its first full reading.
fn lab() -> (Lab, String) {
    lab_with("[rules]\ndefaults = true\n")
}

/// The same with these settings.
fn lab_with(settings: &str) -> (Lab, String) {
    let lab = Lab::quick(30, 3);
    let path = lab.data().join("rules.toml");
    std::fs::write(&path, settings).expect("it can be written");
    let config = path.display().to_string();
    // What is made in the very moment in which this has ended is new.
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
    for rule in couplet::model::default_rules() {
        let rule = &*rule.name;
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

/// Runs a pass and kills it with SIGKILL when the sandbox has what a rule does, whether or not the answer has arrived;
/// then passes in peace.
fn killed(lab: &Lab, config: &str, is_done: &dyn Fn() -> bool) {
    lab.faults(&json!({"ghl": {"latency_ms": 15}, "growbots": {"latency_ms": 15}}));
    let mut sync = lab
        .command(&["sync", "--once", "--full", "--children", "--config", config])
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts");
    while !is_done() && sync.try_wait().expect("a child").is_none() {}
    sync.kill().expect("SIGKILL");
    sync.wait().expect("a child");
    lab.faults(&json!({"ghl": {}, "growbots": {}}));
    for _ in 0..3 {
        lab.pass(&["--config", config, "--full", "--children"]);
    }
}

/// How often couplet wrote a field of a record of Growbots.
fn writes(lab: &Lab, kind: &str, id: &str, field: &str) -> usize {
    let all = lab.events().into_iter().filter(|event| {
        let fields = event["fields"].as_array().expect("fields");
        event["side"] == "growbots"
            && event["actor"] == "api"
            && event["kind"] == kind
            && event["id"] == id
            && fields.iter().any(|change| change["field"] == field)
    });
    all.count()
}

/// The record of GHL with this name or title.
fn named(lab: &Lab, kind: &str, key: &str, name: &str) -> String {
    let all = lab.records("ghl", kind).into_iter();
    let mut all = all.filter(|(_, raw)| raw[key] == name);
    all.next().expect("it is there").0
}

#[test]
fn killed_once_it_has_acted_no_rule_acts_twice() {
    let (lab, config) = lab();
    let person = lab.in_step(0);
    let once = |rule: &str| assert_eq!(fired(&lab, &config, rule), 1, "{rule}");

    let new = json!({"firstName": "Ida", "email": "ida@example.com"});
    lab.add("ghl", "contact", &new);
    killed(&lab, &config, &|| {
        !made(&lab, "new-contact-follow-up").is_empty()
    });
    only(&lab, "new-contact-follow-up");
    once("new-contact-follow-up");

    let body = json!({
        "contactId": person["ghl_id"], "title": "Demo call", "appointmentStatus": "confirmed",
        "startTime": "2031-03-04T10:00:00.000Z", "endTime": "2031-03-04T10:30:00.000Z",
    });
    lab.add("ghl", "appointment", &body);
    killed(&lab, &config, &|| {
        !made(&lab, "appointment-task").is_empty()
    });
    let task = only(&lab, "appointment-task");
    once("appointment-task");

    let appointment = named(&lab, "appointment", "title", "Demo call");
    let moved =
        json!({"startTime": "2031-03-05T11:00:00.000Z", "endTime": "2031-03-05T11:30:00.000Z"});
    lab.edit("ghl", "appointment", &appointment, &moved);
    killed(&lab, &config, &|| {
        only(&lab, "appointment-task")["due_at"] != task["due_at"]
    });
    let task = only(&lab, "appointment-task");
    assert_eq!(task["due_at"], "2031-03-05T11:00:00.000Z");
    let id = task["id"].as_str().expect("an id");
    assert_eq!(writes(&lab, "task", id, "due_at"), 2, "made, then moved");
    once("appointment-moved");

    let missed = json!({"appointmentStatus": "noshow"});
    lab.edit("ghl", "appointment", &appointment, &missed);
    killed(&lab, &config, &|| {
        !made(&lab, "appointment-done").is_empty()
    });
    only(&lab, "appointment-done");
    let task = only(&lab, "appointment-task");
    assert_eq!(task["completed"], true, "{task}");
    assert_eq!(
        writes(&lab, "task", id, "completed"),
        2,
        "made open, then done"
    );
    once("appointment-done");

    lab.add("ghl", "business", &json!({"name": "Brand New Works"}));
    let business = named(&lab, "business", "name", "Brand New Works");
    let ghl = person["ghl_id"].as_str().expect("linked");
    lab.edit("ghl", "contact", ghl, &json!({"businessId": business}));
    let companies = || {
        let all = lab.records("growbots", "business").into_values();
        all.filter(|raw| raw["name"] == "Brand New Works").count()
    };
    killed(&lab, &config, &|| companies() > 0);
    assert_eq!(companies(), 1);
    let lead = person["growbots_id"].as_str().expect("linked");
    assert_eq!(writes(&lab, "contact", lead, "company_id"), 1);
    once("business-fill");
}

#[test]
fn a_missed_call_told_by_a_webhook_twice_makes_one_task() {
    let (lab, config) = lab();
    let person = lab.in_step(0);
    let settings = serve::settings(&lab) + "[rules]\ndefaults = true\n";
    let service = Service::start(&lab, &settings);
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
    // SIGKILL, and the vendor tells it again.
    drop(service);
    let mut service = Service::start(&lab, &settings);
    serve::hooks(&lab, &service, false);
    let (status, text) = lab.call("POST", "/webhooks/emit", Some(&call));
    assert!(status < 300, "{status} {text}");
    serve::until("it was delivered", || {
        serve::delivered(&lab, &service, "ghl", "stored") > 0
            || serve::delivered(&lab, &service, "ghl", "repeated") > 0
    });
    assert!(service.stop().success());
    for _ in 0..2 {
        lab.pass(&["--config", &config]);
    }
    let task = only(&lab, "call-task");
    assert_eq!(task["kind"], "call", "{task}");
    assert_eq!(fired(&lab, &config, "call-task"), 1);
}

const OWN: &str = r#"
[rules]
per_hour = 3

[map.contact.title]
ghl = "custom.job_title"

[[rules.rule]]
name = "welcome"
when = "contact_created"
filter = "tag:vip OR tag:gold"
then = [
    { create_task = "Welcome {name}", kind = "call", due = "2 working days" },
    { add_tag = "welcomed" },
    { set_field = "title", value = "Guest", if = "tag:gold" },
]

[[rules.rule]]
name = "impossible"
when = "contact_created"
filter = "tag:impossible"
then = { set_field = "custom.nowhere", value = "x" }
"#;

fn rule_errors(lab: &Lab) -> Vec<String> {
    let all = lab.run(&["errors", "list", "--json"]).ended(&[0]).json();
    let rows = all.as_array().expect("rows").iter();
    let of_rules = rows.filter(|row| row["operation"] == "rule");
    of_rules
        .map(|row| row["message"].as_str().expect("a text").to_owned())
        .collect()
}

#[test]
fn a_rule_of_ones_own_acts_within_its_budget_and_says_where_it_cannot() {
    let (lab, config) = lab_with(OWN);
    let new = |nth: usize, tag: &str| {
        let body = json!({"firstName": "New", "lastName": format!("No{nth}"),
            "email": format!("new{nth}@example.com"), "tags": [tag]});
        lab.add("ghl", "contact", &body);
    };
    for (nth, tag) in ["gold", "vip", "other", "impossible", "vip", "vip", "vip"]
        .into_iter()
        .enumerate()
    {
        new(nth, tag);
    }
    for _ in 0..4 {
        lab.pass(&["--config", &config]);
    }
    let tasks = made(&lab, "welcome");
    assert_eq!(tasks.len(), 3, "three an hour: {tasks:?}");
    assert!(tasks.iter().all(|task| task["kind"] == "call"), "{tasks:?}");
    let titles: Vec<_> = tasks.iter().map(|task| task["title"].as_str()).collect();
    assert!(titles.contains(&Some("Welcome New No0")), "{titles:?}");
    for side in ["ghl", "growbots"] {
        let all = lab.records(side, "contact").into_values();
        let tagged = all.filter(|raw| raw["tags"].to_string().contains("welcomed"));
        assert_eq!(tagged.count(), 3, "{side}");
    }
    let guests = lab.records("growbots", "contact").into_values();
    let guests = guests.filter(|raw| raw["title"] == "Guest");
    assert_eq!(guests.count(), 1, "the step with an `if`");
    let listed = ["rules", "list", "--json", "--config", &config];
    let listed = lab.run(&[&listed[..], &["--filter", "name:welcome"]].concat());
    let listed = listed.ended(&[0]).json();
    let row = &listed[0];
    assert_eq!(
        (&row["fired"], &row["held"], &row["on"]),
        (&json!(3), &json!(2), &json!(true)),
        "{listed}"
    );
    let origin = row["origin"].as_str().expect("a text");
    assert!(origin.contains("rules.toml line 8"), "{origin}");
    let errors = rule_errors(&lab);
    for say in ["acted 3 times within an hour", "`custom.nowhere`"] {
        assert!(
            errors.iter().any(|it| it.contains(say)),
            "{say}: {errors:?}"
        );
    }
    // The default rules are off, and what a rule wrote fired none.
    assert!(made(&lab, "new-contact-follow-up").is_empty());
}

#[test]
fn a_rule_can_be_tried_on_a_record_and_writes_nothing() {
    let (lab, config) = lab_with(OWN);
    let person = lab.in_step(0);
    let ghl = person["ghl_id"].as_str().expect("linked");
    let before = lab.events().len();
    let test = |rule: &str| {
        let args = ["rules", "test", rule, ghl, "--config", &config, "--json"];
        lab.run(&args).ended(&[0]).json()
    };
    let would_not = &test("welcome")[0];
    assert_eq!(would_not["acts"], false, "{would_not}");
    lab.edit(
        "ghl",
        "contact",
        ghl,
        &json!({"tags": ["vip"], "firstName": "Ida", "lastName": "Ost"}),
    );
    lab.pass(&["--config", &config]);
    let edited = lab.events().len();
    let would = &test("welcome")[0];
    assert_eq!(would["acts"], true, "{would}");
    let does = would["steps"][0]["does"].as_str().expect("words");
    assert!(
        does.starts_with("makes the task \"Welcome Ida Ost\", due "),
        "{does}"
    );
    assert_eq!(would["steps"][1]["does"], "adds the tag `welcomed`");
    assert_eq!(would["steps"][2]["holds"], false);
    assert_eq!(test("all").as_array().map(Vec::len), Some(8));
    assert!(
        before < edited && edited == lab.events().len(),
        "a test writes nothing"
    );
    let none = lab.run(&["rules", "test", "welcom", ghl, "--config", &config]);
    assert!(none.ended(&[1]).err.contains("no rule `welcom`"));
}

#[test]
fn a_rule_that_is_wrong_is_named_with_line_and_way_out() {
    let lab = Lab::quick(2, 1);
    let path = lab.data().join("rules.toml");
    let config = path.display().to_string();
    for (text, parts) in [
        (
            "[[rules.rule]]\nname = \"a\"\nwhen = \"contact_made\"\n",
            [
                "rules.toml line 3",
                "`a`",
                "did you mean `contact_created`?",
            ],
        ),
        (
            "[[rules.rule]]\nname = \"a\"\nwhen = \"call\"\nthen = [\n{ add_tga = \"x\" }]\n",
            [
                "rules.toml line 5",
                "no setting `add_tga`",
                "did you mean `add_tag`?",
            ],
        ),
        (
            "[rules]\nrule = 3\n",
            [
                "rules.toml line 2",
                "cannot be of type `integer`",
                "[[rules.rule]]",
            ],
        ),
    ] {
        std::fs::write(&path, text).expect("it can be written");
        let ran = lab
            .run(&["config", "check", "--config", &config])
            .ended(&[2]);
        for part in parts {
            assert!(ran.err.contains(part), "{part}: {}", ran.err);
        }
    }
}
