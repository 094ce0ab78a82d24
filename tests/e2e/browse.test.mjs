// What an auditor does with the log's page, with folders and lists of events, and with a single field.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { CAIRN, submit } from "./handovers.mjs";
import { choose, openPinned, startBrowser, startNode, verdict } from "./lib.mjs";
import { LONGEST, dropFiles, longest, tasksOf, told } from "./tasks.mjs";

const run = promisify(execFile);
let node;
let browser;
let folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "cairn-browse-"));
  [node, browser] = await Promise.all([startNode(), startBrowser()]);
});
after(async () => {
  await browser?.close();
  await node?.stop();
  await rm(folder, { recursive: true, force: true });
});

const pinned = (options) => openPinned(browser, node, options);
const height = (page) => page.locator(".stats dd").first().innerText();
const listed = (count) => document.querySelectorAll("tbody [data-state='Verified']").length >= count;

test("the log's page asks for the newest header when it is opened", async () => {
  const { page, faults, context } = await pinned();
  await page.goto(`${node.url}/#/log`);
  await page.waitForFunction(listed, 25);
  const before = await height(page);
  await page.getByRole("link", { name: "Trust" }).click();
  await submit(node, "e2e.while-away");
  await page.getByRole("link", { name: "Log", exact: true }).click();
  await page.locator("tbody tr", { hasText: "e2e.while-away" }).locator("[data-state='Verified']").waitFor();
  await page.waitForFunction((before) => document.querySelector(".stats dd").textContent !== before, before);
  assert.deepEqual(faults, []);
  await context.close();
});

