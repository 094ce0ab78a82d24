// Browsers and bundlers: the module is fetched from beside this file at the first call.
import init, * as bindings from "./dist/light_client.js";
import { createApi } from "./api.js";
import { hasSimd } from "./simd.js";

const { LightClient, verifyReceipt, explainReceipt, verifyList, verifyBatch } = createApi(bindings, () =>
  init({
    module_or_path: hasSimd()
      ? new URL("./dist/light_client_bg.wasm", import.meta.url)
      : new URL("./dist/light_client_plain_bg.wasm", import.meta.url),
  }),
);

export { LightClient, verifyReceipt, explainReceipt, verifyList, verifyBatch };
export { CairnError, VerifiedEvent, VerifiedList, VerifiedReceipt } from "./api.js";
