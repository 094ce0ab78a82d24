//! The program, running, and requests to it.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use ureq::Agent;

/// The program, running.
pub(crate) struct Program {
    child: Child,
    pub(crate) url: String,
}

impl Drop for Program {
    /// SIGKILL: no handler, no destructor, no flush.
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

impl Program {
    /// Starts it; what it said if it ended instead.
    pub(crate) fn start(dir: &Path) -> Result<Self, String> {
        let told = tempfile::tempdir().unwrap();
        let (ready, said) = (told.path().join("ready.json"), told.path().join("said"));
        let child = Command::new(env!("CARGO_BIN_EXE_cairn"))
            // Small segments and sorted files, so that it hits the moments when one is closed too.
            .args(["start", "--segment-bytes", "30000", "--index-memory", "60000"])
            .args(["--listen", "127.0.0.1:0", "--block-time", "20", "--dir"])
            .arg(dir)
            .arg("--ready-file")
            .arg(&ready)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&said).unwrap())
            .spawn()
            .unwrap();
        let mut running = Self { child, url: String::new() };
        for _ in 0..1_200 {
            let bytes = std::fs::read(&ready).ok();
            if let Some(told) = bytes.and_then(|b| serde_json::from_slice::<Value>(&b).ok()) {
                told["url"].as_str().unwrap().clone_into(&mut running.url);
                return Ok(running);
            }
            if let Some(ended) = running.child.try_wait().unwrap() {
                let said = std::fs::read_to_string(&said).unwrap_or_default();
                return Err(format!("the node ended instead of starting: {ended}: {said}"));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err("the node was not ready within a minute".to_owned())
    }

    /// The status and the body of an answer.
    pub(crate) fn ask(
        &self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<(u16, Vec<u8>), String> {
        let mut get = agent().get(format!("{}{path}", self.url));
        for (name, value) in headers {
            get = get.header(*name, *value);
        }
        let mut answer = get.call().map_err(|error| format!("{path}: {error}"))?;
        let body = answer.body_mut().read_to_vec().map_err(|error| format!("{path}: {error}"))?;
        Ok((answer.status().as_u16(), body))
    }

    /// What stands under a path; anything but 200 is an error.
    pub(crate) fn get(&self, path: &str) -> Result<Vec<u8>, String> {
        match self.ask(path, &[])? {
            (200, body) => Ok(body),
            (status, body) => Err(format!("{path}: {status} {}", String::from_utf8_lossy(&body))),
        }
    }

    pub(crate) fn json(&self, path: &str) -> Result<Value, String> {
        serde_json::from_slice(&self.get(path)?).map_err(|error| format!("{path}: {error}"))
    }

    /// Submits a batch; the status and the body of the answer if it arrived whole.
    pub(crate) fn submit(url: &str, body: &Value) -> Result<(u16, String), String> {
        let post = agent().post(format!("{url}/v1/events"));
        let sent = post.header("content-type", "application/json").send(body.to_string());
        let mut answer = sent.map_err(|error| error.to_string())?;
        let text = answer.body_mut().read_to_string().map_err(|error| error.to_string())?;
        Ok((answer.status().as_u16(), text))
    }
}

/// Its connections are used again, by all threads.
fn agent() -> &'static Agent {
    static AGENT: LazyLock<Agent> = LazyLock::new(|| {
        let config = Agent::config_builder()
            .proxy(None)
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)));
        config.build().into()
    });
    &AGENT
}

/// Runs the program to its end: whether it succeeded, and what it said.
pub(crate) fn run(arguments: &[&str]) -> (bool, String) {
    let ran = Command::new(env!("CARGO_BIN_EXE_cairn")).args(arguments).output().unwrap();
    let said = [ran.stdout, ran.stderr].concat();
    (ran.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// `cairn check`; what it found if something is wrong.
pub(crate) fn check_offline(dir: &Path) -> Result<String, String> {
    match run(&["check", "--json", "--dir", dir.to_str().unwrap()]) {
        (true, told) => Ok(told),
        (false, told) => Err(format!("cairn check: {told}")),
    }
}
