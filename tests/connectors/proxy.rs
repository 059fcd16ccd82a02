//! A server between couplet and the sandbox that may change what passes.

use std::sync::Arc;
use std::thread::JoinHandle;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, Method};
use tokio::sync::oneshot;

/// A request on its way to the sandbox.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: Method,
    /// Below the base URL, from `/` on.
    pub path: String,
    pub query: Option<String>,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// An answer on its way back.
pub struct Answered {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// What the server does with what passes.
pub trait Between: Send + Sync + 'static {
    fn ask(&self, _: &mut Asked) {}
    fn answer(&self, _: &Asked, _: &mut Answered) {}
}

pub struct Proxy {
    pub url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Way {
    upstream: String,
    between: Arc<dyn Between>,
    http: reqwest::Client,
}

impl Proxy {
    /// A server before `upstream`, a URL without a slash at its end.
    pub fn before(upstream: &str, between: Arc<dyn Between>) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a socket");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let way = Arc::new(Way {
            upstream: upstream.to_owned(),
            between,
            http: reqwest::Client::new(),
        });
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
                let app = Router::new().fallback(pass).with_state(way);
                tokio::select! {
                    served = axum::serve(listener, app) => served.expect("it serves"),
                    _ = stopped => {}
                }
            });
        });
        Self {
            url,
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

async fn pass(State(way): State<Arc<Way>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let mut asked = Asked {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        headers: head.headers,
        body: to_bytes(body, usize::MAX).await.expect("a body").to_vec(),
    };
    way.between.ask(&mut asked);
    asked.headers.remove("host");
    asked.headers.remove("content-length");
    // What comes back is to be read here.
    asked.headers.remove("accept-encoding");
    let query = asked
        .query
        .as_ref()
        .map_or(String::new(), |query| format!("?{query}"));
    let url = format!("{}{}{query}", way.upstream, asked.path);
    let sent = way
        .http
        .request(asked.method.clone(), url)
        .headers(asked.headers.clone())
        .body(asked.body.clone())
        .send()
        .await
        .expect("the sandbox answers");
    let mut answered = Answered {
        status: sent.status().as_u16(),
        headers: sent.headers().clone(),
        body: sent.bytes().await.expect("a body").to_vec(),
    };
    way.between.answer(&asked, &mut answered);
    answered.headers.remove("content-length");
    answered.headers.remove("transfer-encoding");
    let mut response = Response::new(Body::from(answered.body));
    *response.status_mut() = answered.status.try_into().expect("a status");
    *response.headers_mut() = answered.headers;
    response
}
