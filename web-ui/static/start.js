// Starts the page. Until the verifier runs, nothing is checked, and the page says so.
import init from "./web_ui.js";

try {
  const response = await fetch(new URL("./web_ui_bg.wasm", import.meta.url));
  if (!response.ok) throw new Error(`web_ui_bg.wasm: status ${response.status}`);
  const copy = response.clone();
  await init({ module_or_path: response });
  document.getElementById("start")?.remove();
  // What runs here, for the page about it and for reports.
  globalThis.cairnBuild = copy.arrayBuffer().then(async (bytes) => {
    const digest = await globalThis.crypto.subtle?.digest("SHA-256", bytes);
    const hex = (byte) => byte.toString(16).padStart(2, "0");
    return { size: bytes.byteLength, digest: digest ? Array.from(new Uint8Array(digest), hex).join("") : "" };
  });
} catch (error) {
  const text = document.getElementById("start-text");
  if (text) {
    text.textContent =
      `The verifier did not start, so nothing was checked. ${error}. ` +
      "This page needs a browser with WebAssembly, from 2022 or later.";
    text.setAttribute("role", "alert");
  }
}
