//! The command table: dispatch, footer, help and palette all read it.

use crate::model::Side;

use super::model::Model;
use super::msg::{Do, Move, Pick, Tab};
use super::pages;
use super::ready::{
    alert, both, candidate, conflict, contact, editor, error, filterable, live_error, log_line,
    markable, marked, pair, pausable, policy, remembers, searchable, separate, several, sortable,
    staged, staged_here, task, two,
};

/// Where a command's keys hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everywhere but in text boxes and dialogs.
    Global,
    /// In all lists and details.
    Movement,
    /// Contacts.
    Contacts,
    /// Tasks.
    Tasks,
    /// The list of conflicts.
    Conflicts,
    /// The policies that are remembered.
    Policies,
    /// One answer for many conflicts.
    Bulk,
    /// The workbench of a field conflict.
    Workbench,
    /// The workbench of a delete against an edit, and of a mass change.
    Sides,
    /// The workbench of an ambiguous match or a duplicate.
    Candidates,
    /// Sync log.
    SyncLog,
    /// Errors.
    Errors,
    /// Rates.
    Rates,
    /// A question.
    Dialog,
    /// The help.
    Help,
}

impl Scope {
    /// Its name in the help.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Global => "Everywhere",
            Self::Movement => "Move",
            Self::Contacts => "Contacts",
            Self::Tasks => "Tasks",
            Self::Conflicts => "Conflicts",
            Self::Policies => "Policies",
            Self::Bulk => "Decide many",
            Self::Workbench | Self::Sides | Self::Candidates => "Conflict workbench",
            Self::SyncLog => "Sync log",
            Self::Errors => "Errors",
            Self::Rates => "Rates",
            Self::Dialog => "Question",
            Self::Help => "Help",
        }
    }
}

/// How much a command can spoil.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Danger {
    /// Nothing, or it can be taken back by the same key.
    None,
    /// It writes to a side or changes what is synced: it opens a question.
    Asks,
}

/// Why a command cannot run now, in words for the operator.
pub type Reason = String;

/// A command.
pub struct Command {
    /// Its name, unique.
    pub id: &'static str,
    /// Where its keys hold.
    pub scope: Scope,
    /// Its keys.
    pub keys: &'static [&'static str],
    /// Two words for the footer; empty: not in the footer.
    pub hint: &'static str,
    /// A sentence for the help.
    pub help: &'static str,
    /// How much it can spoil.
    pub danger: Danger,
    /// Whether it can run, or why not; who may look only is asked by [`Command::can_run`].
    pub ready: fn(&Model) -> Result<(), Reason>,
    /// What it does.
    pub msg: Do,
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the table's functions have one shape"
)]
const fn always(_: &Model) -> Result<(), Reason> {
    Ok(())
}

const fn command(
    id: &'static str,
    scope: Scope,
    keys: &'static [&'static str],
    hint: &'static str,
    help: &'static str,
    msg: Do,
) -> Command {
    Command {
        id,
        scope,
        keys,
        hint,
        help,
        danger: Danger::None,
        ready: always,
        msg,
    }
}

impl Command {
    const fn if_ready(mut self, ready: fn(&Model) -> Result<(), Reason>) -> Self {
        self.ready = ready;
        self
    }

    const fn asks(mut self) -> Self {
        self.danger = Danger::Asks;
        self
    }

    /// Whether it can run here and now, or why not.
    pub fn can_run(&self, model: &Model) -> Result<(), Reason> {
        match model.bars() {
            Some(why) if !self.msg.only_looks() => Err(why.into()),
            _ => (self.ready)(model),
        }
    }
}

use Scope as S;

