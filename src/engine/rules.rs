//! Automations: what happened meets the rules, once each; what a rule then wants is carried out when it can be.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use crate::merge::automation::Subject;
use crate::model::{
    Act, Cause, Decided, Failure, FieldChange, FieldName, Firing, Kind, Linked, Occurrence, Op,
    Rule, RuleMark, RuleWork, Side, TaskTemplate, Value, When, Write,
};
use crate::remote::{Read, Setup};
use crate::store::{Lookup, RULES_SINCE};

use super::EngineError;
use super::pass::Pass;
use super::reconcile::values;
use super::settle::may_have_made;

/// Occurrences looked at in one go.
const BATCH: u32 = 500;
const HOUR_MS: i64 = 3_600_000;
/// An appointment whose contact did not come within this is left.
const ORPHAN_MS: i64 = 24 * HOUR_MS;
/// A firing whose contact did not become a lead within this is left.
const WAITS_MS: i64 = 30 * 24 * HOUR_MS;

/// What came of an attempt.
enum Outcome {
    /// This is to be done.
    Do(RuleWork),
    /// Something else must come first.
    Wait,
    /// What it was about is not there.
    Drop,
    /// It cannot be done.
    Fail(String),
}

/// A contact, and the appointment where there is one.
struct Found {
    contact: Linked,
    appointment: Option<Linked>,
}

