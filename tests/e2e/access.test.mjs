// Every page, in every state and theme: usable by all, whole at every width, and nobody is asked for
// anything but the node.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPinned, overflow, startBrowser, startNode, violations } from "./lib.mjs";
import { PLACES } from "./places.mjs";

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

async function everyWidth(page) {
  for (const summary of await page.locator("summary").all()) await summary.click();
  assert.deepEqual(await violations(page), []);
  for (const width of [1280, 768, 360, 320]) {
    await page.setViewportSize({ width, height: 800 });
    assert.ok((await overflow(page)) <= 0, `${width} px: ${await overflow(page)} too wide`);
  }
  await page.setViewportSize({ width: 360, height: 800 });
  assert.deepEqual(await violations(page), []);
}

for (const colorScheme of ["light", "dark"]) {
  for (const [name, go] of Object.entries(PLACES)) {
    test(`${name}, ${colorScheme}: accessible, and nothing overflows`, async () => {
      const { page, requests, context } = await pinned({ colorScheme });
      await go(page, node);
      await everyWidth(page);
      assert.deepEqual(requests.filter((url) => !url.startsWith(node.url) && !url.startsWith("data:")), []);
      await context.close();
    });
  }
}

// Longer words, and the same pages: what must hold is that nothing is cut and nothing left in English.
for (const place of ["", "sample", "log", "block/1", "trust", "batch", "operator", "about"]) {
  test(`German, #/${place}: accessible, and nothing overflows`, async () => {
    const { page, context } = await pinned({ locale: "de-DE" });
    await page.goto(`${node.url}/#/${place}`);
    await page.locator("h1").waitFor();
    await page.waitForTimeout(700);
    assert.equal(await page.evaluate(() => document.documentElement.lang), "de");
    await everyWidth(page);
    await context.close();
  });
}
