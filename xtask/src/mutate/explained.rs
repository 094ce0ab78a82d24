//! `verifier/mutants.txt`: the mutants that may survive, and why.
//!
//! An entry is one line with a file below `verifier/src`, the kind of the mutant and a piece of the
//! file that stands there once and holds the mutant's place; then its reason, indented. Lines that
//! begin with `#` are for the reader.
//!
//! ```text
//! tree/inclusion.rs: < to <=: index < size
//!     The caller made `index` of this size, so they are never equal.
//! ```

use anyhow::{Result, bail};

use super::sites::Mutant;

struct Entry {
    /// 1-based, in the file of entries.
    line: usize,
    file: String,
    kind: String,
    piece: String,
    has_reason: bool,
    /// Which mutant it is about, or why it is about none.
    mutant: Result<usize, &'static str>,
}

/// All entries.
pub(crate) struct Explained(Vec<Entry>);

impl Explained {
    /// Reads the entries.
    pub(crate) fn read(text: &str) -> Result<Self> {
        let mut entries: Vec<Entry> = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            let is_indented = text.starts_with(' ');
            if text.trim().is_empty() || text.starts_with('#') {
                continue;
            }
            if is_indented {
                match entries.last_mut() {
                    Some(entry) => entry.has_reason = true,
                    None => bail!("line {line}: a reason without a mutant"),
                }
                continue;
            }
            let parts: Vec<&str> = text.splitn(3, ": ").collect();
            let [file, kind, piece] = parts.as_slice() else {
                bail!("line {line}: not `file: kind: piece of the line`");
            };
            let [file, kind, piece] = [file, kind, piece].map(|part| (*part).to_owned());
            let mutant = Err("is not of the chosen modules");
            entries.push(Entry { line, file, kind, piece, has_reason: false, mutant });
        }
        if let Some(entry) = entries.iter().find(|entry| !entry.has_reason) {
            bail!("line {}: without a reason", entry.line);
        }
        Ok(Self(entries))
    }

    /// Finds the mutant of each entry; entries about files that have no mutant here are dropped
    /// unless the file is gone.
    pub(crate) fn about(
        mut self,
        mutants: &[Mutant],
        read: impl Fn(&str) -> Result<String>,
    ) -> Self {
        let is_chosen = |file: &str| mutants.iter().any(|mutant| mutant.file == file);
        self.0.retain(|entry| is_chosen(&entry.file) || read(&entry.file).is_err());
        for entry in &mut self.0 {
            entry.mutant = match read(&entry.file) {
                Ok(text) => one_mutant(entry, &text, mutants),
                Err(_) => Err("there is no such file"),
            };
        }
        self
    }

    /// The line of the entry about a mutant.
    pub(crate) fn of(&self, mutant: usize) -> Option<usize> {
        self.0.iter().find(|entry| entry.mutant == Ok(mutant)).map(|entry| entry.line)
    }

    /// The entries that explain nothing, each with its line and what is wrong.
    pub(crate) fn stale(&self, survives: impl Fn(usize) -> bool) -> Vec<String> {
        let wrong = |entry: &Entry| match entry.mutant {
            Ok(mutant) if survives(mutant) => None,
            Ok(_) => Some("does not survive any more"),
            Err(wrong) => Some(wrong),
        };
        let entries = self.0.iter().filter_map(|entry| Some((entry, wrong(entry)?)));
        entries.map(|(entry, wrong)| format!("{}: stale: {wrong}", entry.line)).collect()
    }
}

fn one_mutant(entry: &Entry, text: &str, mutants: &[Mutant]) -> Result<usize, &'static str> {
    let mut places = text.match_indices(&entry.piece);
    let (start, piece) = places.next().ok_or("its piece stands nowhere in the file")?;
    if places.next().is_some() {
        return Err("its piece stands more than once in the file");
    }
    let range = start..start.saturating_add(piece.len());
    let is_meant = |mutant: &Mutant| {
        mutant.file == entry.file && mutant.kind == entry.kind && range.contains(&mutant.anchor)
    };
    let mut meant = mutants.iter().enumerate().filter(|(_, mutant)| is_meant(mutant));
    let (at, _) = meant.next().ok_or("there is no such mutant")?;
    if meant.next().is_some() { Err("more than one mutant is meant") } else { Ok(at) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "fn f() -> bool { a < b || c < d }";

    fn mutants() -> Vec<Mutant> {
        let dir = std::env::temp_dir().join(format!("cairn-mutants-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("lib.rs"), CODE).unwrap();
        let mutants = super::super::sites::find(&dir).unwrap();
        std::fs::remove_dir_all(&dir).unwrap();
        mutants
    }

    fn stale(text: &str, survivor: &str) -> Vec<String> {
        let mutants = mutants();
        let explained = Explained::read(text).unwrap().about(&mutants, |_| Ok(CODE.to_owned()));
        let survives = |at: usize| mutants[at].apply(CODE).unwrap() == survivor;
        let found = mutants.iter().position(|mutant| mutant.apply(CODE).unwrap() == survivor);
        assert_eq!(explained.stale(survives).is_empty(), explained.of(found.unwrap()).is_some());
        explained.stale(survives)
    }

    #[test]
    fn an_entry_is_about_one_mutant() {
        let survivor = "fn f() -> bool { a < b || c <= d }";
        assert_eq!(stale("# why\nlib.rs: < to <=: c < d\n    Never equal.\n", survivor), [""; 0]);
        let wrong = |text: &str| stale(&format!("{text}\n  why\n"), survivor).concat();
        assert_eq!(wrong("lib.rs: < to <=: a < b"), "1: stale: does not survive any more");
        assert_eq!(
            wrong("lib.rs: < to <=: <"),
            "1: stale: its piece stands more than once in the file"
        );
        assert_eq!(
            wrong("lib.rs: < to <=: a < b || c < d"),
            "1: stale: more than one mutant is meant"
        );
        assert_eq!(wrong("lib.rs: drop: a < b"), "1: stale: there is no such mutant");
        assert_eq!(wrong("lib.rs: drop: x < y"), "1: stale: its piece stands nowhere in the file");
    }

    #[test]
    fn every_entry_has_a_reason() {
        assert!(Explained::read("lib.rs: negate: x\n").is_err());
        assert!(Explained::read("  why\n").is_err());
        assert!(Explained::read("lib.rs negate\n  why\n").is_err());
    }
}