/** Notes the least that was painted while something was done: rows that are verified, and the head. */
const watch = () => {
  const main = document.querySelector("main");
  const look = () => {
    globalThis.least.rows = Math.min(globalThis.least.rows, main.querySelectorAll("tbody [data-state='Verified']").length);
    globalThis.least.stats = Math.min(globalThis.least.stats, main.querySelectorAll(".stats").length);
    globalThis.least.banners = Math.max(globalThis.least.banners, main.querySelectorAll(".banner").length);
  };
  globalThis.least = { rows: 1_000, stats: 1, banners: 0 };
  const frame = () => {
    look();
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
};

test("asking again takes nothing off the page that holds", async () => {
  const { page, context } = await pinned();
  await page.goto(`${node.url}/#/log`);
  await page.waitForFunction(listed, 25);
  await page.evaluate(watch);
  await page.getByRole("button", { name: "Sync now" }).click();
  await page.waitForLoadState("networkidle");
  await submit(node, "e2e.again");
  await page.getByRole("button", { name: "Sync now" }).click();
  await page.locator("tbody tr", { hasText: "e2e.again" }).locator("[data-state='Verified']").waitFor();
  // The new row takes the place of one.
  assert.deepEqual(await page.evaluate(() => globalThis.least), { rows: 24, stats: 1, banners: 0 });
  await context.close();
});

test("when the node is away the log's page says so, and keeps what it knows", async () => {
  const { page, context } = await pinned();
  await page.goto(`${node.url}/#/log`);
  await page.waitForFunction(listed, 25);
  await page.getByRole("link", { name: "Trust" }).click();
  await page.locator("#validators tbody tr").first().waitFor();
  await page.route("**/v1/**", (route) => route.abort());
  await page.getByRole("link", { name: "Log", exact: true }).click();
  await page.locator("main .banner[data-state='Could not check']").waitFor();
  assert.match(await page.locator("main .banner").innerText(), /does not answer/);
  await page.getByText("The node did not list its events").waitFor();
  assert.equal(await page.locator(".stats").count(), 1, "the header that was verified before");
  await page.unroute("**/v1/**");
  await page.getByRole("button", { name: "Sync now" }).click();
  await page.waitForFunction(listed, 25);
  assert.equal(await page.locator("main .banner").count(), 0);
  await context.close();
});

test("a single field opens for who has no key, and no other event's does", async () => {
  const [id, other] = node.sealed;
  const file = join(folder, "one.field");
  const open = ["open", id, "--node", node.url, "--key", node.auditor_key, "--anchor", node.anchor, "--json"];
  const shown = JSON.parse((await run(CAIRN, open)).stdout);
  const [{ name, text }] = shown.payload.fields;
  await run(CAIRN, [...open, "--field", name, "--out", file]);
  const { page, faults, context } = await pinned();
  await page.goto(`${node.url}/#/event/${id}`);
  assert.equal(await verdict(page), "Verified");
  await page.locator("#key-file").setInputFiles(file);
  const opened = page.locator("[data-opened='field']");
  await opened.waitFor();
  assert.match(await opened.innerText(), new RegExp(`${name}\\s+${text}`));
  assert.equal(await opened.locator("dt").count(), 1, "one field, and no more");
  await page.goto(`${node.url}/#/event/${other}`);
  assert.equal(await verdict(page), "Verified");
  await page.locator("#key-file").setInputFiles(file);
  await page.locator("[data-opened='no']").waitFor();
  assert.match(await page.locator("[data-opened='no']").innerText(), /payload-field-root|inclusion-|event-/);
  assert.deepEqual(faults, []);
  await context.close();
});

/** A folder with receipts, some of them deeper down, and what a system leaves in folders. */
async function march() {
  const march = join(folder, "march");
  await mkdir(join(march, "deep", "deeper"), { recursive: true });
  await cp(node.sample, join(march, "1.cairn"));
  await cp(node.sample, join(march, "deep", "2.cairn"));
  await cp(node.tampered, join(march, "deep", "deeper", "3.cairn"));
  await writeFile(join(march, ".DS_Store"), "of the system");
  return march;
}

const names = (page) => page.locator("tbody [data-name='Receipt']").allInnerTexts();
const FOUND = ["march/1.cairn", "march/deep/2.cairn", "march/deep/deeper/3.cairn"];

test("folders are dropped, as deep as they go", async () => {
  const { page, faults, context } = await pinned();
  await page.goto(`${node.url}/#/batch`);
  await page.getByRole("button", { name: "Choose a folder" }).waitFor();
  const devtools = await context.newCDPSession(page);
  const data = { items: [], files: [await march()], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"]) {
    await devtools.send("Input.dispatchDragEvent", { type, x: 400, y: 300, data });
  }
  await page.getByText("3 of 3 checked. Done").waitFor();
  assert.deepEqual((await names(page)).toSorted(), FOUND);
  await page.getByRole("button", { name: /^Verified/ }).locator(".count", { hasText: "2" }).waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});

test("folders are chosen", async () => {
  const { page, faults, context } = await pinned();
  await page.goto(`${node.url}/#/batch`);
  await page.locator("#batch-folder").setInputFiles(await march());
  await page.getByText("3 of 3 checked. Done").waitFor();
  assert.deepEqual((await names(page)).toSorted(), FOUND);
  assert.deepEqual(faults, []);
  await context.close();
});

test("a list of events is verified as one file, here and natively", async () => {
  const { page, faults, context } = await pinned();
  const bytes = await page.evaluate(async ({ node, anchor }) => {
    const { LightClient } = await import("/pkg/index.js");
    const list = await (await LightClient.connect({ node, anchor })).list([1, 5, 6, 40]);
    return [...list.toBytes()];
  }, { node: node.url, anchor: node.anchor });
  const [good, bent] = [join(folder, "four.list"), join(folder, "bent.list")];
  await writeFile(good, Buffer.from(bytes));
  await writeFile(bent, Buffer.from(bytes).fill(7, bytes.length >> 1, (bytes.length >> 1) + 1));
  await choose(page, good, bent);
  await page.getByText("2 of 2 checked. Done").waitFor();
  await page.getByText("A list: 4 events, each verified.").waitFor();
  const states = await page.locator("tbody [data-state]").evaluateAll((all) => all.map((one) => one.dataset.state));
  assert.deepEqual(states, ["Verified", "Not valid"]);
  const { stdout } = await run(CAIRN, ["verify", good, "--anchor", node.anchor, "--json"]);
  assert.deepEqual(JSON.parse(stdout).events.map(({ index }) => index), [1, 5, 6, 40]);
  assert.deepEqual(faults, []);
  await context.close();
});

/** A receipt that stands on the anchor alone, as bytes. */
const portable = async () => Buffer.from(await (await fetch(`${node.url}/v1/receipts/${node.sealed[0]}?base=genesis`)).arrayBuffer());

/** Until the first thousand and more are checked; then stops it, and sees the rows. */
async function begunAndStopped(page) {
  await page.waitForFunction(() => /[1-9],\d{3} of 10,000 checked/.test(document.body.innerText), null, { timeout: 120_000 });
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText(/checked. Stopped./).waitFor();
  assert.match(page.url(), /#\/batch$/);
  await page.locator("tbody tr").nth(199).waitFor();
  assert.equal(await page.locator("tbody [data-state='Verified']").count(), 200);
}

function keepsNoPage(what, tasks) {
  console.log(`${what}: ${told(tasks)}`);
  assert.ok(longest(tasks, "own") <= LONGEST, `${what}: ${told(tasks)}`);
}

test("ten thousand receipts that are dropped on any page are a batch, and keep no page", async () => {
  const { page, context } = await pinned();
  await page.evaluate(({ sample, count }) => {
    globalThis.data = new DataTransfer();
    const bytes = Uint8Array.from(atob(sample), (letter) => letter.charCodeAt(0));
    for (let at = 0; at < count; at += 1) globalThis.data.items.add(new File([bytes], `${at}.cairn`));
  }, { sample: (await portable()).toString("base64"), count: 10_000 });
  const { tasks } = await tasksOf(page, async () => {
    await page.evaluate(() => {
      setTimeout(() => document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: globalThis.data })));
    });
    await begunAndStopped(page);
  });
  keepsNoPage("10,000 receipts dropped", tasks);
  await context.close();
});

test("ten thousand files of a disk keep no page, as a folder or one by one", async () => {
  const many = join(folder, "many");
  await mkdir(many);
  const receipt = await portable();
  const paths = Array.from({ length: 10_000 }, (_, at) => join(many, `${at}.cairn`));
  for (const path of paths) await writeFile(path, receipt);
  // Before the page hears of files that are dropped one by one, the browser makes each a `File`: that is
  // told, and not the page's.
  for (const [what, dropped] of [["a folder of 10,000 dropped", [many]], ["10,000 files dropped", paths]]) {
    const { page, faults, context } = await pinned();
    const { tasks } = await tasksOf(page, async () => {
      await dropFiles(page, dropped);
      await begunAndStopped(page);
    }, "drop");
    keepsNoPage(what, tasks.slice(tasks.findIndex(({ event }) => event)));
    assert.deepEqual(faults, []);
    await context.close();
  }
});
