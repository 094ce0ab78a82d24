// workerd (Cloudflare Workers): it compiles modules when it loads, and gives them as imports.
import module from "./dist/verifier.wasm";
import { createVerifier } from "./verifier-api.js";

export const { verifyReceipt } = /* @__PURE__ */ createVerifier(() => module);
export { CairnError } from "./error.js";
export { VerifiedReceipt } from "./verifier-api.js";
