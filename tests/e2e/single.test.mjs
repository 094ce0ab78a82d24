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

test("files are dropped: an anchor, a receipt and a key at once", async () => {
  const { page } = await open({}, { anchor: "" });
  const texts = [["log.anchor", [...Buffer.from(good.anchor)]], ["a.key", [...readFileSync(good.key)]], ["a.cairn", [...readFileSync(good.file)]]];
  await page.evaluate((texts) => {
    const data = new DataTransfer();
    for (const [name, bytes] of texts) data.items.add(new File([new Uint8Array(bytes)], name));
    document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data }));
  }, texts);
  await page.waitForFunction(() => document.querySelector("#verdict").dataset.state === "verified");
  await page.waitForFunction(() => document.querySelector("#key").value !== "");
  await page.click("#open button");
  await page.waitForFunction(() => document.querySelector("#opened-says").textContent !== "");
  assert.deepEqual((await page.evaluate(shown)).opened, ["amount", "reason"]);
  assert.equal(await page.inputValue("#key"), "");
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
        assert.equal((await page.evaluate(shown)).state, state);
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
