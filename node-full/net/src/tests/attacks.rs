//! Ends that do what no node does.

use std::sync::Arc;
use std::time::Duration;

use cairn_verifier::secret::ValidatorSecret;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::{TlsConnector, TlsStream};

use super::kit::*;
use crate::frame::{self, Kind};
use crate::tls::Tls;
use crate::{Config, Limits, Network as _, PeerAddress};

/// Whoever sits between two connections: answers the one, dials the other, and passes all on.
async fn splice(listener: TcpListener, to: std::net::SocketAddr) -> [TlsStream<TcpStream>; 2] {
    let tls = Tls::new().unwrap();
    let (tcp, _) = listener.accept().await.unwrap();
    let mut near = tls.accept(tcp).await.unwrap();
    let mut far = tls.connect(from_elsewhere(to).await).await.unwrap();
    drop(tokio::io::copy_bidirectional(&mut near, &mut far).await);
    [near, far]
}

#[test]
fn whoever_sits_between_two_connections_has_nothing_to_pass_on() {
    let [a, b] = &keys();
    let first = Party::start(a, Vec::new());
    first.allow(&[a, b]);
    attack(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap().to_string();
        let victim = Party::start(b, vec![PeerAddress { id: a.key_id(), at }]);
        victim.allow(&[a, b]);
        splice(listener, first.address()).await;
        victim.trouble(a, &format!("the proof of key {} is not of this connection", b.key_id()));
        assert!(first.inbox.try_recv().is_err() && victim.inbox.try_recv().is_err());
    });
}

#[test]
fn a_hello_that_was_heard_is_of_no_use_later() {
    let [a, b] = &keys();
    let first = Party::start(a, Vec::new());
    first.allow(&[a, b]);
    attack(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap().to_string();
        let victim = Party::start(b, vec![PeerAddress { id: a.key_id(), at }]);
        victim.allow(&[a, b]);
        let (tcp, _) = listener.accept().await.unwrap();
        let mut near = Tls::new().unwrap().accept(tcp).await.unwrap();
        let (kind, heard) = hear(&mut near).await.unwrap();
        assert_eq!(kind, Kind::Hello);
        let mut stream = tls(first.address()).await;
        say(&mut stream, Kind::Hello, &heard).await;
        let said = hear_bye(&mut stream).await;
        assert!(said.contains("is not of this connection"), "{said}");
        // And sent back to whom it came from, it is for somebody else.
        let mut stream = tls(victim.address()).await;
        say(&mut stream, Kind::Hello, &heard).await;
        let said = hear_bye(&mut stream).await;
        assert!(said.contains(&format!("key {} is no validator", b.key_id())), "{said}");
    });
}

#[test]
fn a_client_without_the_hybrid_key_exchange_gets_no_connection() {
    let [a] = keys();
    let first = Party::start(&a, Vec::new());
    let plain = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    attack(async {
        let tcp = TcpStream::connect(first.address()).await.unwrap();
        let name = "cairn.invalid".try_into().unwrap();
        let refused = TlsConnector::from(Arc::new(plain)).connect(name, tcp).await.unwrap_err();
        assert!(refused.to_string().contains("HandshakeFailure"), "{refused}");
    });
}

#[test]
fn a_hello_that_is_too_long_is_not_read() {
    let [a] = keys();
    let first = Party::start(&a, Vec::new());
    attack(async {
        let mut stream = tls(first.address()).await;
        stream.write_all(&[1, 0, 0, 16, 1]).await.unwrap();
        stream.flush().await.unwrap();
        let said = hear_bye(&mut stream).await;
        assert_eq!(said, "a frame of kind 1 says it has 4097 bytes; 4096 is the limit");
        // A message is not a hello either.
        let mut stream = tls(first.address()).await;
        say(&mut stream, Kind::Message, b"let me in").await;
        assert!(hear_bye(&mut stream).await.contains("where a hello was due"));
    });
}

