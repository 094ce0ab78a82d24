//! Wraps of PCEK v1, which stays openable and is never written: the good one is another program's.

use super::*;

const MADE: &str = include_str!("../../../../tests/vectors/pcek/v1.json");

pub fn first_version(facts: &mut Vec<Fact>) {
    let made: Value = serde_json::from_str(MADE).unwrap();
    let hex = |name: &str| -> Vec<u8> {
        let text = made[name].as_str().unwrap();
        let digits = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        (0..text.len()).step_by(2).map(digits).collect()
    };
    let (wrap, secret, key) = (hex("wrap"), hex("recipient"), hex("messageKey"));
    let mut add = |name, desc: &str, want: &str, wrap: &[u8], secret: &[u8]| {
        let json = json!({
            "kind": "wrap-v1", "desc": desc, "want": want,
            "wrap": base64(wrap), "secret": base64(secret), "messageKey": base64(&key),
        });
        facts.push(Fact { folder: "wraps", name, json });
    };
    let ephemeral = |bytes: [u8; 32]| [&bytes, &wrap[32..]].concat();
    add("ok-v1", "a wrap that another program made", "ok", &wrap, &secret);
    let canonical = "payload-non-canonical-key";
    let mut bent = wrap.clone();
    bent[31] |= 0x80;
    let desc = "the ephemeral key with bit 255 set: the same point, and v1 as published opens it";
    add("v1-bit-255", desc, canonical, &bent, &secret);
    let mut prime = [0xff; 32];
    (prime[0], prime[31]) = (0xed, 0x7f);
    let desc = "an ephemeral key of 2^255 - 19, which is a second encoding of 0";
    add("v1-prime", desc, canonical, &ephemeral(prime), &secret);
    prime[0] = 0xee;
    let desc = "an ephemeral key of 2^255 - 18, which is a second encoding of 1";
    add("v1-prime-plus-one", desc, canonical, &ephemeral(prime), &secret);
    let zero = "payload-shared-secret-zero";
    let desc = "an ephemeral key of zeros, which opens for everybody in v1 as published";
    add("v1-all-zero", desc, zero, &ephemeral([0; 32]), &secret);
    let mut one = [0; 32];
    one[0] = 1;
    add("v1-one", "an ephemeral key of order 4", zero, &ephemeral(one), &secret);
    let mut order_2 = [0xff; 32];
    (order_2[0], order_2[31]) = (0xec, 0x7f);
    let desc = "an ephemeral key of 2^255 - 20, of order 4 on the twist";
    add("v1-minus-one", desc, zero, &ephemeral(order_2), &secret);
    let bad = "payload-bad-wrap";
    let mut bent = wrap.clone();
    bent[79] ^= 1;
    add("v1-flipped-tag", "one bit of the tag", bad, &bent, &secret);
    let mut bent = wrap.clone();
    bent[40] ^= 1;
    add("v1-flipped-key", "one bit of the sealed key", bad, &bent, &secret);
    add("v1-stranger", "another recipient's secret", bad, &wrap, &[7; 32]);
    add("v1-truncated", "79 bytes", "decode-truncated", &wrap[..79], &secret);
    let long = [wrap.as_slice(), &[0]].concat();
    add("v1-trailing", "81 bytes", "decode-trailing-bytes", &long, &secret);
}
