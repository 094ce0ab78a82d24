//! The first message of a link, and whether it was signed for this one connection.

use std::sync::LazyLock;

use cairn_net::fuzz::{Connection, decode, hear, say};
use cairn_verifier::finality::{PublicKey, Suite};
use cairn_verifier::secret::MemberSecret;

pub(super) const ROUNDS: usize = 30_000;

/// Fields that the signature covers: the log, who speaks, and to whom.
const LOG: std::ops::Range<usize> = 21..53;
const ENDS: std::ops::Range<usize> = 69..133;

struct Honest {
    connection: Connection,
    hello: Vec<u8>,
    /// The same for another connection, another log, another end.
    others: Vec<Vec<u8>>,
}

static HONEST: LazyLock<Honest> = LazyLock::new(|| {
    let secret = |seed| MemberSecret::from_seed([seed; 32]).unwrap();
    let (from, to) = (secret(1), secret(2));
    let key = from.public_key();
    let key = PublicKey::new(Suite::Ed25519, &key).unwrap();
    let connection = Connection::new(&key, to.key_id(), [5; 32].into(), [6; 32]);
    let others = [
        say(&from, &Connection::new(&key, to.key_id(), [5; 32].into(), [7; 32])),
        say(&from, &Connection::new(&key, to.key_id(), [4; 32].into(), [6; 32])),
        say(&from, &Connection::new(&key, from.key_id(), [5; 32].into(), [6; 32])),
        say(&to, &connection),
    ];
    Honest { hello: say(&from, &connection), connection, others: others.into() }
});

pub(super) fn seeds() -> Vec<Vec<u8>> {
    HONEST.others.iter().chain([&HONEST.hello]).cloned().collect()
}

pub(super) fn run(data: &[u8]) {
    let Honest { connection, hello, .. } = &*HONEST;
    if let Some(again) = decode(data) {
        assert_eq!(again, data);
    }
    if hear(data, connection).is_ok() {
        assert_eq!(data.len(), hello.len());
        assert_eq!((&data[LOG], &data[ENDS.start..]), (&hello[LOG], &hello[ENDS.start..]));
    } else {
        assert_ne!(data, hello);
    }
}
