//! Runs the program: commands to their end, nodes until they are dropped.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// A folder for one test, and the program run in it.
pub(crate) struct Folder(TempDir);

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A command that was not waited for; dropping it kills it.
pub(crate) struct Background(Option<Child>);

/// A running node or demo; dropping it kills it.
pub(crate) struct Running {
    child: Child,
    pub(crate) ready: Value,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cairn"));
        command.args(arguments).current_dir(self.0.path()).stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, &[])
    }

    /// The same, with variables of the environment.
    pub(crate) fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
        let mut command = self.command(arguments);
        Ran::of(command.envs(environment.iter().copied()).output().unwrap())
    }

    /// Starts a command that runs until it is sent a signal.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Background {
        let mut command = self.command(arguments);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        Background(Some(child))
    }

    /// Runs what must succeed, and gives its JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let ran = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
        serde_json::from_str(&ran.out).unwrap()
    }

    /// Runs what must fail in this way.
    pub(crate) fn fails(&self, arguments: &[&str], code: i32) -> Ran {
        let ran = self.run(arguments);
        assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
        ran
    }

    /// Starts a command that runs until it is stopped, and waits for its ready file.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        self.start_with(arguments, &[])
    }

    /// The same, with variables of the environment. What it logs goes to `node.log`.
    pub(crate) fn start_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Running {
        let file = self.path("ready.json");
        let more = ["--listen", "127.0.0.1:0", "--ready-file", "ready.json"];
        let log = File::options().create(true).append(true).open(self.path("node.log")).unwrap();
        let mut child = self
            .command(&[arguments, &more].concat())
            .envs(environment.iter().copied())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        for _ in 0..1_200 {
            if let Ok(text) = std::fs::read_to_string(&file) {
                std::fs::remove_file(&file).unwrap();
                return Running { child, ready: serde_json::from_str(&text).unwrap() };
            }
            if let Some(status) = child.try_wait().unwrap() {
                panic!("{arguments:?} ended: {status}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{arguments:?} was not ready within a minute");
    }

    /// Makes a log with a member `ann` and starts its node.
    pub(crate) fn node(&self) -> Running {
        self.json(&["keygen", "--out", "ann.key"]);
        self.json(&["keygen", "--out", "eve.key"]);
        self.json(&["init", "--dir", "data", "--member", "ann=ann.key.pub"]);
        self.start(&["start", "--dir", "data", "--block-time", "20"])
    }
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// What it said in JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap()
    }
}

impl Background {
    /// Sends a signal, `-TERM` or `-INT`, and waits for the end.
    pub(crate) fn signal(mut self, signal: &str) -> Ran {
        let child = self.0.take().unwrap();
        let pid = child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        Ran::of(child.wait_with_output().unwrap())
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            // It may have ended already.
            let _ended = child.kill();
            let _status = child.wait();
        }
    }
}

impl Running {
    pub(crate) fn text(&self, name: &str) -> &str {
        self.ready[name].as_str().unwrap()
    }

    pub(crate) fn url(&self) -> &str {
        self.text("url")
    }

    pub(crate) fn anchor(&self) -> &str {
        self.text("anchor")
    }

    /// Sends a signal, for example `-HUP`.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// Asks it to stop, and gives its exit code.
    pub(crate) fn stop(mut self) -> i32 {
        self.signal("-TERM");
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// 1,000 commits of a public history.
pub(crate) fn thousand() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/cloudevents-1000.jsonl")
}

/// A file with what another system might have logged.
pub(crate) fn logged(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/import");
    format!("{folder}/{name}")
}
