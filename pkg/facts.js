// What a check found, and the bytes that it found it in.

/** Known to the files of this package only, so that only its checks make facts. */
export const MAKER = Symbol("made by a check");

/** What both entries say of a receipt that holds. */
export class Facts {
  #bytes;
  #anchor;
  #view;

  constructor(maker, { bytes, anchor, view }) {
    if (maker !== MAKER) throw new TypeError("only verifying makes a VerifiedReceipt");
    this.#bytes = bytes;
    this.#anchor = anchor;
    this.#view = deepFreeze(view);
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
  get anchor() { return this.#anchor; }

  toBytes() { return this.#bytes.slice(); }

  toJSON() {
    return { receipt: base64(this.#bytes), anchor: this.#anchor };
  }
}

/** An event that was verified with others: what a receipt says, without bytes of its own. */
export class VerifiedEvent {
  #view;

  constructor(maker, view) {
    if (maker !== MAKER) throw new TypeError("only verifying makes a VerifiedEvent");
    this.#view = deepFreeze(view);
  }

  get id() { return this.#view.id; }
  get index() { return this.#view.index; }
  get event() { return this.#view.event; }
  get header() { return this.#view.header; }
  get writerSuite() { return this.#view.writerSuite; }
  get writerName() { return this.#view.writerName; }
  get standing() { return this.#view.standing; }

  toJSON() { return { id: this.id, index: this.index }; }
}

/** A copy: what is verified must not change under the caller's hands. */
export function toBytes(bytes) {
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes.slice(0));
  if (ArrayBuffer.isView(bytes)) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength).slice();
  throw new TypeError("a receipt is a Uint8Array or an ArrayBuffer");
}

function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

export function deepFreeze(value) {
  if (value === null || typeof value !== "object" || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
