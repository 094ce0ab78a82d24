// `cargo xtask bench-web`: what a person at a browser waits for, in a real Chromium against a real node.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { cpus, tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { choose, openPage, startBrowser, startNode, verdict, withAnchor } from "../e2e/lib.mjs";
import { LONGEST, dropFiles, longest, tasksOf } from "../e2e/tasks.mjs";
import { brotli, preparePeers } from "./peers.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const ROUNDS = process.argv.includes("--quick") ? 3 : 11;
const RECEIPTS = 10_000;
const json = process.argv.includes("--json");

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const rows = [];
/** One figure with its goal; `goal` may be absent. */
function figure(what, value, unit, goal) {
  rows.push({ what, value: Math.round(value * 10) / 10, unit, goal, met: goal === undefined ? null : value <= goal });
  if (!json) console.log(`| ${what} | ${rows.at(-1).value.toLocaleString("en")} ${unit} | ${goal === undefined ? "" : `≤ ${goal.toLocaleString("en")} ${unit}`} |`);
}

/** Milliseconds from navigation to a verified event; the anchor was pinned before, the cache is empty. */
async function firstVerified(browser, node) {
  const { context, page } = await openPage(browser);
  await page.goto(withAnchor(node.url, node.anchor));
  await page.locator(".pin-chip", { hasText: "pinned" }).waitFor();
  const session = await context.newCDPSession(page);
  await session.send("Network.clearBrowserCache");
  await page.goto("about:blank");
  await page.addInitScript(() => {
    new MutationObserver(() => {
      if (document.querySelector("#verdict .banner[data-state='Verified']")) globalThis.cairnVerifiedAt ??= performance.now();
    }).observe(document, { childList: true, subtree: true, attributes: true });
  });
  await page.goto(`${node.url}/#/event/${node.sealed[0]}`);
  await page.waitForFunction(() => globalThis.cairnVerifiedAt, undefined, { timeout: 60_000 });
  const at = await page.evaluate(() => globalThis.cairnVerifiedAt);
  await context.close();
  return at;
}

/** Requests of a page that is given a receipt, and milliseconds to its verdict. */
async function droppedReceipt(browser, node) {
  const { context, page, requests } = await openPage(browser);
  await page.goto(withAnchor(node.url, node.anchor), { waitUntil: "networkidle" });
  // Until it has the newest header: what it asks for at its start may come late on a busy machine.
  for (let known = -1; known !== requests.length; await page.waitForTimeout(3_000)) known = requests.length;
  const before = requests.length;
  const began = performance.now();
  await choose(page, node.sample);
  if ((await verdict(page)) !== "Verified") throw new Error("the sample does not hold");
  const took = performance.now() - began;
  const asked = requests.slice(before).filter((url) => url.startsWith("http"));
  if (asked.length > 0) console.error(`asked for meanwhile: ${asked.join(" ")}`);
  await context.close();
  return { took, asked: asked.length };
}

