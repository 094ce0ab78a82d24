//! Running other programs, finding them, and naming the ones that are missing.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, io};

use anyhow::{Context, Result, anyhow, bail};

use crate::say;

/// The target of the browser.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";
/// A target without an operating system: building for it shows that nothing needs `std`.
pub(crate) const BARE: &str = "thumbv7em-none-eabi";

/// Something this machine lacks; the text says how to get it.
/// A test step that ends with this *could not run*, which is not the same as having failed.
#[derive(Debug)]
pub(crate) struct Missing(pub(crate) String);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Missing {}

/// An error made of [`Missing`].
pub(crate) fn missing(what: impl Into<String>) -> anyhow::Error {
    anyhow!(Missing(what.into()))
}

/// Measures how long a step takes.
#[expect(clippy::disallowed_types, reason = "shown to people; no check depends on it")]
pub(crate) struct Timer {
    start: std::time::Instant,
}

impl Timer {
    #[expect(clippy::disallowed_types, reason = "shown to people; no check depends on it")]
    pub(crate) fn start() -> Self {
        Self { start: std::time::Instant::now() }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

/// Makes the repository's root the current directory, so every other path can be relative to it.
pub(crate) fn enter_root() -> Result<()> {
    let start = env::current_dir().context("cannot read the current directory")?;
    let root = start
        .ancestors()
        .find(|dir| dir.join("xtask/Cargo.toml").is_file())
        .context("no `xtask/Cargo.toml` here or above; run this inside the repository")?;
    env::set_current_dir(root).context("cannot enter the repository's root")
}

/// A path below cargo's target directory.
pub(crate) fn target(path: &str) -> PathBuf {
    env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from("target"), PathBuf::from)
        .join(path)
}

/// The cargo that runs us, without the variables it set for this package: build scripts that watch
/// them would otherwise run again each time.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// [`cargo`] with the flags of everything that runs in a browser.
pub(crate) fn cargo_wasm() -> Command {
    cargo_wasm_with(&[])
}

/// The same, with more flags.
///
/// No vector instructions: older runtimes refuse a module that has any, so each would have to come
/// twice, and measured, no signature is checked faster with them.
pub(crate) fn cargo_wasm_with(more: &[&str]) -> Command {
    let mut flags = vec![
        // SHA-512 here hashes a few hundred bytes a signature: measured, unrolling it costs 1,200
        // compressed bytes and saves no time.
        "--cfg".to_owned(),
        "sha2_backend_soft=\"compact\"".to_owned(),
    ];
    // No path of this machine in a module: the same source gives the same bytes elsewhere.
    for (dir, name) in [(env::current_dir().ok(), "cairn"), (cargo_home(), "cargo")] {
        flags.extend(dir.map(|dir| format!("--remap-path-prefix={}={name}", dir.display())));
    }
    flags.extend(more.iter().map(|&flag| flag.to_owned()));
    let mut command = cargo();
    // `RUSTFLAGS` would be ignored without a word; this form may hold spaces.
    command.env_remove("RUSTFLAGS").env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    command
}

/// Where cargo keeps the sources of other crates.
fn cargo_home() -> Option<PathBuf> {
    env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".cargo")))
}

/// Runs a command to its end on our own streams.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    say::command(&shown(command));
    let status = command.status().map_err(|error| not_started(command, error))?;
    if !status.success() {
        bail!("`{}` failed ({status})", shown(command));
    }
    Ok(())
}

/// Runs a command to its end and returns what it wrote to standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output =
        command.stderr(Stdio::inherit()).output().map_err(|error| not_started(command, error))?;
    if !output.status.success() {
        bail!("`{}` failed ({})", shown(command), output.status);
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("`{}` wrote something that is not UTF-8", shown(command)))
}

/// The error of a command that did not start.
pub(crate) fn not_started(command: &Command, error: io::Error) -> anyhow::Error {
    let program = command.get_program().to_string_lossy();
    if error.kind() == io::ErrorKind::NotFound {
        missing(format!("`{program}` is not there; install it or put it on PATH"))
    } else {
        anyhow!(error).context(format!("cannot start `{program}`"))
    }
}

/// A command as one would type it: the program's name without its directory, then its arguments.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    let words = std::iter::once(name).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

/// Finds a program: where the variable says, in `/usr/bin`, or on `PATH`.
pub(crate) fn find(variable: &str, name: &str) -> Option<PathBuf> {
    let named = env::var_os(variable).map(PathBuf::from);
    let usual = Path::new("/usr/bin").join(name);
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path).map(|dir| dir.join(name));
    named.into_iter().chain([usual]).chain(on_path).find(|file| file.is_file())
}

/// Installs the standard library of a target through rustup, unless it is there.
pub(crate) fn ensure_target(target: &str) -> Result<()> {
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let library = output(rustc.args(["--print", "target-libdir", "--target", target]))?;
    if Path::new(library.trim()).is_dir() {
        return Ok(());
    }
    run(Command::new("rustup").args(["target", "add", target])).map_err(|error| {
        missing(format!("Rust has no {target}; run `rustup target add {target}` ({error})"))
    })
}
