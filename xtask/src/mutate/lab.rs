//! A copy of the verifier that can be broken, built and tested.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, fs, thread};

use anyhow::{Context, Result, bail};

use super::SRC;
use super::sites::Mutant;
use crate::say;
use crate::tools::{self, Timer};

/// What the verifier's tests read, and what makes the copy a workspace.
const COPIED: [&str; 4] = ["verifier", "tests/vectors", "Cargo.lock", "rust-toolchain.toml"];
/// What tells cargo to build every test program.
const ALL: [&str; 2] = ["--lib", "--tests"];
/// Appended to the workspace's manifest. A mutant that overflows where ours cannot should panic.
const PROFILE: &str = "\n[profile.dev]\ndebug = false\nincremental = true\n";
/// In KiB: a mutant that allocates without end is killed by itself, not by the system.
const MEMORY: &str = "8000000";
/// A test that takes longer runs by itself, after the quick ones.
const SLOW: Duration = Duration::from_secs(1);
const POLL: Duration = Duration::from_millis(10);

/// How the tests took a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Tests of this name failed, or did not end.
    Killed { by: String },
    /// The compiler refused it.
    DoesNotBuild,
    /// Every test passed.
    Survived,
}

impl Outcome {
    /// For people.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Killed { by } => format!("killed by {by}"),
            Self::DoesNotBuild => "does not build".to_owned(),
            Self::Survived => "SURVIVED".to_owned(),
        }
    }
}

/// One copy, its build directory, and its tests, quickest first.
pub(crate) struct Lab {
    dir: PathBuf,
    build_jobs: usize,
    tests: Vec<Test>,
}

/// Some tests of one program.
struct Test {
    name: String,
    /// What tells cargo to build the program.
    target: Vec<String>,
    program: PathBuf,
    args: Vec<String>,
    took: Duration,
}

impl Lab {
    /// Copies the verifier, builds it, and sees that its tests pass and how long they take.
    pub(crate) fn set_up(number: u16, jobs: u16) -> Result<Self> {
        let dir = std::path::absolute(tools::target(&format!("mutate/{number}")))?;
        say::line(&format!("a copy to break: {}", dir.display()));
        copy_workspace(&dir)?;
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let build_jobs = cores.checked_div(usize::from(jobs)).unwrap_or(1).max(1);
        let mut lab = Self { dir, build_jobs, tests: Vec::new() };
        let Some(said) = lab.build(&ALL)? else {
            bail!("the verifier does not build; `cargo test -p cairn-verifier` says why");
        };
        for (name, program) in executables(&said) {
            let tests = lab.measured(&name, &lab.dir.join(program))?;
            lab.tests.extend(tests);
        }
        lab.tests.sort_by_key(|test| test.took);
        if lab.tests.is_empty() {
            bail!("cargo named no test program");
        }
        Ok(lab)
    }

    /// The quick tests of a program together, then each slow one; all must pass.
    fn measured(&self, name: &str, program: &Path) -> Result<Vec<Test>> {
        let target = target_of(name);
        let timed = |name: &str, args: Vec<String>| {
            let timer = Timer::start();
            if !self.passes(program, &args, Duration::MAX)? {
                bail!("{name} fails without a mutant");
            }
            let (name, program, took) = (name.to_owned(), program.to_owned(), timer.elapsed());
            Ok(Test { name, target: target.clone(), program, args, took })
        };
        let mut command = Command::new(program);
        let list = tools::output(command.args(["--list", "--format", "terse"]))?;
        let mut tests = Vec::new();
        let mut quick = vec!["--exact".to_owned()];
        for name in list.lines().filter_map(|line| line.strip_suffix(": test")) {
            let test = timed(name, vec!["--exact".to_owned(), name.to_owned()])?;
            if test.took > SLOW {
                quick.extend(["--skip".to_owned(), name.to_owned()]);
                tests.push(test);
            }
        }
        tests.push(timed(name, quick)?);
        Ok(tests)
    }

    /// Breaks the copy, tries it, and mends it again. What killed the mutant before is built and
    /// run before the rest, as it often kills the next one too.
    pub(crate) fn try_one(&self, mutant: &Mutant, killer: Option<&str>) -> Result<Outcome> {
        let path = self.dir.join(SRC).join(&mutant.file);
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let broken = mutant.apply(&text).context("a mutant is not of this text")?;
        fs::write(&path, broken)?;
        let outcome = self.outcome(killer);
        fs::write(&path, text)?;
        outcome
    }

    fn outcome(&self, killer: Option<&str>) -> Result<Outcome> {
        if let Some(test) = self.tests.iter().find(|test| Some(test.name.as_str()) == killer) {
            let outcome = self.verdict(&test.target, std::slice::from_ref(test))?;
            if outcome != Outcome::Survived {
                return Ok(outcome);
            }
        }
        self.verdict(&ALL, &self.tests)
    }

