// Pictures of every page, for people to look at: `node tests/e2e/shots.mjs DIR`.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { choose, openPage, startBrowser, startNode, verdict, withAnchor } from "./lib.mjs";

const folder = process.argv[2];
if (!folder) throw new Error("give a folder for the pictures");
await mkdir(folder, { recursive: true });

const PLACES = {
  home: async () => {},
  results: async (page, node) => {
    await choose(page, node.sample, node.tampered, node.auditor_key);
    await page.locator(".items [data-state='Not valid']").first().waitFor();
  },
  verified: async (page, node) => {
    await choose(page, node.sample);
    await verdict(page);
  },
  tampered: async (page, node) => {
    await choose(page, node.tampered);
    await verdict(page);
  },
  "other-anchor": async (page, node) => {
    await page.goto(`${node.url}/#anchor=genesis:${"5a".repeat(32)}`);
    await choose(page, node.sample);
    await verdict(page);
  },
  log: async (page, node) => {
    await page.goto(`${node.url}/#/log`);
    await page.waitForFunction(() => document.querySelectorAll("tbody [data-state='Verified']").length === 25);
  },
  event: async (page, node) => {
    await page.goto(`${node.url}/#/event/${node.sealed[0]}`);
    await verdict(page);
  },
  opened: async (page, node) => {
    await page.goto(`${node.url}/#/event/${node.sealed[0]}`);
    await verdict(page);
    await page.locator("#key-file").setInputFiles(node.auditor_key);
    await page.locator("[data-opened='yes']").waitFor();
  },
  refused: async (page, node) => {
    await page.goto(`${node.url}/#/event/${node.sealed[0]}`);
    await verdict(page);
    await page.locator("#key-file").setInputFiles(node.stranger_key);
    await page.locator("[data-opened='no']").waitFor();
  },
  trust: (page, node) => page.goto(`${node.url}/#/trust`),
};

const node = await startNode();
const browser = await startBrowser();
try {
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1280, 360]) {
      for (const [name, go] of Object.entries(PLACES)) {
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
