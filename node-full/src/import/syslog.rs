//! Lines of syslog: RFC 3164 as files such as `auth.log` hold it, with times in its old form or in
//! RFC 3339, and RFC 5424.
//!
//! | line | event |
//! |---|---|
//! | program | type `syslog.<program>`, `syslog.unknown` without one |
//! | program | actor id of kind `program`, `unknown` without one |
//! | host | resource id of kind `host`, `unknown` without one |
//! | time | time; now if RFC 5424 gives none |
//! | message, program, process id, message id, facility, severity | metadata `message`, `program`, `pid`, `msgid`, `facility`, `severity` |
//! | parameters of structured data | metadata `sd.<element>.<name>` |
//! | a time without a year or zone | metadata `time.given`, as it was understood: `03-14 09:26:53` |
//! | a header of which not all was understood | metadata `header`, as it stands |
//! | a message that is too long; a line that is not UTF-8 | payload `message`; `raw.base64` |
//!
//! What `sshd`, `sudo`, `su` and PAM say has meaning:
//!
//! | message | type | outcome | actor `user`, reason, more metadata |
//! |---|---|---|---|
//! | `sshd`: Accepted METHOD for USER from ADDRESS port PORT | `auth.login` | success | USER; `method`, `address`, `port` |
//! | `sshd`: Failed METHOD for [invalid user] USER from ADDRESS port PORT | `auth.login` | failure | USER; reason as it stands before `for`, with `invalid user`; `method`, `address`, `port` |
//! | `sudo`: USER : TTY=… ; PWD=… ; USER=TARGET ; COMMAND=… | `auth.sudo` | success | USER; `tty`, `pwd`, `target`, `command` |
//! | `sudo`: USER : WHY ; TTY=… | `auth.sudo` | denied, failure if WHY is about a password | USER; reason WHY; the same |
//! | `su`: (to TARGET) USER on TTY | `auth.su` | success | USER; `target`, `tty` |
//! | `su`: FAILED SU (to TARGET) USER on TTY | `auth.su` | failure | USER; `target`, `tty` |
//! | any: pam_unix(…): session opened, closed for user USER | `auth.session.opened`, `auth.session.closed` | success | USER |
//!
//! A name in a message is what a stranger typed: the address is taken from the message's end, where
//! `sshd` writes it, and `message` has all of it.
//!
//! The source id is the line with its number in the file.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cairn_verifier::UnixMillis;
use syslog_loose::{IncompleteDate, Message, Protocol, Variant, parse_message_with_year_exact};
use thiserror::Error;
use time::{Date, Duration, Month, OffsetDateTime, Time, UtcDateTime};

use super::lines::Line;
use super::mapped::{Mapped, slug};
use super::{Item, Raw, SourceId, source};
use crate::ingest::DraftOutcome;

mod auth;

/// How a time without a year is understood.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "what a line leaves open")]
pub struct Clock {
    /// Tells the present: such a time is the last one of its kind that is not in the future. A
    /// followed file outlives a year.
    pub now: fn() -> UnixMillis,
    /// The year, if it was said.
    pub year: Option<i32>,
}

/// Why a line is not one of syslog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotSyslog {
    /// It does not begin with a time, or with a header of RFC 5424.
    #[error("neither RFC 3164 nor RFC 5424: a line of syslog begins with a time")]
    NoHeader,
    /// Before 1970.
    #[error("its time is before 1970")]
    Time,
}

/// The parts of a line that say anything.
struct Parsed<'a> {
    message: Message<&'a str>,
    /// The time, if the line left the year open.
    given: Option<IncompleteDate>,
    program: Option<&'a str>,
    text: &'a str,
    header: Option<&'a str>,
}

/// The item of a line.
pub(super) fn item(line: &Line, clock: Clock, raw: &Raw) -> Item {
    let (place, bytes) = (source::place(line.number), line.bytes.as_slice());
    match mapped(bytes, clock) {
        Ok(mapped) => {
            let id = SourceId::place("syslog", bytes, line.number);
            Item { place, id: Some(id), draft: Ok(mapped.draft(bytes, raw)) }
        }
        Err(error) => Item { place, id: None, draft: Err(error.to_string()) },
    }
}

fn mapped(bytes: &[u8], clock: Clock) -> Result<Mapped, NotSyslog> {
    let line = String::from_utf8_lossy(bytes);
    let parsed = parse(line.trim(), clock)?;
    let time = parsed.message.timestamp.map(|time| u64::try_from(time.timestamp_millis()));
    let program = parsed.program.unwrap_or("unknown");
    let host = parsed.message.hostname.unwrap_or("unknown");
    let mut mapped = Mapped {
        event_type: format!("syslog.{}", slug(program)),
        actor: ("program".to_owned(), program.to_owned()),
        resource: ("host".to_owned(), host.to_owned()),
        parent: String::new(),
        outcome: DraftOutcome::Unknown,
        reason: String::new(),
        metadata: metadata(&parsed),
        time: time.transpose().map_err(|_| NotSyslog::Time)?,
        payload: BTreeMap::new(),
    };
    if let Some(found) = auth::find(program, parsed.text) {
        found.put(&mut mapped);
    }
    if matches!(line, Cow::Owned(_)) {
        mapped.payload.insert("raw.base64".to_owned(), STANDARD.encode(bytes));
    }
    Ok(mapped)
}

