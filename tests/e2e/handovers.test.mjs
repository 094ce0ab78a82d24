// Validators change ten times: the browser follows each change, refuses what was forged, and shows that
// the log was forked.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { green, openPage, overflow, startBrowser, verdict, violations, withAnchor } from "./lib.mjs";
import { CAIRN, FORGED, assemble, candidate, change, firstValidator, makeLog, parse, startIn, submit, twinOf } from "./handovers.mjs";
import { startLiar } from "./liar.mjs";

const folder = mkdtempSync(join(tmpdir(), "cairn-fork-"));
let browser;
let liar;
let node;
let twin;
/** Epochs that a page saw come which was open all the time. */
const seen = [];
let event;

/** Nine changes of the set: one that leads, five that join, one that leaves, two that change their power. */
async function changeNine(node, followed) {
  const own = await firstValidator(node);
  const others = [];
  const step = async (...what) => {
    await change(node, ...what);
    await followed();
  };
  await step("weight", own, "--power", "100");
  for (const name of ["one", "two", "three", "four", "five"]) {
    const file = await candidate(node, name);
    await step("add", file, "--power", "2");
    const { validators } = await (await fetch(`${node.url}/v1/validators`)).json();
    others.push(validators.map(({ id }) => id).find((id) => id !== own && !others.includes(id)));
  }
  await step("remove", others[0]);
  await step("weight", others[1], "--power", "3");
  await step("weight", others[2], "--power", "4");
}

/** The client of the served package, in a page that stays open. */
const head = (page, url, anchor) =>
  page.evaluate(async ({ url, anchor }) => {
    const { LightClient } = await import("/pkg/index.js");
    globalThis.client ??= await LightClient.connect({ node: url, anchor });
    const { client } = globalThis;
    // The header at a gate is the last one of its epoch, and names the validators of the next.
    const epoch = ({ epoch, set, nextSet }) => epoch + (set === nextSet ? 0 : 1);
    return client.sync().then(() => epoch(client.head.header), ({ state, code }) => `${state} ${code}`);
  }, { url, anchor });

before(async () => {
  browser = await startBrowser();
  const dir = await makeLog();
  node = await startIn(dir);
  const { page } = await openPage(browser);
  await page.goto(withAnchor(node.url, node.anchor));
  const follow = async () => seen.push(await head(page, node.url, node.anchor));
  await follow();
  await changeNine(node, follow);
  // From here on there are two histories, both by the same validators' keys.
  await node.stop();
  const other = twinOf(dir);
  [node, twin] = [await startIn(dir), await startIn(other)];
  liar = await startLiar(node);
  const own = (await (await fetch(`${node.url}/v1/validators`)).json()).validators.toSorted((a, b) => b.power - a.power)[0].id;
  await page.goto(withAnchor(node.url, node.anchor));
  await change(node, "weight", own, "--power", "101");
  await change(twin, "weight", own, "--power", "99");
  await follow();
  event = await submit(node);
  await submit(twin, "e2e.instead");
});
after(async () => {
  await browser?.close();
  await liar?.stop();
  await Promise.all([node?.stop(), twin?.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

/** A page of a profile of its own, before a node that lies, and before that, does not. */
async function fresh(lie = (_path, answer) => answer) {
  Object.assign(liar, { node, lie });
  const opened = await openPage(browser, { acceptDownloads: true });
  await opened.page.goto(withAnchor(liar.url, node.anchor));
  await opened.page.locator("h1").waitFor();
  return opened;
}

const alarm = (page) => page.locator(".alarm").filter({ hasText: "Save the evidence" });

test("a page that is open follows ten changes of the validators, one by one", () => {
  assert.deepEqual(seen, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test("a new page follows ten changes at once, and shows each", async () => {
  const { context, page, faults } = await fresh();
  await page.goto(`${liar.url}/#/trust`);
  const rows = page.locator("#handovers tbody tr");
  await rows.nth(9).waitFor();
  assert.equal(await rows.count(), 10);
  const epochs = await rows.locator("td:nth-child(2)").allTextContents();
  assert.deepEqual(epochs.map(Number), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const powers = await page.locator("#validators tbody tr").count();
  assert.equal(powers, 5, "one that led, four of five that joined");
  await page.goto(`${liar.url}/#/event/${event}`);
  assert.equal(await verdict(page), "Verified");
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(faults, []);
  await context.close();
});

for (const [name, [code, bend]] of Object.entries(FORGED)) {
  test(`never green: ${name}`, async () => {
    const lie = (path, answer) => {
      const isChain = path.startsWith("/v1/checkpoints/") && path.includes("base=genesis") && answer.status === 200;
      return isChain ? { ...answer, body: assemble(bend(parse(answer.body))) } : answer;
    };
    const { context, page } = await fresh(lie);
    assert.equal(await head(page, liar.url, node.anchor), `failed ${code}`);
    await page.goto(`${liar.url}/#/trust`);
    await page.locator("main [data-state='Not valid']").first().waitFor();
    assert.match(await page.locator("main").textContent(), new RegExp(code));
    assert.equal(await page.locator("#handovers tbody tr").count(), 0);
    assert.equal(await green(page), 0);
    await page.goto(`${liar.url}/#/event/${event}`);
    assert.equal(await verdict(page), "Not valid");
    assert.equal(await green(page), 0);
    await context.close();
  });
}

test("taken apart and put together, the file is the same", async () => {
  const file = Buffer.from(await (await fetch(`${node.url}/v1/checkpoints/latest?base=genesis`)).arrayBuffer());
  assert.equal(parse(file).handovers.length, 10);
  assert.ok(assemble(parse(file)).equals(file));
});

test("an equivocation is shown on every page, and its evidence holds elsewhere", async () => {
  const { context, page } = await fresh();
  await page.goto(`${liar.url}/#/event/${event}`);
  assert.equal(await verdict(page), "Verified");
  liar.node = twin;
  await page.goto(`${liar.url}/#/log`);
  await page.getByRole("button", { name: "Sync now" }).click();
  await alarm(page).waitFor();
  for (const place of ["/", "/log", "/trust", "/batch", "/about", `/event/${event}`]) {
    await page.goto(`${liar.url}/#${place}`);
    await alarm(page).waitFor();
    assert.equal(await page.locator("#verdict .tone-green").count(), 0, place);
  }
  // Also for who comes back, and when the node tells the first history again.
  liar.node = node;
  await page.reload();
  await alarm(page).waitFor();
  assert.deepEqual(await violations(page), []);
  assert.equal(await overflow(page), 0);

  const [download] = await Promise.all([page.waitForEvent("download"), alarm(page).getByRole("button").click()]);
  assert.equal(download.suggestedFilename(), "fork.evidence");
  const file = join(folder, "fork.evidence");
  await download.saveAs(file);
  const checked = (anchor) => {
    const { status, stdout } = spawnSync(CAIRN, ["verify", file, "--anchor", anchor, "--json"], { encoding: "utf8" });
    return { status, ...JSON.parse(stdout) };
  };
  const found = checked(node.anchor);
  assert.deepEqual([found.status, found.verdict, found.evidence.kind], [0, "verified", "fork"]);
  assert.notEqual(found.evidence.first.digest, found.evidence.instead.digest);
  assert.equal(found.evidence.first.height, found.evidence.instead.height);
  assert.equal(checked(`genesis:${"5a".repeat(32)}`).status, 1);
  await context.close();
});
