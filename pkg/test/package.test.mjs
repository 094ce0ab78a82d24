// What is published is what the files say.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import test from "node:test";

import * as entry from "cairn-light-client";
import * as verifier from "cairn-light-client/verifier";
import * as worker from "cairn-light-client/worker";
import { startNode, town, vector } from "./help.mjs";

const root = new URL("../", import.meta.url);
const read = (name) => readFileSync(new URL(name, root), "utf8");
const manifest = JSON.parse(read("package.json"));

test("every file that the manifest names is there", () => {
  const exported = Object.values(manifest.exports).flatMap((entry) => (typeof entry === "string" ? entry : Object.values(entry)));
  for (const name of [...manifest.files, ...exported]) assert.ok(existsSync(new URL(name, root)), name);
  assert.equal(manifest.dependencies, undefined);
});

test("every import is of a file that is published", () => {
  for (const name of manifest.files.filter((name) => /^[a-z-]+\.js$/.test(name))) {
    for (const [, target] of read(name).matchAll(/(?:from |import\()"\.\/([^"]+)"/g)) assert.ok(manifest.files.includes(target), target);
  }
});

test("the types declare what is exported", () => {
  for (const [name, exported] of [["index", entry], ["verifier", verifier]]) {
    const types = read(`${name}.d.ts`);
    for (const name of Object.keys(exported)) assert.match(types, new RegExp(`export (function|class) ${name}\\b`));
    for (const [, names] of read(`${name}.js`).matchAll(/^export \{(.*)\}/gm)) {
      for (const part of names.split(",")) assert.ok(part.trim() in exported, part);
    }
    const own = exported.VerifiedReceipt.prototype;
    for (const part of [own, Object.getPrototypeOf(own)].flatMap(Object.getOwnPropertyNames)) {
      if (part !== "constructor") assert.match(types, new RegExp(`\\b${part}\\b`), part);
    }
  }
});

test("the readme's examples run", async (t) => {
  const node = await startNode(t);
  const { bytes, anchor, now } = vector("ok-opened");
  const examples = [...read("README.md").matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code);
  assert.equal(examples.length, 6);
  const lines = [];
  const run = async (code, given) => {
    const body = code
      .replace(/^import (\{.*\}) from "cairn-light-client";$/m, "const $1 = entry;")
      .replace(/^import (\{.*\}) from "cairn-light-client\/verifier";$/m, "const $1 = verifier;")
      .replace(/^import (\{.*\}) from "cairn-light-client\/worker";$/m, "const $1 = worker;");
    const names = Object.keys(given);
    const AsyncFunction = (async () => undefined).constructor;
    await new AsyncFunction("entry", "verifier", "worker", "console", ...names, body)(entry, verifier, worker, { log: (...line) => lines.push(line.join(" ")) }, ...Object.values(given));
  };
  t.mock.method(Date, "now", () => now);
  await run(examples[0], { bytes, anchor });
  await run(examples[1], { bytes, anchor });
  t.mock.method(Date, "now", () => town.phases[0].now);
  const [id] = town.phases[0].ids;
  await run(examples[2], { node: node.url, anchor: town.anchor, id, key: town.auditor });
  const { anchor: of, stream, writer } = town;
  await run(examples[3], { node: node.url, anchor: of, stream, writer });
  await run(examples[4], { node: node.url, anchor: of, signal: new AbortController().signal });
  t.mock.method(Date, "now", () => now);
  await run(examples[5], { receipts: [bytes], anchor, signal: undefined, onProgress: undefined });
  assert.equal(lines.at(-1), "1 1 verified");
  assert.deepEqual(lines.length, 9, lines.join("\n"));
});
