//! How fast and how small the sandbox is: `cargo bench --bench sandbox -- CONTACTS` (100,000 unless said). Prints the
//! time to start, resident memory, reads by id a second on loopback, and full walks of both sides.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::{
    error::Error,
    io::Write,
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use couplet::{
    clock::Clock,
    sandbox::{LimitSpec, Sandbox, Settings},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const CONNECTIONS: usize = 8;
const READS: usize = 40_000;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let given = std::env::args().skip(1).find_map(|arg| arg.parse().ok());
    let contacts: u32 = given.unwrap_or(100_000);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(measure(contacts))
}

async fn measure(contacts: u32) -> Outcome<()> {
    say(&format!(
        "{contacts} contacts, resident before: {} MiB",
        resident_mib()
    ))?;
    let begin = Instant::now();
    let sandbox = Sandbox::new(Settings {
        seed: 1,
        contacts,
        limit: LimitSpec::Off,
        lag_ms: 2_000,
        faults: None,
        clock: Clock::system(),
    })?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let addr = listener.local_addr()?;
    let hello = sandbox.hello(addr);
    let ms = begin.elapsed().as_secs_f64() * 1000.0;
    say(&format!(
        "start: {ms:.2} ms, resident {} MiB",
        resident_mib()
    ))?;

    // the server has a thread of its own, as it has in use; the client is this one
    let server = sandbox.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let listener = listener.into_std();
        if let (Ok(runtime), Ok(listener)) = (runtime, listener) {
            runtime.block_on(async move {
                if let Ok(listener) = TcpListener::from_std(listener) {
                    let _ = server.serve(listener, std::future::pending()).await;
                }
            });
        }
    });
    let host = addr.to_string();
    let text = |key: &str| hello[key].as_str().unwrap_or_default().to_owned();
    let ghl = Peer {
        host: host.clone(),
        token: text("ghl_token"),
    };
    let growbots = Peer {
        host,
        token: text("growbots_token"),
    };
    reads_by_id(&ghl, &text("location_id")).await?;
    walk_search(&ghl, &text("location_id")).await?;
    walk_leads(&growbots).await?;
    say(&format!("resident after all: {} MiB", resident_mib()))?;

    let begin = Instant::now();
    touch(&sandbox, contacts / 100);
    let ms = begin.elapsed().as_millis();
    say(&format!(
        "edits of {} contacts: {ms} ms, resident {} MiB",
        contacts / 100,
        resident_mib()
    ))?;
    reads_by_id(&ghl, &text("location_id")).await?;
    walk_search(&ghl, &text("location_id")).await
}

async fn reads_by_id(ghl: &Peer, location: &str) -> Outcome<()> {
    let mut line = ghl.connect().await?;
    let body = json!({"locationId": location, "pageLimit": 500});
    let page = line.ask("POST", "/ghl/contacts/search", &body).await?;
    let rows = page["contacts"].as_array().cloned().unwrap_or_default();
    let ids: Vec<String> = rows
        .iter()
        .filter_map(|row| Some(row["id"].as_str()?.to_owned()))
        .collect();
    let next = AtomicUsize::new(0);
    let begin = Instant::now();
    let clients = (0..CONNECTIONS).map(|_| async {
        let mut line = ghl.connect().await?;
        while let at @ ..READS = next.fetch_add(1, Ordering::Relaxed) {
            let path = format!("/ghl/contacts/{}", ids[at % ids.len()]);
            line.send("GET", &path, "").await?;
            line.receive().await?;
        }
        Outcome::Ok(())
    });
    for outcome in futures_util::future::join_all(clients).await {
        outcome?;
    }
    let rate = READS as f64 / begin.elapsed().as_secs_f64();
    say(&format!(
        "reads by id: {rate:.0} a second over {CONNECTIONS} connections"
    ))
}

