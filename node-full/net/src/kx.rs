//! The key exchange X25519MLKEM768 (draft-ietf-tls-ecdhe-mlkem): who records a link today and has a
//! quantum computer tomorrow reads nothing, and who has one today cannot sit in the middle.
//!
//! The TLS library has it with another provider only; here are its two parts joined as the draft
//! says: shares and secrets one after the other, ML-KEM first.

use ml_kem::kem::{Decapsulate as _, Encapsulate as _, Kem as _};
use ml_kem::{DecapsulationKey, EncapsulationKey, Key, KeyExport as _, MlKem768};
use rustls::crypto::ring::kx_group::X25519;
use rustls::crypto::{ActiveKeyExchange, CompletedKeyExchange, SharedSecret, SupportedKxGroup};
use rustls::{Error, NamedGroup, PeerMisbehaved, ProtocolVersion};
use zeroize::Zeroizing;

/// Length of an encapsulation key of ML-KEM-768.
const KEY_LEN: usize = 1_184;
/// Length of its ciphertexts.
const CIPHERTEXT_LEN: usize = 1_088;

const BAD_SHARE: Error = Error::PeerMisbehaved(PeerMisbehaved::InvalidKeyShare);

/// The group.
#[derive(Debug)]
pub(crate) struct X25519MlKem768;

impl SupportedKxGroup for X25519MlKem768 {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let classic = X25519.start()?;
        let (secret, public) = MlKem768::generate_keypair();
        let share = [public.to_bytes().as_slice(), classic.pub_key()].concat();
        Ok(Box::new(Started { classic, secret, share }))
    }

    fn start_and_complete(&self, share: &[u8]) -> Result<CompletedKeyExchange, Error> {
        let (public, classic) = share.split_at_checked(KEY_LEN).ok_or(BAD_SHARE)?;
        let public = Key::<EncapsulationKey<MlKem768>>::try_from(public).map_err(|_| BAD_SHARE)?;
        let public = EncapsulationKey::<MlKem768>::new(&public).map_err(|_| BAD_SHARE)?;
        let classic = X25519.start_and_complete(classic)?;
        let (ciphertext, secret) = public.encapsulate();
        Ok(CompletedKeyExchange {
            group: self.name(),
            pub_key: [ciphertext.as_slice(), &classic.pub_key].concat(),
            secret: join(&Zeroizing::new(secret.into()), &classic.secret),
        })
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::X25519MLKEM768
    }

    fn usable_for_version(&self, version: ProtocolVersion) -> bool {
        version == ProtocolVersion::TLSv1_3
    }
}

struct Started {
    classic: Box<dyn ActiveKeyExchange>,
    secret: DecapsulationKey<MlKem768>,
    share: Vec<u8>,
}

impl ActiveKeyExchange for Started {
    fn complete(self: Box<Self>, share: &[u8]) -> Result<SharedSecret, Error> {
        let (ciphertext, classic) = share.split_at_checked(CIPHERTEXT_LEN).ok_or(BAD_SHARE)?;
        let secret = self.secret.decapsulate_slice(ciphertext).map_err(|_| BAD_SHARE)?;
        Ok(join(&Zeroizing::new(secret.into()), &self.classic.complete(classic)?))
    }

    fn pub_key(&self) -> &[u8] {
        &self.share
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::X25519MLKEM768
    }
}

fn join(post_quantum: &Zeroizing<[u8; 32]>, classic: &SharedSecret) -> SharedSecret {
    // The library wipes what it is given.
    SharedSecret::from([post_quantum.as_slice(), classic.secret_bytes()].concat())
}
