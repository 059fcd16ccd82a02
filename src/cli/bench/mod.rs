//! `couplet bench`: what measurements start from.

mod people;

use crate::model::{ConflictField, Fence, Held, LinkId, PassId, PassSummary, Side, Why};
use crate::store::{ConflictUpdate, Filled, Lease, LinkOutcome, Writer};
use crate::text::thousands;

use super::args::Bench;
use super::context::Context;
use super::exit::{Exit, Problem};
use super::output::note;

use people::People;

/// People put in with one transaction.
const BATCH: u32 = 2_000;

/// Does what `couplet bench …` asks for.
pub fn run(context: &Context, command: &Bench) -> Result<Exit, Problem> {
    match command {
        Bench::Seed { contacts } => seed(context, *contacts),
    }
}

fn seed(context: &Context, contacts: u32) -> Result<Exit, Problem> {
    let path = context.config.database()?;
    if path.exists() {
        return Err(Problem::failed(
            format!("`{}` is there already", path.display()),
            "give `--workspace` or `--data-dir` another name; a measurement starts from nothing",
        ));
    }
    let mut writer = context.writer()?;
    let Lease::Ours(fence) = writer.acquire(&context.us())? else {
        return Err(Problem::failed(
            "another process took the new database",
            "try again with another `--workspace`",
        ));
    };
    let pass = writer.begin_pass(fence, "bench seed")?;
    let started_at = context.clock.now();
    let mut people = People::new(started_at);
    let mut tasks = 0;
    for from in (0..contacts).step_by(BATCH as usize) {
        let until = contacts.min(from.saturating_add(BATCH));
        let batch: Vec<_> = (from..until).map(|number| people.contact(number)).collect();
        let links = writer.fill(fence, pass, &batch)?;
        let theirs: Vec<_> = (from..until)
            .zip(&batch)
            .zip(&links)
            .flat_map(|((number, contact), link)| people.tasks(number, &contact.linked, *link))
            .collect();
        tasks += theirs.len();
        writer.fill(fence, pass, &theirs)?;
        disagree(&mut writer, fence, pass, &batch, &links)?;
        writer.renew(fence)?;
    }
    writer.end_pass(
        fence,
        PassSummary {
            pass,
            started_at,
            duration_ms: u64::try_from(context.clock.now().since(started_at)).unwrap_or(0),
            because: "bench seed".into(),
            ..PassSummary::default()
        },
    )?;
    writer.release(fence)?;
    note(&format!(
        "{} contacts and {} tasks are in `{}`",
        thousands(contacts.into()),
        thousands(tasks as u64),
        path.display()
    ));
    Ok(Exit::Done)
}

/// Opens the conflicts of those whose two sides are apart.
fn disagree(
    writer: &mut Writer,
    fence: Fence,
    pass: PassId,
    batch: &[Filled],
    links: &[LinkId],
) -> Result<(), Problem> {
    let apart = batch.iter().zip(links).filter_map(|(contact, link)| {
        let field = people::in_conflict(&contact.linked)?;
        let of = |side: Side| {
            let end = contact.linked.ends.get(side).live();
            end.and_then(|snapshot| snapshot.record.get(&field).cloned())
        };
        let base = contact.linked.base.clone();
        let conflict = ConflictField {
            base: base.as_ref().and_then(|base| base.get(&field).cloned()),
            ghl: of(Side::Ghl),
            growbots: of(Side::Growbots),
            newer: Some(Side::Ghl),
            field: field.clone(),
        };
        Some(LinkOutcome {
            link: *link,
            base,
            conflict: Some(ConflictUpdate {
                fields: vec![conflict],
            }),
            held: vec![Held {
                field,
                why: Why::Conflict,
            }],
            ..LinkOutcome::default()
        })
    });
    Ok(writer.commit(fence, pass, &apart.collect::<Vec<_>>())?)
}
