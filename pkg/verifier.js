// Browsers and bundlers: the module is fetched from beside this file at the first call.
import { verifier } from "./dist/integrity.js";
import { fetchModule } from "./fetch.js";
import { createVerifier } from "./verifier-api.js";

export const { verifyReceipt } = /* @__PURE__ */ createVerifier(() =>
  fetchModule(new URL("./dist/verifier.wasm", import.meta.url), verifier),
);
export { CairnError } from "./error.js";
export { VerifiedReceipt } from "./verifier-api.js";
