//! The command table: dispatch, footer, help and palette all read it.

use crate::model::{Reason as Because, Side};

use super::filter;
use super::keys::{self, Key};
use super::model::Model;
use super::msg::{Do, Move, Pick, Tab};

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
    /// Whether it can run, or why not.
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

    /// The keys as footer and help write them; `None` if the table has a key that does not parse.
    pub fn key_words(&self) -> String {
        let words = self.keys.iter().filter_map(|key| keys::parse(key).ok());
        let words: Vec<_> = words
            .map(|keys| {
                let keys: Vec<_> = keys.into_iter().map(Key::short).collect();
                keys.join(" ")
            })
            .collect();
        words.join(" ")
    }

    /// The first key as the footer writes it.
    pub fn first_key(&self) -> String {
        let keys = self.keys.first().and_then(|key| keys::parse(key).ok());
        let keys: Vec<_> = keys
            .unwrap_or_default()
            .into_iter()
            .map(Key::short)
            .collect();
        keys.join(" ")
    }
}

fn contact(model: &Model) -> Result<(), Reason> {
    match model.contacts.subject() {
        Some(_) => Ok(()),
        None => Err("no contact is selected".into()),
    }
}

fn pair(model: &Model) -> Result<(), Reason> {
    contact(model)?;
    let row = model
        .contacts
        .current()
        .filter(|_| model.contacts.named.is_none());
    let is_pair = match (row, model.contacts.detail_in_view()) {
        (Some(row), _) => row.ids.ghl.is_some() && row.ids.growbots.is_some(),
        (None, Some(detail)) => {
            let ends = &detail.linked.ends;
            ends.ghl.live().is_some() && ends.growbots.live().is_some()
        }
        (None, None) => return Err("the contact is still being read".into()),
    };
    if is_pair {
        Ok(())
    } else {
        Err("it is in one system only: there is no pair to part".into())
    }
}

fn two(model: &Model) -> Result<(), Reason> {
    super::tabs::contact_forms::to_link(model).map(drop)
}

fn task(model: &Model) -> Result<(), Reason> {
    match model.tasks.window.current() {
        Some(_) => Ok(()),
        None => Err("no task is selected".into()),
    }
}

fn staged(model: &Model) -> Result<(), Reason> {
    match model.staged() {
        0 => Err("nothing is staged: open a conflict and take a side".into()),
        _ => Ok(()),
    }
}

fn conflict(model: &Model) -> Result<(), Reason> {
    match model.conflicts.current() {
        Some(_) => Ok(()),
        None => Err("no conflict is selected".into()),
    }
}

fn staged_here(model: &Model) -> Result<(), Reason> {
    let mine = model
        .conflicts
        .current()
        .is_some_and(|c| c.staged.iter().any(|s| s.operator == model.operator));
    if mine {
        Ok(())
    } else {
        Err("you staged nothing for this conflict".into())
    }
}

fn both(model: &Model) -> Result<(), Reason> {
    let field = model
        .conflicts
        .bench_field()
        .ok_or("no field is selected")?;
    let both = field.value_of(&crate::model::Take::Both);
    both.map(drop)
        .map_err(|_| format!("+ not for {}: it has one value", field.field.label()))
}

fn candidate(model: &Model) -> Result<(), Reason> {
    match model.conflicts.current() {
        Some(c) if !c.candidates.is_empty() => Ok(()),
        _ => Err("there is no candidate".into()),
    }
}

fn separate(model: &Model) -> Result<(), Reason> {
    match model.conflicts.current().map(|c| c.reason) {
        Some(Because::AmbiguousMatch | Because::Duplicate) => Ok(()),
        _ => Err("there is nothing to keep apart".into()),
    }
}

fn error(model: &Model) -> Result<(), Reason> {
    match model.errors.current() {
        Some(_) => Ok(()),
        None => Err("no error is selected".into()),
    }
}

fn log_line(model: &Model) -> Result<(), Reason> {
    match super::tabs::sync_log::line_here(model) {
        Some(_) => Ok(()),
        None => Err("no line of a pass is selected: enter unfolds one".into()),
    }
}

