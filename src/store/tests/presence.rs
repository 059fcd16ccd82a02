//! Who looks at which conflict, and what became of an answer.

use super::{Cache, PASS};
use crate::model::{
    Action, ActionOutcome, Answer, ConflictId, ConflictState, Looking, Reason, Side,
};

#[test]
fn who_looks_is_told_for_ten_minutes_or_until_they_leave() {
    let mut cache = Cache::new();
    let id = ConflictId(7);
    cache.store.look("ravi", Some(id)).unwrap();
    cache.store.look("dana", Some(ConflictId(3))).unwrap();
    cache.store.look("dana", Some(id)).unwrap();
    let looks = |operator: &str| Looking {
        operator: operator.into(),
        conflict: id,
    };
    assert_eq!(
        cache.reader().looking().unwrap(),
        [looks("dana"), looks("ravi")]
    );
    cache.store.look("dana", None).unwrap();
    assert_eq!(cache.reader().looking().unwrap(), [looks("ravi")]);
    cache.clock.advance(601_000);
    assert_eq!(cache.reader().looking().unwrap(), []);
}

#[test]
fn what_became_of_a_conflict_names_who_answered_it_and_how() {
    let mut cache = Cache::new();
    let link = cache.pair("g1", "b1", &[]);
    let fence = cache.fence;
    let id = cache
        .store
        .open_conflict(fence, PASS, link, Reason::DeleteEdit, &[], Some(Side::Ghl))
        .unwrap();
    assert_eq!(cache.reader().settled(id).unwrap().unwrap().by, None);
    let action = Action::Resolve {
        conflict: id,
        revision: 1,
        answers: vec![Answer::Side { side: Side::Ghl }],
        note: Some("asked by mail".into()),
    };
    let asked = cache.store.submit("ravi", &action).unwrap();
    assert_eq!(
        cache.reader().settled(id).unwrap().unwrap().by,
        None,
        "not yet"
    );
    cache
        .store
        .finish_action(fence, asked, &ActionOutcome::Done)
        .unwrap();
    let settled = cache.reader().settled(id).unwrap().unwrap();
    assert_eq!(settled.by.as_deref(), Some("ravi"));
    assert_eq!(settled.note.as_deref(), Some("asked by mail"));
    assert_eq!(settled.answers, [Answer::Side { side: Side::Ghl }]);
    assert_eq!(settled.conflict.state, ConflictState::Open);
    assert_eq!(cache.reader().settled(ConflictId(99)).unwrap(), None);
}
