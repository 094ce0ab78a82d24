// Both builds of both modules, and the choice between them.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import test from "node:test";

import { createApi } from "../api.js";
import * as bindings from "../dist/light_client.js";
import { hasSimd } from "../simd.js";
import { createVerifier } from "../verifier-api.js";
import { codeOf, vectors } from "./help.mjs";

const module = (name) => readFileSync(new URL(`../dist/${name}.wasm`, import.meta.url));

test("both builds of the verifier give every vector its verdict", async () => {
  for (const name of ["verifier", "verifier_plain"]) {
    const { verifyReceipt } = createVerifier(() => WebAssembly.compile(module(name)));
    for (const { name: vector, bytes, anchor, now, want } of vectors()) {
      assert.equal(await codeOf(verifyReceipt(bytes, { anchor, now })), want, `${name}, ${vector}`);
    }
  }
});

test("the plain build of the light client gives every vector its verdict", async () => {
  const { explainReceipt } = createApi(bindings, () => bindings.initSync({ module: module("light_client_plain_bg") }));
  for (const { name, bytes, anchor, now, want, secret, wantOpen } of vectors()) {
    const { receipt, error } = await explainReceipt(bytes, anchor, { now });
    assert.equal(error?.code ?? "ok", want, name);
    if (secret) assert.equal(await codeOf(receipt.open(secret)), wantOpen, name);
  }
});

// Each build in a runtime of its own, because the choice is made once.
test("a runtime without vector instructions gets the plain builds", () => {
  assert.equal(hasSimd(), true);
  const loaded = (runtime) => {
    const script = `
      import fs from "node:fs/promises";
      import { syncBuiltinESMExports } from "node:module";
      const { readFile } = fs;
      fs.readFile = (url, ...rest) => {
        const name = String(url).split("/").at(-1);
        if (name.endsWith(".wasm")) console.log(name);
        return readFile(url, ...rest);
      };
      syncBuiltinESMExports();
      ${runtime}
      const { verifyReceipt } = await import("cairn-light-client");
      const alone = await import("cairn-light-client/verifier");
      const anchor = "genesis:" + "0".repeat(64);
      const bytes = new Uint8Array();
      for (const check of [() => verifyReceipt(bytes, anchor), () => alone.verifyReceipt(bytes, { anchor })]) {
        console.log((await check().catch((error) => error)).code);
      }`;
    const cwd = new URL("../", import.meta.url);
    return execFileSync(process.execPath, ["--input-type=module", "-e", script], { cwd, encoding: "utf8" }).split("\n").filter(Boolean).sort();
  };
  const verdicts = ["decode-truncated", "decode-truncated"];
  assert.deepEqual(loaded(""), [...verdicts, "light_client_bg.wasm", "verifier.wasm"]);
  const old = "WebAssembly.validate = () => false;";
  assert.deepEqual(loaded(old), [...verdicts, "light_client_plain_bg.wasm", "verifier_plain.wasm"]);
});
