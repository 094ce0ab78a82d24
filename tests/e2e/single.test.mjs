// The single-file verifier: opened from disk, without any network, in every state.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openPage, overflow, startBrowser, violations } from "./lib.mjs";
import { address, receiptFiles, settled, shown } from "./single.mjs";

const SHOTS = process.env.CAIRN_SHOTS;
const folder = mkdtempSync(join(tmpdir(), "cairn-single-"));
let browser;
let good;
let newer;

before(async () => {
  browser = await startBrowser();
  [good, newer] = ["ok-opened", "future-version"].map((name) => receiptFiles(folder, name));
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

/** The page from disk, offline, at a time of its own. */
async function open(options = {}, { anchor = good.anchor, now = good.now } = {}) {
  const opened = await openPage(browser, options);
  await opened.context.setOffline(true);
  if (now) await opened.page.clock.setFixedTime(now);
  await opened.page.goto(address(anchor));
  return opened;
}

async function choose(page, file) {
  await page.locator("#file").setInputFiles(file);
  await page.waitForFunction(settled);
  return page.evaluate(shown);
}

/** Drops files with these names and bytes, as a person does. */
const drop = (page, files) =>
  page.evaluate((files) => {
    const data = new DataTransfer();
    for (const [name, bytes, count = 1] of files) {
      const own = new Uint8Array(bytes);
      for (let at = 0; at < count; at += 1) data.items.add(new File([own], name));
    }
    document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data }));
  }, files);

test("a receipt that holds is verified, with each check", async () => {
  const { page, faults, requests } = await open();
  const said = await choose(page, good.file);
  assert.deepEqual([said.state, said.word], ["verified", "Verified"]);
  assert.ok(said.checks.length >= 10 && said.checks.every((state) => state === "verified"), said.checks.join(" "));
  assert.match(said.sentence, /entry 1 of the log/);
  assert.deepEqual(faults, []);
  assert.deepEqual(requests.filter((url) => !url.startsWith("data:")), [address()]);
});

test("one flipped bit is not valid, and nothing on the page is green", async () => {
  const { page } = await open();
  await choose(page, good.file);
  const said = await choose(page, good.bent);
  assert.equal(said.state, "failed");
  assert.ok(said.code.length > 0 && !said.checks.includes("verified"), said.checks.join(" "));
  assert.equal(await page.locator("#event-card").isVisible(), false);
  assert.equal(await page.locator("#event dt").count(), 0);
});

test("a file that cannot be read leaves nothing green", async () => {
  const { page } = await open();
  await choose(page, good.file);
  await page.evaluate(() => {
    File.prototype.arrayBuffer = () => Promise.reject(new DOMException("gone", "NotReadableError"));
  });
  const said = await choose(page, good.bent);
  assert.deepEqual([said.state, said.code], ["could-not-check", "page-not-read"]);
  assert.equal(await page.locator("#event-card").isVisible(), false);
});

test("an old anchor, a newer format, another anchor, and none have a state each", async () => {
  const old = await open({}, { now: good.now + 1e10 });
  assert.deepEqual((({ state, code }) => [state, code])(await choose(old.page, good.file)), ["stale", "trust-past-trust-period"]);
  const { page } = await open();
  const later = await choose(page, newer.file);
  assert.deepEqual([later.state, later.code], ["could-not-check", newer.want]);
  await page.fill("#anchor", `genesis:${"5a".repeat(32)}`);
  const other = await choose(page, good.file);
  assert.deepEqual([other.state, other.code], ["failed", "trust-other-anchor"]);
  await page.fill("#anchor", "");
  const none = await choose(page, good.file);
  assert.deepEqual([none.state, none.code], ["not-checked", ""]);
});

test("a verdict goes when what it was about is changed", async () => {
  const { page } = await open();
  await choose(page, good.file);
  await page.locator("#anchor").press("End");
  await page.keyboard.type("0");
  assert.equal((await page.evaluate(shown)).state, "not-checked");
  assert.equal(await page.locator("#found").isVisible(), false);
});

