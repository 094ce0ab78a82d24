//! Several nodes, several tabs, and news as it comes.

use std::collections::BTreeMap;
use std::future::Future;
use std::rc::Rc;

use cairn_light_client::world::{Request, Unsaved};
use cairn_light_client::{CheckedReceipt, Client, ClientError, ForkEvidence, Policy, Setup, World};
use cairn_verifier::{Budget, TrustAnchor, UnixMillis, evidence};

use super::client::{code, connect};
use super::kit::{Kit, four, small_log};
use super::node::{Town, run};

/// Towns by the names of their hosts; store and clock are those of `a`.
#[derive(Clone)]
struct Towns(Rc<BTreeMap<char, Town>>);

impl Towns {
    fn at(&self, request: &Request) -> (&Town, Request) {
        let host = request.url["http://".len()..].chars().next().unwrap();
        let url = format!("http://node{}", &request.url["http://x".len()..]);
        let request = match request.accept {
            "application/json" => Request::json(url),
            "text/event-stream" => Request::stream(url),
            _ => Request::binary(url),
        };
        (&self.0[&host], request)
    }
}

impl World for Towns {
    fn now(&self) -> UnixMillis {
        self.0[&'a'].now()
    }
    fn get(&self, request: Request) -> impl Future<Output = Result<Vec<u8>, ClientError>> {
        let (town, request) = self.at(&request);
        town.get(request)
    }
    fn wait(&self, stream: Request) -> impl Future<Output = Result<(), ClientError>> {
        let (town, request) = self.at(&stream);
        town.wait(request)
    }
    fn sleep(&self, millis: u32) -> impl Future<Output = ()> {
        self.0[&'a'].sleep(millis)
    }
    fn load(&self, name: &str) -> impl Future<Output = Option<Vec<u8>>> {
        self.0[&'a'].load(name)
    }
    fn swap(
        &self,
        name: &str,
        old: Option<Vec<u8>>,
        new: Vec<u8>,
    ) -> impl Future<Output = Result<(), Unsaved>> {
        self.0[&'a'].swap(name, old, new)
    }
}

/// The same log, so many blocks of it.
fn log(blocks: usize) -> Kit {
    let mut kit = Kit::new(80, four(1));
    for _ in 0..blocks {
        kit.push_plain(2);
        kit.block(None);
    }
    kit
}

/// Another history under the same genesis, by the same validators, from height 1 on.
fn forked(blocks: usize) -> Kit {
    let mut kit = Kit::new(80, four(1));
    kit.push_plain(2);
    kit.block(None);
    for _ in 1..blocks {
        kit.push_plain(3);
        kit.block(None);
    }
    kit
}

fn towns(kits: Vec<Kit>) -> (Towns, Vec<Town>) {
    let towns: Vec<Town> = kits.into_iter().map(Town::new).collect();
    let last = towns.iter().map(Town::now).max().unwrap();
    towns[0].0.now.set(last.0);
    (Towns(Rc::new(('a'..).zip(towns.iter().cloned()).collect())), towns)
}

fn client(towns: &Towns, agree: usize) -> Client<Towns> {
    let nodes: Vec<String> = towns.0.keys().map(|host| format!("http://{host}")).collect();
    let nodes: Vec<&str> = nodes.iter().map(String::as_str).collect();
    let anchor = towns.0[&'a'].anchor();
    let setup = Setup::several(Policy::some_of(&nodes, agree).unwrap(), anchor);
    run(Client::connect_with(towns.clone(), setup)).unwrap()
}

fn height(result: Result<cairn_verifier::FinalHeader, ClientError>) -> u64 {
    result.unwrap().header().height
}

#[test]
fn the_head_is_the_highest_that_enough_nodes_have() {
    for (agree, expected) in [(1, 4), (2, 3), (3, 1)] {
        let (towns, _) = towns(vec![log(4), log(2), log(5)]);
        let client = client(&towns, agree);
        assert_eq!(height(run(client.sync())), expected, "{agree}");
        assert!(client.nodes().iter().all(|node| matches!(node.shown, Some(Ok(_)))));
        // Events come from the node that has the head.
        run(client.events("limit=2")).unwrap();
    }
}

#[test]
fn nodes_that_are_away_are_missed_only_if_they_are_needed() {
    let (towns, single) = towns(vec![log(3), log(3), log(3)]);
    let client = client(&towns, 2);
    let checkpoint = "/v1/checkpoints/latest?base=genesis".to_owned();
    single[0].0.instead.borrow_mut().insert(checkpoint.clone(), None);
    assert_eq!(height(run(client.sync())), 2);
    assert!(matches!(client.nodes()[0].shown, Some(Err(ClientError::Network { .. }))));
    single[1].0.instead.borrow_mut().insert(checkpoint, Some(b"<html>".to_vec()));
    let error = run(client.sync()).unwrap_err();
    assert_eq!(error, ClientError::NotEnoughNodes { agreed: 1, nodes: 3 });
    assert_eq!(error.state(), "could-not-check");
    assert_eq!(client.head().unwrap().header().height, 2);
}

