//! `cargo xtask demo`: a node with a log to look at, for a person or for a script.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;
use std::{fs, thread};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::build::{self, Part};
use crate::tools::{self, Timer};
use crate::{browser, npm, say};

/// A directory that holds this file was made by the demo and may be wiped by it.
const MARKER: &str = "cairn-demo";
const SCRIPT: &str = "tests/e2e/headless.mjs";
const PATIENCE: Duration = Duration::from_secs(180);

#[derive(Args)]
pub(crate) struct Demo {
    /// Log these events instead of the built-in ones: one JSON object per line
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,
    /// Let a script check the page in a browser instead of waiting for you
    #[arg(long)]
    pub(crate) headless: bool,
    /// The node's data, made anew each time [default: target/demo]
    #[arg(long)]
    pub(crate) dir: Option<PathBuf>,
    /// Where the node listens [default: 127.0.0.1:8080, or any free port with --headless]
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<String>,
    /// Use what is already built
    #[arg(long)]
    pub(crate) no_build: bool,
}

impl Demo {
    /// Makes the paths independent of the directory we were started in.
    pub(crate) fn absolute(mut self) -> Result<Self> {
        for path in [&mut self.from, &mut self.dir].into_iter().flatten() {
            *path = std::path::absolute(&*path).context("cannot read the current directory")?;
        }
        Ok(self)
    }

    fn dir(&self) -> PathBuf {
        self.dir.clone().unwrap_or_else(|| tools::target("demo"))
    }

    /// The command that starts the node.
    fn node(&self, default_listen: &str) -> Command {
        let mut node = Command::new(build::node_bin());
        node.arg("demo").arg("--ui").arg(build::ui_dir()).args(["--pkg", build::PKG]);
        node.arg("--dir").arg(self.dir());
        if let Some(from) = &self.from {
            node.arg("--from").arg(from);
        }
        node.args(["--listen", self.listen.as_deref().unwrap_or(default_listen)]);
        node
    }
}

/// Builds and runs the demo; the exit code is the node's or the script's.
pub(crate) fn demo(demo: &Demo) -> Result<ExitCode> {
    if let Some(file) = demo.from.as_deref().filter(|file| !file.is_file()) {
        bail!("--from: there is no file {}", file.display());
    }
    make_anew(&demo.dir())?;
    if !demo.no_build {
        build::build(Part::All)?;
    }
    if !build::node_bin().is_file() {
        bail!("{} is not built; leave out --no-build", build::node_bin().display());
    }
    if demo.headless { headless(demo).map(|()| ExitCode::SUCCESS) } else { foreground(demo) }
}

fn foreground(demo: &Demo) -> Result<ExitCode> {
    let mut node = demo.node("127.0.0.1:8080");
    let status = node.status().map_err(|error| tools::not_started(&node, error))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Starts the node on a free port, waits until it serves, and runs the script against it.
fn headless(demo: &Demo) -> Result<()> {
    let mut script = npm::node()?;
    npm::ensure_packages()?;
    let chromium = browser::chromium()?;
    let (_node, ready) = background(demo)?;
    tools::run(script.arg(SCRIPT).arg(&ready).env("CHROMIUM", chromium))
}

/// A node on a free port with the demo's log, until it is dropped; and its URL.
pub(crate) fn serving(demo: &Demo) -> Result<(Running, String)> {
    make_anew(&demo.dir())?;
    let (node, ready) = background(demo)?;
    let text = fs::read_to_string(&ready).with_context(|| ready.display().to_string())?;
    let ready: serde_json::Value = serde_json::from_str(&text).context("the ready file")?;
    let url = ready.get("url").and_then(|url| url.as_str());
    let url = url.context("the ready file has no url")?;
    Ok((node, url.to_owned()))
}

/// Starts the node and waits until it serves.
fn background(demo: &Demo) -> Result<(Running, PathBuf)> {
    let ready = ready_file(&demo.dir());
    if ready.exists() {
        fs::remove_file(&ready).with_context(|| format!("cannot remove {}", ready.display()))?;
    }
    let mut node = demo.node("127.0.0.1:0");
    node.arg("--ready-file").arg(&ready);
    let mut node = Running::start(node)?;
    let timer = Timer::start();
    node.wait_for(&ready)?;
    say::done("the node serves", timer.elapsed());
    Ok((node, ready))
}

/// Where the node says that it serves: beside its directory, which is its own.
fn ready_file(dir: &Path) -> PathBuf {
    let mut name = dir.file_name().unwrap_or_default().to_owned();
    name.push(".ready.json");
    dir.with_file_name(name)
}

/// A node in the background, ended when this is dropped. Ctrl-C reaches it without our help.
pub(crate) struct Running(Child);

impl Running {
    fn start(mut node: Command) -> Result<Self> {
        node.stdin(Stdio::null())
            .spawn()
            .map(Self)
            .map_err(|error| tools::not_started(&node, error))
    }

    /// Waits for a file that the node writes in one step when it serves.
    fn wait_for(&mut self, ready: &Path) -> Result<()> {
        let timer = Timer::start();
        while !ready.is_file() {
            if let Some(status) = self.0.try_wait().context("cannot ask after the node")? {
                bail!("the node ended before it served ({status}); its own words are above");
            }
            if timer.elapsed() > PATIENCE {
                bail!("the node did not serve within {} s", PATIENCE.as_secs());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both only fail when the node has already ended.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Makes an empty directory, wiping an older demo but nothing else.
fn make_anew(dir: &Path) -> Result<()> {
    if dir.join(MARKER).is_file() {
        fs::remove_dir_all(dir).with_context(|| format!("cannot wipe {}", dir.display()))?;
    }
    if dir.exists() {
        bail!(
            "{} exists and was not made by this demo (it has no file `{MARKER}`); \
             remove it yourself or choose another --dir",
            dir.display()
        );
    }
    fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    fs::write(dir.join(MARKER), "Made by `cargo xtask demo`, which wipes this directory.\n")
        .with_context(|| format!("cannot write into {}", dir.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_older_demo_is_wiped() {
        let base = std::env::temp_dir().join(format!("cairn-demo-test-{}", std::process::id()));
        let dir = base.join("demo");
        make_anew(&dir).unwrap();
        fs::write(dir.join("old"), "").unwrap();
        make_anew(&dir).unwrap();
        assert!(dir.join(MARKER).is_file() && !dir.join("old").exists());

        fs::remove_file(dir.join(MARKER)).unwrap();
        fs::write(dir.join("precious"), "").unwrap();
        assert!(make_anew(&dir).unwrap_err().to_string().contains("choose another --dir"));
        assert!(dir.join("precious").is_file());
        fs::remove_dir_all(base).unwrap();
    }

    #[test]
    fn ready_file_is_beside_the_directory() {
        assert_eq!(ready_file(Path::new("target/demo")), Path::new("target/demo.ready.json"));
    }
}
