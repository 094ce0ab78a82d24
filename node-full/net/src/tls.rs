//! TLS 1.3 under every link. It keeps secrets and integrity; who is at the other end is proven
//! after it, by the first message (`hello`), which is bound to this one connection.
//!
//! The key that the answering end shows is made when the process starts and means nothing: a raw
//! public key (RFC 7250), so that nobody takes it for a certificate. Both ends sign what only the two
//! ends of one connection know, so whoever sits between two connections has nothing to pass on.

use std::sync::Arc;

use ring::rand::SystemRandom;
use ring::signature::Ed25519KeyPair;
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring as provider, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{
    CertificateDer, PrivatePkcs8KeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime,
};
use rustls::server::{AlwaysResolvesServerRawPublicKeys, NoServerSessionStorage};
use rustls::sign::CertifiedKey;
use rustls::version::TLS13;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, ServerConfig, SignatureScheme,
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

use crate::error::LinkError;
use crate::kx::X25519MlKem768;

/// The protocol, as the two ends agree on it before anything else.
const ALPN: &[u8] = b"cairn-link/1";
/// RFC 9266: what binds a proof to a connection.
const EXPORTER: &[u8] = b"EXPORTER-Channel-Binding";

/// What only the two ends of one connection know.
pub(crate) type Binding = [u8; 32];

/// Both ends of TLS, for all links of a process.
#[derive(Clone)]
pub(crate) struct Tls {
    client: TlsConnector,
    server: TlsAcceptor,
}

impl Tls {
    pub(crate) fn new() -> Result<Self, Error> {
        let crypto = Arc::new(CryptoProvider {
            kx_groups: vec![&X25519MlKem768],
            ..provider::default_provider()
        });
        let verifier = Arc::new(Anyone(Arc::clone(&crypto)));
        let mut client = ClientConfig::builder_with_provider(Arc::clone(&crypto))
            .with_protocol_versions(&[&TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        client.alpn_protocols = vec![ALPN.to_vec()];
        client.resumption = Resumption::disabled();
        client.enable_sni = false;
        let resolver = AlwaysResolvesServerRawPublicKeys::new(Arc::new(throw_away()?));
        let mut server = ServerConfig::builder_with_provider(crypto)
            .with_protocol_versions(&[&TLS13])?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(resolver));
        server.alpn_protocols = vec![ALPN.to_vec()];
        server.session_storage = Arc::new(NoServerSessionStorage {});
        server.send_tls13_tickets = 0;
        Ok(Self { client: Arc::new(client).into(), server: Arc::new(server).into() })
    }

    pub(crate) async fn connect(&self, tcp: TcpStream) -> Result<TlsStream<TcpStream>, LinkError> {
        // Not sent, and not looked at: the name that counts is the key id in the hello.
        let name = ServerName::try_from("cairn.invalid").map_err(|_| LinkError::Closed)?;
        Ok(self.client.connect(name, tcp).await.map_err(LinkError::Tls)?.into())
    }

    pub(crate) async fn accept(&self, tcp: TcpStream) -> Result<TlsStream<TcpStream>, LinkError> {
        Ok(self.server.accept(tcp).await.map_err(LinkError::Tls)?.into())
    }
}

/// What a proof on this connection is bound to.
pub(crate) fn binding(stream: &TlsStream<TcpStream>) -> Result<Binding, LinkError> {
    let secret = match stream {
        TlsStream::Client(stream) => {
            stream.get_ref().1.export_keying_material(Binding::default(), EXPORTER, None)
        }
        TlsStream::Server(stream) => {
            stream.get_ref().1.export_keying_material(Binding::default(), EXPORTER, None)
        }
    };
    secret.map_err(|error| LinkError::Tls(std::io::Error::other(error)))
}

/// A key for the connections of this process.
fn throw_away() -> Result<CertifiedKey, Error> {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
        .map_err(|_| Error::FailedToGetRandomBytes)?;
    let key = provider::sign::any_eddsa_type(&PrivatePkcs8KeyDer::from(pkcs8.as_ref().to_vec()))?;
    let public = key.public_key().ok_or(Error::General("a key without a public half".into()))?;
    Ok(CertifiedKey::new(vec![CertificateDer::from(public.as_ref().to_vec())], key))
}

/// Takes any key, and checks that the other end holds it. Whose it is, the hello says.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::InvalidCertificate(CertificateError::BadEncoding))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let key = SubjectPublicKeyInfoDer::from(cert.as_ref());
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature_with_raw_key(message, &key, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}
