//! The little of JSON (RFC 8259) that views need: strings escaped, commas in place.

use alloc::string::{String, ToString};
use core::fmt::{Display, Write as _};

/// A JSON object being written.
#[derive(Clone, Debug)]
pub struct Object {
    text: String,
}

impl Default for Object {
    fn default() -> Self {
        Self::new()
    }
}

impl Object {
    /// An empty object.
    #[must_use]
    pub fn new() -> Self {
        Self { text: String::from("{") }
    }

    /// The object's text.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.text.push('}');
        self.text
    }

    /// A member whose value is JSON already.
    #[must_use]
    pub fn json(mut self, name: &str, value: &str) -> Self {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        push_string(&mut self.text, name);
        self.text.push(':');
        self.text.push_str(value);
        self
    }

    /// A string.
    #[must_use]
    pub fn text(self, name: &str, value: impl Display) -> Self {
        let mut quoted = String::new();
        push_string(&mut quoted, &value.to_string());
        self.json(name, &quoted)
    }

    /// A string, or `null`.
    #[must_use]
    pub fn text_or_null(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self.json(name, "null"),
        }
    }

    /// A number or a boolean.
    #[must_use]
    pub fn plain(self, name: &str, value: impl Display) -> Self {
        self.json(name, &value.to_string())
    }

    /// A value, or `null`.
    #[must_use]
    pub fn plain_or_null(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.plain(name, value),
            None => self.json(name, "null"),
        }
    }

    /// Objects in an array.
    #[must_use]
    pub fn array(self, name: &str, values: impl Iterator<Item = String>) -> Self {
        let mut text = String::from("[");
        for (place, value) in values.enumerate() {
            if place > 0 {
                text.push(',');
            }
            text.push_str(&value);
        }
        text.push(']');
        self.json(name, &text)
    }
}

fn push_string(text: &mut String, value: &str) {
    text.push('"');
    for c in value.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            // The last three only so that a view may stand in a script or a page as it is.
            c if c < ' ' || matches!(c, '<' | '\u{2028}' | '\u{2029}') => {
                // Writing to a String cannot fail.
                let _infallible = write!(text, "\\u{:04x}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text.push('"');
}
