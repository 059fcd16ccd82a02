//! A request to make, and its answer.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use url::Url;

use crate::{
    remote::auth::{self, TokenCall},
    secrets::Secret,
};

/// A request to make, named by method and path template: `GET /contacts/{contactId}`.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its name in the counts.
    pub operation: &'static str,
    /// Whether it changes something.
    pub write: bool,
    path: Vec<String>,
    query: Vec<(Cow<'static, str>, String)>,
    headers: Vec<(HeaderName, String)>,
    body: Option<Vec<u8>>,
    /// The places of the window that it takes.
    pub cost: u32,
    /// A request for tokens: its own address, and its own key if it needs one.
    pub apart: Option<(Url, Option<Secret<String>>)>,
}

impl Call {
    /// A call that changes nothing; `ids` fill the template's `{…}` in order.
    pub fn read(operation: &'static str, ids: &[&str]) -> Self {
        let mut ids = ids.iter();
        let (_, path) = operation.split_once(" /").unwrap_or((operation, ""));
        let fill = |part: &str| match part.strip_prefix('{') {
            Some(_) => ids.next().copied().unwrap_or("").to_owned(),
            None => part.to_owned(),
        };
        Self {
            operation,
            write: false,
            path: path.split('/').map(fill).collect(),
            query: vec![],
            headers: vec![],
            body: None,
            cost: 1,
            apart: None,
        }
    }

    /// A request for tokens. Not repeated after a lost answer: a refresh token may be good for one use.
    pub fn for_tokens(call: TokenCall) -> Self {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        for (name, secret) in &call.form {
            form.append_pair(name, secret.expose());
        }
        Self {
            body: Some(form.finish().into_bytes()),
            apart: Some((call.url, call.bearer)),
            ..Self::write(call.operation, &[])
        }
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(auth::VERSION, auth::VERSION_MAIN)
    }

    /// A call that changes something.
    pub fn write(operation: &'static str, ids: &[&str]) -> Self {
        Self {
            write: true,
            ..Self::read(operation, ids)
        }
    }

    /// The first segment of its path.
    pub fn segment(&self) -> &str {
        self.path.first().map_or("", String::as_str)
    }

    /// With another first segment of its path, or several; it keeps its name.
    pub fn under(mut self, segment: &str) -> Self {
        let segments = segment.split('/').filter(|part| !part.is_empty());
        self.path.splice(..1, segments.map(str::to_owned));
        self
    }

    /// With a query parameter.
    pub fn query(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// With a header.
    pub fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With a header, unless it has that one.
    pub fn or_header(self, name: HeaderName, value: &str) -> Self {
        if self.headers.iter().any(|(has, _)| *has == name) {
            self
        } else {
            self.header(name, value)
        }
    }

    /// One that counts as so many requests.
    pub fn costing(self, cost: u32) -> Self {
        Self { cost, ..self }
    }

    /// With a JSON body.
    pub fn json(mut self, body: &serde_json::Value) -> Self {
        self.body = Some(body.to_string().into_bytes());
        self
    }

    /// As HTTP has it, under this root; what cannot be written is the error.
    pub fn request(&self, base: &Url) -> Result<Request<Bytes>, &'static str> {
        let mut url = base.clone();
        if let Some((apart, _)) = &self.apart {
            url = apart.clone();
        } else {
            url.path_segments_mut()
                .map_err(|()| "the base URL takes no path")?
                .pop_if_empty()
                .extend(&self.path);
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        let verb = self.operation.split(' ').next().unwrap_or("GET");
        let method = Method::from_bytes(verb.as_bytes()).map_err(|_| "no such method")?;
        let address = url.as_str().parse();
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = method;
        *request.uri_mut() = address.map_err(|_| "the address cannot be written")?;
        let headers = request.headers_mut();
        if let Some((_, Some(bearer))) = &self.apart {
            auth::insert(headers, &header::AUTHORIZATION, "Bearer", bearer);
        }
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        for (name, value) in &self.headers {
            let value = HeaderValue::from_str(value).map_err(|_| "a header cannot be written")?;
            headers.insert(name, value);
        }
        if let Some(body) = &self.body {
            headers
                .entry(header::CONTENT_TYPE)
                .or_insert(HeaderValue::from_static("application/json"));
            *request.body_mut() = Bytes::from(body.clone());
        }
        Ok(request)
    }
}

/// An answer that is neither a 5xx nor a 429.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    pub(super) operation: &'static str,
    pub(super) write: bool,
}

impl Answer {
    /// Whether it is any 2xx.
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether its body is JSON.
    pub fn is_json(&self) -> bool {
        serde_json::from_slice::<serde::de::IgnoredAny>(&self.body).is_ok()
    }

    /// A part of it as an answer of its own, such as one result of a batch.
    pub fn part(&self, status: u16, body: &str) -> Self {
        Self {
            status,
            body: Bytes::copy_from_slice(body.as_bytes()),
            ..self.clone()
        }
    }

    /// What was asked.
    pub const fn operation(&self) -> &'static str {
        self.operation
    }
}
