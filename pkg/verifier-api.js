// Receipts and nothing else, the same in every runtime; `verifier.d.ts` documents it.
//
// Anchor and receipt go into WebAssembly as bytes, and a verdict comes out of the same call.
import { CairnError, internal } from "./error.js";
import { Facts, MAKER, toBytes } from "./facts.js";

const PAGE = 65_536;
/** The longest answer: a body of 65,535 bytes, each escaped in six, and the rest. */
const ROOM = 6 * 65_535 + 8_192;
/** An instance that has taken more memory than this is given up after the call. */
const KEEP = 8 << 20;

/** A receipt that holds. */
export class VerifiedReceipt extends Facts {}

/** The one function over a module, which `load` gives. */
export function createVerifier(load) {
  let loading;
  let instance;

  async function start() {
    loading ??= Promise.resolve().then(load);
    try {
      instance ??= await WebAssembly.instantiate(await loading);
      return instance.exports;
    } catch (cause) {
      loading = undefined;
      throw internal("the WebAssembly module does not load", cause);
    }
  }

  async function verifyReceipt(bytes, { anchor, now = Date.now() }) {
    const receipt = toBytes(bytes);
    const text = String(anchor).trim();
    const exports = await start();
    try {
      const { receipt: view, error } = ask(exports, new TextEncoder().encode(text), receipt, Number(now));
      if (error) throw new CairnError(error);
      return new VerifiedReceipt(MAKER, { bytes: receipt, anchor: text, view });
    } catch (thrown) {
      if (thrown instanceof CairnError) throw thrown;
      instance = undefined;
      throw internal("the verifier stopped", thrown);
    } finally {
      if (exports.memory.buffer.byteLength > KEEP) instance = undefined;
    }
  }

  return { verifyReceipt };
}

// Anchor, receipt and room for the answer, one after the other, where the program's own memory ends.
function ask({ memory, verify, __heap_base }, anchor, receipt, now) {
  const from = __heap_base.value;
  const room = from + anchor.length + receipt.length;
  const grown = room + ROOM - memory.buffer.byteLength;
  if (grown > 0) memory.grow(Math.ceil(grown / PAGE));
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(anchor, from);
  bytes.set(receipt, from + anchor.length);
  const len = verify(from, bytes.length - from, anchor.length, receipt.length, now);
  return JSON.parse(new TextDecoder().decode(bytes.subarray(room, room + len)));
}
