//! What an error means and what to do about it: a table by side, status and words of the pattern.

use crate::model::ErrorRow;
use crate::text::clean;

/// Advice for one kind of error.
#[derive(Debug)]
pub struct Advice {
    /// The statuses that it is for; empty: any, and none.
    statuses: &'static [u16],
    /// Any of these words in the pattern, lower case; empty: any pattern of the status.
    words: &'static [&'static str],
    /// What it means, in a sentence or two.
    pub means: &'static str,
    /// What helps, the likeliest first. In braces stands the command whose key is to be pressed.
    pub steps: &'static [&'static str],
}

/// All advice, the particular before the general.
static TABLE: &[Advice] = &[
    Advice {
        statuses: &[],
        words: &["assignee", "assigned", "not active"],
        means: "The side does not take this user for the task: switched off there, or unknown.",
        steps: &[
            "give the tasks to somebody else: {error.assign} takes all that this error holds",
            "or switch the user on again on that side; then {error.retry} tries all again",
            "or map the user to another one: `couplet config explain map.users`",
        ],
    },
    Advice {
        statuses: &[],
        words: &["another contact with this"],
        means: "Another record on that side already has the e-mail or phone; it allows each only once.",
        steps: &[
            "if both are one person: link them, `couplet links match`, or merge them on that side",
            "if not: change the value on one of the two; it is tried again by itself",
        ],
    },
    Advice {
        statuses: &[],
        words: &["email"],
        means: "The side does not accept the e-mail address as one.",
        steps: &[
            "correct the address: {error.record} goes to the record, {contact.edit} edits it",
            "it is tried again by itself when the address changes on either side",
        ],
    },
    Advice {
        statuses: &[],
        words: &["phone", "e.164"],
        means: "The side does not accept the phone number, or it cannot be read as an international one.",
        steps: &[
            "write it with its country code (+1 415 …): {error.record} goes to the record, {contact.edit} edits it",
            "{error.mute} mutes the pattern if the numbers are to stay as they are",
        ],
    },
    Advice {
        statuses: &[],
        words: &["more than", "too long", "characters", "maximum"],
        means: "The value is longer than that side takes.",
        steps: &[
            "shorten it: {error.record} goes to the record, {contact.edit} edits it",
            "or leave the field out of the map for that side: docs/mapping.md",
        ],
    },
    Advice {
        statuses: &[401],
        words: &[],
        means: "The side does not know the key: it was revoked, replaced, or is of another account.",
        steps: &[
            "put the new key in: `couplet auth rotate SIDE`; a running sync takes it over",
            "`couplet auth status` says what each key may do and how old it is",
        ],
    },
    Advice {
        statuses: &[],
        words: &["new sign-in", "did not accept the token"],
        means: "The sign-in is over or was taken back.",
        steps: &["sign in again: `couplet auth login SIDE`, also over SSH"],
    },
    Advice {
        statuses: &[403],
        words: &[],
        means: "The key is good, but may not do this: a scope is missing, or it is of another location.",
        steps: &[
            "`couplet auth status` names the scopes that are missing; add them on that side",
            "then {error.retry} tries again",
        ],
    },
    Advice {
        statuses: &[404],
        words: &[],
        means: "The record is not there any more, though couplet had seen it.",
        steps: &["nothing: the next sweep finds out whether it was deleted, and says so"],
    },
    Advice {
        statuses: &[409, 412],
        words: &[],
        means: "The record changed on that side between couplet's look and its write.",
        steps: &["nothing: the next pass reads it again and decides anew"],
    },
    Advice {
        statuses: &[429],
        words: &[],
        means: "Too many requests for that side's limit; somebody else may use the same limit.",
        steps: &[
            "nothing: requests wait until there is room. 6 shows who uses what",
            "if the day is spent by others, ask who: Rates tells ours and theirs apart",
        ],
    },
    Advice {
        statuses: &[],
        words: &["is spent for the lane", "is shut until"],
        means: "The side lets nothing more through for now; what waits is kept and goes later.",
        steps: &["nothing: it opens again by itself. 6 says when"],
    },
    Advice {
        statuses: &[500, 502, 503, 504],
        words: &[],
        means: "The side itself failed. It may have carried the write out: couplet looks before it sends again.",
        steps: &[
            "nothing, if it passes: it is tried again by itself",
            "if it stays: look at that side's status page; p in Rates pauses the side",
        ],
    },
    Advice {
        statuses: &[],
        words: &["was lost", "timeout", "timed out"],
        means: "A request got no answer. couplet finds out whether it was carried out before it sends again.",
        steps: &["nothing, if it passes; r looks at once"],
    },
    Advice {
        statuses: &[],
        words: &["cannot be reached"],
        means: "No connection to that side: network, proxy, name service, or a wrong address.",
        steps: &["`couplet doctor` tries the address and says where it ends"],
    },
    Advice {
        statuses: &[],
        words: &["not json", "malformed", "cannot be read", "not understood"],
        means: "The answer was not of the shape that couplet knows; a proxy may stand between, or the API changed.",
        steps: &[
            "`couplet doctor --endpoints` tries each operation on sample data",
            "if it stays, report it with the last answer below",
        ],
    },
    Advice {
        statuses: &[],
        words: &["rule "],
        means: "An automation rule stopped itself: it acted far more often than it should.",
        steps: &["`couplet rules list` shows how often each acted; change the rule, then r"],
    },
    Advice {
        statuses: &[],
        words: &["pass panicked"],
        means: "A fault of couplet itself ended a pass. What it had done stands; the loop goes on.",
        steps: &["report it; the log has where it happened"],
    },
    Advice {
        statuses: &[400, 422],
        words: &[],
        means: "The side refuses a value of the record. Its words are below.",
        steps: &[
            "correct the value: {error.record} goes to the record, {contact.edit} edits it",
            "it is tried again by itself when the record changes; {error.retry} tries at once",
        ],
    },
];

