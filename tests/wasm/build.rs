//! Lists the vectors, so that the tests hold them all: a browser reads no directory.

use std::io::Write as _;
use std::path::{Path, PathBuf, absolute};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let dir = absolute("../vectors/receipts")?;
    println!("cargo::rerun-if-changed={}", dir.display());
    let mut files = fs::read_dir(&dir)?
        .map(|file| file.map(|file| file.path()))
        .collect::<io::Result<Vec<PathBuf>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo gives no OUT_DIR"))?;
    let mut list = fs::File::create(Path::new(&out).join("vectors.rs"))?;
    writeln!(list, "const VECTORS: &[(&str, &str)] = &[")?;
    for file in files {
        let name = file.file_stem().unwrap_or_default();
        writeln!(list, "    ({name:?}, include_str!({file:?})),")?;
    }
    writeln!(list, "];")
}
