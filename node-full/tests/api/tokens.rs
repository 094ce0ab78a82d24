//! Tokens of another system, signed here by keys that the node was told of, and by others.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PublicKeyData as _};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::access::{bearer, serve_settings};
use crate::kit::Served;

pub(crate) const SECRET: &[u8] = b"a secret that is longer than thirty-two bytes";

/// Signs the first two parts of a token.
pub(crate) type Sign = Box<dyn Fn(&[u8]) -> Vec<u8>>;

/// So many seconds from now.
fn at(seconds: i64) -> u64 {
    (cairn_node::clock::now().0 / 1_000).saturating_add_signed(seconds)
}

fn claims() -> Value {
    json!({
        "iss": "https://id.example", "aud": "cairn", "sub": "ann",
        "exp": at(600), "nbf": at(-5), "scope": "openid write",
    })
}

/// Claims that end so many seconds from now.
pub(crate) fn claims_until(seconds: i64, scope: &str) -> Value {
    let mut claims = claims();
    claims["exp"] = json!(at(seconds));
    claims["nbf"] = json!(at(-600));
    claims["scope"] = json!(scope);
    claims
}

pub(crate) fn token(header: &Value, claims: &Value, sign: &dyn Fn(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(message.as_bytes()));
    format!("{message}.{signature}")
}

fn ed25519() -> (KeyPair, Sign) {
    let pair = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let signer = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pair.serialized_der()).unwrap();
    (pair, Box::new(move |message| signer.sign(message).as_ref().to_vec()))
}

fn p256() -> (KeyPair, Sign) {
    let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
    let signer = EcdsaKeyPair::from_pkcs8(algorithm, pair.serialized_der(), &random).unwrap();
    (pair, Box::new(move |message| signer.sign(&random, message).unwrap().as_ref().to_vec()))
}

pub(crate) fn hmac() -> Sign {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET);
    Box::new(move |message| ring::hmac::sign(&key, message).as_ref().to_vec())
}

fn rsa() -> Sign {
    let signer = RsaKeyPair::from_der(include_bytes!("../fixtures/access/rsa-test-only.der"));
    let signer = signer.unwrap();
    Box::new(move |message| {
        let mut signature = vec![0; signer.public().modulus_len()];
        signer.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
        signature
    })
}

fn serve(algorithm: &str, file: (&str, &[u8]), more: &str) -> (TempDir, Served) {
    let dir = tempfile::tempdir().unwrap();
    let (setting, bytes) = file;
    let path = dir.path().join("keys");
    std::fs::write(&path, bytes).unwrap();
    let served = serve_settings(&format!(
        "[jwt]\nalgorithm = \"{algorithm}\"\n{setting} = {path:?}\nissuer = \"https://id.example\"\n\
         audience = \"cairn\"\n{more}\n"
    ));
    (dir, served)
}

fn post(served: &Served, token: &str) -> (u16, String) {
    let answer = served.post_with(&[("authorization", &bearer(token))]);
    if answer.status == 202 { (202, String::new()) } else { answer.problem() }
}

#[test]
fn every_algorithm_is_checked() {
    let (ed, sign_ed) = ed25519();
    let (ec, sign_ec) = p256();
    let rsa_public = include_bytes!("../fixtures/access/rsa.pub.pem");
    let cases: [(&str, Vec<u8>, Sign); 4] = [
        ("EdDSA", ed.public_key_pem().into_bytes(), sign_ed),
        ("ES256", ec.public_key_pem().into_bytes(), sign_ec),
        ("RS256", rsa_public.to_vec(), rsa()),
        ("HS256", SECRET.to_vec(), hmac()),
    ];
    for (algorithm, key, sign) in cases {
        let (_dir, served) = serve(algorithm, ("key", &key), "");
        let header = json!({"alg": algorithm, "typ": "JWT"});
        let good = token(&header, &claims(), &sign);
        assert_eq!(post(&served, &good), (202, String::new()), "{algorithm}");
        let (head, signature) = good.rsplit_once('.').unwrap();
        let mut bent = URL_SAFE_NO_PAD.decode(signature).unwrap();
        bent[9] ^= 1;
        let other = token(&header, &claims(), &move |_| bent.clone());
        let swapped = token(&header, &json!({"sub": "eve", "exp": at(9)}), &sign);
        let swapped = format!("{}.{signature}", swapped.rsplit_once('.').unwrap().0);
        for bad in [other, swapped, format!("{head}."), head.to_owned(), "a.b.c".to_owned()] {
            assert_eq!(post(&served, &bad), (401, "auth-bad-token".to_owned()), "{algorithm}");
        }
    }
}

#[test]
fn the_settings_say_the_algorithm_and_not_the_token() {
    let (ed, _) = ed25519();
    let pem = ed.public_key_pem();
    let (_dir, served) = serve("EdDSA", ("key", pem.as_bytes()), "");
    let bad = (401, "auth-bad-token".to_owned());
    let none = token(&json!({"alg": "none"}), &claims(), &|_| Vec::new());
    assert_eq!(post(&served, &none), bad);
    // The public key as the secret of an HMAC: the classic confusion.
    for secret in [pem.as_bytes().to_vec(), ed.der_bytes().to_vec()] {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &secret);
        let sign: Sign = Box::new(move |message| ring::hmac::sign(&key, message).as_ref().to_vec());
        assert_eq!(post(&served, &token(&json!({"alg": "HS256"}), &claims(), &sign)), bad);
    }
    let (_, stranger) = ed25519();
    assert_eq!(post(&served, &token(&json!({"alg": "EdDSA"}), &claims(), &stranger)), bad);
}

