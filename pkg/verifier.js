// Browsers and bundlers: the module is fetched from beside this file at the first call.
import { hasSimd } from "./simd.js";
import { createVerifier } from "./verifier-api.js";

const { verifyReceipt } = createVerifier(async () => {
  const url = hasSimd()
    ? new URL("./dist/verifier.wasm", import.meta.url)
    : new URL("./dist/verifier_plain.wasm", import.meta.url);
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return WebAssembly.compile(await response.arrayBuffer());
});

export { verifyReceipt };
export { CairnError } from "./error.js";
export { VerifiedReceipt } from "./verifier-api.js";
