// Thousands of receipts, in slices that leave the page room to move.
import { CairnError } from "./error.js";

/** How long one slice may keep its thread, in milliseconds. */
const SLICE = 12;

/** What is said of one receipt of a batch: a row for a table, not a fact to build on. */
export function rowOf(at, { state, receipt, error }) {
  const { id = null, index = null } = receipt ?? {};
  const { code, message, expected, found } = error ?? {};
  return { at, state, id, index, error: error && { code, message, expected, found } };
}

/** Bytes of whatever a receipt comes as: bytes, or a file that somebody chose. */
export const bytesOf = async (receipt) =>
  typeof Blob === "function" && receipt instanceof Blob ? new Uint8Array(await receipt.arrayBuffer()) : receipt;

/** Adds up rows. */
export function tally() {
  const counts = { verified: 0, failed: 0, stale: 0, "not-final": 0, "could-not-check": 0 };
  const rows = [];
  const add = (more) => {
    for (const row of more) counts[row.state] += 1;
    rows.push(...more);
  };
  return { counts, rows, add };
}

const breath = () => new Promise((resolve) => setTimeout(resolve, 0));

/**
 * Explains each receipt with `explain`, on this thread, and lets go of it every few milliseconds.
 */
export async function inSlices(explain, receipts, anchor, { now = Date.now(), signal, onProgress } = {}) {
  const { counts, rows, add } = tally();
  let began = performance.now();
  for (const [at, receipt] of receipts.entries()) {
    if (performance.now() - began > SLICE) {
      onProgress?.({ done: at, total: receipts.length, counts: { ...counts } });
      await breath();
      signal?.throwIfAborted();
      began = performance.now();
    }
    add([await row(at, () => explain(receipt, anchor, now))]);
  }
  signal?.throwIfAborted();
  onProgress?.({ done: rows.length, total: receipts.length, counts: { ...counts } });
  return { counts, rows };
}

// What is no receipt at all is a row as well: one bad file must not end a batch.
async function row(at, explain) {
  try {
    return rowOf(at, await explain());
  } catch (cause) {
    const error = cause instanceof CairnError ? cause : new CairnError({ state: "could-not-check", code: "client-no-bytes", message: String(cause?.message ?? cause) });
    return rowOf(at, { state: error.state, receipt: null, error });
  }
}