test("base64 and the package's JSON can be pasted, other text is said to be none", async () => {
  const { page } = await open();
  const paste = async (text) => {
    await page.fill("#text", text);
    await page.click("#check");
    await page.waitForFunction(settled);
    return page.evaluate(shown);
  };
  assert.equal((await paste(good.receipt)).state, "verified");
  assert.equal((await paste(JSON.stringify({ receipt: good.receipt, anchor: "genesis:0" }))).state, "verified");
  const bad = await paste("{ not base64");
  assert.deepEqual([bad.state, bad.code], ["could-not-check", "page-not-base64"]);
});

test("an anchor from the link is said to be that, until another is given", async () => {
  const { page } = await open();
  const says = () => page.evaluate(() => ["anchor-says", "origin"].map((id) => !document.getElementById(id).hidden));
  assert.deepEqual(await says(), [true, false]);
  await choose(page, good.file);
  assert.deepEqual(await says(), [true, true]);
  assert.match(await page.locator("#anchor-says").textContent(), /From the link, not pinned/);
  // Another one, by hand; and the same again, from a file that somebody chose.
  await page.fill("#anchor", `genesis:${"5a".repeat(32)}`);
  const again = async () => {
    await page.click("#check");
    await page.waitForFunction(() => document.querySelector("#verdict").dataset.state !== "not-checked");
    return (await page.evaluate(shown)).state;
  };
  assert.equal(await again(), "failed");
  assert.deepEqual(await says(), [false, false]);
  await page.fill("#anchor", good.anchor);
  assert.equal(await again(), "verified");
  assert.deepEqual(await says(), [true, true]);
  await drop(page, [["log.anchor", [...Buffer.from(good.anchor)]], ["a.cairn", [...readFileSync(good.file)]]]);
  await page.waitForFunction(() => document.querySelector("#verdict").dataset.state === "verified");
  assert.deepEqual(await says(), [false, false]);
  const typed = await open({}, { anchor: "" });
  await typed.page.fill("#anchor", good.anchor);
  assert.equal((await choose(typed.page, good.file)).state, "verified");
  assert.equal(await typed.page.locator("#origin").isVisible(), false);
});

test("files are dropped: an anchor, a receipt and a key at once", async () => {
  const { page } = await open({}, { anchor: "" });
  const texts = [["log.anchor", [...Buffer.from(good.anchor)]], ["a.key", [...readFileSync(good.key)]], ["a.cairn", [...readFileSync(good.file)]]];
  await drop(page, texts);
  await page.waitForFunction(() => document.querySelector("#verdict").dataset.state === "verified");
  await page.waitForFunction(() => document.querySelector("#key").value !== "");
  await page.click("#open button");
  await page.waitForFunction(() => document.querySelector("#opened-says").textContent !== "");
  assert.deepEqual((await page.evaluate(shown)).opened, ["amount", "reason"]);
  assert.equal(await page.inputValue("#key"), "");
});

const rowsOf = (page) =>
  page.evaluate(() => [...document.querySelectorAll("#rows li")].map((row) => [row.dataset.state, row.querySelector(".name").textContent]));
const countsOf = (page) => page.locator("#counts li").allTextContents();

test("several receipts have a verdict each, and counts; what does not hold comes first", async () => {
  const { page, faults, requests } = await open();
  await page.locator("#file").setInputFiles([good.file, good.bent, newer.file, good.key]);
  await page.waitForFunction(settled);
  const { state, sentence } = await page.evaluate(shown);
  assert.equal(state, "failed");
  assert.equal(sentence, "Of 4 receipts, not valid: 2; could not check: 1; verified: 1.");
  assert.deepEqual(await rowsOf(page), [
    ["failed", "ok-opened-bent.cairn"],
    ["could-not-check", "future-version.cairn"],
    ["failed", "ok-opened.key"],
    ["verified", "ok-opened.cairn"],
  ]);
  assert.deepEqual((await countsOf(page)).map((text) => text.trim()), ["Verified: 1", "Could not check: 1", "Not valid: 2"]);
  await page.getByRole("button", { name: "ok-opened.cairn" }).click();
  await page.waitForFunction(settled);
  assert.equal((await page.evaluate(shown)).state, "verified");
  assert.equal(await page.locator("#event-card").isVisible(), true);
  // All that was found goes when the anchor is another one.
  await page.locator("#anchor").press("End");
  await page.keyboard.type("0");
  assert.equal(await page.locator("#many").isVisible(), false);
  assert.deepEqual(await rowsOf(page), []);
  assert.deepEqual(faults, []);
  assert.deepEqual(requests.filter((url) => !url.startsWith("data:")), [address()]);
});

