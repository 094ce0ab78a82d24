//! The light client's own world: `IndexedDB`, `fetch` and the clock of a browser.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::as_conversions, clippy::arithmetic_side_effects, reason = "small numbers")]

#[cfg(test)]
mod tests {
    use std::future::Future;

    use base64::Engine as _;
    use cairn_light_client::world::{Request, Unsaved};
    use cairn_light_client::{Browser, Client, ClientError, World};
    use cairn_verifier::trust::FinalityProof;
    use cairn_verifier::{TrustAnchor, UnixMillis};
    use js_sys::Reflect;
    use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

    wasm_bindgen_test_configure!(run_in_browser);

    const VECTOR: &str = include_str!("../../vectors/receipts/ok-hybrid.json");

    /// A node that has one checkpoint, at the time of its log; the store is the browser's.
    #[derive(Clone)]
    struct Town {
        anchor: TrustAnchor,
        now: UnixMillis,
        checkpoint: Vec<u8>,
    }

    impl Town {
        /// From a receipt: it begins as a checkpoint file does, after version and type.
        fn new() -> Self {
            let json: serde_json::Value = serde_json::from_str(VECTOR).unwrap();
            let text = |name: &str| json[name].as_str().unwrap();
            let receipt = base64::engine::general_purpose::STANDARD.decode(text("receipt"));
            let mut checkpoint = receipt.unwrap();
            checkpoint[1] = b'C';
            let len = (2..checkpoint.len())
                .find(|len| FinalityProof::decode(&checkpoint[..*len]).is_ok())
                .unwrap();
            checkpoint.truncate(len);
            let now = UnixMillis(json["now"].as_u64().unwrap());
            Self { anchor: text("anchor").parse().unwrap(), now, checkpoint }
        }

        async fn connect(&self) -> Client<Self> {
            Client::connect_in(self.clone(), "http://node", self.anchor).await.unwrap()
        }
    }

    impl World for Town {
        fn now(&self) -> UnixMillis {
            self.now
        }
        fn get(&self, request: Request) -> impl Future<Output = Result<Vec<u8>, ClientError>> {
            assert_eq!(request.url, "http://node/v1/checkpoints/latest?base=genesis");
            std::future::ready(Ok(self.checkpoint.clone()))
        }
        async fn wait(&self, stream: Request) -> Result<(), ClientError> {
            Browser.wait(stream).await
        }
        async fn sleep(&self, millis: u32) {
            Browser.sleep(millis).await;
        }
        async fn load(&self, name: &str) -> Option<Vec<u8>> {
            Browser.load(name).await
        }
        async fn swap(
            &self,
            name: &str,
            old: Option<Vec<u8>>,
            new: Vec<u8>,
        ) -> Result<(), Unsaved> {
            Browser.swap(name, old, new).await
        }
    }

    #[wasm_bindgen_test]
    async fn evidence_is_kept_and_verified_again() {
        let town = Town::new();
        let name = town.anchor.to_string();
        assert_eq!(Browser.load(&name).await, None);
        let client = town.connect().await;
        assert_eq!(client.head(), None);
        let head = client.sync().await.unwrap();

        let again = town.connect().await;
        assert_eq!(again.head(), Some(head));
        assert!(again.refused_evidence().is_none());

        let evidence = Browser.load(&name).await.unwrap();
        for at in [0, 1, 2, 40, 90, 400, evidence.len() / 2, evidence.len() - 1] {
            let mut bent = evidence.clone();
            bent[at] ^= 1;
            let now = Browser.load(&name).await;
            Browser.swap(&name, now, bent.clone()).await.unwrap();
            let again = town.connect().await;
            assert_eq!(again.head(), None, "byte {at}");
            assert!(again.refused_evidence().is_some(), "byte {at}");
        }
        // What was refused is replaced by the next sync.
        town.connect().await.sync().await.unwrap();
        assert_eq!(town.connect().await.head(), Some(head));
    }

    #[wasm_bindgen_test]
    async fn nothing_is_swapped_for_what_is_not_there() {
        let (one, two) = (vec![1], vec![2]);
        assert_eq!(Browser.swap("swapped", None, one.clone()).await, Ok(()));
        let changed = Err(Unsaved::Changed(Some(one.clone())));
        assert_eq!(Browser.swap("swapped", None, two.clone()).await, changed);
        assert_eq!(Browser.swap("swapped", Some(two.clone()), two.clone()).await, changed);
        assert_eq!(Browser.swap("swapped", Some(one), two.clone()).await, Ok(()));
        assert_eq!(Browser.load("swapped").await, Some(two));
    }

    #[wasm_bindgen_test]
    async fn waits_as_long_as_told() {
        let before = js_sys::Date::now();
        Browser.sleep(60).await;
        assert!(js_sys::Date::now() - before >= 50.0);
    }

    #[wasm_bindgen_test]
    fn the_clock_is_the_browsers() {
        let before = js_sys::Date::now();
        let now = Browser.now();
        let after = js_sys::Date::now();
        let between = UnixMillis(before as u64)..=UnixMillis(after as u64);
        assert!(between.contains(&now), "{now}");
    }

    fn origin() -> String {
        let location = Reflect::get(&js_sys::global(), &"location".into()).unwrap();
        Reflect::get(&location, &"origin".into()).unwrap().as_string().unwrap()
    }

    #[wasm_bindgen_test]
    async fn fetches_and_tells_what_went_wrong() {
        let page = Browser.get(Request::binary(format!("{}/", origin()))).await.unwrap();
        assert!(!page.is_empty());
        let absent = Browser.get(Request::binary(format!("{}/absent", origin()))).await;
        assert!(matches!(absent, Err(ClientError::HttpStatus { status: 404, .. })), "{absent:?}");
        let nobody = Browser.get(Request::json("http://127.0.0.1:1/".to_owned())).await;
        assert_eq!(nobody.unwrap_err().code(), "client-network");
    }
}