/// The advice for an error, if there is any.
pub fn of(error: &ErrorRow) -> Option<&'static Advice> {
    let pattern = error.last.pattern.to_lowercase();
    TABLE.iter().find(|advice| {
        let status = advice.statuses.is_empty()
            || error
                .last
                .status
                .is_some_and(|it| advice.statuses.contains(&it));
        let words = advice.words.is_empty() || advice.words.iter().any(|it| pattern.contains(it));
        status && words
    })
}

/// The steps with the side's name where they leave it open; their keys are [filled in](super::keymap::Keymap::fill).
pub fn steps(error: &ErrorRow, advice: &Advice) -> Vec<String> {
    let side = error.last.side.map_or("SIDE", crate::model::Side::name);
    let named = advice.steps.iter().map(|step| step.replace("SIDE", side));
    named.collect()
}

/// What an error means, in a sentence; the side's own words where the table has none.
pub fn meaning(error: &ErrorRow) -> String {
    match of(error) {
        Some(advice) => advice.means.to_owned(),
        None => format!(
            "No advice yet. The answer says: {}",
            clean(&error.last.message)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ErrorId, ErrorState, Failure, Millis, Side};

    fn error(status: Option<u16>, pattern: &str) -> ErrorRow {
        ErrorRow {
            id: ErrorId(1),
            state: ErrorState::Open,
            last: Failure {
                pattern: pattern.into(),
                side: Some(Side::Growbots),
                operation: "POST /tasks".into(),
                status,
                message: pattern.into(),
                link: None,
                next_retry_at: None,
            },
            title: String::new(),
            count: 1,
            first_at: Millis(0),
            last_at: Millis(0),
            operator: None,
            note: None,
        }
    }

    #[test]
    fn a_particular_error_gets_its_own_advice_before_the_general_one() {
        for (status, pattern, want) in [
            (
                Some(422),
                "growbots POST /tasks 422 the assignee is not active",
                "does not take this user",
            ),
            (
                Some(422),
                "ghl PUT /contacts 422 email must be an email",
                "the e-mail address",
            ),
            (
                Some(409),
                "ghl create 409 GHL has another contact with this `email`: …",
                "already has the e-mail",
            ),
            (
                Some(409),
                "ghl 409 changed meanwhile",
                "between couplet's look",
            ),
            (Some(422), "growbots 422 something new", "refuses a value"),
            (Some(401), "ghl 401 Invalid JWT", "does not know the key"),
            (Some(503), "ghl GET 503", "itself failed"),
            (None, "ghl GHL cannot be reached at `…`", "No connection"),
            (
                None,
                "growbots the answer of Growbots to `POST /leads` was lost",
                "got no answer",
            ),
            (
                None,
                "couplet odd",
                "No advice yet. The answer says: couplet odd",
            ),
        ] {
            let said = meaning(&error(status, pattern));
            assert!(said.contains(want), "{pattern}: {said}");
        }
        let advice = of(&error(Some(401), "x")).unwrap();
        assert!(steps(&error(Some(401), "x"), advice)[0].contains("rotate growbots"));
    }

    #[test]
    fn every_advice_can_be_reached_and_says_what_to_do() {
        for (at, advice) in TABLE.iter().enumerate() {
            assert!(
                advice.means.ends_with('.') && !advice.steps.is_empty(),
                "{at}"
            );
            let status = advice.statuses.first().copied();
            let word = advice.words.first().copied().unwrap_or("-");
            let found = of(&error(status, word)).unwrap();
            assert!(std::ptr::eq(found, advice), "{at}: {}", found.means);
        }
    }
}
