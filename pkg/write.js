// Writing, for browsers and bundlers: the module is fetched from beside this file when it is needed.
import * as bindings from "./dist/writer.js";
import { writer_bg } from "./dist/integrity.js";
import { fetchModule } from "./fetch.js";
import { createWriting } from "./write-api.js";

const load = async () => {
  const url = new URL("./dist/writer_bg.wasm", import.meta.url);
  return bindings.default({ module_or_path: await fetchModule(url, writer_bg) });
};

export const { keys, seal, signEvent, submit } = /* @__PURE__ */ createWriting(bindings, load);
export { CairnError } from "./error.js";