test("three hundred receipts at once leave the page usable", async () => {
  const { page } = await open();
  const [whole, bent] = [good.file, good.bent].map((file) => [...readFileSync(file)]);
  await page.evaluate(() => {
    globalThis.long = [];
    new PerformanceObserver((list) => globalThis.long.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" });
  });
  await drop(page, [["good.cairn", whole, 290], ["bent.cairn", bent, 10]]);
  await page.waitForFunction(() => document.querySelector("#sentence").textContent.startsWith("Of 300"), null, { timeout: 120_000 });
  const { state, sentence } = await page.evaluate(shown);
  assert.deepEqual([state, sentence], ["failed", "Of 300 receipts, not valid: 10; verified: 290."]);
  const rows = await rowsOf(page);
  assert.equal(rows.length, 210);
  assert.ok(rows.slice(0, 10).every(([state]) => state === "failed"));
  assert.match(await page.locator("#cut").textContent(), /first 200/);
  const long = await page.evaluate(() => globalThis.long);
  console.log(`300 receipts in the single file; long tasks: ${long.map(Math.round).join(" ") || "none"}`);
});

test("all of several hold, and without an anchor none is checked", async () => {
  const { page } = await open();
  await drop(page, [["one.cairn", [...readFileSync(good.file)], 2]]);
  await page.waitForFunction(() => document.querySelector("#verdict").dataset.state === "verified");
  assert.match((await page.evaluate(shown)).sentence, /^All 2 receipts hold/);
  await page.fill("#anchor", "");
  await drop(page, [["one.cairn", [...readFileSync(good.file)], 2]]);
  await page.waitForFunction(() => document.querySelector("#sentence").textContent.startsWith("There is no anchor"));
  assert.equal((await page.evaluate(shown)).state, "not-checked");
  assert.deepEqual(await rowsOf(page), []);
});

test("a wrong key opens nothing, and says why", async () => {
  const { page } = await open();
  await choose(page, good.file);
  for (const [key, code] of [["no key", "client-bad-key"], [good.secret.replace("a0", "a1"), "payload-not-the-recipient"]]) {
    await page.fill("#key", key);
    await page.click("#open button");
    await page.waitForFunction((code) => document.querySelector("#opened-says").textContent.includes(code), code);
    assert.deepEqual((await page.evaluate(shown)).opened, []);
  }
});

const STATES = {
  "not-checked": async () => {},
  verified: (page) => choose(page, good.file),
  failed: (page) => choose(page, good.bent),
  several: (page) => choose(page, [good.file, good.bent, newer.file]),
  "could-not-check": (page) => choose(page, newer.file),
  stale: async (page) => {
    await page.clock.setFixedTime(good.now + 1e10);
    await choose(page, good.file);
  },
};

for (const colorScheme of ["light", "dark"]) {
  for (const width of [1280, 360]) {
    test(`every state is accessible and fits: ${colorScheme}, ${width} px`, async () => {
      for (const [state, reach] of Object.entries(STATES)) {
        const { context, page } = await open({ colorScheme, viewport: { width, height: 800 } });
        await reach(page);
        assert.equal((await page.evaluate(shown)).state, state === "several" ? "failed" : state);
        assert.deepEqual(await violations(page), [], state);
        assert.equal(await overflow(page), 0, state);
        if (SHOTS) {
          await mkdir(SHOTS, { recursive: true });
          await page.screenshot({ path: join(SHOTS, `single-${state}-${colorScheme}-${width}.png`), fullPage: true });
        }
        await context.close();
      }
    });
  }
}
