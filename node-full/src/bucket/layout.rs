//! Names of objects, which are the paths of the API.

use cairn_verifier::digest::PayloadDigest;

use crate::proofs::{TileChoice, TileOf};

/// How many hashes, events or blocks a full file holds.
pub(crate) const WIDTH: u64 = 256;

/// A file's path, as under `/v1/`.
pub(crate) fn tile_path(choice: TileChoice) -> String {
    let TileChoice { of, level, number, width } = choice;
    let above = match of {
        TileOf::Events => format!("event/{level}"),
        TileOf::Headers => format!("header/{level}"),
        TileOf::Sha256 => format!("sha256/{level}"),
        TileOf::Entries => "entries".to_owned(),
        TileOf::Blocks => "blocks".to_owned(),
    };
    let name = digits(number);
    if u64::from(width) == WIDTH {
        format!("tiles/{above}/{name}")
    } else {
        format!("tiles/{above}/{name}.p/{width}")
    }
}

/// In groups of three digits, all but the last with an `x` before them.
fn digits(number: u64) -> String {
    let (mut rest, mut name) = (number / 1_000, format!("{:03}", number % 1_000));
    while rest != 0 {
        name = format!("x{:03}/{name}", rest % 1_000);
        rest /= 1_000;
    }
    name
}

/// A payload's path, as under `/v1/`.
pub(crate) fn payload_path(digest: &PayloadDigest) -> String {
    format!("payloads/{digest}")
}

/// The path of a head.
pub(crate) fn head_path(number: u64) -> String {
    format!("head/{number:020}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_api() {
        let path = |of, level, number, width| tile_path(TileChoice { of, level, number, width });
        assert_eq!(path(TileOf::Events, 0, 0, 256), "tiles/event/0/000");
        assert_eq!(path(TileOf::Headers, 1, 5, 7), "tiles/header/1/005.p/7");
        assert_eq!(path(TileOf::Sha256, 2, 1_234_067, 256), "tiles/sha256/2/x001/x234/067");
        assert_eq!(path(TileOf::Entries, 0, 1_000, 1), "tiles/entries/x001/000.p/1");
        assert_eq!(path(TileOf::Blocks, 0, 999, 256), "tiles/blocks/999");
        assert_eq!(head_path(7), "head/00000000000000000007");
    }
}
