//! The sources that are lines, each with its way to make items of one.

use std::collections::VecDeque;
use std::io::{self, BufRead};

use super::lines::{Line, Lines, MAX_LINE, rest};
use super::{Item, Raw, cloudevents, cloudtrail, ocsf, syslog};

/// The longest JSON document of many lines, in bytes.
const MAX_DOCUMENT: u64 = 256 << 20;

/// How a source's lines are read.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "the sources there are")]
pub enum Format {
    /// [`cloudevents`]
    CloudEvents,
    /// [`cloudtrail`]
    CloudTrail,
    /// [`ocsf`]
    Ocsf,
    /// [`syslog`]
    Syslog(syslog::Clock),
}

impl Format {
    /// What a line holds: nothing if it is blank, one item mostly, more in a line of records.
    #[must_use]
    pub fn items(&self, line: &Line, raw: &Raw) -> Vec<Item> {
        if line.is_blank() {
            return Vec::new();
        }
        if line.is_too_long {
            let why = format!("the line is longer than {MAX_LINE} bytes");
            return vec![Item { place: place(line.number), id: None, draft: Err(why) }];
        }
        match self {
            Self::CloudEvents => vec![cloudevents::item(line, raw)],
            Self::CloudTrail => cloudtrail::items(&line.bytes, line.number, raw),
            Self::Ocsf => vec![ocsf::item(line, raw)],
            Self::Syslog(clock) => vec![syslog::item(line, *clock, raw)],
        }
    }
}

/// A line's number for people.
pub(super) fn place(number: u64) -> String {
    format!("line {number}")
}

/// The items of an input, to its end.
#[derive(Debug)]
pub struct Items<R> {
    format: Format,
    raw: Raw,
    lines: Lines<R>,
    ready: VecDeque<Item>,
    is_first: bool,
}

impl<R: BufRead> Items<R> {
    /// Of these lines.
    pub const fn new(format: Format, raw: Raw, lines: Lines<R>) -> Self {
        Self { format, raw, lines, ready: VecDeque::new(), is_first: true }
    }

    /// Makes items of the next line; `false` if there is none.
    fn read(&mut self) -> io::Result<bool> {
        let Some(mut line) = self.lines.next_line(true)? else {
            return Ok(false);
        };
        if !line.is_blank() {
            let is_first = std::mem::take(&mut self.is_first);
            if is_first && matches!(self.format, Format::CloudTrail) && cloudtrail::goes_on(&line) {
                line.bytes.push(b'\n');
                line.bytes.append(&mut rest(&mut self.lines, MAX_DOCUMENT)?);
                self.ready.extend(cloudtrail::document(&line.bytes, line.number, &self.raw));
                return Ok(true);
            }
        }
        self.ready.extend(self.format.items(&line, &self.raw));
        Ok(true)
    }
}

impl<R: BufRead> Iterator for Items<R> {
    type Item = io::Result<Item>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(Ok(item));
            }
            match self.read() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
