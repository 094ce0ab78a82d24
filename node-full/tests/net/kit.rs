//! A network of processes, and what is asked of it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use cairn_node::init::InitOptions;
pub(crate) use cairn_node::testnet::Plan;
use cairn_node::testnet::{self, Place, Process, Testnet};
use cairn_verifier::finality::Suite;
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::Agent;

use crate::proxy::Proxies;
use crate::wires::Wires;

/// Longer than anything takes, on a machine that does much else.
const LIMIT: Duration = Duration::from_secs(120);
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_cairn");

/// The newest block of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) height: u64,
    pub(crate) digest: String,
    pub(crate) size: u64,
}

/// Processes of one log; `None` is down.
pub(crate) struct Net {
    pub(crate) made: Testnet,
    nodes: Vec<Option<Process>>,
    proxies: Option<Proxies>,
    wires: Option<Wires>,
    _dir: TempDir,
}

/// Equal weights, suite 2, and blocks as soon as there is something for one.
pub(crate) fn plan(validators: usize) -> Plan {
    Plan {
        weights: vec![1; validators],
        suite: Suite::MlDsa44Ed25519,
        options: InitOptions::default(),
        settings: "block-time = 20\nlog = \"warn\"".to_owned(),
        validator: String::new(),
    }
}

impl Net {
    pub(crate) fn start(plan: &Plan) -> Self {
        let mut net = Self::down(plan);
        net.run_all();
        net
    }

    /// The same, and whoever dials another node reaches it by a proxy that can be cut.
    pub(crate) fn between_proxies(plan: &Plan) -> Self {
        let mut net = Self::down(plan);
        net.proxies = Some(Proxies::between(&net.made));
        net.run_all();
        net
    }

    /// The same with a network namespace for each node. `None`, with the reason said, where that
    /// cannot be: only root may make them.
    pub(crate) fn between_wires(plan: &Plan) -> Option<Self> {
        let mut net = Self::down(plan);
        match Wires::between(&net.made) {
            Ok(wires) => net.wires = Some(wires),
            Err(missing) => {
                let is_required = std::env::var("CAIRN_REQUIRE").is_ok_and(|value| value == "all");
                assert!(!is_required, "{missing}");
                eprintln!("NOT RUN: {missing}");
                return None;
            }
        }
        net.run_all();
        Some(net)
    }

    pub(crate) fn wires(&self) -> &Wires {
        self.wires.as_ref().unwrap()
    }

    /// Does something on the network where a node is.
    fn beside<T: Send>(&self, node: usize, work: impl FnOnce() -> T + Send) -> T {
        match &self.wires {
            Some(wires) => wires.inside(node, work),
            None => work(),
        }
    }

