//! What goes wrong, and with which files.

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a plain choice")]
pub enum Fault {
    /// A sync says that it was done, and was not: as if the call were left out.
    LostSync,
    /// Reading fails (`EIO`).
    Read,
    /// Every change fails (`EIO`).
    Write,
    /// A sync fails (`EIO`), and nothing is durable by it.
    Sync,
    /// After a sync, nothing can be changed or synced any more (`EIO`), on the whole disk: as if the
    /// power had failed there.
    Halt,
    /// Every change is refused, as on a file system that was mounted to be read (`EROFS`).
    ReadOnly,
}

/// A fault of certain files.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain choice")]
pub struct Rule {
    /// What goes wrong.
    pub fault: Fault,
    /// With which files: `*` stands for any text. A directory's path ends with `/`, the root is `/`.
    pub files: Vec<String>,
    /// How often it went wrong.
    pub hits: u64,
}

impl Rule {
    /// A fault of the files whose path from the root fits one of these.
    #[must_use]
    pub fn new(fault: Fault, files: &[&str]) -> Self {
        Self { fault, files: files.iter().map(|&text| text.to_owned()).collect(), hits: 0 }
    }

    /// Whether it is about the file with this path.
    #[must_use]
    pub fn is_of(&self, path: &str) -> bool {
        self.files.iter().any(|files| fits(files.as_bytes(), path.as_bytes()))
    }
}

/// Whether a text fits a pattern.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|at| fits(rest, &text[at..])),
        Some((byte, rest)) => text.split_first().is_some_and(|(b, t)| b == byte && fits(rest, t)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("/", "/", true),
            ("data/log/*.seg", "data/log/entries/00.seg", true),
            ("data/log/*.seg", "data/log/entries/00.seg.7.tmp", false),
            ("data/payloads/??/", "data/payloads/ab/", false),
            ("data/payloads/*/", "data/payloads/ab/", true),
            ("data/payloads/*/", "data/payloads/", false),
            ("*", "", true),
        ] {
            assert_eq!(fits(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }
}