#[test]
fn a_node_that_will_not_show_how_heads_belong_together_does_not_count() {
    let (towns, single) = towns(vec![log(2), log(3), log(4)]);
    let client = client(&towns, 2);
    let question = {
        let kit = single[2].0.kit.borrow();
        format!("/v1/checkpoints/2?base=header:{}", kit.tip().header.digest())
    };
    single[2].0.instead.borrow_mut().insert(question, Some(Vec::new()));
    assert_eq!(height(run(client.sync())), 1);
    assert!(matches!(client.nodes()[2].shown, Some(Err(_))));
}

#[test]
fn a_fork_between_nodes_is_loud_and_leaves_a_file() {
    for (one, other) in [(log(3), forked(3)), (log(3), forked(4)), (forked(4), log(3))] {
        let anchor = one.anchor();
        let (towns, single) = towns(vec![one, other]);
        let client = client(&towns, 1);
        let error = run(client.sync()).unwrap_err();
        assert_eq!((error.code(), error.state()), ("client-equivocation", "failed"));
        assert!(client.head().is_none());
        let fork = client.fork().unwrap();
        // Anyone can check the file, and it holds against the anchor alone.
        evidence::verify(fork.file(), anchor, Budget::DEFAULT).unwrap();
        assert_eq!((fork.anchor(), fork.error()), (anchor, error));
        assert_eq!(fork.height(), 2);
        // It stays so, also for calls that need no sync, and after a reload.
        assert_eq!(code(run(client.events("limit=1"))), "client-equivocation");
        let again = self::client(&towns, 1);
        assert_eq!(again.fork(), Some(fork.clone()));
        assert_eq!(code(run(again.sync())), "client-equivocation");
        // What is stored is evidence: bent, it is none.
        let name = format!("fork {anchor}");
        let last = fork.file().len() - 1;
        single[0].0.store.borrow_mut().get_mut(&name).unwrap()[last] ^= 1;
        let bent = self::client(&towns, 1);
        assert!(bent.fork().is_none() && bent.refused_evidence().is_some());
        assert_eq!(run(bent.refused_file()), single[0].0.store.borrow().get(&name).cloned());
    }
}

#[test]
fn one_node_that_changes_its_history_leaves_a_file_too() {
    let town = Town::new(log(3));
    for blocks in [3, 5] {
        *town.0.kit.borrow_mut() = log(3);
        town.0.store.borrow_mut().clear();
        let client = connect(&town);
        run(client.sync()).unwrap();
        *town.0.kit.borrow_mut() = forked(blocks);
        town.0.now.set(town.0.kit.borrow().now().0);
        let error = run(client.sync()).unwrap_err();
        assert_eq!(error.code(), "client-equivocation");
        let fork = client.fork().unwrap();
        let checked = ForkEvidence::check(town.anchor(), fork.file().to_vec());
        assert_eq!(checked.unwrap(), fork);
        assert_eq!(client.head().unwrap().header().height, 2);
    }
    // Without an answer to the question there is no file, and the head stays all the same.
    *town.0.kit.borrow_mut() = log(3);
    town.0.store.borrow_mut().clear();
    let client = connect(&town);
    run(client.sync()).unwrap();
    *town.0.kit.borrow_mut() = forked(5);
    let digest = town.0.kit.borrow().tip().header.digest();
    let question = format!("/v1/checkpoints/2?base=header:{digest}");
    town.0.instead.borrow_mut().insert(question, None);
    assert_eq!(code(run(client.sync())), "client-not-an-extension");
    assert!(client.fork().is_none());
    assert_eq!(client.head().unwrap().header().height, 2);
}

/// Whoever signs a second history can begin its receipts at any header, also at ours.
#[test]
fn a_receipt_of_another_history_is_none_here() {
    let town = Town::new(log(3));
    let client = connect(&town);
    let head = *run(client.sync()).unwrap().header();
    let other = forked(5);
    let id = other.ids[5];
    let mut parts = other.parts(5);
    let instead = |path: String, body: Vec<u8>| {
        town.0.instead.borrow_mut().insert(path, Some(body));
    };
    instead(format!("/v1/receipts/{id}?base=genesis"), parts.encode());
    parts.base = [&[2], head.encode().as_slice(), other.council().bytes.as_slice()].concat();
    instead(format!("/v1/receipts/{id}?base=header:{}", head.digest()), parts.encode());
    instead("/v1/proofs/extends?from=2&to=4".to_owned(), super::node::extends(&other, 2, 4));
    // Both hold under their own base.
    let (now, held) = (other.now(), TrustAnchor::Checkpoint(head.digest()));
    CheckedReceipt::check(parts.encode(), held, now).unwrap();
    assert_eq!(code(run(client.event(&id))), "client-bad-answer");
    assert_eq!(code(run(client.receipt(&id))), "client-not-an-extension");
    // With a fork known, nothing is answered any more.
    *town.0.kit.borrow_mut() = forked(5);
    town.0.instead.borrow_mut().clear();
    town.0.now.set(now.0);
    assert_eq!(code(run(client.sync())), "client-equivocation");
    assert_eq!(code(run(client.receipt(&id))), "client-equivocation");
}

