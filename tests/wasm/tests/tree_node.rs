//! Every tree vector has its verdict in Node.js too: this test is not for a browser.
#![cfg(target_arch = "wasm32")]

#[cfg(test)]
#[path = "../../../verifier/tests/tree/run.rs"]
mod run;

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use crate::run::verdict;

    include!(concat!(env!("OUT_DIR"), "/tree.rs"));

    #[wasm_bindgen_test]
    fn every_vector_has_its_verdict() {
        assert!(!VECTORS.is_empty());
        for (name, text) in VECTORS {
            let case: serde_json::Value = serde_json::from_str(text).unwrap();
            assert_eq!(verdict(&case), case["want"], "{name}");
        }
    }
}
