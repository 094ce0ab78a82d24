// The packed package in bundlers, without any configuration, and what they make of it in Chromium.
import assert from "node:assert/strict";
import { cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { askPage, bin, expect, install, output, project, serveFolder, start, startChromium, startTown, HERE, ROOT } from "./lib.mjs";

const modules = (folder) =>
  readdirSync(folder, { recursive: true }).map(String).filter((name) => name.endsWith(".wasm"));

test("Vite, built", async (t) => {
  const [given, folder, browser] = [await startTown(t), await project("vite"), await startChromium(t)];
  await output(bin("vite"), ["build", "--logLevel", "error"], folder);
  assert.equal(modules(join(folder, "dist")).length, 2);
  expect(await askPage(browser, `${await serveFolder(t, join(folder, "dist"))}/`, given), given);
});

test("Vite, while developing", async (t) => {
  const [given, folder, browser] = [await startTown(t), await project("vite-dev"), await startChromium(t)];
  const [, port] = await start(t, bin("vite"), ["--host", "127.0.0.1", "--port", "0"], folder, /127\.0\.0\.1:(\d+)/);
  expect(await askPage(browser, `http://127.0.0.1:${port}/`, given), given);
});

/** The example for React: each state as it comes, and none that is of another receipt. */
async function hookSays(page, url, { receipt, anchor, now }) {
  await page.clock.setFixedTime(now);
  await page.goto(url);
  await page.waitForFunction(() => globalThis.cairnShow);
  const show = (flip, anchor) =>
    page.evaluate(({ receipt, flip, anchor }) => {
      const bytes = Uint8Array.from(atob(receipt), (letter) => letter.charCodeAt(0));
      bytes[bytes.length >> 1] ^= flip;
      globalThis.cairnShow({ bytes, anchor });
    }, { receipt, flip, anchor });
  const state = (wanted) => page.locator(`[role=status][data-state='${wanted}']`).waitFor({ timeout: 10_000 });
  await state("not-checked");
  await show(0, anchor);
  await state("verified");
  await show(1, anchor);
  await state("failed");
  await show(0, "genesis:0");
  await state("could-not-check");
  await page.clock.setFixedTime(now + 1e10);
  await show(0, anchor);
  await state("stale");
}

test("webpack", async (t) => {
  const [given, folder, browser] = [await startTown(t), await project("webpack"), await startChromium(t)];
  const { default: webpack } = await import("webpack");
  const stats = await new Promise((done, fail) =>
    webpack({ mode: "production", context: folder, entry: "./page.js", output: { path: join(folder, "dist") } }, (error, stats) =>
      error ? fail(error) : done(stats)));
  assert.deepEqual(stats.toJson().errors, []);
  assert.equal(modules(join(folder, "dist")).length, 2);
  writeFileSync(join(folder, "dist/index.html"), page("main.js", ""));
  expect(await askPage(browser, `${await serveFolder(t, join(folder, "dist"))}/`, given), given);
});

const page = (script, type = ' type="module"') =>
  `<!doctype html><title>A page</title><link rel="icon" href="data:,"><script${type} src="${script}"></script>`;

test("esbuild, the modules copied beside the script", async (t) => {
  const [given, folder, browser] = [await startTown(t), await project("esbuild"), await startChromium(t)];
  await output(bin("esbuild"), ["page.js", "--bundle", "--format=esm", "--outfile=dist/page.js", "--log-level=error"], folder);
  cpSync(join(folder, "node_modules/cairn-light-client/dist"), join(folder, "dist/dist"), { recursive: true });
  writeFileSync(join(folder, "dist/index.html"), page("page.js"));
  expect(await askPage(browser, `${await serveFolder(t, join(folder, "dist"))}/`, given), given);
});

test("esbuild, one script", async (t) => {
  const [given, folder, browser] = [await startTown(t), await project("esbuild-inline"), await startChromium(t)];
  await output(bin("esbuild"), ["inline.js", "--bundle", "--format=iife", "--outfile=dist/page.js", "--log-level=error"], folder);
  assert.deepEqual(modules(join(folder, "dist")), []);
  writeFileSync(join(folder, "dist/index.html"), page("page.js", ""));
  expect(await askPage(browser, `${await serveFolder(t, join(folder, "dist"))}/`, given), given);
});

test("esbuild, a program for Node.js without its modules", async (t) => {
  const [given, folder] = [await startTown(t), await project("esbuild-node")];
  writeFileSync(join(folder, "light.js"), `
    import * as light from "cairn-light-client";
    import { verdicts } from "./verdicts.js";
    const alone = { verifyReceipt: (bytes, { anchor, now }) => light.verifyReceipt(bytes, anchor, { now }) };
    verdicts(light, alone, JSON.parse(process.argv.at(-1))).then((said) => console.log(JSON.stringify(said)));`);
  await output(bin("esbuild"), ["light.js", "--bundle", "--platform=node", "--format=esm", "--outfile=dist/page.mjs", "--log-level=error"], folder);
  expect(await output(process.execPath, ["dist/page.mjs", JSON.stringify(given)], folder), given);
});

test("a page without a bundler, under the strictest policy", async (t) => {
  const [given, folder, browser] = [await startTown(t), await project("policy"), await startChromium(t)];
  const own = "./node_modules/cairn-light-client";
  const script = readFileSync(join(folder, "page.js"), "utf8")
    .replace('"cairn-light-client"', `"${own}/index.js"`)
    .replace('"cairn-light-client/verifier"', `"${own}/verifier.js"`);
  writeFileSync(join(folder, "page.js"), script);
  const policy = [
    "default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", `connect-src 'self' ${given.log.node}`, "img-src data:",
    "require-trusted-types-for 'script'", "trusted-types 'none'", "base-uri 'none'", "form-action 'none'",
  ].join("; ");
  const url = await serveFolder(t, folder, { "content-security-policy": policy });
  expect(await askPage(browser, `${url}/`, given), given);
});

test("a module with one byte changed is not run", async (t) => {
  const [given, folder, browser] = [await startTown(t), await project("changed"), await startChromium(t)];
  const own = join(folder, "node_modules/cairn-light-client");
  for (const name of modules(own)) {
    const bytes = readFileSync(join(own, name));
    bytes[bytes.length - 9] ^= 1;
    writeFileSync(join(own, name), bytes);
  }
  const url = await serveFolder(t, folder);
  const page = await browser.newPage();
  await page.goto(`${url}/verdicts.js`);
  const codes = await page.evaluate(async ({ receipt, anchor, now }) => {
    const bytes = Uint8Array.from(atob(receipt), (letter) => letter.charCodeAt(0));
    const said = [];
    for (const name of ["index", "compat", "verifier"]) {
      const { verifyReceipt } = await import(`./node_modules/cairn-light-client/${name}.js`);
      const options = { anchor, now };
      const checked = name === "verifier" ? verifyReceipt(bytes, options) : verifyReceipt(bytes, anchor, options);
      said.push(await checked.then(() => "ok", (error) => `${error.state} ${error.code}: ${error.message}`));
    }
    return said;
  }, given);
  for (const said of codes) assert.match(said, /^could-not-check internal: .*sha384-/);
});

test("a page of a browser extension (Manifest V3)", async (t) => {
  const [given, folder] = [await startTown(t), await project("extension")];
  await output(bin("esbuild"), ["page.js", "--bundle", "--format=esm", "--outfile=extension/page.js", "--log-level=error"], folder);
  const out = join(folder, "extension");
  cpSync(join(folder, "node_modules/cairn-light-client/dist"), join(out, "dist"), { recursive: true });
  writeFileSync(join(out, "index.html"), page("page.js"));
  writeFileSync(join(out, "manifest.json"), JSON.stringify({
    manifest_version: 3, name: "A page", version: "1", background: { service_worker: "background.js" },
    content_security_policy: { extension_pages: "script-src 'self' 'wasm-unsafe-eval'; object-src 'self'" },
    host_permissions: ["http://127.0.0.1/*"],
  }));
  writeFileSync(join(out, "background.js"), "");
  const options = { profile: join(folder, "profile"), args: [`--disable-extensions-except=${out}`, `--load-extension=${out}`, "--headless=new"] };
  const context = await startChromium(t, options);
  const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent("serviceworker", { timeout: 20_000 }));
  expect(await askPage(context, `chrome-extension://${new URL(worker.url()).host}/index.html`, given), given);
});

