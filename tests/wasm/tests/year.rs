//! What a client that follows a log for a year keeps in the browser's `IndexedDB`: measured, and held
//! to 5 MB. The headers, votes and handovers are real ones of post-quantum keys; only time is given.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::as_conversions, clippy::arithmetic_side_effects, reason = "small numbers")]

#[cfg(test)]
#[expect(dead_code, reason = "of the node in memory, only what answers a sync is asked")]
#[path = "../../../light-client/tests/all/answers.rs"]
mod answers;
#[cfg(test)]
#[path = "../../../verifier/tests/kit/mod.rs"]
mod kit;
#[cfg(test)]
#[expect(dead_code, reason = "of the node in memory, only what answers a sync is asked")]
#[path = "../../../light-client/tests/all/node.rs"]
mod node;

#[cfg(test)]
mod tests {
    use std::future::Future;

    use cairn_light_client::world::{Request, Unsaved};
    use cairn_light_client::{Browser, Client, ClientError, World};
    use cairn_verifier::UnixMillis;
    use cairn_verifier::wire::Writer;
    use js_sys::{Function, Promise, Reflect};
    use wasm_bindgen::{JsCast as _, JsValue};
    use wasm_bindgen_futures::JsFuture;
    use wasm_bindgen_test::{console_log, wasm_bindgen_test, wasm_bindgen_test_configure};

    use super::kit::{Block, Council, GENESIS_TIME, Kit, Signer};
    use super::node::{Town, find};

    wasm_bindgen_test_configure!(run_in_browser);

    const HOUR: u64 = 3_600_000;
    const DAYS: u64 = 365;
    /// The set changes every thirty days, and has seven validators.
    const TERM: u64 = 30;
    const VALIDATORS: u8 = 7;
    /// So many days of it are written every hour as well, beside it.
    const HOURLY: u64 = 5;
    const LIMIT: u64 = 5_000_000;

    /// The node in memory, and the browser's own store.
    #[derive(Clone)]
    struct Here(Town);

