// The page's side of a worker, and what stands in for it where there is none.
import { bytesOf, inSlices, tally } from "./batch.js";
import { CairnError, internal } from "./error.js";

/** Receipts that cross at once: copying them must not keep the page either. */
const SLICE_RECEIPTS = 64;
const SLICE_BYTES = 512 << 10;

/** `explain` stands in for a worker that is not there, or does not start. */
export function createVerifier(worker, explain) {
  const waiting = new Map();
  let number = 0;
  let broken = worker ? null : "none";

  worker?.addEventListener("message", ({ data: [id, rows, error] }) => {
    const { resolve, reject } = waiting.get(id) ?? {};
    waiting.delete(id);
    if (error) reject?.(new CairnError(error));
    else resolve?.(rows);
  });
  worker?.addEventListener("error", (event) => {
    event.preventDefault?.();
    broken = event.message || "the worker does not load";
    for (const { reject } of waiting.values()) reject(internal("the worker stopped", broken));
    waiting.clear();
  });

  const ask = (...question) =>
    new Promise((resolve, reject) => {
      number += 1;
      waiting.set(number, { resolve, reject });
      worker.postMessage([number, ...question]);
    });

  async function inWorker(receipts, anchor, { now = Date.now(), signal, onProgress }) {
    const { counts, rows, add } = tally();
    for (let at = 0; at < receipts.length; ) {
      signal?.throwIfAborted();
      const slice = sliceAt(receipts, at);
      add(await ask("explain", slice, at, String(anchor), Number(now)));
      at += slice.length;
      onProgress?.({ done: at, total: receipts.length, counts: { ...counts } });
    }
    signal?.throwIfAborted();
    return { counts, rows };
  }

  return {
    /** Whether there is a worker that works. */
    get inWorker() { return broken === null; },

    async verifyBatch(receipts, anchor, options = {}) {
      const list = Array.from(receipts);
      if (broken === null) {
        try {
          return await inWorker(list, anchor, options);
        } catch (error) {
          // A worker that never came up is no reason to fail: the page can do it.
          if (broken === null || error?.code !== "internal") throw error;
        }
      }
      const here = async (receipt, of, now) => explain(await bytesOf(receipt), of, { now });
      return inSlices(here, list, anchor, options);
    },

    terminate() {
      broken = "terminated";
      worker?.terminate();
      for (const { reject } of waiting.values()) reject(internal("the worker stopped", broken));
      waiting.clear();
    },
  };
}

// As many receipts from here on as may cross at once; at least one.
function sliceAt(receipts, from) {
  const slice = [];
  for (let bytes = 0, at = from; at < receipts.length && slice.length < SLICE_RECEIPTS; at += 1) {
    bytes += receipts[at]?.byteLength ?? 0;
    if (slice.length > 0 && bytes > SLICE_BYTES) break;
    slice.push(receipts[at]);
  }
  return slice;
}