fn alert(model: &Model) -> Result<(), Reason> {
    let open = |alert: &crate::model::Alert| alert.state == crate::model::AlertState::Open;
    if model.errors.alerts.iter().any(open) {
        Ok(())
    } else {
        Err("no alert waits for anybody".into())
    }
}

fn pausable(model: &Model) -> Result<(), Reason> {
    use super::tabs::rates::Spot;
    match model.rates.spot() {
        Spot::Lane(crate::model::Lane::Operator) => {
            Err("the operator lane cannot be paused: somebody waits at a screen".into())
        }
        _ => Ok(()),
    }
}

fn markable(model: &Model) -> Result<(), Reason> {
    let tabs = matches!(
        model.tab,
        Tab::Contacts | Tab::Tasks | Tab::Conflicts | Tab::Errors
    );
    if tabs && filter::is_list(model) {
        Ok(())
    } else {
        Err("there is no list here to mark".into())
    }
}

fn marked(model: &Model) -> Result<(), Reason> {
    match model.marks.conflicts.len() {
        0 => Err("nothing is marked: v marks a conflict, V all of the list".into()),
        _ => Ok(()),
    }
}

fn filterable(model: &Model) -> Result<(), Reason> {
    if filter::is_list(model) {
        Ok(())
    } else {
        Err("there is no list here to filter".into())
    }
}

fn searchable(model: &Model) -> Result<(), Reason> {
    match model.tab {
        Tab::Contacts | Tab::Tasks => Ok(()),
        _ => Err("search works in Contacts and Tasks".into()),
    }
}

fn remembers(model: &Model) -> Result<(), Reason> {
    match model.conflicts.bench_field() {
        Some(_) => Ok(()),
        None => Err("no field is selected".into()),
    }
}

fn policy(model: &Model) -> Result<(), Reason> {
    let list = model.conflicts.policies.as_ref();
    match list.and_then(super::tabs::policies::Policies::current) {
        Some(_) => Ok(()),
        None => Err("no policy is selected".into()),
    }
}