#[test]
fn claims_must_be_there_and_hold() {
    let (_dir, served) = serve("HS256", ("key", SECRET), "");
    let header = json!({"alg": "HS256"});
    let with = |change: &dyn Fn(&mut Value)| {
        let mut claims = claims();
        change(&mut claims);
        post(&served, &token(&header, &claims, &hmac()))
    };
    assert_eq!(with(&|_| ()), (202, String::new()));
    assert_eq!(with(&|claims| claims["exp"] = json!(at(-30))).0, 202, "clocks may differ");
    assert_eq!(with(&|claims| claims["aud"] = json!(["other", "cairn"])).0, 202);
    assert_eq!(with(&|claims| claims["scope"] = json!(["read", "write"])).0, 202);
    let bad = (401, "auth-bad-token".to_owned());
    for name in ["iss", "aud", "sub", "exp", "nbf"] {
        assert_eq!(with(&|claims| claims[name] = Value::Null), bad, "without {name}");
    }
    for (name, value) in [
        ("exp", json!(at(-120))),
        ("exp", json!("soon")),
        ("nbf", json!(at(120))),
        ("iss", json!("https://other.example")),
        ("aud", json!("other")),
        ("sub", json!("")),
        ("sub", json!("a\nb")),
        ("sub", json!("x".repeat(129))),
    ] {
        assert_eq!(with(&|claims| claims[name] = value.clone()), bad, "{name} {value}");
    }
    let scope = (403, "auth-scope".to_owned());
    for value in [json!("read"), json!("writer"), json!(["read"]), Value::Null, json!(7)] {
        assert_eq!(with(&|claims| claims["scope"] = value.clone()), scope, "{value}");
    }
    let long = "x".repeat(8_192);
    assert_eq!(post(&served, &long), bad);
}

#[test]
fn a_token_names_one_key_of_a_set() {
    let (ed, sign) = ed25519();
    let (ec, sign_ec) = p256();
    let x = URL_SAFE_NO_PAD.encode(ed.der_bytes());
    let (ec_x, ec_y) = ec.der_bytes()[1..].split_at(32);
    let set = json!({"keys": [
        {"kty": "OKP", "crv": "Ed25519", "kid": "one", "alg": "EdDSA", "use": "sig", "x": x},
        {"kty": "OKP", "crv": "Ed25519", "kid": "sealing", "use": "enc", "x": x},
        {"kty": "EC", "crv": "P-256", "kid": "two", "x": URL_SAFE_NO_PAD.encode(ec_x),
         "y": URL_SAFE_NO_PAD.encode(ec_y)},
    ]});
    let (_dir, served) =
        serve("EdDSA", ("jwks", set.to_string().as_bytes()), "scope-claim = \"may\"");
    let mut claims = claims();
    claims["may"] = json!("write");
    let with = |header: Value, sign: &Sign| post(&served, &token(&header, &claims, sign));
    assert_eq!(with(json!({"alg": "EdDSA", "kid": "one"}), &sign).0, 202);
    for header in [
        json!({"alg": "EdDSA"}),
        json!({"alg": "EdDSA", "kid": "two"}),
        json!({"alg": "EdDSA", "kid": "three"}),
        json!({"alg": "EdDSA", "kid": "sealing"}),
    ] {
        assert_eq!(with(header, &sign), (401, "auth-bad-token".to_owned()));
    }
    assert_eq!(with(json!({"alg": "ES256", "kid": "two"}), &sign_ec).0, 401);
}

#[test]
fn each_subject_has_a_rate() {
    let (_dir, served) = serve("HS256", ("key", SECRET), "rate = 2");
    let of = |subject: &str| {
        let mut claims = claims();
        claims["sub"] = json!(subject);
        token(&json!({"alg": "HS256"}), &claims, &hmac())
    };
    let (ann, bob) = (of("ann"), of("bob"));
    let answers: Vec<_> = (0..30).map(|_| post(&served, &ann)).collect();
    assert!(answers.contains(&(429, "rate-limited".to_owned())));
    assert_eq!(post(&served, &bob).0, 202);
}

#[test]
fn a_secret_must_be_long() {
    use cairn_node::access::Access;
    use cairn_node::settings::{SETTINGS_FILE, Settings};
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("secret");
    std::fs::write(&path, "short\n").unwrap();
    let file =
        format!("[jwt]\nalgorithm = \"HS256\"\nkey = {path:?}\nissuer = \"a\"\naudience = \"b\"\n");
    std::fs::write(dir.path().join(SETTINGS_FILE), file).unwrap();
    let settings = Settings::read(dir.path(), None, |_| None, vec![]).unwrap();
    let refused = Access::new(&settings, |_| None).unwrap_err().to_string();
    assert!(refused.contains("HS256 needs 32"), "{refused}");
}
