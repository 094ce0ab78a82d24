// A node that lies, in every way: neither the light client nor the page ever says "verified".
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openPage, startBrowser, startNode, verdict, withAnchor } from "./lib.mjs";
import { lies, startLiar } from "./liar.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CAIRN = process.env.CAIRN_BIN ?? join(ROOT, "target/node/cairn");

let node;
let other;
let liar;
let browser;
let id;

before(async () => {
  [node, other, browser] = await Promise.all([startNode(), startNode(), startBrowser()]);
  liar = await startLiar(node);
  [id] = node.sealed;
});
after(async () => {
  await browser?.close();
  await liar?.stop();
  await Promise.all([node?.stop(), other?.stop()]);
});

/** What the light client in a page of its own says of one event: `verified` or an error's code. */
async function asked(page, what = id, anchor = node.anchor) {
  return page.evaluate(async ({ url, anchor, what }) => {
    const { LightClient } = await import("/pkg/index.js");
    globalThis.client ??= await LightClient.connect({ node: url, anchor });
    return globalThis.client.event(what).then(() => "verified", ({ state, code }) => `${state} ${code}`);
  }, { url: liar.url, anchor, what });
}

/** A page of a profile of its own, which was never told anything else than `lie`. */
async function fresh(lie = (_path, answer) => answer) {
  liar.node = node;
  liar.lie = lie;
  const { context, page } = await openPage(browser);
  await page.goto(withAnchor(liar.url, node.anchor));
  await page.locator("h1").waitFor();
  return { context, page };
}

const green = (page) => page.locator(":not(.legend *).tone-green").count();

/** Looks at an event and at the log; returns the verdict shown, once it is known that nothing is green. */
async function shown(page) {
  await page.goto(`${liar.url}/#/event/${id}`);
  const state = await verdict(page);
  assert.notEqual(state, "Verified");
  assert.equal(await page.locator("#verdict .tone-green").count(), 0);
  await page.goto(`${liar.url}/#/log`);
  await sleep(1_500);
  assert.equal(await page.locator("[data-state='Verified']").count(), 0);
  assert.equal(await green(page), 0);
  return state;
}

/** What the client says of each lie, and what the page shows. */
const WANTED = {
  "a forged height": ["failed finality-bad-vote", "Not valid"],
  "a forged root": ["failed finality-bad-vote", "Not valid"],
  "a forged vote": ["failed finality-bad-vote", "Not valid"],
  "truncated": ["failed decode-truncated", "Not valid"],
  "one byte too many": ["failed decode-trailing-bytes", "Not valid"],
  "empty": ["failed decode-truncated", "Not valid"],
  "huge": ["could-not-check client-too-large", "Could not check"],
  "a web page instead": ["failed decode-file-type", "Not valid"],
  "a redirect to a web page": ["failed decode-file-type", "Not valid"],
  "a redirect in a circle": ["could-not-check client-network", "Could not check"],
  "500": ["could-not-check client-http-status", "Could not check"],
  "503 with a problem": ["could-not-check client-http-status", "Could not check"],
  "the connection closed half way": ["could-not-check client-network", "Could not check"],
};

for (const name of Object.keys(lies("00"))) {
  test(`never green: ${name}`, async () => {
    const { context, page } = await fresh(lies(node.anchor.split(":")[1])[name]);
    assert.deepEqual([await asked(page), await shown(page)], WANTED[name]);
    await context.close();
  });
}

test("never green: another log", async () => {
  const { context, page } = await fresh(async (path) => {
    const answer = await fetch(other.url + path);
    return { status: answer.status, headers: {}, body: Buffer.from(await answer.arrayBuffer()) };
  });
  assert.equal(await asked(page), "failed trust-other-anchor");
  await shown(page);
  await context.close();
});

test("never green: a true receipt of another event", async () => {
  const { context, page } = await fresh();
  const [, second] = node.sealed;
  liar.lie = async (path, answer) => {
    if (!path.includes(`/v1/receipts/${id}`)) return answer;
    const swapped = await fetch(liar.node.url + path.replace(id, second));
    return { ...answer, body: Buffer.from(await swapped.arrayBuffer()) };
  };
  assert.equal(await asked(page), "failed client-other-event");
  await page.goto(`${liar.url}/#/event/${id}`);
  assert.equal(await verdict(page), "Not valid");
  assert.equal(await green(page), 0);
  await context.close();
});

