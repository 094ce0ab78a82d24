//! Who may do what, over gRPC: the same as over REST.

use cairn_node::api::grpc::proto as p;
use serde_json::json;
use tokio::runtime::Runtime;
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::access::{bearer, serve_keys, serve_settings};
use crate::audit::wait;
use crate::grpc::{drafts, event, refused, run};

fn with_key<T>(key: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let value = MetadataValue::try_from(bearer(key)).unwrap();
    request.metadata_mut().insert("authorization", value);
    request
}

#[test]
fn each_scope_is_for_its_calls() {
    let (served, keys) = serve_keys("read = \"keys\"");
    run(&served, async |mut client| {
        let one = || drafts(vec![event("a.b")]);
        let genesis = p::GetGenesisRequest {};
        let missing = (Code::Unauthenticated, "auth-missing".to_owned());
        let scope = (Code::PermissionDenied, "auth-scope".to_owned());
        assert_eq!(refused(client.submit(one()).await), missing);
        assert_eq!(refused(client.get_genesis(genesis).await), missing);
        let follow = || p::FollowRequest::default();
        assert_eq!(refused(client.follow(follow()).await.map(drop)), missing);
        for key in [&keys.read, &keys.admin] {
            assert_eq!(refused(client.submit(with_key(key, one())).await), scope);
        }
        for key in [&keys.write, &keys.admin] {
            assert_eq!(refused(client.get_genesis(with_key(key, genesis)).await), scope);
            let followed = client.follow(with_key(key, follow())).await;
            assert_eq!(refused(followed.map(drop)), scope);
        }
        let unknown = cairn_node::access::new_key().unwrap();
        let answer = client.get_genesis(with_key(&unknown, genesis)).await;
        assert_eq!(refused(answer), (Code::Unauthenticated, "auth-unknown-key".to_owned()));
        assert_eq!(served.node.status().accepted, 0, "nothing was taken from them");

        let taken = client.submit(with_key(&keys.write, one())).await.unwrap().into_inner();
        assert_eq!(taken.accepted.len(), 1);
        client.get_genesis(with_key(&keys.read, genesis)).await.unwrap();
        client.follow(with_key(&keys.read, follow())).await.unwrap();
    });
    let health = Runtime::new().unwrap().block_on(async {
        let channel = Channel::from_shared(served.url.clone()).unwrap().connect().await.unwrap();
        HealthClient::new(channel).check(HealthCheckRequest::default()).await
    });
    health.unwrap();
}

/// A service looks at the path alone, so a GET with a body would be a call as well.
#[test]
fn no_method_leads_around_the_keys() {
    let (served, _) = serve_keys("");
    let kind = [("content-type", "application/json")];
    for method in ["GET", "POST", "PUT", "TRACE"] {
        let answer = served.send(method, "/cairn.v1.Log/Submit", &kind, b"");
        assert_eq!(answer.problem(), (401, "auth-missing".to_owned()), "{method}");
    }
}

#[test]
fn who_logged_how_much_is_logged() {
    let (served, keys) = serve_keys("");
    run(&served, async |mut client| {
        let three = drafts(vec![event("a.b"); 3]);
        client.submit(with_key(&keys.write, three)).await.unwrap();
    });
    let found = wait(&served, "cairn.api.write", 1);
    assert_eq!(found[0]["actor"], json!({"kind": "api-key", "id": "the-writer"}));
    assert_eq!(found[0]["metadata"]["events"], "3");
}

#[test]
fn rates_and_sizes_hold_for_calls() {
    let served = serve_settings("rate = 3\nmax-body = 65536\nwrite = \"any\"\n");
    run(&served, async |mut client| {
        let mut long = event("a.b");
        long.payload = Some(p::draft::Payload::Public(vec![0; 70_000]));
        let answer = client.submit(drafts(vec![long])).await.unwrap_err();
        assert_eq!(answer.code(), Code::OutOfRange, "{answer}");
        assert!(answer.message().contains("65536"), "{answer}");
        let mut codes = Vec::new();
        for _ in 0..30 {
            codes.push(client.get_genesis(p::GetGenesisRequest {}).await);
        }
        let refusal = codes.into_iter().find_map(Result::err).unwrap();
        assert_eq!(refusal.metadata().get("retry-after").unwrap(), "1");
        let refusal = refused(Err::<(), _>(refusal));
        assert_eq!(refusal, (Code::ResourceExhausted, "rate-limited".to_owned()));
    });
    assert_eq!(served.node.status().accepted, 0);
}
