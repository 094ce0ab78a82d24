// Writing from a page: keys that stay there, signed and sealed events, and their receipts.
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

/** Runs `work` in the page with the package, its writing half, and what it needs to know. */
function inPage(work, value) {
  const source = `(async ({ url, anchor, value }) => {
    const [pkg, write] = [await import("/pkg/index.js"), await import("/pkg/write.js")];
    const client = await pkg.LightClient.connect({ node: url, anchor });
    return (${work})({ ...pkg, ...write, client }, value);
  })`;
  return page.evaluate(`${source}(${JSON.stringify({ url: node.url, anchor: node.anchor, value })})`);
}

const DRAFT = { type: "page.saved", actor: { kind: "user", id: "ann" }, resource: { kind: "page", id: "1", parent: "site" } };

test("a key made here signs, and cannot be read", async () => {
  const found = await inPage(async ({ keys, signEvent, submit, client }, draft) => {
    const key = await keys.create("laptop");
    const first = await signEvent(client, key, { ...draft, metadata: { size: "3" } });
    const [receipt] = await submit(client, first, { wait: "final" });
    // Loaded again, it goes on where it was.
    const again = await keys.load("laptop");
    const second = await signEvent(client, again, { ...draft, outcome: "denied", payload: { public: new Uint8Array([1, 2, 3]) } });
    const [accepted] = await submit(client, [second]);
    const [final] = await submit(client, second, { wait: "final" });
    const history = await client.history({ stream: receipt.event.stream, writer: key.id });
    const kept = await new Promise((resolve) => {
      const opening = indexedDB.open("cairn-keys", 1);
      opening.onsuccess = () => {
        const asked = opening.result.transaction("keys").objectStore("keys").get("laptop");
        asked.onsuccess = () => resolve(asked.result.key.extractable);
      };
    });
    const twice = await keys.create("laptop").catch(({ code }) => code);
    return {
      own: receipt.event.writer === key.id,
      type: receipt.event.type,
      metadata: receipt.event.metadata,
      same: accepted.id === final.id && final.id === second.id,
      outcome: final.event.outcome,
      sequences: history.events.map(({ event }) => event.sequence),
      kept,
      twice,
      list: await keys.list(),
    };
  }, DRAFT);
  assert.deepEqual(found.list.map(({ name, kind }) => [name, kind]), [["laptop", "writer"]]);
  delete found.list;
  assert.deepEqual(found, {
    own: true, type: "page.saved", metadata: { size: "3" }, same: true, outcome: "denied", sequences: [0, 1], kept: false, twice: "client-key-exists",
  });
});

test("what is sealed here opens for its recipient alone", async () => {
  const auditor = await readFile(node.auditor_key, "utf8");
  const found = await inPage(async ({ keys, seal, signEvent, submit, client }, { draft, auditor }) => {
    const key = await keys.fromText(`cairn-secret-member:${"42".repeat(32)}`);
    const event = await signEvent(client, key, { ...draft, payload: seal({ amount: "12", raw: new Uint8Array([0, 255]) }, ["auditor"]) });
    await submit(client, event, { wait: "final" });
    const fields = await client.open(event.id, auditor);
    const stranger = await client.open(event.id, key.reveal()).catch(({ code }) => code);
    const nobody = await signEvent(client, key, { ...draft, payload: seal({ a: "b" }, ["nobody"]) }).catch(({ code }) => code);
    key.lock();
    const locked = await signEvent(client, key, draft).catch(({ code }) => code);
    return { amount: new TextDecoder().decode(fields.amount), raw: [...fields.raw], stranger, nobody, locked };
  }, { draft: DRAFT, auditor });
  assert.deepEqual(found, { amount: "12", raw: [0, 255], stranger: "client-no-wrap", nobody: "client-no-such-member", locked: "client-locked" });
});

test("a member's key lies under its passphrase", async () => {
  const found = await inPage(async ({ keys }) => {
    const text = `cairn-secret-member:${"17".repeat(32)}`;
    const key = await keys.import("phone", text, "correct horse");
    const again = await keys.load("phone", "correct horse");
    const wrong = await keys.load("phone", "wrong horse").catch(({ code }) => code);
    const weak = await keys.make("weak", "short").catch(({ code }) => code);
    const bad = await keys.import("bad", "no key", "correct horse").catch(({ code }) => code);
    const stored = await new Promise((resolve) => {
      const opening = indexedDB.open("cairn-keys", 1);
      opening.onsuccess = () => {
        const asked = opening.result.transaction("keys").objectStore("keys").get("phone");
        asked.onsuccess = () => resolve(JSON.stringify(asked.result, (_, value) => (value instanceof Uint8Array ? [...value] : value)));
      };
    });
    await keys.forget("phone");
    const gone = await keys.load("phone", "correct horse").catch(({ code }) => code);
    return { same: key.id === again.id && again.reveal() === text, wrong, weak, bad, leaks: stored.includes("23,23,23,23"), gone };
  });
  assert.deepEqual(found, { same: true, wrong: "client-bad-passphrase", weak: "client-weak-passphrase", bad: "client-bad-key", leaks: false, gone: "client-no-such-key" });
});

test("a page and its news are verified in the browser", async () => {
  const found = await inPage(async ({ keys, signEvent, submit, client }, draft) => {
    const page = await client.events({ limit: 1000, type: "page.saved" });
    const whole = await client.events({ private: true });
    const key = await keys.load("laptop");
    const ending = new AbortController();
    const news = client.watch({ signal: ending.signal, events: { type: "page.saved" }, after: (await client.sync()).header });
    const next = news.next();
    const event = await signEvent(client, key, draft);
    await submit(client, event);
    const { value } = await next;
    ending.abort();
    const kept = client.notKept;
    return { count: page.events.length, between: whole.allBetween.to - whole.events.length - whole.allBetween.from, news: value.events.map(({ id }) => id), id: event.id, kept };
  }, DRAFT);
  assert.deepEqual([found.count, found.between, found.news, found.kept], [3, 0, [found.id], null]);
});

test("two tabs keep one store", async () => {
  const { page: other } = await openPage(browser);
  await other.close();
  const tab = await page.context().newPage();
  await tab.goto(node.url);
  const work = async ({ url, anchor }) => {
    const { LightClient } = await import("/pkg/index.js");
    const clients = await Promise.all(Array.from({ length: 5 }, () => LightClient.connect({ node: url, anchor })));
    const heads = await Promise.all(clients.map((client) => client.sync()));
    return heads.map(({ header }) => header.height).concat(clients.map(({ notKept }) => notKept));
  };
  const both = await Promise.all([page, tab].map((each) => each.evaluate(work, { url: node.url, anchor: node.anchor })));
  const height = both[0][0];
  for (const found of both) assert.deepEqual(found.slice(5), [null, null, null, null, null], String(height));
  await tab.close();
});
