//! The log over gRPC, asked by a real client on a real socket.

use std::collections::BTreeMap;

use cairn_node::api::grpc::proto::log_client::LogClient;
use cairn_node::api::grpc::proto::{self as p, follow_response, submission};
use cairn_verifier::digest::EventId;
use cairn_verifier::event::SignedEvent;
use cairn_verifier::tree::{Blake3, Kind, Proof, TreeSize, verify_inclusion};
use tokio::runtime::Runtime;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use crate::kit::{Served, draft, serve, verified};

pub(crate) fn run<T>(served: &Served, calls: impl AsyncFnOnce(LogClient<Channel>) -> T) -> T {
    let url = served.url.clone();
    Runtime::new().unwrap().block_on(async {
        let channel = Channel::from_shared(url).unwrap().connect().await.unwrap();
        calls(LogClient::new(channel)).await
    })
}

fn party(kind: &str, id: &str) -> p::Party {
    p::Party { kind: kind.to_owned(), id: id.to_owned() }
}

pub(crate) fn event(event_type: &str) -> p::Draft {
    p::Draft {
        r#type: event_type.to_owned(),
        actor: Some(party("user", "ann")),
        resource: Some(p::Resource {
            kind: "app".into(),
            id: "shop".into(),
            parent: "mall".into(),
        }),
        outcome: p::Outcome::Denied.into(),
        metadata: BTreeMap::from([("a".to_owned(), "b".to_owned())]),
        time: Some(1_700_000_000_000),
        ..p::Draft::default()
    }
}

pub(crate) fn drafts(events: Vec<p::Draft>) -> p::SubmitRequest {
    let events = events
        .into_iter()
        .map(|draft| p::Submission { event: Some(submission::Event::Draft(draft)) });
    p::SubmitRequest { events: events.collect(), wait_final: true }
}

fn query(parts: &[(&str, &str)]) -> BTreeMap<String, String> {
    parts.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Status and stable code of a refusal.
#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String) {
    let status = answer.unwrap_err();
    assert!(!status.message().is_empty());
    (status.code(), status.metadata().get("cairn-code").unwrap().to_str().unwrap().to_owned())
}

#[test]
fn events_go_in_and_come_out_with_proofs_that_hold() {
    let served = serve();
    run(&served, async |mut client| {
        let mut public = event("grpc.public");
        public.payload = Some(p::draft::Payload::Public(b"open".to_vec()));
        let mut sealed = event("grpc.sealed");
        sealed.payload = Some(p::draft::Payload::Sealed(p::Sealed {
            fields: query(&[("amount", "5100")]),
            recipients: vec!["ann".to_owned()],
        }));
        let signed = served.signed(&served.ann, 0, EventId::ZERO);
        let mut request = drafts(vec![event("grpc.plain"), public, sealed]);
        let by_ann = p::Signed { event: signed.clone(), ..p::Signed::default() };
        request.events.push(p::Submission { event: Some(submission::Event::Signed(by_ann)) });
        let submitted = client.submit(request).await.unwrap().into_inner();
        assert!(submitted.is_final);
        assert_eq!(submitted.accepted.iter().map(|e| e.index()).collect::<Vec<_>>(), [0, 1, 2, 3]);

        for accepted in &submitted.accepted {
            let request = p::GetEventRequest { id: accepted.id.clone() };
            let entry = client.get_event(request).await.unwrap().into_inner();
            assert_eq!((entry.index, entry.is_final), (accepted.index(), true));
            let decoded = SignedEvent::decode(&entry.signed).unwrap();
            assert_eq!(decoded.id().as_bytes()[..], accepted.id[..]);
            let request =
                p::GetReceiptRequest { id: accepted.id.clone(), base: None, payload: false };
            let receipt = client.get_receipt(request).await.unwrap().into_inner().receipt;
            assert_eq!(verified(&served, &receipt).event().id(), decoded.id());
        }
        let request = p::GetReceiptRequest {
            id: submitted.accepted[1].id.clone(),
            base: None,
            payload: true,
        };
        let receipt = client.get_receipt(request).await.unwrap().into_inner().receipt;
        assert_eq!(verified(&served, &receipt).payload().unwrap(), b"open");

        // What came in is what REST shows.
        let id: EventId = <[u8; 32]>::try_from(&submitted.accepted[0].id[..]).unwrap().into();
        let view = served.get(&format!("/v1/events/{id}")).json();
        assert_eq!(view["event"]["outcome"], "denied");
        assert_eq!(view["event"]["metadata"]["a"], "b");
        assert_eq!(view["event"]["resource"]["parent"], "mall");
        assert_eq!(view["event"]["time"], 1_700_000_000_000_u64);
        let last = client.get_event(p::GetEventRequest { id: submitted.accepted[3].id.clone() });
        assert_eq!(last.await.unwrap().into_inner().signed, signed);
    });
}

