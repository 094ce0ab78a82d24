//! Inputs to begin with: the receipts of `tests/vectors`, as their generator makes them (a test of
//! the verifier holds the files to it), and the parts cut from them.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cairn_verifier::receipt::Receipt;
use cairn_verifier::trust::{Base, Finality};

use crate::again;
use crate::choices::Numbers;
use crate::forge::whole;
use crate::kit::cases;
use crate::world::world;

/// Parts of receipts by kind, each different from the others of its kind.
#[derive(Debug, Default)]
pub struct Parts {
    /// Whole receipts, and bytes that are almost one.
    pub receipts: Vec<Vec<u8>>,
    /// Checkpoint files.
    pub checkpoints: Vec<Vec<u8>>,
    /// Geneses.
    pub geneses: Vec<Vec<u8>>,
    /// Headers.
    pub headers: Vec<Vec<u8>>,
    /// Certificates.
    pub certificates: Vec<Vec<u8>>,
    /// Validator sets.
    pub sets: Vec<Vec<u8>>,
    /// Handovers.
    pub handovers: Vec<Vec<u8>>,
    /// Signed events.
    pub events: Vec<Vec<u8>>,
    /// Event bodies.
    pub bodies: Vec<Vec<u8>>,
    /// Wraps.
    pub wraps: Vec<Vec<u8>>,
}

static PARTS: LazyLock<Parts> = LazyLock::new(Parts::new);

/// The parts.
#[must_use]
pub fn parts() -> &'static Parts {
    &PARTS
}

impl Parts {
    fn new() -> Self {
        let mut parts = Self::default();
        for case in cases::all() {
            if let Ok(receipt) = Receipt::decode(&case.receipt) {
                parts.cut(&receipt);
            }
            parts.receipts.push(case.receipt);
        }
        for log in &world().logs {
            for index in 0..log.kit.events.len() {
                let bytes = whole(log, index as u64).encode();
                parts.cut(&Receipt::decode(&bytes).unwrap());
                parts.receipts.push(bytes);
            }
        }
        for list in parts.lists() {
            list.sort();
            list.dedup();
        }
        parts
    }

    const fn lists(&mut self) -> [&mut Vec<Vec<u8>>; 10] {
        [
            &mut self.receipts,
            &mut self.checkpoints,
            &mut self.geneses,
            &mut self.headers,
            &mut self.certificates,
            &mut self.sets,
            &mut self.handovers,
            &mut self.events,
            &mut self.bodies,
            &mut self.wraps,
        ]
    }

    fn cut(&mut self, receipt: &Receipt<'_>) {
        let finality = &receipt.finality;
        self.checkpoints.push(again::checkpoint(finality));
        match &finality.base {
            Base::Genesis(genesis) => {
                self.geneses.push(genesis.bytes().to_vec());
                self.sets.push(genesis.set().bytes().to_vec());
            }
            Base::Checkpoint(header, set) => {
                self.headers.push(header.encode().to_vec());
                self.sets.push(set.bytes().to_vec());
            }
            Base::Header(header) => self.headers.push(header.encode().to_vec()),
        }
        for handover in finality.handovers.iter() {
            self.sets.push(handover.next_set.bytes().to_vec());
            self.handovers.push(again::handover(&handover));
        }
        self.headers.push(finality.header.encode().to_vec());
        if let Finality::Certificate(certificate) = &finality.finality {
            self.certificates.push(again::certificate(certificate));
        }
        self.events.push(again::event(&receipt.event));
        self.bodies.push(receipt.event.bytes().to_vec());
        self.wraps.extend(receipt.wraps.iter().map(<[u8]>::to_vec));
    }
}

/// A value of all vectors in a folder of facts.
#[must_use]
pub fn facts(folder: &str, value: &str) -> Vec<Vec<u8>> {
    let facts = crate::kit::facts::all().into_iter().filter(|fact| fact.folder == folder);
    facts.filter_map(|fact| BASE64.decode(fact.json[value].as_str()?).ok()).collect()
}

/// Choices for a target that reads them: none, and some of several lengths.
#[must_use]
pub fn choices() -> Vec<Vec<u8>> {
    let mut numbers = Numbers::new(1);
    (0..32).map(|length| numbers.bytes(length * 6)).collect()
}
