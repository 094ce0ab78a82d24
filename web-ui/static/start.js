// Starts the page. Until the verifier runs, nothing is checked, and the page says so.
import init from "./web_ui.js";

try {
  await init({ module_or_path: new URL("./web_ui_bg.wasm", import.meta.url) });
  document.getElementById("start")?.remove();
} catch (error) {
  const text = document.getElementById("start-text");
  if (text) {
    text.textContent =
      `The verifier did not start, so nothing was checked. ${error}. ` +
      "This page needs a browser with WebAssembly and its SIMD instructions, from 2023 or later.";
    text.setAttribute("role", "alert");
  }
}
