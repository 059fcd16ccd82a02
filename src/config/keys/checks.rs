//! Why a text is no value of a key.

use std::net::IpAddr;

use url::{Host, Url};

pub(super) fn filled(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("it is empty".into());
    }
    Ok(())
}

pub(super) fn creating(text: &str) -> Result<(), String> {
    if matches!(text.trim(), "all" | "off") {
        return Ok(());
    }
    match crate::model::Filter::parse(text) {
        Ok(filter) if filter.is_empty() => Err("it is empty: `all`, `off` or a filter".into()),
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

pub(super) fn one_of(text: &str, names: &[&str]) -> Result<(), String> {
    if names.contains(&text) {
        return Ok(());
    }
    Err(format!("`{text}` is none of `{}`", names.join("`, `")))
}

pub(in crate::config) fn workspace(text: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if text.is_empty() || text.len() > 64 || !text.chars().all(plain) {
        return Err(format!(
            "`{text}` is no name of a workspace: 1 to 64 letters, digits, `-` and `_`"
        ));
    }
    Ok(())
}

pub(super) fn time_zone(text: &str) -> Result<(), String> {
    jiff::tz::TimeZone::get(text.trim_start_matches(':'))
        .map(|_| ())
        .map_err(|_| format!("`{text}` is no time zone that this machine knows"))
}

pub(super) fn listen(text: &str) -> Result<(), String> {
    let at: Result<std::net::SocketAddr, _> = text.parse();
    at.map(|_| ())
        .map_err(|_| format!("`{text}` is no address and port, such as `127.0.0.1:8790`"))
}

pub(super) fn header(text: &str) -> Result<(), String> {
    if text.trim().is_empty() || !text.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        return Err("it cannot stand in a header".into());
    }
    Ok(())
}

pub(super) fn within(text: &str, least: u32, most: u32) -> Result<(), String> {
    match text.parse::<u32>() {
        Ok(number) if (least..=most).contains(&number) => Ok(()),
        _ => Err(format!("`{text}` is no number from {least} to {most}")),
    }
}

pub(super) fn poll_seconds(text: &str) -> Result<(), String> {
    match text.parse::<u64>() {
        Ok(1..=3600) => Ok(()),
        _ => Err(format!("`{text}` is no number from 1 to 3600")),
    }
}

pub(super) fn days(text: &str) -> Result<(), String> {
    match text.parse::<u16>() {
        Ok(1..=3650) => Ok(()),
        _ => Err(format!("`{text}` is no number from 1 to 3650")),
    }
}

pub(super) fn command(text: &str) -> Result<(), String> {
    match shell_words::split(text) {
        Ok(words) if !words.is_empty() => Ok(()),
        Ok(_) => Err("it is empty".into()),
        Err(_) => Err("it has a quote without an end".into()),
    }
}

pub(super) fn header_name(text: &str) -> Result<(), String> {
    http::HeaderName::from_bytes(text.as_bytes())
        .map(|_| ())
        .map_err(|_| format!("`{text}` is no name of a header"))
}

pub(super) fn header_value(text: &str) -> Result<(), String> {
    let fits = !text.is_empty() && http::HeaderValue::from_str(text).is_ok();
    fits.then_some(())
        .ok_or("it is empty or has characters that no header takes".into())
}

pub(super) fn scheme(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    header_value(text)
}

pub(super) fn api_url(text: &str) -> Result<(), String> {
    let url = Url::parse(text).map_err(|why| match why {
        url::ParseError::RelativeUrlWithoutBase => {
            format!("`{text}` is no URL: it does not begin with `https://`")
        }
        why => format!("`{text}` is no URL: {why}"),
    })?;
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => return Err(format!("`{text}` names no host")),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a key does not belong in a URL".into());
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if loopback => Ok(()),
        "http" => Err(format!(
            "`{text}` would send the token unencrypted; `http` is for this machine only, use `https`"
        )),
        other => Err(format!("`{other}` is not `https`")),
    }
}

/// An address with a place for an id.
pub(super) fn page(text: &str) -> Result<(), String> {
    if !text.contains("{id}") {
        return Err(format!(
            "`{text}` has no `{{id}}`, which stands for the record's id"
        ));
    }
    let filled = text.replace("{id}", "1").replace("{location}", "1");
    match Url::parse(&filled) {
        Ok(url) if matches!(url.scheme(), "https" | "http") && !text.contains(char::is_control) => {
            Ok(())
        }
        _ => Err(format!("`{text}` is no address of a web page")),
    }
}
