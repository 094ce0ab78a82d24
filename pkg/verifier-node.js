// Node.js and Bun: the module is read from beside this file at the first call.
import { readFile } from "node:fs/promises";
import { createVerifier } from "./verifier-api.js";

export const { verifyReceipt } = /* @__PURE__ */ createVerifier(async () =>
  WebAssembly.compile(await readFile(new URL("./dist/verifier.wasm", import.meta.url))),
);
export { CairnError } from "./error.js";
export { VerifiedReceipt } from "./verifier-api.js";
