//! What a write sent and what was answered, for the log: noted by the client, within the work that asks for it.

use std::cell::RefCell;
use std::future::Future;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Request, header};

use crate::model::{Exchange, Millis};

tokio::task_local! {
    static HEARD: RefCell<Vec<Exchange>>;
}

/// Does some work, in which [`heard`] gives the writes that were sent.
pub async fn hearing<T>(work: impl Future<Output = T>) -> T {
    HEARD.scope(RefCell::default(), work).await
}

/// Does some work, in which [`heard`] gives these at first.
pub async fn having_heard<T>(before: Vec<Exchange>, work: impl Future<Output = T>) -> T {
    HEARD.scope(RefCell::new(before), work).await
}

/// The writes that were sent since the last call, within [`hearing`]; nothing outside of it.
pub fn heard() -> Vec<Exchange> {
    HEARD.try_with(RefCell::take).unwrap_or_default()
}

/// A write that is on its way; `None` where nobody asks.
pub(super) fn begun(request: &Request<Bytes>, at: Millis) -> Option<Exchange> {
    let asked = HEARD.try_with(|_| ()).is_ok();
    asked.then(|| {
        let uri = request.uri();
        let path = uri.path_and_query().map_or("", |path| path.as_str());
        Exchange {
            at,
            request: format!("{} {path}", request.method()),
            condition: text(request.headers(), &header::IF_MATCH),
            sent: Exchange::kept(request.body()),
            ..Exchange::default()
        }
    })
}

/// It has ended: with an answer, or without.
pub(super) fn ended(
    exchange: Option<Exchange>,
    took_ms: i64,
    answer: Option<(u16, &HeaderMap, &Bytes)>,
) {
    let Some(mut exchange) = exchange else {
        return;
    };
    exchange.took_ms = took_ms.max(0) as u64;
    if let Some((status, headers, body)) = answer {
        exchange.status = Some(status);
        exchange.tag = text(headers, &header::ETAG);
        exchange.answer = Exchange::kept(body);
    }
    // Nobody asks any more: then nothing is to be kept.
    let _asked = HEARD.try_with(|all| all.borrow_mut().push(exchange));
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    Some(value.to_owned())
}