fn sortable(model: &Model) -> Result<(), Reason> {
    match model.tab {
        Tab::Contacts => Ok(()),
        Tab::Conflicts if model.conflicts.is_list() => Ok(()),
        _ => Err("this list has one order".into()),
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
    command("contact.link", S::Contacts, &["L"], "", "Make a pair of the contact under the cursor and the marked one: they are the same person.", Do::Link).if_ready(two).asks(),
    command("contact.split", S::Contacts, &["X"], "", "Part a pair: its two records are different people.", Do::Split).if_ready(pair).asks(),
    // Tasks
    command("task.complete", S::Tasks, &["<space>"], "done", "Tick the task, or take the tick back; goes to both sides.", Do::Complete).if_ready(task),
    command("task.new", S::Tasks, &["N"], "new", "Make a task for a contact; it goes to GHL first, then to Growbots.", Do::New),
    command("task.edit", S::Tasks, &["e"], "edit", "Edit title, due time, assignee and text; the writes are shown before they go.", Do::Edit).if_ready(task).asks(),
    command("task.assign", S::Tasks, &["w"], "assign", "Give the task under the cursor, or all marked ones, to somebody else.", Do::Assign).if_ready(task),
    command("task.due", S::Tasks, &["d"], "due", "Give the task under the cursor, or all marked ones, another due time: `fri`, `+2d`, `12 dec 9:00`.", Do::Due).if_ready(task).asks(),
    // Conflicts
    command("conflict.decide", S::Conflicts, &["d"], "decide", "Stage one side for all marked conflicts; nothing is written until you apply.", Do::Decide).if_ready(marked),
    command("conflict.apply", S::Conflicts, &["a"], "apply", "List the exact writes of what you staged, and apply them after `y`.", Do::Apply).if_ready(staged).asks(),
    command("conflict.put-off", S::Conflicts, &["z"], "put off", "Put the conflict off until a time.", Do::PutOff).if_ready(conflict),
    command("conflict.policies", S::Conflicts, &["p"], "policies", "List the policies that are remembered, and remove one.", Do::Policies),
    // policies
    command("policy.remove", S::Policies, &["X"], "remove", "Remove the policy; what it settled stays.", Do::RemovePolicy).if_ready(policy).asks(),
    // the workbench of fields
    command("bench.ghl", S::Workbench, &["h", "<left>"], "GHL", "Stage the GHL value for this field; nothing is written until you apply.", Do::Stage(Pick::Side(Side::Ghl))),
    command("bench.growbots", S::Workbench, &["l", "<right>"], "Growbots", "Stage the Growbots value for this field; nothing is written until you apply.", Do::Stage(Pick::Side(Side::Growbots))),
    command("bench.base", S::Workbench, &["b"], "base", "Stage the value that both sides last agreed on.", Do::Stage(Pick::Base)),
    command("bench.other", S::Workbench, &["e"], "edit", "Type another value for this field.", Do::OtherValue),
    command("bench.next", S::Workbench, &["n"], "next", "Go to the next field that is undecided.", Do::NextUndecided),
    command("bench.unstage", S::Workbench, &["x"], "unstage", "Take the staged answer back.", Do::Unstage).if_ready(staged_here),
    command("bench.apply", S::Workbench, &["a"], "apply", "List the exact writes of what you staged, and apply them after `y`.", Do::Apply).if_ready(staged).asks(),
    command("bench.both", S::Workbench, &["+"], "both", "Stage both values: tags united, long texts one after the other.", Do::Stage(Pick::Both)).if_ready(both),
    command("bench.put-off", S::Workbench, &["z"], "put off", "Put the conflict off until a time.", Do::PutOff),
    command("bench.remember", S::Workbench, &["R"], "remember", "Remember how this field is decided, as a policy: for this record, a filter or always; shows first what that settles now.", Do::Remember).if_ready(remembers),
    // the workbench of a delete, and of a mass change
    command("sides.ghl", S::Sides, &["h", "<left>"], "as GHL", "Stage the answer: as GHL has it.", Do::Stage(Pick::Side(Side::Ghl))),
    command("sides.growbots", S::Sides, &["l", "<right>"], "as Growbots", "Stage the answer: as Growbots has it.", Do::Stage(Pick::Side(Side::Growbots))),
    command("sides.next", S::Sides, &["n"], "next", "Go to the next conflict that is undecided.", Do::NextUndecided),
    command("sides.unstage", S::Sides, &["x"], "unstage", "Take the staged answer back.", Do::Unstage).if_ready(staged_here),
    command("sides.apply", S::Sides, &["a"], "apply", "List what you staged, and apply it after `y`.", Do::Apply).if_ready(staged).asks(),
    command("sides.put-off", S::Sides, &["z"], "put off", "Put the conflict off until a time.", Do::PutOff),
    // the workbench of candidates; enter takes, see Open
    command("candidates.left", S::Candidates, &["h", "<left>"], "", "Go to the candidate on the left.", Do::PreviousCandidate),
    command("candidates.right", S::Candidates, &["l", "<right>"], "candidate", "Go to the candidate on the right; enter takes it.", Do::NextCandidate).if_ready(candidate),
    command("candidates.separate", S::Candidates, &["D"], "different", "Stage that none of the candidates is the same.", Do::Stage(Pick::Separate)).if_ready(separate),
    command("candidates.next", S::Candidates, &["n"], "next", "Go to the next conflict that is undecided.", Do::NextUndecided),
    command("candidates.unstage", S::Candidates, &["x"], "unstage", "Take the staged answer back.", Do::Unstage).if_ready(staged_here),
    command("candidates.apply", S::Candidates, &["a"], "apply", "List what you staged, and apply it after `y`.", Do::Apply).if_ready(staged).asks(),
    command("candidates.put-off", S::Candidates, &["z"], "put off", "Put the conflict off until a time.", Do::PutOff),
    // Sync log
    command("log.follow", S::SyncLog, &["w"], "follow", "Keep the cursor on the newest pass, or let it be.", Do::Follow),
    command("log.record", S::SyncLog, &["o"], "record", "Show the record of the line under the cursor.", Do::OpenRecord).if_ready(log_line),
    // Errors
    command("error.retry", S::Errors, &["r"], "retry", "Try the records of this error again.", Do::Retry).if_ready(error).asks(),
    command("error.skip", S::Errors, &["x"], "skip", "Do not try the records of this error again until they change.", Do::Skip).if_ready(error).asks(),
    command("error.mute", S::Errors, &["m"], "mute", "Keep this error out of the counts, or count it again.", Do::Mute).if_ready(error).asks(),
    command("error.record", S::Errors, &["o"], "record", "Show the latest record of the error.", Do::OpenRecord).if_ready(error),
    command("error.export", S::Errors, &["X"], "export", "Write the errors of the list to a new file, CSV or JSON lines.", Do::Export).if_ready(error),
    command("error.acknowledge", S::Errors, &["A"], "ack", "Say of the latest alert that somebody knows.", Do::Acknowledge).if_ready(alert),
    // Rates
    command("rates.pause", S::Rates, &["p"], "pause, resume", "Pause the side or the lane under the cursor, for how long and why; or resume it.", Do::Pause).if_ready(pausable).asks(),
    // everywhere
    command("search", S::Global, &["/"], "search", "Search the list while you type; esc leaves, esc again drops it.", Do::Search).if_ready(searchable),
    command("filter", S::Global, &["f"], "filter", "Filter the list: `tag:vip state:conflict updated:<2d owner:me`; tab completes, esc drops it.", Do::Filter).if_ready(filterable),
    command("copy", S::Global, &["c"], "", "Copy what is under the cursor to your clipboard; of an error, its request for `curl`.", Do::Copy),
    command("mark", S::Global, &["v"], "mark", "Mark the row under the cursor, or let it go; `esc` lets all go.", Do::Mark).if_ready(markable),
    command("mark.all", S::Global, &["V"], "", "Mark all rows of the list, or none.", Do::MarkAll).if_ready(markable),
    command("sort", S::Global, &["s"], "sort", "Sort contacts, choose columns, keep them as a view; group conflicts by reason, record, field or who.", Do::Sort).if_ready(sortable),
    command("undo", S::Global, &["u"], "undo", "Take back what was written: in Sync log the line or the pass under the cursor, elsewhere your latest operation. Shows first what goes back.", Do::Undo).asks(),
    command("next-for-me", S::Global, &["."], "next", "Go to the next thing that needs you, from anywhere.", Do::NextForMe),
    command("sync", S::Global, &["S"], "sync", "Run a pass now.", Do::Sync),
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
    command("default", S::Dialog, &["<enter>"], "", "The default that the box names, always harmless.", Do::Default),
    command("scroll-down", S::Dialog, &["J", "j", "<down>"], "", "Scroll down.", Do::ScrollDown),
    command("scroll-up", S::Dialog, &["K", "k", "<up>"], "", "Scroll up.", Do::ScrollUp),
    command("help.close", S::Help, &["?", "<esc>", "q", "<ctrl-c>"], "", "Close the help.", Do::No),
    command("help.search", S::Help, &["/", ":", "<ctrl-p>"], "", "Search all help by words.", Do::Palette),
    command("help.down", S::Help, &["j", "<down>", "<pgdn>", "<space>"], "", "Scroll down.", Do::ScrollDown),
    command("help.up", S::Help, &["k", "<up>", "<pgup>"], "", "Scroll up.", Do::ScrollUp),
];

/// What a key means after another one that was waiting.
#[derive(Debug, PartialEq, Eq)]
pub enum Meaning {
    /// This command, by its place in [`COMMANDS`].
    Command(usize),
    /// The first key of a command of two.
    Begins,
    /// Nothing.
    Nothing,
}

/// The command that keys name in these scopes, the nearest scope first. In Tasks `space` ticks: the one key that a
/// scope takes from movement.
pub fn meaning(scopes: &[Scope], pressed: &[Key]) -> Meaning {
    let mut begins = false;
    for scope in scopes {
        for (at, command) in COMMANDS.iter().enumerate() {
            if command.scope != *scope {
                continue;
            }
            for keys in command.keys.iter().filter_map(|key| keys::parse(key).ok()) {
                if keys == pressed {
                    return Meaning::Command(at);
                }
                begins |= keys.len() > pressed.len() && keys.starts_with(pressed);
            }
        }
    }
    if begins {
        Meaning::Begins
    } else {
        Meaning::Nothing
    }
}