/** Ten thousand files that are dropped on the page, in a folder or one by one: what its tasks take, to the last row. */
async function droppedMany(browser, node) {
  const folder = mkdtempSync(join(tmpdir(), "cairn-many-"));
  try {
    const [all, receipt] = [join(folder, "all"), readFileSync(node.sample)];
    mkdirSync(all);
    const paths = Array.from({ length: RECEIPTS }, (_, at) => join(all, `${at}.cairn`));
    for (const path of paths) writeFileSync(path, receipt);
    for (const [how, dropped] of [["in a folder", [all]], ["one by one", paths]]) {
      const { context, page } = await openPage(browser);
      await page.goto(withAnchor(node.url, node.anchor), { waitUntil: "networkidle" });
      const { tasks } = await tasksOf(page, async () => {
        await dropFiles(page, dropped);
        await page.getByText("10,000 of 10,000 checked. Done").waitFor({ timeout: 600_000 });
      }, "drop");
      await page.getByRole("button", { name: /^Verified/ }).locator(".count", { hasText: "10,000" }).waitFor();
      const first = tasks.findIndex(({ event }) => event);
      const own = tasks.slice(first);
      figure(`10,000 receipts dropped ${how}: longest task of the page, processor`, longest(own, "own"), "ms", LONGEST);
      figure(`10,000 receipts dropped ${how}: longest task after the drop, on the clock`, longest(own.slice(own.findLastIndex(({ event }) => event) + 1), "wall"), "ms");
      if (dropped === paths) figure("10,000 receipts dropped one by one: the browser’s own work before the page hears of it, processor", tasks[first].cpu - tasks[first].own, "ms");
      await context.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Many receipts in a worker: its time, and the longest that the page itself was kept. */
async function manyReceipts(browser, node) {
  const { context, page } = await openPage(browser);
  // Not the node's page: its policy allows no worker that is not a file.
  const site = await serveFolder(join(ROOT, "pkg"));
  await page.goto(`${site.url}/package.json`);
  const receipt = readFileSync(node.sample).toString("base64");
  const { given, tasks } = await tasksOf(page, () => page.evaluate(async ({ receipt, anchor, count }) => {
    const longest = { task: 0, frame: 0 };
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) longest.task = Math.max(longest.task, duration);
    }).observe({ type: "longtask" });
    const one = Uint8Array.from(atob(receipt), (letter) => letter.charCodeAt(0));
    // What a web application would do with the verifier alone.
    const script = `import { verifyReceipt } from "${location.origin}/verifier.js";
      onmessage = async ({ data: { receipts, anchor } }) => {
        let held = 0;
        for (const receipt of receipts) held += await verifyReceipt(receipt, { anchor }).then(() => 1, () => 0);
        postMessage(held);
      };
      postMessage(0);`;
    const worker = new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })), { type: "module" });
    const answer = () => new Promise((done, fail) => Object.assign(worker, { onmessage: ({ data }) => done(data), onerror: () => fail(new Error("the worker does not start")) }));
    await answer();
    let last = performance.now();
    const watch = setInterval(() => {
      const now = performance.now();
      longest.frame = Math.max(longest.frame, now - last - 5);
      last = now;
    }, 5);
    const began = performance.now();
    let held = 0;
    for (let sent = 0; sent < count; sent += 100) {
      const pending = answer();
      worker.postMessage({ receipts: Array(100).fill(one), anchor });
      held += await pending;
    }
    const took = performance.now() - began;
    clearInterval(watch);
    if (held !== count) throw new Error(`${held} of ${count} receipts hold`);
    return { took, ...longest };
  }, { receipt, anchor: node.anchor, count: RECEIPTS }));
  await context.close();
  site.close();
  return { ...given, processor: longest(tasks, "cpu") };
}

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };

