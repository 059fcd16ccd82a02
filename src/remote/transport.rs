//! Sends one HTTP request and gives its answer: over sockets, or into a router of this process.

use std::{error::Error, sync::Arc, sync::Once, time::Duration};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tower::{Service, ServiceExt};

/// The most bytes that an answer may have: a page of 500 contacts is under 2 MiB.
const BODY_LIMIT_BYTES: usize = 16 * 1024 * 1024;

/// Sends requests, each once: nothing at this level repeats one.
pub trait Transport: Send + Sync {
    /// Sends `request` and reads the whole answer.
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>>;
}

/// Why there is no answer; the variants differ in what may have happened on the other end.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// Nothing was sent.
    #[error("no connection")]
    NotConnected(#[source] Box<dyn Error + Send + Sync>),
    /// The connection was closed before the whole answer came; nothing is on its way any more.
    #[error("the connection was closed")]
    Closed(#[source] Box<dyn Error + Send + Sync>),
    /// No answer within the time; the request may still be at work.
    #[error("no answer in time")]
    TimedOut,
    /// Something else, such as an answer over 16 MiB.
    #[error("the request failed")]
    Other(#[source] Box<dyn Error + Send + Sync>),
}

/// Over TCP and TLS, with connections kept open.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    client: reqwest::Client,
}

impl HttpTransport {
    /// A transport that gives up after `timeout`. Reads the system's certificates, so it takes some milliseconds.
    /// `TransportError::Other` where these cannot be read.
    pub fn new(timeout: Duration) -> Result<Self, TransportError> {
        static PROVIDER: Once = Once::new();
        // An error only says that somebody else has installed one.
        PROVIDER.call_once(|| {
            rustls::crypto::ring::default_provider()
                .install_default()
                .ok();
        });
        let client = reqwest::Client::builder()
            .timeout(timeout)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("couplet/", env!("CARGO_PKG_VERSION")))
            .tcp_keepalive(Duration::from_secs(30))
            .pool_idle_timeout(Duration::from_secs(50))
            .build()
            .map_err(|e| TransportError::Other(e.into()))?;
        Ok(Self { client })
    }
}

impl Transport for HttpTransport {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let request = reqwest::Request::try_from(request)
                .map_err(|e| TransportError::Other(e.without_url().into()))?;
            let mut answer = self.client.execute(request).await.map_err(sort)?;
            let mut body = BytesMut::new();
            while let Some(chunk) = answer.chunk().await.map_err(sort)? {
                if body.len() + chunk.len() > BODY_LIMIT_BYTES {
                    return Err(TransportError::Other("the answer is over 16 MiB".into()));
                }
                body.extend_from_slice(&chunk);
            }
            let mut response = Response::new(body.freeze());
            *response.status_mut() = answer.status();
            *response.headers_mut() = std::mem::take(answer.headers_mut());
            Ok(response)
        })
    }
}

/// The address goes: a query may hold an e-mail address, and errors reach logs.
fn sort(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    if error.is_connect() {
        TransportError::NotConnected(error.into())
    } else if error.is_timeout() {
        TransportError::TimedOut
    } else if error.is_builder() {
        TransportError::Other(error.into())
    } else {
        TransportError::Closed(error.into())
    }
}

/// Into a tower service of this process, such as an axum router, without sockets.
///
/// A service that fails with a [`TransportError`] plays the network: it is given on as it is.
#[derive(Clone, Debug)]
pub struct RouterTransport<S>(Arc<S>);

impl<S> RouterTransport<S> {
    /// A transport into `service`.
    pub fn new(service: S) -> Self {
        Self(Arc::new(service))
    }
}

impl<S> Transport for RouterTransport<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + Sync + 'static,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    S::Future: Send,
{
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        let service = S::clone(&self.0);
        Box::pin(async move {
            let answer =
                service
                    .oneshot(request.map(Body::from))
                    .await
                    .map_err(|error| match error.into().downcast::<TransportError>() {
                        Ok(network) => *network,
                        Err(other) => TransportError::Other(other),
                    })?;
            let (head, body) = answer.into_parts();
            match Limited::new(body, BODY_LIMIT_BYTES).collect().await {
                Ok(body) => Ok(Response::from_parts(head, body.to_bytes())),
                Err(error) if error.is::<LengthLimitError>() => Err(TransportError::Other(error)),
                Err(error) => Err(TransportError::Closed(error)),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_router_answers_and_a_failing_service_plays_the_network() {
        let router = axum::Router::new().route("/a", axum::routing::get(async || "here"));
        let request = || {
            Request::get("http://x/a")
                .body(Bytes::new())
                .expect("valid")
        };
        let answer = RouterTransport::new(router).send(request()).await;
        assert_eq!(answer.expect("an answer").body(), "here");

        let cut = tower::service_fn(async |_: Request<Body>| {
            Err::<Response<Body>, _>(TransportError::TimedOut)
        });
        let answer = RouterTransport::new(cut).send(request()).await;
        assert!(matches!(answer, Err(TransportError::TimedOut)));
    }

    #[tokio::test]
    async fn a_port_where_nobody_listens_is_not_connected() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let at = free.local_addr().expect("bound");
        drop(free);
        let transport = HttpTransport::new(Duration::from_secs(5)).expect("a client");
        let request = Request::get(format!("http://{at}/"))
            .body(Bytes::new())
            .expect("valid");
        let answer = transport.send(request).await;
        assert!(matches!(answer, Err(TransportError::NotConnected(_))));
    }
}
