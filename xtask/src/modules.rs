//! The WebAssembly of the npm package: two modules, each built twice, with vector instructions
//! and without; and one for writing, without.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::build::{files, remove_dir};
use crate::package;
use crate::tools::{self, Instructions, WASM};
use crate::wasm::{self, Reader};

const DIST: &str = "pkg/dist";

/// Builds all five into `pkg/dist`.
pub(crate) fn build() -> Result<Vec<PathBuf>> {
    tools::ensure_target(WASM)?;
    let out = Path::new(DIST);
    remove_dir(out)?;
    fs::create_dir_all(out).with_context(|| format!("cannot make {DIST}"))?;
    writer(out)?;
    for instructions in [Instructions::Simd, Instructions::Plain] {
        light_client(instructions, out)?;
        verifier(instructions, out)?;
    }
    package::finish(out)?;
    files(out)
}

/// Both builds share one script, so it must be the same for both.
fn light_client(instructions: Instructions, out: &Path) -> Result<()> {
    let module = cargo("cairn-light-client", "pkg", instructions)?;
    let own = tools::target("bindgen");
    remove_dir(&own)?;
    wasm::bindgen(&module, "light_client", &own, Reader::Package)?;
    for file in files(&own)? {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = match name.strip_suffix("_bg.wasm") {
            Some(stem) => format!("{stem}{}_bg.wasm", instructions.suffix()),
            None => name,
        };
        let target = out.join(&name);
        let (new, old) = (fs::read(&file)?, fs::read(&target).ok());
        if old.is_some_and(|old| old != new) {
            bail!("the builds of the light client do not agree on {name}");
        }
        fs::write(&target, new).with_context(|| format!("cannot write {}", target.display()))?;
    }
    Ok(())
}

/// Plain only: who writes hashes a few kilobytes.
fn writer(out: &Path) -> Result<()> {
    let module = cargo("cairn-writer", "pkg", Instructions::Plain)?;
    let own = tools::target("bindgen");
    remove_dir(&own)?;
    wasm::bindgen(&module, "writer", &own, Reader::Package)?;
    for file in files(&own)? {
        let name = file.file_name().unwrap_or_default();
        fs::copy(&file, out.join(name)).with_context(|| file.display().to_string())?;
    }
    Ok(())
}

/// It has no bindings: `pkg/verifier-api.js` calls its one function.
fn verifier(instructions: Instructions, out: &Path) -> Result<()> {
    let module = cargo("cairn-verifier-wasm", "verifier", instructions)?;
    let target = out.join(format!("verifier{}.wasm", instructions.suffix()));
    let bytes = fs::read(&module).with_context(|| format!("cannot read {}", module.display()))?;
    let code = wasm::without_custom_sections(&bytes)
        .with_context(|| format!("{} is no WebAssembly module", module.display()))?;
    fs::write(&target, code).with_context(|| format!("cannot write {}", target.display()))
}

/// Builds a crate and says where its module is, which has the instructions asked for: a module said
/// to be plain must not hold others, and one that holds none need not be there twice.
fn cargo(package: &str, profile: &str, instructions: Instructions) -> Result<PathBuf> {
    let mut cargo = tools::cargo_wasm_with(instructions, &[]);
    cargo.args(["build", "-p", package, "--lib", "--target", WASM, "--profile", profile]);
    if instructions == Instructions::Simd {
        cargo.args(["--features", "simd"]);
    }
    tools::run(&mut cargo)?;
    let module = tools::target(&format!("{WASM}/{profile}/{}.wasm", package.replace('-', "_")));
    let bytes = fs::read(&module).with_context(|| format!("cannot read {}", module.display()))?;
    let found = wasm::instructions(&bytes).with_context(|| module.display().to_string())?;
    if found != instructions {
        bail!("{}: built as {instructions:?}, its instructions are {found:?}", module.display());
    }
    Ok(module)
}

/// The single steps that `cargo xtask bench-wasm` measures, built as the npm package is.
pub(crate) fn bench(out: &Path) -> Result<()> {
    tools::ensure_target(WASM)?;
    let module = cargo("cairn-bench-wasm", "pkg", Instructions::Simd)?;
    remove_dir(out)?;
    wasm::bindgen(&module, "cases", out, Reader::Package)
}
