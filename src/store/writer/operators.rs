//! What operators ask for and are told: actions, answers, errors, log, passes, status.

use crate::model::{
    Action, ActionId, ActionOutcome, Answer, ConflictId, Decided, ErrorId, ErrorState, Failure,
    Fence, FieldName, Kind, LinkId, LoopStatus, Millis, NewLog, NewPolicy, PassId, PassSummary,
    PolicyId, RateBar, RecordId, Side,
};
use crate::store::{
    StoreError, Writer, actions, conflicts, errors, links, log, outbox, pairs, policies,
    refresh::refresh, status,
};

impl Writer {
    /// Stores what an operator asks for. Needs no lease.
    pub fn submit(&mut self, operator: &str, action: &Action) -> Result<ActionId, StoreError> {
        self.write("submit", |tx| actions::submit(tx, operator, action))
    }

    /// Actions that wait to be carried out, oldest first, with who asked.
    pub fn pending_actions(&self) -> Result<Vec<(ActionId, String, Action)>, StoreError> {
        actions::pending(&self.conn).map_err(|fault| fault.at("pending_actions"))
    }

    /// What an action was and how it ended; `None` while it waits.
    pub fn ended_action(
        &self,
        action: ActionId,
    ) -> Result<Option<(Action, ActionOutcome)>, StoreError> {
        actions::ended(&self.conn, action).map_err(|fault| fault.at("ended_action"))
    }

    /// Keeps how an action ended.
    pub fn finish_action(
        &mut self,
        fence: Fence,
        action: ActionId,
        outcome: &ActionOutcome,
    ) -> Result<(), StoreError> {
        self.fenced("finish_action", fence, |tx| {
            actions::finish(tx, action, outcome)
        })
    }

    /// Keeps an operator's answer until it is applied; it replaces the operator's earlier one for the same field.
    /// Needs no lease.
    pub fn stage(
        &mut self,
        operator: &str,
        conflict: ConflictId,
        answer: &Answer,
        revision: i64,
    ) -> Result<(), StoreError> {
        self.write("stage", |tx| {
            conflicts::stage(tx, operator, conflict, answer, revision)
        })
    }

    /// Takes staged answers of an operator back: of one field, or all of the conflict. Needs no lease.
    pub fn unstage(
        &mut self,
        operator: &str,
        conflict: ConflictId,
        field: Option<&FieldName>,
    ) -> Result<(), StoreError> {
        self.write("unstage", |tx| {
            conflicts::unstage(tx, operator, conflict, field)
        })
    }

    /// Stores decided values of a link (replacing earlier ones of the same fields) and makes it dirty. With a
    /// `conflict`, that one becomes `decided` by `operator`, and all its staged answers for these fields go.
    pub fn decide(
        &mut self,
        fence: Fence,
        link: LinkId,
        conflict: Option<ConflictId>,
        operator: &str,
        note: Option<&str>,
        decided: &[Decided],
    ) -> Result<(), StoreError> {
        self.fenced("decide", fence, |tx| {
            if let Some(conflict) = conflict {
                conflicts::decide(tx, conflict, operator, note, decided)?;
            }
            links::decide(tx, link, decided)?;
            refresh(tx, link)
        })
    }

    /// Puts a conflict off.
    pub fn defer(
        &mut self,
        fence: Fence,
        conflict: ConflictId,
        until: Option<Millis>,
        note: Option<&str>,
    ) -> Result<(), StoreError> {
        self.fenced("defer", fence, |tx| {
            conflicts::defer(tx, conflict, until, note)
        })
    }

    /// Leaves a link alone, or takes it up again (dirty).
    pub fn set_ignored(
        &mut self,
        fence: Fence,
        link: LinkId,
        ignored: bool,
    ) -> Result<(), StoreError> {
        self.fenced("set_ignored", fence, |tx| {
            links::set_ignored(tx, link, ignored)
        })
    }

    /// Parts a pair, with what belongs to it; neither pairs again by itself. Logs it.
    pub fn split(
        &mut self,
        fence: Fence,
        pass: PassId,
        link: LinkId,
        action: ActionId,
        operator: &str,
    ) -> Result<(), StoreError> {
        let by = pairs::Parting { action, operator };
        self.fenced("split", fence, |tx| pairs::split(tx, pass, link, &by))
    }