#[test]
fn a_frame_that_is_too_long_has_its_sender_refused_for_a_while() {
    let [a, b] = &keys();
    let first = Party::start(a, Vec::new());
    first.allow(&[a, b]);
    attack(async {
        let mut stream = link(first.address(), (b, a)).await;
        let [high, rest @ ..] = (frame::MAX_MESSAGE_LEN + 1).to_be_bytes();
        stream.write_all(&[2, high]).await.unwrap();
        stream.write_all(&rest).await.unwrap();
        stream.flush().await.unwrap();
        let said = hear_bye(&mut stream).await;
        assert!(said.contains("17825793 bytes; 17825792 is the limit"), "{said}");
        until("the link's end", || first.of(b).address.is_none());
        let refused = refused(first.address(), (b, a)).await;
        assert!(refused.contains("is refused for") && refused.contains("17825793"), "{refused}");
        sleep(quick().ban).await;
        drop(link(first.address(), (b, a)).await);
    });
}

#[test]
fn whom_the_application_bans_is_cut_off_and_longer_each_time() {
    let [a, b] = &keys();
    let first = Party::start(a, Vec::new());
    first.allow(&[a, b]);
    attack(async {
        let mut stream = link(first.address(), (b, a)).await;
        first.links.ban(b.key_id(), "a signature does not hold");
        assert_eq!(hear_bye(&mut stream).await, "a signature does not hold");
        let said = refused(first.address(), (b, a)).await;
        assert!(said.contains("more: a signature does not hold"), "{said}");
        first.links.ban(b.key_id(), "again");
        sleep(quick().ban).await;
        assert!(refused(first.address(), (b, a)).await.contains("more: again"));
    });
}

async fn refused(
    to: std::net::SocketAddr,
    (key, peer): (&ValidatorSecret, &ValidatorSecret),
) -> String {
    let mut stream = tls(to).await;
    let hello = hello(&stream, (key, peer.key_id(), about()));
    say(&mut stream, Kind::Hello, &hello.encode()).await;
    hear_bye(&mut stream).await
}

#[test]
fn who_says_nothing_or_says_it_slowly_is_hung_up_on() {
    let [a, b] = &keys();
    let limits = Limits { handshake: Duration::from_millis(500), ..quick() };
    let first = Party::with(Config { limits, ..config(a, Vec::new()) });
    first.allow(&[a, b]);
    attack(async {
        let began = Instant::now();
        let mut silent = from_elsewhere(first.address()).await;
        let mut slow = tls(first.address()).await;
        let hello = hello(&slow, (b, a.key_id(), about())).encode();
        frame::write_head(&mut slow, Kind::Hello, hello.len()).await.unwrap();
        for byte in hello {
            sleep(Duration::from_millis(20)).await;
            let sent = async {
                slow.write_u8(byte).await?;
                slow.flush().await
            };
            if sent.await.is_err() {
                break;
            }
        }
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        let mut rest = Vec::new();
        let closed = timeout(Duration::from_secs(5), silent.read_to_end(&mut rest)).await.unwrap();
        assert!(closed.is_err() || rest.is_empty());
    });
    assert!(first.inbox.try_recv().is_err());
}

#[test]
fn strangers_of_one_address_take_no_place_from_others() {
    let [a, b] = &keys();
    let limits = Limits { strangers_of_one: 3, handshake: Duration::from_secs(20), ..quick() };
    let first = Party::with(Config { limits, ..config(a, Vec::new()) });
    first.allow(&[a, b]);
    attack(async {
        let mut held = Vec::new();
        for _ in 0..3 {
            held.push(from_elsewhere(first.address()).await);
        }
        sleep(Duration::from_millis(100)).await;
        let mut fourth = from_elsewhere(first.address()).await;
        let answer = timeout(Duration::from_secs(5), fourth.read(&mut [0; 1])).await.unwrap();
        assert!(matches!(answer, Ok(0) | Err(_)), "hung up on at once");
        let second = Party::start(b, vec![first.at(a)]);
        second.allow(&[a, b]);
        second.up(a);
        drop(held);
    });
}