fn parse(line: &str, clock: Clock) -> Result<Parsed<'_>, NotSyslog> {
    let given = Cell::new(None);
    let year = |date| {
        given.set(Some(date));
        clock.year(date)
    };
    let message = parse_message_with_year_exact(line, year, Variant::Either)
        .map_err(|_| NotSyslog::NoHeader)?;
    let head_len = line.len().saturating_sub(message.msg.len());
    let head = line.get(..head_len).unwrap_or(line).trim_end();
    let mut parsed = Parsed {
        given: given.get(),
        program: message.appname.filter(|name| !name.is_empty()),
        text: message.msg,
        header: None,
        message,
    };
    match parsed.message.protocol {
        Protocol::RFC3164 if parsed.message.timestamp.is_none() => return Err(NotSyslog::NoHeader),
        Protocol::RFC3164 => parsed.without_structure(line, head),
        Protocol::RFC5424(_) => {
            // The parser leaves out elements that are none.
            let elements = parsed.message.structured_data.iter().map(ToString::to_string);
            let elements: String = elements.collect();
            let expected = if elements.is_empty() { " -" } else { &elements };
            parsed.header = (!head.ends_with(expected)).then_some(head);
        }
    }
    Ok(parsed)
}

impl<'a> Parsed<'a> {
    /// In RFC 3164 a program ends with a colon. The parser takes a first word without one for a
    /// program, and a dash before a message for no structured data: both are the message.
    fn without_structure(&mut self, line: &'a str, head: &str) {
        if !self.message.structured_data.is_empty() {
            return;
        }
        let before = head.strip_suffix('-').unwrap_or(head).trim_end();
        if before.ends_with(':') || self.message.appname.is_none() {
            self.text = line.get(before.len()..).unwrap_or(self.text).trim_start();
        } else {
            let word = before.rfind(char::is_whitespace).map_or(0, |at| at.saturating_add(1));
            self.text = line.get(word..).unwrap_or(self.text);
            self.program = None;
            self.message.procid = None;
        }
    }
}

fn metadata(parsed: &Parsed<'_>) -> BTreeMap<String, String> {
    let message = &parsed.message;
    let given = parsed.given.map(|(month, day, hour, minute, second)| {
        format!("{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    });
    let plain = [
        ("message", Some(parsed.text.to_owned())),
        ("program", parsed.program.map(str::to_owned)),
        ("pid", message.procid.as_ref().map(ToString::to_string)),
        ("msgid", message.msgid.map(str::to_owned)),
        ("facility", message.facility.map(|facility| facility.as_str().to_owned())),
        ("severity", message.severity.map(|severity| severity.as_str().to_owned())),
        ("time.given", given),
        ("header", parsed.header.map(str::to_owned)),
    ];
    let plain = plain.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?)));
    let mut all: BTreeMap<_, _> = plain.collect();
    for element in &message.structured_data {
        for (name, value) in element.params() {
            // The same parameter may stand more than once: RFC 5424, section 6.3.3.
            let values = all.entry(format!("sd.{}.{name}", element.id)).or_default();
            if !values.is_empty() {
                values.push_str(", ");
            }
            values.push_str(&value);
        }
    }
    all
}

impl Clock {
    fn year(self, (month, day, hour, minute, second): IncompleteDate) -> i32 {
        let now = i64::try_from((self.now)().0 / 1_000).unwrap_or(i64::MAX);
        let now = OffsetDateTime::from_unix_timestamp(now).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let small = |number: u32| u8::try_from(number).unwrap_or(u8::MAX);
        let is_past = |year: &i32| {
            let month = Month::try_from(small(month)).ok();
            let date = month.and_then(|m| Date::from_calendar_date(*year, m, small(day)).ok());
            let time = Time::from_hms(small(hour), small(minute), small(second)).ok();
            // No zone is a day ahead of another.
            let latest = now.saturating_add(Duration::DAY);
            date.zip(time).is_some_and(|(date, time)| UtcDateTime::new(date, time) <= latest)
        };
        // A leap day can be eight years back.
        let years = (now.year().saturating_sub(8)..=now.year().saturating_add(1)).rev();
        self.year.or_else(|| years.into_iter().find(is_past)).unwrap_or_else(|| now.year())
    }
}

#[cfg(test)]
mod tests;
