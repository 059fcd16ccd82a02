//! A person whom couplet is to forget: gone from every file of the data folder, and not read again.

use crate::user::{Sandbox, User, said};

/// The bytes of all files in the data folder.
fn raw(user: &User) -> Vec<u8> {
    let files = std::fs::read_dir(user.data()).unwrap();
    files
        .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect()
}

fn stands_in(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|at| at == word.as_bytes())
}

#[test]
fn a_person_who_is_forgotten_stands_in_no_file_and_is_not_read_again() {
    let (sandbox, user) = Sandbox::start();
    user.pass();
    let person = user.in_step()[0].clone();
    let edit = serde_json::json!({"firstName": "Zerubbabel", "email": "zerubbabel@canary.example"});
    sandbox.edit("ghl", &person["ghl_id"], &edit);
    user.pass();
    let id = person["id"].to_string();
    user.done(&format!("contacts note {id} violets-of-zerubbabel"));
    user.pass();
    let words = [
        "Zerubbabel",
        "zerubbabel@canary.example",
        "violets-of-zerubbabel",
    ];
    for word in words {
        assert!(stands_in(&raw(&user), word), "`{word}` was never there");
    }
    let others = user.in_step();
    let other = others.iter().find(|one| one["id"] != person["id"]).unwrap();
    let other = other["ghl_id"].as_str().unwrap();
    user.done(&format!("forget {id}"));
    user.pass();
    // the person is still on both sides, and changes there
    sandbox.edit(
        "ghl",
        &person["ghl_id"],
        &serde_json::json!({"lastName": "Zerubbabelson"}),
    );
    let after = user.pass();
    assert_eq!(after["waiting"], 0, "{after}");
    user.done("sync --once --full --children");
    let bytes = raw(&user);
    for word in words.into_iter().chain(["Zerubbabelson"]) {
        assert!(!stands_in(&bytes, word), "`{word}` is still there");
    }
    assert!(stands_in(&bytes, other), "the others stay");
    let gone = user.run(&format!("contacts show {id}"));
    assert_eq!(gone.status.code(), Some(1), "{}", said(&gone));
    let log = user.json("log list --json --filter op:forgotten");
    assert_eq!(log.as_array().unwrap().len(), 1, "{log}");
    assert_eq!(
        (&log[0]["operator"], &log[0]["fields"]),
        (&"dana".into(), &serde_json::json!([]))
    );
}
