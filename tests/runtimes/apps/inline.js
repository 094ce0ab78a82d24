// The same, with the module inside of the script. The verifier alone has no such entry.
import * as light from "cairn-light-client/inline";
import { verdicts } from "./verdicts.js";

const alone = { verifyReceipt: (bytes, { anchor, now }) => light.verifyReceipt(bytes, anchor, { now }) };
globalThis.cairnVerdicts = (given) => verdicts(light, alone, given);
