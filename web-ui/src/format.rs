//! Numbers, times and bytes as people read them, and back from pasted text.

use cairn_verifier::UnixMillis;

use crate::text::{Text, noun};

/// `1,234,567`, or as the language has it.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place != 0 && (digits.len() - place).is_multiple_of(3) {
            text.push_str(&noun::THOUSANDS);
        }
        text.push(digit);
    }
    text
}

/// A count and its noun: `1 event`, `1,002 events`.
pub(crate) fn count(number: u64, one: Text, more: Text) -> String {
    let noun = if number == 1 { one } else { more };
    [&thousands(number), " ", noun.get()].concat()
}

/// How many bytes or things there are, as a number that prints.
pub(crate) fn len(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// A length in the largest unit that leaves digits before the point: `12.3 MB`.
pub(crate) fn bytes_short(bytes: u64) -> String {
    let units =
        [(1_000_000_000_000, " TB"), (1_000_000_000, " GB"), (1_000_000, " MB"), (1_000, " kB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => {
            format!("{}.{}{name}", bytes / unit, bytes % unit * 10 / unit)
        }
        None => crate::text::bytes(bytes),
    }
}

/// A number that JavaScript has.
#[expect(
    clippy::as_conversions,
    reason = "from float to integer there is only this cast; it saturates"
)]
pub(crate) const fn whole(number: f64) -> u64 {
    number as u64
}

/// The same, of things.
pub(crate) fn whole_usize(number: f64) -> usize {
    usize::try_from(whole(number)).unwrap_or(usize::MAX)
}

/// `2026-03-01 09:30:05.250 UTC`.
pub(crate) fn time(UnixMillis(ms): UnixMillis) -> String {
    let (days, in_day) = (ms / 86_400_000, ms % 86_400_000);
    // Years beyond 9999 are no date that anyone logged.
    if days > 2_932_896 {
        return [&thousands(ms), " ms after 1970"].concat();
    }
    let (year, month, day) = civil(days);
    let (hour, minute) = (in_day / 3_600_000, in_day / 60_000 % 60);
    let (second, milli) = (in_day / 1_000 % 60, in_day % 1_000);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{milli:03} UTC")
}

/// [`time`] to the second, for lists.
pub(crate) fn short_time(time_of: UnixMillis) -> String {
    let text = time(time_of);
    text.split('.').next().unwrap_or_default().to_owned()
}

/// Year, month and day of a day since 1970 (the `civil_from_days` of Howard Hinnant's "chrono-
/// compatible low-level date algorithms").
const fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, in_era) = (days / 146_097, days % 146_097);
    let in_era_year = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * in_era_year + in_era_year / 4 - in_era_year / 100);
    let shifted = (5 * in_year + 2) / 153;
    let day = in_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = in_era_year + era * 400;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

/// The two largest units of a duration: `13 days 4 hours`.
pub(crate) fn duration(ms: u64) -> String {
    let units = [
        (86_400_000, noun::DAY, noun::DAYS),
        (3_600_000, noun::HOUR, noun::HOURS),
        (60_000, noun::MINUTE, noun::MINUTES),
        (1_000, noun::SECOND, noun::SECONDS),
    ];
    let mut rest = ms;
    let mut parts = Vec::new();
    for (length, one, more) in units {
        if rest >= length {
            parts.push(count(rest / length, one, more));
            rest %= length;
        }
    }
    parts.truncate(2);
    if parts.is_empty() {
        return count(ms, noun::MILLISECOND, noun::MILLISECONDS);
    }
    parts.join(" ")
}

/// Bytes as lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('?'));
        }
    }
    text
}

/// Lines of 16 bytes, each with the place of its first.
pub(crate) fn hex_dump(bytes: &[u8]) -> String {
    let mut lines = String::new();
    for (line, chunk) in bytes.chunks(16).enumerate() {
        lines.push_str(&format!("{:06x}  ", line * 16));
        for half in chunk.chunks(8) {
            for byte in half {
                lines.push_str(&hex(&[*byte]));
                lines.push(' ');
            }
            lines.push(' ');
        }
        lines.truncate(lines.trim_end().len());
        lines.push('\n');
    }
    lines
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// base64url without padding (RFC 4648, section 5).
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() / 3 * 4 + 4);
    for chunk in bytes.chunks(3) {
        let part = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = part(0) << 16 | part(1) << 8 | part(2);
        for place in 0..=chunk.len() {
            let digit = usize::try_from(bits >> (18 - 6 * place) & 63).unwrap_or(0);
            text.push(DIGITS.get(digit).map_or('?', |digit| char::from(*digit)));
        }
    }
    text
}

