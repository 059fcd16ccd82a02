//! The field map at work: links under canonical names before a merge, writes under each side's own names after it,
//! and what a change of the map means for bases.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use crate::merge::due::next_working_day;
use crate::merge::mapping::{Canonical, Fingerprints, Stuck};
use crate::merge::{FieldMap, SideWrite};
use crate::model::{
    Cause, Decided, End, Failure, FieldChange, FieldName, Held, Kind, LinkId, Linked, Op, RecordId,
    Side, Snapshot, Value, Why,
};
use crate::remote::{Setup, User, unknown_status, unknown_user};
use crate::store::{LinkOutcome, Lookup};

use super::EngineError;
use super::breaker::Flip;
use super::core::Core;
use super::pass::Pass;
use super::shares::BUSINESSES;

/// The fingerprints of the map that the bases in the database were agreed under.
const MAP: &str = "map";
/// Fields whose base is not known since the map changed.
const NEWS: &str = "map.news";
/// Contacts were merged without their business, which was not known.
const BUSINESS_LEFT: &str = "business.left";
/// A business of GHL was met for the first time, or changed, since contacts were looked at again.
const BUSINESS_MET: &str = "business.met";

/// Fields that name a user.
const USERS: [FieldName; 4] = [
    FieldName::Owner,
    FieldName::Assignee,
    FieldName::Author,
    FieldName::Host,
];

/// A link as the merge sees it.
pub(super) struct Seen<'a> {
    /// Under canonical names.
    pub linked: Cow<'a, Linked>,
    pub canonical: Canonical,
    /// Fields that wait for something else: nothing is said of them.
    aside: Vec<Stuck>,
}

/// What is to be done once an outcome is stored.
#[derive(Default)]
pub(super) struct After {
    stuck: Vec<Stuck>,
    flips: Vec<Flip>,
    /// The status of an appointment that nobody knows.
    unknown_status: Option<String>,
    /// A write waits for the link of another record.
    look_again: bool,
}

impl Seen<'_> {
    /// Says nothing of a field: what is there stays.
    fn leave(&mut self, field: FieldName) {
        let linked = self.linked.to_mut();
        let mut base = None;
        for side in Side::BOTH {
            if let End::Live(end) | End::Gone(end) = linked.ends.get_mut(side) {
                end.record.set(field.clone(), None);
            }
        }
        if let Some(record) = &mut linked.base {
            base = record.get(&field).cloned();
            record.set(field.clone(), None);
        }
        self.aside.push(Stuck {
            field,
            why: String::new(),
            base,
        });
    }

    /// Says nothing of users: where one side's could not be read, the other knows nobody by its ids.
    fn leave_users(&mut self) {
        for field in USERS {
            let has = |side: Side| {
                let end = self.linked.ends.get(side).last_seen();
                end.is_some_and(|end| end.record.get(&field).is_some())
            };
            if Side::BOTH.into_iter().any(has) {
                self.leave(field);
            }
        }
    }
}

