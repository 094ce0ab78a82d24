// Ten thousand receipts in a real browser: in a worker, without keeping the page; and without workers.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openPage, startBrowser } from "./lib.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PKG = resolve(ROOT, process.env.CAIRN_PKG ?? "pkg");
const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm", ".html": "text/html" };
const COUNT = 10_000;

const POLICY = "default-src 'none'; connect-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'";

let server;
let browser;
let url;

before(async () => {
  server = createServer(async ({ url: path }, response) => {
    const { pathname, search } = new URL(path, "http://host");
    const trusted = search.includes("trusted") ? "; require-trusted-types-for 'script'" : "";
    if (pathname === "/") {
      response.writeHead(200, { "content-type": "text/html", "content-security-policy": POLICY + trusted });
      return response.end("<!doctype html><title>batch</title>");
    }
    const body = await readFile(join(PKG, pathname)).catch(() => undefined);
    const type = TYPES[extname(pathname)] ?? "application/octet-stream";
    // A worker takes its policy from its own answer.
    response.writeHead(body ? 200 : 404, { "content-type": type, "content-security-policy": POLICY });
    return response.end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${server.address().port}/`;
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
});

async function vector(name) {
  const { receipt, anchor, now } = JSON.parse(await readFile(join(ROOT, `tests/vectors/receipts/${name}.json`), "utf8"));
  return { receipt, anchor, now };
}

/** Verifies copies of a receipt in the page, every hundredth bent; and notes what kept the page. */
const inPage = async ({ count, receipt, anchor, now, own }) => {
  const long = [];
  new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" });
  const { spawn } = await import("/worker.js");
  const worker = own ? new Worker(trustedTypes.createPolicy("own", { createScriptURL: (path) => path }).createScriptURL("/worker-entry.js"), { type: "module" }) : undefined;
  const verifier = spawn(worker);
  const good = Uint8Array.from(atob(receipt), (letter) => letter.charCodeAt(0));
  const bent = good.slice();
  bent[bent.length >> 1] ^= 1;
  const receipts = Array.from({ length: count }, (_, at) => (at % 100 === 7 ? bent : good));
  await new Promise((resolve) => setTimeout(resolve, 100));
  long.length = 0;
  const progress = [];
  const began = performance.now();
  const { counts, rows } = await verifier.verifyBatch(receipts, anchor, { now, onProgress: ({ done }) => progress.push(done) });
  const took = performance.now() - began;
  await new Promise((resolve) => setTimeout(resolve, 100));
  const ending = new AbortController();
  const ended = await verifier
    .verifyBatch(receipts, anchor, { now, signal: ending.signal, onProgress: () => ending.abort() })
    .then(() => "went on", ({ name }) => name);
  const inWorker = verifier.inWorker;
  verifier.terminate();
  return { counts, places: rows.every(({ at }, place) => at === place), took, long, steps: progress.length, last: progress.at(-1), ended, inWorker };
};

test("ten thousand receipts in a worker keep no page", async () => {
  const { page, faults } = await openPage(browser);
  await page.goto(url);
  const found = await page.evaluate(inPage, { count: COUNT, ...(await vector("ok-hybrid")) });
  assert.equal(found.inWorker, true);
  assert.deepEqual([found.counts.verified, found.counts.failed], [COUNT - 100, 100]);
  assert.ok(found.places && found.steps > 10 && found.last === COUNT);
  assert.equal(found.ended, "AbortError");
  console.log(`${COUNT} receipts in ${Math.round(found.took)} ms; long tasks: ${found.long.map(Math.round).join(" ") || "none"}`);
  assert.deepEqual(found.long.filter((duration) => duration > 50), [], "the page was kept");
  assert.deepEqual(faults, []);
});

test("a page that starts its workers itself gives one", async () => {
  const { page } = await openPage(browser);
  await page.goto(`${url}?trusted`);
  const found = await page.evaluate(inPage, { count: 200, own: true, ...(await vector("ok-hybrid")) });
  assert.deepEqual([found.inWorker, found.counts.verified, found.counts.failed], [true, 198, 2]);
});

test("where no worker may start, the page does it in slices", async () => {
  const { page } = await openPage(browser);
  await page.goto(`${url}?trusted`);
  const found = await page.evaluate(inPage, { count: 1_000, ...(await vector("ok-hybrid")) });
  assert.deepEqual([found.inWorker, found.counts.verified, found.counts.failed], [false, 990, 10]);
  assert.ok(found.steps > 3, `${found.steps} steps`);
});
