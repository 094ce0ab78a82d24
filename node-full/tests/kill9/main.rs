//! `kill -9` at random moments: whatever the node acknowledged is there when it comes back, and
//! the log only ever grew.
#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test crate")]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use cairn_node::clock;
use cairn_node::init::{InitOptions, init};
use cairn_verifier::TrustAnchor;
use cairn_verifier::secret::MemberSecret;
use cairn_verifier::trust::{ExtendsProof, FinalityProof, verify_extends};
use serde_json::{Value, json};
use ureq::Agent;

/// How many rounds, unless `CAIRN_KILL9_ROUNDS` says so: `cargo xtask kill9`.
const ROUNDS: u32 = 20;
const WRITERS: usize = 3;

/// The program, running.
struct Running {
    child: Child,
    url: String,
}

impl Drop for Running {
    /// SIGKILL: no handler, no destructor, no flush.
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

fn start(dir: &Path, ready: &Path) -> Running {
    let child = Command::new(env!("CARGO_BIN_EXE_cairn"))
        // Small segments, so that kills hit the moment when one is closed too.
        .args(["start", "--segment-bytes", "30000"])
        .args(["--listen", "127.0.0.1:0", "--block-time", "20", "--dir"])
        .arg(dir)
        .arg("--ready-file")
        .arg(ready)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut running = Running { child, url: String::new() };
    for _ in 0..600 {
        if let Some(told) = std::fs::read(ready).ok().and_then(|b| serde_json::from_slice(&b).ok())
        {
            let told: Value = told;
            std::fs::remove_file(ready).unwrap();
            told["url"].as_str().unwrap().clone_into(&mut running.url);
            return running;
        }
        let ended = running.child.try_wait().unwrap();
        assert!(ended.is_none(), "the node ended instead of starting: {ended:?}");
        thread::sleep(Duration::from_millis(50));
    }
    panic!("the node was not ready within half a minute");
}

fn agent() -> Agent {
    let config = Agent::config_builder()
        .proxy(None)
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(20)));
    config.build().into()
}

fn get(agent: &Agent, url: &str, path: &str) -> Vec<u8> {
    let mut answer = agent.get(format!("{url}{path}")).call().unwrap();
    let body = answer.body_mut().read_to_vec().unwrap();
    assert_eq!(answer.status(), 200, "{path}: {}", String::from_utf8_lossy(&body));
    body
}

/// Batches of one to twenty events, one in three with a payload of some kind.
fn batch(writer: usize, number: usize) -> Value {
    let event = |n: usize| {
        let mut event = json!({
            "type": "test.kill9",
            "actor": { "kind": "thread", "id": writer.to_string() },
            "resource": { "kind": "batch", "id": format!("{number}.{n}") },
            "metadata": { "filler": "x".repeat(n.saturating_mul(97) % 3_000) },
        });
        let fields = json!({ "n": n.to_string() });
        match n % 3 {
            0 => {
                event["payload"] =
                    json!({ "sealed": { "fields": fields, "recipients": ["auditor"] } })
            }
            1 if writer == 0 => event["payload"] = json!({ "public": "cHVibGlj" }),
            _ => {}
        }
        event
    };
    (0..=number % 20).map(event).collect()
}

/// Submits until the node is gone; the ids it acknowledged.
fn submit_until_killed(url: &str, writer: usize) -> Vec<String> {
    let agent = agent();
    let mut acknowledged = Vec::new();
    for number in 0.. {
        let body = batch(writer, number).to_string();
        let post =
            agent.post(format!("{url}/v1/events")).header("content-type", "application/json");
        // An answer that did not arrive whole acknowledges nothing.
        let Ok(mut answer) = post.send(body) else { break };
        let Ok(text) = answer.body_mut().read_to_string() else { break };
        assert_eq!(answer.status(), 202, "{text}");
        let Ok(view) = serde_json::from_str::<Value>(&text) else { break };
        let ids = view["accepted"].as_array().unwrap().iter();
        acknowledged.extend(ids.map(|event| event["id"].as_str().unwrap().to_owned()));
    }
    acknowledged
}

/// Between 100 and 867 milliseconds.
fn random_while() -> Duration {
    let mut random = [0; 2];
    getrandom::fill(&mut random).unwrap();
    let [high, low] = random.map(u64::from);
    Duration::from_millis(100_u64.saturating_add(high.saturating_mul(2)).saturating_add(low))
}

#[test]
fn nothing_acknowledged_is_lost() {
    let temporary = tempfile::tempdir().unwrap();
    let (dir, ready) = (temporary.path().join("data"), temporary.path().join("ready.json"));
    let auditor = MemberSecret::from_seed([42; 32]).unwrap();
    let anchor =
        init(&dir, InitOptions::default().with_member("auditor", &auditor)).unwrap().anchor;
    let mut acknowledged = Vec::new();
    let mut head: Option<Vec<u8>> = None;
    let rounds = std::env::var("CAIRN_KILL9_ROUNDS").ok().and_then(|text| text.parse().ok());
    for round in 0..rounds.unwrap_or(ROUNDS) {
        let node = start(&dir, &ready);
        head = Some(check(&node.url, anchor, &acknowledged, head.as_deref()));
        let url = &node.url.clone();
        let (life, new) = thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| scope.spawn(move || submit_until_killed(url, writer)))
                .collect();
            let life = random_while();
            thread::sleep(life);
            drop(node);
            (
                life,
                writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect::<Vec<_>>(),
            )
        });
        eprintln!("round {round}: killed after {life:?}, {} acknowledged", new.len());
        acknowledged.extend(new);
    }
    let node = start(&dir, &ready);
    check(&node.url, anchor, &acknowledged, head.as_deref());
    drop(node);
    let checked = Command::new(env!("CARGO_BIN_EXE_cairn"));
    let checked = { checked }.args(["check", "--json", "--dir"]).arg(&dir).output().unwrap();
    let told = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success(), "{told}");
    eprintln!("{} acknowledged, check: {told}", acknowledged.len());
    assert!(acknowledged.len() > 20, "too few events to mean anything: {}", acknowledged.len());
}

/// Every acknowledged event is there with its payload, and the head extends the one before.
/// Gives the newest checkpoint.
fn check(url: &str, anchor: TrustAnchor, ids: &[String], before: Option<&[u8]>) -> Vec<u8> {
    let agent = agent();
    for id in ids {
        let entry = get(&agent, url, &format!("/v1/events/{id}"));
        let entry: Value = serde_json::from_slice(&entry).unwrap();
        assert_eq!(entry["id"], **id);
        if let Some(digest) = entry["event"]["payload"]["digest"].as_str() {
            assert!(!get(&agent, url, &format!("/v1/payloads/{digest}")).is_empty());
        }
    }
    let file = get(&agent, url, "/v1/checkpoints/latest");
    let fact = |file: &[u8]| {
        let proof = FinalityProof::decode(file).unwrap();
        proof.verify(anchor, clock::now(), &mut ()).unwrap().0
    };
    if let Some(before) = before {
        let (old, new) = (fact(before), fact(&file));
        let (from, to) = (old.header().height, new.header().height);
        let proof = get(&agent, url, &format!("/v1/proofs/extends?from={from}&to={to}"));
        verify_extends(&old, &new, &ExtendsProof::decode(&proof).unwrap()).unwrap();
    }
    file
}
