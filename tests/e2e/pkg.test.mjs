// The npm package as a page uses it: imported from a server, in a real browser.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { openPage, startBrowser, startNode } from "./lib.mjs";

let node;
let browser;
let page;

before(async () => {
  [node, browser] = await Promise.all([startNode(), startBrowser()]);
  ({ page } = await openPage(browser));
  await page.goto(node.url);
});
after(async () => {
  await browser?.close();
  await node?.stop();
});

/** Runs `work` in the page with the package, the node's address, the anchor and one more value. */
function inPage(work, value) {
  const source = `(async ({ url, anchor, value }) => {
    const pkg = await import("/pkg/index.js");
    return (${work})(pkg, { url, anchor, value });
  })`;
  return page.evaluate(`${source}(${JSON.stringify({ url: node.url, anchor: node.anchor, value })})`);
}

test("200 random events are verified", async () => {
  const verified = await inPage(async ({ LightClient }, { url, anchor }) => {
    const client = await LightClient.connect({ node: url, anchor });
    const ids = [];
    for (let cursor; ; ) {
      const listed = await client.query({ limit: 500, cursor });
      ids.push(...listed.events.map((event) => event.id));
      cursor = listed.next;
      if (!cursor) break;
    }
    const chosen = [];
    while (chosen.length < 200 && ids.length > 0) {
      chosen.push(...ids.splice(Math.floor(Math.random() * ids.length), 1));
    }
    let count = 0;
    for (const id of chosen) {
      const event = await client.event(id);
      if (event.id === id) count += 1;
    }
    return count;
  });
  assert.equal(verified, 200);
});

test("every flipped byte of a receipt is refused", async () => {
  const id = node.sealed[0];
  const { refused, length, accepted, codes } = await inPage(
    async ({ LightClient, explainReceipt }, { url, anchor, value }) => {
      const client = await LightClient.connect({ node: url, anchor });
      const bytes = (await client.receipt(value)).toBytes();
      const now = Date.now();
      const codes = new Set();
      const accepted = [];
      let refused = 0;
      for (let at = 0; at < bytes.length; at += 1) {
        const bent = bytes.slice();
        bent[at] ^= 1 + (at % 255);
        const { state, error } = await explainReceipt(bent, anchor, { now });
        if (state === "verified") accepted.push(at);
        else refused += 1;
        codes.add(error?.code);
      }
      return { refused, length: bytes.length, accepted, codes: [...codes] };
    },
    id,
  );
  assert.deepEqual(accepted, []);
  assert.equal(refused, length);
  assert.ok(length > 1_000);
  assert.ok(codes.length > 5, codes.join(" "));
});

test("the auditor's key opens a sealed payload, a stranger's does not", async () => {
  const value = {
    id: node.sealed[0],
    auditor: await readFile(node.auditor_key, "utf8"),
    stranger: await readFile(node.stranger_key, "utf8"),
  };
  const { names, code } = await inPage(async ({ LightClient }, { url, anchor, value }) => {
    const client = await LightClient.connect({ node: url, anchor });
    const names = Object.keys(await client.open(value.id, value.auditor));
    const code = await client.open(value.id, value.stranger).then(
      () => "opened",
      (error) => error.code,
    );
    return { names, code };
  }, value);
  assert.ok(names.length > 0);
  assert.equal(code, "client-no-wrap");
});

test("another anchor, and no anchor, are refused by name", async () => {
  const receipt = [...(await readFile(node.sample))];
  const codes = await inPage(async ({ verifyReceipt }, { anchor, value }) => {
    const bytes = new Uint8Array(value);
    const code = (anchor) => verifyReceipt(bytes, anchor).then(() => "verified", (error) => error.code);
    return [await code(anchor), await code(`genesis:${"5a".repeat(32)}`), await code("genesis:5a")];
  }, receipt);
  assert.deepEqual(codes, ["verified", "trust-other-anchor", "client-bad-anchor"]);
});

test("the verifier alone gives the same verdicts", async () => {
  const receipt = [...(await readFile(node.sample))];
  const said = await inPage(async ({ verifyReceipt }, { anchor, value }) => {
    const alone = await import("/pkg/verifier.js");
    const bytes = new Uint8Array(value);
    const [own, light] = [await alone.verifyReceipt(bytes, { anchor }), await verifyReceipt(bytes, anchor)];
    bytes[bytes.length >> 1] ^= 1;
    const codes = await Promise.allSettled([alone.verifyReceipt(bytes, { anchor }), verifyReceipt(bytes, anchor)]);
    const facts = ({ id, index, event, header, standing }) => JSON.stringify({ id, index, event, header, standing });
    return { facts: [facts(own), facts(light)], codes: codes.map(({ reason }) => reason?.code) };
  }, receipt);
  assert.equal(said.facts[0], said.facts[1]);
  assert.ok(said.codes[0]);
  assert.equal(said.codes[0], said.codes[1]);
});
