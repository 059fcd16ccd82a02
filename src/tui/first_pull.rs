//! What is said while the first pull has not ended: nothing was compared before that, so that nothing is known of
//! conflicts yet.

use crate::model::LoopState;
use crate::text::thousands;

use super::model::Model;

/// What the loop does just now, in words: `reads contacts from GHL, 41,200 of 118,400`; `None` where it rests.
pub fn in_hand(model: &Model) -> Option<String> {
    match &model.status.state {
        LoopState::Pulling {
            side,
            kind,
            done,
            total,
        } => {
            let done = thousands(*done);
            let far = total.map_or(done.clone(), |all| format!("{done} of {}", thousands(all)));
            Some(format!("reads {} from {side}, {far}", kind.many()))
        }
        LoopState::Pushing { done, total } => {
            let (done, total) = (thousands(*done), thousands(*total));
            Some(format!("writes, {done} of {total} done"))
        }
        LoopState::Stopped | LoopState::Idle | LoopState::Paused => None,
    }
}

/// What the corner says that otherwise counts what needs the operator; `None` once both sides were read in full.
pub fn corner(model: &Model, wide: bool) -> Option<&'static str> {
    if model.backfilled {
        return None;
    }
    Some(match (in_hand(model).is_some(), wide) {
        (true, true) => "· first pull: nothing compared",
        (true, false) => "· first pull",
        (false, true) => "· not read in full yet",
        (false, false) => "· not read yet",
    })
}

/// What a list says that has nothing in it because nothing was compared; `None` once both sides were read in full.
pub fn empty(model: &Model) -> Option<Vec<String>> {
    if model.backfilled || !model.frame_read {
        return None;
    }
    let now = match in_hand(model) {
        Some(words) => format!("Not known yet: the first pull {words}."),
        None => "Not known yet: the first pull has not ended, and rests just now.".into(),
    };
    Some(vec![
        now,
        "Conflicts show here once both sides were read in full.".into(),
    ])
}
