//! Requests that the OpenAPI document allows and forbids, made up by schemathesis and sent to a
//! node with a log in it: what comes back must be what the document says.

use std::fs;
use std::path::{PathBuf, absolute};
use std::process::Command;

use anyhow::{Context, Result};

use crate::demo::{self, Demo};
use crate::tools::{self, missing};

/// What is checked and how, and which version of the program.
const CONFIG: &str = "tests/schemathesis/schemathesis.toml";
const HOOKS: &str = "tests/schemathesis/hooks.py";
const REQUIREMENTS: &str = "tests/schemathesis/requirements.txt";

/// Installs schemathesis into an environment of its own, unless it is as its requirements say.
pub(crate) fn ensure() -> Result<()> {
    let wanted = fs::read(REQUIREMENTS).with_context(|| REQUIREMENTS.to_owned())?;
    let installed = dir().join("installed.txt");
    if program().is_file() && fs::read(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let python = tools::find("PYTHON", "python3")
        .ok_or_else(|| missing("`python3` is not there; install it, with its venv module"))?;
    tools::run(Command::new(python).args(["-m", "venv"]).arg(dir())).map_err(|error| {
        missing(format!("Python makes no environment: install `python3-venv` ({error})"))
    })?;
    let mut pip = Command::new(dir().join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS]);
    tools::run(&mut pip)
        .map_err(|error| missing(format!("schemathesis cannot be installed ({error})")))?;
    fs::write(&installed, wanted).with_context(|| installed.display().to_string())
}

/// Runs it twice: as a client that says nothing of forms, and as one that wants JSON.
pub(crate) fn step() -> Result<()> {
    ensure()?;
    let demo = Demo {
        from: Some("tests/data/cloudevents-1000.jsonl".into()),
        headless: true,
        dir: Some(tools::target("schemathesis-log")),
        listen: None,
        no_build: true,
    };
    let (_node, url) = demo::serving(&demo)?;
    let document = format!("{url}/v1/openapi.json");
    for accept in ["*/*", "application/json"] {
        let mut test = Command::new(absolute(program())?);
        test.arg("--config-file").arg(absolute(CONFIG)?);
        test.args(["run", &document, "-H", &format!("Accept: {accept}")]);
        // It leaves what it remembers of a run in the directory where it runs.
        test.env("SCHEMATHESIS_HOOKS", absolute(HOOKS)?).current_dir(dir());
        tools::run(&mut test)?;
    }
    Ok(())
}

fn dir() -> PathBuf {
    tools::target("schemathesis")
}

fn program() -> PathBuf {
    dir().join("bin/schemathesis")
}
