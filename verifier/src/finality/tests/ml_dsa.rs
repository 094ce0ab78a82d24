//! ML-DSA-44 and -65 over Wycheproof and NIST's ACVP vectors.

use alloc::vec::Vec;

use ml_dsa::{
    EncodedSignature, ExpandedSigningKey, ExpandedSigningKeyBytes, MlDsa44, MlDsa65, MlDsaParams,
    Signature, VerifyingKey,
};

use super::super::ml_dsa::{MlDsaKey, ParameterSet};
use crate::outside::{Value, array, bytes, each_case, is_valid, load, wycheproof};

fn wycheproof_verdicts(name: &str, set: ParameterSet) -> usize {
    wycheproof(name, |group, case| {
        let context = if case["ctx"].is_null() { Vec::new() } else { bytes(case, "ctx") };
        let holds = MlDsaKey::expand(set, &bytes(group, "publicKey")).is_some_and(|key| {
            key.verify(&bytes(case, "msg"), &context, &bytes(case, "sig")).is_ok()
        });
        assert_eq!(holds, is_valid(case), "{name} {}", case["tcId"]);
    })
}

#[test]
fn wycheproof_verdicts_of_ml_dsa_44() {
    assert_eq!(wycheproof_verdicts("mldsa_44_verify", ParameterSet::Set44), 180);
}

#[test]
fn wycheproof_verdicts_of_ml_dsa_65() {
    assert_eq!(wycheproof_verdicts("mldsa_65_verify", ParameterSet::Set65), 210);
}

fn set_of(group: &Value) -> ParameterSet {
    match group["parameterSet"].as_str() {
        Some("ML-DSA-44") => ParameterSet::Set44,
        Some("ML-DSA-65") => ParameterSet::Set65,
        other => panic!("no set of ours: {other:?}"),
    }
}

/// ACVP's files are of the internal interface of FIPS 204, section 6: no context, no prefix.
fn verifies<P: MlDsaParams>(key: &VerifyingKey<P>, case: &Value) -> bool {
    let encoded = bytes(case, "signature");
    let encoded = <&EncodedSignature<P>>::try_from(encoded.as_slice()).unwrap();
    Signature::decode(encoded)
        .is_some_and(|signature| key.verify_internal(&bytes(case, "message"), &signature))
}

#[test]
fn acvp_signatures_verify_or_not() {
    let mut held = 0;
    let count = each_case(&load("external/acvp-ml-dsa/sig-ver.json"), |group, case| {
        let key = MlDsaKey::expand(set_of(group), &bytes(group, "pk")).unwrap();
        let found = match &key {
            MlDsaKey::Set44(key) => verifies(key, case),
            MlDsaKey::Set65(key) => verifies(key, case),
        };
        assert_eq!(Some(found), case["testPassed"].as_bool(), "{}", case["tcId"]);
        held += usize::from(found);
    });
    assert_eq!((count, held), (30, 6));
}

fn public_key<P: MlDsaParams>(seed: &[u8; 32]) -> Vec<u8> {
    ExpandedSigningKey::<P>::from_seed(seed.into()).verifying_key().encode().to_vec()
}

#[test]
fn acvp_seeds_make_their_keys() {
    let count = each_case(&load("external/acvp-ml-dsa/key-gen.json"), |group, case| {
        let seed = array(case, "seed");
        let found = match set_of(group) {
            ParameterSet::Set44 => public_key::<MlDsa44>(&seed),
            ParameterSet::Set65 => public_key::<MlDsa65>(&seed),
        };
        assert_eq!(found, bytes(case, "pk"), "{}", case["tcId"]);
    });
    assert_eq!(count, 50);
}

fn signature<P: MlDsaParams>(case: &Value) -> Vec<u8> {
    let key = bytes(case, "sk");
    let key = <&ExpandedSigningKeyBytes<P>>::try_from(key.as_slice()).unwrap();
    #[expect(deprecated, reason = "ACVP has no seeds for signing")]
    let key = ExpandedSigningKey::<P>::from_expanded(key);
    key.sign_internal(&[&bytes(case, "message")], &[0; 32].into()).encode().to_vec()
}

#[test]
fn acvp_messages_get_their_signatures() {
    let count = each_case(&load("external/acvp-ml-dsa/sig-gen.json"), |group, case| {
        let found = match set_of(group) {
            ParameterSet::Set44 => signature::<MlDsa44>(case),
            ParameterSet::Set65 => signature::<MlDsa65>(case),
        };
        assert_eq!(found, bytes(case, "signature"), "{}", case["tcId"]);
    });
    assert_eq!(count, 20);
}
