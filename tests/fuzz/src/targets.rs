//! One file a target. To add one, write its file and name it here.

use crate::Target;

macro_rules! targets {
    ($($name:ident)*) => {
        $(mod $name;)*

        /// All targets.
        pub const TARGETS: &[Target] = &[$(Target {
            name: stringify!($name),
            run: $name::run,
            seeds: $name::seeds,
            rounds: $name::ROUNDS,
        }),*];
    };
}

targets! {
    consensus_log
    decode_body
    decode_certificate
    decode_checkpoint
    decode_event
    decode_evidence
    decode_extends
    decode_field
    decode_genesis
    decode_gossip
    decode_handover
    decode_header
    decode_message
    decode_metadata
    decode_plaintext
    decode_receipt
    decode_record
    decode_set
    decode_state_proof
    decode_text
    host_message
    json_event
    link_frames
    link_hello
    open_field
    open_payload
    open_wrap_v1
    open_wrap_v2
    verify_answer
    verify_batch
    verify_consistency
    verify_event
    verify_evidence
    verify_extends
    verify_finality
    verify_inclusion
    verify_list
    verify_peaks
    verify_receipt
    verify_signature
    verify_state
    verify_tiles
}
