// Node.js: the module is read from beside this file at the first call.
import { readFile } from "node:fs/promises";
import { hasSimd } from "./simd.js";
import { createVerifier } from "./verifier-api.js";

const { verifyReceipt } = createVerifier(async () => {
  const name = hasSimd() ? "./dist/verifier.wasm" : "./dist/verifier_plain.wasm";
  return WebAssembly.compile(await readFile(new URL(name, import.meta.url)));
});

export { verifyReceipt };
export { CairnError } from "./error.js";
export { VerifiedReceipt } from "./verifier-api.js";
