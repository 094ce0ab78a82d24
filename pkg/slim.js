// No module at all: the caller brings it, from wherever it has it.
import { createApi } from "./api.js";
import * as bindings from "./dist/light_client.js";

/** The API over a module: its bytes, a compiled one, a response, or a function that gives any of them. */
export function withModule(given) {
  return createApi(bindings, async () => {
    const module = await (typeof given === "function" ? given() : given);
    return bindings.default({ module_or_path: module });
  });
}

export { CairnError, VerifiedEvent, VerifiedList, VerifiedReceipt } from "./api.js";
