// The page, served by a real node, in a real browser.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { choose, green, openPage, openPinned, startBrowser, startNode, verdict, withAnchor } from "./lib.mjs";

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

const step = (page, name) => page.locator("#checks .step", { has: page.getByRole("heading", { name, exact: true }) });

test("the page loads under its policy without a fault", async () => {
  const { page, faults, requests, context } = await openPage(browser);
  const response = await page.goto(withAnchor(node.url, node.anchor));
  assert.match(response.headers()["content-security-policy"], /script-src 'self' 'wasm-unsafe-eval'/);
  await page.getByRole("heading", { name: "Check a receipt" }).waitFor();
  await page.locator(".pin-chip", { hasText: "pinned from the link" }).waitFor();
  await page.waitForLoadState("networkidle");
  assert.deepEqual(faults, []);
  assert.deepEqual(requests.filter((url) => !url.startsWith(node.url)), []);
  await context.close();
});

test("rows of the log become verified", async () => {
  const { page, faults, context } = await pinned();
  await page.getByRole("link", { name: "Log", exact: true }).click();
  await page.locator("tbody tr").first().waitFor();
  const rows = await page.locator("tbody tr").count();
  assert.equal(rows, 25);
  const verified = page.locator("tbody tr", { hasText: "Verified" });
  await page.waitForFunction((count) => document.querySelectorAll("tbody [data-state='Verified']").length === count, rows);
  assert.equal(await verified.count(), rows);
  await page.getByRole("button", { name: "Load more" }).click();
  await page.waitForFunction(() => document.querySelectorAll("tbody [data-state='Verified']").length === 50);
  assert.deepEqual(faults, []);
  await context.close();
});

test("the log is searched", async () => {
  const { page, context } = await pinned();
  await page.goto(`${node.url}/#/log`);
  await page.locator("tbody [data-state='Verified']").first().waitFor();
  const type = await page.locator("tbody tr").last().locator("[data-name='Type']").innerText();
  await page.getByLabel("Type").fill(type);
  await page.getByRole("button", { name: "Search" }).click();
  await page.waitForURL(/type=/);
  await page.locator("tbody [data-state='Verified']").first().waitFor();
  const types = new Set(await page.locator("tbody [data-name='Type']").allInnerTexts());
  assert.deepEqual([...types], [type]);
  await context.close();
});

test("an event shows every check with what it was given", async () => {
  const { page, faults, context } = await pinned();
  await page.goto(`${node.url}/#/event/${node.sealed[0]}`);
  assert.equal(await verdict(page), "Verified");
  for (const name of ["Format", "Anchor", "Final header", "Writer’s signature", "Inclusion", "Time of logging"]) {
    assert.match(await step(page, name).innerText(), /Passed/, name);
  }
  const inclusion = await step(page, "Inclusion").innerText();
  for (const input of ["Index", "Tree size", "Path", "Root"]) assert.ok(inclusion.includes(input), input);
  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download receipt" }).click();
  const file = await (await saved).path();
  await page.goto(`${node.url}/#/`);
  await choose(page, file);
  assert.equal(await verdict(page), "Verified");
  for (const name of ["Trust period", "Votes and quorum"]) assert.match(await step(page, name).innerText(), /Passed/, name);
  assert.match(await page.locator("#verdict").innerText(), /One validator holds all voting power/);
  assert.deepEqual(faults, []);
  await context.close();
});

test("a receipt that holds and one that does not", async () => {
  const { page, faults, context } = await pinned();
  await choose(page, node.sample);
  assert.equal(await verdict(page), "Verified");
  await page.getByRole("link", { name: "Check another" }).click();
  await choose(page, node.tampered);
  assert.equal(await verdict(page), "Not valid");
  assert.match(await page.locator("#verdict").innerText(), /The check “Inclusion” failed/);
  const failed = step(page, "Inclusion");
  const [expected, found] = await failed.locator("figure code").allInnerTexts();
  assert.match(expected, /^[0-9a-f]{64}$/);
  assert.match(found, /^[0-9a-f]{64}$/);
  assert.notEqual(expected, found);
  assert.equal(await failed.locator("mark").count(), 2);
  assert.match(await step(page, "Time of logging").innerText(), /Not reached/);
  assert.equal(await green(page), 0);
  await page.getByRole("link", { name: "Check another" }).click();
  await page.locator(".items [data-state='Verified']").waitFor();
  await page.locator(".items [data-state='Not valid']").waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});

