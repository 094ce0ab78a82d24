// Verifying in a worker, so that a page stays quick. Without workers (Node.js, or a page that may not
// start any) the same is done here, in slices.
import { explainReceipt } from "./index.js";
import { createVerifier } from "./worker-api.js";

/**
 * A verifier in a worker. `worker` is one that runs `cairn-light-client/worker-entry`, for pages whose
 * policy makes them start it themselves (Trusted Types); otherwise one is started, if that is allowed.
 */
export function spawn(worker = start()) {
  return createVerifier(worker, explainReceipt);
}

function start() {
  if (typeof Worker !== "function") return null;
  try {
    return new Worker(new URL("./worker-entry.js", import.meta.url), { type: "module", name: "cairn" });
  } catch {
    // A policy that allows no worker: the page does it.
    return null;
  }
}

export { CairnError } from "./error.js";
