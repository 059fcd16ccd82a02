use super::*;
use crate::merge::support::{linked, record, typed};
use crate::model::{ActionId, LogEntry, Lost, Millis, PassId, Undo};

fn change(name: &str, from: &str, to: &str) -> FieldChange {
    let field: FieldName = name.parse().unwrap();
    FieldChange {
        from: typed(&field, from),
        to: typed(&field, to),
        field,
    }
}

fn line(id: i64, side: Side, op: Op, fields: Vec<FieldChange>) -> WrittenLine {
    WrittenLine {
        entry: LogEntry {
            id: LogId(id),
            at: Millis(id),
            pass: PassId(1),
            side: Some(side),
            kind: Kind::Contact,
            link: LinkId(1),
            title: "Ann".into(),
            op: op.name().into(),
            fields,
            cause: "edit".into(),
            operator: None,
            requests: 1,
        },
        cause: Some(Cause::Change { side: side.other() }),
        lost: None,
    }
}

fn known(ghl: &[(&str, &str)], growbots: &[(&str, &str)]) -> BTreeMap<LinkId, Known> {
    let linked = linked(
        Kind::Contact,
        Some(record(ghl)),
        record(ghl),
        record(growbots),
    );
    let children = Vec::new();
    BTreeMap::from([(LinkId(1), Known { linked, children })])
}

fn plan(lines: &[WrittenLine], known: &BTreeMap<LinkId, Known>) -> UndoPlan {
    let cause = Cause::Undo {
        of: Undo::Pass(PassId(1)),
        action: ActionId(7),
        operator: "dana".into(),
    };
    undo(lines, known, &FieldMap::default(), &cause)
}

fn told(plan: &UndoPlan) -> String {
    let writes = plan.writes.iter().map(|write| {
        let fields = write.fields.iter().map(|one| {
            let shown =
                |value: &Option<Value>| value.as_ref().map_or("-".into(), ToString::to_string);
            format!(" {} {}>{}", one.field, shown(&one.from), shown(&one.to))
        });
        format!(
            "{} {}{}",
            write.side.name(),
            write.op.name(),
            fields.collect::<String>()
        )
    });
    let refused = plan.refused.iter().map(|one| format!("no: {}", one.why));
    writes.chain(refused).collect::<Vec<_>>().join("; ")
}

#[test]
fn an_earlier_value_goes_to_both_sides_unless_one_moved_since() {
    use Op::Update;
    use Side::{Ghl, Growbots};
    let updates = |lines: &[(i64, Side, &str, &str)]| -> Vec<WrittenLine> {
        let lines = lines.iter();
        lines
            .map(|(id, side, from, to)| {
                line(*id, *side, Update, vec![change("first_name", from, to)])
            })
            .collect()
    };
    for (lines, ghl, growbots, want) in [
        (
            updates(&[(1, Growbots, "Ann", "Anna")]),
            "Anna",
            "Anna",
            "ghl update first_name Anna>Ann; growbots update first_name Anna>Ann",
        ),
        // from the first of two writes of the pass, against the last
        (
            updates(&[(1, Growbots, "Ann", "Anna"), (2, Growbots, "Anna", "Anne")]),
            "Anne",
            "Anne",
            "ghl update first_name Anne>Ann; growbots update first_name Anne>Ann",
        ),
        (
            updates(&[(1, Growbots, "Ann", "Anna")]),
            "Anna",
            "Bea",
            "no: `first_name` moved since: it is `Bea` in Growbots now",
        ),
        (
            updates(&[(1, Growbots, "Ann", "Anna")]),
            "",
            "Anna",
            "no: `first_name` moved since: it is empty in GHL now",
        ),
        (
            updates(&[(1, Ghl, "Ann", "Cleo"), (2, Growbots, "Bea", "Cleo")]),
            "Cleo",
            "Cleo",
            "no: before it `first_name` was `Ann` in GHL and `Bea` in Growbots: undo 1 or 2 alone",
        ),
        (
            updates(&[(1, Ghl, "Ann", "Cleo"), (2, Growbots, "Ann", "Cleo")]),
            "Cleo",
            "Cleo",
            "ghl update first_name Cleo>Ann; growbots update first_name Cleo>Ann",
        ),
    ] {
        let known = known(&[("first_name", ghl)], &[("first_name", growbots)]);
        assert_eq!(told(&plan(&lines, &known)), want, "{ghl} {growbots}");
    }
    let gone = plan(&updates(&[(1, Growbots, "Ann", "Anna")]), &BTreeMap::new());
    assert_eq!(told(&gone), "no: the record is not there any more");
}

#[test]
fn what_was_copied_goes_unless_it_has_become_more_than_a_copy() {
    let made = line(
        3,
        Side::Growbots,
        Op::Create,
        vec![change("first_name", "", "Ann")],
    );
    let alike = known(&[("first_name", "Ann")], &[("first_name", "Ann")]);
    let goes = plan(std::slice::from_ref(&made), &alike);
    assert_eq!(told(&goes), "growbots delete");
    assert_eq!(
        goes.steps,
        [UndoStep::Unmake {
            link: LinkId(1),
            side: Side::Growbots,
            is_copy: true
        }]
    );
    let edited = known(&[("first_name", "Ann")], &[("first_name", "Anna")]);
    assert_eq!(
        told(&plan(std::slice::from_ref(&made), &edited)),
        "no: `first_name` in Growbots is not what was agreed: it would go with it"
    );
    let mut with_task = alike.clone();
    let mut task = linked(Kind::Task, None, record(&[]), record(&[("title", "Call")]));
    task.ends.ghl = crate::model::End::Missing;
    with_task.get_mut(&LinkId(1)).unwrap().children.push(task);
    assert_eq!(
        told(&plan(&[made], &with_task)),
        "no: its task `Call` exists only in Growbots as it is: it would go with it"
    );
}

#[test]
fn what_was_added_in_couplet_goes_on_both_sides() {
    let made = WrittenLine {
        cause: Some(Cause::Edit {
            action: ActionId(1),
            operator: "dana".into(),
        }),
        ..line(3, Side::Ghl, Op::Create, Vec::new())
    };
    let copy = line(4, Side::Growbots, Op::Create, Vec::new());
    let alike = known(&[("first_name", "Ann")], &[("first_name", "Ann")]);
    assert_eq!(
        told(&plan(&[made, copy], &alike)),
        "ghl delete; growbots delete"
    );
}

#[test]
fn what_was_deleted_is_brought_back_in_growbots_and_made_again_in_ghl() {
    let deleted = |ids: BySide<Option<RecordId>>| WrittenLine {
        lost: Some(Lost { ids, parent: None }),
        ..line(
            5,
            Side::Growbots,
            Op::Delete,
            vec![change("first_name", "Ann", "")],
        )
    };
    let both = BySide {
        ghl: Some("g1".into()),
        growbots: Some("l1".into()),
    };
    let back = plan(&[deleted(both)], &BTreeMap::new());
    assert_eq!(
        told(&back),
        "growbots create first_name ->Ann; ghl create first_name ->Ann"
    );
    assert_eq!(back.writes[0].id, Some("l1".into()));
    let forgotten = plan(&[deleted(BySide::default())], &BTreeMap::new());
    assert_eq!(
        told(&forgotten),
        "ghl create first_name ->Ann; growbots create first_name ->Ann"
    );
}
