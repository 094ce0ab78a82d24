// A real node with a demo log, and a real browser. Both are ended when the tests are over, whatever
// became of them.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PATIENCE = 120_000;

/** What was built, unless the environment names others. */
function built(variable, path) {
  const found = resolve(ROOT, process.env[variable] ?? path);
  if (!existsSync(found)) throw new Error(`${found} is not there; run \`cargo xtask build\`, or set ${variable}`);
  return found;
}

/** Events of the size of a small log. */
// CAIRN_EVENTS: another file of CloudEvents lines, for a larger run.
export const SAMPLE_EVENTS = process.env.CAIRN_EVENTS ?? join(ROOT, "tests/data/cloudevents-1000.jsonl");

/**
 * Starts `cairn demo` and waits until it serves. Gives what the node says of itself: `url`, `anchor`,
 * `auditor_key`, `stranger_key`, `sealed`, `sample`, `tampered`; and `stop`.
 */
export async function startNode(from = SAMPLE_EVENTS) {
  const [bin, ui, pkg] = [built("CAIRN_BIN", "target/node/cairn"), built("CAIRN_UI", "target/ui"), built("CAIRN_PKG", "pkg")];
  const folder = await mkdtemp(join(tmpdir(), "cairn-e2e-"));
  const ready = join(folder, "demo.ready.json");
  const node = spawn(
    bin,
    ["demo", "--dir", join(folder, "demo"), "--listen", "127.0.0.1:0", "--ui", ui, "--pkg", pkg, "--from", from, "--ready-file", ready],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  let words = "";
  node.stderr.on("data", (text) => (words = (words + text).slice(-4_000)));
  const kill = () => node.kill("SIGKILL");
  process.once("exit", kill);
  const stop = async () => {
    process.off("exit", kill);
    const ended = new Promise((done) => (node.exitCode ?? node.signalCode) === null ? node.once("exit", done) : done());
    kill();
    await ended;
    await rm(folder, { recursive: true, force: true });
  };

  const started = Date.now();
  while (!existsSync(ready)) {
    if (node.exitCode !== null || Date.now() - started > PATIENCE) {
      await stop();
      throw new Error(`the node did not get ready; its last words:\n${words}`);
    }
    await sleep(50);
  }
  return { ...JSON.parse(readFileSync(ready, "utf8")), stop };
}

/** Starts Chromium, which asks nobody for anything. */
export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  });
}

/**
 * A page of its own browser profile that notes what must not be: errors, warnings on the console,
 * and requests to anyone but the node.
 */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  const faults = [];
  const requests = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(message.text());
  });
  page.on("request", (request) => requests.push(request.url()));
  return { context, page, faults, requests };
}

/** The fragment that brings an anchor along. */
export const withAnchor = (url, anchor) => `${url}/#anchor=${anchor}`;

/** The verdict that the page shows, once it is not "Checking". */
export async function verdict(page) {
  const banner = page.locator("#verdict .banner:not([data-state^='Checking'])");
  await banner.waitFor({ timeout: 20_000 });
  return banner.getAttribute("data-state");
}

/** Gives files to the page as a person does who chooses them. */
export async function choose(page, ...files) {
  await page.locator("#files").setInputFiles(files);
}

/** How far the page is wider than its window, in pixels. */
export const overflow = (page) =>
  page.evaluate(() => document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth);

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Violations of WCAG 2.2 AA that axe-core finds, contrast among them. */
export async function violations(page) {
  // Evaluated from outside, because the page's policy rightly refuses it as a script.
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const found = await globalThis.axe.run(document, { runOnly: { type: "tag", values: tags } });
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
  });
}

/** A page at the start, with the node's anchor pinned by the link. */
export async function openPinned(browser, node, options) {
  const opened = await openPage(browser, options);
  await opened.page.goto(withAnchor(node.url, node.anchor));
  await opened.page.locator("h1").waitFor();
  return opened;
}

/** How much on the page is green, the legend of the start page left out. */
export const green = (page) => page.locator(":not(.legend *).tone-green").count();
