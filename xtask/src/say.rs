//! Everything the person at the terminal reads from us is printed here.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "xtask is a command-line tool; this module is its only voice"
)]

use std::env;
use std::io::{IsTerminal, stderr, stdout};
use std::time::Duration;

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "1;31";
const GREEN: &str = "32";
const YELLOW: &str = "1;33";

/// A heading before a step's output.
pub(crate) fn heading(text: &str) {
    println!("\n{}", paint(BOLD, &format!("== {text} ==")));
}

/// A command, as one could type it.
pub(crate) fn command(text: &str) {
    println!("{}", paint(DIM, &format!("$ {text}")));
}

/// A plain line.
pub(crate) fn line(text: &str) {
    println!("{text}");
}

/// Something finished, and how long it took.
pub(crate) fn done(what: &str, took: Duration) {
    println!("{} {what} ({})", paint(GREEN, "done"), seconds(took));
}

/// Something was left out; the text says what to do about it.
pub(crate) fn not_run(text: &str) {
    println!("{} {text}", paint(YELLOW, "NOT RUN"));
}

/// Something failed; the text says what.
pub(crate) fn failed(text: &str) {
    println!("{} {text}", paint(RED, "FAILED"));
}

/// An error with its causes, on standard error.
pub(crate) fn error(error: &anyhow::Error) {
    let label = if colours(stderr().is_terminal()) { "\x1b[1;31merror:\x1b[0m" } else { "error:" };
    eprintln!("{label} {error:#}");
}

/// One row of the final table of `cargo xtask test`.
pub(crate) fn row(name: &str, verdict: Verdict, took: Duration, note: &str) {
    let (colour, word) = match verdict {
        Verdict::Passed => (GREEN, "passed"),
        Verdict::Failed => (RED, "FAILED"),
        Verdict::NotRun => (YELLOW, "NOT RUN"),
    };
    let word = paint(colour, &format!("{word:<7}"));
    println!("{}", format!("  {name:<12} {word} {:>9}  {note}", seconds(took)).trim_end());
}

/// How a step ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Passed,
    Failed,
    NotRun,
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

fn paint(colour: &str, text: &str) -> String {
    if colours(stdout().is_terminal()) {
        format!("\x1b[{colour}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

/// Colours are for a terminal whose owner did not refuse them (no-color.org).
fn colours(terminal: bool) -> bool {
    terminal && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
