import type { Anchor, Batch, BatchOptions } from "./index.js";

/**
 * A verifier in a worker of its own. Give it one that runs `cairn-light-client/worker-entry` if your page
 * must start its workers itself (Trusted Types); without workers it works on this thread, in slices.
 */
export function spawn(worker?: Worker | null): BatchVerifier;

export interface BatchVerifier {
  /** Whether there is a worker, and it works. */
  readonly inWorker: boolean;
  /** Verifies many receipts; none keeps the page. Rejects only if `signal` ends it. */
  verifyBatch(
    receipts: Iterable<Uint8Array | ArrayBuffer | Blob>,
    anchor: Anchor,
    options?: BatchOptions,
  ): Promise<Batch>;
  /** Ends the worker. */
  terminate(): void;
}

export { CairnError } from "./index.js";
export type * from "./index.js";
