// Browsers and bundlers: the module is fetched from beside this file at the first call.
import { verifier, verifier_plain } from "./dist/integrity.js";
import { fetchModule } from "./fetch.js";
import { hasSimd } from "./simd.js";
import { createVerifier } from "./verifier-api.js";

export const { verifyReceipt } = /* @__PURE__ */ createVerifier(() =>
  hasSimd()
    ? fetchModule(new URL("./dist/verifier.wasm", import.meta.url), verifier)
    : fetchModule(new URL("./dist/verifier_plain.wasm", import.meta.url), verifier_plain),
);
export { CairnError } from "./error.js";
export { VerifiedReceipt } from "./verifier-api.js";