test("Next, on the server and in the browser", { skip: process.env.CAIRN_MATRIX !== "all" && "with --matrix all" }, async (t) => {
  const [given, browser] = [await startTown(t), await startChromium(t)];
  const folder = join(HERE, "next");
  if (!existsSync(join(folder, "node_modules/next"))) return t.skip("Next is not installed");
  await install(folder);
  cpSync(join(HERE, "apps/verdicts.js"), join(folder, "app/verdicts.js"));
  for (const name of ["receipt.jsx", "use-receipt.js"]) cpSync(join(ROOT, "www/examples", name), join(folder, "app", name));
  const env = { NEXT_TELEMETRY_DISABLED: "1" };
  await output(join(folder, "node_modules/.bin/next"), ["build"], folder, env);
  const [, port] = await start(t, join(folder, "node_modules/.bin/next"), ["start", "-H", "127.0.0.1", "-p", "0"], folder, /127\.0\.0\.1:(\d+)/);
  const response = await fetch(`http://127.0.0.1:${port}/api`, { method: "POST", body: JSON.stringify(given) });
  expect(await response.text(), given);
  expect(await askPage(browser, `http://127.0.0.1:${port}/`, given), given);
  await hookSays(await browser.newPage(), `http://127.0.0.1:${port}/`, given);
});
