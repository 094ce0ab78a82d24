//! Two lock files that must agree: the workspace's, and that of the fuzz targets.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::{MANIFEST, PACKAGE};

/// What is fuzzed must be what is shipped: the package has a lock file of its own.
pub(super) fn same_versions() -> Result<()> {
    let read = |file: &Path| {
        let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
        Ok::<_, anyhow::Error>(locked(&text))
    };
    let ours = read(Path::new("Cargo.lock"))?;
    let theirs = read(&Path::new(PACKAGE).join("Cargo.lock"))?;
    let other = |name: &String, versions: &BTreeSet<String>| {
        ours.get(name).is_some_and(|ours| !versions.is_subset(ours))
    };
    let differ: Vec<&str> = theirs
        .iter()
        .filter(|(name, versions)| other(name, versions))
        .map(|(name, _)| name.as_str())
        .collect();
    if differ.is_empty() {
        return Ok(());
    }
    bail!(
        "{PACKAGE}/Cargo.lock has other versions than Cargo.lock of: {}; run \
         `cp Cargo.lock {PACKAGE}/ && cargo metadata --manifest-path {MANIFEST} > {}`",
        differ.join(", "),
        if cfg!(windows) { "NUL" } else { "/dev/null" }
    )
}

/// Names and versions of a lock file.
fn locked(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut packages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let value = |line: &str, key: &str| {
        let quoted = line.strip_prefix(key)?.strip_prefix(" = \"")?;
        quoted.strip_suffix('"').map(str::to_owned)
    };
    let mut name = None;
    for line in text.lines() {
        name = value(line, "name").or(name);
        if let (Some(version), Some(name)) = (value(line, "version"), &name) {
            packages.entry(name.clone()).or_default().insert(version);
        }
    }
    packages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_file_is_names_and_versions() {
        let text = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n\n\
                    [[package]]\nname = \"a\"\nversion = \"2.0.0\"\ndependencies = [\n \"b\",\n]\n";
        let found = locked(text);
        assert_eq!(found.len(), 1);
        assert!(found["a"].iter().eq(["1.0.0", "2.0.0"]));
    }
}
