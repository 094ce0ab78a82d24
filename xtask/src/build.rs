//! `cargo xtask build`: the page, the npm package's module and the node.

use std::env::consts::EXE_SUFFIX;
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::tools::{self, Timer, WASM};
use crate::wasm::{self, Reader};
use crate::{modules, package, say, site};

/// The npm package, whose `dist/` is generated.
pub(crate) const PKG: &str = "pkg";
const UI_STATIC: &str = "web-ui/static";
/// The page's style sheet in parts. A later one has the last word, so their order counts.
const UI_STYLE: [&str; 11] = [
    "colours", "frame", "controls", "verdicts", "values", "home", "log", "widths", "drawings",
    "batch", "foot",
];

/// What to build.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Everything
    All,
    /// The auditor's page, into target/ui
    Ui,
    /// The modules of the npm package, into pkg/dist
    Pkg,
    /// The node, target/node/cairn
    Node,
    /// The site with the single-file verifier, into target/www; takes the npm package as it is
    Www,
}

/// The directory of the built page.
pub(crate) fn ui_dir() -> PathBuf {
    tools::target("ui")
}

/// The built node.
pub(crate) fn node_bin() -> PathBuf {
    tools::target(&format!("node/cairn{EXE_SUFFIX}"))
}

/// Builds one part and returns the files made.
type Make = fn() -> Result<Vec<PathBuf>>;

/// Builds the given part and prints the size of each file made.
pub(crate) fn build(part: Part) -> Result<()> {
    let steps: [(Part, &str, Make); 4] = [
        (Part::Pkg, "npm package", modules::build),
        (Part::Ui, "page", ui),
        (Part::Node, "node", node),
        (Part::Www, "site", site::build),
    ];
    let mut made = Vec::new();
    for (_, what, step) in steps.into_iter().filter(|(own, ..)| part == Part::All || part == *own) {
        let timer = Timer::start();
        made.extend(step().with_context(|| format!("building the {what}"))?);
        say::done(what, timer.elapsed());
    }
    for file in made {
        let bytes = fs::metadata(&file).with_context(|| file.display().to_string())?.len();
        say::line(&format!("{bytes:>12} bytes  {}", file.display()));
    }
    Ok(())
}

fn ui() -> Result<Vec<PathBuf>> {
    tools::ensure_target(WASM)?;
    let bin = "cairn-web-ui";
    // Leptos then keeps one type for all views, instead of one a view: a fifth of the bytes.
    let mut cargo = tools::cargo_wasm_with(&["--cfg", "erase_components"]);
    cargo.args(["build", "-p", bin, "--bin", bin]);
    tools::run(cargo.args(["--target", WASM, "--profile", "web"]))?;
    let out = ui_dir();
    remove_dir(&out)?;
    wasm::bindgen(&tools::target(&format!("{WASM}/web/{bin}.wasm")), "web_ui", &out, Reader::Page)?;
    package::squeeze(&out.join("web_ui.js"))?;
    copy_dir(Path::new(UI_STATIC), &out)?;
    fs::write(out.join("style.css"), ui_style()?).context("cannot write the page's style")?;
    files(&out)
}

fn ui_style() -> Result<String> {
    let part = |name: &&str| {
        let path = format!("web-ui/style/{name}.css");
        fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
    };
    UI_STYLE.iter().map(part).collect()
}

fn node() -> Result<Vec<PathBuf>> {
    let args = ["build", "-p", "cairn-node", "--bin", "cairn", "--profile", "node"];
    tools::run(tools::cargo().args(args))?;
    Ok(vec![node_bin()])
}

/// Removes a directory of generated files, so that nothing of an older build stays.
pub(crate) fn remove_dir(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", dir.display()))
        }
        _ => Ok(()),
    }
}

/// Copies every file below `from` to the same place below `to`.
pub(crate) fn copy_dir(from: &Path, to: &Path) -> Result<()> {
    for file in files(from)? {
        let target = to.join(file.strip_prefix(from)?);
        if let Some(dir) = target.parent() {
            fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        }
        fs::copy(&file, &target).with_context(|| format!("cannot copy {}", file.display()))?;
    }
    Ok(())
}

/// Every file below a directory, in order of name.
pub(crate) fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        let entries =
            fs::read_dir(&dir).with_context(|| format!("cannot read {}", dir.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
