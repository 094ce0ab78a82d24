//! Every receipt vector has its verdict in a browser too.
#![cfg(target_arch = "wasm32")]

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use cairn_light_client::{ClientError, examine};
    use cairn_verifier::UnixMillis;
    use cairn_verifier::secret::MemberSecret;
    use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

    wasm_bindgen_test_configure!(run_in_browser);

    include!(concat!(env!("OUT_DIR"), "/vectors.rs"));

    fn code<T>(result: &Result<T, ClientError>) -> &'static str {
        result.as_ref().map_or_else(ClientError::code, |_| "ok")
    }

    #[wasm_bindgen_test]
    fn every_vector_has_its_verdict() {
        assert!(!VECTORS.is_empty());
        for (name, text) in VECTORS {
            let json: serde_json::Value = serde_json::from_str(text).unwrap();
            let text = |name: &str| json[name].as_str();
            let receipt = text("receipt").unwrap();
            let receipt = base64::engine::general_purpose::STANDARD.decode(receipt).unwrap();
            let anchor = text("anchor").unwrap().parse().unwrap();
            let now = UnixMillis(json["now"].as_u64().unwrap());
            let outcome = examine(receipt, anchor, now).outcome;
            assert_eq!(code(&outcome), text("want").unwrap(), "{name}");
            if let (Ok(receipt), Some(secret)) = (outcome, text("secret")) {
                let opened = receipt.open(&MemberSecret::parse(secret).unwrap());
                assert_eq!(code(&opened), text("wantOpen").unwrap(), "{name}");
            }
        }
    }
}
