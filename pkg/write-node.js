// Writing, for Node.js and Bun: the module is read from beside this file when it is needed.
import { readFile } from "node:fs/promises";
import * as bindings from "./dist/writer.js";
import { createWriting } from "./write-api.js";

const load = async () => {
  const module = await readFile(new URL("./dist/writer_bg.wasm", import.meta.url));
  return bindings.default({ module_or_path: module });
};

export const { keys, seal, signEvent, submit } = /* @__PURE__ */ createWriting(bindings, load);
export { CairnError } from "./error.js";
