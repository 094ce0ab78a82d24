// Node.js: the module is read from beside this file at the first call.
import { readFile } from "node:fs/promises";
import * as bindings from "./dist/light_client.js";
import { createApi } from "./api.js";
import { hasSimd } from "./simd.js";

const { LightClient, verifyReceipt, explainReceipt, verifyList, verifyBatch } = createApi(bindings, async () => {
  const name = hasSimd() ? "./dist/light_client_bg.wasm" : "./dist/light_client_plain_bg.wasm";
  const module = await readFile(new URL(name, import.meta.url));
  bindings.initSync({ module });
});

export { LightClient, verifyReceipt, explainReceipt, verifyList, verifyBatch };
export { CairnError, VerifiedEvent, VerifiedList, VerifiedReceipt } from "./api.js";
