// The API, the same in every runtime; `index.d.ts` documents it.
//
// Evidence goes into WebAssembly as bytes and comes out as a verdict in the same call. Nothing here
// decides anything, and no object made here is ever taken back as proof of anything.
import { createEngine } from "./engine.js";
import { CairnError } from "./error.js";
import { Facts, MAKER, deepFreeze, toBytes } from "./facts.js";

export { CairnError };

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

  return { LightClient: lightClient(engine), verifyReceipt, explainReceipt };
}

const lightClient = (engine) => class LightClient {
  #node;
  #anchor;
  #session;

  constructor(maker, node, anchor) {
    if (maker !== MAKER) throw new TypeError("use LightClient.connect({ node, anchor })");
    this.#node = node;
    this.#anchor = anchor;
  }

  static async connect({ node, anchor }) {
    const client = new LightClient(MAKER, String(node), String(anchor).trim());
    await client.#connected();
    return client;
  }

  get node() { return this.#node; }
  get anchor() { return this.#anchor; }
  get head() { return parse(this.#live()?.head()); }

  get refusedEvidence() {
    const error = parse(this.#live()?.refusedEvidence());
    return error && new CairnError(error);
  }

  async sync() { return parse(await this.#run((session) => session.sync())); }

  async event(id) { return this.#verified((session) => session.event(String(id))); }

  async receipt(id) { return this.#verified((session) => session.receipt(String(id))); }

  async open(id, key) { return fields(await this.#run((session) => session.open(String(id), String(key)))); }

  async query(params = {}) {
    const given = Object.entries(params).filter(([, value]) => value !== undefined && value !== null);
    const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
    return JSON.parse(await this.#run((session) => session.claimedEvents(query)));
  }

  async #verified(start) {
    const [bytes, anchor, now, view, checks] = await this.#run(start);
    const parts = { bytes, anchor, now, view: JSON.parse(view), checks: JSON.parse(checks).checks };
    return new VerifiedReceipt(MAKER, engine, parts);
  }

  async #run(start) {
    const session = await this.#connected();
    return engine.run(() => start(session));
  }

  // A session lives in one WebAssembly instance; after a trap there is another.
  async #connected() {
    const generation = await engine.ready();
    if (!this.#live()) {
      const session = await engine.run((wasm) => wasm.connect(this.#node, this.#anchor));
      this.#session ??= { generation, session };
      if (this.#session.generation !== generation) this.#session = { generation, session };
    }
    return this.#session.session;
  }

  #live() {
    return this.#session?.generation === engine.generation() ? this.#session.session : undefined;
  }
};

const parse = (text) => (text === undefined ? null : deepFreeze(JSON.parse(text)));

// Names and values in turn. `fromEntries` defines own properties, whatever their names.
function fields(list) {
  const entries = [];
  for (let place = 0; place < list.length; place += 2) entries.push([list[place], list[place + 1]]);
  return Object.fromEntries(entries);
}
