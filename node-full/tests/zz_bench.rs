#![allow(warnings, clippy::all)]
use cairn_node::ingest::*; use cairn_node::init::*; use cairn_node::node::*; use cairn_node::clock::Stopwatch; use cairn_verifier::secret::MemberSecret;
fn d(p: &str) -> Submission { Submission::Draft(serde_json::from_str(&format!(r#"{{"type":"t","actor":{{"kind":"k","id":"i"}},"resource":{{"kind":"k","id":"{}"}}{p}}}"#, "x".repeat(700))).unwrap()) }
#[test] fn bench() {
  let t = tempfile::tempdir_in("/work").unwrap(); let dir = t.path().join("d");
  let a = MemberSecret::from_seed([42;32]).unwrap();
  init(&dir, InitOptions::default().with_member("auditor",&a)).unwrap();
  let n = Node::open(&dir, Options::default()).unwrap();
  for (name, count, batch) in [("plain", 20000usize, 500usize), ("public", 500, 100), ("sealed", 500, 100)] {
    let s = Stopwatch::start();
    for b in 0..count/batch {
      n.submit((0..batch).map(|i| d(&match name { "plain" => String::new(), "public" => format!(r#","payload":{{"public":"{:08}"}}"#, b*batch+i), _ => r#","payload":{"sealed":{"fields":{"a":"b"},"recipients":["auditor"]}}"#.into() })).collect()).unwrap();
    }
    let e = s.elapsed(); eprintln!("{name}: {:.0} ev/s ({e:?})", count as f64/e.as_secs_f64());
  }
  // signed
  drop(n); let s = Stopwatch::start(); let n = Node::open(&dir, Options::default()).unwrap(); eprintln!("reopen 21000: {:?}", s.elapsed());
  let s = Stopwatch::start(); let sz = n.status().size; for i in 0..1000 { n.inclusion(i*19 % sz, sz).unwrap(); } eprintln!("proof {:?}", s.elapsed()/1000);
}
