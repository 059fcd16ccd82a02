//! Which change fires which event: facts of GHL, section e, S27 and S28; of Growbots, section 6.

use super::{
    webhooks::{answered, header, types},
    *,
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use ring::signature;

#[tokio::test]
async fn s27_a_change_is_sent_sparse_and_signed_on_its_raw_body() {
    let bench = Bench::new(settings(0));
    bench.listen("ghl", json!({})).await;
    let id = bench
        .new_contact(json!({"firstName": "Ann", "city": "Oslo"}))
        .await;
    let sent = bench.carry(answered(200));
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].url, "http://receiver.example/ghl");
    assert!(bench.ghl_verifies(&sent[0]));
    let body: Value = serde_json::from_slice(&sent[0].body).unwrap();
    assert_eq!(
        (
            &body["type"],
            &body["id"],
            &body["locationId"],
            &body["city"]
        ),
        (
            &json!("ContactCreate"),
            &json!(id),
            &json!(bench.location()),
            &json!("Oslo")
        )
    );
    assert_eq!(body["webhookId"], sent[0].id);
    assert_eq!(body["timestamp"], START.to_string());
    for absent in ["lastName", "dateUpdated", "emailLowerCase"] {
        assert!(body.get(absent).is_none(), "{absent}");
    }
    for (which, ghl, wh) in [
        ("both", true, true),
        ("rsa", false, true),
        ("none", false, false),
    ] {
        let setting = json!({"ghl.webhook_signatures": which});
        bench.control("PUT", "/settings", setting).await;
        bench.new_contact(json!({"firstName": which})).await;
        let sent = bench.carry(answered(200)).remove(0);
        assert_eq!(bench.ghl_verifies(&sent), ghl, "{which}");
        let given = header(&sent, "x-wh-signature");
        assert_eq!(given.is_some(), wh, "{which}");
        if let Some(given) = given {
            let pem = bench.hello["ghl_webhook_rsa_key"].as_str().unwrap();
            let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
            // what stands before the key itself in an SPKI of 2048 bits
            let key = &BASE64.decode(der).unwrap()[24..];
            let key =
                signature::UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, key);
            key.verify(&sent.body, &BASE64.decode(given).unwrap())
                .unwrap();
        }
    }
}

#[tokio::test]
async fn s28_what_is_new_fires_with_what_little_ghl_tells_of_it() {
    let bench = Bench::new(settings(0));
    let id = bench.new_contact(json!({"firstName": "Ann"})).await;
    bench.listen("ghl", json!({})).await;
    let task = json!({"title": "Call", "body": "b", "dueDate": "2026-07-01T10:00:00Z", "completed": false});
    let made = bench
        .ghl("POST", &format!("/contacts/{id}/tasks"), task)
        .await;
    assert_eq!(made.status, 201);
    let sent = bench.carry_bodies();
    assert_eq!(
        (types(&sent), &sent[0]["title"]),
        (vec!["TaskCreate"], &json!("Call"))
    );
    assert!(sent[0].get("contactId").is_none() && sent[0].get("body").is_none());
    let whole = json!({"ghl.task_create_is_sparse": false});
    bench.control("PUT", "/settings", whole).await;
    let task = json!({"title": "Call", "body": "b", "dueDate": "2026-07-01T10:00:00Z", "completed": false});
    bench
        .ghl("POST", &format!("/contacts/{id}/tasks"), task)
        .await;
    let sent = bench.carry_bodies();
    assert_eq!(
        (&sent[0]["contactId"], &sent[0]["body"]),
        (&json!(id), &json!("b"))
    );
    let note = json!({"body": "Hi", "title": "T"});
    let made = bench
        .ghl("POST", &format!("/contacts/{id}/notes"), note)
        .await;
    assert_eq!(made.status, 201);
    let sent = bench.carry_bodies();
    assert_eq!(types(&sent), ["NoteCreate"]);
    assert!(sent[0].get("title").is_none(), "four fields only");
    let appointment =
        json!({"contactId": id, "title": "Intro", "startTime": "2026-07-01 10:00:00"});
    let made = bench
        .control("POST", "/records/ghl/appointment", appointment)
        .await;
    assert_eq!(made.status, 201);
    let sent = bench.carry_bodies();
    assert_eq!(types(&sent), ["AppointmentCreate"]);
    assert_eq!(
        sent[0]["appointment"]["startTime"],
        "2026-07-01T10:00:00-04:00"
    );
}

