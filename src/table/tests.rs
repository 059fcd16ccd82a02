//! Whole merges, from files to files, against a merge of plain maps.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::model::BySide;

/// Merges three texts; the table, the conflicts and the counts.
fn merged(
    texts: [&str; 3],
    ending: &str,
    types: &str,
) -> Result<(String, String, Counts), TableError> {
    let folder = TempDir::new().unwrap();
    let paths =
        ["base", "ghl", "growbots"].map(|name| folder.path().join(format!("{name}.{ending}")));
    for (path, text) in paths.iter().zip(texts) {
        fs::write(path, text).unwrap();
    }
    let types = parse_types(types)?;
    let job = Job {
        base: &paths[0],
        sides: BySide {
            ghl: &paths[1],
            growbots: &paths[2],
        },
        key: "id",
        types: &types,
    };
    let format = Format::of(Path::new(&format!("x.{ending}")))?;
    let (counts, table, conflicts) = merge(&job, (Vec::new(), format), (Vec::new(), Format::Csv))?;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ok((text(table), text(conflicts), counts))
}

#[test]
fn edits_deletes_and_new_records_of_both_come_together() {
    let base = "id,name,tags\n1,Ann,a;b\n2,Bob,\n3,Cy,\n4,Di,\n5,Ed,\n6,Flo,\n7,Gus,\n";
    let ghl = "id,name,tags\n7,Gus,\n1,Anna,b\n2,Bobby,\n3,Cy,\n5,Edd,\n6,Florence,\n9,Ike,x\n";
    let growbots = "id,name,tags,city\n1,Ann,a;b;c,Oslo\n2,Rob,,\n3,Cy,,\n4,Di,,Rome\n6,Florence,,\n8,Hal,,\n9,Ike,y,Bonn\n";
    let (table, conflicts, counts) = merged([base, ghl, growbots], "csv", "tags=set").unwrap();
    let want = "id,name,tags,city\n1,Anna,b;c,Oslo\n2,Bob,,\n3,Cy,,\n4,Di,,Rome\n5,Edd,,\n6,Florence,,\n9,Ike,x;y,Bonn\n8,Hal,,\n";
    assert_eq!(table, want);
    let want = "key,reason,column,base,ghl,growbots,deleted_on\n\
        2,field,name,Bob,Bobby,Rob,\n4,delete_edit,city,,,Rome,ghl\n5,delete_edit,name,Ed,Edd,,growbots\n";
    assert_eq!(conflicts, want);
    let want = Counts {
        records: 9,
        taken: BySide::default(),
        agreed: 1,
        merged: 1,
        deleted: 1,
        added: 2,
        conflicts: ConflictCounts {
            field: 1,
            delete_edit: 2,
        },
    };
    assert_eq!(counts, want);
}

#[test]
fn json_lines_keep_their_values_as_they_were() {
    let base = "{\"id\": 1, \"n\": 7, \"tags\": [\"a\\n\", \"b\"], \"deep\": {\"x\": [1]}}\n";
    let ghl = "{\"id\": 1, \"n\": 8, \"tags\": [\"a\\n\", \"b\", \"c\"], \"deep\": {\"x\": [1]}}\n";
    let growbots = "{\"id\": 1, \"n\": 7, \"tags\": [\"a\\n\"], \"deep\": {\"x\": [1]}, \"new\": null}\n\n{\"id\":\"2\"}";
    let (table, _, counts) = merged([base, ghl, growbots], "jsonl", "tags=set").unwrap();
    let want =
        "{\"id\":1,\"n\":8,\"tags\":[\"a\\n\",\"c\"],\"deep\":{\"x\": [1]}}\n{\"id\":\"2\"}\n";
    assert_eq!(table, want);
    assert_eq!(
        (counts.merged, counts.added, counts.conflicts.any()),
        (1, 1, false)
    );
}

