//! ML-DSA by three hands: the crate the verifier uses, `fips204`, and `libcrux-ml-dsa`. They must
//! make the same keys and the same deterministic signatures, and say the same of any bytes.

use super::hex;

/// One parameter set of FIPS 204.
pub struct Scheme {
    pub name: &'static str,
    pub key_len: usize,
    /// Lengths of a signature's parts: challenge, response.
    pub challenge: usize,
    pub response: usize,
    /// Hints: how many places there are, and for how many polynomials.
    pub omega: usize,
    pub polynomials: usize,
    keys: fn(&[u8; 32]) -> [Vec<u8>; 3],
    sign: Sign,
    verify: Verify,
}

/// Seed, message, context.
type Sign = fn(&[u8; 32], &[u8], &[u8]) -> [Option<Vec<u8>>; 3];
/// Key, message, context, signature.
type Verify = fn(&[u8], &[u8], &[u8], &[u8]) -> [bool; 3];

impl Scheme {
    pub const fn signature_len(&self) -> usize {
        self.challenge + self.response + self.omega + self.polynomials
    }

    /// The public key of a seed, on which all three agree.
    pub fn key(&self, seed: &[u8; 32]) -> Vec<u8> {
        let [ours, fips204, libcrux] = (self.keys)(seed);
        assert!(ours == fips204 && ours == libcrux, "{}: keys of seed {}", self.name, hex(seed));
        ours
    }

    /// The deterministic signature, on which all three agree; `None` for a context over 255 bytes.
    pub fn sign(&self, seed: &[u8; 32], message: &[u8], context: &[u8]) -> Option<Vec<u8>> {
        let [ours, fips204, libcrux] = (self.sign)(seed, message, context);
        let inputs = || format!("seed {} {}", hex(seed), shown(message, context));
        assert!(ours == fips204 && ours == libcrux, "{}: signatures, {}", self.name, inputs());
        ours
    }

    /// Whether a signature holds, on which all three agree. Key and signature have their lengths.
    pub fn holds(&self, key: &[u8], message: &[u8], context: &[u8], signature: &[u8]) -> bool {
        let [ours, fips204, libcrux] = (self.verify)(key, message, context, signature);
        assert!(
            ours == fips204 && ours == libcrux,
            "{}: ours {ours}, fips204 {fips204}, libcrux {libcrux}: {} key {} signature {}",
            self.name,
            shown(message, context),
            hex(key),
            hex(signature)
        );
        ours
    }
}

fn shown(message: &[u8], context: &[u8]) -> String {
    format!("message {} context {}", hex(message), hex(context))
}

macro_rules! by_three {
    ($ours:ty, $fips204:ident, $libcrux:ident, $key:ident, $signature:ident) => {{
        use fips204::traits::{KeyGen as _, SerDes as _, Signer as _, Verifier as _};

        fn keys(seed: &[u8; 32]) -> [Vec<u8>; 3] {
            let ours = ml_dsa::ExpandedSigningKey::<$ours>::from_seed(seed.into());
            let (fips204, _) = fips204::$fips204::KG::keygen_from_seed(seed);
            let libcrux = libcrux_ml_dsa::$libcrux::generate_key_pair(*seed);
            [
                ours.verifying_key().encode().to_vec(),
                fips204.into_bytes().to_vec(),
                libcrux.verification_key.as_ref().to_vec(),
            ]
        }

        fn sign(seed: &[u8; 32], message: &[u8], context: &[u8]) -> [Option<Vec<u8>>; 3] {
            let ours = ml_dsa::ExpandedSigningKey::<$ours>::from_seed(seed.into());
            let (_, fips204) = fips204::$fips204::KG::keygen_from_seed(seed);
            let libcrux = libcrux_ml_dsa::$libcrux::generate_key_pair(*seed).signing_key;
            let ours = ours.sign_deterministic(message, context).ok();
            let fips204 = fips204.try_sign_with_seed(&[0; 32], message, context).ok();
            let libcrux = libcrux_ml_dsa::$libcrux::sign(&libcrux, message, context, [0; 32]).ok();
            [
                ours.map(|signature| signature.encode().to_vec()),
                fips204.map(|signature| signature.to_vec()),
                libcrux.map(|signature| signature.as_ref().to_vec()),
            ]
        }

        fn verify(key: &[u8], message: &[u8], context: &[u8], signature: &[u8]) -> [bool; 3] {
            let ours = ml_dsa::VerifyingKey::<$ours>::decode(key.try_into().unwrap());
            let decoded = ml_dsa::Signature::<$ours>::decode(signature.try_into().unwrap());
            let fips204 = fips204::$fips204::PublicKey::try_from_bytes(key.try_into().unwrap());
            let libcrux = libcrux_ml_dsa::$libcrux::$key::new(key.try_into().unwrap());
            let bytes = libcrux_ml_dsa::$libcrux::$signature::new(signature.try_into().unwrap());
            [
                decoded.is_some_and(|decoded| ours.verify_with_context(message, context, &decoded)),
                fips204.unwrap().verify(message, signature.try_into().unwrap(), context),
                libcrux_ml_dsa::$libcrux::verify(&libcrux, message, context, &bytes).is_ok(),
            ]
        }

        (keys, sign, verify)
    }};
}

/// The parameter set of suite 2.
pub fn ml_dsa_44() -> Scheme {
    let (keys, sign, verify) =
        by_three!(ml_dsa::MlDsa44, ml_dsa_44, ml_dsa_44, MLDSA44VerificationKey, MLDSA44Signature);
    Scheme {
        name: "ML-DSA-44",
        key_len: 1_312,
        challenge: 32,
        response: 4 * 576,
        omega: 80,
        polynomials: 4,
        keys,
        sign,
        verify,
    }
}

/// The next one up.
pub fn ml_dsa_65() -> Scheme {
    let (keys, sign, verify) =
        by_three!(ml_dsa::MlDsa65, ml_dsa_65, ml_dsa_65, MLDSA65VerificationKey, MLDSA65Signature);
    Scheme {
        name: "ML-DSA-65",
        key_len: 1_952,
        challenge: 48,
        response: 5 * 640,
        omega: 55,
        polynomials: 6,
        keys,
        sign,
        verify,
    }
}
