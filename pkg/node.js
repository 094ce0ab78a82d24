// Node.js and Bun: the module is read from beside this file at the first call.
import { readFile } from "node:fs/promises";
import { createApi } from "./api.js";
import * as bindings from "./dist/light_client.js";
import { hasSimd } from "./simd.js";
import { unpack } from "./unpack.js";

// A bundler for servers takes the script from beside its module: then the copy in a script serves.
const load = async () => {
  const beside = hasSimd()
    ? () => readFile(new URL("./dist/light_client_bg.wasm", import.meta.url))
    : () => readFile(new URL("./dist/light_client_plain_bg.wasm", import.meta.url));
  const module = await Promise.resolve().then(beside).catch(async (cause) => {
    if (!hasSimd()) throw cause;
    return unpack((await import("./dist/light_client_inline.js")).default);
  });
  return bindings.default({ module_or_path: module });
};

export const { LightClient, verifyReceipt, explainReceipt, verifyList, verifyBatch } = /* @__PURE__ */ createApi(bindings, load);
export { CairnError, VerifiedEvent, VerifiedList, VerifiedReceipt } from "./api.js";