test("many receipts give a list of verdicts", async () => {
  const { page, context } = await pinned();
  await choose(page, node.sample, node.tampered, node.auditor_key);
  await page.locator(".items [data-state='Verified']").waitFor();
  // A key is no receipt, as its second byte says.
  await page.locator(".items [data-state='Not valid']").nth(1).waitFor();
  assert.equal(await page.locator(".items [data-state='Not valid']").count(), 2);
  await context.close();
});

test("receipts are pasted and dropped", async () => {
  const { page, context } = await pinned();
  const base64 = (await readFile(node.sample)).toString("base64");
  await page.evaluate((text) => navigator.clipboard.writeText(text), base64);
  await page.locator("h1").click();
  await page.keyboard.press("Control+V");
  assert.equal(await verdict(page), "Verified");
  await page.goto(`${node.url}/#/trust`);
  await page.evaluate((text) => {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], "dropped.cairn"));
    window.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  }, base64);
  assert.equal(await verdict(page), "Verified");
  assert.match(await page.locator(".head").innerText(), /dropped\.cairn/);
  await context.close();
});

test("a link carries a receipt to no server", async () => {
  const { page, requests, context } = await pinned();
  const text = (await readFile(node.sample)).toString("base64url");
  await page.evaluate((text) => (location.hash = `#/receipt?r=${text}`), text);
  assert.equal(await verdict(page), "Verified");
  assert.equal(requests.filter((url) => url.includes(text.slice(0, 40)) && !url.includes("#")).length, 0);
  await context.close();
});

test("without an anchor nothing is green", async () => {
  const { page, context } = await openPage(browser);
  await page.goto(node.url);
  await page.getByText("No anchor pinned").waitFor();
  await page.locator("#files").waitFor({ state: "attached" });
  assert.equal(await green(page), 0);
  await choose(page, node.sample);
  assert.equal(await verdict(page), "Not checked");
  assert.equal(await green(page), 0);
  for (const place of ["log", `event/${node.sealed[0]}`, "trust"]) {
    await page.goto(`${node.url}/#/${place}`);
    await page.locator("h1").waitFor();
    await page.waitForLoadState("networkidle");
    assert.equal(await green(page), 0, place);
  }
  await page.getByLabel("Anchor").fill(node.anchor);
  await page.getByRole("button", { name: "Pin this anchor" }).click();
  await page.locator(".pin-chip", { hasText: "pinned by you" }).waitFor();
  await page.goto(`${node.url}/#/event/${node.sealed[0]}`);
  assert.equal(await verdict(page), "Verified");
  await context.close();
});

test("another anchor is another log", async () => {
  const { page, context } = await openPage(browser);
  await page.goto(withAnchor(node.url, `genesis:${"5a".repeat(32)}`));
  await choose(page, node.sample);
  assert.equal(await verdict(page), "Not valid");
  const text = await page.locator("#verdict").innerText();
  assert.match(text, /trust-other-anchor/);
  assert.match(text, /The check “Anchor” failed/);
  assert.equal(await green(page), 0);
  await page.goto(`${node.url}/#/log`);
  await page.locator("h1").waitFor();
  await page.waitForLoadState("networkidle");
  assert.equal(await green(page), 0);
  await context.close();
});

