//! A digest to compare with another person: as words that can be read aloud, and as a picture.
//!
//! The words are proquints (D. S. Wilkerson, "A Proposal for Proquints", arXiv:0901.4016): each is
//! 16 bits, so sixteen of them are the whole digest. The picture shows all bits too, four by eight
//! places and their mirror; it is for a first look, the words are exact.

use crate::html::{El, el};
use crate::text::trust as words;

const CONSONANTS: [char; 16] =
    ['b', 'd', 'f', 'g', 'h', 'j', 'k', 'l', 'm', 'n', 'p', 'r', 's', 't', 'v', 'z'];
const VOWELS: [char; 4] = ['a', 'i', 'o', 'u'];

/// The digest as words.
fn proquints(bytes: &[u8; 32]) -> String {
    let mut text = String::new();
    for (place, pair) in bytes.as_chunks::<2>().0.iter().enumerate() {
        if place != 0 {
            text.push(if place.is_multiple_of(4) { '\n' } else { ' ' });
        }
        let bits = usize::from(u16::from_be_bytes(*pair));
        let consonant = |shift: usize| CONSONANTS.get(bits >> shift & 15).copied();
        let vowel = |shift: usize| VOWELS.get(bits >> shift & 3).copied();
        let word = [consonant(12), vowel(10), consonant(6), vowel(4), consonant(0)];
        text.extend(word.into_iter().flatten());
    }
    text
}

/// Both, for a digest.
pub(crate) fn fingerprint(bytes: &[u8; 32]) -> El {
    let spoken = proquints(bytes);
    let text = el("p").class("spoken mono").text(&spoken);
    let note = el("p").class("small soft").text(&words::FINGERPRINT_WHY);
    el("div")
        .class("fingerprint")
        .add(picture(bytes))
        .add(el("div").class("section").add(text).add(note))
}

/// Eight rows of four places and their mirror. Of each byte, two bits choose a shape, two a size,
/// two a shade, two a turn.
fn picture(bytes: &[u8; 32]) -> El {
    let mut paths = [String::new(), String::new(), String::new(), String::new()];
    for (place, byte) in bytes.iter().enumerate() {
        let (row, column) = (place / 4, place % 4);
        let part = |shift: u8| usize::from(byte >> shift & 3);
        let shape = shape(part(6), part(4), part(2));
        for column in [column, 7 - column] {
            let (x, y) = (column * 12 + 8, row * 12 + 8);
            if let Some(path) = paths.get_mut(part(0)) {
                path.push_str(&format!("M{x} {y}{shape}"));
            }
        }
    }
    let layers = paths.iter().zip(["a", "b", "c", "d"]);
    let layers =
        layers.map(|(path, name)| el("path").class(&["mark-", name].concat()).attr("d", path));
    el("svg")
        .class("picture")
        .attr("viewBox", "0 0 100 100")
        .attr("role", "img")
        .attr("aria-label", &words::PICTURE)
        .all(layers)
}

/// A closed figure around the pen: its form, its size, and which way it looks.
fn shape(form: usize, size: usize, turn: usize) -> String {
    let r = size + 2;
    let d = 2 * r;
    match (form, turn) {
        (0, _) => format!("m-{r} -{r}h{d}v{d}h-{d}z"),
        (1, _) => format!("m-{r} 0a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0 -{d} 0z"),
        (2, 0) => format!("m-{r} {r}h{d}l-{r} -{d}z"),
        (2, 1) => format!("m-{r} -{r}v{d}l{d} -{r}z"),
        (2, 2) => format!("m-{r} -{r}h{d}l-{r} {d}z"),
        (2, _) => format!("m{r} -{r}v{d}l-{d} -{r}z"),
        (_, 0 | 2) => format!("m0 -{r}l{r} {r}l-{r} {r}l-{r} -{r}z"),
        (_, _) => format!("m-{r} -1h{d}v2h-{d}z"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_paper() {
        // 127.0.0.1 is lusab-babad, 63.84.220.193 gutih-tugad: its first two examples.
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&[127, 0, 0, 1, 63, 84, 220, 193]);
        assert!(proquints(&bytes).starts_with("lusab babad gutih tugad\nbabab"));
        assert_eq!(proquints(&bytes).split_whitespace().count(), 16);
    }
}
