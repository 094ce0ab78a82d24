//! The steps of `cargo xtask test`, in the order in which they run.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::path::absolute;

use anyhow::{Context, Result, bail};

use crate::build::{self, Part};
use crate::demo::{self, Demo};
use crate::tools::{self, BARE, Missing, WASM, cargo, cargo_wasm, missing, run};
use crate::{
    apt, browser, ceph, fuzz, kill9, npm, package, postgres, say, schemathesis, sim, site, size,
};

/// One step.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// It looks at what the `build` step made.
    pub(crate) needs_build: bool,
    pub(crate) run: fn() -> Result<()>,
}

const fn step(name: &'static str, about: &'static str, run: fn() -> Result<()>) -> Step {
    Step { name, about, needs_build: false, run }
}

const fn after_build(name: &'static str, about: &'static str, run: fn() -> Result<()>) -> Step {
    Step { name, about, needs_build: true, run }
}

pub(crate) const STEPS: [Step; 18] = [
    step(
        "setup",
        "targets, browser, FUSE, stores, npm and Python packages that the other steps need",
        setup,
    ),
    step("fmt", "formatting", fmt),
    step("clippy", "lints on this machine", clippy),
    step("clippy-wasm", "lints for the browser", clippy_wasm),
    step("no-std", "the verifier without std or an allocator", no_std),
    step("native", "tests and doctests on this machine", native),
    step("sim", "many validators with faults and villains; each defence left out once", sim::step),
    step("fuzz", "decoders and checks on bent bytes, a second or two each", fuzz::step),
    step("wasm", "the verifier and the light client in a browser", wasm),
    step("build", "page, npm package and node", || build::build(Part::All)),
    after_build("size", "what a browser loads, against its ceilings", size::size),
    after_build("npm", "the npm package in Node.js", npm_package),
    after_build("runtimes", "the packed npm package in each runtime and bundler", package::step),
    after_build("demo", "the demo, checked by a script", headless_demo),
    after_build("e2e", "page, node and browser together", e2e),
    after_build(
        "schemathesis",
        "the node's answers against its OpenAPI document",
        schemathesis::step,
    ),
    step("s3", "publishing and replicas against Ceph, the head in PostgreSQL", s3),
    step("deps", "one version of each cryptographic crate; licences and advisories", deps),
];

/// Tries everything before it reports what is missing, so one run tells all.
fn setup() -> Result<()> {
    let parts = [
        tools::ensure_target(WASM),
        tools::ensure_target(BARE),
        browser::ensure(),
        npm::node().and_then(|_| npm::ensure_packages()),
        schemathesis::ensure(),
    ];
    // Where these cannot be had, what needs them says that it did not run.
    for optional in
        [kill9::ensure_mount(), ceph::ensure(), postgres::ensure(), browser::ensure_firefox()]
    {
        match optional {
            Err(error) if error.is::<Missing>() => say::not_run(&error.to_string()),
            other => other?,
        }
    }
    let mut lacks = Vec::new();
    for error in parts.into_iter().filter_map(Result::err) {
        if !error.is::<Missing>() {
            return Err(error);
        }
        lacks.push(error.to_string());
    }
    if lacks.is_empty() { Ok(()) } else { Err(missing(lacks.join("; "))) }
}

fn fmt() -> Result<()> {
    run(cargo().args(["fmt", "--all", "--check"]))?;
    run(cargo().args(["fmt", "--check", "--manifest-path", fuzz::MANIFEST]))
}

/// We are checked apart here and in `native`, in the profile we are already built in: another would
/// compile the tools below us again.
fn clippy() -> Result<()> {
    let others: &[&str] = &["--workspace", "--exclude", "xtask"];
    for part in [others, &["-p", "xtask", "--profile", "xtask"]] {
        let rest = ["--all-targets", "--", "-D", "warnings"];
        run(cargo().arg("clippy").args(part).args(rest))?;
    }
    let mut fuzz = cargo();
    fuzz.args(["clippy", "--locked", "--manifest-path", fuzz::MANIFEST, "--target-dir"]);
    run(fuzz.arg(tools::target("fuzz")).args(["--", "-D", "warnings"]))
}

/// The tests of the first three are for this machine, as are the crates they need.
fn clippy_wasm() -> Result<()> {
    let parts: [&[&str]; 6] = [
        &["-p", "cairn-verifier"],
        // By itself: beside the verifier's default features it would need an allocator.
        &["-p", "cairn-verifier-wasm"],
        &["-p", "cairn-light-client", "-p", "cairn-web-ui"],
        &["-p", "cairn-tests-wasm", "--all-targets"],
        &["-p", "cairn-bench-wasm"],
        &["-p", "cairn-single-file"],
    ];
    for part in parts {
        let target = ["clippy", "--target", WASM];
        run(cargo_wasm().args(target).args(part).args(["--", "-D", "warnings"]))?;
    }
    Ok(())
}

/// It links the verifier for a machine that has neither `std` nor an allocator.
fn no_std() -> Result<()> {
    run(cargo().args(["build", "-p", "cairn-tests-bare", "--target", BARE]))
}

