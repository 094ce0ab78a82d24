// Deno: the module is imported, which needs no permission to read files.
import source module from "./dist/verifier.wasm";
import { createVerifier } from "./verifier-api.js";

export const { verifyReceipt } = /* @__PURE__ */ createVerifier(() => module);
export { CairnError } from "./error.js";
export { VerifiedReceipt } from "./verifier-api.js";
