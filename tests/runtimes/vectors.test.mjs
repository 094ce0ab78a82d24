// Every receipt and every list of `tests/vectors` in four runtimes: one verdict, one code. The table is
// printed. The verifier alone is for receipts, and has no lists.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import test from "node:test";
import { ROOT, project, serveFolder, startChromium } from "./lib.mjs";

const CAIRN = process.env.CAIRN_BIN ?? join(ROOT, "target/node/cairn");
const vectors = ["receipts", "lists"].flatMap((kind) => {
  const folder = join(ROOT, "tests/vectors", kind);
  return readdirSync(folder).filter((name) => name.endsWith(".json")).map((name) => {
    const { receipt, list, anchor, now, want } = JSON.parse(readFileSync(join(folder, name), "utf8"));
    return { name: name.slice(0, -".json".length), isList: kind === "lists", file: receipt ?? list, anchor, now, want };
  });
});
const NO_LISTS = "-";

/** Runs in a page too, so it stands on nothing outside of itself. */
async function codesOf(light, vectors) {
  const codes = [];
  for (const { file, isList, anchor, now } of vectors) {
    const bytes = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
    if (isList) {
      codes.push(light.verifyList ? await light.verifyList(bytes, anchor, { now }).then(() => "ok", ({ code }) => code) : "-");
      continue;
    }
    const { state, error } = await light.explainReceipt(bytes, anchor, { now });
    codes.push(error ? error.code : state === "verified" ? "ok" : state);
  }
  return codes;
}

async function inBrowser(t) {
  const home = await project("vectors");
  const [url, browser] = [await serveFolder(t, home), await startChromium(t)];
  const page = await browser.newPage();
  await page.goto(`${url}/verdicts.js`);
  return page.evaluate(`import("./node_modules/cairn-light-client/index.js").then((light) => (${codesOf})(light, ${JSON.stringify(vectors)}))`);
}

async function inNode() {
  const resolve = createRequire(pathToFileURL(join(await project("vectors-node"), "program.js"))).resolve;
  const [light, alone] = ["cairn-light-client", "cairn-light-client/verifier"].map((name) => pathToFileURL(resolve(name)));
  const { verifyReceipt } = await import(alone);
  const explainReceipt = (bytes, anchor, { now }) =>
    verifyReceipt(bytes, { anchor, now }).then(() => ({ state: "verified" }), (error) => ({ error }));
  return [await codesOf(await import(light), vectors), await codesOf({ explainReceipt }, vectors)];
}

/** `cairn verify`: its code, and an exit code that goes with it. */
function native(folder, { file: bytes, isList, anchor, now, name }) {
  const file = join(folder, `${name}.${isList ? "list" : "cairn"}`);
  writeFileSync(file, Buffer.from(bytes, "base64"));
  return new Promise((done, fail) => {
    execFile(CAIRN, ["verify", file, "--anchor", anchor, "--at", String(now), "--json"], (error, stdout, stderr) => {
      try {
        const said = JSON.parse(stdout);
        const code = said.error?.code ?? "ok";
        assert.equal(code === "ok", (error?.code ?? 0) === 0, `${name}: ${stderr}`);
        done(code);
      } catch (cause) {
        fail(new Error(`${name}: ${stdout} ${stderr}`, { cause }));
      }
    });
  });
}

async function onCommandLine(t) {
  const folder = mkdtempSync(join(tmpdir(), "cairn-vectors-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const codes = [];
  for (let at = 0; at < vectors.length; at += cpus().length) {
    codes.push(...(await Promise.all(vectors.slice(at, at + cpus().length).map((vector) => native(folder, vector)))));
  }
  return codes;
}

test("every vector has one verdict in four runtimes", async (t) => {
  if (!existsSync(CAIRN)) return t.skip(`no ${CAIRN}; run \`cargo xtask build node\``);
  const [light, alone] = await inNode();
  const runtimes = { "cairn verify": await onCommandLine(t), "npm in Node.js": light, "npm, verifier alone": alone, "npm in Chromium": await inBrowser(t) };
  const widths = [34, 34, 34, 34, 34];
  const row = (cells) => console.log(cells.map((cell, at) => cell.padEnd(widths[at])).join(" ").trimEnd());
  row(["vector", ...Object.keys(runtimes)]);
  vectors.forEach(({ name }, at) => row([name, ...Object.values(runtimes).map((codes) => codes[at])]));
  for (const [runtime, codes] of Object.entries(runtimes)) {
    const wanted = ({ isList, want }) => (isList && runtime === "npm, verifier alone" ? NO_LISTS : want);
    vectors.forEach((vector, at) => assert.equal(codes[at], wanted(vector), `${runtime}: ${vector.name}`));
  }
});
