// Browsers and bundlers: the module is fetched from beside this file at the first call.
import { createApi } from "./api.js";
import * as bindings from "./dist/light_client.js";
import { light_client_bg, light_client_plain_bg } from "./dist/integrity.js";
import { fetchModule } from "./fetch.js";
import { hasSimd } from "./simd.js";

// Each address stands in full, because bundlers look for it as it stands here.
const load = async () => {
  const module = await (hasSimd()
    ? fetchModule(new URL("./dist/light_client_bg.wasm", import.meta.url), light_client_bg)
    : fetchModule(new URL("./dist/light_client_plain_bg.wasm", import.meta.url), light_client_plain_bg));
  return bindings.default({ module_or_path: module });
};

export const { LightClient, verifyReceipt, explainReceipt, verifyList, verifyBatch } = /* @__PURE__ */ createApi(bindings, load);
export { CairnError, VerifiedEvent, VerifiedList, VerifiedReceipt } from "./api.js";
