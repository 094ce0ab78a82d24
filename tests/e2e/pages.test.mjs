// What the pages do beyond one receipt: the path drawn, blocks, batches, reports, trust, languages.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { choose, green, openPage, openPinned, startBrowser, startNode, verdict } from "./lib.mjs";
import { batchOfThree } from "./places.mjs";

const run = promisify(execFile);
const CAIRN = resolve(fileURLToPath(new URL("../..", import.meta.url)), process.env.CAIRN_BIN ?? "target/node/cairn");

let node;
let browser;

before(async () => {
  [node, browser] = await Promise.all([startNode(), startBrowser()]);
});
after(async () => {
  await browser?.close();
  await node?.stop();
});

const pinned = (options) => openPinned(browser, node, options);


/** The demo's data directory, and the key of who may redact. */
const dataFolder = () => join(dirname(node.sample), "data");
const adminKey = () => join(dataFolder(), "keys/admin.key");

/** A second node on a copy of the data. */
async function startCopy(dir, ready) {
  const child = spawn(CAIRN, ["start", "--dir", dir, "--listen", "127.0.0.1:0", "--ready-file", ready], {
    stdio: "ignore",
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  for (let waited = 0; !existsSync(ready); waited += 1) {
    assert.ok(child.exitCode === null && waited < 600, "the copy did not start");
    await sleep(50);
  }
  return { ...JSON.parse(await readFile(ready, "utf8")), stop: kill };
}

/** Sends one event, and waits for its block; the demo's node signs it. */
async function log(type, id, to = node.url) {
  const body = JSON.stringify({ type, actor: { kind: "user", id: "e2e" }, resource: { kind: "test", id } });
  const answer = await fetch(`${to}/v1/events?wait=final`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  const text = await answer.text();
  assert.ok(answer.ok, text);
  return JSON.parse(text);
}

const saved = async (page, click) => {
  const download = page.waitForEvent("download");
  await click();
  return readFile(await (await download).path(), "utf8");
};

test("the sample needs no network and no anchor", async () => {
  const { page, requests, faults, context } = await openPage(browser);
  await page.goto(node.url);
  await page.getByRole("link", { name: "Sample receipt" }).waitFor();
  await page.waitForLoadState("networkidle");
  await context.setOffline(true);
  const before = requests.length;
  await page.getByRole("link", { name: "Sample receipt" }).click();
  assert.equal(await verdict(page), "Verified");
  await page.getByText("This sample is checked against its own anchor").waitFor();
  assert.equal(await page.locator("#signers tbody tr").count(), 4);
  await page.getByRole("link", { name: "Check another" }).click();
  await page.getByRole("link", { name: "The same, forged" }).click();
  assert.equal(await verdict(page), "Not valid");
  assert.equal(await green(page), 0);
  assert.equal(requests.length, before);
  assert.deepEqual(faults, []);
  await context.close();
});

test("the path to the root is walked with the arrow keys, and is a list too", async () => {
  const { page, context } = await pinned();
  await choose(page, node.sample);
  await verdict(page);
  const slider = page.locator("#mountain-step");
  const steps = Number(await slider.getAttribute("max"));
  assert.ok(steps > 5);
  const text = page.locator("#mountain .step-text");
  assert.match(await text.innerText(), new RegExp(`${steps} / ${steps}`));
  await slider.focus();
  await page.keyboard.press("Home");
  assert.match(await text.innerText(), /^The hash of event/);
  await page.keyboard.press("ArrowRight");
  assert.match(await text.innerText(), /Step 1 \//);
  assert.equal(await slider.getAttribute("aria-valuetext"), await text.innerText());
  await page.locator("#mountain summary").click();
  assert.equal(await page.locator("#mountain .walk li").count(), steps + 1);
  // The last step's root is the header's, which the verifier named.
  const root = await page.locator("#mountain .walk li:last-child .hash-text").last().getAttribute("title");
  assert.ok((await page.locator("#checks .hash-text").evaluateAll((all) => all.map((one) => one.title))).includes(root));
  await context.close();
});

test("a block is verified, with who signed it, and leads to others", async () => {
  const { page, faults, context } = await pinned();
  await page.goto(`${node.url}/#/log`);
  await page.getByRole("link", { name: "Newest block" }).click();
  assert.equal(await verdict(page), "Verified");
  assert.match(await page.getByRole("table").innerText(), /100.0 %\s+Signed/);
  await page.goto(`${node.url}/#/block/1`);
  await page.getByRole("heading", { name: "Block 1" }).waitFor();
  assert.equal(await verdict(page), "Verified");
  await page.getByRole("link", { name: "Older", exact: true }).click();
  await page.getByText("none, this is the first").waitFor();
  assert.equal(await verdict(page), "Verified");
  assert.deepEqual(faults, []);
  await page.goto(`${node.url}/#/block/999999`);
  assert.equal(await verdict(page), "Could not check");
  await context.close();
});

test("a block that is not the one asked for is not shown as it", async () => {
  const { page, context } = await pinned();
  await page.route("**/v1/checkpoints/1?*", async (route) => {
    await route.fulfill({ response: await route.fetch({ url: route.request().url().replace("/1?", "/0?") }) });
  });
  await page.goto(`${node.url}/#/block/1`);
  assert.equal(await verdict(page), "Could not check");
  assert.equal(await green(page), 0);
  await context.close();
});

test("two heads are consistent, and a proof with one flipped bit says so of none", async () => {
  const { page, context } = await pinned();
  const { height } = await (await fetch(`${node.url}/v1/status`)).json();
  await page.goto(`${node.url}/#/compare`);
  await page.getByLabel("Older height").fill("0");
  await page.getByLabel("Newer height").fill(String(height));
  await page.getByRole("button", { name: "Compare" }).click();
  assert.equal(await verdict(page), "Verified");
  await page.route("**/v1/proofs/extends?*", async (route) => {
    const body = await (await route.fetch()).body();
    body[body.length - 1] ^= 1;
    await route.fulfill({ body });
  });
  await page.reload();
  assert.equal(await verdict(page), "Not valid");
  assert.equal(await green(page), 0);
  await context.close();
});

test("a batch counts, filters and gives files", async () => {
  const { page, requests, faults, context } = await pinned();
  await page.waitForLoadState("networkidle");
  await batchOfThree(page, node);
  const asked = requests.filter((url) => url.includes("/v1/") && !url.includes("checkpoints"));
  assert.deepEqual(asked, [], "receipts are checked without asking anyone");
  assert.equal(await page.locator("tbody tr").count(), 3);
  await page.getByRole("button", { name: /^Not valid/ }).click();
  assert.equal(await page.locator("tbody tr").count(), 2);
  assert.equal(await page.locator("tbody [data-state='Verified']").count(), 0);
  const csv = await saved(page, () => page.getByRole("button", { name: "Save as CSV" }).click());
  assert.match(csv, /"sample.cairn","Verified"/);
  assert.match(csv, /"tampered.cairn","Not valid","inclusion-root-mismatch"/);
  const rows = JSON.parse(await saved(page, () => page.getByRole("button", { name: "Save as JSON" }).click()));
  assert.deepEqual(rows.map((row) => row.state), ["Verified", "Not valid", "Not valid"]);
  assert.deepEqual(faults, []);
  await context.close();
});

test("an older block is not shown as the newest, though it is final", async () => {
  const { page, context } = await pinned();
  await log("dev.test.newer", "one");
  const old = await page.request.get(`${node.url}/v1/checkpoints/1?base=genesis`);
  const body = await old.body();
  await page.goto(`${node.url}/#/log`);
  await page.getByRole("button", { name: "Sync now" }).click();
  await page.locator("tbody tr [data-state='Verified']").first().waitFor();
  await page.route("**/v1/checkpoints/latest**", (route) => route.fulfill({ body, contentType: old.headers()["content-type"] }));
  await page.goto(`${node.url}/#/block/latest`);
  await page.locator("#verdict", { hasText: "Could not check" }).waitFor();
  assert.equal(await page.locator("#verdict [data-state='Verified']").count(), 0);
  await context.close();
});

test("a batch goes with the anchor that it was checked under", async () => {
  const { page, context } = await pinned();
  await batchOfThree(page, node);
  await page.evaluate(() => (location.hash = "#/trust"));
  await page.locator("#anchor").fill(`genesis:${"ab".repeat(32)}`);
  await page.locator("#anchor").press("Enter");
  await page.evaluate(() => (location.hash = "#/report"));
  await page.locator("main a[href='#/batch']").waitFor();
  assert.equal(await page.locator("main [data-state='Verified']").count(), 0);
  assert.equal(await page.getByRole("button", { name: "Print" }).count(), 0);
  await context.close();
});

test("a batch without an anchor checks nothing", async () => {
  const { page, context } = await openPage(browser);
  await page.goto(`${node.url}/#/batch`);
  await page.getByText("Pin an anchor first").waitFor();
  assert.equal(await page.locator("#batch-files").count(), 0);
  await context.close();
});

test("three thousand receipts leave the page usable, and can be stopped", async () => {
  const { page, context } = await pinned();
  await page.goto(`${node.url}/#/batch`);
  const sample = (await readFile(node.sample)).toString("base64");
  await page.evaluate(
    ({ sample, count }) => {
      const bytes = Uint8Array.from(atob(sample), (c) => c.charCodeAt(0));
      const data = new DataTransfer();
      for (let at = 0; at < count; at += 1) data.items.add(new File([bytes], `${at}.cairn`));
      document.getElementById("batch-files").files = data.files;
    },
    { sample, count: 3_000 },
  );
  await page.evaluate(() => {
    globalThis.long = [];
    const note = (list) => globalThis.long.push(...list.getEntries().map((one) => one.duration));
    new PerformanceObserver(note).observe({ type: "longtask" });
    const choose = () => document.getElementById("batch-files").dispatchEvent(new Event("change", { bubbles: true }));
    setTimeout(choose, 100);
  });
  await page.waitForFunction(() => /[1-9][\d,]* of 3,000 checked/.test(document.body.innerText));
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText(/checked. Stopped./).waitFor();
  const before = await page.locator("#batch-status").innerText();
  await page.waitForTimeout(500);
  assert.equal(await page.locator("#batch-status").innerText(), before);
  assert.equal(await page.locator("tbody [data-state='Not valid']").count(), 0);
  const longest = Math.max(0, ...(await page.evaluate(() => globalThis.long)));
  console.log(`longest task of the page while the batch ran: ${longest} ms`);
  await context.close();
});

test("all events of a search are checked", async () => {
  const { page, faults, context } = await pinned();
  await page.goto(`${node.url}/#/batch`);
  await page.getByLabel("At most").fill("120");
  await page.getByRole("button", { name: "Check them" }).click();
  await page.getByText("120 of 120 checked. Done").waitFor({ timeout: 60_000 });
  await page.getByRole("button", { name: /^Verified/ }).locator(".count", { hasText: "120" }).waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});

test("a report names what is needed to repeat it, and its command does", async () => {
  const { page, context } = await pinned();
  await batchOfThree(page, node);
  await page.getByRole("link", { name: "Make a report" }).click();
  await page.getByText("SHA-256 of the verifier").waitFor();
  const report = JSON.parse(await saved(page, () => page.getByRole("button", { name: "Save as JSON" }).click()));
  assert.equal(report.anchor, node.anchor);
  assert.equal(report.receipts.length, 3);
  const module = Buffer.from(await (await fetch(`${node.url}/web_ui_bg.wasm`)).arrayBuffer());
  assert.equal(report.verifier.sha256, createHash("sha256").update(module).digest("hex"));

  const folder = await mkdtemp(join(tmpdir(), "cairn-report-"));
  for (const file of [node.sample, node.tampered, node.auditor_key]) {
    await cp(file, join(folder, file.split("/").at(-1)));
  }
  const env = { ...process.env, PATH: `${dirname(CAIRN)}:${process.env.PATH}` };
  const { stdout } = await run("sh", ["-c", report.repeat], { cwd: folder, env });
  assert.match(stdout, /tampered.cairn: exit code 1/);
  assert.match(stdout, /auditor.key: exit code 1/);
  assert.doesNotMatch(stdout, /sample.cairn: exit code/);
  await rm(folder, { recursive: true });

  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator(".bar nav").isVisible(), false);
  assert.equal(await page.getByRole("button", { name: "Print" }).isVisible(), false);
  await context.close();
});

test("receipts are kept if that is wanted, and checked again; verdicts are not kept", async () => {
  const { page, context } = await pinned();
  await choose(page, node.sample, node.tampered);
  await page.locator(".items [data-state='Not valid']").waitFor();
  assert.equal(await page.evaluate(() => localStorage.getItem("cairn-receipts")), null);
  await page.getByLabel("Keep these receipts on this device").check();
  await page.reload();
  await page.locator(".items [data-state='Verified']").waitFor();
  await page.locator(".items [data-state='Not valid']").waitFor();
  assert.doesNotMatch(await page.evaluate(() => JSON.stringify({ ...localStorage })), /erified|alid/);
  await page.getByLabel("Keep these receipts on this device").uncheck();
  await page.reload();
  await page.locator("h1").waitFor();
  assert.equal(await page.locator(".items").count(), 0);
  await context.close();
});

test("new events appear as they become final, verified", async () => {
  const { page, faults, context } = await pinned();
  await page.goto(`${node.url}/#/log`);
  await page.locator("tbody [data-state='Verified']").first().waitFor();
  await page.getByRole("button", { name: "Live" }).click();
  await page.getByText("Following:").waitFor();
  const id = `live-${Date.now()}`;
  await log("dev.test.live", id);
  await page.locator("tbody tr", { hasText: id }).locator("[data-state='Verified']").waitFor();
  assert.match(await page.locator("tbody tr").first().innerText(), new RegExp(id));
  assert.deepEqual(faults, []);
  await context.close();
});

test("an anchor is compared, saved and loaded", async () => {
  const { page, context } = await pinned();
  await page.goto(`${node.url}/#/trust`);
  await page.getByText("Compare it with someone").click();
  const words = (await page.locator(".spoken").innerText()).split(/\s+/);
  assert.equal(words.length, 16);
  const file = await saved(page, () => page.getByRole("button", { name: "Export to a file" }).click());
  assert.equal(file.trim(), node.anchor);
  await page.locator("#validators tbody tr").waitFor();
  await page.getByText("They did not change").waitFor();
  await page.getByRole("button", { name: "Forget it" }).click();
  await page.getByText("No anchor pinned").waitFor();
  assert.equal(await green(page), 0);
  const folder = await mkdtemp(join(tmpdir(), "cairn-anchor-"));
  await writeFile(join(folder, "notes.txt"), `The anchor of the payroll log is\n  ${node.anchor}\n`);
  await page.locator("#anchor-file").setInputFiles(join(folder, "notes.txt"));
  await page.locator(".pin-chip", { hasText: "pinned by you" }).waitFor();
  await writeFile(join(folder, "notes.txt"), "nothing of the kind");
  await page.locator("#anchor-file").setInputFiles(join(folder, "notes.txt"));
  await page.getByText("There is no anchor in that file.").waitFor();
  await rm(folder, { recursive: true });
  await context.close();
});

test("the page speaks German, and what others wrote stays as it is", async () => {
  const { page, context } = await pinned();
  await choose(page, node.sample);
  await verdict(page);
  const written = await page.locator(".facts dd bdi").first().innerText();
  await page.getByRole("button", { name: "Deutsch" }).click();
  await page.getByRole("heading", { name: "Beleg", exact: true }).waitFor();
  assert.equal(await verdict(page), "Verified");
  await page.getByText("Bestätigt").first().waitFor();
  assert.equal(await page.locator(".facts dd bdi").first().innerText(), written);
  await page.reload();
  await page.getByText("Diese Seite hat den Beleg nicht mehr").waitFor();
  await page.getByRole("button", { name: "English" }).click();
  await page.getByText("This page no longer holds that receipt").waitFor();
  await context.close();
});

test("the operator's page shows the node, and nothing of it is green", async () => {
  const { page, faults, context } = await pinned();
  await page.goto(`${node.url}/#/operator`);
  await page.getByText("Takes events").waitFor();
  await page.locator(".plot-now").first().waitFor();
  await log("dev.test.operator", "1");
  await page.getByText("Shown as soon as an event becomes final").waitFor({ state: "detached" });
  assert.equal(await green(page), 0);
  assert.deepEqual(faults, []);
  await context.close();
});

test("the page about itself gives the digest of what runs", async () => {
  const { page, context } = await pinned();
  await page.getByRole("link", { name: "About" }).click();
  const module = Buffer.from(await (await fetch(`${node.url}/web_ui_bg.wasm`)).arrayBuffer());
  const digest = createHash("sha256").update(module).digest("hex");
  await page.locator(`.hash-text[title='${digest}']`).waitFor();
  await context.close();
});

test("an erased payload says so, with the redaction that is in the log", async () => {
  const id = node.sealed.at(-1);
  const args = ["redact", id, "--node", node.url, "--anchor", node.anchor, "--key", adminKey(), "--reason", "e2e"];
  await run(CAIRN, args);
  const { page, context } = await pinned();
  await page.goto(`${node.url}/#/event/${id}`);
  assert.equal(await verdict(page), "Verified");
  await page.locator("#payload-state [data-state='Erased']").waitFor();
  await page.getByRole("link", { name: "See the redaction" }).click();
  await page.getByText("cairn.payload.redacted").waitFor();
  assert.equal(await verdict(page), "Verified");
  await context.close();
});

test("two histories of one log raise the alarm on every page, with evidence to keep", async () => {
  // The same validator's key on two machines, and another event on each: a fork, made for real.
  const copy = await mkdtemp(join(tmpdir(), "cairn-fork-"));
  await cp(dataFolder(), join(copy, "data"), { recursive: true });
  const other = await startCopy(join(copy, "data"), join(copy, "ready.json"));
  try {
    const { page, context } = await pinned();
    await log("dev.test.fork", "ours");
    await page.goto(`${node.url}/#/log`);
    // Its head is from before that event, maybe.
    await page.getByRole("button", { name: "Sync now" }).click();
    await page.locator("tbody tr", { hasText: "dev.test.fork" }).locator("[data-state='Verified']").waitFor();
    for (let at = 0; at < 3; at += 1) await log("dev.test.fork", `theirs-${at}`, other.url);
    await page.route("**/v1/**", async (route) => {
      const url = route.request().url().replace(node.url, other.url);
      await route.fulfill({ response: await route.fetch({ url }) });
    });
    await page.getByRole("button", { name: "Sync now" }).click();
    await page.getByRole("heading", { name: "Two histories of one log" }).waitFor();
    await page.getByRole("link", { name: "Trust" }).click();
    await page.getByRole("heading", { name: "Two histories of one log" }).waitFor();
    const file = await saved(page, () => page.getByRole("button", { name: "Save the evidence" }).click());
    assert.ok(file.length > 500);
    await context.close();
  } finally {
    other.stop();
    await rm(copy, { recursive: true, force: true });
  }
});
