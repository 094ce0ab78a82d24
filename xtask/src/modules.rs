//! The WebAssembly of the npm package: the light client, the verifier alone, and one for writing.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::build::{files, remove_dir};
use crate::package;
use crate::tools::{self, WASM};
use crate::wasm::{self, Reader};

const DIST: &str = "pkg/dist";

/// Builds all three into `pkg/dist`.
pub(crate) fn build() -> Result<Vec<PathBuf>> {
    tools::ensure_target(WASM)?;
    let out = Path::new(DIST);
    remove_dir(out)?;
    fs::create_dir_all(out).with_context(|| format!("cannot make {DIST}"))?;
    for (package, name) in [("cairn-light-client", "light_client"), ("cairn-writer", "writer")] {
        wasm::bindgen(&cargo(package, "pkg")?, name, out, Reader::Package)?;
        package::squeeze(&out.join(format!("{name}.js")))?;
    }
    verifier(out)?;
    package::finish(out)?;
    files(out)
}

/// It has no bindings: `pkg/verifier-api.js` calls its one function.
fn verifier(out: &Path) -> Result<()> {
    let module = cargo("cairn-verifier-wasm", "verifier")?;
    let target = out.join("verifier.wasm");
    let bytes = fs::read(&module).with_context(|| format!("cannot read {}", module.display()))?;
    let code = wasm::without_custom_sections(&bytes)
        .with_context(|| format!("{} is no WebAssembly module", module.display()))?;
    fs::write(&target, code).with_context(|| format!("cannot write {}", target.display()))
}

/// Builds a crate and says where its module is, which every runtime takes: it holds no vector
/// instructions.
fn cargo(package: &str, profile: &str) -> Result<PathBuf> {
    let mut cargo = tools::cargo_wasm();
    cargo.args(["build", "-p", package, "--lib", "--target", WASM, "--profile", profile]);
    tools::run(&mut cargo)?;
    let module = tools::target(&format!("{WASM}/{profile}/{}.wasm", package.replace('-', "_")));
    let bytes = fs::read(&module).with_context(|| format!("cannot read {}", module.display()))?;
    if !wasm::is_plain(&bytes).with_context(|| module.display().to_string())? {
        bail!("{} holds vector instructions, which older runtimes refuse", module.display());
    }
    Ok(module)
}

/// The single steps that `cargo xtask bench-wasm` measures, built as the npm package is.
pub(crate) fn bench(out: &Path) -> Result<()> {
    tools::ensure_target(WASM)?;
    let module = cargo("cairn-bench-wasm", "pkg")?;
    remove_dir(out)?;
    wasm::bindgen(&module, "cases", out, Reader::Package)
}
