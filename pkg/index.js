// Browsers and bundlers: the module is fetched from beside this file at the first call.
import { createApi } from "./api.js";
import * as bindings from "./dist/light_client.js";
import { light_client_bg } from "./dist/integrity.js";
import { fetchModule } from "./fetch.js";

// The address stands in full, because bundlers look for it as it stands here.
const load = async () => {
  const url = new URL("./dist/light_client_bg.wasm", import.meta.url);
  return bindings.default({ module_or_path: await fetchModule(url, light_client_bg) });
};

export const { LightClient, verifyReceipt, explainReceipt, verifyList, verifyBatch } = /* @__PURE__ */ createApi(bindings, load);
export { CairnError, VerifiedEvent, VerifiedList, VerifiedReceipt } from "./api.js";
