// workerd (Cloudflare Workers): it compiles modules when it loads, and gives them as imports.
import module from "./dist/light_client_bg.wasm";
import { createApi } from "./api.js";
import * as bindings from "./dist/light_client.js";

const load = () => bindings.default({ module_or_path: module });

export const { LightClient, verifyReceipt, explainReceipt, verifyList, verifyBatch } = /* @__PURE__ */ createApi(bindings, load);
export { CairnError, VerifiedEvent, VerifiedList, VerifiedReceipt } from "./api.js";