test("never green: slow, and then no answer", async () => {
  const { context, page } = await fresh();
  liar.lie = (path, answer) => (/checkpoints|receipts/.test(path) ? null : answer);
  const pending = asked(page).catch(() => "the page was left");
  await page.goto(`${liar.url}/#/event/${id}`);
  await sleep(3_000);
  assert.equal(await green(page), 0);
  assert.equal(await page.locator("[data-state='Verified']").count(), 0);
  liar.lie = () => {
    throw new Error("gone");
  };
  liar.drop();
  assert.equal(await verdict(page), "Could not check");
  assert.equal(await pending, "could-not-check client-network");
  await context.close();
});

test("never green: a head that is older than the one known", async () => {
  const { context, page } = await fresh();
  const latest = await fetch(`${node.url}/v1/checkpoints/latest?base=genesis`);
  assert.ok(latest.ok, await latest.clone().text());
  const old = Buffer.from(await latest.arrayBuffer());
  const late = await submit(node);
  assert.equal(await asked(page, late), "verified");
  const head = await page.evaluate(() => globalThis.client.head.header.height);
  liar.lie = (path, answer) => (path.includes("/v1/checkpoints/latest") ? { ...answer, status: 200, body: old } : answer);
  const later = await submit(node);
  assert.equal(await asked(page, later), "could-not-check client-node-behind");
  assert.equal(await page.evaluate(() => globalThis.client.head.header.height), head);
  await context.close();
});

test("never green: a fork, two histories signed by the same validator", async () => {
  const [one, two] = await startTwins();
  try {
    const [first, second] = [await submit(one), await submit(two)];
    liar.node = one;
    liar.lie = (_path, answer) => answer;
    const { context, page } = await openPage(browser);
    await page.goto(withAnchor(liar.url, one.anchor));
    assert.equal(await asked(page, first, one.anchor), "verified");
    // The page too takes the first history for its own.
    await page.goto(`${liar.url}/#/event/${first}`);
    assert.equal(await verdict(page), "Verified");
    liar.node = two;
    // It does not know the head that the client has, and says that it is only too old.
    const behind = { status: 404, headers: { "content-type": "application/problem+json" }, body: Buffer.from('{"code":"not-in-base","status":404}') };
    liar.lie = (path, answer) => (path.startsWith("/v1/receipts/") && answer.status !== 200 ? behind : answer);
    assert.equal(await asked(page, second, one.anchor), "failed client-equivocation");
    await submit(two);
    // A contradiction that was seen stays seen.
    assert.equal(await asked(page, second, one.anchor), "failed client-equivocation");
    await page.goto(`${liar.url}/#/event/${second}`);
    assert.equal(await verdict(page), "Not valid");
    assert.equal(await page.locator("#verdict .tone-green").count(), 0);
    await context.close();
  } finally {
    await Promise.all([one.stop(), two.stop()]);
  }
});

/** Two nodes with one genesis and one validator's key: a validator that signs two histories. */
async function startTwins() {
  const folder = mkdtempSync(join(tmpdir(), "cairn-twins-"));
  const [one, two] = ["one", "two"].map((name) => join(folder, name));
  const made = spawnSync(CAIRN, ["init", "--dir", one], { encoding: "utf8" });
  assert.equal(made.status, 0, made.stderr);
  cpSync(one, two, { recursive: true });
  const nodes = await Promise.all([startIn(one), startIn(two)]);
  after(() => rmSync(folder, { recursive: true, force: true }));
  return nodes;
}

async function startIn(dir) {
  const ready = `${dir}.json`;
  const from = ["--ui", process.env.CAIRN_UI ?? join(ROOT, "target/ui"), "--pkg", process.env.CAIRN_PKG ?? join(ROOT, "pkg")];
  const child = spawn(CAIRN, ["start", "--dir", dir, "--listen", "127.0.0.1:0", "--ready-file", ready, ...from], { stdio: "ignore" });
  process.once("exit", () => child.kill("SIGKILL"));
  for (let waited = 0; !existsSync(ready); waited += 1) {
    assert.ok(child.exitCode === null && waited < 600, "a twin does not start");
    await sleep(50);
  }
  return { ...JSON.parse(readFileSync(ready, "utf8")), stop: () => child.kill("SIGKILL") };
}

async function submit({ url }) {
  const event = { type: "e2e.late", actor: { kind: "user", id: "ann" }, resource: { kind: "app", id: "shop" } };
  const response = await fetch(`${url}/v1/events`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(event) });
  assert.ok(response.ok, `${response.status} ${await response.clone().text()}`);
  const { accepted: [{ id }] } = await response.json();
  await sleep(1_000);
  return id;
}
