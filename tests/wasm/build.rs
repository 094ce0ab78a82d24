//! Lists the vectors, so that the tests hold them all: a browser reads no directory.

use std::io::Write as _;
use std::path::{Path, PathBuf, absolute};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let dir = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo gives no OUT_DIR"))?;
    let mut out = fs::File::create(Path::new(&dir).join("vectors.rs"))?;
    list(&mut out, "RECEIPTS", &["receipts"])?;
    list(&mut out, "FACTS", &["evidence", "extends", "lists", "state", "wraps"])?;
    list(&mut out, "TREES", &["tree"])
}

/// Writes name and text of every vector of some folders as a constant.
fn list(out: &mut fs::File, constant: &str, folders: &[&str]) -> io::Result<()> {
    let mut files = Vec::new();
    for folder in folders {
        let dir = absolute(Path::new("../vectors").join(folder))?;
        println!("cargo::rerun-if-changed={}", dir.display());
        for file in fs::read_dir(&dir)? {
            files.push(file?.path());
        }
    }
    files.retain(|file: &PathBuf| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    writeln!(out, "const {constant}: &[(&str, &str)] = &[")?;
    for file in files {
        let name = file.file_stem().unwrap_or_default();
        writeln!(out, "    ({name:?}, include_str!({file:?})),")?;
    }
    writeln!(out, "];")
}
