use super::*;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

/// Sends one request over a socket; gives all bytes until the connection closes.
async fn over_a_socket(bench: &Bench, method: &str, path: &str, body: &str) -> Vec<u8> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let sandbox = bench.sandbox.clone();
    let server = tokio::spawn(async move {
        sandbox
            .serve(listener, async { drop(stopped.await) })
            .await
            .unwrap();
    });
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let token = bench.hello["ghl_token"].as_str().unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nversion: 2021-07-28\r\ncontent-length: {}\r\n\r\n{body}",
        body.len(),
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut got = Vec::new();
    // a reset instead of an orderly end is no answer either
    let _ = stream.read_to_end(&mut got).await;
    let _ = stop.send(());
    server.await.unwrap();
    got
}

#[tokio::test]
async fn a_dropped_answer_is_applied_and_not_a_byte_of_it_is_sent() {
    let bench = Bench::new(settings(0));
    for (fault, made) in [("drop_response", 1), ("reset", 0)] {
        bench.control("POST", "/reset", Value::Null).await;
        bench
            .control("PUT", "/faults", json!({"ghl": {fault: 1.0}}))
            .await;
        let body = json!({"locationId": bench.location(), "firstName": "Ann"}).to_string();
        let got = over_a_socket(&bench, "POST", "/ghl/contacts/", &body).await;
        assert_eq!(String::from_utf8_lossy(&got), "", "{fault}");
        let state = bench.control("GET", "/state", Value::Null).await.body;
        assert_eq!(state["ghl"]["contact"], made, "{fault}");
    }
}

#[tokio::test]
async fn a_truncated_body_ends_in_the_middle_of_the_connection() {
    let bench = Bench::new(settings(0));
    let id = bench.new_contact(json!({"firstName": "Ann"})).await;
    bench
        .control("PUT", "/faults", json!({"ghl": {"truncate_body": 1.0}}))
        .await;
    let got = over_a_socket(&bench, "GET", &format!("/ghl/contacts/{id}"), "").await;
    let text = String::from_utf8_lossy(&got);
    assert!(text.starts_with("HTTP/1.1 200 OK"), "{text}");
    assert!(text.contains(&id) && !text.contains("traceId"), "{text}");
}

#[tokio::test]
async fn a_caller_in_this_process_can_tell_that_there_was_no_answer() {
    let bench = Bench::new(settings(0));
    for (fault, applied) in [("drop_response", true), ("reset", false)] {
        bench
            .control("PUT", "/faults", json!({"growbots": {fault: 1.0}}))
            .await;
        let got = bench.growbots("GET", "/account", &[], Value::Null).await;
        assert_eq!(got.severed, Some(Severed { applied }));
        assert_eq!(got.text, "");
    }
    let counted = bench.control("GET", "/requests", Value::Null).await.body;
    assert_eq!(
        counted["growbots"]["by_operation"],
        json!({"GET /account": {"dropped": 1, "reset": 1}})
    );
}

#[tokio::test]
async fn answers_can_be_errors_nonsense_or_empty() {
    let bench = Bench::new(settings(20));
    for (fault, status, is_json) in [
        ("http_500", 500, false),
        ("http_429", 429, true),
        ("malformed_json", 200, false),
        ("empty_page", 200, true),
    ] {
        bench
            .control("PUT", "/faults", json!({"ghl": {fault: 1.0}}))
            .await;
        let got = bench.search(json!({})).await;
        assert_eq!(
            (got.status, !got.body.is_null()),
            (status, is_json),
            "{fault}"
        );
        if fault == "empty_page" {
            assert_eq!(
                (&got.body["contacts"], &got.body["total"]),
                (&json!([]), &json!(18))
            );
        }
    }
    bench
        .control(
            "PUT",
            "/faults",
            json!({"growbots": {"empty_page": 1.0, "next": 1}}),
        )
        .await;
    let page = bench
        .growbots("GET", "/changes?limit=5", &[], Value::Null)
        .await;
    assert_eq!(
        (&page.body["data"], &page.body["page"]["has_more"]),
        (&json!([]), &json!(true))
    );
    let url = format!(
        "/changes?limit=5&cursor={}",
        page.body["page"]["next_cursor"].as_str().unwrap()
    );
    assert_eq!(
        bench.growbots("GET", &url, &[], Value::Null).await.body["data"][0]["seq"],
        1
    );
    assert_eq!(
        bench
            .control("PUT", "/faults", json!({"ghl": {"explode": 1}}))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn someone_else_edits_just_before_a_write() {
    let bench = Bench::new(settings(0));
    let id = bench.new_contact(json!({"firstName": "Ann"})).await;
    let lead = bench.new_lead(json!({"first_name": "Ann"})).await;
    bench
        .control(
            "PUT",
            "/faults",
            json!({"ghl": {"edit_before_write": 1.0}, "growbots": {"edit_before_write": 1.0}}),
        )
        .await;
    bench
        .ghl("PUT", &format!("/contacts/{id}"), json!({"state": "CO"}))
        .await;
    let stale = bench
        .growbots(
            "PATCH",
            &format!("/leads/{lead}"),
            &[("if-match", "\"1\"")],
            json!({"source": "x"}),
        )
        .await;
    assert_eq!(
        (stale.status, &stale.body["current"]["version"]),
        (412, &json!(2))
    );
    let actors: Vec<Value> = bench
        .control("GET", "/events?after=2", Value::Null)
        .await
        .lines()
        .iter()
        .map(|e| e["actor"].clone())
        .collect();
    assert_eq!(actors, ["fault", "api", "fault"]);
}

#[tokio::test(start_paused = true)]
async fn latency_holds_an_answer_back() {
    let bench = Bench::new(settings(0));
    bench
        .control("PUT", "/faults", json!({"ghl": {"latency_ms": 5_000}}))
        .await;
    let before = tokio::time::Instant::now();
    bench.ghl("GET", "/contacts/x", Value::Null).await;
    assert_eq!(before.elapsed().as_millis(), 5_000);
}

#[tokio::test]
async fn a_request_over_the_limit_uses_up_no_fault() {
    let mut settings = settings(0);
    settings.limit = "1/10/100".parse().unwrap();
    let bench = Bench::new(settings);
    bench.ghl("GET", "/contacts/x", Value::Null).await;
    bench
        .control(
            "PUT",
            "/faults",
            json!({"ghl": {"http_500": 1.0, "next": 1}}),
        )
        .await;
    for (wait_ms, status) in [(0, 429), (10_000, 500), (10_000, 400)] {
        bench
            .control("POST", "/clock", json!({"advance_ms": wait_ms}))
            .await;
        assert_eq!(
            bench.ghl("GET", "/contacts/x", Value::Null).await.status,
            status,
            "{wait_ms}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_arrived_is_carried_out_also_when_the_client_gives_up() {
    let bench = Bench::new(settings(0));
    bench
        .control("PUT", "/faults", json!({"ghl": {"latency_ms": 5_000}}))
        .await;
    let body = json!({"locationId": bench.location(), "firstName": "Ann"});
    let second = std::time::Duration::from_secs(1);
    let given_up = tokio::time::timeout(second, bench.ghl("POST", "/contacts/", body)).await;
    assert!(given_up.is_err());
    let made =
        async || bench.control("GET", "/state", Value::Null).await.body["ghl"]["contact"].clone();
    assert_eq!(made().await, 0);
    tokio::time::advance(second * 5).await;
    tokio::task::yield_now().await;
    assert_eq!(made().await, 1);
}
