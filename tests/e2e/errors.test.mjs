// The operator's page shows what a node noted of itself, to a key that may see it, and to no other.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { CAIRN, startIn, submit } from "./handovers.mjs";
import { green, openPage, overflow, startBrowser, violations, withAnchor } from "./lib.mjs";

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "cairn-errors-"));
const keys = {};
let node;
let browser;

before(async () => {
  const dir = join(folder, "data");
  await run(CAIRN, ["init", "--dir", dir]);
  let settings = `publish = "file://${folder}/bucket"\npublish-every = 50\nwrite = "any"\n`;
  for (const [name, scopes] of [["reader", "read"], ["admin", "read,admin"]]) {
    const { stdout } = await run(CAIRN, ["api-key", "new", "--name", name, "--scopes", scopes]);
    keys[name] = stdout.slice(0, stdout.indexOf("\n"));
    settings += stdout.slice(stdout.indexOf("\n"));
  }
  // Tables stand last in a settings file.
  writeFileSync(join(dir, "cairn.toml"), settings);
  [node, browser] = await Promise.all([startIn(dir), startBrowser()]);
});
after(async () => {
  await browser?.close();
  await node?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("errors of the node are shown to an administrator's key, with time, level and text", async () => {
  const { page, faults, context } = await openPage(browser);
  await page.goto(withAnchor(node.url, node.anchor));
  await page.goto(`${node.url}/#/operator`);
  const card = page.locator("#node-errors");
  const use = async (key) => {
    await page.getByLabel("API key").fill(key);
    await page.getByRole("button", { name: "Use this key" }).click();
  };
  await card.getByText("API key with the scope admin").waitFor();
  await use(keys.admin);
  await card.getByText("None since the node was started").waitFor();

  // A place to publish to that is none any more.
  await submit(node);
  renameSync(join(folder, "bucket"), join(folder, "gone"));
  writeFileSync(join(folder, "bucket"), "no folder");
  await submit(node);
  const entry = card.locator("li", { hasText: "not published; trying again" }).first();
  await entry.waitFor();
  assert.match(await entry.innerText(), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d · warning · cairn_node::publish/);
  assert.equal(await green(page), 0);
  assert.deepEqual(await violations(page), []);
  await page.setViewportSize({ width: 360, height: 800 });
  assert.ok((await overflow(page)) <= 0);

  // What one key was shown is gone with it.
  await use(keys.reader);
  await card.getByText("The node does not show them to this key").waitFor();
  assert.equal(await entry.count(), 0);
  assert.deepEqual(faults.filter((fault) => !fault.includes("403")), []);
  await context.close();
});
