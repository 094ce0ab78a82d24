// Browsers and bundlers: the module is fetched from beside this file at the first call.
import init, * as bindings from "./dist/light_client.js";
import { createApi } from "./api.js";
import { hasSimd } from "./simd.js";

const { LightClient, verifyReceipt, explainReceipt } = createApi(bindings, () =>
  init({
    module_or_path: hasSimd()
      ? new URL("./dist/light_client_bg.wasm", import.meta.url)
      : new URL("./dist/light_client_plain_bg.wasm", import.meta.url),
  }),
);

export { LightClient, verifyReceipt, explainReceipt };
export { CairnError, VerifiedReceipt } from "./api.js";
