//! The reader thread: it owns the reading connection, answers the latest question of each slot, and tells when
//! somebody has written.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::clock::Clock;
use crate::merge::{FieldMap, UndoPlan};
use crate::model::{BySide, ConflictId, Direction, Filter, LinkId, Millis, PageKey, Settled, Undo};
use crate::store::{ContactDetail, ContactQuery, Reader, StoreError};
use crate::text::clean;

use super::effect::{Request, Span};
use super::msg::{Msg, Page, Read};
use super::passing::passes_log;
use super::plan::{self, Planned};
use super::remember::Matched;
use super::tabs::held::Record;
use super::tidy::{
    clean_conflict, clean_contact, clean_detail, clean_entry, clean_error, clean_page, clean_task,
    tidy,
};
use super::undo::Preview;

const POLL: Duration = Duration::from_millis(250);
const CONFLICTS: u32 = 1_000;
const ERRORS: u32 = 500;
const RECORDS: u32 = 200;
const PASSES: u32 = 500;
const FOUND: u16 = 50;
const LOG_PAGE: u32 = 500;
const FOUND_LINES: usize = 200;
const MATCHING: u16 = 1_000;

type Stop = Box<dyn Fn() + Send + Sync>;

/// The field map as it is now: names of custom fields are known only once the store has them.
#[derive(Clone)]
pub struct MapSource(pub Arc<dyn Fn(&Reader) -> FieldMap + Send + Sync>);

impl std::fmt::Debug for MapSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MapSource")
    }
}

/// The query that runs, and how to stop it.
#[derive(Default)]
struct Running {
    request: Option<Request>,
    stop: Option<Stop>,
}

/// Where the loop asks. The thread ends when this is dropped.
pub struct Asking {
    requests: Sender<Request>,
    running: Arc<Mutex<Running>>,
}

impl Asking {
    /// Asks. A running query of the same slot is stopped, unless it is this very question: what the store is asked
    /// again because it changed must not starve a slow search.
    pub fn ask(&self, request: Request) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let stale = running
            .request
            .as_ref()
            .is_some_and(|other| other.slot() == request.slot() && *other != request);
        if let (true, Some(stop)) = (stale, &running.stop) {
            stop();
        }
        drop(running);
        drop(self.requests.send(request)); // the thread ends only after this end
    }
}

/// Starts the reader thread on a database that may not exist yet; answers go to `answers`.
pub fn spawn(path: PathBuf, clock: Clock, map: MapSource, answers: Sender<Msg>) -> Asking {
    let (requests, asked) = mpsc::channel();
    let running = Arc::new(Mutex::new(Running::default()));
    let asking = Asking {
        requests,
        running: Arc::clone(&running),
    };
    thread::spawn(move || serve(&path, clock, map, &running, &asked, &answers));
    asking
}

/// Answers questions until the other end of `requests` is gone. A database that does not exist yet is waited for.
fn serve(
    path: &Path,
    clock: Clock,
    map: MapSource,
    running: &Mutex<Running>,
    requests: &Receiver<Request>,
    answers: &Sender<Msg>,
) {
    let mut waiting: [Option<Request>; Request::SLOTS] = Default::default();
    let mut served = Served {
        path: path.to_owned(),
        reader: None,
        version: None,
        complaint: String::new(),
        clock,
        map,
        running,
    };
    loop {
        match requests.recv_timeout(POLL) {
            Ok(request) => put(&mut waiting, request),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        for request in requests.try_iter() {
            put(&mut waiting, request);
        }
        if served.open(answers).is_none() {
            continue; // the questions stay
        }
        while let Some(request) = waiting.iter_mut().find_map(Option::take) {
            let read = served.answer(request);
            if let Some(read) = read
                && answers.send(Msg::Read(read)).is_err()
            {
                return;
            }
            for request in requests.try_iter() {
                put(&mut waiting, request);
            }
        }
        if served.changed() && answers.send(Msg::Changed).is_err() {
            return;
        }
    }
}

fn put(waiting: &mut [Option<Request>; Request::SLOTS], request: Request) {
    let slot = request.slot();
    waiting[slot] = Some(request);
}

struct Served<'a> {
    path: PathBuf,
    reader: Option<Reader>,
    version: Option<i64>,
    complaint: String,
    clock: Clock,
    map: MapSource,
    running: &'a Mutex<Running>,
}