#[test]
fn what_is_wrong_with_a_table_is_said_with_its_line() {
    let good = "id,n\n1,a\n";
    for (bad, ending, said) in [
        ("", "csv", "empty"),
        ("key,n\n1,a\n", "csv", "no column `id`"),
        ("id,n,n\n1,a,b\n", "csv", "`n` twice"),
        (
            "id,n\n1,a\n2\n",
            "csv",
            "line 3: 1 cells where the header has 2",
        ),
        (
            "id,n\n1,\"a\nb\"\n1,c\n",
            "csv",
            "line 4: the key `1` stood in line 2",
        ),
        ("id,n\n,a\n", "csv", "line 2: the key is empty"),
        ("{\"n\":1}\n", "jsonl", "line 1: no `id`"),
        ("[1]\n", "jsonl", "line 1: invalid type"),
        (
            "{\"id\":1}\n{\"id\":\"1\"}\n",
            "jsonl",
            "line 2: the key `1` stood in line 1",
        ),
        (good, "txt", "neither"),
    ] {
        let other = if ending == "jsonl" {
            "{\"id\":1}\n"
        } else {
            good
        };
        let error = merged([other, bad, other], ending, "").unwrap_err();
        assert!(error.to_string().contains(said), "{bad:?}: {error}");
    }
    let latin = TempDir::new().unwrap();
    let path = latin.path().join("l.csv");
    fs::write(&path, b"id,n\n1,Zo\xeb\n").unwrap();
    let job = Job {
        base: &path,
        sides: BySide {
            ghl: &path,
            growbots: &path,
        },
        key: "id",
        types: &[],
    };
    let error = merge(&job, (Vec::new(), Format::Csv), (Vec::new(), Format::Csv)).unwrap_err();
    assert!(
        error.to_string().contains("line 2: it is not UTF-8"),
        "{error}"
    );
}

/// A small table: one cell a column, `None` where the record is not there.
type Table = BTreeMap<u8, [u8; 2]>;

fn to_csv(table: &Table, order: u64) -> String {
    let mut keys: Vec<&u8> = table.keys().collect();
    fastrand::Rng::with_seed(order).shuffle(&mut keys);
    let rows = keys.iter().map(|key| {
        let cells = table[key].map(|cell| ["", "a", "b,c", "d\"\ne"][usize::from(cell)]);
        let mut line = Vec::new();
        for cell in cells {
            line.push(b',');
            write_cell(&mut line, cell);
        }
        format!("{key}{}\n", String::from_utf8(line).unwrap())
    });
    "id,x,y\n".to_owned() + &rows.collect::<String>()
}

/// The field's merge, said in another way than the code under test: the values that are not the base's.
fn value(base: u8, ghl: u8, growbots: u8) -> Option<u8> {
    let mut news = vec![ghl, growbots];
    news.retain(|new| *new != base);
    news.dedup();
    match news[..] {
        [] => Some(base),
        [new] => Some(new),
        _ => None,
    }
}

fn table() -> impl Strategy<Value = Table> {
    prop::collection::btree_map(0..12u8, [0..4u8, 0..4u8], 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]
    #[test]
    fn files_in_any_order_merge_as_maps_do(base in table(), ghl in table(), growbots in table(), order: u64) {
        let (mut want, mut fields, mut delete_edit) = (Table::new(), 0, 0);
        let mut keys: Vec<&u8> = base.keys().chain(ghl.keys()).chain(growbots.keys()).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in &keys {
            let (old, left, right) = (base.get(key), ghl.get(key), growbots.get(key));
            let row = match (old, left, right) {
                (Some(old), Some(one), None) | (Some(old), None, Some(one)) => {
                    delete_edit += u64::from(one != old);
                    (one != old).then_some(*one)
                }
                (_, None, None) => None,
                (None, Some(one), None) | (None, None, Some(one)) => Some(*one),
                (old, Some(left), Some(right)) => {
                    let old = old.copied().unwrap_or_default();
                    Some([0, 1].map(|at| value(old[at], left[at], right[at]).unwrap_or_else(|| {
                        fields += 1;
                        old[at]
                    })))
                }
            };
            if let Some(row) = row {
                want.insert(**key, row);
            }
        }
        let texts = [to_csv(&base, order), to_csv(&ghl, order ^ 1), to_csv(&growbots, order ^ 2)];
        let (got, _, counts) = merged([&texts[0], &texts[1], &texts[2]], "csv", "").unwrap();
        let sorted = |text: &str| {
            let mut records = text.split('\n').map(str::to_owned).collect::<Vec<_>>();
            records.sort_unstable();
            records
        };
        prop_assert_eq!(sorted(&got), sorted(&to_csv(&want, 0)));
        prop_assert_eq!(counts.records, keys.len() as u64);
        prop_assert_eq!(counts.conflicts, ConflictCounts { field: fields, delete_edit });
    }
}
