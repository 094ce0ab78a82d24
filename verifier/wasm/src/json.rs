//! JSON (RFC 8259) into a given buffer, without an allocator.

use core::fmt::{Display, Write};

/// JSON being written. Too small a buffer is told at the end.
pub(crate) struct Json<'b> {
    room: &'b mut [u8],
    len: usize,
}

impl<'b> Json<'b> {
    pub(crate) const fn new(room: &'b mut [u8]) -> Self {
        Self { room, len: 0 }
    }

    /// How much was written; 0 if it did not fit.
    pub(crate) const fn finish(self) -> usize {
        if self.len <= self.room.len() { self.len } else { 0 }
    }

    /// Text as it is.
    pub(crate) fn raw(&mut self, text: &str) {
        text.bytes().for_each(|byte| self.byte(byte));
    }

    /// Begins an object, as the value of a member or alone.
    pub(crate) fn open(&mut self) {
        self.byte(b'{');
    }

    pub(crate) fn close(&mut self) {
        self.byte(b'}');
    }

    /// A member's name; its value must follow.
    pub(crate) fn name(&mut self, name: &str) -> &mut Self {
        if self.len.checked_sub(1).and_then(|last| self.room.get(last)) != Some(&b'{') {
            self.byte(b',');
        }
        self.text(name);
        self.byte(b':');
        self
    }

    /// A string.
    pub(crate) fn text(&mut self, text: &str) {
        self.byte(b'"');
        self.escaped(text);
        self.byte(b'"');
    }

    /// A value's text as a string.
    pub(crate) fn display(&mut self, value: impl Display) {
        self.byte(b'"');
        // Writing to a buffer that counts what does not fit cannot fail.
        let _infallible = write!(Escaped(self), "{value}");
        self.byte(b'"');
    }

    /// A part of a string.
    pub(crate) fn escaped(&mut self, text: &str) {
        for byte in text.bytes() {
            match byte {
                b'"' | b'\\' => {
                    self.byte(b'\\');
                    self.byte(byte);
                }
                ..b' ' => {
                    self.raw("\\u00");
                    self.hex(byte);
                }
                _ => self.byte(byte),
            }
        }
    }

    /// A digest as a string.
    pub(crate) fn digest(&mut self, digest: &[u8; 32]) {
        self.byte(b'"');
        self.digits(digest);
        self.byte(b'"');
    }

    /// A digest as a part of a string.
    pub(crate) fn digits(&mut self, digest: &[u8; 32]) {
        digest.iter().for_each(|byte| self.hex(*byte));
    }

    /// A number.
    pub(crate) fn number(&mut self, number: u64) {
        let mut digits = [0; 20];
        let (mut rest, mut first) = (number, digits.len());
        loop {
            let (tens, ones) = (rest / 10, rest % 10);
            first = first.saturating_sub(1);
            if let Some(place) = digits.get_mut(first) {
                *place = b'0'.saturating_add(u8::try_from(ones).unwrap_or_default());
            }
            rest = tens;
            if rest == 0 {
                break;
            }
        }
        digits.iter().skip(first).for_each(|digit| self.byte(*digit));
    }

    fn hex(&mut self, byte: u8) {
        for digit in [byte >> 4, byte & 15] {
            let first = if digit < 10 { b'0' } else { b'a' - 10 };
            self.byte(first.saturating_add(digit));
        }
    }

    fn byte(&mut self, byte: u8) {
        if let Some(place) = self.room.get_mut(self.len) {
            *place = byte;
        }
        self.len = self.len.saturating_add(1);
    }
}

/// Escapes what is written.
struct Escaped<'j, 'b>(&'j mut Json<'b>);

impl Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.0.escaped(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(room: usize, write: impl FnOnce(&mut Json<'_>)) -> Option<String> {
        let mut bytes = vec![0; room];
        let mut json = Json::new(&mut bytes);
        write(&mut json);
        let len = json.finish();
        (len > 0).then(|| String::from_utf8(bytes[..len].to_vec()).unwrap())
    }

    #[test]
    fn members_are_parted_by_commas() {
        let text = written(64, |json| {
            json.open();
            json.name("a").number(0);
            json.name("b").open();
            json.close();
            json.name("c").number(u64::MAX);
            json.close();
        });
        assert_eq!(text.as_deref(), Some(r#"{"a":0,"b":{},"c":18446744073709551615}"#));
    }

    #[test]
    fn text_is_escaped() {
        let text = written(64, |json| json.text("\"\\\0\u{1f}\u{7f}é{"));
        assert_eq!(text.as_deref(), Some("\"\\\"\\\\\\u0000\\u001f\u{7f}é{\""));
        let text = written(64, |json| json.display(format_args!("{}{}", 1, '"')));
        assert_eq!(text.as_deref(), Some(r#""1\"""#));
    }

    #[test]
    fn what_does_not_fit_is_told() {
        assert_eq!(written(7, |json| json.text("12345")).as_deref(), Some("\"12345\""));
        assert_eq!(written(6, |json| json.text("12345")), None);
    }
}
