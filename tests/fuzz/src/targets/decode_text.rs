//! What people paste: anchors, digests, key files.

use cairn_verifier::TrustAnchor;
use cairn_verifier::digest::{LogId, parse_hex};
use cairn_verifier::secret::{MemberSecret, ValidatorSecret};

pub(super) const ROUNDS: usize = 50_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let hex = "00ff0123456789abcdef00ff0123456789abcdef00ff0123456789abcdef0000";
    [
        hex.to_owned(),
        format!("genesis:{hex}"),
        format!("checkpoint:{hex}"),
        format!("cairn-secret-member:{hex}"),
        format!("# keep this\n\n  cairn-secret-validator:{hex}  \r\n"),
        format!("cairn-secret-validator-1:{hex}"),
        format!("cairn-secret-validator-3:{hex}\n#"),
    ]
    .map(String::into_bytes)
    .to_vec()
}

pub(super) fn run(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else { return };
    if let Ok(anchor) = text.parse::<TrustAnchor>() {
        assert_eq!(anchor.to_string(), text);
    }
    let is_hex = |text: &str| {
        text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let parsed = parse_hex(text);
    assert_eq!(parsed.is_ok(), is_hex(text));
    if let Ok(bytes) = parsed {
        assert_eq!(LogId::from_bytes(bytes).to_string(), text);
    }
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let has = |prefix: &str| match lines[..] {
        [line] => line.strip_prefix(prefix).is_some_and(is_hex),
        _ => false,
    };
    let member = MemberSecret::parse(text);
    assert_eq!(member.is_ok(), has("cairn-secret-member:"));
    if let Ok(secret) = member {
        assert_eq!(lines, [secret.to_text().as_str()]);
    }
    let validator = ValidatorSecret::parse(text);
    let prefixes =
        ["cairn-secret-validator:", "cairn-secret-validator-1:", "cairn-secret-validator-3:"];
    let known = prefixes.into_iter().any(has);
    assert_eq!(validator.is_ok(), known);
    if let Ok(secret) = validator {
        assert_eq!(lines, [secret.to_text().as_str()]);
    }
}
