// Every entry gives the same API; they differ in where the module comes from.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import test from "node:test";

import * as entry from "cairn-light-client";
import * as inline from "cairn-light-client/inline";
import * as digests from "cairn-light-client/integrity";
import * as verifier from "cairn-light-client/verifier";
import { codeOf, vectors } from "./help.mjs";

const read = (name, ...how) => readFileSync(new URL(`../${name}`, import.meta.url), ...how);

/** The names that a script exports, as it is written: some entries run in their own runtime alone. */
function exportsOf(name) {
  const found = [...read(name, "utf8").matchAll(/^export (?:const )?\{ (.*?) \}/gm)];
  return found.flatMap(([, names]) => names.split(", ")).sort();
}

test("the entries of every runtime export the same", () => {
  for (const name of ["index.js", "compat.js", "node.js", "workerd.js", "deno.js", "inline.js"]) {
    assert.deepEqual(exportsOf(name), Object.keys(entry).sort(), name);
  }
  for (const name of ["verifier.js", "verifier-node.js", "verifier-workerd.js", "verifier-deno.js"]) {
    assert.deepEqual(exportsOf(name), Object.keys(verifier).sort(), name);
  }
});

test("no entry waits, or runs code, when it is imported", () => {
  for (const name of JSON.parse(read("package.json", "utf8")).files.filter((name) => /^[a-z-]+\.js$/.test(name))) {
    const text = read(name, "utf8");
    assert.doesNotMatch(text, /^(const .*= )?await\b/m, name);
    for (const word of ["SharedArrayBuffer", "eval(", "new Function", "innerHTML"]) assert.ok(!text.includes(word), `${name}: ${word}`);
  }
});

test("the module inside of the script gives every vector its verdict", async () => {
  for (const { name, bytes, anchor, now, want, secret, wantOpen } of vectors()) {
    const { receipt, error } = await inline.explainReceipt(bytes, anchor, { now });
    assert.equal(error?.code ?? "ok", want, name);
    if (secret) assert.equal(await codeOf(receipt.open(secret)), wantOpen, name);
  }
});

// Each in a process of its own, because one process has one instance.
test("a module that the caller brings is taken in any form, and none is an error", () => {
  const forms = {
    bytes: "bytes",
    compiled: "new WebAssembly.Module(bytes)",
    response: 'new Response(bytes, { headers: { "content-type": "application/wasm" } })',
    promise: "Promise.resolve(bytes)",
    function: "() => bytes",
  };
  const said = (given) => execFileSync(process.execPath, ["--input-type=module", "-e", `
    import { readFileSync } from "node:fs";
    import { withModule } from "cairn-light-client/slim";
    import { codeOf, vector } from "./test/help.mjs";
    const bytes = readFileSync("dist/light_client_bg.wasm");
    const { bytes: receipt, anchor, now } = vector("ok-hybrid");
    console.log(await codeOf(withModule(${given}).verifyReceipt(receipt, anchor, { now })));
  `], { cwd: new URL("../", import.meta.url), encoding: "utf8" }).trim();
  for (const [name, given] of Object.entries(forms)) assert.equal(said(given), "ok", name);
  for (const given of ["undefined", "bytes.subarray(9)", "() => { throw new Error('none') }"]) assert.equal(said(given), "internal", given);
});

test("the digests are those of the modules", () => {
  const names = ["light_client_bg", "light_client_plain_bg", "verifier", "verifier_plain"];
  assert.deepEqual(Object.keys(digests).sort(), names);
  for (const name of names) {
    const digest = createHash("sha384").update(read(`dist/${name}.wasm`)).digest("base64");
    assert.equal(digests[name], `sha384-${digest}`, name);
  }
});