#[test]
fn proofs_are_those_of_rest() {
    let served = serve();
    served.post_final(&serde_json::json!(vec![draft("a.b"); 20]));
    let node = &served.node;
    let same = |proof: p::Proof, hashes: Vec<[u8; 32]>| {
        assert_eq!(proof.hashes, hashes.iter().map(|hash| hash.to_vec()).collect::<Vec<_>>());
    };
    run(&served, async |mut client| {
        let proof = client.prove_inclusion(p::ProveInclusionRequest { index: 7, size: 20 }).await;
        same(proof.unwrap().into_inner(), node.inclusion(7, 20).unwrap());
        let request = p::ProveBatchRequest { indices: vec![1, 5, 6], size: 19 };
        let proof = client.prove_batch(request).await.unwrap().into_inner();
        same(proof, node.batch(&[1, 5, 6], 19).unwrap());
        let proof = client.prove_consistency(p::ProveConsistencyRequest { old: 7, new: 20 }).await;
        same(proof.unwrap().into_inner(), node.consistency(7, 20).unwrap());
        let genesis = client.get_genesis(p::GetGenesisRequest {}).await.unwrap().into_inner();
        assert_eq!(genesis.genesis, node.genesis_bytes());
        let request = p::GetCheckpointRequest { height: Some(0), base: None };
        let first = client.get_checkpoint(request).await.unwrap().into_inner();
        assert_eq!(first.checkpoint, served.get_binary("/v1/checkpoints/0").body);
        let head = node.head().unwrap().digest;
        let base = Some(p::base::Base::Header(head.as_bytes().to_vec()));
        let request = p::GetCheckpointRequest { height: Some(0), base: Some(p::Base { base }) };
        let under = client.get_checkpoint(request).await.unwrap().into_inner();
        let path = format!("/v1/checkpoints/0?base=header:{head}");
        assert_eq!(under.checkpoint, served.get_binary(&path).body);
    });
}

#[test]
fn queries_mean_what_they_mean_in_a_url() {
    let served = serve();
    run(&served, async |mut client| {
        let mut batch = vec![event("kind.a"), event("kind.b"), event("kind.a")];
        batch[1].actor = Some(party("user", "bob"));
        client.submit(drafts(batch)).await.unwrap();
        let mut found = async |parts: &[(&str, &str)]| {
            let page = client.query(p::QueryRequest { query: query(parts) }).await.unwrap();
            let page = page.into_inner();
            assert_eq!(page.complete_to, 3);
            (page.entries.iter().map(|entry| entry.index).collect::<Vec<_>>(), page.next)
        };
        assert_eq!(found(&[]).await.0, [2, 1, 0]);
        assert_eq!(found(&[("type", "kind.a"), ("order", "oldest")]).await.0, [0, 2]);
        assert_eq!(found(&[("actor", "user/bob")]).await.0, [1]);
        let (first, next) = found(&[("limit", "2")]).await;
        assert_eq!(first, [2, 1]);
        assert_eq!(found(&[("limit", "2"), ("cursor", &next)]).await, (vec![0], String::new()));
    });
}

