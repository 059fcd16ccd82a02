//! All state of the dashboard.

use std::sync::Arc;

use crate::engine::port::Ask;
use crate::model::{Holder, LoopStatus, Millis};
use crate::store::{Barred, Totals};

use super::book::Book;
use super::commands::Scope;
use super::confirm::{Choice, Confirm};
use super::effect::{Effect, Request};
use super::filter::Filters;
use super::form::Form;
use super::keymap::Keymap;
use super::keys::Key;
use super::marks::Marks;
use super::msg::Tab;
use super::pages::Pages;
use super::presence::Told;
use super::remember::Remember;
use super::tabs::{
    conflicts::Conflicts, contacts::Contacts, errors::Errors, rates::Rates, sync_log::SyncLog,
    tasks::Tasks,
};
use super::theme::Theme;
use super::times::Times;
use super::widgets::header::Header;
use super::widgets::palette::Palette;
use super::workspaces::Overview;

/// From this width on list and detail stand side by side.
pub const WIDE: u16 = 100;
/// Below this size only a message is shown.
pub const LEAST: (u16, u16) = (40, 10);
const TOAST_MS: i64 = 8_000;

/// What covers the tab, or asks in the last line.
#[derive(Clone, Debug)]
pub enum Overlay {
    /// The help of this screen, scrolled down by so many rows.
    Help(usize),
    /// The palette.
    Palette(Palette),
    /// A question.
    Confirm(Box<Confirm>),
    /// A few answers to choose from.
    Choice(Box<Choice>),
    /// A form.
    Form(Box<Form>),
    /// What to remember as a policy.
    Remember(Box<Remember>),
    /// Whether to leave although writes wait.
    Leave,
    /// All workspaces of the config, over the whole screen.
    Workspaces(Box<Overview>),
}

/// A message in place of the footer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// What is said.
    pub words: String,
    /// Whether something was done, as asked.
    pub done: bool,
    /// Whether something failed: it stays until a key.
    pub failed: bool,
    /// Until when it stays.
    pub until: Millis,
}

/// The state.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, none is a mode"
)]
pub struct Model {
    /// Name of the workspace.
    pub workspace: String,
    /// The names of all workspaces of the config.
    pub places: Vec<String>,
    /// Name of the operator.
    pub operator: String,
    /// Whether both sides are the sandbox on this machine.
    pub demo: bool,
    /// Why nothing may be changed here; `None`: it may.
    pub looks_only: Option<&'static str>,
    /// Why the database takes no writes just now; `None`: it does.
    pub barred: Option<Barred>,
    /// The field map and the rules.
    pub book: Book,
    /// Which keys name which command.
    pub keymap: Arc<Keymap>,
    /// What things look like.
    pub theme: Theme,
    /// Whether the terminal has only ASCII.
    pub ascii: bool,
    /// Whether the last row says what is under the cursor, for screen readers.
    pub plain: bool,
    /// The operator's zone and the present.
    pub times: Times,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// The tab shown.
    pub tab: Tab,
    /// What covers it.
    pub overlay: Option<Overlay>,
    /// Whether keys go into the search box.
    pub searching: bool,
    /// The marked rows of each list.
    pub marks: Marks,
    /// The filter of each list, and the line in which one is typed.
    pub filters: Filters,
    /// A message in place of the footer.
    pub toast: Option<Toast>,
    /// The first key of a command of two.
    pub pending: Option<Key>,
    /// Whether something that is shown changed.
    pub dirty: bool,
    /// Whether to leave.
    pub quit: bool,
    /// What the loop told last.
    pub status: LoopStatus,
    /// Who holds the lease.
    pub holder: Option<Holder>,
    /// The kept totals.
    pub totals: Totals,
    /// Whether status, holder and totals have come.
    pub frame_read: bool,
    /// Whether both sides were read in full once: before that nothing was compared.
    pub backfilled: bool,
    /// Whether this process holds the lease.
    pub lease_ours: bool,
    /// The state in the header, which does not flicker.
    pub header: Header,
    /// The tab of that name.
    pub contacts: Contacts,
    /// The tab of that name.
    pub tasks: Tasks,
    /// Whether nothing may be changed.
    pub viewer: bool,
    /// Where a record's page is on each side.
    pub pages: Pages,
    /// The operator's editor, or why it cannot be opened.
    pub editor: Result<String, &'static str>,
    /// What colleagues were told last of what is open here.
    pub told: Told,
    /// The tab of that name, with the workbench.
    pub conflicts: Conflicts,
    /// The tab of that name.
    pub log: SyncLog,
    /// The tab of that name.
    pub errors: Errors,
    /// The tab of that name.
    pub rates: Rates,
    effects: Vec<Effect>,
}

impl Model {
    /// A model before anything was read.
    pub fn new(workspace: String, operator: String, theme: Theme, times: Times) -> Self {
        Self {
            workspace,
            places: Vec::new(),
            operator,
            demo: false,
            looks_only: None,
            barred: None,
            backfilled: false,
            book: Book::default(),
            keymap: Arc::default(),
            theme,
            ascii: false,
            plain: false,
            times,
            size: (80, 24),
            tab: Tab::Contacts,
            overlay: None,
            searching: false,
            marks: Marks::default(),
            filters: Filters::default(),
            toast: None,
            pending: None,
            dirty: true,
            quit: false,
            status: LoopStatus::default(),
            holder: None,
            totals: Totals::default(),
            frame_read: false,
            lease_ours: false,
            header: Header::default(),
            contacts: Contacts::default(),
            tasks: Tasks::default(),
            viewer: false,
            pages: Pages::default(),
            editor: Err("EDITOR is not set in your environment"),
            told: None,
            conflicts: Conflicts::default(),
            log: SyncLog::default(),
            errors: Errors::default(),
            rates: Rates::default(),
            effects: Vec::new(),
        }
    }

