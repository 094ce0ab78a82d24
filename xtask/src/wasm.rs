//! What happens to WebAssembly after cargo: bindings for JavaScript, and tests in a browser.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use walrus::{Module, ModuleConfig};
use wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args;
use wasm_bindgen_cli_support::Bindgen;
use wasmparser::{Validator, WasmFeatures};

use crate::traps;

/// Who loads the module.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Our page, which finds it beside the script.
    Page,
    /// Programs with the npm package. Its entries say where the module is, so that no import
    /// fetches it by accident, and its types are part of the package.
    Package,
    /// A page that is one file: a script without imports, which names its bindings `wasm_bindgen`.
    File,
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
    let mut bindgen = Bindgen::new();
    match reader {
        Reader::File => bindgen.no_modules(true)?,
        Reader::Page | Reader::Package => bindgen.web(true)?,
    };
    bindgen
        .input_module(name, without_panics(module)?)
        .out_name(name)
        .omit_default_module_path(reader != Reader::Page)
        .typescript(reader == Reader::Package)
        .generate(out)
        .with_context(|| format!("wasm-bindgen cannot read {}", module.display()))
}

/// A module as the compiler made it, its panics traps, and without the names of functions and tools:
/// those are a quarter of the compressed bytes, and no one's reading.
fn without_panics(module: &Path) -> Result<Module> {
    let mut config = ModuleConfig::new();
    config.generate_name_section(false).generate_producers_section(false);
    let mut parsed = config
        .parse_file(module)
        .with_context(|| format!("{} is no WebAssembly module", module.display()))?;
    traps::instead_of_panics(&mut parsed);
    Ok(parsed)
}

/// Whether a module does without vector instructions.
pub(crate) fn is_plain(module: &[u8]) -> Result<bool> {
    let all = WasmFeatures::default();
    let validate = |features| Validator::new_with_features(features).validate_all(module);
    validate(all).context("it is no valid WebAssembly")?;
    let plain = all.difference(WasmFeatures::SIMD | WasmFeatures::RELAXED_SIMD);
    Ok(validate(plain).is_ok())
}

/// A module without its custom sections (names, tools), which no runtime reads. `None` if the bytes
/// are no module.
pub(crate) fn without_custom_sections(module: &[u8]) -> Option<Vec<u8>> {
    const HEAD: usize = 8;
    const CUSTOM: u8 = 0;
    let mut kept = module.get(..HEAD).filter(|head| head.starts_with(b"\0asm"))?.to_vec();
    let mut left = module.get(HEAD..)?;
    while let Some((&id, rest)) = left.split_first() {
        let (len, after) = leb128(rest)?;
        let prefix = left.len().checked_sub(after.len())?;
        let (section, next) = left.split_at_checked(prefix.checked_add(len)?)?;
        if id != CUSTOM {
            kept.extend_from_slice(section);
        }
        left = next;
    }
    Some(kept)
}

/// Reads a number of WebAssembly's binary format and gives what follows it.
fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let end = bytes.iter().take(5).position(|byte| byte & 0x80 == 0)?;
    let (number, rest) = bytes.split_at_checked(end.checked_add(1)?)?;
    let join = |sum: usize, byte: &u8| sum << 7 | usize::from(byte & 0x7f);
    Some((number.iter().rev().fold(0, join), rest))
}

/// `cargo xtask __runner`: what cargo calls with each test module built for the browser.
pub(crate) fn runner(args: Vec<OsString>) -> Result<()> {
    let name = OsString::from("wasm-bindgen-test-runner");
    run_cli_with_args(std::iter::once(name).chain(args))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vector_instructions_are_found() {
        // `i8x16.popcnt(i8x16.splat(0))`
        let simd = [
            0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65,
            0, 253, 15, 253, 98, 11,
        ];
        assert!(!is_plain(&simd).unwrap());
        assert!(is_plain(b"\0asm\x01\0\0\0").unwrap());
        assert!(is_plain(b"no module").is_err());
    }

    #[test]
    fn custom_sections_are_left_out() {
        let mut long = vec![0, 0x81, 0x01];
        long.extend([7; 129]);
        let head = b"\0asm\x01\0\0\0";
        let module = [head.as_slice(), &[0, 2, 1, b'n'], &[5, 3, 1, 0, 1], &long].concat();
        let code = [head.as_slice(), &[5, 3, 1, 0, 1]].concat();
        assert_eq!(without_custom_sections(&module), Some(code.clone()));
        assert_eq!(without_custom_sections(&code), Some(code.clone()));
        assert_eq!(without_custom_sections(&code[..code.len() - 1]), None);
        assert_eq!(without_custom_sections(b"no module"), None);
    }
}
