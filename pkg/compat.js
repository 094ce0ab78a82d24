// The build without vector instructions alone, for those who ship to nothing newer.
import { createApi } from "./api.js";
import * as bindings from "./dist/light_client.js";
import { light_client_plain_bg } from "./dist/integrity.js";
import { fetchModule } from "./fetch.js";

const load = async () => {
  const url = new URL("./dist/light_client_plain_bg.wasm", import.meta.url);
  return bindings.default({ module_or_path: await fetchModule(url, light_client_plain_bg) });
};

export const { LightClient, verifyReceipt, explainReceipt, verifyList, verifyBatch } = /* @__PURE__ */ createApi(bindings, load);
export { CairnError, VerifiedEvent, VerifiedList, VerifiedReceipt } from "./api.js";