#[tokio::test]
async fn s28_each_change_fires_what_ghl_fires_for_it() {
    let bench = Bench::new(settings(0));
    let id = bench.new_contact(json!({"firstName": "Ann"})).await;
    let new = async |kind: &str, mut body: Value| {
        body["contactId"] = json!(id);
        let made = bench
            .control("POST", &format!("/records/ghl/{kind}"), body)
            .await;
        made.body["id"].as_str().unwrap().to_owned()
    };
    let task = new(
        "task",
        json!({"title": "Call", "dueDate": "2026-07-01T10:00:00Z"}),
    )
    .await;
    let note = new("note", json!({"body": "Hi"})).await;
    let appointment = new("appointment", json!({"title": "Intro"})).await;
    bench.listen("ghl", json!({})).await;
    for (kind, what, patch, fired) in [
        (
            "contact",
            &id,
            json!({"city": "Oslo"}),
            vec!["ContactUpdate"],
        ),
        (
            "contact",
            &id,
            json!({"tags": ["a"]}),
            vec!["ContactTagUpdate"],
        ),
        (
            "contact",
            &id,
            json!({"dnd": true}),
            vec!["ContactDndUpdate"],
        ),
        (
            "contact",
            &id,
            json!({"inboundDndSettings": {"all": {"status": "active"}}}),
            vec![],
        ),
        (
            "contact",
            &id,
            json!({"city": "Bergen", "tags": []}),
            vec!["ContactUpdate", "ContactTagUpdate"],
        ),
        ("contact", &id, json!({"city": "Bergen"}), vec![]),
        ("task", &task, json!({"title": "Call again"}), vec![]),
        (
            "task",
            &task,
            json!({"completed": true}),
            vec!["TaskComplete"],
        ),
        ("task", &task, json!({"completed": false}), vec![]),
        ("note", &note, json!({"body": "Ho"}), vec!["NoteUpdate"]),
        (
            "appointment",
            &appointment,
            json!({"title": "Demo"}),
            vec!["AppointmentUpdate"],
        ),
    ] {
        let path = format!("/records/ghl/{kind}/{what}");
        let got = bench.control("PATCH", &path, patch.clone()).await;
        assert_eq!(got.status, 200, "{}", got.body);
        assert_eq!(types(&bench.carry_bodies()), fired, "{kind} {patch}");
    }
    bench
        .control("POST", "/records/ghl/business", json!({"name": "Kestrel"}))
        .await;
    assert!(bench.carry_bodies().is_empty(), "businesses fire nothing");
    bench
        .ghl(
            "DELETE",
            &format!("/contacts/{id}/tasks/{task}"),
            Value::Null,
        )
        .await;
    bench
        .ghl("DELETE", &format!("/contacts/{id}"), Value::Null)
        .await;
    let sent = bench.carry_bodies();
    let gone = [
        "TaskDelete",
        "NoteDelete",
        "AppointmentDelete",
        "ContactDelete",
    ];
    assert_eq!(types(&sent), gone);
    assert_eq!(sent[3]["firstName"], "Ann");
}

#[tokio::test]
async fn a_merge_in_the_web_app_is_a_delete_of_one_and_an_update_of_the_other() {
    let bench = Bench::new(settings(0));
    let keep = bench.new_contact(json!({"firstName": "Ann"})).await;
    let lose = bench.new_contact(json!({"email": "ann@example.com"})).await;
    let note = json!({"contactId": lose, "body": "x"});
    bench.control("POST", "/records/ghl/note", note).await;
    bench.listen("ghl", json!({})).await;
    let path = format!("/records/ghl/contact/{lose}/merge");
    bench.control("POST", &path, json!({"into": keep})).await;
    let sent = bench.carry_bodies();
    assert_eq!(types(&sent), ["ContactDelete", "ContactUpdate"]);
    assert_eq!(
        (&sent[0]["id"], &sent[1]["id"]),
        (&json!(lose), &json!(keep))
    );
}

#[tokio::test]
async fn growbots_says_what_changed_and_in_which_version() {
    let bench = Bench::new(settings(0));
    let id = bench.new_lead(json!({"first_name": "Ann"})).await;
    let task = json!({"lead_id": id, "title": "Call"});
    let task = bench.control("POST", "/records/growbots/task", task).await;
    let task = task.body["id"].as_str().unwrap().to_owned();
    bench.listen("growbots", json!({})).await;
    let by_user = async |method, path: &str, body| {
        bench
            .control(method, &format!("/records/growbots/{path}"), body)
            .await;
        bench.carry_bodies()
    };
    let sent = by_user("PATCH", &format!("task/{task}"), json!({"completed": true})).await;
    assert_eq!(types(&sent), ["task.updated", "task.completed"]);
    assert_eq!(
        sent[1]["data"]["record"]["completed"], true,
        "the whole record"
    );
    assert_eq!(
        (
            &sent[1]["data"]["version"],
            &sent[1]["data"]["changed"],
            &sent[1]["data"]["kind"]
        ),
        (&json!(2), &json!(["completed"]), &json!("tasks"))
    );
    let sent = by_user(
        "PATCH",
        &format!("task/{task}"),
        json!({"completed": false}),
    )
    .await;
    assert_eq!(types(&sent), ["task.updated", "task.reopened"]);
    let sent = by_user(
        "PATCH",
        &format!("contact/{id}"),
        json!({"status": "replied"}),
    )
    .await;
    assert_eq!(types(&sent), ["lead.updated", "lead.replied"]);
    let sent = by_user("DELETE", &format!("contact/{id}"), Value::Null).await;
    assert_eq!(types(&sent), ["task.deleted", "lead.deleted"]);
    assert!(sent[1]["data"]["record"]["deleted_at"].is_string());
    bench
        .growbots(
            "POST",
            &format!("/leads/{id}/restore"),
            &[("idempotency-key", "r")],
            Value::Null,
        )
        .await;
    assert_eq!(types(&bench.carry_bodies()), ["lead.restored"]);
    let other = bench.new_lead(json!({"first_name": "Bo"})).await;
    bench.carry_bodies();
    let sent = by_user(
        "POST",
        &format!("contact/{other}/merge"),
        json!({"into": id}),
    )
    .await;
    assert_eq!(types(&sent)[0], "lead.merged");
    assert_eq!(sent[0]["data"]["record"]["merged_into"], json!(id));
}
