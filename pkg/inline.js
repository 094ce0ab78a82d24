// The module inside of the script: one file, no request, for where a second file is trouble.
import { createApi } from "./api.js";
import * as bindings from "./dist/light_client.js";
import packed from "./dist/light_client_inline.js";
import { unpack } from "./unpack.js";

const load = async () => bindings.default({ module_or_path: await unpack(packed) });

export const { LightClient, verifyReceipt, explainReceipt, verifyList, verifyBatch } = /* @__PURE__ */ createApi(bindings, load);
export { CairnError, VerifiedEvent, VerifiedList, VerifiedReceipt } from "./api.js";
