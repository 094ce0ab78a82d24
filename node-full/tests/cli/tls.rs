//! TLS of the node itself: with certificates made here, checked by a client that trusts those alone.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::kit::{Folder, Running};

const START: [&str; 9] = [
    "start",
    "--dir",
    "data",
    "--block-time",
    "20",
    "--tls-cert",
    "chain.pem",
    "--tls-key",
    "key.pem",
];

/// Writes a certificate of this machine's and its key.
fn certify(folder: &Folder) {
    let key = KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let certificate = CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
    fs::write(folder.path("chain.pem"), certificate.pem()).unwrap();
    fs::write(folder.path("key.pem"), key.serialize_pem()).unwrap();
}

fn certificate(folder: &Folder) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(folder.path("chain.pem")).unwrap()
}

type Stream = StreamOwned<ClientConnection, TcpStream>;

/// A connection that trusts one certificate and offers these protocols.
fn connect(
    node: &Running,
    trusted: &CertificateDer<'static>,
    offers: &[&[u8]],
) -> std::io::Result<Stream> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(ring).with_safe_default_protocol_versions();
    let mut config = config.unwrap().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = offers.iter().map(|offer| offer.to_vec()).collect();
    let name = ServerName::try_from("localhost").unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let address = node.url().strip_prefix("https://").unwrap();
    let socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut stream = StreamOwned::new(client, socket);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    Ok(stream)
}

/// Asks on a connection that stays open.
fn ask(stream: &mut Stream) -> String {
    stream.write_all(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"ok\n") {
        let mut part = [0; 1_024];
        let read = stream.read(&mut part).unwrap();
        assert!(read > 0, "the connection ended: {}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&part[..read]);
    }
    String::from_utf8(answer).unwrap()
}

#[test]
fn a_certificate_is_changed_and_no_connection_lost() {
    let folder = Folder::new();
    folder.json(&["init", "--dir", "data"]);
    certify(&folder);
    let node = folder.start(&START);
    let first = certificate(&folder);
    let mut lasting = connect(&node, &first, &[b"http/1.1"]).unwrap();
    assert!(ask(&mut lasting).starts_with("HTTP/1.1 200"));

    certify(&folder);
    let second = certificate(&folder);
    assert!(connect(&node, &second, &[]).is_err(), "not read yet");
    node.signal("-HUP");
    for n in 0.. {
        if connect(&node, &second, &[]).is_ok() {
            break;
        }
        assert!(n < 100, "the certificate was not changed within five seconds");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(connect(&node, &first, &[]).is_err(), "the old one is not shown any more");
    assert!(ask(&mut lasting).starts_with("HTTP/1.1 200"), "the old connection lasts");

    // Half a pair, as when files are being exchanged, changes nothing.
    fs::write(folder.path("key.pem"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
    node.signal("-HUP");
    std::thread::sleep(Duration::from_millis(300));
    assert!(connect(&node, &second, &[]).is_ok());
    assert!(fs::read_to_string(folder.path("node.log")).unwrap().contains("are no pair"));
    assert_eq!(node.stop(), 0);
}

#[test]
fn http_2_is_spoken_and_plain_http_is_not() {
    let folder = Folder::new();
    folder.json(&["init", "--dir", "data"]);
    certify(&folder);
    let node = folder.start(&START);
    let trusted = certificate(&folder);
    for (offers, spoken) in [
        (&[b"h2".as_slice(), b"http/1.1"][..], Some(b"h2".as_slice())),
        (&[b"http/1.1"], Some(b"http/1.1")),
        (&[], None),
    ] {
        let stream = connect(&node, &trusted, offers).unwrap();
        assert_eq!(stream.conn.alpn_protocol(), spoken);
    }
    let address = node.url().strip_prefix("https://").unwrap();
    // Handshakes that never end keep nobody waiting.
    let idle: Vec<_> = (0..20).map(|_| TcpStream::connect(address).unwrap()).collect();
    let mut plain = TcpStream::connect(address).unwrap();
    plain.write_all(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _reset = plain.read_to_end(&mut answer);
    assert!(!answer.windows(3).any(|part| part == b"200"));
    assert!(ask(&mut connect(&node, &trusted, &[]).unwrap()).starts_with("HTTP/1.1 200"));
    drop(idle);

    let query = ["query", "--node", node.url()];
    let trusts = folder.run_with(&query, &[("CAIRN_CA_FILE", "chain.pem")]);
    assert_eq!(trusts.code, 0, "{trusts:?}");
    assert_eq!(folder.run(&query).code, 1, "no public authority signed it");
    let none = folder.run_with(&query, &[("CAIRN_CA_FILE", "key.pem")]);
    assert!(none.code == 1 && none.err.contains("no certificate"), "{none:?}");
}

#[test]
fn files_that_are_no_pair_are_refused_at_the_start() {
    let folder = Folder::new();
    folder.json(&["init", "--dir", "data"]);
    certify(&folder);
    let start = [&START[..], &["--listen", "127.0.0.1:0"]].concat();
    fs::write(folder.path("key.pem"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
    assert!(folder.fails(&start, 1).err.contains("are no pair"));
    fs::write(folder.path("key.pem"), "nothing").unwrap();
    assert!(folder.fails(&start, 1).err.contains("key.pem"));
    certify(&folder);
    fs::write(folder.path("chain.pem"), "").unwrap();
    assert!(folder.fails(&start, 1).err.contains("no certificate in PEM"));
    fs::write(folder.path("data/cairn.toml"), "tls-key = \"key.pem\"\n").unwrap();
    let half = folder.fails(&["config", "check", "--dir", "data"], 1);
    assert!(half.err.contains("belong together; only tls-key"), "{half:?}");
}
