//! Evidence: a file that shows that somebody signed a contradiction.

use cairn_verifier::evidence::{self, VerifiedEvidence};
use cairn_verifier::finality::Header;
use cairn_verifier::json::{self, Object};
use cairn_verifier::{Budget, TrustAnchor};

use super::code;
use super::report::{refusal, word};
use crate::cli::{Failure, out};

/// Whether bytes are such a file's.
pub(super) const fn is_evidence(bytes: &[u8]) -> bool {
    matches!(bytes, [_, b'E', ..])
}

/// Checks evidence, which takes no clock, and says what it shows.
pub(super) fn verify(bytes: &[u8], anchor: TrustAnchor, as_json: bool) -> Result<(), Failure> {
    match evidence::verify(bytes, anchor, Budget::DEFAULT) {
        Ok(found) if as_json => {
            let view = Object::new().text("verdict", "verified");
            out::line(view.json("evidence", &view_of(&found)).finish());
            Ok(())
        }
        Ok(found) => {
            text(&found);
            Ok(())
        }
        Err(error) => {
            if as_json {
                let view = Object::new().text("verdict", word(&error));
                out::line(view.json("error", &json::error(&error)).finish());
            } else {
                refusal(&error);
            }
            Err(Failure::Said(code(&error)))
        }
    }
}

/// As `light-client` and the node's API name these things.
fn view_of(found: &VerifiedEvidence) -> String {
    match found {
        VerifiedEvidence::Fork(fork) => Object::new()
            .text("kind", "fork")
            .json("first", &header(fork.first()))
            .json("instead", &header(fork.instead()))
            .json("second", &header(fork.second())),
        VerifiedEvidence::Culprit(culprit) => {
            let (vote, height, round) = culprit.place();
            Object::new()
                .text("kind", "culprit")
                .text("log", culprit.log())
                .text("key", culprit.key())
                .text("vote", vote_name(vote))
                .plain("height", height)
                .plain("round", round)
                .array("headers", culprit.headers().iter().map(|one| format!("\"{one}\"")))
        }
        VerifiedEvidence::WriterConflict(conflict) => Object::new()
            .text("kind", "writer-conflict")
            .text("log", conflict.log())
            .text("stream", conflict.stream())
            .text("writer", conflict.writer())
            .plain("sequence", conflict.sequence())
            .array("events", conflict.events().iter().map(|one| format!("\"{one}\""))),
    }
    .finish()
}

fn header(header: &Header) -> String {
    json::header(header, header.digest())
}

const fn vote_name(kind: u8) -> &'static str {
    match kind {
        0 => "proposal",
        1 => "prevote",
        _ => "precommit",
    }
}

fn text(found: &VerifiedEvidence) {
    let verified = out::Color::Green.on_stdout("VERIFIED");
    let side = |name: &str, value: &dyn std::fmt::Display| {
        out::line(format_args!("  {name:<9} {value}"));
    };
    match found {
        VerifiedEvidence::Fork(fork) => {
            let height = fork.first().height;
            out::line(format_args!(
                "{verified} the log was forked: height {height} is final twice"
            ));
            side("first", &fork.first().digest());
            side("instead", &fork.instead().digest());
            side("log", &fork.first().log);
            out::line(
                "  More than a third of the voting power signed both, or its keys have leaked.",
            );
        }
        VerifiedEvidence::Culprit(culprit) => {
            let (vote, height, round) = culprit.place();
            let place = format!("{} at height {height}, round {round}", vote_name(vote));
            out::line(format_args!("{verified} one key signed two headers: {place}"));
            side("key", &culprit.key());
            for one in culprit.headers() {
                side("header", &one);
            }
            side("log", &culprit.log());
            out::line(
                "  Whether the key was a validator's at that height is not said by this file.",
            );
        }
        VerifiedEvidence::WriterConflict(conflict) => {
            let sequence = conflict.sequence();
            out::line(format_args!("{verified} one writer signed two events as number {sequence}"));
            side("writer", &conflict.writer());
            for one in conflict.events() {
                side("event", &one);
            }
            side("stream", &conflict.stream());
            out::line("  An honest retry can make such a pair; it proves no bad intent.");
        }
    }
}