fn native() -> Result<()> {
    let others = ["--workspace", "--exclude", "cairn-tests-wasm", "--exclude", "xtask"];
    // The tests of lost power need a device that not every machine has, and those that pull cables
    // need root; they say so.
    if apt::is_root() && tools::find("IP", "ip").is_none() {
        apt::install(&["iproute2"], "tests that pull cables need `ip` (Debian: iproute2)")?;
    }
    run(cargo().arg("test").args(others).env_remove("CAIRN_REQUIRE"))?;
    run(cargo().args(["test", "-p", "xtask", "--profile", "xtask"]))
}

fn wasm() -> Result<()> {
    let driver = browser::chromedriver()?;
    browser::chromium()?;
    let xtask = env::current_exe().context("cannot find our own program")?;
    // A list, so that the path may hold spaces. No `-q`: the runner would not know it.
    let runner = format!("target.{WASM}.runner=['{}', '__runner']", xtask.display());
    let mut test = cargo_wasm();
    test.args(["test", "-p", "cairn-tests-wasm", "--tests", "--target", WASM]);
    test.arg("--config").arg(runner).env("CHROMEDRIVER", driver);
    // The runner's own limits, 20 and 5 seconds, are for machines with time to spare.
    for (name, seconds) in
        [("WASM_BINDGEN_TEST_TIMEOUT", "300"), ("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60")]
    {
        if env::var_os(name).is_none() {
            test.env(name, seconds);
        }
    }
    run(&mut test)
}

fn npm_package() -> Result<()> {
    run(&mut npm::test("pkg/test")?)
}

/// From a file, because the history of a fresh checkout may be short.
fn headless_demo() -> Result<()> {
    let demo = Demo {
        from: Some("tests/data/cloudevents-1000.jsonl".into()),
        headless: true,
        dir: Some(tools::target("demo-test")),
        listen: None,
        no_build: true,
    };
    demo::demo(&demo).map(drop)
}

fn e2e() -> Result<()> {
    npm::ensure_packages()?;
    let mut test = npm::test(npm::E2E)?;
    test.env("CAIRN_BIN", absolute(build::node_bin())?)
        .env("CAIRN_UI", absolute(build::ui_dir())?)
        .env("CAIRN_PKG", absolute(build::PKG)?)
        .env("CAIRN_WWW", absolute(site::dir())?)
        .env("CHROMIUM", browser::chromium()?);
    if let Some(firefox) = browser::firefox() {
        test.env("FIREFOX", firefox);
    }
    run(&mut test)
}

/// The tests that `native` runs on a directory, on a distributed store; they take the same turns.
fn s3() -> Result<()> {
    if let Err(error) = ceph::ensure().and_then(|()| postgres::ensure()) {
        if !error.is::<Missing>() {
            return Err(error);
        }
        say::not_run(&error.to_string());
        return Ok(());
    }
    let store = ceph::start()?;
    let database = postgres::start()?;
    let mut test = cargo();
    test.args(["test", "-p", "cairn-node", "--test", "outside"]);
    test.envs(store.environment()).env("CAIRN_TEST_POSTGRES", database.url());
    let tested = run(&mut test);
    drop(database);
    ceph::stop()?;
    tested
}

/// Two versions of one of these in the light client would be twice the code to trust and to send.
const CRYPTO: &str = "\
    blake3 sha2 sha3 keccak digest ed25519-dalek curve25519-dalek x25519-dalek ml-dsa ml-kem \
    x-wing hpke hkdf hmac chacha20 chacha20poly1305 poly1305 aead cipher signature rand_core \
    subtle zeroize";

fn deps() -> Result<()> {
    let args = ["tree", "-d", "-p", "cairn-light-client", "--target", WASM, "-e", "normal"];
    let tree = tools::output(cargo().args(args).args(["--depth", "0", "--prefix", "none"]))?;
    let twice = crypto_in_two_versions(&tree);
    if !twice.is_empty() {
        bail!("the light client has two versions of: {}", twice.join(", "));
    }
    if tools::find("CARGO_DENY", "cargo-deny").is_none() {
        say::not_run("cargo deny, which is optional: `cargo install cargo-deny --locked`");
        return Ok(());
    }
    run(cargo().args(["deny", "check"]))
}

/// Reads lines of `name vVERSION …`; the same version may come more than once.
fn crypto_in_two_versions(tree: &str) -> Vec<String> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, rest) in tree.lines().filter_map(|line| line.split_once(' ')) {
        let version = rest.split(' ').next().unwrap_or_default();
        versions.entry(name).or_default().insert(version);
    }
    versions.retain(|name, versions| versions.len() > 1 && CRYPTO.split(' ').any(|c| c == *name));
    let shown = |(name, versions): (&str, BTreeSet<&str>)| {
        format!("{name} ({})", versions.into_iter().collect::<Vec<_>>().join(", "))
    };
    versions.into_iter().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_two_versions_of_crypto_count() {
        let tree = "sha2 v0.10.9\n\nsha2 v0.11.1 (*)\nsyn v2.0.0\nsyn v3.0.0\n\
                    subtle v2.6.1\nsubtle v2.6.1 (*)\n";
        assert_eq!(crypto_in_two_versions(tree), ["sha2 (v0.10.9, v0.11.1)"]);
    }
}
