//! `cargo xtask npm --notes`: what the notes of a release say of its bytes, so that whoever builds the
//! same source, or asks the About page, can compare.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest as _, Sha256};

use crate::{build, package, say, tools};

/// What is published: where it is built, and what it is.
const PARTS: [(&str, &str); 4] = [
    ("pkg/dist/light_client_bg.wasm", "the package’s light client"),
    ("pkg/dist/verifier.wasm", "the package’s verifier"),
    ("pkg/dist/writer_bg.wasm", "the package’s writer"),
    ("ui/web_ui_bg.wasm", "the page; its About page shows this SHA-256"),
];

/// Prints the block, in Markdown. Fails if what is built is of no commit.
pub(crate) fn print(tarball: &Path) -> Result<()> {
    let git = |args: &[&str]| tools::output(Command::new("git").args(args));
    if !git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty() {
        bail!("files differ from the last commit: digests of what is built would name no source");
    }
    let commit = git(&["rev-parse", "HEAD"])?;
    let compiler = tools::output(Command::new("rustc").arg("--version"))?;
    let mut rows = vec![row(tarball, "the npm package, as `integrity` of a lock file has it")?];
    for (name, what) in PARTS {
        let file = match name.strip_prefix("ui/") {
            Some(name) => build::ui_dir().join(name),
            None => PathBuf::from(name),
        };
        rows.push(row(&file, what)?);
    }
    let block = block(env!("CARGO_PKG_VERSION"), commit.trim(), compiler.trim(), &rows);
    say::line(&block);
    Ok(())
}

fn row(file: &Path, what: &str) -> Result<String> {
    let bytes = fs::read(file)
        .with_context(|| format!("no {}; run `cargo xtask build`", file.display()))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    Ok(digests(&name, what, &bytes))
}

fn digests(name: &str, what: &str, bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let (len, integrity) = (bytes.len(), package::integrity(bytes));
    format!("| `{name}`: {what} | {len} | `{hex}` | `{integrity}` |")
}

fn block(version: &str, commit: &str, compiler: &str, rows: &[String]) -> String {
    format!(
        "### The bytes of {version}\n\n\
         Built from commit `{commit}` with {compiler}. `cargo xtask npm --reproduce` builds package and \
         page of a checkout twice, in different places, and prints these digests.\n\n\
         | file | bytes | SHA-256 | SHA-384, as `integrity` takes it |\n|---|---|---|---|\n{}",
        rows.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_both_digests() {
        // The examples of FIPS 180-2, appendix B.1 and D.1: "abc".
        let row = digests("abc.wasm", "three letters", b"abc");
        assert!(row.starts_with("| `abc.wasm`: three letters | 3 | `ba7816bf8f01cfea"), "{row}");
        assert!(row.contains(
            "| `sha384-ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn"
        ));
    }

    #[test]
    fn a_block_is_a_table() {
        let text = block("1.2.3", "c0ffee", "rustc 1", &["| a |".to_owned(), "| b |".to_owned()]);
        assert!(
            text.starts_with("### The bytes of 1.2.3\n\nBuilt from commit `c0ffee` with rustc 1.")
        );
        assert!(text.ends_with("|---|---|---|---|\n| a |\n| b |"));
    }
}
