//! Carries webhooks over real HTTP while the sandbox serves.

use std::{convert::Infallible, sync::Arc, time::Duration};

use super::{Delivery, Received};
use crate::sandbox::{Sandbox, World};

/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why nothing can be carried.
#[derive(Debug, thiserror::Error)]
pub enum CourierError {
    /// The TLS library refuses its own defaults.
    #[error("webhooks cannot be sent")]
    Tls(#[from] rustls::Error),
    /// The HTTP client refuses its settings.
    #[error("webhooks cannot be sent")]
    Client(#[from] reqwest::Error),
}

/// A client for http only: receivers are on this machine or beside it, and no redirect is followed.
pub fn client() -> Result<reqwest::Client, CourierError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE);
    Ok(builder.build()?)
}

/// Delivers what is due, each on a task of its own, until dropped.
pub async fn run(sandbox: &Sandbox, client: &reqwest::Client) -> Infallible {
    loop {
        for delivery in sandbox.take_deliveries() {
            let (sandbox, client) = (sandbox.clone(), client.clone());
            tokio::spawn(async move {
                let received = send(&client, &delivery).await;
                sandbox.delivered(delivery, received);
            });
        }
        let stirred = sandbox.0.stirred.notified();
        match sandbox.next_delivery() {
            None => stirred.await,
            Some(due) => {
                let wait_ms = due.since(sandbox.with_world(World::now)).max(1);
                // whichever is first; a clock that is moved on stirs too
                let _ = tokio::time::timeout(Duration::from_millis(wait_ms as u64), stirred).await;
            }
        }
    }
}

async fn send(client: &reqwest::Client, delivery: &Delivery) -> Received {
    let mut request = client.post(&delivery.url).body(delivery.body.clone());
    for (name, value) in &delivery.headers {
        request = request.header(*name, value);
    }
    let Ok(answer) = request.send().await else {
        return Received::default();
    };
    let after = answer.headers().get("retry-after");
    Received {
        status: Some(answer.status().as_u16()),
        retry_after_s: after
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.trim().parse().ok()),
    }
}