#[test]
fn refusals_have_the_codes_of_rest() {
    let served = serve();
    run(&served, async |mut client| {
        let mut nowhere = event("a.b");
        nowhere.stream = "nowhere".to_owned();
        let answer = client.submit(drafts(vec![event("a.b"), nowhere])).await;
        let at = answer.as_ref().unwrap_err().metadata().get("cairn-at").unwrap().clone();
        assert_eq!(at, "1");
        assert_eq!(refused(answer), (Code::InvalidArgument, "unknown-stream".to_owned()));
        let answer = client.submit(drafts(Vec::new())).await;
        assert_eq!(refused(answer), (Code::InvalidArgument, "batch-empty".to_owned()));
        let answer = client.submit(drafts(vec![event("a.b"); 1_001])).await;
        assert_eq!(refused(answer), (Code::InvalidArgument, "batch-too-large".to_owned()));
        let answer = client.submit(drafts(vec![p::Draft::default()])).await;
        assert_eq!(refused(answer), (Code::InvalidArgument, "malformed-draft".to_owned()));
        let empty =
            p::SubmitRequest { events: vec![p::Submission { event: None }], wait_final: false };
        let answer = client.submit(empty).await;
        assert_eq!(refused(answer), (Code::InvalidArgument, "malformed-draft".to_owned()));
        let gap = p::Signed {
            event: served.signed(&served.ann, 1, EventId::from_bytes([7; 32])),
            ..p::Signed::default()
        };
        let gap = p::Submission { event: Some(submission::Event::Signed(gap)) };
        let answer = client.submit(p::SubmitRequest { events: vec![gap], wait_final: false }).await;
        assert_eq!(refused(answer), (Code::FailedPrecondition, "sequence-gap".to_owned()));
        assert_eq!(served.node.status().accepted, 0, "all or nothing");

        let answer = client.get_event(p::GetEventRequest { id: vec![7; 32] }).await;
        assert_eq!(refused(answer), (Code::NotFound, "unknown-event".to_owned()));
        let answer = client.get_event(p::GetEventRequest { id: vec![7; 31] }).await;
        assert_eq!(refused(answer), (Code::InvalidArgument, "bad-parameter".to_owned()));
        let answer = client.prove_inclusion(p::ProveInclusionRequest { index: 1, size: 1 }).await;
        assert_eq!(refused(answer), (Code::InvalidArgument, "out-of-range".to_owned()));
        let answer = client.query(p::QueryRequest { query: query(&[("acter", "ann")]) }).await;
        assert_eq!(refused(answer), (Code::InvalidArgument, "unknown-parameter".to_owned()));
        let answer = client.follow(p::FollowRequest { query: query(&[("limit", "3")]) }).await;
        assert_eq!(
            refused(answer.map(drop)),
            (Code::InvalidArgument, "unknown-parameter".to_owned())
        );
    });
}

#[test]
fn what_becomes_final_is_followed_and_gone_on_with() {
    let served = serve();
    run(&served, async |mut client| {
        let parts = query(&[("topics", "events,blocks,checkpoints"), ("type", "kind.b")]);
        let mut stream =
            client.follow(p::FollowRequest { query: parts }).await.unwrap().into_inner();
        client.submit(drafts(vec![event("kind.a"), event("kind.b")])).await.unwrap();
        let first = stream.message().await.unwrap().unwrap();
        let Some(follow_response::Item::Event(entry)) = first.item else { panic!("{first:?}") };
        assert_eq!(entry.index, 1);
        let second = stream.message().await.unwrap().unwrap();
        let Some(follow_response::Item::Block(block)) = second.item else { panic!("{second:?}") };
        assert_eq!(block.header, served.node.block(1).unwrap().unwrap().header_bytes);
        let third = stream.message().await.unwrap().unwrap();
        let Some(follow_response::Item::Checkpoint(bytes)) = third.item else {
            panic!("{third:?}")
        };
        assert_eq!(bytes, served.get_binary("/v1/checkpoints/1").body);

        let again = query(&[("topics", "blocks"), ("after", &first.id)]);
        let mut again =
            client.follow(p::FollowRequest { query: again }).await.unwrap().into_inner();
        let item = again.message().await.unwrap().unwrap();
        assert_eq!(item.id, second.id);
    });
}