/// Whether a side was set up and told us no users.
pub(super) fn users_unread(core: &Core) -> Result<bool, EngineError> {
    for side in Side::BOTH {
        let setup = core.note::<Setup>(&format!("setup.{}", side.name()))?;
        if setup.is_some_and(|setup| setup.users.is_empty()) {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Pass<'_> {
    /// Puts the map in force that GHL's custom fields allow. Where it differs from the one before, the bases of the
    /// fields that differ are forgotten: that is no edit by anybody.
    pub(super) fn take_up_map(&self) -> Result<(), EngineError> {
        self.users_unread.set(users_unread(self.core)?);
        let mut map = self.core.configured.clone();
        if let Some(setup) = self.core.note::<Setup>("setup.ghl")? {
            let fields = setup.custom_fields.iter();
            let fields: Vec<_> = fields.map(|field| (&*field.key, &*field.name)).collect();
            map.resolve_custom_fields(&fields);
            map.set_country(&setup.country);
        }
        for (entry, why) in map.missing() {
            self.core
                .store()
                .raise(self.fence, &failure(entry.kind, &entry.field, why, None))?;
        }
        // A database from before the map was kept has the default map's bases.
        let before: Fingerprints = match self.core.note(MAP)? {
            Some(before) => before,
            None => FieldMap::default().fingerprints(),
        };
        let mut news: Vec<(Kind, FieldName)> = self.core.note(NEWS)?.unwrap_or_default();
        let more = map.news(&before);
        if !more.is_empty() {
            news.extend(
                more.iter()
                    .filter(|field| !news.contains(field))
                    .cloned()
                    .collect::<Vec<_>>(),
            );
            self.core.put_note(NEWS, &news)?;
        }
        let now = serde_json::to_string(&map.fingerprints()).unwrap_or_default();
        self.core
            .store()
            .forget_bases(self.fence, &more, (MAP, &now))?;
        *self.core.news.borrow_mut() = news.into_iter().collect();
        self.core.use_map(map);
        Ok(())
    }

    /// Once no write waits that the change of the map asked for, what comes is edits again.
    pub(super) fn end_news(&self) -> Result<(), EngineError> {
        if self.core.news.borrow().is_empty() {
            return Ok(());
        }
        let open = self.core.store().open_intents()?;
        if !open
            .iter()
            .any(|intent| intent.write.cause == Cause::Mapping)
        {
            self.core.drop_note(NEWS)?;
            self.core.news.borrow_mut().clear();
        }
        Ok(())
    }

    /// Fields that the map has since lately are nobody's edit, whatever the merge or a policy makes of them: the
    /// brake counts them.
    pub(super) fn name_news(&self, linked: &Linked, writes: &mut [SideWrite]) {
        let news = self.core.news.borrow();
        if news.is_empty() || linked.base.is_none() {
            return;
        }
        for write in writes {
            let field = &write.change.field;
            let is_unknown = linked
                .base
                .as_ref()
                .is_none_or(|base| base.get(field).is_none());
            if is_unknown
                && write.cause.operator().is_none()
                && news.contains(&(linked.kind, field.clone()))
            {
                write.cause = Cause::Mapping;
            }
        }
    }

    /// A link under canonical names; borrowed where nothing has to be translated.
    pub(super) fn seen<'a>(&self, own: &'a Linked) -> Result<Seen<'a>, EngineError> {
        let map = self.core.map();
        let mut seen = Seen {
            linked: Cow::Borrowed(own),
            canonical: Canonical::default(),
            aside: Vec::new(),
        };
        self.hear_echoes(&mut seen.linked)?;
        if map.concerns(own) {
            seen.canonical = map.make_canonical(seen.linked.to_mut());
        }
        let has_business = |end: &End| {
            end.last_seen()
                .is_some_and(|end| end.record.get(&FieldName::Business).is_some())
        };
        if own.kind == Kind::Contact
            && Side::BOTH
                .iter()
                .any(|side| has_business(own.ends.get(*side)))
        {
            self.name_business(&mut seen)?;
        }
        if self.users_unread.get() {
            seen.leave_users();
        }
        if own.kind == Kind::Task {
            self.give_due_date(&mut seen)?;
        }
        Ok(seen)
    }

    /// The business of a lead under the id that GHL has for it.
    fn name_business(&self, seen: &mut Seen<'_>) -> Result<(), EngineError> {
        let field = FieldName::Business;
        let linked = seen.linked.to_mut();
        if let End::Live(end) | End::Gone(end) = &mut linked.ends.growbots
            && let Some(Value::Text(company)) = end.record.get(&field)
        {
            let id = self.id_across(Side::Growbots, company)?;
            // A company that GHL does not have has a name that no id of GHL's is.
            let name = id.map_or_else(|| format!("company {company}"), |id| id.to_string());
            end.record.set(field.clone(), Value::text(name));
        }
        let unknown = match &linked.ends.ghl {
            End::Live(end) | End::Gone(end) => match end.record.get(&field) {
                Some(Value::Text(id)) => self.business(Side::Ghl, id)?.is_none(),
                _ => false,
            },
            End::Missing => false,
        };
        // One that we may not or could not read yet, or that came after the last reading.
        if unknown {
            seen.leave(field);
            self.core.put_note(BUSINESS_LEFT, &true)?;
            BUSINESSES.ask(self.core)?;
        }
        Ok(())
    }

    /// Contacts whose business was not known when they were merged are merged again once there is a new one.
    pub(super) fn look_at_business_again(&self) -> Result<(), EngineError> {
        if self.core.note::<bool>(BUSINESS_MET)?.is_none() {
            return Ok(());
        }
        if self.core.note::<bool>(BUSINESS_LEFT)?.is_some() {
            self.core
                .store()
                .touch_naming(self.fence, &[FieldName::Business])?;
            self.core.drop_note(BUSINESS_LEFT)?;
        }
        Ok(self.core.drop_note(BUSINESS_MET)?)
    }

    /// Businesses of GHL that are new, or not as they were, are about to be stored: kept before, for a rule may read
    /// them late in a pass, and a pass may end early.
    pub(super) fn expect_businesses(&self, snapshots: &[Snapshot]) -> Result<(), EngineError> {
        let is_one = |one: &Snapshot| one.kind == Kind::Business && one.side == Side::Ghl;
        if snapshots.iter().any(is_one) && self.core.note::<bool>(BUSINESS_MET)?.is_none() {
            self.core.put_note(BUSINESS_MET, &true)?;
        }
        Ok(())
    }

    /// Users whom a setup is the first to tell: what named them by their ids names them by their addresses, and where
    /// none was known before, what was left aside is merged again.
    pub(super) fn learn_users(
        &self,
        side: Side,
        before: Option<&Setup>,
        now: &Setup,
    ) -> Result<(), EngineError> {
        let Some(before) = before else {
            return Ok(());
        };
        let is_new = |user: &&User| {
            let same = |known: &User| known.id == user.id && known.email == user.email;
            !user.email.is_empty() && !before.users.iter().any(same)
        };
        let named = now.users.iter().filter(is_new);
        let names: BTreeMap<String, String> = named
            .map(|user| (unknown_user(&user.id), user.email.to_lowercase()))
            .collect();
        if !names.is_empty() {
            self.core
                .store()
                .name_users(self.fence, side, &names, &USERS)?;
        }
        if before.users.is_empty() && !now.users.is_empty() {
            self.core.store().touch_naming(self.fence, &USERS)?;
        }
        Ok(())
    }

    fn business(&self, side: Side, id: &str) -> Result<Option<LinkId>, EngineError> {
        let id = RecordId::from(id);
        let found = self
            .core
            .store()
            .lookup(side, Kind::Business, Lookup::Id(&id))?;
        Ok(found.first().map(|found| found.link))
    }

    /// The id that the other side has for a business.
    fn id_across(&self, side: Side, id: &str) -> Result<Option<RecordId>, EngineError> {
        let Some(link) = self.business(side, id)? else {
            return Ok(None);
        };
        let linked = self.core.store().linked(link)?;
        Ok(linked.and_then(|linked| super::push::live_id(&linked, side.other())))
    }

    /// GHL has no task without a due date: where Growbots has none, GHL's stands, or the next working day for both.
    fn give_due_date(&self, seen: &mut Seen<'_>) -> Result<(), EngineError> {
        let field = FieldName::DueAt;
        let linked = &seen.linked;
        let map = self.core.map();
        let Some(growbots) = linked.ends.growbots.live() else {
            return Ok(());
        };
        let is_decided = linked.decided.iter().any(|decided| decided.field == field);
        let writes = map
            .entry(Kind::Task, &field)
            .is_some_and(|entry| entry.creates(Side::Ghl));
        if growbots.record.get(&field).is_some() || is_decided || !writes {
            return Ok(());
        }
        let base = linked.base.as_ref().and_then(|base| base.get(&field));
        let ghl = match &linked.ends.ghl {
            End::Live(end) => end.record.get(&field),
            End::Missing => None,
            End::Gone(_) => return Ok(()),
        };
        let is_pair = linked.ends.ghl.live().is_some();
        // Without a base GHL's date fills in by itself.
        if is_pair && base.is_none() {
            return Ok(());
        }
        let value = if ghl.is_some() && ghl != base {
            ghl.cloned()
        } else {
            let setup: Setup = self.core.note("setup.ghl")?.unwrap_or_default();
            let zone = TimeZone::get(&setup.time_zone).unwrap_or(TimeZone::UTC);
            next_working_day(self.core.now(), &zone).map(Value::Time)
        };
        let decided = Decided {
            value,
            seen: super::reconcile::values(linked, &field),
            cause: Cause::Rule {
                name: "a task of GHL has a due date".into(),
            },
            field,
        };
        seen.linked.to_mut().decided.push(decided);
        Ok(())
    }

    /// Brings an outcome under each side's own names. What the map cannot carry is held.
    pub(super) fn as_own(
        &self,
        own: &Linked,
        seen: Seen<'_>,
        outcome: &mut LinkOutcome,
    ) -> Result<After, EngineError> {
        let mut after = After {
            flips: self.break_flips(own, outcome)?,
            unknown_status: own.ends.ghl.live().and_then(unknown_status),
            ..After::default()
        };
        for stuck in &seen.aside {
            restore(outcome, stuck);
        }
        for stuck in seen.canonical.stuck {
            restore(outcome, &stuck);
            after.stuck.push(stuck);
        }
        let map = self.core.map();
        for write in &mut outcome.writes {
            let record = match write.op {
                Op::Update => own.ends.get(write.side).live().map(|end| &end.record),
                _ => None,
            };
            let mut fields = Vec::with_capacity(write.fields.len());
            for change in write.fields.drain(..) {
                match map.own_change(write.kind, write.side, record, &change) {
                    Ok(change) if is_business(write.kind, write.side, &change) => {
                        match self.own_business(record, &change)? {
                            Some(change) => fields.push(change),
                            None => after.look_again = true,
                        }
                    }
                    Ok(change) => fields.push(change),
                    Err(stuck) => after.stuck.push(stuck),
                }
            }
            write.fields = fields;
        }
        outcome
            .writes
            .retain(|write| write.op != Op::Update || !write.fields.is_empty());
        for stuck in &after.stuck {
            outcome.held.retain(|held| held.field != stuck.field);
            outcome.held.push(Held {
                field: stuck.field.clone(),
                why: Why::Parked,
            });
        }
        outcome.held.sort_by(|one, two| one.field.cmp(&two.field));
        Ok(after)
    }

    /// The business of a lead under Growbots' id; `None` while Growbots does not have it.
    fn own_business(
        &self,
        own: Option<&crate::model::Record>,
        change: &FieldChange,
    ) -> Result<Option<FieldChange>, EngineError> {
        let to = match &change.to {
            Some(Value::Text(id)) => match self.id_across(Side::Ghl, id)? {
                Some(id) => Value::text(id.to_string()),
                None => return Ok(None),
            },
            _ => None,
        };
        Ok(Some(FieldChange {
            field: FieldName::Business,
            from: own.and_then(|own| own.get(&FieldName::Business).cloned()),
            to,
        }))
    }

    /// What a stored outcome leaves to be done.
    pub(super) fn follow_up(&self, linked: &Linked, after: After) -> Result<(), EngineError> {
        for stuck in after.stuck {
            self.summary.borrow_mut().errors += 1;
            let failure = failure(linked.kind, &stuck.field, &stuck.why, Some(linked.id));
            self.core.store().raise(self.fence, &failure)?;
        }
        for flip in &after.flips {
            self.summary.borrow_mut().errors += 1;
            let failure = flip.failure(linked.id);
            self.core.store().raise(self.fence, &failure)?;
        }
        if let Some(status) = after.unknown_status {
            self.summary.borrow_mut().errors += 1;
            let why = format!("`appointmentStatus` is `{status}`, which counts as scheduled");
            let failure = failure(linked.kind, &FieldName::Status, &why, Some(linked.id));
            self.core.store().raise(self.fence, &failure)?;
        }
        if after.look_again {
            self.core.store().touch(self.fence, &[linked.id])?;
        }
        Ok(())
    }
}

fn is_business(kind: Kind, side: Side, change: &FieldChange) -> bool {
    kind == Kind::Contact && side == Side::Growbots && change.field == FieldName::Business
}

fn restore(outcome: &mut LinkOutcome, stuck: &Stuck) {
    if let (Some(base), Some(value)) = (&mut outcome.base, &stuck.base) {
        base.set(stuck.field.clone(), Some(value.clone()));
    }
}

/// A failure of the map: one row a field, whatever the record. That of a record is over once a merge of it finds
/// nothing.
fn failure(kind: Kind, field: &FieldName, why: &str, link: Option<LinkId>) -> Failure {
    Failure {
        pattern: format!("map {kind}.{field} {why}"),
        side: link.map(|_| Side::Ghl),
        operation: "map".into(),
        status: None,
        message: format!("the mapping of `{field}` of a {kind}: {why}"),
        link,
        next_retry_at: None,
    }
}
