//! Clients of the GHL API that others wrote, against a served sandbox, and libraries that sign webhooks. `README.md`
//! beside this says how to run them.

use couplet::{
    clock::Clock,
    sandbox::{LimitSpec, Sandbox, Settings},
};
use tokio::{net::TcpListener, process::Command};

/// Runs a script with the address, the location, the token, the control API and the webhook keys of a sandbox of its
/// own.
async fn run(program: &str, script: &str) {
    let folder = std::env::var("COUPLET_TEST_CLIENTS").expect("the folder with the clients");
    let sandbox = Sandbox::new(Settings {
        seed: 1,
        contacts: 100,
        limit: LimitSpec::Off,
        lag_ms: 0,
        faults: None,
        clock: Clock::system(),
    })
    .expect("a sandbox");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let hello = sandbox.hello(listener.local_addr().expect("bound"));
    let text = |key: &str| hello[key].as_str().expect(key).to_owned();
    let script = format!("{}/tests/clients/{script}", env!("CARGO_MANIFEST_DIR"));
    let client = Command::new(program.replace("{folder}", &folder))
        .arg(script)
        .args([
            text("ghl"),
            text("location_id"),
            text("ghl_token"),
            text("control"),
            text("ghl_webhook_key"),
            text("ghl_webhook_rsa_key"),
        ])
        .current_dir(&folder)
        .output();
    let served = sandbox.serve(listener, std::future::pending());
    let output = tokio::select! {
        output = client => output.expect("the program starts"),
        served = served => panic!("the sandbox ended: {served:?}"),
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{wrong}");
    assert!(said.contains(" 0 failed"), "{said}");
}

#[tokio::test]
#[ignore = "needs the npm packages of tests/clients/README.md"]
async fn the_clients_on_npm_work_with_only_the_base_url_changed() {
    run("node", "ghl_sdk.mjs").await;
}

#[tokio::test]
#[ignore = "needs the PyPI packages of tests/clients/README.md"]
async fn the_clients_on_pypi_work_with_only_the_base_url_changed() {
    run("{folder}/venv/bin/python", "ghl_clients.py").await;
}

/// The recorded signatures are those that a library of somebody else's makes today.
async fn signs_as_recorded(program: &str, script: &str) {
    let folder = std::env::var("COUPLET_TEST_CLIENTS").expect("the folder with the clients");
    let here = format!("{}/tests/clients", env!("CARGO_MANIFEST_DIR"));
    let cases = format!("{here}/standard_webhooks.json");
    let output = Command::new(program.replace("{folder}", &folder))
        .args([format!("{here}/{script}"), cases.clone()])
        .current_dir(&folder)
        .output()
        .await
        .expect("the program starts");
    let said = String::from_utf8_lossy(&output.stdout);
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{wrong}");
    let text = std::fs::read_to_string(cases).expect("a file");
    let cases: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let cases = cases.as_array().expect("a list");
    let recorded: Vec<_> = cases
        .iter()
        .map(|case| case["signature"].as_str())
        .collect();
    assert_eq!(said.lines().map(Some).collect::<Vec<_>>(), recorded);
}

#[tokio::test]
#[ignore = "needs the npm packages of tests/clients/README.md"]
async fn the_library_on_npm_signs_webhooks_as_recorded() {
    signs_as_recorded("node", "standard_webhooks.mjs").await;
}

#[tokio::test]
#[ignore = "needs the PyPI packages of tests/clients/README.md"]
async fn the_library_on_pypi_signs_webhooks_as_recorded() {
    signs_as_recorded("{folder}/venv/bin/python", "standard_webhooks.py").await;
}
