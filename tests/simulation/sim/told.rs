//! What a person who looks into one seed wants to read, between the steps that `--talk` tells: with
//! `COUPLET_EVENTS=WORD[,WORD]` each event of the world, each request and each answer in which one of the words stands.

use std::io::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use couplet::sandbox::Sandbox;
use http::{Request, Response};

use couplet::remote::TransportError;

/// Characters of a request or an answer before a word, and half as many as after it.
const ROOM: usize = 200;

/// The words that are asked for; none in nearly every run.
pub fn words() -> &'static [String] {
    static WORDS: OnceLock<Vec<String>> = OnceLock::new();
    WORDS.get_or_init(|| {
        let words = std::env::var("COUPLET_EVENTS").unwrap_or_default();
        let words = words.split(',').filter(|word| !word.is_empty());
        words.map(str::to_owned).collect()
    })
}

pub fn is_asked_for(text: &str) -> bool {
    words().iter().any(|word| text.contains(word))
}

/// A request as it is told, where anybody wants to hear of any.
pub fn request(request: &Request<Bytes>) -> Option<String> {
    (!words().is_empty()).then(|| {
        let body = String::from_utf8_lossy(request.body());
        format!("{} {} {body}", request.method(), request.uri())
    })
}

/// Tells a request with its answer, and what happened meanwhile.
pub fn exchange(
    request: Option<String>,
    answer: &Result<Response<Bytes>, TransportError>,
    sandbox: &Sandbox,
) {
    let Some(request) = request else { return };
    events(sandbox);
    let answer = match answer {
        Ok(answer) => {
            let body = String::from_utf8_lossy(answer.body());
            format!("{} {body}", answer.status().as_u16())
        }
        Err(error) => error.to_string(),
    };
    if is_asked_for(&request) || is_asked_for(&answer) {
        let at = sandbox.with_world(couplet::sandbox::World::now);
        writeln!(
            std::io::stderr(),
            "  {at} {}\n    {}",
            near(&request),
            near(&answer)
        )
        .ok();
    }
}

/// The start of a text, and what stands around the first of the words in it.
fn near(text: &str) -> String {
    let part = |from: usize, chars: usize| text.chars().skip(from).take(chars).collect::<String>();
    let found = words().iter().filter_map(|word| text.find(word)).min();
    let found = found.map_or(0, |at| text[..at].chars().count());
    if found < ROOM {
        part(0, 2 * ROOM)
    } else {
        format!(
            "{} … {}",
            part(0, ROOM / 2),
            part(found - ROOM / 2, 2 * ROOM)
        )
    }
}

/// Tells what happened since this was asked last.
pub fn events(sandbox: &Sandbox) {
    static TOLD: AtomicUsize = AtomicUsize::new(0);
    sandbox.with_world(|world| {
        let events = world.events();
        let told = TOLD.swap(events.len(), Ordering::SeqCst);
        for event in events.iter().skip(told) {
            let line = serde_json::to_string(event).unwrap();
            if is_asked_for(&line) {
                writeln!(std::io::stderr(), "  EVENT {line}").ok();
            }
        }
    });
}
