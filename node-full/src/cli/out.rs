//! What the commands print: results to standard output, the rest to standard error.
//!
//! A reader that went away (`cairn query | head`) is no failure of ours, so errors of writing are
//! not reported. Text that came from a log goes through [`shown`]: it was chosen by strangers,
//! and a terminal obeys control characters.

use std::fmt::{Display, Write as _};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use cairn_verifier::json::Object;

/// Prints a line of the result.
pub(crate) fn line(text: impl Display) {
    let _reader_gone = writeln!(io::stdout().lock(), "{text}");
}

/// Prints a line about what is going on.
pub(crate) fn note(text: impl Display) {
    let _reader_gone = writeln!(io::stderr().lock(), "{text}");
}

/// Prints why the command failed.
pub(crate) fn error(text: &str, json: bool) {
    if json {
        return note(Object::new().text("error", text).finish());
    }
    let word = Color::Red.paint("error:", io::stderr().is_terminal());
    note(format_args!("{word} {text}"));
}

/// A color of the result's words, where it is printed to a terminal.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Color {
    /// For what holds.
    Green,
    /// For what does not.
    Red,
    /// For what is said beside.
    Dim,
}

impl Color {
    /// The text in this color, on standard output.
    pub(crate) fn on_stdout(self, text: &str) -> String {
        self.paint(text, io::stdout().is_terminal())
    }

    fn paint(self, text: &str, is_terminal: bool) -> String {
        if !is_terminal || std::env::var_os("NO_COLOR").is_some() {
            return text.to_owned();
        }
        let code = match self {
            Self::Green => 32,
            Self::Red => 31,
            Self::Dim => 2,
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// Text from a log, with control characters and those that reorder text made visible.
pub(crate) fn shown(text: &str) -> String {
    let mut clean = String::new();
    for c in text.chars() {
        let reorders = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || reorders {
            // Writing to a String cannot fail.
            let _infallible = write!(clean, "\\u{{{:x}}}", u32::from(c));
        } else {
            clean.push(c);
        }
    }
    clean
}

/// Milliseconds since 1970 as RFC 3339.
pub(crate) fn time(millis: u64) -> String {
    let nanos = i128::from(millis).saturating_mul(1_000_000);
    let time = time::OffsetDateTime::from_unix_timestamp_nanos(nanos).ok();
    let text = time.and_then(|t| t.format(&time::format_description::well_known::Rfc3339).ok());
    text.unwrap_or_else(|| format!("{millis} ms"))
}

/// A bar of progress on a terminal; without one, nothing.
pub(crate) fn bar(what: &str) -> indicatif::ProgressBar {
    if !io::stderr().is_terminal() {
        return indicatif::ProgressBar::hidden();
    }
    let style =
        format!("{{bar:30}} {{human_pos}}/{{human_len}} {what}{{msg}}  {{per_sec}}  {{eta}}");
    let bar = indicatif::ProgressBar::new(0);
    match indicatif::ProgressStyle::with_template(&style) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Writes a file whole or not at all: under another name first, then renamed.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    let mut other = name.to_owned();
    other.push(".part");
    let part = path.with_file_name(other);
    std::fs::write(&part, bytes)?;
    std::fs::rename(&part, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(shown("a\u{1b}[31mb\n\u{202e}c"), "a\\u{1b}[31mb\\u{a}\\u{202e}c");
        assert_eq!(shown("größer `x`"), "größer `x`");
    }

    #[test]
    fn times_are_rfc_3339() {
        assert_eq!(time(0), "1970-01-01T00:00:00Z");
        assert_eq!(time(u64::MAX), format!("{} ms", u64::MAX));
    }
}