    /// Asks for something to be read.
    pub fn read(&mut self, request: Request) {
        let slot = request.slot();
        self.effects
            .retain(|effect| !matches!(effect, Effect::Read(other) if other.slot() == slot));
        self.effects.push(Effect::Read(request));
    }

    /// Asks the engine.
    pub fn ask(&mut self, ask: Ask) {
        self.effects.push(Effect::Ask(ask));
    }

    /// Hands a text to the terminal's clipboard.
    pub fn copy(&mut self, text: String) {
        self.effects.push(Effect::Copy(text));
    }

    /// Asks for something else.
    pub fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Asks for a full redraw.
    pub fn redraw(&mut self) {
        self.effects.push(Effect::Redraw);
        self.dirty = true;
    }

    /// Asks for the bell.
    pub fn ring(&mut self) {
        self.effects.push(Effect::Ring);
    }

    /// What was asked for since the last time.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Whether something shown changed since the last time.
    pub fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    /// The key that leads to a command, as the footer writes it.
    pub fn key(&self, id: &str) -> String {
        self.keymap.way_to(id)
    }

    /// Why commands that change something do not run here; `None`: they do.
    pub fn bars(&self) -> Option<&'static str> {
        self.looks_only.or_else(|| self.barred.map(Barred::whole))
    }

    /// Says something in place of the footer.
    pub fn say(&mut self, words: impl Into<String>) {
        self.toast = Some(Toast {
            words: words.into(),
            done: false,
            failed: false,
            until: self.times.now.plus(TOAST_MS),
        });
        self.dirty = true;
    }

    /// Says that something was done, as asked.
    pub fn say_done(&mut self, words: impl Into<String>) {
        self.say(words);
        if let Some(toast) = &mut self.toast {
            toast.done = true;
        }
    }

    /// Says that something failed; stays until a key.
    pub fn say_failed(&mut self, words: impl Into<String>) {
        self.toast = Some(Toast {
            words: words.into(),
            done: false,
            failed: true,
            until: Millis(i64::MAX),
        });
        self.dirty = true;
    }

    /// Whether list and detail stand side by side.
    pub const fn is_wide(&self) -> bool {
        self.size.0 >= WIDE
    }

    /// Whether the terminal is too small to show anything.
    pub const fn is_too_small(&self) -> bool {
        self.size.0 < LEAST.0 || self.size.1 < LEAST.1
    }

    /// Rows of the tab strip: none on a low terminal.
    pub const fn tab_rows(&self) -> u16 {
        if self.size.1 < 16 { 0 } else { 1 }
    }

    /// Rows of the filter line under the tabs.
    pub fn filter_rows(&self) -> usize {
        super::filter::rows(self)
    }

    /// Rows between the tabs, with the filter line, and the footer.
    pub fn body_rows(&self) -> usize {
        let rows = self.size.1.saturating_sub(2 + self.tab_rows());
        (rows as usize).saturating_sub(self.filter_rows())
    }

    /// The scopes whose keys hold now, the nearest first. Empty in text boxes.
    pub fn scopes(&self) -> &'static [Scope] {
        use Scope as S;
        match &self.overlay {
            Some(Overlay::Help(_)) => &[S::Help],
            Some(Overlay::Confirm(_) | Overlay::Leave) => &[S::Dialog],
            Some(_) => &[],
            None if self.searching || self.filters.editing.is_some() => &[],
            None => self.screen_scopes(),
        }
    }

    /// The scopes of the screen itself, whatever covers it.
    pub fn screen_scopes(&self) -> &'static [Scope] {
        use Scope as S;
        match self.tab {
            Tab::Contacts => &[S::Contacts, S::Movement, S::Global],
            Tab::Tasks => &[S::Tasks, S::Movement, S::Global],
            Tab::Conflicts => self.conflicts.scopes(),
            Tab::SyncLog => &[S::SyncLog, S::Movement, S::Global],
            Tab::Errors => &[S::Errors, S::Movement, S::Global],
            Tab::Rates => &[S::Rates, S::Movement, S::Global],
        }
    }

    /// Decisions of this operator that are staged and not applied.
    pub fn staged(&self) -> usize {
        self.conflicts.staged_by(&self.operator).len()
    }

    /// When the model wants to be told the time, although nothing happens: a message goes, a state has lasted.
    pub fn next_wake(&self) -> Option<Millis> {
        let toast = self
            .toast
            .as_ref()
            .filter(|toast| !toast.failed)
            .map(|toast| toast.until);
        let rates = (self.tab == Tab::Rates).then(|| self.rates.next_read());
        let detail = self.contacts.next_wake();
        let detail = detail.filter(|_| self.tab == Tab::Contacts);
        let task = self.tasks.next_wake();
        let overview = match &self.overlay {
            Some(Overlay::Workspaces(overview)) => Some(overview.next_read()),
            _ => None,
        };
        [
            overview,
            toast,
            self.header.next_wake(self),
            rates,
            detail,
            task,
        ]
        .into_iter()
        .flatten()
        .min()
    }
}
