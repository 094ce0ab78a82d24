// The program of a worker. `new Worker(new URL("cairn-light-client/worker-entry", …), { type: "module" })`
import { bytesOf, inSlices } from "./batch.js";
import { explainReceipt } from "./index.js";

addEventListener("message", async ({ data: [id, what, receipts, from, anchor, now] }) => {
  try {
    if (what !== "explain") throw new Error(`unknown question: ${what}`);
    const explain = async (receipt) => explainReceipt(await bytesOf(receipt), anchor, { now });
    const { rows } = await inSlices(explain, receipts, anchor, { now });
    postMessage([id, rows.map((row) => ({ ...row, at: row.at + from }))]);
  } catch (error) {
    const { state = "could-not-check", code = "internal", message = String(error) } = error ?? {};
    postMessage([id, null, { state, code, message }]);
  }
});
