//! What the loop did: passes, log, errors, status, bars.

use couplet::model::*;

use super::mara::text;
use super::world::{MARA, at, now};

pub fn log() -> Vec<LogEntry> {
    let line =
        |id, pass, side, op: &str, field: Option<(FieldName, &str, &str)>, cause: &str| LogEntry {
            id: LogId(id),
            at: at("2026-11-24T14:01:00Z"),
            pass: PassId(pass),
            side,
            kind: Kind::Contact,
            link: MARA,
            title: "Quill, Mara".into(),
            op: op.into(),
            fields: field
                .map(|(field, from, to)| FieldChange {
                    field,
                    from: text(from),
                    to: text(to),
                })
                .into_iter()
                .collect(),
            cause: cause.into(),
            operator: None,
            requests: 2,
        };
    let budget = FieldName::Custom("budget".into());
    vec![
        line(
            10230,
            3,
            Some(Side::Growbots),
            "update",
            Some((budget, "9,000", "12,000")),
            "edit in GHL",
        ),
        line(
            10231,
            3,
            None,
            "conflict",
            None,
            "both sides changed phone, title",
        ),
    ]
}

/// What was sent for the first line of the log, and what came back.
pub fn exchanges() -> Vec<Exchange> {
    vec![Exchange {
        at: at("2026-11-24T14:01:07Z"),
        took_ms: 118,
        request: "PATCH /leads/ld_01J9ZM".into(),
        condition: Some("\"41\"".into()),
        sent: Some(r#"{"custom_fields":{"budget":12000}}"#.into()),
        status: Some(200),
        tag: Some("\"42\"".into()),
        answer: Some(r#"{"id":"ld_01J9ZM","first_name":"Mara","last_name":"Quill","title":"Head of Procurement","custom_fields":{"budget":12000},"updated_at":"2026-11-24T14:01:07Z"}"#.into()),
    }]
}

pub fn passes() -> Vec<PassSummary> {
    let pass =
        |id: i64, started: &str, ms, because: &str, pulled: (u64, u64), updated: (u64, u64)| {
            PassSummary {
                pass: PassId(id),
                started_at: at(started),
                duration_ms: ms,
                because: because.into(),
                requests: BySide {
                    ghl: 5,
                    growbots: 4,
                },
                pulled: BySide {
                    ghl: pulled.0,
                    growbots: pulled.1,
                },
                updated: BySide {
                    ghl: updated.0,
                    growbots: updated.1,
                },
                ..PassSummary::default()
            }
        };
    vec![
        pass(
            5,
            "2026-11-24T14:05:00Z",
            900,
            "dana ticked 2 tasks",
            (4, 3),
            (1, 1),
        ),
        pass(
            4,
            "2026-11-24T14:02:00Z",
            1_200,
            "changes on both sides",
            (6, 5),
            (2, 3),
        ),
        pass(
            3,
            "2026-11-24T14:01:00Z",
            800,
            "webhook from GHL",
            (1, 0),
            (0, 1),
        ),
        PassSummary {
            requests: BySide {
                ghl: 136,
                growbots: 136,
            },
            ..pass(
                2,
                "2026-11-24T13:41:00Z",
                17 * 60_000,
                "68 idle passes",
                (0, 0),
                (0, 0),
            )
        },
        PassSummary {
            errors: 1,
            ..pass(
                1,
                "2026-11-24T13:20:00Z",
                30_000,
                "1 write parked",
                (2, 0),
                (0, 0),
            )
        },
    ]
}

pub fn errors() -> Vec<ErrorRow> {
    let row = |id, side, pattern: &str, count, next: Option<&str>, state| ErrorRow {
        id: ErrorId(id),
        state,
        last: Failure {
            pattern: pattern.into(),
            side: Some(side),
            operation: "POST /tasks".into(),
            status: Some(422),
            message: format!("Return call to Fairweather was not written: {pattern}"),
            link: Some(LinkId(7)),
            next_retry_at: next.map(at),
        },
        title: "Return call to Fairweather".into(),
        count,
        first_at: at("2026-11-23T16:45:00Z"),
        last_at: at("2026-11-24T13:20:00Z"),
        operator: (state == ErrorState::Muted).then(|| "ravi".to_owned()),
        note: (state == ErrorState::Muted).then(|| "typed so by customers".to_owned()),
    };
    vec![
        row(
            1,
            Side::Growbots,
            "422 the assignee is not active",
            14,
            None,
            ErrorState::Open,
        ),
        row(
            2,
            Side::Ghl,
            "422 email must be an email",
            3,
            None,
            ErrorState::Open,
        ),
        row(
            3,
            Side::Ghl,
            "timeout on read by id",
            1,
            Some("2026-11-24T14:06:00Z"),
            ErrorState::Open,
        ),
        row(
            4,
            Side::Growbots,
            "phone not E.164, kept as typed",
            88,
            None,
            ErrorState::Muted,
        ),
    ]
}

pub fn status() -> LoopStatus {
    let side = |used, ours, others| SideStatus {
        health: Health::Ok,
        burst: Burst {
            used,
            others: 0,
            limit: 100,
            resets_in_ms: 9_000,
        },
        day: Day {
            used: ours,
            others: Some(others),
            limit: 200_000,
            resets_at: Some(at("2026-11-24T16:00:00Z")),
        },
        throttled: 3,
        breaker: "closed".into(),
        lanes: vec![
            LaneStatus {
                lane: Lane::Webhook,
                queued: 2,
                recent: 10,
            },
            LaneStatus {
                lane: Lane::Incremental,
                queued: 38,
                recent: 42,
            },
        ],
        operations: vec![
            ("GET /contacts/{contactId}".into(), 31_204),
            ("POST /contacts/search".into(), 22_870),
        ],
        clock_offset_ms: Some(120),
    };
    LoopStatus {
        state: LoopState::Idle,
        idle_since: Some(now()),
        progress_at: now(),
        paused: None,
        lanes_paused: Vec::new(),
        sides: BySide {
            ghl: side(62, 76_200, 21_400),
            growbots: side(18, 41_050, 350),
        },
    }
}

pub fn bars() -> BySide<Vec<RateBar>> {
    BySide::from_fn(|side| {
        (0..120_u32)
            .map(|n| {
                let swing = if side == Side::Ghl { n % 40 } else { n % 25 };
                RateBar {
                    at: now().plus((i64::from(n) - 119) * 30_000),
                    ours: 10 + swing * swing / 6,
                    others: if (60..72).contains(&n) { 90 } else { 0 },
                    throttled: u32::from(side == Side::Ghl && n == 100),
                }
            })
            .collect()
    })
}
