// The API, the same in every runtime; `index.d.ts` documents it.
//
// Evidence goes into WebAssembly as bytes and comes out as a verdict in the same call. Nothing here
// decides anything, and no object made here is ever taken back as proof of anything.
import { createEngine } from "./engine.js";

/** Why something was not verified. */
export class CairnError extends Error {
  constructor({ state, code, message, expected = null, found = null, problem = null }, checks = []) {
    super(message);
    this.name = "CairnError";
    this.state = state;
    this.code = code;
    this.expected = expected;
    this.found = found;
    this.problem = problem;
    this.checks = checks;
  }
}

// Known to this file only, so that only its checks make a `VerifiedReceipt`.
const MAKER = Symbol("made by a check");

/** A receipt that holds. */
export class VerifiedReceipt {
  #engine;
  #bytes;
  #anchor;
  #now;
  #view;
  #checks;

  constructor(maker, engine, { bytes, anchor, now, view, checks }) {
    if (maker !== MAKER) throw new TypeError("only verifying makes a VerifiedReceipt");
    this.#engine = engine;
    this.#bytes = bytes;
    this.#anchor = anchor;
    this.#now = now;
    this.#view = deepFreeze(view);
    this.#checks = deepFreeze(checks);
  }

  get id() { return this.#view.id; }
  get index() { return this.#view.index; }
  get event() { return this.#view.event; }
  get header() { return this.#view.header; }
  get writerSuite() { return this.#view.writerSuite; }
  get writerName() { return this.#view.writerName; }
  get standing() { return this.#view.standing; }
  get logTime() { return this.#view.logTime; }
  get payloadIncluded() { return this.#view.payloadIncluded; }
  get checks() { return this.#checks; }
  get anchor() { return this.#anchor; }

  async open(key) {
    const list = await this.#engine.call((wasm) => wasm.open(this.#bytes, this.#anchor, this.#now, String(key)));
    return fields(list);
  }

  toBytes() { return this.#bytes.slice(); }

  toJSON() {
    return { receipt: base64(this.#bytes), anchor: this.#anchor };
  }
}

/** The functions over one WebAssembly module. */
export function createApi(bindings, load) {
  const engine = createEngine(bindings, load, CairnError);

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

// A copy: what is verified must not change under the caller's hands.
function toBytes(bytes) {
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes.slice(0));
  if (ArrayBuffer.isView(bytes)) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength).slice();
  throw new TypeError("a receipt is a Uint8Array or an ArrayBuffer");
}

function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

function deepFreeze(value) {
  if (value === null || typeof value !== "object" || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
