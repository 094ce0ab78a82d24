//! What happens to WebAssembly after cargo: bindings for JavaScript, and tests in a browser.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args;
use wasm_bindgen_cli_support::Bindgen;

/// Who loads the module.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Our page, which finds it beside the script.
    Page,
    /// Programs with the npm package. Its entries say where the module is, so that no import
    /// fetches it by accident, and its types are part of the package.
    Package,
}

/// Writes `<name>.js` and `<name>_bg.wasm` into `out`, and `<name>.d.ts` for a package.
///
/// `module` must not be stripped before: its custom sections describe the bindings.
/// The result does not go through `wasm-opt`: measured, that takes 2 % off the compressed bytes
/// and nothing off the time, so it belongs to a release and not to every build.
pub(crate) fn bindgen(module: &Path, name: &str, out: &Path, reader: Reader) -> Result<()> {
    if !module.is_file() {
        bail!(
            "cargo built no {}; the crate must be a `cdylib` library or a binary",
            module.display()
        );
    }
    fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    Bindgen::new()
        .input_path(module)
        .out_name(name)
        .web(true)?
        .omit_default_module_path(reader == Reader::Package)
        .typescript(reader == Reader::Package)
        // Names of functions and tools: a quarter of the compressed bytes, and no one's reading.
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(out)
        .with_context(|| format!("wasm-bindgen cannot read {}", module.display()))
}

/// `cargo xtask __runner`: what cargo calls with each test module built for the browser.
pub(crate) fn runner(args: Vec<OsString>) -> Result<()> {
    let name = OsString::from("wasm-bindgen-test-runner");
    run_cli_with_args(std::iter::once(name).chain(args))
}
