//! Rates: what was used of each side's limits, by whom, and how long it lasts; sides and lanes are paused here. Drawn
//! by [`rates_view`](super::rates_view).

use crate::engine::port::Ask;
use crate::model::{Action, BySide, FieldName, Lane, Millis, Paused, RateBar, Side, Value};

use super::super::confirm::Confirm;
use super::super::effect::Request;
use super::super::form::{Form, Input, Purpose};
use super::super::model::{Model, Overlay};
use super::super::msg::Move;

const HOUR_MS: i64 = 3_600_000;
const PACE_MS: i64 = 500;
/// A day has many bars, and moves slowly.
const PACE_OF_DAY_MS: i64 = 15_000;

/// What the cursor is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// All of a side.
    Side(Side),
    /// A lane of both sides.
    Lane(Lane),
}

impl Spot {
    /// All, from top to bottom.
    pub const ALL: [Self; 6] = [
        Self::Side(Side::Ghl),
        Self::Side(Side::Growbots),
        Self::Lane(Lane::Operator),
        Self::Lane(Lane::Webhook),
        Self::Lane(Lane::Incremental),
        Self::Lane(Lane::Sweep),
    ];

    const fn parts(self) -> (Option<Side>, Option<Lane>) {
        match self {
            Self::Side(side) => (Some(side), None),
            Self::Lane(lane) => (None, Some(lane)),
        }
    }

    /// In words.
    pub fn label(self) -> String {
        match self {
            Self::Side(side) => side.label().to_owned(),
            Self::Lane(lane) => format!("the {} lane", lane.name()),
        }
    }
}

/// State of the tab.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    /// The bars of the last hour or day, oldest first.
    pub bars: BySide<Vec<RateBar>>,
    /// Whether a day is shown, not an hour.
    pub of_day: bool,
    /// Whether all operations are listed in place of the charts.
    pub all_operations: bool,
    read_at: Millis,
    at: usize,
}

impl Rates {
    /// When to read next while the tab is open: twice a second.
    pub const fn next_read(&self) -> Millis {
        let pace = if self.of_day { PACE_OF_DAY_MS } else { PACE_MS };
        self.read_at.plus(pace)
    }

    /// What the cursor is on.
    pub fn spot(&self) -> Spot {
        Spot::ALL[self.at.min(Spot::ALL.len() - 1)]
    }
}

/// Asks for the bars and the status, if it is time.
pub fn read(model: &mut Model) {
    let now = model.times.now;
    if now >= model.rates.next_read() {
        model.rates.read_at = now;
        let hours = if model.rates.of_day { 24 } else { 1 };
        model.read(Request::Frame);
        model.read(Request::Rates {
            since: now.plus(-hours * HOUR_MS),
        });
    }
}

/// Takes the bars.
pub fn accept(model: &mut Model, bars: BySide<Vec<RateBar>>) {
    if model.rates.bars != bars {
        model.rates.bars = bars;
        model.dirty = true;
    }
}

/// Moves among the sides and the lanes.
pub fn go(model: &mut Model, how: Move) {
    let last = Spot::ALL.len() - 1;
    let at = model.rates.at;
    model.rates.at = how.among(at, last, last);
}

/// An hour or a day.
pub fn step_range(model: &mut Model) {
    model.rates.of_day = !model.rates.of_day;
    model.rates.read_at = Millis(0);
    read(model);
}

/// The pause that holds what the cursor is on.
pub fn pause_of(model: &Model, spot: Spot) -> Option<&Paused> {
    let now = model.times.now;
    match spot {
        Spot::Side(side) => {
            let paused = model.status.paused.as_ref();
            paused.filter(|paused| paused.rests(side, now))
        }
        Spot::Lane(lane) => {
            let mut sides = Side::BOTH.into_iter();
            sides.find_map(|side| model.status.lane_pause(side, lane, now))
        }
    }
}

/// Pauses the side or the lane under the cursor after asking how long and why; or asks whether to resume it.
pub fn pause(model: &mut Model) {
    let spot = model.rates.spot();
    let (side, lane) = spot.parts();
    let name = spot.label();
    if let Some(paused) = pause_of(model, spot) {
        let by = crate::text::clean(&paused.by).into_owned();
        let since = model.times.moment(paused.at);
        let lines = vec![
            format!("Paused by {by} at {since}."),
            "What waited goes as soon as the limits let it.".into(),
        ];
        let ask = Ask::Act(Action::Resume { side, lane });
        let said = format!("{} goes on.", capital(&name));
        let title = format!("Resume {name}?");
        let confirm = Confirm::one(&title, lines, "resume", ask, &said);
        model.overlay = Some(Overlay::Confirm(Box::new(confirm)));
        return;
    }
    let fields = vec![(FieldName::DueAt, None), (FieldName::Name, None)];
    let title = format!("Pause {name}: how long, and why? Empty: until resumed");
    let form = Form::new(
        title,
        Purpose::Pause { side, lane },
        fields,
        0,
        &model.times,
    );
    let form = form.labelled(&["until", "why"]);
    model.overlay = Some(Overlay::Form(Box::new(form)));
}

fn capital(words: &str) -> String {
    let mut chars = words.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), chars.as_str())
}

/// How long and why was said: asks whether to pause.
pub fn finish_pause(model: &mut Model, form: &Form, side: Option<Side>, lane: Option<Lane>) {
    let until = match form.inputs.first().and_then(Input::changed) {
        Some(Ok(Some(Value::Time(at)))) => Some(at),
        _ => None,
    };
    if until.is_some_and(|until| until <= model.times.now) {
        return model.say("That time is over already.");
    }
    let note = form
        .inputs
        .get(1)
        .map(|input| input.text().trim().to_owned());
    let note = note.filter(|note| !note.is_empty());
    let name = match (side, lane) {
        (Some(side), _) => Spot::Side(side).label(),
        (None, Some(lane)) => Spot::Lane(lane).label(),
        (None, None) => "the sync".into(),
    };
    let until_words = until.map_or_else(
        || "until somebody resumes it".into(),
        |at| format!("until {}", model.times.whole(at)),
    );
    let what = match lane {
        Some(Lane::Sweep) => "Deletes and what no cursor shows are found later. Changes go on.",
        Some(Lane::Incremental) => {
            "Changes on the sides are not read. What operators ask for goes on."
        }
        Some(Lane::Webhook) => "What webhooks tell waits for the next poll.",
        _ => {
            "Nothing is read from it or written to it, but what operators ask for. What changes waits."
        }
    };
    let mut lines = vec![
        format!("{} rests {until_words}.", capital(&name)),
        what.to_owned(),
    ];
    lines.extend(note.iter().map(|note| format!("Why: {note}")));
    let ask = Ask::Act(Action::Pause {
        side,
        lane,
        until,
        note,
    });
    let key = model.key("rates.pause");
    let said = format!("{} rests {until_words}. {key} resumes it.", capital(&name));
    let title = format!("Pause {name}?");
    let confirm = Confirm::one(&title, lines, "pause", ask, &said);
    model.overlay = Some(Overlay::Confirm(Box::new(confirm)));
}
