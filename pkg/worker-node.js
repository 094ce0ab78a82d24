// Node.js and Bun: no worker is started, and the same is done here, in slices, unless one is given.
import { explainReceipt } from "./node.js";
import { createVerifier } from "./worker-api.js";

/** A verifier: in the worker given, or here. */
export const spawn = (worker = null) => createVerifier(worker, explainReceipt);

export { CairnError } from "./error.js";
