//! All records of a kind, one JSON a line, sent while they are made: a million of them take no room.

use axum::body::Body as HttpBody;
use bytes::Bytes;

use super::{Sandbox, control};
use crate::model::{Kind, Side};

/// How many places are read before others get their turn; a small world is read in one go.
const AT_A_TIME: usize = 5_000;

/// The body with every record that is there when it begins. Each is as it is when its turn comes.
pub fn records(sandbox: Sandbox, side: Side, kind: Kind) -> HttpBody {
    let end = sandbox.with_world(|world| world.places(side, kind));
    let parts = futures_util::stream::unfold(0, move |from| {
        let to = (from + AT_A_TIME).min(end);
        let part = (from < end).then(|| {
            let lines = sandbox.with_world(|world| {
                let rows = (from..to).filter_map(|place| world.readable(side, kind, place));
                let lines = rows.map(|row| control::raw(side, kind, &row.body()).to_string());
                lines.fold(String::new(), |all, line| all + &line + "\n")
            });
            (Ok::<_, std::convert::Infallible>(Bytes::from(lines)), to)
        });
        std::future::ready(part)
    });
    HttpBody::from_stream(parts)
}
