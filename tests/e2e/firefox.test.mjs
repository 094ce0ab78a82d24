// The npm package and the single-file verifier in Firefox, driven over WebDriver BiDi.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { extname, join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import puppeteer from "puppeteer-core";
import { address, receiptFiles, settled, shown } from "./single.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FIREFOX = process.env.FIREFOX || "/usr/bin/firefox-esr";
const skip = existsSync(FIREFOX) ? false : `no ${FIREFOX}; install firefox-esr, or name one in FIREFOX`;
const folder = mkdtempSync(join(tmpdir(), "cairn-firefox-"));
let browser;
let good;
let server;
let url;

before(async () => {
  if (skip) return;
  good = receiptFiles(folder, "ok-opened");
  browser = await puppeteer.launch({ browser: "firefox", executablePath: FIREFOX, headless: true });
  const pkg = resolve(ROOT, process.env.CAIRN_PKG ?? "pkg");
  const types = { ".js": "text/javascript", ".wasm": "application/wasm" };
  server = createServer((request, response) => {
    const file = join(pkg, new URL(request.url, "http://host").pathname);
    const headers = { "content-security-policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'" };
    if (request.url === "/") return response.writeHead(200, { ...headers, "content-type": "text/html" }).end("<title>A page</title>");
    if (!file.startsWith(pkg) || !existsSync(file)) return response.writeHead(404).end();
    return response.writeHead(200, { ...headers, "content-type": types[extname(file)] ?? "text/plain" }).end(readFileSync(file));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${server.address().port}/`;
});
after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
  rmSync(folder, { recursive: true });
});

test("the package gives every vector its verdict", { skip }, async () => {
  const names = readdirSync(join(ROOT, "tests/vectors/receipts"));
  const vectors = names.map((name) => ({ name, ...JSON.parse(readFileSync(join(ROOT, "tests/vectors/receipts", name), "utf8")) }));
  const page = await browser.newPage();
  await page.goto(url);
  const codes = await page.evaluate(async (vectors) => {
    const { explainReceipt } = await import("/index.js");
    const { verifyReceipt } = await import("/verifier.js");
    const codes = [];
    for (const { receipt, anchor, now } of vectors) {
      const bytes = Uint8Array.from(atob(receipt), (letter) => letter.charCodeAt(0));
      const { error } = await explainReceipt(bytes, anchor, { now });
      const alone = await verifyReceipt(bytes, { anchor, now }).then(() => "ok", (error) => error.code);
      codes.push([error?.code ?? "ok", alone]);
    }
    return codes;
  }, vectors);
  vectors.forEach(({ name, want }, at) => assert.deepEqual(codes[at], [want, want], name));
  await page.close();
});

test("a module inside of the script, the entry of older browsers, and a payload", { skip }, async () => {
  const page = await browser.newPage();
  await page.goto(url);
  const said = await page.evaluate(async ({ receipt, anchor, now, secret }) => {
    const bytes = Uint8Array.from(atob(receipt), (letter) => letter.charCodeAt(0));
    const said = [];
    for (const entry of ["/compat.js", "/inline.js"]) {
      const { verifyReceipt } = await import(entry);
      const verified = await verifyReceipt(bytes, anchor, { now });
      said.push(Object.keys(await verified.open(secret)));
    }
    return said;
  }, good);
  assert.deepEqual(said, [["amount", "reason"], ["amount", "reason"]]);
  await page.close();
});

test("the single file verifies, refuses and opens, from disk", { skip }, async () => {
  const page = await browser.newPage();
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.evaluateOnNewDocument(`Date.now = () => ${good.now}`);
  await page.goto(address(good.anchor));
  const choose = async (file) => {
    await (await page.$("#file")).uploadFile(file);
    await page.waitForFunction(() => document.querySelector("#verdict").dataset.state !== "not-checked");
    await page.waitForFunction(settled);
    return page.evaluate(shown);
  };
  assert.equal((await choose(good.file)).state, "verified");
  await page.type("#key", good.secret);
  await page.click("#open button");
  await page.waitForFunction(() => document.querySelector("#opened-says").textContent !== "");
  assert.deepEqual((await page.evaluate(shown)).opened, ["amount", "reason"]);
  // Another page: the state before is then known.
  await page.goto("about:blank");
  await page.goto(address(good.anchor));
  const bent = await choose(good.bent);
  assert.equal(bent.state, "failed");
  assert.ok(!bent.checks.includes("verified"));
  assert.deepEqual(asked.filter((url) => /^https?:/.test(url)), []);
  await page.close();
});
