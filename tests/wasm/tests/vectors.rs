//! Every vector has its verdict in a browser too.
#![cfg(target_arch = "wasm32")]

#[cfg(test)]
#[path = "shared/vectors.rs"]
mod vectors;

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

    use crate::vectors;

    wasm_bindgen_test_configure!(run_in_browser);

    #[wasm_bindgen_test]
    fn every_receipt_has_its_verdict() {
        vectors::receipts();
    }

    #[wasm_bindgen_test]
    fn every_fact_comes_to_what_it_states() {
        vectors::facts();
    }

    #[wasm_bindgen_test]
    fn every_tree_proof_has_its_verdict() {
        vectors::trees();
    }
}
