// The API, the same in every runtime; `index.d.ts` documents it.
//
// Evidence goes into WebAssembly as bytes and comes out as a verdict in the same call. Nothing here
// decides anything, and no object made here is ever taken back as proof of anything.
import { bytesOf, inSlices } from "./batch.js";
import { createEngine } from "./engine.js";
import { CairnError } from "./error.js";
import { Facts, MAKER, VerifiedEvent, deepFreeze, toBytes } from "./facts.js";
import { lightClient } from "./client.js";

export { CairnError, VerifiedEvent };

/** A receipt that holds, with each check that passed. */
export class VerifiedReceipt extends Facts {
  #engine;
  #bytes;
  #now;
  #checks;

  constructor(maker, engine, { bytes, anchor, now, view, checks }) {
    super(maker, { bytes, anchor, view });
    this.#engine = engine;
    this.#bytes = bytes;
    this.#now = now;
    this.#checks = deepFreeze(checks);
  }

  get checks() { return this.#checks; }

  async open(key) {
    const list = await this.#engine.call((wasm) => wasm.open(this.#bytes, this.anchor, this.#now, String(key)));
    return fields(list);
  }
}

/** Many events in one file that holds. */
export class VerifiedList {
  #bytes;
  #parts;

  constructor(maker, { bytes, anchor, header, standing, events }) {
    if (maker !== MAKER) throw new TypeError("only verifying makes a VerifiedList");
    this.#bytes = bytes;
    events = Object.freeze(events.map((view) => new VerifiedEvent(MAKER, view)));
    this.#parts = deepFreeze({ anchor, header, standing, events });
  }

  get anchor() { return this.#parts.anchor; }
  get header() { return this.#parts.header; }
  get standing() { return this.#parts.standing; }
  get events() { return this.#parts.events; }

  toBytes() { return this.#bytes.slice(); }
}

/** The functions over one WebAssembly module. */
export function createApi(bindings, load) {
  const engine = createEngine(bindings, load);

  async function explainReceipt(bytes, anchor, options = {}) {
    const copy = toBytes(bytes);
    const now = options.now ?? Date.now();
    const text = await engine.call((wasm) => wasm.verify(copy, String(anchor), Number(now)));
    const { checks, receipt: view, error } = JSON.parse(text);
    if (error) return { state: error.state, checks, receipt: null, error: new CairnError(error, checks) };
    const parts = { bytes: copy, anchor: String(anchor).trim(), now, view, checks };
    const receipt = new VerifiedReceipt(MAKER, engine, parts);
    return { state: "verified", checks: receipt.checks, receipt, error: null };
  }

  async function verifyReceipt(bytes, anchor, options) {
    const { receipt, error } = await explainReceipt(bytes, anchor, options);
    if (error) throw error;
    return receipt;
  }

  async function verifyList(bytes, anchor, options = {}) {
    const copy = toBytes(bytes);
    const now = options.now ?? Date.now();
    const view = JSON.parse(await engine.call((wasm) => wasm.verifyList(copy, String(anchor), Number(now))));
    if (view.error) throw new CairnError(view.error);
    return new VerifiedList(MAKER, { ...view, bytes: copy, anchor: String(anchor).trim() });
  }

  async function verifyBatch(receipts, anchor, options) {
    const explain = async (receipt, of, now) => explainReceipt(await bytesOf(receipt), of, { now });
    return inSlices(explain, Array.from(receipts), anchor, options);
  }

  const made = { VerifiedReceipt, VerifiedList, fields };
  return { LightClient: lightClient(engine, made), verifyReceipt, explainReceipt, verifyList, verifyBatch };
}


// Names and values in turn. `fromEntries` defines own properties, whatever their names.
function fields(list) {
  const entries = [];
  for (let place = 0; place < list.length; place += 2) entries.push([list[place], list[place + 1]]);
  return Object.fromEntries(entries);
}
