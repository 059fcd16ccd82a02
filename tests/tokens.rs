//! A token that ends in the middle of a long reading, over real sockets.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use couplet::{
    clock::Clock,
    merge::normalise,
    model::{Kind, Lane},
    remote::{
        Auth, ClientSecret, Connector, Flow, Ghl, HttpTransport, MemorySlots, OAuth, PageRequest,
        Parts, Read, Settings, Sign, Source,
    },
    sandbox::{self, Sandbox},
    secrets::{Grant, Held, Kept, Secret, SecretsFile},
};
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;

async fn control(hello: &Json, path: &str, body: Option<Json>) -> Json {
    let url = format!("{}/{path}", hello["control"].as_str().expect("a URL"));
    let client = reqwest::Client::new();
    let request = match &body {
        Some(body) => client.put(url).json(body),
        None => client.get(url),
    };
    let answer = request.send().await.expect("the sandbox");
    assert!(answer.status().is_success());
    answer.json().await.unwrap_or_default()
}

/// A sign-in of which only the refresh token is left.
async fn signed_in(file: &SecretsFile, refresh: &str) {
    let kept = Kept::Grant(Grant {
        access: Held {
            token: Secret::new("ended-long-ago".into()),
            ends_ms: 0,
        },
        refresh: Some(Secret::new(refresh.into())),
        scope: String::new(),
        since_ms: 0,
        company: None,
        location: None,
        client_secret: None,
        ended: None,
    });
    let lock = file.lock().await.expect("free");
    file.put(&lock, "ghl", Some(&kept)).expect("written");
}

fn client(text: &dyn Fn(&str) -> String) -> OAuth {
    let url = |path: &str| format!("{}/{path}", text("/ghl")).parse().expect("a URL");
    OAuth {
        flow: Flow::Code,
        client_id: text("/oauth/ghl/client_id"),
        client_secret: ClientSecret {
            given: Some(Secret::new(text("/oauth/ghl/client_secret"))),
            command: None,
        },
        authorize_url: url("oauth/chooselocation"),
        token_url: url("oauth/token"),
        redirect_uri: url("back"),
        scopes: String::new(),
        user_type: "Location".into(),
        location: Some((url("oauth/locationToken"), text("/location_id"))),
    }
}

#[tokio::test]
async fn a_token_that_ends_between_the_second_and_third_page_costs_no_row_and_one_renewal() {
    let clock = Clock::system();
    let sandbox = Sandbox::new(sandbox::Settings {
        seed: 7,
        contacts: 2_000, // 1,800 of them in GHL: four pages of 500
        limit: sandbox::LimitSpec::Off,
        lag_ms: 0,
        faults: None,
        clock: clock.clone(),
    })
    .expect("a sandbox");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let addr: SocketAddr = listener.local_addr().expect("bound");
    let hello = sandbox.hello(addr);
    let served = tokio::spawn(async move { sandbox.serve(listener, std::future::pending()).await });
    let text = |path: &str| {
        hello
            .pointer(path)
            .and_then(Json::as_str)
            .expect("hello")
            .to_owned()
    };
    let transport = HttpTransport::new(Duration::from_secs(10)).expect("a client");

    let folder = tempfile::tempdir().expect("a folder");
    let file = SecretsFile::new(folder.path().join("default.secrets"));
    signed_in(&file, &text("/oauth/ghl/refresh_token")).await;
    let sources = vec![Source::File(file.clone(), Some(Box::new(client(&text))))];
    let settings = Settings {
        base_url: text("/ghl").parse().expect("a URL"),
        auth: Auth::new(Sign::default(), sources, clock.clone()),
        location: text("/location_id"),
        timeout: Duration::from_secs(10),
    };
    let parts = Parts {
        transport: Arc::new(transport),
        clock,
        slots: Arc::new(MemorySlots::default()),
        normalise: Arc::new(normalise::record),
        gate: Arc::new(|| true),
    };
    let ghl = Ghl::new(settings, parts);
    ghl.setup(Lane::Operator).await.expect("let in");

    let state = control(&hello, "state", None).await;
    let there = state["ghl"]["contact"].as_u64().expect("a count");
    let (mut rows, mut pages, mut after) = (0, 0, None);
    loop {
        if pages == 2 {
            control(
                &hello,
                "faults",
                Some(json!({"ghl": {"expire_tokens": true}})),
            )
            .await;
        }
        let request = PageRequest {
            kind: Kind::Contact,
            read: Read::Since(couplet::model::Millis(0)),
            after: after.take(),
        };
        let page = ghl.page(Lane::Incremental, &request).await.expect("a page");
        rows += page.rows.len() as u64;
        pages += 1;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((rows, pages), (there, 4));
    let asked = control(&hello, "requests", None).await;
    let counts = &asked["ghl"]["by_operation"];
    assert_eq!(counts["POST /contacts/search"], json!({"200": 4, "401": 1}));
    assert_eq!(counts["POST /oauth/token"], json!({"200": 2}));
    served.abort();
}
