// Keys of this browser. Whatever WebCrypto can keep non-extractable it keeps; the rest lies encrypted
// under a passphrase. No key is ever sent anywhere.
import { CairnError } from "./error.js";

const DATABASE = "cairn-keys";
const STORE = "keys";
/** What OWASP asks of PBKDF2 with SHA-256, and the least that is read back. */
const ROUNDS = 600_000;

const fault = (code, message) => new CairnError({ state: "could-not-check", code, message });

/** A key that signs events: made here, non-extractable, so that not even this page can read it. */
export class WriterKey {
  #key;

  constructor(id, publicKey, key) {
    this.id = id;
    this.publicKey = publicKey;
    this.#key = key;
    Object.freeze(this);
  }

  async sign({ message }) {
    return new Uint8Array(await crypto.subtle.sign("Ed25519", this.#key, message));
  }
}

/** A member's keys, as in a key file: they sign events, and open payloads. In memory until `lock`. */
export class MemberKey {
  #seed;
  #writing;

  constructor(writing, seed) {
    this.#seed = seed;
    this.#writing = writing;
    const [id, publicKey, wrapId, wrapPublicKey] = writing.publicOf(seed);
    Object.assign(this, { id, publicKey, wrapId, wrapPublicKey });
    Object.freeze(this);
  }

  async sign({ body }) { return this.#writing.sign(this.#open(), body); }

  /** The key file's text: for `client.open`, or to keep elsewhere. */
  reveal() { return this.#writing.keyText(this.#open()); }

  /** Wipes it from this object. */
  lock() { this.#seed.fill(0); this.#seed = undefined; }

  #open() {
    if (!this.#seed) throw fault("client-locked", "the key was locked; load it again");
    return this.#seed;
  }
}

/** `ready` gives the writing module. */
export function createKeys(ready) {
  async function remember(name, entry) {
    await inStore("readwrite", (store) => done(store.add(entry, name))).catch((error) => {
      if (error?.name !== "ConstraintError") throw fault("client-no-storage", `the key was not kept: ${error?.message ?? error}`);
      throw fault("client-key-exists", `there is a key named ${name}; forget it first, or take another name`);
    });
  }

  async function keepMember(name, seed, passphrase) {
    if (String(passphrase ?? "").length < 8) throw fault("client-weak-passphrase", "a passphrase has at least 8 characters");
    const key = new MemberKey(await ready(), seed);
    await remember(name, { kind: "member", id: key.id, ...(await encrypt(seed, passphrase, key.id)) });
    return key;
  }

  return {
    /** Makes a key that signs, and keeps it non-extractable. */
    async create(name) {
      const pair = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]).catch((error) => {
        throw fault("client-no-ed25519", `this runtime keeps no Ed25519 keys (${error.message}); use keys.make(name, passphrase)`);
      });
      const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
      const id = (await ready()).keyId(publicKey);
      await remember(name, { kind: "writer", id, publicKey, key: pair.privateKey });
      return new WriterKey(id, publicKey, pair.privateKey);
    },

    /** Makes a member's keys, and keeps them encrypted. */
    async make(name, passphrase) {
      return keepMember(name, crypto.getRandomValues(new Uint8Array(32)), passphrase);
    },

    /** Takes a key file's text, and keeps it encrypted. */
    async import(name, text, passphrase) {
      return keepMember(name, seedOf(await ready(), text), passphrase);
    },

    /** A key file's text as a key that is not kept. */
    async fromText(text) {
      const writing = await ready();
      return new MemberKey(writing, seedOf(writing, text));
    },

    /** A kept key; a member's needs its passphrase. */
    async load(name, passphrase) {
      const entry = await inStore("readonly", (store) => done(store.get(name)));
      if (!entry) throw fault("client-no-such-key", `there is no key named ${name} here`);
      if (entry.kind === "writer") return new WriterKey(entry.id, entry.publicKey, entry.key);
      const key = new MemberKey(await ready(), await decrypt(entry, passphrase));
      if (key.id !== entry.id) throw fault("client-bad-passphrase", "the kept key is another one than it says");
      return key;
    },

    /** Names, kinds and ids of the kept keys. */
    async list() {
      return inStore("readonly", async (store) => {
        const [names, entries] = await Promise.all([done(store.getAllKeys()), done(store.getAll())]);
        return names.map((name, at) => ({ name, kind: entries[at].kind, id: entries[at].id }));
      });
    },

    /** Throws a kept key away. */
    async forget(name) { await inStore("readwrite", (store) => done(store.delete(name))); },
  };
}

function seedOf(writing, text) {
  writing.checkKeyText(String(text));
  const [, hex] = /^cairn-secret-member:([0-9a-f]{64})$/m.exec(String(text));
  return Uint8Array.from(hex.match(/../g), (digits) => parseInt(digits, 16));
}

async function keyOf(passphrase, salt, rounds) {
  const text = new TextEncoder().encode(String(passphrase).normalize("NFC"));
  const base = await crypto.subtle.importKey("raw", text, "PBKDF2", false, ["deriveKey"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds };
  return crypto.subtle.deriveKey(how, base, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

const aes = (iv, id) => ({ name: "AES-GCM", iv, additionalData: new TextEncoder().encode(`cairn member key ${id}`) });

async function encrypt(seed, passphrase, id) {
  const [salt, iv] = [crypto.getRandomValues(new Uint8Array(16)), crypto.getRandomValues(new Uint8Array(12))];
  const sealed = await crypto.subtle.encrypt(aes(iv, id), await keyOf(passphrase, salt, ROUNDS), seed);
  return { salt, iv, rounds: ROUNDS, sealed: new Uint8Array(sealed) };
}

async function decrypt({ id, salt, iv, rounds, sealed }, passphrase) {
  if (!(rounds >= ROUNDS && rounds <= 100 * ROUNDS)) throw fault("client-bad-passphrase", `the kept key asks for ${rounds} rounds`);
  const key = await keyOf(passphrase ?? "", salt, rounds);
  const seed = await crypto.subtle.decrypt(aes(iv, id), key, sealed).catch(() => {
    throw fault("client-bad-passphrase", "the passphrase is another one, or the kept key was changed");
  });
  return new Uint8Array(seed);
}

async function inStore(mode, act) {
  if (!globalThis.indexedDB) throw fault("client-no-storage", "there is no IndexedDB here; use keys.fromText");
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await done(opening);
  try {
    const transaction = database.transaction(STORE, mode);
    const ended = new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
    ended.catch(() => undefined);
    const result = await act(transaction.objectStore(STORE));
    await ended;
    return result;
  } finally {
    database.close();
  }
}

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
