// Node.js and Bun: the module is read from beside this file at the first call.
import { readFile } from "node:fs/promises";
import { createApi } from "./api.js";
import * as bindings from "./dist/light_client.js";
import { unpack } from "./unpack.js";

// A bundler for servers takes the script from beside its module: then the copy in a script serves.
const load = async () => {
  const beside = async () => readFile(new URL("./dist/light_client_bg.wasm", import.meta.url));
  const module = await beside().catch(async () => unpack((await import("./dist/light_client_inline.js")).default));
  return bindings.default({ module_or_path: module });
};

export const { LightClient, verifyReceipt, explainReceipt, verifyList, verifyBatch } = /* @__PURE__ */ createApi(bindings, load);
export { CairnError, VerifiedEvent, VerifiedList, VerifiedReceipt } from "./api.js";
