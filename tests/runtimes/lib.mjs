// A project of its own for each runtime, with the package unpacked from its tarball, and what all are asked.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

const run = promisify(execFile);
export const HERE = fileURLToPath(new URL(".", import.meta.url));
export const ROOT = resolve(HERE, "../..");
export const TARBALL = process.env.CAIRN_TARBALL;
const PROJECTS = process.env.CAIRN_RUNTIMES ?? join(ROOT, "target/runtimes");
if (!TARBALL) throw new Error("CAIRN_TARBALL names no tarball; run `cargo xtask npm --matrix`");

/** A program of this folder's packages. */
export const bin = (name) => join(HERE, "node_modules/.bin", name);

/** Unpacks the tarball into a directory's `node_modules`. */
export async function install(folder) {
  const own = join(folder, "node_modules/cairn-light-client");
  rmSync(own, { recursive: true, force: true });
  mkdirSync(own, { recursive: true });
  await run("tar", ["-xzf", TARBALL, "--strip-components=1", "-C", own]);
  return own;
}

/** A new project with every app in it. */
export async function project(name) {
  const folder = join(PROJECTS, name);
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(HERE, "apps"), folder, { recursive: true });
  await install(folder);
  return folder;
}

/** Runs a program to its end and gives what it printed. */
export async function output(program, args, cwd, env = {}) {
  const { stdout } = await run(program, args, { cwd, env: { ...process.env, ...env }, maxBuffer: 1 << 26, timeout: 300_000 });
  return stdout;
}

const json = (path) => JSON.parse(readFileSync(join(ROOT, path), "utf8"));

/** Serves the log of `town.json` to any page; gives what the runtimes are asked. */
export async function startTown(t) {
  const town = json("pkg/test/town.json");
  const { answers, now, ids } = town.phases[0];
  const url = await serve(t, (request) => {
    const body = answers[request.url];
    return body && { body: Buffer.from(body, "base64"), type: "application/octet-stream" };
  });
  const { receipt, anchor, now: at, secret } = json("tests/vectors/receipts/ok-opened.json");
  return { receipt, anchor, now: at, secret, log: { node: url, anchor: town.anchor, now, id: ids[0] } };
}

/** A server on a port of its own, until the test is over. */
export async function serve(t, answer) {
  const server = createServer(async (request, response) => {
    const found = await answer(request);
    const headers = { "access-control-allow-origin": "*", ...found?.headers };
    if (found?.type) headers["content-type"] = found.type;
    response.writeHead(found ? 200 : 404, headers).end(found?.body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };

/** Serves a directory, with more headers if given. */
export function serveFolder(t, folder, headers = {}) {
  return serve(t, (request) => {
    const path = new URL(request.url, "http://host").pathname;
    const file = join(folder, path.endsWith("/") ? `${path}index.html` : path);
    if (!file.startsWith(folder) || !existsSync(file)) return undefined;
    return { body: readFileSync(file), type: TYPES[extname(file)] ?? "application/octet-stream", headers };
  });
}

/** Starts a server program and waits for words of it. */
export async function start(t, program, args, cwd, words) {
  const child = spawn(program, args, { cwd, stdio: ["ignore", "pipe", "pipe"], detached: true });
  // Its own group, since such programs start others.
  t.after(() => {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // It ended by itself.
    }
  });
  let said = "";
  return new Promise((done, fail) => {
    const hear = (text) => {
      said += text;
      const found = said.replace(/\x1b\[\d*m/g, "").match(words);
      if (found) done(found);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("exit", () => fail(new Error(`${program} ended before it served:\n${said}`)));
    setTimeout(() => fail(new Error(`${program} does not serve:\n${said}`)), 90_000).unref();
  });
}

/** A Chromium that ends with the test. */
export async function startChromium(t, options = {}) {
  const launch = {
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-background-networking", "--no-first-run", ...(options.args ?? [])],
  };
  const browser = options.profile
    ? await chromium.launchPersistentContext(options.profile, launch)
    : await chromium.launch(launch);
  t.after(() => browser.close());
  return browser;
}

/** Opens a page that has `cairnVerdicts`, asks it, and sees that the page complained of nothing. */
export async function askPage(browser, url, given) {
  const page = await browser.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(message.text());
  });
  await page.goto(url);
  await page.waitForFunction(() => globalThis.cairnVerdicts, undefined, { timeout: 30_000 }).catch((error) => {
    throw new Error(`${error.message}: ${faults.join("; ")}`);
  });
  const said = await page.evaluate((given) => globalThis.cairnVerdicts(given), given);
  assert.deepEqual(faults, []);
  await page.close();
  return said;
}

/** What every runtime must say. */
export function expect(said, given) {
  const { bent, aloneBent, ...rest } = typeof said === "string" ? JSON.parse(said) : said;
  assert.deepEqual(rest, { receipt: "ok", opened: ["amount", "reason"], alone: "ok", event: given.log.id });
  assert.equal(bent, aloneBent);
  assert.match(bent, /^[a-z]+-[a-z0-9-]+$/);
}

export const folderOf = (file) => dirname(fileURLToPath(file));