async fn walk_search(ghl: &Peer, location: &str) -> Outcome<()> {
    let mut line = ghl.connect().await?;
    let begin = Instant::now();
    let (mut after, mut rows) = (json!([]), 0);
    loop {
        let body = json!({
            "locationId": location, "pageLimit": 500, "searchAfter": after,
            "sort": [{"field": "dateUpdated", "direction": "asc"}],
        });
        let page = line.ask("POST", "/ghl/contacts/search", &body).await?;
        let Some(last) = page["contacts"].as_array().and_then(|list| list.last()) else {
            break;
        };
        rows += page["contacts"].as_array().map_or(0, Vec::len);
        after = last["searchAfter"].clone();
    }
    let seconds = begin.elapsed().as_secs_f64();
    say(&format!(
        "search of all, 500 a page: {rows} rows in {seconds:.1} s"
    ))
}

async fn walk_leads(growbots: &Peer) -> Outcome<()> {
    let mut line = growbots.connect().await?;
    let begin = Instant::now();
    let (mut path, mut rows) = ("/growbots/v1/leads?limit=200".to_owned(), 0);
    loop {
        let page = line.ask("GET", &path, &Value::Null).await?;
        rows += page["data"].as_array().map_or(0, Vec::len);
        match page["page"]["next_cursor"].as_str() {
            Some(cursor) => path = format!("/growbots/v1/leads?cursor={cursor}"),
            None => break,
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    say(&format!(
        "list of all leads, 200 a page: {rows} rows in {seconds:.1} s"
    ))
}

/// Edits so many contacts, as users would.
fn touch(sandbox: &Sandbox, contacts: u32) {
    use couplet::model::{Kind, Side};
    use couplet::sandbox::By;
    for at in 0..contacts as usize {
        sandbox.with_world(|world| {
            if let Some(id) = world.id_at(Side::Ghl, Kind::Contact, at * 89) {
                let patch = json!({"city": format!("Town {at}")});
                let patch = patch.as_object().cloned().unwrap_or_default();
                let _ = world.edit(&By::user(), Side::Ghl, Kind::Contact, &id, patch);
            }
        });
    }
}

/// One side, as a client sees it.
struct Peer {
    host: String,
    token: String,
}

/// A connection that stays open; as little client as can be, so that the server is what is measured.
struct Line<'a> {
    peer: &'a Peer,
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Peer {
    async fn connect(&self) -> Outcome<Line<'_>> {
        let stream = TcpStream::connect(&self.host).await?;
        stream.set_nodelay(true)?;
        Ok(Line {
            peer: self,
            stream,
            buffer: Vec::new(),
        })
    }
}

impl Line<'_> {
    async fn ask(&mut self, method: &str, path: &str, body: &Value) -> Outcome<Value> {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.send(method, path, &body).await?;
        let body = self.receive().await?;
        Ok(serde_json::from_slice(&body)?)
    }

    async fn send(&mut self, method: &str, path: &str, body: &str) -> Outcome<()> {
        let Peer { host, token } = self.peer;
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\nversion: 2021-07-28\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        Ok(self.stream.write_all(request.as_bytes()).await?)
    }

    async fn receive(&mut self) -> Outcome<Vec<u8>> {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = std::str::from_utf8(&self.buffer[..end])?.to_lowercase();
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "));
                let end = end + 4 + length.ok_or("no length")?.parse::<usize>()?;
                if !head.starts_with("http/1.1 200") {
                    return Err(head.into());
                }
                while self.buffer.len() < end {
                    self.read().await?;
                }
                let rest = self.buffer.split_off(end);
                let mut whole = std::mem::replace(&mut self.buffer, rest);
                let head = whole.windows(4).position(|four| four == b"\r\n\r\n");
                return Ok(whole.split_off(head.map_or(0, |at| at + 4)));
            }
            self.read().await?;
        }
    }

    async fn read(&mut self) -> Outcome<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err("the connection closed".into()),
            _ => Ok(()),
        }
    }
}

fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

fn say(line: &str) -> Outcome<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