    impl World for Here {
        fn now(&self) -> UnixMillis {
            World::now(&self.0)
        }
        async fn get(&self, request: Request) -> Result<Vec<u8>, ClientError> {
            let (path, base) = request.url.split_once("?base=checkpoint:").unwrap_or_default();
            if path == "http://node/v1/checkpoints/latest" {
                return Ok(checkpoint_from(&self.0.0.kit.borrow(), base));
            }
            self.0.get(request).await
        }
        fn wait(&self, stream: Request) -> impl Future<Output = Result<(), ClientError>> {
            self.0.wait(stream)
        }
        fn sleep(&self, millis: u32) -> impl Future<Output = ()> {
            self.0.sleep(millis)
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

    /// The newest header from one that the client had verified: its set, what changed since, the votes.
    fn checkpoint_from(kit: &Kit, base: &str) -> Vec<u8> {
        let (from, tip) = (find(kit, base).unwrap().header, kit.tip());
        let epoch = from.epoch as usize;
        let mut writer = Writer::new();
        writer.u8(1).u8(b'C').u8(2).raw(&from.encode()).raw(&kit.councils[epoch].bytes);
        let is_same = from.digest() == tip.header.digest();
        let handovers = if is_same { &[][..] } else { &kit.handovers[epoch..] };
        writer.len16(handovers.len());
        for handover in handovers {
            writer.raw(handover);
        }
        writer.raw(&tip.header.encode());
        if is_same {
            writer.u8(3)
        } else {
            writer.u8(1).raw(&tip.certificate)
        };
        writer.into_bytes()
    }

    fn council(term: u64) -> Council {
        let seed = (term as u8).wrapping_mul(VALIDATORS);
        Council::new((0..VALIDATORS).map(|n| (Signer::hybrid(seed.wrapping_add(n)), 1)).collect())
    }

    /// One more block, so many milliseconds after the genesis; `next` takes over after it.
    fn block_at(kit: &mut Kit, after: u64, next: Option<Council>) {
        let mut header = kit.next_header(next.as_ref());
        header.time = UnixMillis(GENESIS_TIME + after);
        let certificate = kit.council().certify(&header, 0, &kit.council().quorum());
        if let Some(next) = next {
            kit.handovers.push([&header.encode()[..], &certificate, &next.bytes].concat());
            kit.councils.push(next);
        }
        kit.blocks.push(Block { header, certificate });
    }

    /// A day's blocks: one, or as many as it takes to hand over.
    fn day(town: &Town, day: u64) {
        let mut kit = town.0.kit.borrow_mut();
        kit.push_plain(1);
        let after = day * 24 * HOUR;
        if day.is_multiple_of(TERM) {
            let (mut minutes, next) = (0, day / TERM);
            while !kit.next_header(None).is_at_gate() {
                block_at(&mut kit, after + minutes, None);
                minutes += 60_000;
            }
            block_at(&mut kit, after + minutes, Some(council(next)));
            kit.push_plain(1);
            block_at(&mut kit, after + minutes + 60_000, None);
        } else {
            block_at(&mut kit, after, None);
        }
        town.0.now.set(kit.now().0);
    }

    /// Bytes that this origin has on disk, as the browser counts them.
    async fn used() -> u64 {
        let get = |of: &JsValue, name: &str| Reflect::get(of, &name.into()).unwrap();
        let storage = get(&get(&js_sys::global(), "navigator"), "storage");
        let estimate = get(&storage, "estimate").unchecked_into::<Function>();
        let promise = estimate.call0(&storage).unwrap().unchecked_into::<Promise>();
        get(&JsFuture::from(promise).await.unwrap(), "usage").as_f64().unwrap() as u64
    }

    #[wasm_bindgen_test]
    async fn a_year_of_checkpoints_takes_less_than_five_megabytes() {
        let mut kit = Kit::new(0xce, council(0));
        kit.push_plain(1);
        block_at(&mut kit, 60_000, None);
        let town = Town::new(kit);
        let here = Here(town.clone());
        let client = Client::connect_in(here.clone(), "http://node", town.anchor()).await.unwrap();
        let empty = used().await;
        client.sync().await.unwrap();
        let (first, mut most, mut written) = (used().await, 0, 0);
        for number in 1..=DAYS {
            day(&town, number);
            client.sync().await.unwrap();
            assert_eq!(client.not_kept(), None);
            written += client.known().evidence().unwrap().len();
            if number % 10 == 0 {
                most = most.max(used().await);
            }
        }
        let evidence = client.known().evidence().unwrap();
        let handovers = town.0.kit.borrow().handovers.len();
        let daily = used().await;
        console_log!(
            "a year, synced daily, {VALIDATORS} validators, {handovers} handovers: evidence {} bytes; \
             on disk {empty} before, {first} after the first sync, {daily} after the year, \
             {most} at most; {written} written",
            evidence.len()
        );

        // Its last days synced every hour: what is kept is as long, and written 24 times as often.
        let name = format!("hourly {}", town.anchor());
        let (mut old, mut peak) = (None, 0);
        for hour in 0..HOURLY * 24 {
            let mut new = evidence.clone();
            new[0] = hour as u8;
            here.swap(&name, old, new.clone()).await.unwrap();
            old = Some(new);
            if hour % 24 == 0 {
                peak = peak.max(used().await);
            }
        }
        let both = used().await;
        console_log!("{HOURLY} days synced hourly beside it: {both} after them, {peak} at most");

        // It is all there is, and it holds: another client begins where this one ended.
        let again = Client::connect_in(here, "http://node", town.anchor()).await.unwrap();
        assert!(again.refused_evidence().is_none());
        assert_eq!(again.head().unwrap().digest(), client.head().unwrap().digest());
        assert_eq!(handovers as u64, DAYS / TERM);
        assert!(evidence.len() as u64 <= LIMIT, "{} bytes of evidence", evidence.len());
        for (what, bytes) in [("after the year", daily), ("at most", most)] {
            assert!(bytes <= LIMIT, "{bytes} bytes on disk {what}");
        }
        // There it is twice.
        assert!(both.max(peak) <= 2 * LIMIT, "{both} bytes on disk, {peak} at most");
    }
}
