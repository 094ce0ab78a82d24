//! Who signed a header: every validator of the set, its power, and how far the sum reaches.

use cairn_verifier::finality::ValidatorSet;
use cairn_verifier::trust::{Finality, FinalityProof};

use super::check_list::power_bar;
use super::hash::brief_hash;
use crate::format::thousands;
use crate::html::{El, el};
use crate::text::standing as words;

/// One validator, and whether it signed.
struct Signer {
    index: usize,
    key: String,
    suite: &'static str,
    power: u64,
    has_signed: bool,
}

/// The votes of a proof that was verified; `None` if it needed none.
pub(crate) fn signers(proof: &FinalityProof<'_>) -> Option<El> {
    let Finality::Certificate(certificate) = &proof.finality else {
        return None;
    };
    let set = proof.last_set()?;
    let voted: Vec<usize> = certificate.votes().map(|vote| usize::from(vote.index)).collect();
    Some(table(&set, Some(&voted)))
}

/// A set of which nobody is asked whether it signed.
pub(crate) fn set_table(set: &ValidatorSet<'_>) -> El {
    table(set, None)
}

fn table(set: &ValidatorSet<'_>, voted: Option<&[usize]>) -> El {
    let list: Vec<Signer> = set
        .iter()
        .enumerate()
        .map(|(index, validator)| Signer {
            index,
            key: validator.key.id().to_string(),
            suite: validator.key.suite().name(),
            power: validator.power,
            has_signed: voted.is_some_and(|voted| voted.contains(&index)),
        })
        .collect();
    let total = set.total_power();
    let signed: u64 = list.iter().filter(|one| one.has_signed).map(|one| one.power).sum();
    let rows = list.iter().map(|one| row(one, total, voted.is_some()));
    let mut names = vec![words::NUMBER, words::KEY, words::POWER];
    if voted.is_some() {
        names.push(words::SIGNED);
    }
    let heads = names.into_iter().map(|name| el("th").attr("scope", "col").text(&name));
    let table = el("table")
        .class("compact")
        .add(el("caption").class("hidden").text(&words::VALIDATORS))
        .add(el("thead").add(el("tr").all(heads)))
        .add(el("tbody").all(rows));
    let bar = voted.map(|_| power_bar(signed, total));
    el("div").class("section").maybe(bar).add(el("div").class("scroll").add(table))
}

fn row(one: &Signer, total: u64, has_votes: bool) -> El {
    let number = |text: &str| el("td").class("number").text(text);
    let word = if one.has_signed { words::SIGNED } else { words::NOT_SIGNED };
    let class = if one.has_signed { "tone-green signed" } else { "soft" };
    let suite = el("div").class("small soft").text(one.suite);
    el("tr")
        .add(number(&one.index.to_string()))
        .add(el("td").add(brief_hash(&words::KEY, &one.key)).add(suite))
        .add(
            number(&thousands(one.power))
                .add(el("div").class("small soft").text(&share(one.power, total))),
        )
        .maybe(has_votes.then(|| el("td").class(class).text(&word)))
}

/// A part in percent, with one digit behind the point.
fn share(part: u64, total: u64) -> String {
    let thousandths = u128::from(part) * 1_000 / u128::from(total.max(1));
    format!("{}.{} %", thousandths / 10, thousandths % 10)
}
