//! `cargo xtask build www`: the static site, and in it the verifier that is one HTML file.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest as _, Sha256};

use crate::tools::{self, WASM};
use crate::wasm::{self, Reader};
use crate::{build, package, say};

const SOURCE: &str = "www";
const PAGE: &str = "www/verify";
const CRATE: &str = "cairn-single-file";
/// The single file's bytes, as the design demands: it is sent by mail and kept beside receipts.
const LIMIT: usize = 150_000;

/// Where the site is built.
pub(crate) fn dir() -> PathBuf {
    tools::target("www")
}

/// Builds the site. The npm package goes in as it is built, because the example page imports it.
pub(crate) fn build() -> Result<Vec<PathBuf>> {
    let out = dir();
    build::remove_dir(&out)?;
    for entry in fs::read_dir(SOURCE).with_context(|| format!("cannot read {SOURCE}"))? {
        let path = entry?.path();
        let target = out.join(path.file_name().unwrap_or_default());
        if path == Path::new(PAGE) {
            continue;
        }
        if path.is_dir() {
            build::copy_dir(&path, &target)?;
        } else {
            fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
            fs::copy(&path, &target).with_context(|| format!("cannot copy {}", path.display()))?;
        }
    }
    package::copy_to(&out.join("cairn-light-client"))?;
    let page = single_file()?;
    let target = out.join("verify.html");
    fs::write(&target, &page).with_context(|| format!("cannot write {}", target.display()))?;
    say::line(&format!(
        "              {}  {}",
        package::integrity(page.as_bytes()),
        target.display()
    ));
    if page.len() > LIMIT {
        bail!("{} has {} bytes of {LIMIT}", target.display(), page.len());
    }
    Ok(vec![target])
}

fn single_file() -> Result<String> {
    let (glue, module) = verifier()?;
    let unpack = fs::read_to_string("pkg/unpack.js").context("pkg/unpack.js")?;
    let script = format!(
        "\"use strict\";\n{}\n{}\nconst MODULE = \"{}\";\n{}",
        package::squeezed(&glue),
        package::squeezed(&unpack.replace("export function", "function")),
        package::deflated(&module)?,
        package::squeezed(&source("page.js")?)
    );
    let style = package::squeezed(&source("page.css")?);
    let page = package::squeezed(&source("page.html")?)
        .replace("{{policy}}", &policy(&script, &style))
        .replace("{{version}}", env!("CARGO_PKG_VERSION"))
        .replace("{{digest}}", &package::integrity(&module))
        .replace("{{style}}", &style);
    // Last, so that nothing in it is taken for one of the above.
    Ok(page.replacen("{{script}}", &script, 1))
}

/// The bindings, as a script, and the module: small before fast, and for every browser.
fn verifier() -> Result<(String, Vec<u8>)> {
    tools::ensure_target(WASM)?;
    let mut cargo = tools::cargo_wasm();
    cargo.args(["build", "-p", CRATE, "--lib", "--target", WASM, "--profile", "web"]);
    tools::run(&mut cargo)?;
    let module = tools::target(&format!("{WASM}/web/{}.wasm", CRATE.replace('-', "_")));
    let out = tools::target("single-file");
    build::remove_dir(&out)?;
    wasm::bindgen(&module, "verify", &out, Reader::File)?;
    let read = |name: &str| fs::read(out.join(name)).with_context(|| name.to_owned());
    let glue = String::from_utf8(read("verify.js")?).context("verify.js is not UTF-8")?;
    Ok((glue, read("verify_bg.wasm")?))
}

fn source(name: &str) -> Result<String> {
    let path = Path::new(PAGE).join(name);
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let end = [("page.js", "</script"), ("page.css", "</style")];
    if end.iter().any(|(own, end)| *own == name && text.contains(end)) {
        bail!("{} would end the element that it goes into", path.display());
    }
    Ok(text)
}

/// Nothing but the one script and the one style, and no request to anyone.
fn policy(script: &str, style: &str) -> String {
    let digest = |text: &str| BASE64.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; script-src 'sha256-{}' 'wasm-unsafe-eval'; style-src 'sha256-{}'; \
         img-src data:; base-uri 'none'; form-action 'none'",
        digest(script),
        digest(style)
    )
}