impl Served<'_> {
    fn open(&mut self, answers: &Sender<Msg>) -> Option<&Reader> {
        if self.reader.is_none() && self.path.exists() {
            match Reader::open(&self.path) {
                Ok(reader) => {
                    self.version = reader.data_version().ok();
                    let stop: Stop = Box::new(reader.interrupter());
                    self.lock().stop = Some(stop);
                    self.reader = Some(reader);
                }
                Err(error) => {
                    // half made: tried again; anything else is said once
                    let words = said(&error);
                    let waits = matches!(error, StoreError::Open { .. });
                    if !waits && words != self.complaint {
                        self.complaint.clone_from(&words);
                        let _ = answers.send(Msg::Read(Read::Failed(words)));
                    }
                }
            }
        }
        self.reader.as_ref()
    }

    fn changed(&mut self) -> bool {
        let version = self
            .reader
            .as_ref()
            .and_then(|reader| reader.data_version().ok());
        let changed = version.is_some() && version != self.version;
        self.version = version;
        changed
    }

    /// The answer; `None` for a query that was stopped because something else is wanted now.
    fn answer(&self, request: Request) -> Option<Read> {
        let reader = self.reader.as_ref()?;
        self.lock().request = Some(request.clone());
        let answered = answer(reader, request, self.clock.now(), &self.map);
        self.lock().request = None;
        match answered {
            Ok(read) => Some(read),
            Err(error) if error.is_interrupted() => None,
            Err(error) => Some(Read::Failed(said(&error))),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn said(error: &StoreError) -> String {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    if let Some(hint) = error.hint() {
        words = format!("{words}. {hint}");
    }
    clean(&words).into_owned()
}

fn answer(
    reader: &Reader,
    request: Request,
    now: Millis,
    map: &MapSource,
) -> Result<Read, StoreError> {
    Ok(match request {
        Request::Frame => Read::Frame {
            status: Box::new(reader.status()?),
            holder: reader.holder()?,
            totals: Box::new(reader.totals()?),
            backfilled: reader.is_backfilled()?,
        },
        Request::Contacts { query, span, reach } => {
            let page = page(span, reach, |from, direction, limit| {
                reader.contacts(&query, from, direction, limit)
            })?;
            Read::Contacts(query, clean_page(page, clean_contact))
        }
        Request::Tasks { query, span, reach } => {
            let page = page(span, reach, |from, direction, limit| {
                reader.tasks(&query, from, direction, limit)
            })?;
            Read::Tasks(query, clean_page(page, clean_task))
        }
        Request::Detail(link) => {
            let detail = reader.detail(link)?.map(clean_detail).map(Box::new);
            Read::Detail(link, detail)
        }
        Request::Held(links) => Read::Held(held(reader, &links)?),
        Request::Candidates(links) => Read::Candidates(details(reader, &links)?),
        Request::Task(link) => {
            let detail = reader.detail(link)?.map(clean_detail).map(Box::new);
            Read::Task(detail)
        }
        Request::TaskBoard { me, days } => {
            let mut board = reader.task_board(&me, &days)?;
            board.people.iter_mut().for_each(tidy);
            Read::TaskBoard(board)
        }
        Request::Marked(links) => Read::Marked(details(reader, &links)?),
        Request::Find(words) => {
            let query = ContactQuery {
                search: words.clone(),
                ..ContactQuery::default()
            };
            let rows = reader.contacts(&query, None, Direction::Forward, FOUND)?;
            Read::Found(words, rows.into_iter().map(clean_contact).collect())
        }
        Request::Conflicts => {
            let rows = reader.conflicts(CONFLICTS)?.into_iter();
            Read::Conflicts {
                rows: rows.map(clean_conflict).collect(),
                looking: reader.looking()?,
            }
        }
        Request::Settled(ids) => Read::Settled(settled(reader, ids)?),
        Request::Businesses => Read::Businesses(reader.businesses()?),
        Request::Policies => Read::Policies(reader.policies()?, reader.policy_uses()?),
        Request::Exchanges(line) => Read::Exchanges(line, reader.exchanges(line)?),
        Request::Plan => Read::Plan(planned(reader)?),
        Request::Matching { filter, links } => Read::Matching(matching(reader, filter, &links)?),
        Request::Passes => Read::Passes(reader.passes(PASSES)?),
        Request::LogOfPass(pass) => {
            let lines = reader.log_of_pass(pass)?.into_iter();
            Read::LogOfPass(pass, lines.map(clean_entry).collect())
        }
        Request::LogFound(filter) => {
            let mut found = Vec::new();
            let mut before = None;
            loop {
                let page = reader.log(before, LOG_PAGE)?;
                let end = page.len() < LOG_PAGE as usize;
                before = page.last().map(|entry| entry.id);
                let page = page.into_iter().map(clean_entry);
                found.extend(page.filter(|entry| passes_log(&filter, entry, now)));
                if end || found.len() >= FOUND_LINES {
                    break;
                }
            }
            found.truncate(FOUND_LINES);
            Read::LogFound(filter, found)
        }
        Request::Errors { closed } => {
            let mut rows = reader.errors(ERRORS)?;
            if closed {
                rows.extend(reader.closed_errors(ERRORS)?);
            }
            Read::Errors(rows.into_iter().map(clean_error).collect())
        }
        Request::Undo { of, me } => undo(reader, of, &me, map)?,
        Request::ErrorRecords(error) => {
            let mut records = reader.error_records(error, RECORDS)?;
            for (_, title) in &mut records {
                tidy(title);
            }
            Read::ErrorRecords(error, records)
        }
        Request::Alerts => Read::Alerts(reader.alerts()?),
        Request::Rates { since } => Read::Rates(BySide {
            ghl: reader.rates(crate::model::Side::Ghl, since)?,
            growbots: reader.rates(crate::model::Side::Growbots, since)?,
        }),
    })
}

/// What waits to be written: all of it counted, and the first of it listed with names.
fn planned(reader: &Reader) -> Result<Planned, StoreError> {
    let intents = reader.open_intents()?;
    let mut plan = Planned::counted(intents.iter().map(|intent| &intent.write));
    for intent in intents.into_iter().take(plan::LISTED) {
        let write = intent.write;
        if let Entry::Vacant(name) = plan.titles.entry(write.link) {
            let outline = reader.outline(write.link)?.map(|outline| outline.linked);
            let title = outline.map_or_else(String::new, |linked| {
                let seen = linked
                    .ends
                    .ghl
                    .last_seen()
                    .or(linked.ends.growbots.last_seen());
                seen.map_or_else(String::new, |seen| seen.record.title(linked.kind))
            });
            name.insert(clean(&title).into_owned());
        }
        plan.writes.push(write);
    }
    Ok(plan)
}

fn settled(reader: &Reader, ids: Vec<ConflictId>) -> Result<Vec<Settled>, StoreError> {
    let mut all = Vec::new();
    for id in ids {
        all.extend(reader.settled(id)?.map(|settled| Settled {
            conflict: clean_conflict(settled.conflict),
            ..settled
        }));
    }
    Ok(all)
}

/// Records as a list of them shows them: with the name of the contact that each belongs to.
fn held(reader: &Reader, links: &[LinkId]) -> Result<Vec<Record>, StoreError> {
    let mut found = Vec::new();
    for link in links {
        let Some(outline) = reader.outline(*link)? else {
            continue;
        };
        let parent = match outline.linked.parent {
            Some(parent) => reader.outline(parent)?,
            None => None,
        };
        let contact = parent.map_or_else(String::new, |parent| {
            let ends = &parent.linked.ends;
            let seen = ends.ghl.last_seen().or(ends.growbots.last_seen());
            seen.map_or_else(String::new, |seen| seen.record.title(parent.linked.kind))
        });
        found.push(Record {
            linked: outline.linked,
            contact,
        });
    }
    Ok(found)
}

fn details(reader: &Reader, links: &[LinkId]) -> Result<Vec<ContactDetail>, StoreError> {
    let mut found = Vec::new();
    for link in links.iter().take(super::tabs::contact_forms::MARKED) {
        found.extend(reader.detail(*link)?.map(clean_detail));
    }
    Ok(found)
}

/// Walks the contacts that pass a filter.
fn matching(reader: &Reader, filter: Filter, links: &[LinkId]) -> Result<Matched, StoreError> {
    let query = ContactQuery {
        filter: filter.clone(),
        ..ContactQuery::default()
    };
    let mut matched = Matched {
        filter,
        links: Vec::new(),
        count: 0,
    };
    let mut from: Option<PageKey> = None;
    loop {
        let rows = reader.contacts(&query, from.as_ref(), Direction::Forward, MATCHING)?;
        matched.count += rows.len() as u64;
        let found = rows.iter().map(|row| row.id);
        matched.links.extend(found.filter(|id| links.contains(id)));
        match rows.last() {
            Some(last) if rows.len() == MATCHING as usize => from = Some(last.key.clone()),
            _ => return Ok(matched),
        }
    }
}

/// What an undo would do. The operator's latest operation is looked for among the newest lines of the log.
fn undo(reader: &Reader, of: Option<Undo>, me: &str, map: &MapSource) -> Result<Read, StoreError> {
    let of = if of.is_some() {
        of
    } else {
        let newest = reader.log(None, LOG_PAGE)?;
        let mut mine = newest.iter().filter(|line| line.side.is_some());
        let mine = mine.find(|line| line.operator.as_deref() == Some(me));
        mine.map(|line| Undo::Operation(line.id))
    };
    let mut preview = Preview {
        of,
        plan: UndoPlan::default(),
        titles: BTreeMap::new(),
    };
    if let Some(of) = of {
        preview.plan = reader.undo_plan(of, &(map.0)(reader), me)?;
        for line in reader.undo_lines(of)? {
            let title = clean(&line.entry.title).into_owned();
            preview.titles.insert(line.entry.link, title);
        }
    }
    Ok(Read::Undo(Box::new(preview)))
}

/// A window of a list from a verb that gives a page after or before a key.
pub fn page<R: super::window::Row, E>(
    span: Span,
    reach: u16,
    rows: impl Fn(Option<&PageKey>, Direction, u16) -> Result<Vec<R>, E>,
) -> Result<Page<R>, E> {
    let reach = reach.clamp(1, 240);
    let all = 2 * reach;
    let (found, at_start, at_end) = match &span {
        Span::Start => {
            let found = rows(None, Direction::Forward, all)?;
            let at_end = found.len() < all as usize;
            (found, true, at_end)
        }
        Span::End => {
            let found = rows(None, Direction::Backward, all)?;
            let at_start = found.len() < all as usize;
            (found, at_start, true)
        }
        Span::Around(key) => {
            let mut before = rows(Some(key), Direction::Backward, reach)?;
            let at_start = before.len() < reach as usize;
            // forward from the last row before it, so that its own row comes too
            let from = before.last().map(|row| row.key().clone());
            let after = rows(from.as_ref(), Direction::Forward, reach + 1)?;
            let at_end = after.len() < reach as usize + 1;
            before.extend(after);
            (before, at_start, at_end)
        }
    };
    Ok(Page {
        span,
        rows: found,
        at_start,
        at_end,
    })
}