/// All commands. In a scope the order is that of the footer.
#[rustfmt::skip] // a table: one row a command
pub static COMMANDS: &[Command] = &[
    // Contacts
    command("contact.list", S::Contacts, &["h", "<left>"], "", "Put the focus into the list.", Do::FocusList),
    command("contact.detail", S::Contacts, &["l", "<right>"], "detail", "Put the focus into the detail.", Do::FocusDetail).if_ready(contact),
    command("contact.edit", S::Contacts, &["e"], "edit", "Edit the fields of the contact; the writes are shown before they go.", Do::Edit).if_ready(contact).asks(),
    command("contact.tags", S::Contacts, &["t"], "tags", "Edit the tags of the contact, or of all marked ones; the writes are shown before they go.", Do::Tags).if_ready(contact).asks(),
    command("contact.note", S::Contacts, &["m"], "note", "Write a note; it goes to GHL first, then to Growbots.", Do::Note).if_ready(contact),
    command("contact.ignore", S::Contacts, &["i"], "ignore", "Leave the contact alone, or take it up again.", Do::Ignore).if_ready(contact).asks(),
    command("contact.new", S::Contacts, &["N"], "new", "Make a contact; it goes to GHL first, then to Growbots.", Do::New),
    command("contact.page", S::Contacts, &["o"], "", "Show where the record's page is on each side, as links for your terminal to open.", Do::Page).if_ready(pages::ready),
    command("contact.link", S::Contacts, &["L"], "", "Make a pair of the contact under the cursor and the marked one: they are the same person.", Do::Link).if_ready(two).asks(),
    command("contact.split", S::Contacts, &["X"], "", "Part a pair: its two records are different people.", Do::Split).if_ready(pair).asks(),
    // Tasks
    command("task.complete", S::Tasks, &["<space>"], "done", "Tick the task, or take the tick back; goes to both sides.", Do::Complete).if_ready(task),
    command("task.new", S::Tasks, &["N"], "new", "Make a task for a contact; it goes to GHL first, then to Growbots.", Do::New),
    command("task.edit", S::Tasks, &["e"], "edit", "Edit title, due time, assignee and text; the writes are shown before they go.", Do::Edit).if_ready(task).asks(),
    command("task.assign", S::Tasks, &["w"], "assign", "Give the task under the cursor, or all marked ones, to somebody else.", Do::Assign).if_ready(task),
    command("task.due", S::Tasks, &["d"], "due", "Give the task under the cursor, or all marked ones, another due time: `fri`, `+2d`, `12 dec 9:00`.", Do::Due).if_ready(task).asks(),
    // Conflicts
    command("conflict.decide", S::Conflicts, &["d"], "decide many", "Decide all marked conflicts at once, or all that pass the filter: shows row by row what each gets; nothing is written until you apply.", Do::Decide).if_ready(marked),
    command("conflict.apply", S::Conflicts, &["a"], "apply", "List the exact writes of what you staged, and apply them after `y`.", Do::Apply).if_ready(staged).asks(),
    command("conflict.put-off", S::Conflicts, &["z"], "put off", "Put the conflict off until a time.", Do::PutOff).if_ready(conflict),
    command("conflict.policies", S::Conflicts, &["p"], "policies", "List the policies that are remembered, and remove one.", Do::Policies),
    // policies
    command("policy.remove", S::Policies, &["X"], "remove", "Remove the policy; what it settled stays.", Do::RemovePolicy).if_ready(policy).asks(),
    // one answer for many; enter stages, see Open; space shows a row, see Unfold
    command("bulk.ghl", S::Bulk, &["h", "<left>"], "GHL", "Take the GHL value in every row.", Do::Stage(Pick::Side(Side::Ghl))),
    command("bulk.growbots", S::Bulk, &["l", "<right>"], "Growbots", "Take the Growbots value in every row.", Do::Stage(Pick::Side(Side::Growbots))),
    command("bulk.base", S::Bulk, &["b"], "base", "Take in every row what both sides last agreed on.", Do::Stage(Pick::Base)),
    command("bulk.newest", S::Bulk, &["w"], "newest", "Take in every row the side that changed later; rows of the same time stay open.", Do::Stage(Pick::Newest)),
    command("bulk.value", S::Bulk, &["e"], "a value", "Type one value for every row.", Do::OtherValue).if_ready(super::tabs::bulk::one_value),
    command("bulk.leave-out", S::Bulk, &["x"], "leave out", "Leave the row under the cursor out, or take it in again.", Do::LeaveOut),
    command("bulk.remember", S::Bulk, &["R"], "remember", "Remember how the field under the cursor is decided, as a policy.", Do::Remember),
    command("bulk.apply", S::Bulk, &["a"], "", "List the exact writes of what you staged, and apply them after `y`.", Do::Apply).if_ready(staged).asks(),
    // the workbench of fields
    command("bench.ghl", S::Workbench, &["h", "<left>"], "GHL", "Stage the GHL value for this field; nothing is written until you apply.", Do::Stage(Pick::Side(Side::Ghl))),
    command("bench.growbots", S::Workbench, &["l", "<right>"], "Growbots", "Stage the Growbots value for this field; nothing is written until you apply.", Do::Stage(Pick::Side(Side::Growbots))),
    command("bench.base", S::Workbench, &["b"], "base", "Stage the value that both sides last agreed on.", Do::Stage(Pick::Base)),
    command("bench.other", S::Workbench, &["e"], "edit", "Type another value for this field.", Do::OtherValue),
    command("bench.editor", S::Workbench, &["E"], "", "Type another value in your editor (`$VISUAL` or `$EDITOR`).", Do::Editor).if_ready(editor),
    command("bench.page", S::Workbench, &["o"], "", "Show where the record's page is on each side, as links.", Do::Page).if_ready(pages::ready),
    command("bench.next", S::Workbench, &["n"], "next", "Go to the next field that is undecided.", Do::NextUndecided),
    command("bench.unstage", S::Workbench, &["x"], "unstage", "Take the staged answer back.", Do::Unstage).if_ready(staged_here),
    command("bench.apply", S::Workbench, &["a"], "apply", "List the exact writes of what you staged, and apply them after `y`.", Do::Apply).if_ready(staged).asks(),
    command("bench.both", S::Workbench, &["+"], "both", "Stage both values: tags united, long texts one after the other.", Do::Stage(Pick::Both)).if_ready(both),
    command("bench.put-off", S::Workbench, &["z"], "put off", "Put the conflict off until a time.", Do::PutOff),
    command("bench.remember", S::Workbench, &["R"], "remember", "Remember how this field is decided, as a policy: for this record, a filter or always; shows first what that settles now.", Do::Remember).if_ready(remembers),
    // the workbench of a delete, and of a mass change
    command("sides.ghl", S::Sides, &["h", "<left>"], "as GHL", "Stage what the left box says: as GHL has it; of a mass change for the marked records, where some are marked.", Do::Stage(Pick::Side(Side::Ghl))),
    command("sides.growbots", S::Sides, &["l", "<right>"], "as Growbots", "Stage what the right box says: as Growbots has it; of a mass change for the marked records, where some are marked.", Do::Stage(Pick::Side(Side::Growbots))),
    command("sides.next", S::Sides, &["n"], "next", "Go to the next conflict that is undecided.", Do::NextUndecided),
    command("sides.unstage", S::Sides, &["x"], "unstage", "Take the staged answer back; of a mass change for the marked records, where some are marked.", Do::Unstage).if_ready(staged_here),
    command("sides.apply", S::Sides, &["a"], "apply", "List what you staged, and apply it after `y`.", Do::Apply).if_ready(staged).asks(),
    command("sides.page", S::Sides, &["o"], "", "Show where the record's page is on each side, as links.", Do::Page).if_ready(pages::ready),
    command("sides.put-off", S::Sides, &["z"], "put off", "Put the conflict off until a time.", Do::PutOff),
    // the workbench of candidates; enter takes, see Open
    command("candidates.left", S::Candidates, &["h", "<left>"], "", "Go to the candidate on the left.", Do::PreviousCandidate),
    command("candidates.right", S::Candidates, &["l", "<right>"], "candidate", "Go to the candidate on the right; {open} takes it.", Do::NextCandidate).if_ready(candidate),
    command("candidates.separate", S::Candidates, &["D"], "different", "Stage that none of the candidates is the same.", Do::Stage(Pick::Separate)).if_ready(separate),
    command("candidates.next", S::Candidates, &["n"], "next", "Go to the next conflict that is undecided.", Do::NextUndecided),
    command("candidates.unstage", S::Candidates, &["x"], "unstage", "Take the staged answer back.", Do::Unstage).if_ready(staged_here),
    command("candidates.apply", S::Candidates, &["a"], "apply", "List what you staged, and apply it after `y`.", Do::Apply).if_ready(staged).asks(),
    command("candidates.page", S::Candidates, &["o"], "", "Show where the record's page is on each side, as links.", Do::Page).if_ready(pages::ready),
    command("candidates.put-off", S::Candidates, &["z"], "put off", "Put the conflict off until a time.", Do::PutOff),
    // Sync log
    command("log.follow", S::SyncLog, &["w"], "follow", "Keep the cursor on the newest pass, or let it be.", Do::Follow),
    command("log.record", S::SyncLog, &["o"], "record", "Show the record of the line under the cursor.", Do::OpenRecord).if_ready(log_line),
    // Errors
    command("error.retry", S::Errors, &["r"], "retry", "Try the records of this error again.", Do::Retry).if_ready(live_error).asks(),
    command("error.skip", S::Errors, &["x"], "skip", "Do not try the records of this error again until they change.", Do::Skip).if_ready(live_error).asks(),
    command("error.mute", S::Errors, &["m"], "mute", "Keep this error out of the counts, or count it again.", Do::Mute).if_ready(live_error).asks(),
    command("error.assign", S::Errors, &["w"], "assign", "Give the tasks that this error holds to somebody else.", Do::Assign).if_ready(live_error),
    command("error.record", S::Errors, &["o"], "record", "Show the latest record of the error.", Do::OpenRecord).if_ready(error),
    command("error.export", S::Errors, &["X"], "export", "Write the errors of the list to a new file, CSV or JSON lines.", Do::Export).if_ready(error),
    command("error.acknowledge", S::Errors, &["A"], "ack", "Say of the latest alert that somebody knows.", Do::Acknowledge).if_ready(alert),
    // Rates
    command("rates.pause", S::Rates, &["p"], "pause, resume", "Pause the side or the lane under the cursor, for how long and why; or resume it.", Do::Pause).if_ready(pausable).asks(),
    // everywhere
    command("search", S::Global, &["/"], "search", "Search the list while you type; esc leaves, esc again drops it.", Do::Search).if_ready(searchable),
    command("filter", S::Global, &["f"], "filter", "Filter the list: `tag:vip state:conflict updated:<2d owner:me`; tab completes, esc drops it.", Do::Filter).if_ready(filterable),
    command("copy", S::Global, &["c"], "", "Copy what is under the cursor to your clipboard; of an error, its request for `curl`.", Do::Copy),
    command("mark", S::Global, &["v"], "mark", "Mark the row under the cursor, or let it go; `{back}` lets all go.", Do::Mark).if_ready(markable),
    command("mark.all", S::Global, &["V"], "", "Mark all rows of the list, or none; of a mass change all that it holds.", Do::MarkAll).if_ready(markable),
    command("sort", S::Global, &["s"], "sort", "Sort contacts, choose columns, keep them as a view; group conflicts by reason, record, field or who.", Do::Sort).if_ready(sortable),
    command("workspaces", S::Global, &["W"], "", "List all workspaces of the config, one line each, and open another.", Do::Workspaces).if_ready(several),
    command("undo", S::Global, &["u"], "undo", "Take back what was written: in Sync log the line or the pass under the cursor, elsewhere your latest operation. Shows first what goes back.", Do::Undo).asks(),
    command("next-for-me", S::Global, &["."], "next", "Go to the next thing that needs you, from anywhere.", Do::NextForMe),
    command("plan", S::Global, &["P"], "", "Show the plan of the next pass: what waits to be written, in order, what it costs, and what waits for you. Nothing is written.", Do::Plan),
    command("sync", S::Global, &["S"], "sync", "Run a pass now; in Contacts, read the contact or the marked ones on both sides first.", Do::Sync),
    command("tab.contacts", S::Global, &["1"], "", "Show Contacts.", Do::Tab(Tab::Contacts)),
    command("tab.tasks", S::Global, &["2"], "", "Show Tasks.", Do::Tab(Tab::Tasks)),
    command("tab.conflicts", S::Global, &["3"], "", "Show Conflicts.", Do::Tab(Tab::Conflicts)),
    command("tab.sync-log", S::Global, &["4"], "", "Show Sync log.", Do::Tab(Tab::SyncLog)),
    command("tab.errors", S::Global, &["5"], "", "Show Errors.", Do::Tab(Tab::Errors)),
    command("tab.rates", S::Global, &["6"], "", "Show Rates.", Do::Tab(Tab::Rates)),
    command("tab.next", S::Global, &["<tab>"], "", "Show the next tab.", Do::NextTab),
    command("tab.previous", S::Global, &["<shift-tab>"], "", "Show the previous tab.", Do::PreviousTab),
    command("palette", S::Global, &[":", "<ctrl-p>"], "", "Find a command by name.", Do::Palette),
    command("help", S::Global, &["?"], "", "Show the keys of this screen.", Do::Help),
    command("plain", S::Global, &["<alt-p>"], "", "Plain mode: what is under the cursor as one line in the last row, for screen readers; again leaves it.", Do::Plain),
    command("redraw", S::Global, &["<ctrl-l>"], "", "Draw the screen anew.", Do::Redraw),
    command("suspend", S::Global, &["<ctrl-z>"], "", "Give the terminal back to the shell; `fg` comes back. The sync rests meanwhile.", Do::Suspend),
    command("quit", S::Global, &["q", "<ctrl-c>"], "", "Go back; at the top, leave. Asks if the sync would stop.", Do::Quit),
    // movement
    command("down", S::Movement, &["j", "<down>"], "", "One down.", Do::Move(Move::Down)),
    command("up", S::Movement, &["k", "<up>"], "", "One up.", Do::Move(Move::Up)),
    command("top", S::Movement, &["g g", "<home>"], "", "To the first.", Do::Move(Move::Top)),
    command("bottom", S::Movement, &["G", "<end>"], "", "To the last.", Do::Move(Move::Bottom)),
    command("page-down", S::Movement, &["<ctrl-d>", "<pgdn>"], "", "A page down.", Do::Move(Move::PageDown)),
    command("page-up", S::Movement, &["<ctrl-u>", "<pgup>"], "", "A page up.", Do::Move(Move::PageUp)),
    command("open", S::Movement, &["<enter>"], "open", "Open or unfold what is under the cursor; take a candidate.", Do::Open),
    command("back", S::Movement, &["<esc>"], "", "One step back.", Do::Back),
    command("record.next", S::Movement, &["J"], "", "The next record or conflict, from a detail.", Do::NextRecord),
    command("record.previous", S::Movement, &["K"], "", "The previous record or conflict, from a detail.", Do::PreviousRecord),
    command("section.next", S::Movement, &["]"], "", "The next section, view or pass.", Do::NextSection),
    command("section.previous", S::Movement, &["["], "", "The previous section, view or pass.", Do::PreviousSection),
    command("unfold", S::Movement, &["<space>"], "", "Unfold, or show more.", Do::Unfold),
    // questions
    command("yes", S::Dialog, &["y"], "", "Yes.", Do::Yes),
    command("no", S::Dialog, &["N", "n", "<esc>", "<ctrl-c>"], "", "No.", Do::No),
    command("reason", S::Dialog, &["<tab>"], "", "Say why, for the log, in a question that applies decisions.", Do::Reason),
    command("default", S::Dialog, &["<enter>"], "", "The default that the box names, always harmless.", Do::Default),
    command("scroll-down", S::Dialog, &["J", "j", "<down>"], "", "Scroll down.", Do::Scroll(Move::Down)),
    command("scroll-up", S::Dialog, &["K", "k", "<up>"], "", "Scroll up.", Do::Scroll(Move::Up)),
    command("scroll-page-down", S::Dialog, &["<pgdn>", "<ctrl-d>"], "", "A page down.", Do::Scroll(Move::PageDown)),
    command("scroll-page-up", S::Dialog, &["<pgup>", "<ctrl-u>"], "", "A page up.", Do::Scroll(Move::PageUp)),
    command("scroll-top", S::Dialog, &["g", "<home>"], "", "To the first line.", Do::Scroll(Move::Top)),
    command("scroll-bottom", S::Dialog, &["G", "<end>"], "", "To the last line.", Do::Scroll(Move::Bottom)),
    command("help.close", S::Help, &["?", "<esc>", "q", "<ctrl-c>"], "", "Close the help.", Do::No),
    command("help.search", S::Help, &["/", ":", "<ctrl-p>"], "", "Search all help by words.", Do::Palette),
    command("help.down", S::Help, &["j", "<down>", "J"], "", "Scroll down.", Do::Scroll(Move::Down)),
    command("help.up", S::Help, &["k", "<up>", "K"], "", "Scroll up.", Do::Scroll(Move::Up)),
    command("help.page-down", S::Help, &["<pgdn>", "<ctrl-d>", "<space>"], "", "A page down.", Do::Scroll(Move::PageDown)),
    command("help.page-up", S::Help, &["<pgup>", "<ctrl-u>"], "", "A page up.", Do::Scroll(Move::PageUp)),
    command("help.top", S::Help, &["g", "<home>"], "", "To the first line.", Do::Scroll(Move::Top)),
    command("help.bottom", S::Help, &["G", "<end>"], "", "To the last line.", Do::Scroll(Move::Bottom)),
];

/// What keys mean.
#[derive(Debug, PartialEq, Eq)]
pub enum Meaning {
    /// This command, by its place in [`COMMANDS`].
    Command(usize),
    /// The first key of a command of two.
    Begins,
    /// Nothing.
    Nothing,
}
