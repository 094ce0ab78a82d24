//! The integrator's guide, run: each of its examples of the API does what it says.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use cairn_node::api::grpc::proto::FollowRequest;
use cairn_node::api::grpc::proto::log_client::LogClient;
use tonic::transport::Channel;

use crate::kit::{Folder, Running};

/// The examples in one language, in the order in which they stand.
fn examples(language: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../www/guides/integrator.md");
    let guide = std::fs::read_to_string(path).unwrap();
    let (_, section) = guide.split_once("## Ask a node directly\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let begin = format!("```{language}\n");
    let blocks = section.split(&begin).skip(1);
    blocks.map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

fn run(folder: &Folder, node: &Running, command: &mut Command) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_cairn")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    command.current_dir(folder.path("")).env("PATH", path);
    let output = command.env("NODE", node.url()).env("ANCHOR", node.anchor()).output().unwrap();
    let Output { status, stdout, stderr } = output;
    let (out, err) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert!(status.success(), "{out}\n{err}");
    out
}

#[test]
fn the_examples_of_the_shell_and_of_javascript_run() {
    let folder = Folder::new();
    let node = folder.node();
    let shell = examples("sh");
    assert!(shell.len() >= 2);
    for example in &shell {
        let out = run(&folder, &node, Command::new("sh").args(["-euc", example]));
        assert!(!out.is_empty(), "{example} says nothing");
    }
    let [socket] = &examples("js")[..] else { panic!("one example of a WebSocket") };
    let around = format!(
        "const node = process.env.NODE;
         const seen = (event, id) => {{ console.log(event.id, id); process.exit(); }};
         {socket}"
    );
    let mut javascript = Command::new("node");
    let out = run(&folder, &node, javascript.args(["--experimental-websocket", "-e", &around]));
    assert_eq!(out.split(' ').next().unwrap().len(), 64, "{out}");
}

#[test]
fn the_example_in_rust_runs() {
    let folder = Folder::new();
    let node = folder.node();
    let event = ["--type", "t", "--actor", "a:b", "--resource", "c:d", "--wait", "final"];
    folder.json(&[&["submit", "--node", node.url()], &event[..]].concat());
    let mut ids = Vec::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ended = runtime.block_on(follow(node.url().to_owned(), |id| {
        ids.push(id);
        ids.len() < 2
    }));
    ended.unwrap();
    // Behind block 0, which has no events, and behind the event.
    assert_eq!(ids, ["1-0", "1-1"]);
    let [example] = &examples("rust")[..] else { panic!("one example of gRPC") };
    let here = squeezed(include_str!("guide.rs"));
    assert!(here.contains(&squeezed(example)), "{example}");
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn follow(
    url: String,
    mut go_on: impl FnMut(String) -> bool,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut client = LogClient::new(Channel::from_shared(url)?.connect().await?);
    let query = BTreeMap::from([("after".to_owned(), "0-0".to_owned())]);
    let mut stream = client.follow(FollowRequest { query }).await?.into_inner();
    while let Some(message) = stream.message().await? {
        // Keep the id: it is `after` of the next time.
        if !go_on(message.id) {
            break;
        }
    }
    Ok(())
}