#[test]
fn health_and_reflection_answer() {
    let served = serve();
    let url = served.url.clone();
    Runtime::new().unwrap().block_on(async {
        let channel = Channel::from_shared(url).unwrap().connect().await.unwrap();
        let mut health = HealthClient::new(channel.clone());
        for service in ["", "cairn.v1.Log"] {
            let request = HealthCheckRequest { service: service.to_owned() };
            let status = health.check(request.clone()).await.unwrap().into_inner().status();
            assert_eq!(status, ServingStatus::Serving);
            let mut watched = health.watch(request).await.unwrap().into_inner();
            let first = watched.message().await.unwrap().unwrap();
            assert_eq!(first.status(), ServingStatus::Serving);
        }
        let other = HealthCheckRequest { service: "other".to_owned() };
        assert_eq!(health.check(other).await.unwrap_err().code(), Code::NotFound);

        let request = ServerReflectionRequest {
            host: String::new(),
            message_request: Some(MessageRequest::ListServices(String::new())),
        };
        let mut reflection = ServerReflectionClient::new(channel);
        let requests = futures_util::stream::iter([request]);
        let mut answers = reflection.server_reflection_info(requests).await.unwrap().into_inner();
        let answer = answers.message().await.unwrap().unwrap().message_response.unwrap();
        let MessageResponse::ListServicesResponse(list) = answer else { panic!("{answer:?}") };
        let names: Vec<_> = list.service.iter().map(|service| service.name.as_str()).collect();
        assert!(names.contains(&"cairn.v1.Log") && names.contains(&"grpc.health.v1.Health"));
    });
}

#[test]
fn a_node_that_stops_ends_its_calls() {
    let mut served = serve();
    let server = served.server.take().unwrap();
    run(&served, async |mut client| {
        let parts = query(&[("topics", "blocks")]);
        let mut stream =
            client.follow(p::FollowRequest { query: parts }).await.unwrap().into_inner();
        let stopping = std::thread::spawn(move || server.stop().unwrap());
        let watch = cairn_node::clock::Stopwatch::start();
        assert!(stream.message().await.is_ok_and(|message| message.is_none()));
        stopping.join().unwrap();
        assert!(watch.elapsed().as_secs() < 10);
    });
}

#[test]
fn the_verifier_accepts_an_inclusion_proof() {
    let served = serve();
    served.post_final(&serde_json::json!(vec![draft("a.b"); 9]));
    run(&served, async |mut client| {
        let page = client.query(p::QueryRequest { query: query(&[("order", "oldest")]) }).await;
        let entry = page.unwrap().into_inner().entries.remove(4);
        let proof = client.prove_inclusion(p::ProveInclusionRequest { index: 4, size: 9 }).await;
        let proof = proof.unwrap().into_inner();
        let hashes: Vec<[u8; 32]> =
            proof.hashes.iter().map(|h| h[..].try_into().unwrap()).collect();
        let hasher = Blake3::new(Kind::Event, *served.node.log().as_bytes());
        let (leaf, root) =
            (hasher.leaf(4, &entry.id.try_into().unwrap()), served.node.head().unwrap());
        let size = TreeSize::new(9).unwrap();
        let proof = Proof::new(&hashes);
        verify_inclusion(&hasher, (4, size), leaf, proof, &root.header.event_root).unwrap();
    });
}
