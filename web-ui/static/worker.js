// The verifier beside the page: the same module, which finds no page here and waits for work.
import init from "./web_ui.js";

init({ module_or_path: new URL("./web_ui_bg.wasm", import.meta.url) }).then(
  () => postMessage("ready"),
  (error) => postMessage(String(error)),
);