impl Pass<'_> {
    /// Sets the mark from which on things happen, once both sides were read; takes it away while no rule is on.
    pub(super) fn mark_rules(&self) -> Result<(), EngineError> {
        let marked = self.core.store().note(RULES_SINCE)?.is_some();
        if !self.has_rules() {
            if marked {
                self.core.drop_note(RULES_SINCE)?;
            }
            return Ok(());
        }
        if !marked && self.is_backfilled()? {
            // By GHL's clock, which tells when its records were made, and rather a second too early: what was there
            // has been read, and is not new; what comes from now on must not seem older than the mark.
            let ahead = self.core.side(Side::Ghl).clock_ahead_ms().unwrap_or(0);
            self.core
                .put_note(RULES_SINCE, &self.core.now().plus(ahead))?;
        }
        Ok(())
    }

    /// Whether any rule is on.
    pub(super) fn has_rules(&self) -> bool {
        self.core.rules.iter().any(|rule| rule.on)
    }

    /// Lets what happened meet the rules, and carries out what they want.
    pub(super) async fn follow_rules(&self) -> Result<(), EngineError> {
        if !self.has_rules() {
            return Ok(());
        }
        let mut after = 0;
        loop {
            let batch = self.core.store().occurrences(after, BATCH)?;
            let Some((last, ..)) = batch.last() else {
                break;
            };
            after = *last;
            self.core.keep_lease()?;
            for (id, occurrence, at) in batch {
                if let Some(met) = self.met(&occurrence, self.core.now().since(at))? {
                    self.core.store().meet(self.fence, id, &occurrence, &met)?;
                }
            }
        }
        self.carry_out_firings().await
    }

    /// The rules that an occurrence meets; `None`: that cannot be told yet.
    fn met(&self, occurrence: &Occurrence, age: i64) -> Result<Option<Vec<&str>>, EngineError> {
        let Some(found) = self.found(occurrence)? else {
            return Ok((age > ORPHAN_MS || self.is_gone(occurrence)?).then(Vec::new));
        };
        let own = found.appointment.as_ref().unwrap_or(&found.contact);
        if matches!(
            occurrence.when,
            When::ContactCreated | When::AppointmentCreated
        ) {
            if self.core.store().is_made_by_us(own.id, Side::Ghl)? {
                return Ok(Some(Vec::new()));
            }
            // It may be what a create of ours made whose answer was lost.
            let lost = self.lost_creates(own.kind)?;
            let end = own.ends.ghl.live();
            if end.is_some_and(|end| lost.iter().any(|intent| may_have_made(intent, end))) {
                return Ok(None);
            }
        }
        if found.contact.ignored {
            return Ok(Some(Vec::new()));
        }
        let subject = self.subject(&found, occurrence);
        let rules = self.core.rules.iter();
        let met = rules
            .filter(|rule| rule.on && rule.when == occurrence.when && subject.passes(&rule.filter));
        Ok(Some(met.map(|rule| &*rule.name).collect()))
    }

    fn subject<'a>(&self, found: &'a Found, occurrence: &Occurrence) -> Subject<'a> {
        Subject {
            contact: &found.contact,
            appointment: found.appointment.as_ref(),
            call: occurrence.call,
            now: self.core.now(),
        }
    }

    fn link_of(&self, occurrence: &Occurrence) -> Result<Option<Linked>, EngineError> {
        let store = self.core.store();
        let found = store.lookup(
            Side::Ghl,
            occurrence.when.kind(),
            Lookup::Id(&occurrence.id),
        )?;
        Ok(match found.first() {
            Some(found) => store.linked(found.link)?,
            None => None,
        })
    }

    fn is_gone(&self, occurrence: &Occurrence) -> Result<bool, EngineError> {
        // A call can be told before the contact is.
        Ok(occurrence.when != When::Call && self.link_of(occurrence)?.is_none())
    }

    /// Contact and appointment under canonical names; `None` while one of them is not known.
    fn found(&self, occurrence: &Occurrence) -> Result<Option<Found>, EngineError> {
        let Some(own) = self.link_of(occurrence)? else {
            return Ok(None);
        };
        let own = self.seen(&own)?.linked.into_owned();
        if own.kind == Kind::Contact {
            return Ok(Some(Found {
                contact: own,
                appointment: None,
            }));
        }
        let parent = match own.parent {
            Some(parent) => self.core.store().linked(parent)?,
            None => None,
        };
        let Some(parent) = parent else {
            return Ok(None);
        };
        Ok(Some(Found {
            contact: self.seen(&parent)?.linked.into_owned(),
            appointment: Some(own),
        }))
    }

    async fn carry_out_firings(&self) -> Result<(), EngineError> {
        let pending = self.core.store().pending_firings()?;
        let mut left: BTreeMap<&str, u64> = BTreeMap::new();
        let mut held: BTreeMap<&str, bool> = BTreeMap::new();
        for firing in &pending {
            let rule = self.core.rules.iter().find(|rule| rule.name == firing.rule);
            let Some(rule) = rule.filter(|rule| rule.on) else {
                self.core.store().give_up(self.fence, firing.id, false)?;
                continue;
            };
            let left = match left.entry(&rule.name) {
                std::collections::btree_map::Entry::Occupied(left) => left.into_mut(),
                std::collections::btree_map::Entry::Vacant(new) => {
                    let since = self.core.now().plus(-HOUR_MS);
                    let fired = self.core.store().fired_since(&rule.name, since)?;
                    new.insert(rule.per_hour.saturating_sub(fired))
                }
            };
            if *left == 0 {
                *held.entry(&rule.name).or_insert(false) |= !firing.held;
                self.core.store().hold(self.fence, firing.id)?;
                continue;
            }
            held.entry(&rule.name).or_insert(false);
            match self.attempt(rule, firing).await? {
                Outcome::Do(work) => {
                    *left -= 1;
                    self.core
                        .store()
                        .carry_out(self.fence, self.id, firing.id, &work)?;
                }
                Outcome::Wait if self.core.now().since(firing.at) < WAITS_MS => {}
                Outcome::Wait => self.fail(rule, firing, "its contact did not become a lead")?,
                Outcome::Drop => self.core.store().give_up(self.fence, firing.id, false)?,
                Outcome::Fail(why) => self.fail(rule, firing, &why)?,
            }
        }
        for (rule, is_news) in held {
            let budget = self.core.rules.iter().find(|one| one.name == rule);
            let budget = budget.map_or(0, |rule| rule.per_hour);
            let pattern = format!("rule {rule} fires too often");
            if is_news {
                self.raise_rule(
                    pattern,
                    format!(
                        "rule `{rule}` acted {budget} times within an hour; what is more waits"
                    ),
                )?;
            } else if left.get(rule).is_some_and(|left| *left > 0) {
                self.core.store().settle(self.fence, &pattern)?;
            }
        }
        Ok(())
    }

    fn fail(&self, rule: &Rule, firing: &Firing, why: &str) -> Result<(), EngineError> {
        let name = &rule.name;
        self.raise_rule(
            format!("rule {name} {why}"),
            format!("rule `{name}`: {why}"),
        )?;
        Ok(self.core.store().give_up(self.fence, firing.id, true)?)
    }

    fn raise_rule(&self, pattern: String, message: String) -> Result<(), EngineError> {
        self.summary.borrow_mut().errors += 1;
        let failure = Failure {
            pattern,
            side: None,
            operation: "rule".into(),
            status: None,
            message,
            link: None,
            next_retry_at: None,
        };
        self.core.store().raise(self.fence, &failure)?;
        Ok(())
    }

    /// What a rule wants done, if all of it can be done now.
    async fn attempt(&self, rule: &Rule, firing: &Firing) -> Result<Outcome, EngineError> {
        let occurrence = &firing.occurrence;
        let Some(found) = self.found(occurrence)? else {
            return Ok(Outcome::Drop);
        };
        let contact = &found.contact;
        if contact.ignored || contact.ends.ghl.live().is_none() {
            return Ok(Outcome::Drop);
        }
        let subject = self.subject(&found, occurrence);
        if contact.ends.growbots.live().is_none() {
            self.ask_for_lead(rule, &subject)?;
            return Ok(Outcome::Wait);
        }
        let mut work = RuleWork::default();
        let wanted = rule.then.iter().filter(|step| subject.passes(&step.only));
        for (nth, step) in wanted.enumerate() {
            let more = match &step.act {
                Act::CreateLead => Outcome::Do(RuleWork::default()),
                Act::CreateTask(task) => {
                    let key = mark_key(&rule.name, occurrence, nth);
                    self.task(rule, task, &subject, key)?
                }
                Act::MoveTask => match subject.start() {
                    Some(start) => {
                        let to = Some(Value::Time(start));
                        self.its_tasks(rule, occurrence, &FieldName::DueAt, to.as_ref())?
                    }
                    None => Outcome::Do(RuleWork::default()),
                },
                Act::CompleteTask => {
                    let to = Value::yes(true);
                    self.its_tasks(rule, occurrence, &FieldName::Completed, to.as_ref())?
                }
                Act::FillBusiness => self.fill_business(contact).await?,
                Act::AddTag(tag) => {
                    let now = values(contact, &FieldName::Tags);
                    let had = [&now.ghl, &now.growbots];
                    let had = had.into_iter().flatten().flat_map(Value::words);
                    let to = Value::set(had.chain([tag]));
                    self.decided(rule, contact, &FieldName::Tags, to)
                }
                Act::SetField(field, to) => {
                    let to = self.canonical(Kind::Contact, field, to.clone());
                    self.decided(rule, contact, field, to)
                }
            };
            match more {
                Outcome::Do(more) => {
                    work.tasks.extend(more.tasks);
                    work.decided.extend(more.decided);
                }
                other => return Ok(other),
            }
        }
        Ok(Outcome::Do(work))
    }

    fn decided(
        &self,
        rule: &Rule,
        linked: &Linked,
        field: &FieldName,
        value: Option<Value>,
    ) -> Outcome {
        if !self.core.map().carries(linked.kind, field) {
            return Outcome::Fail(format!("`{field}` is not a field that is kept in step"));
        }
        let seen = values(linked, field);
        let mut work = RuleWork::default();
        if seen.ghl != value || seen.growbots != value {
            let decided = Decided {
                field: field.clone(),
                value,
                seen,
                cause: cause(rule, None),
            };
            work.decided.push((linked.id, decided));
        }
        Outcome::Do(work)
    }

    /// Gives the open tasks that rules made for an appointment a value.
    fn its_tasks(
        &self,
        rule: &Rule,
        occurrence: &Occurrence,
        field: &FieldName,
        to: Option<&Value>,
    ) -> Result<Outcome, EngineError> {
        let mut work = RuleWork::default();
        let tasks = self.core.store().tasks_of(&occurrence.id)?;
        for task in tasks {
            let Some(linked) = self.core.store().linked(task)? else {
                continue;
            };
            let linked = self.seen(&linked)?.linked.into_owned();
            let ends = [&linked.ends.ghl, &linked.ends.growbots];
            if ends.iter().any(|end| end.is_gone()) {
                continue;
            }
            // It is on its way: what is decided about it now would be lost.
            let Some(live) = ends.iter().find_map(|end| end.live()) else {
                return Ok(Outcome::Wait);
            };
            if live.record.is(&FieldName::Completed) {
                continue;
            }
            match self.decided(rule, &linked, field, to.cloned()) {
                Outcome::Do(more) => work.decided.extend(more.decided),
                other => return Ok(other),
            }
        }
        Ok(Outcome::Do(work))
    }

    fn task(
        &self,
        rule: &Rule,
        task: &TaskTemplate,
        subject: &Subject<'_>,
        key: String,
    ) -> Result<Outcome, EngineError> {
        let ghl: Setup = self.core.note("setup.ghl")?.unwrap_or_default();
        let growbots: Setup = self.core.note("setup.growbots")?.unwrap_or_default();
        let zone = TimeZone::get(&ghl.time_zone).unwrap_or(TimeZone::UTC);
        let (title, due) = subject.task(task, &zone);
        // An owner whom one of the sides does not know would have the task refused.
        let owner = subject.owner().filter(|owner| {
            let is_known = |setup: &Setup| {
                let mut users = setup.users.iter();
                users.any(|user| Some(&*user.email) == owner.as_text())
            };
            is_known(&ghl) && is_known(&growbots)
        });
        let filled = [
            (FieldName::Title, Value::text(title)),
            (
                FieldName::DueAt,
                due.map(|due| Value::Time(due.to_second())),
            ),
            (FieldName::Assignee, owner.cloned()),
        ];
        let map = self.core.map();
        let mut fields = Vec::new();
        for (field, to) in filled {
            let is_carried = map.carries(Kind::Task, &field);
            let to = self.canonical(Kind::Task, &field, to);
            if to.is_none() || !is_carried {
                continue;
            }
            let change = FieldChange {
                field,
                from: None,
                to,
            };
            match map.own_change(Kind::Task, Side::Growbots, None, &change) {
                Ok(change) => fields.push(change),
                Err(stuck) => {
                    return Ok(Outcome::Fail(format!("`{}`: {}", stuck.field, stuck.why)));
                }
            }
        }
        let mark = RuleMark {
            key,
            kind: task.kind,
        };
        Ok(Outcome::Do(RuleWork {
            tasks: vec![Write {
                link: subject.contact.id,
                side: Side::Growbots,
                kind: Kind::Task,
                id: None,
                op: Op::Create,
                fields,
                cause: cause(rule, Some(mark)),
            }],
            decided: Vec::new(),
        }))
    }

    /// The field map makes the company and links the lead once the business is known: it is read at once.
    async fn fill_business(&self, contact: &Linked) -> Result<Outcome, EngineError> {
        let map = self.core.map();
        if !map.creates(Kind::Business, Side::Growbots)
            || !map.carries(Kind::Contact, &FieldName::Business)
        {
            return Ok(Outcome::Fail("the field map keeps no businesses".into()));
        }
        let own = self.core.store().linked(contact.id)?;
        let business = own.as_ref().and_then(|own| own.ends.ghl.live());
        let business = business.and_then(|end| end.record.get(&FieldName::Business));
        let Some(Value::Text(id)) = business else {
            return Ok(Outcome::Do(RuleWork::default()));
        };
        let id = (&**id).into();
        let known = self
            .core
            .store()
            .lookup(Side::Ghl, Kind::Business, Lookup::Id(&id))?;
        if known.is_empty() && !self.is_over(Side::Ghl) {
            self.sweep(Side::Ghl, Kind::Business, Read::All).await?;
            self.core.store().touch(self.fence, &[contact.id])?;
        }
        Ok(Outcome::Do(RuleWork::default()))
    }
}

fn cause(rule: &Rule, mark: Option<RuleMark>) -> Cause {
    Cause::Automation {
        rule: rule.name.clone(),
        mark,
    }
}

/// Names what a step of a rule makes of an event, for `external_ids.rule`, which takes 128 characters.
fn mark_key(rule: &str, occurrence: &Occurrence, nth: usize) -> String {
    let key = format!("{rule}:{}:{nth}", occurrence.key());
    if key.len() <= 128 && key.is_ascii() {
        return key;
    }
    let digest = ring::digest::digest(&ring::digest::SHA256, key.as_bytes());
    let name = BASE64_URL_SAFE_NO_PAD.encode(digest);
    format!("rule:{name}")
}