    /// Makes one link of two, also of records that were parted. Logs it.
    pub fn unite(
        &mut self,
        fence: Fence,
        pass: PassId,
        ghl: LinkId,
        growbots: LinkId,
        operator: &str,
    ) -> Result<(), StoreError> {
        self.fenced("unite", fence, |tx| {
            pairs::unite(tx, pass, ghl, growbots, operator)
        })
    }

    /// Who parted two records, in which action; `None` where nobody did.
    pub fn parted(
        &self,
        kind: Kind,
        ghl: &RecordId,
        growbots: &RecordId,
    ) -> Result<Option<(ActionId, String)>, StoreError> {
        pairs::parted(&self.conn, kind, ghl, growbots).map_err(|fault| fault.at("parted"))
    }

    /// Remembers a policy; one of the same scope and field gives way to it.
    pub fn remember(
        &mut self,
        fence: Fence,
        operator: &str,
        policy: &NewPolicy,
    ) -> Result<PolicyId, StoreError> {
        self.fenced("remember", fence, |tx| policies::add(tx, operator, policy))
    }

    /// Takes a remembered policy away; whether it was there.
    pub fn forget_policy(&mut self, fence: Fence, policy: PolicyId) -> Result<bool, StoreError> {
        self.fenced("forget_policy", fence, |tx| policies::remove(tx, policy))
    }

    /// Raises a failure: one row a pattern.
    pub fn raise(&mut self, fence: Fence, failure: &Failure) -> Result<ErrorId, StoreError> {
        self.fenced("raise", fence, |tx| errors::raise(tx, failure))
    }

    /// Closes the open errors of a pattern (a side that answers again, a pull that works again).
    pub fn settle(&mut self, fence: Fence, pattern: &str) -> Result<(), StoreError> {
        self.fenced("settle", fence, |tx| errors::settle(tx, pattern))
    }

    /// Mutes, skips or closes an error, or opens it to be tried again, as an operator asked: then its records' parked
    /// fields go and their links are dirty.
    pub fn set_error_state(
        &mut self,
        fence: Fence,
        error: ErrorId,
        state: ErrorState,
        operator: &str,
        note: Option<&str>,
    ) -> Result<(), StoreError> {
        self.fenced("set_error_state", fence, |tx| {
            errors::set_state(tx, error, state, Some(operator), note)
        })
    }

    /// Adds a line to the log of a link.
    pub fn log(
        &mut self,
        fence: Fence,
        pass: PassId,
        link: LinkId,
        line: &NewLog,
    ) -> Result<(), StoreError> {
        self.fenced("log", fence, |tx| log::add(tx, pass, link, line))
    }

    /// Begins a pass. Passes come one after the other: what one that ended early left `sending` is `unknown` now.
    pub fn begin_pass(&mut self, fence: Fence, because: &str) -> Result<PassId, StoreError> {
        self.fenced("begin_pass", fence, |tx| {
            outbox::lose_sending(tx)?;
            log::begin_pass(tx, because)
        })
    }

    /// Ends a pass: fills `waiting`, `held`, `conflicts_open` and `errors_open` in and stores it. Runs of idle
    /// passes fold into one row (count, first, last).
    pub fn end_pass(
        &mut self,
        fence: Fence,
        summary: PassSummary,
    ) -> Result<PassSummary, StoreError> {
        self.fenced("end_pass", fence, |tx| log::end_pass(tx, summary))
    }

    /// Tells everyone what the loop is doing. Stores nothing when nothing changed.
    pub fn put_status(&mut self, fence: Fence, status: &LoopStatus) -> Result<(), StoreError> {
        let text = status::status_text(status).map_err(|fault| fault.at("put_status"))?;
        let same = status::is_status(&self.conn, &text).map_err(|fault| fault.at("put_status"))?;
        if same {
            return Ok(());
        }
        self.fenced("put_status", fence, |tx| status::put_status(tx, &text))
    }

    /// Adds requests to the bars of the Rates chart (half minutes; kept 24 h).
    pub fn add_rates(&mut self, fence: Fence, side: Side, bar: RateBar) -> Result<(), StoreError> {
        self.fenced("add_rates", fence, |tx| status::add_rates(tx, side, bar))
    }
}
