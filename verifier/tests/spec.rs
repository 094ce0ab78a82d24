//! SPEC.md's worked example is what the code makes, and its limits, contexts and error codes
//! are the code's.
//!
//! `CAIRN_WRITE_VECTORS=1 cargo test -p cairn-verifier --test spec` writes the example anew.

#![expect(clippy::arithmetic_side_effects, clippy::unwrap_used, reason = "a test crate")]

mod kit;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use cairn_verifier::event::SignedEvent;
use cairn_verifier::finality::{VOTE_PRECOMMIT, vote_message};
use cairn_verifier::receipt::verify;
use kit::{Council, Kit, Signer};

const BEGIN: &str = "<!-- example: written by verifier/tests/spec.rs -->";
const END: &str = "<!-- end of example -->";

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("SPEC.md")
}

fn hex(bytes: &[u8]) -> String {
    bytes.chunks(32).fold(String::new(), |mut text, line| {
        for byte in line {
            write!(text, "{byte:02x}").unwrap();
        }
        text.push('\n');
        text
    })
}

/// A log of one event, one validator, one block.
fn example() -> String {
    let mut kit = Kit::with_members(0x0a, Council::new(vec![(Signer::classic(1), 1)]), Vec::new());
    kit.push(&kit.body());
    kit.block(None);
    let parts = kit.parts(0);
    let receipt = parts.encode();
    let event = SignedEvent::decode(&parts.event).unwrap();
    let header = kit.tip().header;
    let place = (VOTE_PRECOMMIT, 0, 0);
    let vote = vote_message((&kit.log, &header.set), place, &header.digest());
    assert!(verify(&receipt, kit.anchor(), kit.now(), &mut ()).is_ok());
    let mut text = format!("{BEGIN}\n\n");
    for (name, bytes) in [
        ("Genesis", kit.genesis.as_slice()),
        ("Log id", kit.log.as_bytes()),
        ("Event body", event.bytes()),
        ("Event id", event.id().as_bytes()),
        ("Signed event", &parts.event),
        ("Header", &header.encode()),
        ("Header digest", header.digest().as_bytes()),
        ("What the vote says, without its role", &vote),
        ("Certificate", &kit.tip().certificate),
        ("Receipt", &receipt),
    ] {
        write!(text, "{name} ({} bytes):\n\n```text\n{}```\n\n", bytes.len(), hex(bytes)).unwrap();
    }
    write!(
        text,
        "The receipt verifies against the anchor `{}` at any time from {} to {}.\n\n{END}",
        kit.anchor(),
        header.time.0 - cairn_verifier::time::MAX_CLOCK_AHEAD,
        kit::GENESIS_TIME + kit::TRUST_PERIOD,
    )
    .unwrap();
    text
}

#[test]
fn the_worked_example_is_what_the_code_makes() {
    let spec = std::fs::read_to_string(path()).unwrap();
    let (before, rest) = spec.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let wanted = [before, &example(), after].concat();
    if std::env::var_os("CAIRN_WRITE_VECTORS").is_some() {
        std::fs::write(path(), &wanted).unwrap();
        return;
    }
    assert!(spec == wanted, "SPEC.md's example differs from what the code makes");
}

/// Every quoted text of these files that looks like a context or an error code stands in the
/// spec.
#[test]
fn contexts_and_codes_stand_in_the_spec() {
    let spec = std::fs::read_to_string(path()).unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = vec![source];
    let mut seen = 0;
    while let Some(file) = files.pop() {
        // JSON views name checks and members, not errors.
        if file.ends_with("json") {
            continue;
        }
        if file.is_dir() {
            files.extend(std::fs::read_dir(&file).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        for quoted in text.split('"').skip(1).step_by(2) {
            let is_context = quoted.starts_with("cairn v1 ") && !quoted.contains(['{', '<']);
            if is_context || is_code(quoted) {
                seen += 1;
                assert!(spec.contains(&format!("`{quoted}`")), "SPEC.md lacks `{quoted}`");
            }
        }
    }
    assert!(seen > 60, "only {seen} contexts and codes found");
}

fn is_code(text: &str) -> bool {
    let groups = [
        "budget",
        "consistency",
        "decode",
        "event",
        "evidence",
        "finality",
        "inclusion",
        "payload",
        "state",
        "tile",
        "trust",
    ];
    let Some((group, rest)) = text.split_once('-') else { return false };
    let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    groups.contains(&group) && !rest.is_empty() && rest.chars().all(lower)
}
