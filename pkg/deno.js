// Deno: the module is imported, which needs no permission to read files.
import source module from "./dist/light_client_bg.wasm";
import { createApi } from "./api.js";
import * as bindings from "./dist/light_client.js";

const load = () => bindings.default({ module_or_path: module });

export const { LightClient, verifyReceipt, explainReceipt, verifyList, verifyBatch } = /* @__PURE__ */ createApi(bindings, load);
export { CairnError, VerifiedEvent, VerifiedList, VerifiedReceipt } from "./api.js";
