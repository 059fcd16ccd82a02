//! Questions as data: what will be written, what it costs, and what to ask of the engine if the answer is yes.

use crate::engine::port::Ask;
use crate::model::{Action, Answer, BySide, ConflictId, Side, Undo};

use super::form::Form;
use super::tabs::views::Step;

/// A question that opens on no. Only `y` is yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirm {
    /// What it is about.
    pub title: String,
    /// The exact writes, or what happened; these scroll.
    pub lines: Vec<String>,
    /// Cost and remarks; these stay in view.
    pub foot: Vec<String>,
    /// The word after `y`; `None` when there is nothing to say yes to.
    pub yes: Option<String>,
    /// What yes asks for.
    pub asks: Vec<Ask>,
    /// The answers that yes stages.
    pub stages: Vec<(ConflictId, Answer)>,
    /// What is said after yes.
    pub said: String,
    /// The conflict that enter opens; `None`: enter goes back.
    pub decide: Option<ConflictId>,
    /// Rows scrolled down.
    pub scroll: usize,
}

impl Confirm {
    /// A question without lines.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            lines: Vec::new(),
            foot: Vec::new(),
            yes: None,
            asks: Vec::new(),
            stages: Vec::new(),
            said: String::new(),
            decide: None,
            scroll: 0,
        }
    }

    /// Whether a remark can go with it: it applies decisions, or leaves errors alone.
    pub fn takes_reason(&self) -> bool {
        let takes = |ask: &Ask| {
            matches!(
                ask,
                Ask::Act(Action::Resolve { .. } | Action::Skip { .. } | Action::Mute { .. })
            )
        };
        self.asks.iter().any(takes)
    }

    /// A question about one thing to ask of the engine.
    pub fn one(title: &str, lines: Vec<String>, yes: &str, ask: Ask, said: &str) -> Self {
        Self {
            lines,
            yes: Some(yes.into()),
            asks: vec![ask],
            said: said.into(),
            ..Self::new(title)
        }
    }
}

/// A few answers to choose from by number.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What it is about.
    pub title: String,
    /// What is to be known before; with the side whose page a line links to.
    pub lines: Vec<(String, Option<Side>)>,
    /// The answers.
    pub answers: Vec<Offer>,
    /// A remark.
    pub foot: String,
}

/// An answer to choose.
#[derive(Clone, Debug)]
pub struct Offer {
    /// What it says.
    pub words: String,
    /// What comes of it.
    pub then: Then,
    /// What is said after it.
    pub said: String,
}

/// What comes of an answer that was chosen.
#[derive(Clone, Debug)]
pub enum Then {
    /// This is asked of the engine.
    Ask(Vec<Ask>),
    /// A question that lists what would be written.
    Question(Box<Confirm>),
    /// This form is opened.
    Form(Box<Form>),
    /// The contacts list is shown another way.
    List(Step),
    /// The sync log is shown with this filter.
    Log(String),
    /// A preview of this undo is asked for.
    Undo(Undo),
    /// This is copied.
    Copy(String),
}

/// What writes cost, in words: `GHL 1 read 1 write, Growbots 2 reads 2 writes, 1 s`.
pub fn cost_words(writes: BySide<usize>) -> String {
    let side = |side: Side| {
        let n = *writes.get(side);
        let s = if n == 1 { "" } else { "s" };
        (n > 0).then(|| format!("{side} {n} read{s} {n} write{s}"))
    };
    let parts: Vec<_> = Side::BOTH.into_iter().filter_map(side).collect();
    if parts.is_empty() {
        return "no requests: both sides have it already".into();
    }
    let requests = 2 * writes.ghl.max(writes.growbots);
    format!("{}, {} s", parts.join(", "), requests.div_ceil(10))
}