/// Bytes pasted as text: base64 in either alphabet, or hex; white space does not count.
pub(crate) fn from_text(text: &str) -> Option<Vec<u8>> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if text.is_empty() {
        return None;
    }
    from_hex(&text).or_else(|| from_base64(&text))
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
    if rest.is_empty() { bytes.collect() } else { None }
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in text.trim_end_matches('=').bytes() {
        let byte = match byte {
            b'+' => b'-',
            b'/' => b'_',
            other => other,
        };
        let digit = DIGITS.iter().position(|digit| *digit == byte)?;
        bits = bits << 6 | u32::try_from(digit).ok()?;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 255).ok()?);
            bits &= (1 << held) - 1;
        }
    }
    Some(bytes)
}

/// Two texts cut into what they begin with alike, what differs, and what they end with alike.
pub(crate) fn difference<'a>(left: &'a str, right: &'a str) -> ([&'a str; 3], [&'a str; 3]) {
    let alike = left.char_indices().zip(right.chars()).take_while(|((_, l), r)| l == r);
    let start = alike.last().map_or(0, |((at, c), _)| at + c.len_utf8());
    let (left_rest, right_rest) = (tail(left, start), tail(right, start));
    let alike = left_rest.chars().rev().zip(right_rest.chars().rev()).take_while(|(l, r)| l == r);
    let end: usize = alike.map(|(c, _)| c.len_utf8()).sum();
    (cut(left, start, end), cut(right, start, end))
}

fn tail(text: &str, from: usize) -> &str {
    text.get(from..).unwrap_or_default()
}

fn cut(text: &str, start: usize, end: usize) -> [&str; 3] {
    let middle_end = text.len() - end;
    [
        text.get(..start).unwrap_or_default(),
        text.get(start..middle_end).unwrap_or_default(),
        tail(text, middle_end),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_dates() {
        assert_eq!(time(UnixMillis(0)), "1970-01-01 00:00:00.000 UTC");
        assert_eq!(time(UnixMillis(951_782_400_123)), "2000-02-29 00:00:00.123 UTC");
        assert_eq!(time(UnixMillis(1_772_357_405_250)), "2026-03-01 09:30:05.250 UTC");
        assert_eq!(short_time(UnixMillis(1_772_357_405_250)), "2026-03-01 09:30:05");
        assert_eq!(time(UnixMillis(253_402_300_799_999)), "9999-12-31 23:59:59.999 UTC");
        assert!(time(UnixMillis(u64::MAX)).ends_with("ms after 1970"));
    }

    #[test]
    fn numbers_have_commas() {
        let texts = [0, 999, 1_000, 1_234_567].map(thousands);
        assert_eq!(texts, ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(count(1, noun::EVENT, noun::EVENTS), "1 event");
        assert_eq!(duration(14 * 86_400_000 + 3_600_000 + 1), "14 days 1 hour");
        assert_eq!(duration(12), "12 milliseconds");
    }

    #[test]
    fn pasted_text_is_bytes() {
        for bytes in [&b""[..], b"f", b"fo", b"foo", b"foob", &[0xfb, 0xff, 0xfe]] {
            let text = to_base64(bytes);
            assert_eq!(from_base64(&text).as_deref(), Some(bytes), "{text}");
        }
        assert_eq!(to_base64(&[0xfb, 0xff, 0xfe]), "-__-");
        assert_eq!(from_text("+//+\n").as_deref(), Some(&[0xfb, 0xff, 0xfe][..]));
        assert_eq!(from_text("01 52").as_deref(), Some(&[0x01, 0x52][..]));
        assert_eq!(from_text("~"), None);
        assert_eq!(from_text(" "), None);
    }

    #[test]
    fn differences_are_marked() {
        assert_eq!(difference("abXYcd", "abZcd"), (["ab", "XY", "cd"], ["ab", "Z", "cd"]));
        assert_eq!(difference("aa", "aaa"), (["aa", "", ""], ["aa", "a", ""]));
        assert_eq!(difference("é", "è"), (["", "é", ""], ["", "è", ""]));
    }

    #[test]
    fn bytes_are_lines() {
        assert_eq!(hex_dump(&[0xab; 9]), "000000  ab ab ab ab ab ab ab ab  ab\n");
    }
}
