// The static site: every link leads somewhere, nothing is too wide, and the example page verifies.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { extname, join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openPage, overflow, startBrowser, violations } from "./lib.mjs";
import { receiptFiles } from "./single.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SITE = resolve(ROOT, process.env.CAIRN_WWW ?? "target/www");
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".png": "image/png", ".wasm": "application/wasm" };
const folder = mkdtempSync(join(tmpdir(), "cairn-www-"));
let browser;
let server;
let url;

before(async () => {
  browser = await startBrowser();
  server = createServer((request, response) => {
    const path = join(SITE, new URL(request.url, "http://host").pathname);
    const file = path.endsWith("/") ? join(path, "index.html") : path;
    if (request.url === "/favicon.ico") return response.writeHead(204).end();
    if (!file.startsWith(SITE) || !existsSync(file)) return response.writeHead(404).end();
    return response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "text/plain" }).end(readFileSync(file));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${server.address().port}`;
});
after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
  rmSync(folder, { recursive: true });
});

for (const name of ["index.html", "embed.html"]) {
  test(`${name} is accessible, fits, and every link leads somewhere`, async () => {
    for (const colorScheme of ["light", "dark"]) {
      for (const width of [1280, 360]) {
        const { context, page, faults } = await openPage(browser, { colorScheme, viewport: { width, height: 800 } });
        await page.goto(`${url}/${name}`, { waitUntil: "networkidle" });
        assert.deepEqual(await violations(page), []);
        assert.equal(await overflow(page), 0);
        assert.deepEqual(faults, []);
        const shots = process.env.CAIRN_SHOTS;
        if (shots) await page.screenshot({ path: join(shots, `${name}-${colorScheme}-${width}.png`), fullPage: true });
        const links = await page.locator("a[href]").evaluateAll((found) => found.map((link) => link.getAttribute("href")));
        for (const link of links) assert.ok(existsSync(join(SITE, link)), link);
        await context.close();
      }
    }
  });
}

test("the five lines of the example page verify and refuse", async () => {
  const good = receiptFiles(folder, "ok-opened");
  const { page, faults } = await openPage(browser);
  await page.clock.setFixedTime(good.now);
  await page.goto(`${url}/embed.html`);
  await page.fill("#anchor", good.anchor);
  for (const [file, words] of [[good.file, /^Verified: entry 1$/], [good.bent, /^Not verified: /]]) {
    await page.locator("#receipt").setInputFiles(file);
    await page.locator("#verdict", { hasText: words }).waitFor();
  }
  assert.deepEqual(faults, []);
});
