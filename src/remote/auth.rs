//! Which headers say who asks.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::secrets::Secret;

/// What a side knows us by. Today a static key; a token that is refreshed takes its place here.
#[derive(Clone, Debug)]
pub enum Auth {
    /// `Authorization: Bearer …`.
    Bearer(Secret<String>),
}

impl Auth {
    /// Puts the key into the headers, marked so that no debug output shows it. A key that is no header value (it
    /// holds a line end) is left out: the side then says that it is missing.
    pub fn apply(&self, headers: &mut HeaderMap) {
        let Self::Bearer(token) = self;
        let text = Secret::new(format!("Bearer {}", token.expose()));
        if let Ok(mut value) = HeaderValue::from_str(text.expose()) {
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
    }

    /// The text without the key, wherever a side repeats it.
    pub fn redact(&self, text: &str) -> String {
        let Self::Bearer(token) = self;
        match token.expose().as_str() {
            "" => text.to_owned(),
            token => text.replace(token, "***"),
        }
    }
}

/// GHL's `Version` header.
pub const VERSION: HeaderName = HeaderName::from_static("version");
/// For everything but calendars (`facts/highlevel.md` a).
pub const VERSION_MAIN: &str = "2021-07-28";
/// For `/calendars/*`.
pub const VERSION_CALENDARS: &str = "2021-04-15";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_in_the_header_and_in_no_text() {
        let auth = Auth::Bearer(Secret::new("pit-1234".to_owned()));
        let mut headers = HeaderMap::new();
        auth.apply(&mut headers);
        assert_eq!(headers["authorization"], "Bearer pit-1234");
        assert!(!format!("{headers:?}{auth:?}").contains("1234"));
        assert_eq!(auth.redact("bad token pit-1234!"), "bad token ***!");
    }
}
