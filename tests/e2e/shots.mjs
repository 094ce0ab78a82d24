// Pictures of every page, for people to look at: `node tests/e2e/shots.mjs DIR [PLACE…]`.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { choose, openPage, startBrowser, startNode, verdict, withAnchor } from "./lib.mjs";
import { PLACES } from "./places.mjs";

const [folder, ...only] = process.argv.slice(2);
if (!folder) throw new Error("give a folder for the pictures");
await mkdir(folder, { recursive: true });

const node = await startNode();
const browser = await startBrowser();
try {
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1280, 360]) {
      for (const [name, go] of Object.entries(PLACES)) {
        if (only.length > 0 && !only.includes(name)) continue;
        const { page, context } = await openPage(browser, { colorScheme, viewport: { width, height: 800 } });
        await page.goto(withAnchor(node.url, node.anchor));
        await page.locator("h1").waitFor();
        await go(page, node);
        await page.waitForTimeout(300);
        await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`), fullPage: true });
        await context.close();
      }
    }
  }
  const { page, context } = await openPage(browser);
  await page.goto(node.url);
  await choose(page, node.sample);
  await verdict(page);
  await page.screenshot({ path: join(folder, "no-anchor-1280-light.png"), fullPage: true });
  await context.close();
} finally {
  await browser.close();
  await node.stop();
}