/** Serves a folder; `served` tells the files of it that were asked for. */
async function serveFolder(folder) {
  const served = new Set();
  const server = createServer((request, response) => {
    const path = join(folder, new URL(request.url, "http://host").pathname);
    const file = path.endsWith("/") ? join(path, "index.html") : path;
    if (!file.startsWith(folder) || !existsSync(file)) return response.writeHead(404).end();
    served.add(file);
    return response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "text/plain" }).end(readFileSync(file));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${server.address().port}`, served, close: () => server.close() };
}

/** Ten thousand events by one batch proof, in a worker: the median of several. */
async function batchProof(browser) {
  const { url, close } = await serveFolder(process.env.CAIRN_BENCH_CASES);
  const { context, page } = await openPage(browser);
  await page.goto(`${url}/cases.js`);
  const times = await page.evaluate(async ({ url, rounds }) => {
    const script = `import init, { Cases } from "${url}/cases.js";
      await init({ module_or_path: "${url}/cases_bg.wasm" });
      const cases = new Cases();
      const times = [];
      for (let round = 0; round < ${rounds}; round += 1) {
        const began = performance.now();
        if (!cases.holds("batch", false)) throw new Error("the batch does not hold");
        times.push(performance.now() - began);
      }
      if (cases.holds("batch", true)) throw new Error("a bent batch holds");
      postMessage(times);`;
    const worker = new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })), { type: "module" });
    return new Promise((done, fail) => {
      worker.onmessage = ({ data }) => done(data);
      worker.onerror = ({ message }) => fail(new Error(message));
    });
  }, { url, rounds: ROUNDS });
  await context.close();
  close();
  return median(times);
}

/** Until a peer's first module is compiled, from navigation; ours, until a receipt is verified; and the bytes that went over. */
async function peer(browser, site, { place, calls }) {
  const [compiled, called] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    const { context, page, faults } = await openPage(browser);
    // Told on the console, which is heard also of a page that is busy from then on.
    const told = (word) => new Promise((done, fail) => {
      page.on("console", (message) => message.text().startsWith(`${word} `) && done(Number(message.text().slice(word.length))));
      setTimeout(() => fail(new Error(faults[0] ?? `not ${word} within 30 s`)), 30_000).unref();
    });
    await page.addInitScript(() => {
      let isOver = false;
      const done = () => {
        if (!isOver) console.debug(`compiled ${performance.now()}`);
        isOver = true;
      };
      for (const name of ["compile", "compileStreaming", "instantiate", "instantiateStreaming"]) {
        const native = WebAssembly[name];
        WebAssembly[name] = (...args) => native(...args).then((made) => (done(), made));
      }
      const construct = (target, args) => {
        const made = new target(...args);
        done();
        return made;
      };
      WebAssembly.Module = new Proxy(WebAssembly.Module, { construct });
    });
    const answers = [told("compiled"), ...(calls ? [told("called")] : [])];
    await page.goto(`${site.url}/${place}/`, { waitUntil: "commit" });
    const [first, second] = await Promise.all(answers).finally(() => context.close());
    compiled.push(first);
    if (calls) called.push(second);
  }
  const files = [...site.served].filter((file) => file.includes(`/${place}/`));
  return { time: median(compiled), called: calls && median(called), bytes: files.reduce((sum, file) => sum + brotli(file), 0) };
}

async function peers(browser) {
  const folder = mkdtempSync(join(tmpdir(), "cairn-peers-"));
  try {
    const found = preparePeers(folder, process.env.CAIRN_TARBALL, join(ROOT, "tests/runtimes/node_modules/.bin/esbuild"));
    const site = await serveFolder(join(folder, "pages"));
    for (const one of found) {
      const name = [one.name, one.version].filter(Boolean).join(" ");
      const said = one.why ? { why: one.why } : await peer(browser, site, one).catch((error) => ({ why: error.message.split("\n")[0] }));
      if (said.why) {
        rows.push({ what: name, why: said.why });
        if (!json) console.log(`| ${name} | not measured: ${said.why} | |`);
        continue;
      }
      figure(`${name}: compiled after navigation`, said.time, "ms");
      if (said.called) figure(`${name}: a receipt verified after navigation`, said.called, "ms");
      figure(`${name}: loaded, brotli`, said.bytes, "B");
    }
    site.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [node, browser] = await Promise.all([startNode(), startBrowser()]);
try {
  if (!json) console.log(`Node.js ${process.version}, Chromium ${browser.version()}, ${cpus()[0]?.model}, ${cpus().length} cores\n\n| what | median | goal |\n|---|---|---|`);
  const first = [];
  for (let round = 0; round < ROUNDS; round += 1) first.push(await firstVerified(browser, node));
  figure("first verified event after navigation, empty cache", median(first), "ms", 1000);
  const dropped = await droppedReceipt(browser, node);
  figure("requests after a receipt is dropped", dropped.asked, "", 0);
  figure("a dropped receipt, to its verdict", dropped.took, "ms");
  await droppedMany(browser, node);
  const many = await manyReceipts(browser, node).catch((error) => ({ why: error.message.split("\n")[0] }));
  if (many.why) {
    rows.push({ what: "10,000 receipts", why: many.why });
    if (!json) console.log(`| 10,000 receipts in a worker | not measured: ${many.why} | |`);
  } else {
    figure("10,000 receipts in a worker: longest task of the page, processor", many.processor, "ms", LONGEST);
    figure("10,000 receipts in a worker: longest task of the page, on the clock", many.task, "ms");
    figure("10,000 receipts in a worker: longest time without a turn", many.frame, "ms");
    figure("10,000 receipts in a worker: all of it", many.took, "ms");
  }
  figure("batch proof of 10,000 events in a worker", await batchProof(browser), "ms", 250);
  await peers(browser);
  if (json) console.log(JSON.stringify({ node: process.version, chromium: browser.version(), cpu: cpus()[0]?.model, rows }, null, 2));
  process.exitCode = rows.some(({ met }) => met === false) ? 1 : 0;
} finally {
  await browser.close();
  await node.stop();
}
