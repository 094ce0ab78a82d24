// What browsers without vector instructions took before: no module has any now. Kept for who names it.
export { LightClient, verifyReceipt, explainReceipt, verifyList, verifyBatch } from "./index.js";
export { CairnError, VerifiedEvent, VerifiedList, VerifiedReceipt } from "./index.js";