    fn verdict(&self, targets: &[impl AsRef<OsStr>], tests: &[Test]) -> Result<Outcome> {
        if self.build(targets)?.is_none() {
            return Ok(Outcome::DoesNotBuild);
        }
        for test in tests {
            let patience = test.took.saturating_mul(5).saturating_add(Duration::from_secs(5));
            if !self.passes(&test.program, &test.args, patience)? {
                return Ok(Outcome::Killed { by: test.name.clone() });
            }
        }
        Ok(Outcome::Survived)
    }

    /// What cargo said, or `None` if the copy does not build.
    fn build(&self, targets: &[impl AsRef<OsStr>]) -> Result<Option<String>> {
        let mut cargo = tools::cargo();
        cargo
            .args(["test", "--offline", "--no-run", "--color", "never"])
            .args(targets)
            .args(["-p", "cairn-verifier", "--jobs", &self.build_jobs.to_string()])
            .current_dir(&self.dir)
            .env("CARGO_TARGET_DIR", self.dir.join("target"));
        let output = cargo.output().map_err(|error| tools::not_started(&cargo, error))?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok(output.status.success().then_some(said))
    }

    fn passes(&self, program: &Path, args: &[String], patience: Duration) -> Result<bool> {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &format!("ulimit -v {MEMORY}; exec \"$0\" \"$@\"")])
            .arg(program)
            .args(args)
            .current_dir(self.dir.join("verifier"))
            .env("RUST_BACKTRACE", "0")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = shell.spawn().map_err(|error| tools::not_started(&shell, error))?;
        let timer = Timer::start();
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(status.success());
            }
            if timer.elapsed() > patience {
                child.kill()?;
                child.wait()?;
                return Ok(false);
            }
            thread::sleep(POLL);
        }
    }
}

/// A workspace of one member with everything else as it is.
fn copy_workspace(to: &Path) -> Result<()> {
    let root = env::current_dir()?;
    for name in COPIED {
        let target = to.join(name);
        if target.is_dir() {
            fs::remove_dir_all(&target)?;
        }
        copy(&root.join(name), &target)
            .with_context(|| format!("cannot copy {name} to {}", to.display()))?;
    }
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    let manifest = with_one_member(&manifest).context("no list of members in Cargo.toml")?;
    fs::write(to.join("Cargo.toml"), manifest)?;
    Ok(())
}

fn with_one_member(manifest: &str) -> Option<String> {
    let (before, rest) = manifest.split_once("members = [")?;
    let (_, after) = rest.split_once("\n]")?;
    Some([before, "members = [\"verifier\"]", after, PROFILE].concat())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::copy(from, to)?;
        return Ok(());
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Names and paths of the test programs, as `cargo test --no-run` says them:
/// `Executable tests/spec.rs (target/debug/deps/spec-0123456789abcdef)`.
fn executables(said: &str) -> Vec<(String, PathBuf)> {
    let lines = said.lines().filter_map(|line| line.trim().strip_prefix("Executable "));
    let parts = lines.filter_map(|line| line.strip_suffix(')')?.rsplit_once(" ("));
    parts.map(|(name, path)| (name.to_owned(), PathBuf::from(path))).collect()
}

/// What tells cargo to build the one program that it calls so.
fn target_of(name: &str) -> Vec<String> {
    let test = name.strip_prefix("tests/").map(|path| path.trim_end_matches("/main.rs"));
    match test.and_then(|path| path.split('.').next()) {
        Some(test) => vec!["--test".to_owned(), test.to_owned()],
        None => vec!["--lib".to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_has_one_member() {
        let manifest = "[workspace]\nmembers = [\n  \"a\", # [x]\n  \"b\",\n]\n\n[lints]\n";
        let want = format!("[workspace]\nmembers = [\"verifier\"]\n\n[lints]\n{PROFILE}");
        assert_eq!(with_one_member(manifest), Some(want));
    }

    #[test]
    fn cargos_words_name_the_tests() {
        let said =
            "    Finished `test`\n  Executable unittests src/lib.rs (target/debug/deps/c-1)\n";
        let want = [("unittests src/lib.rs".to_owned(), PathBuf::from("target/debug/deps/c-1"))];
        assert_eq!(executables(said), want);
        assert_eq!(target_of("unittests src/lib.rs"), ["--lib"]);
        assert_eq!(target_of("tests/spec.rs"), ["--test", "spec"]);
        assert_eq!(target_of("tests/oracles/main.rs"), ["--test", "oracles"]);
    }
}