#[test]
fn an_anchor_may_be_too_old_for_its_user() {
    let town = Town::new(log(3));
    let mut setup = Setup::one("http://node", town.anchor());
    setup.max_anchor_age = Some(1_000);
    let client = run(Client::connect_with(town.clone(), setup.clone())).unwrap();
    let error = run(client.sync()).unwrap_err();
    assert_eq!((error.code(), error.state()), ("client-anchor-too-old", "stale"));
    setup.max_anchor_age = Some(3_600_000);
    let client = run(Client::connect_with(town, setup)).unwrap();
    assert_eq!(height(run(client.sync())), 2);
}

#[test]
fn a_policy_for_another_log_is_refused() {
    let town = Town::new(log(1));
    let other = small_log(81, four(1)).anchor();
    let policy = Policy::parse(&format!("log {other}\nnode a http://node\nquorum a")).unwrap();
    let setup = Setup::several(policy, town.anchor());
    assert_eq!(code(run(Client::connect_with(town, setup))), "client-bad-policy");
}

#[test]
fn tabs_share_one_store() {
    let town = Town::new(log(2));
    let (one, two) = (connect(&town), connect(&town));
    run(one.sync()).unwrap();
    town.grow(2);
    run(two.sync()).unwrap();
    let newest = town.0.store.borrow()[&town.anchor().to_string()].clone();
    // A tab that is behind does not undo what a later one kept, and takes it over.
    let path = "/v1/checkpoints/latest?base=genesis".to_owned();
    let older = super::node::checkpoint(&log(2), "genesis").unwrap();
    town.0.instead.borrow_mut().insert(path, Some(older));
    let three = {
        town.0.store.borrow_mut().clear();
        let three = connect(&town);
        town.0.store.borrow_mut().insert(town.anchor().to_string(), newest.clone());
        three
    };
    run(three.sync()).unwrap();
    assert_eq!(town.0.store.borrow()[&town.anchor().to_string()], newest);
    assert_eq!(three.head(), two.head());
    // Another history in another tab is a fork.
    town.0.instead.borrow_mut().clear();
    let four = connect(&Town::new(forked(3)));
    run(four.sync()).unwrap();
    let evidence = four.known().evidence().unwrap();
    town.0.store.borrow_mut().insert(town.anchor().to_string(), evidence);
    town.grow(1);
    assert_eq!(code(run(two.sync())), "client-equivocation");
}

#[test]
fn refused_evidence_is_set_aside() {
    let town = Town::new(log(2));
    run(connect(&town).sync()).unwrap();
    let name = town.anchor().to_string();
    let last = town.0.store.borrow()[&name].len() - 1;
    town.0.store.borrow_mut().get_mut(&name).unwrap()[last] ^= 1;
    let bent = town.0.store.borrow()[&name].clone();
    let client = connect(&town);
    assert!(client.refused_evidence().is_some());
    run(client.sync()).unwrap();
    assert_ne!(town.0.store.borrow()[&name], bent);
    assert_eq!(run(client.refused_file()), Some(bent));
}

#[test]
fn a_full_store_costs_nothing_but_the_next_visit() {
    let town = Town::new(log(2));
    town.0.full.set(true);
    let client = connect(&town);
    assert_eq!(client.not_kept(), None);
    run(client.sync()).unwrap();
    assert_eq!(client.not_kept().as_deref(), Some("QuotaExceededError"));
    town.0.full.set(false);
    town.grow(1);
    run(client.sync()).unwrap();
    assert_eq!(client.not_kept(), None);
}

#[test]
fn news_is_waited_for_and_verified() {
    let town = Town::new(log(2));
    let client = connect(&town);
    let first = run(client.next_head(None)).unwrap();
    town.asked();
    town.0.news.borrow_mut().push_back(Some(2));
    let second = run(client.next_head(Some(first.digest()))).unwrap();
    assert_eq!(second.header().height, 2);
    assert_eq!(town.asked()[1], "/v1/stream?topics=blocks&after=2-4");

    // A stream that says nothing of interest, ends, or a node that is away: later, and later again.
    town.0.news.borrow_mut().push_back(None);
    let third = run(client.next_head(Some(second.digest()))).unwrap();
    assert_eq!(third.header().height, 3);
    let sleeps = town.asked().iter().filter(|asked| asked.starts_with("sleep")).count();
    assert_eq!(sleeps, 3);

    // A node that lies ends it.
    let path = "/v1/checkpoints/latest?base=genesis".to_owned();
    let mut bent = super::node::checkpoint(&town.0.kit.borrow(), "genesis").unwrap();
    *bent.last_mut().unwrap() ^= 1;
    town.0.instead.borrow_mut().insert(path, Some(bent));
    assert_eq!(code(run(client.next_head(Some(third.digest())))), "finality-bad-vote");
}