    fn down(plan: &Plan) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let made = testnet::make(&dir.path().join("net"), plan).unwrap();
        let nodes = plan.weights.iter().map(|_| None).collect();
        Self { made, nodes, proxies: None, wires: None, _dir: dir }
    }

    fn run_all(&mut self) {
        for node in 0..self.nodes.len() {
            self.begin(node);
        }
        for process in self.nodes.iter_mut().flatten() {
            process.wait_ready(LIMIT).unwrap();
        }
    }

    fn begin(&mut self, node: usize) {
        let place = &self.made.nodes[node];
        let start = || Process::start(Path::new(PROGRAM), node.saturating_add(1), place);
        let process = self.beside(node, start);
        self.nodes[node] = Some(process.unwrap());
    }

    /// Starts a node, and waits until it answers.
    pub(crate) fn run(&mut self, node: usize) {
        self.begin(node);
        self.nodes[node].as_mut().unwrap().wait_ready(LIMIT).unwrap();
    }

    /// One more node, which is down; its number.
    pub(crate) fn add(&mut self, place: Place) -> usize {
        self.made.nodes.push(place);
        self.nodes.push(None);
        self.nodes.len().saturating_sub(1)
    }

    pub(crate) fn kill(&mut self, node: usize) {
        self.nodes[node].take().unwrap().kill().unwrap();
    }

    pub(crate) fn signal(&self, node: usize, signal: Signal) {
        self.nodes[node].as_ref().unwrap().signal(signal).unwrap();
    }

    pub(crate) fn cut(&self, node: usize) {
        self.proxies.as_ref().unwrap().cut(|a, b| a == node || b == node);
    }

    pub(crate) fn split(&self, left: &[usize], right: &[usize]) {
        let apart = |a, b| left.contains(&a) && right.contains(&b);
        self.proxies.as_ref().unwrap().cut(|a, b| apart(a, b) || apart(b, a));
    }

    pub(crate) fn mend(&self) {
        self.proxies.as_ref().unwrap().cut(|_, _| false);
    }

    pub(crate) fn url(&self, node: usize) -> String {
        self.made.nodes[node].url()
    }

    pub(crate) fn get(&self, node: usize, path: &str) -> Result<Vec<u8>, String> {
        let url = format!("{}{path}", self.url(node));
        self.beside(node, || {
            let mut answer = agent().get(&url).call().map_err(|error| format!("{url}: {error}"))?;
            let body = answer.body_mut().read_to_vec();
            let body = body.map_err(|error| format!("{url}: {error}"))?;
            match answer.status().as_u16() {
                200 => Ok(body),
                other => Err(format!("{url}: {other} {}", String::from_utf8_lossy(&body))),
            }
        })
    }

    pub(crate) fn json(&self, node: usize, path: &str) -> Result<Value, String> {
        serde_json::from_slice(&self.get(node, path)?).map_err(|error| error.to_string())
    }

    pub(crate) fn status(&self, node: usize) -> Result<Value, String> {
        self.json(node, "/v1/status")
    }

    pub(crate) fn head(&self, node: usize) -> Result<Head, String> {
        let status = self.status(node)?;
        let number = |name: &str| status[name].as_u64().ok_or_else(|| format!("{status}"));
        Ok(Head {
            height: number("height")?,
            digest: status["head"].as_str().unwrap_or_default().to_owned(),
            size: number("size")?,
        })
    }

    /// Submits an event and waits for a while; its id, and whether it is final.
    pub(crate) fn submit(&self, node: usize, name: &str) -> Result<(String, bool), String> {
        let url = self.url(node);
        self.beside(node, || submit(&url, name))
    }

    /// Submits an event that becomes final.
    pub(crate) fn submit_final(&self, node: usize, name: &str) -> Result<String, String> {
        let (id, is_final) = self.submit(node, name)?;
        if !is_final {
            self.wait_final(node, &id);
        }
        Ok(id)
    }

    pub(crate) fn wait_final(&self, node: usize, id: &str) {
        let path = format!("/v1/events/{id}");
        until(&format!("event {id} to be final at node {}", node.saturating_add(1)), || {
            self.json(node, &path).is_ok_and(|event| event["status"] == "final")
        });
    }

    /// Waits until all of these have one head, of a log with at least so many events.
    pub(crate) fn wait_equal(&self, nodes: &[usize], size: u64) -> Head {
        let mut found = None;
        until(&format!("one head of {size} events"), || {
            let heads: Vec<_> = nodes.iter().map(|node| self.head(*node).ok()).collect();
            let first = heads[0].clone();
            let equal = first.as_ref().is_some_and(|head| head.size >= size)
                && heads.iter().all(|head| *head == first);
            found = first.filter(|_| equal);
            equal
        });
        found.unwrap()
    }

    /// An auditor who has the genesis' digest alone accepts what a node says of an event.
    pub(crate) fn verify_receipt(&self, node: usize, id: &str) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("event.cairn");
        std::fs::write(&file, self.get(node, &format!("/v1/receipts/{id}")).unwrap()).unwrap();
        let anchor = self.made.anchor.to_string();
        let mut verify = Command::new(PROGRAM);
        let ran = verify.arg("verify").arg(&file).args(["--anchor", &anchor]).output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
    }

    /// Ends all nodes, and has each directory looked at by `cairn check`.
    pub(crate) fn check_offline(&mut self) {
        for (process, place) in self.nodes.iter_mut().zip(&self.made.nodes) {
            if let Some(mut process) = process.take() {
                process.stop(LIMIT).unwrap();
            }
            let ran = Command::new(PROGRAM).args(["check", "--dir"]).arg(&place.dir).output();
            let ran = ran.unwrap();
            assert!(ran.status.success(), "{}: {ran:?}", place.dir.display());
        }
    }
}

impl Drop for Net {
    /// What the nodes said is of use when a test fails.
    fn drop(&mut self) {
        if std::thread::panicking() {
            for place in &self.made.nodes {
                let said = std::fs::read_to_string(&place.log).unwrap_or_default();
                let tail: Vec<_> = said.lines().rev().take(30).collect();
                let tail: Vec<_> = tail.into_iter().rev().collect();
                eprintln!("--- {}\n{}", place.log.display(), tail.join("\n"));
            }
        }
    }
}

fn agent() -> Agent {
    let config = Agent::config_builder().http_status_as_error(false);
    config.timeout_global(Some(Duration::from_secs(30))).build().into()
}

/// Submits one event with `wait=final`; its id, and whether it is final.
pub(crate) fn submit(url: &str, name: &str) -> Result<(String, bool), String> {
    let event = json!({
        "type": "test.net",
        "actor": { "kind": "test", "id": "net" },
        "resource": { "kind": "event", "id": name },
    });
    let view = post(url, &event)?;
    let event = &view["accepted"][0];
    let id = event["id"].as_str().ok_or_else(|| view.to_string())?;
    Ok((id.to_owned(), event["status"] == "final"))
}

/// Submits one event with `wait=final`.
pub(crate) fn post(url: &str, event: &Value) -> Result<Value, String> {
    let post = agent().post(format!("{url}/v1/events?wait=final"));
    let sent = post.header("content-type", "application/json").send(event.to_string());
    let mut answer = sent.map_err(|error| error.to_string())?;
    let text = answer.body_mut().read_to_string().map_err(|error| error.to_string())?;
    serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))
}

pub(crate) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let mut waited = Duration::ZERO;
    let step = Duration::from_millis(50);
    while !done() {
        assert!(waited < LIMIT, "still waiting for {what}");
        std::thread::sleep(step);
        waited = waited.saturating_add(step);
    }
}
