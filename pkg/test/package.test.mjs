// What is published is what the files say.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import test from "node:test";
import { brotliCompressSync } from "node:zlib";

import * as entry from "cairn-light-client";
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
  for (const name of manifest.files.filter((name) => /^[a-z]+\.js$/.test(name))) {
    for (const [, target] of read(name).matchAll(/from "\.\/([^"]+)"/g)) assert.ok(manifest.files.includes(target), target);
  }
});

test("the types declare what is exported", () => {
  const types = read("index.d.ts");
  for (const name of Object.keys(entry)) assert.match(types, new RegExp(`export (function|class) ${name}\\b`));
  for (const [, name] of read("index.js").matchAll(/^export \{(.*)\}/gm)) {
    for (const part of name.split(",")) assert.ok(part.trim() in entry, part);
  }
  for (const name of Object.getOwnPropertyNames(entry.VerifiedReceipt.prototype).filter((name) => name !== "constructor")) {
    assert.match(types, new RegExp(`\\b${name}\\b`), name);
  }
});

test("the readme's examples run", async (t) => {
  const node = await startNode(t);
  const { bytes, anchor, now } = vector("ok-opened");
  const examples = [...read("README.md").matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code);
  assert.equal(examples.length, 2);
  const lines = [];
  const run = async (code, given) => {
    const body = code.replace(/^import (\{.*\}) from "cairn-light-client";$/m, "const $1 = entry;");
    const names = Object.keys(given);
    const AsyncFunction = (async () => undefined).constructor;
    await new AsyncFunction("entry", "console", ...names, body)(entry, { log: (...line) => lines.push(line.join(" ")) }, ...Object.values(given));
  };
  t.mock.method(Date, "now", () => now);
  await run(examples[0], { bytes, anchor });
  t.mock.method(Date, "now", () => town.phases[0].now);
  const [id] = town.phases[0].ids;
  await run(examples[1], { node: node.url, anchor: town.anchor, id, key: town.auditor });
  assert.deepEqual(lines.length, 3, lines.join("\n"));
});

test("the package grows no further", () => {
  const size = (name) => brotliCompressSync(readFileSync(new URL(name, root))).length;
  const loaded = manifest.files.filter((name) => /\.(js|wasm)$/.test(name) && name !== "node.js");
  const sum = loaded.reduce((sum, name) => sum + size(name), 0);
  assert.ok(sum <= LIMIT, `${sum} bytes, brotli; the limit is ${LIMIT}`);
});

/** What a page loads, compressed. The goal is 90,000 bytes and is not reached; this only holds the line. */
const LIMIT = 125_000;
