// The pictures of the README and of the site, retaken: `node tests/e2e/pictures.mjs [DIR]`.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { choose, openPage, openPinned, startBrowser, startNode, verdict } from "./lib.mjs";
import { batchOfThree } from "./places.mjs";
import { address, receiptFiles, settled } from "./single.mjs";

const dir = process.argv[2] ?? fileURLToPath(new URL("../../www/pictures", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "cairn-pictures-"));
const [node, browser] = await Promise.all([startNode(), startBrowser()]);
try {
  const receipt = await openPinned(browser, node, { viewport: { width: 1280, height: 900 } });
  await choose(receipt.page, node.sample);
  await verdict(receipt.page);
  await receipt.page.mouse.move(0, 0);
  // What stands below the checks has pictures of its own.
  const below = await receipt.page.locator(".card.wide").boundingBox();
  await receipt.page.screenshot({ path: join(dir, "receipt-light.png"), fullPage: true, clip: { x: 0, y: 0, width: 1280, height: Math.floor(below.y) } });

  const path = await openPinned(browser, node, { viewport: { width: 1100, height: 900 } });
  const { events } = await (await fetch(`${node.url}/v1/events?limit=1&order=oldest`)).json();
  await path.page.goto(`${node.url}/#/event/${events[0].id}`);
  await verdict(path.page);
  const range = path.page.locator("input[type='range']");
  await range.evaluate((input) => {
    input.value = "6";
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
  await path.page.locator(".card.wide").screenshot({ path: join(dir, "path-light.png") });

  const batch = await openPinned(browser, node, { viewport: { width: 1100, height: 900 } });
  await batchOfThree(batch.page, node);
  await batch.page.screenshot({ path: join(dir, "batch-light.png") });

  const good = receiptFiles(folder, "ok-opened");
  for (const colorScheme of ["light", "dark"]) {
    const { page } = await openPage(browser, { colorScheme, viewport: { width: 1280, height: 1105 } });
    await page.clock.setFixedTime(good.now);
    await page.goto(address());
    await page.fill("#anchor", good.anchor);
    await page.locator("#file").setInputFiles(good.file);
    await page.waitForFunction(settled);
    await page.locator("#anchor").blur();
    await page.screenshot({ path: join(dir, `verify-${colorScheme}.png`) });
  }
} finally {
  await browser.close();
  await node.stop();
  rmSync(folder, { recursive: true });
}