test("a link does not replace the user's own pin", async () => {
  const { page, context } = await openPage(browser);
  await page.goto(`${node.url}/#/trust`);
  await page.getByLabel("Anchor").fill(node.anchor);
  await page.getByRole("button", { name: "Pin this anchor" }).click();
  await page.locator(".pin-chip", { hasText: "pinned by you" }).waitFor();
  const other = `genesis:${"5a".repeat(32)}`;
  await page.evaluate((other) => (location.hash = `#anchor=${other}`), other);
  await page.getByText("Yours stays").waitFor();
  await choose(page, node.sample);
  assert.equal(await verdict(page), "Verified");
  await page.getByRole("button", { name: "Pin the link’s instead" }).click();
  await page.locator("#verdict [data-state='Not valid']").waitFor();
  await context.close();
});

test("a sealed payload opens for the auditor and not for a stranger", async () => {
  const { page, faults, requests, context } = await pinned();
  const secret = (await readFile(node.auditor_key, "utf8")).match(/[0-9a-f]{64}/)[0];
  const check = async () => {
    await page.locator("#key-file").setInputFiles(node.stranger_key);
    await page.locator("[data-opened='no']").waitFor();
    const refused = await page.locator("[data-opened='no']").innerText();
    assert.match(refused, /Not for this key/);
    assert.match(refused, /client-no-wrap|payload-not-the-recipient/);
    await page.locator("#key-file").setInputFiles(node.auditor_key);
    await page.locator("[data-opened='yes'] tbody tr").first().waitFor();
    assert.ok((await page.locator("[data-opened='yes'] tbody tr").count()) > 0);
    await page.getByRole("button", { name: "Hide it again" }).click();
    await page.locator("[data-opened='yes']").waitFor({ state: "detached" });
    await page.getByLabel("or paste the key").fill("cairn-secret-member:00");
    await page.getByRole("button", { name: "Open with this key" }).click();
    await page.getByText("client-bad-key").waitFor();
  };
  await page.goto(`${node.url}/#/event/${node.sealed[0]}`);
  assert.equal(await verdict(page), "Verified");
  await check();
  await page.goto(`${node.url}/#/`);
  await choose(page, node.sample);
  assert.equal(await verdict(page), "Verified");
  await check();
  assert.ok(requests.every((url) => !url.includes(secret)));
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  assert.ok(!kept.includes(secret) && !kept.includes("erified"));
  // The browser itself tells of the refused request for the stranger's wrap.
  assert.deepEqual(faults.filter((fault) => !/status of 40[134]/.test(fault)), []);
  await context.close();
});

test("a receipt is verified offline, without a request", async () => {
  const { page, requests, context } = await pinned();
  await page.waitForLoadState("networkidle");
  await context.setOffline(true);
  const before = requests.length;
  await choose(page, node.sample);
  assert.equal(await verdict(page), "Verified");
  await page.getByRole("link", { name: "Check another" }).click();
  await choose(page, node.tampered);
  assert.equal(await verdict(page), "Not valid");
  assert.equal(requests.length, before);
  await page.goto(`${node.url}/#/event/${node.sealed[1] ?? node.sealed[0]}`);
  assert.equal(await verdict(page), "Could not check");
  await context.close();
});

test("the keyboard is enough", async () => {
  const { page, context } = await pinned();
  const press = async (name, { times = 40 } = {}) => {
    for (let at = 0; at < times; at += 1) {
      await page.keyboard.press("Tab");
      const focused = await page.evaluate(() => document.activeElement?.textContent?.trim() ?? "");
      if (focused === name) return;
    }
    assert.fail(`no way to “${name}” with the Tab key`);
  };
  await page.evaluate(() => document.activeElement?.blur());
  await press("Skip to the content");
  await press("Log");
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.notEqual(outline, "none");
  await page.keyboard.press("Enter");
  await page.locator("tbody [data-state='Verified']").first().waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.tagName), "H1");
  const first = await page.locator("tbody a").first().innerText();
  await press(first);
  await page.keyboard.press("Enter");
  assert.equal(await verdict(page), "Verified");
  await page.goto(`${node.url}/#/`);
  await page.locator("h1").waitFor();
  const chooser = page.waitForEvent("filechooser");
  await press("Choose files");
  await page.keyboard.press("Enter");
  await (await chooser).setFiles(node.sample);
  assert.equal(await verdict(page), "Verified");
  await context.close();
});
