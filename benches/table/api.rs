//! Requests, on the virtual clock: what a first pull makes of the limit, and what passes ask for, beside what
//! arithmetic says is the least.

use std::time::Duration;

use couplet::engine::{Engine, Once};
use couplet::model::{Direction, LinkState, PassSummary};
use couplet::store::{ContactQuery, Reader};

use crate::Outcome;
use crate::pull::{self, WINDOWS, limit};
use crate::report::{Against, Report};
use crate::virtual_world::World;

/// A first pull of more says no more.
const MOST_PEOPLE: u32 = 20_000;
/// People around those who change.
const AROUND: u32 = 1_000;
/// Contacts that change on each side.
const CHANGED: u16 = 20;
/// Passes after which all must be in step.
const PASSES: usize = 8;

pub fn measure(report: &mut Report, contacts: u32) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()?;
    runtime.block_on(async {
        first_pulls(report, contacts.min(MOST_PEOPLE)).await;
        passes(report).await
    })
}

async fn first_pulls(report: &mut Report, people: u32) {
    let all = pull::alone(&pull::world(people, "off").await).await.pulled;
    for window in WINDOWS {
        let world = pull::world(people, &limit(window)).await;
        let alone = pull::alone(&world).await;
        let world = pull::world(people, &limit(window)).await;
        let beside = pull::beside_another(&world).await;
        for (how, pull, least, most_refused) in [
            ("alone", alone, 99.0, 0.0),
            ("beside a client that takes a third", beside, 95.0, 0.5),
        ] {
            let what = |what: &str| {
                format!("first pull of {people} people, {window} window, {how}: {what}")
            };
            let share = "of what the limit lets through";
            let least = Against::Least(least);
            report.row(&what("share used"), pull.used(), "%", &least, share);
            let most = Against::Most(most_refused);
            report.row(&what("429s"), pull.refused_share(), "%", &most, "limit");
            report.row(
                &what("records lost"),
                all as f64 - pull.pulled as f64,
                "",
                &Against::Most(0.0),
                "limit",
            );
        }
    }
}

async fn passes(report: &mut Report) -> Outcome<()> {
    let world = World::new(AROUND, "off");
    let mut engine = world.engine(world.writer(), world.sides());
    come_to_rest(&mut engine).await?;
    // Past what searches look at again.
    tokio::time::advance(Duration::from_mins(3)).await;
    edit(&world, 1, "Elsewhere").await?;
    come_to_rest(&mut engine).await?;
    let idle = requests(&engine.once(Once::default()).await?);
    report.row(
        "an idle pass: requests",
        idle,
        "",
        &Against::Most(4.0),
        "limit; 2 are the least, one on each side",
    );
    edit(&world, CHANGED, "Nowhere").await?;
    let spent = come_to_rest(&mut engine).await?;
    let records = f64::from(2 * CHANGED);
    report.row(
        &format!("{CHANGED} contacts changed on each side: requests for each, with all passes until rest"),
        spent / records,
        "",
        &Against::Most(2.0),
        "1.5 are the least: on GHL a read of what changed there, a read and a write of what changed on Growbots, which \
         takes batches",
    );
    Ok(())
}

fn requests(pass: &PassSummary) -> f64 {
    (pass.requests.ghl + pass.requests.growbots) as f64
}

/// Passes until one does nothing; the requests of all.
async fn come_to_rest(engine: &mut Engine) -> Outcome<f64> {
    let mut all = 0.0;
    for _ in 0..PASSES {
        let pass = engine.once(Once::default()).await?;
        all += requests(&pass);
        if !pass.did_something() {
            return Ok(all);
        }
    }
    Err("it does not come to rest".into())
}

/// Users change a field of so many contacts on each side, none of them on both.
async fn edit(world: &World, each: u16, town: &str) -> Outcome<()> {
    let query = ContactQuery {
        state: Some(LinkState::InStep),
        ..ContactQuery::default()
    };
    let cache = Reader::open(&world.database())?;
    let rows = cache.contacts(&query, None, Direction::Forward, 2 * each)?;
    for (at, row) in rows.iter().enumerate() {
        let (side, id, body) = if at % 2 == 0 {
            ("ghl", &row.ids.ghl, format!(r#"{{"city": "{town}"}}"#))
        } else {
            (
                "growbots",
                &row.ids.growbots,
                format!(r#"{{"title": "{town}"}}"#),
            )
        };
        let id = id.as_ref().ok_or("it has no end")?;
        let path = format!("records/{side}/contact/{id}");
        world.control("PATCH", &path, &body).await;
    }
    tokio::time::advance(Duration::from_secs(3)).await;
    Ok(())
}
