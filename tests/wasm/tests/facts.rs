//! Every vector about state, evidence and extension comes to the same in a browser.
#![cfg(target_arch = "wasm32")]

#[cfg(test)]
#[path = "../../vectors/run.rs"]
mod run;

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

    wasm_bindgen_test_configure!(run_in_browser);

    include!(concat!(env!("OUT_DIR"), "/facts.rs"));

    #[wasm_bindgen_test]
    fn every_vector_comes_to_what_it_states() {
        assert!(!FACTS.is_empty());
        for (name, text) in FACTS {
            let json: serde_json::Value = serde_json::from_str(text).unwrap();
            assert_eq!(Some(super::run::code(&json)), json["want"].as_str(), "{name}");
        }
    }
}
