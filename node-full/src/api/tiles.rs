//! The log as files that never change, in the shape of C2SP tlog-tiles: hashes of the trees, and
//! the events and blocks themselves, 256 a file. A cache or a plain file server can serve them as well, and
//! who reads whole files does not tell which event is of interest.

use std::str::FromStr;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::answer::{Answer, Stays};
use super::params::Params;
use super::problem::Problem;
use super::{App, schema};
use crate::proofs::{TileChoice, TileOf};

/// A file of hashes, events or blocks, in the shape of C2SP tlog-tiles
///
/// `of` is one of event, header and sha256, then `path` is `<level>/<number>`; or `entries` or
/// `blocks`, then it is `<number>`. A number is written `x001/x234/067`, with `.p/W` behind it if
/// the file holds the first W only.
#[utoipa::path(get, path = "/tiles/{of}/{*path}", tag = "tiles",
    params(
        ("of" = inline(schema::TileKind), Path, description = "What the file holds"),
        ("path" = inline(schema::TilePath), Path, description = "Level and number"),
    ),
    responses(
        (status = 200,
            description = "The file: 32 bytes a hash, or events or blocks with their length \
                before each",
            body = schema::Bytes,
            content_type = "application/octet-stream"),
        (status = 404, description = "There is no such file, or not so much of it is final yet"),
        (status = 410, description = "Events so old are not kept here any more"),
    ))]
pub(super) async fn tile(
    State(app): State<App>,
    headers: HeaderMap,
    Path((of, path)): Path<(String, String)>,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&[])?;
    let unknown = || {
        let detail = format!("there is no tile {of}/{path}; see C2SP tlog-tiles for their names");
        Problem::not_found("no-such-tile", detail)
    };
    let choice = read(&of, &path).ok_or_else(unknown)?;
    let bytes = app.blocking(move |node| Ok(node.tile(choice)?)).await?;
    Answer::binary(bytes.ok_or_else(unknown)?, Stays::Forever).respond(&headers)
}

fn read(of: &str, path: &str) -> Option<TileChoice> {
    let (of, level, rest) = match of {
        "entries" => (TileOf::Entries, 0, path),
        "blocks" => (TileOf::Blocks, 0, path),
        _ => {
            let (level, rest) = path.split_once('/')?;
            let of = match of {
                "event" => TileOf::Events,
                "header" => TileOf::Headers,
                "sha256" => TileOf::Sha256,
                _ => return None,
            };
            (of, decimal(level)?, rest)
        }
    };
    let (number, width) = match rest.split_once(".p/") {
        None => (rest, 256),
        Some((number, width)) => (number, decimal(width).filter(|width| (1..256).contains(width))?),
    };
    Some(TileChoice { of, level, number: read_number(number)?, width })
}

/// Digits in groups of three, all but the last with an `x` before them.
fn read_number(text: &str) -> Option<u64> {
    let (above, last) = match text.rsplit_once('/') {
        Some((above, last)) => (above.split('/').collect(), last),
        None => (Vec::new(), text),
    };
    let group = |digits: &str| {
        let is_group = digits.len() == 3 && digits.bytes().all(|digit| digit.is_ascii_digit());
        if is_group { digits.parse::<u64>().ok() } else { None }
    };
    let mut number = 0_u64;
    for (place, part) in above.into_iter().enumerate() {
        let digits = group(part.strip_prefix('x')?)?;
        if place == 0 && digits == 0 {
            return None;
        }
        number = number.checked_mul(1_000)?.checked_add(digits)?;
    }
    number.checked_mul(1_000)?.checked_add(group(last)?)
}

/// A number as one writes it: no sign, no zeros before it.
fn decimal<T: FromStr + ToString>(text: &str) -> Option<T> {
    text.parse().ok().filter(|number: &T| number.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_strictly() {
        let tile = |of, level, number, width| Some(TileChoice { of, level, number, width });
        assert_eq!(read("event", "0/000"), tile(TileOf::Events, 0, 0, 256));
        let deep = tile(TileOf::Events, 2, 1_234_067, 256);
        assert_eq!(read("event", "2/x001/x234/067"), deep);
        assert_eq!(read("header", "1/005.p/7"), tile(TileOf::Headers, 1, 5, 7));
        assert_eq!(read("entries", "x001/000"), tile(TileOf::Entries, 0, 1_000, 256));
        assert_eq!(read("blocks", "000.p/9"), tile(TileOf::Blocks, 0, 0, 9));
        for (of, path) in [
            ("event", ""),
            ("event", "0"),
            ("event", "0/"),
            ("event", "00/000"),
            ("event", "+1/000"),
            ("event", "0/00"),
            ("event", "0/0000"),
            ("event", "0/x000/000"),
            ("event", "0/001/000"),
            ("event", "0/x001/x000"),
            ("event", "0/000.p/0"),
            ("event", "0/000.p/256"),
            ("event", "0/000.p/01"),
            ("event", "0/000.p/"),
            ("event", "0//000"),
            ("entries", "0/000"),
            ("payload", "0/000"),
            ("event", "0/x999/x999/x999/x999/x999/x999/x999/999"),
        ] {
            assert_eq!(read(of, path), None, "{of}/{path}");
        }
    }
}
