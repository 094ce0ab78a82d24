// Writing: signed events, sealed payloads, and giving them to a node. Signing happens here; a node sees
// neither a key nor what is sealed.
import { CairnError, internal } from "./error.js";
import { createKeys } from "./keys.js";

const TIMEOUT = 60_000;
/** How long `wait: "final"` waits, unless told otherwise. */
const PATIENCE = 60_000;
const ZERO = "0".repeat(64);

const fault = (code, message, more = {}) => new CairnError({ state: "could-not-check", code, message, ...more });
const random = (length) => crypto.getRandomValues(new Uint8Array(length));
const hexBytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (digits) => parseInt(digits, 16));

function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

/** The functions over the writing module. */
export function createWriting(bindings, load) {
  let loading;

  // What the module throws is code and sentence; anything else is a fault of ours, after which there is
  // another instance.
  const guarded = (act) => (...values) => {
    try {
      return act(...values);
    } catch (thrown) {
      if (typeof thrown === "string") {
        const [code, ...words] = thrown.split(" ");
        throw fault(code, words.join(" "));
      }
      bindings.restart();
      bindings.version();
      throw internal("the writing module stopped", thrown);
    }
  };
  const writing = Object.fromEntries(
    ["keyText", "checkKeyText", "publicOf", "keyId", "wrapKeyId", "makeBody", "sign", "assemble", "wrap"].map((name) => [name, guarded(bindings[name])]),
  );

  async function ready() {
    loading ??= Promise.resolve().then(load);
    try {
      await loading;
    } catch (cause) {
      loading = undefined;
      throw internal("the writing module does not load", cause);
    }
    return writing;
  }

  /** A payload that only these members open: for `payload` of an event. */
  const seal = (fields, recipients) => Object.freeze({ fields, recipients: [...recipients] });

  /**
   * Signs an event for the log that `client` follows. Where the writer stands is the node's word: if it
   * lies, the log refuses the event. Recipients' keys are proven by the log's state.
   */
  async function signEvent(client, key, draft, { signal } = {}) {
    const wasm = await ready();
    const { header } = client.head ?? (await client.sync({ signal }));
    const place = draft.place ?? (await placeOf(client, key, draft.stream, signal));
    const payload = draft.payload ?? {};
    const readers = payload.recipients ? await readersOf(client, payload.recipients, signal) : [];
    const sealed = payload.fields && pairsOf(payload.fields);
    const salt = sealed ? random(56) : new Uint8Array();
    const [body, id, message, stored, messageKey] = wasm.makeBody(
      partsOf(draft, { log: header.log, writer: key.id, ...place }),
      Object.entries(draft.metadata ?? {}).flat().map(String),
      payload.public,
      sealed,
      salt,
    );
    try {
      const signed = wasm.assemble(body, key.publicKey, await key.sign({ message, body }));
      const wraps = readers.map(({ wrapId, publicKey }) => ({
        key: wrapId,
        wrap: wasm.wrap(messageKey, publicKey, [wrapId, header.log, id], random(128)),
      }));
      return Object.freeze({ id, signed, payload: stored, wraps });
    } finally {
      messageKey?.fill(0);
      salt.fill(0);
    }
  }

  /**
   * Gives signed events to the node, all or none. `accepted`: they are durable on that node. `final`:
   * each is verified under a final header, and the receipts are what is returned.
   */
  async function submit(client, events, { wait = "accepted", apiKey, signal, patience = PATIENCE } = {}) {
    if (!["accepted", "final"].includes(wait)) throw fault("client-bad-query", `wait is accepted or final, not ${wait}`);
    const list = Array.isArray(events) ? events : [events];
    const body = list.map(({ signed, payload, wraps }) => ({
      signed: base64(signed),
      ...(payload && { payload: base64(payload) }),
      wraps: wraps.map(({ key, wrap }) => ({ key, wrap: base64(wrap) })),
    }));
    const path = wait === "final" ? "/v1/events?wait=final" : "/v1/events";
    const { accepted } = await ask(`${client.node}${path}`, { method: "POST", body: JSON.stringify(body), apiKey, signal });
    const given = accepted?.map(({ id }) => id) ?? [];
    list.forEach(({ id }, at) => {
      if (given[at] !== id) throw new CairnError({ state: "failed", code: "client-other-event", message: `the node says that it took event ${given[at]}, not ${id}`, expected: id, found: given[at] ?? null });
    });
    if (wait === "accepted") return accepted;
    const until = Date.now() + patience;
    const receipts = [];
    for (const { id } of list) receipts.push(await whenFinal(client, id, until, signal));
    return receipts;
  }

  return { keys: createKeys(ready), seal, signEvent, submit };
}

// The event's receipt, once a final header has it.
async function whenFinal(client, id, until, signal) {
  for (let pause = 50; ; pause = Math.min(2 * pause, 1_000)) {
    try {
      return await client.event(id, { signal });
    } catch (error) {
      const isPending = error.state === "not-final" || error.problem === "not-final" || error.problem === "not-in-base";
      if (!isPending || Date.now() > until) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
    signal?.throwIfAborted();
  }
}

// A stream's name is held against the log's state.
async function placeOf(client, key, stream, signal) {
  const query = stream === undefined ? "" : `?stream=${encodeURIComponent(stream)}`;
  const place = await ask(`${client.node}/v1/writers/${key.id}${query}`, { signal });
  if (stream !== undefined && stream !== place.stream) {
    const { record } = await client.state("stream", { stream: place.stream }, { signal });
    if (record?.name !== stream) throw new CairnError({ state: "failed", code: "client-other-stream", message: `the node gives stream ${place.stream} for ${stream}; the log's state does not`, expected: stream, found: record?.name ?? null });
  }
  return { stream: place.stream, sequence: place.next, previous: place.previous };
}

// Each member's keys in use that wraps are made for. Their ids are proven; the keys are the node's
// words, which the ids bind (`wrap` compares them).
async function readersOf(client, names, signal) {
  const readers = [];
  for (const name of names) {
    const { record } = await client.state("member", { name }, { signal });
    if (!record) throw fault("client-no-such-member", `the log has no member ${name}`);
    const proven = await Promise.all(record.keys.map((key) => client.state("key", { key }, { signal })));
    const inUse = proven.filter(({ record: of, header }) => of?.member === name && of.role === "reader" && of.until > header.size);
    if (inUse.length === 0) throw fault("client-no-such-member", `${name} has no key in use that wraps are made for`);
    const { keys } = await ask(`${client.node}/v1/members/${encodeURIComponent(name)}`, { signal });
    for (const { record: of } of inUse) {
      const found = keys.find(({ id }) => id === of.id);
      readers.push({ wrapId: of.id, publicKey: hexBytes(found?.public ?? "") });
    }
  }
  return readers;
}

async function ask(url, { apiKey, signal, ...options }) {
  const headers = { accept: "application/json", ...(options.body && { "content-type": "application/json" }), ...(apiKey && { authorization: `Bearer ${apiKey}` }) };
  let response;
  try {
    response = await fetch(url, { ...options, headers, credentials: "omit", signal: signal ?? AbortSignal.timeout(TIMEOUT) });
  } catch (error) {
    signal?.throwIfAborted();
    throw fault("client-network", `the node does not answer: ${error?.cause?.message ?? error?.message}`);
  }
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  throw fault("client-http-status", `the node answered ${response.status} ${answer.code ?? ""}: ${answer.detail ?? ""}`, { problem: answer.code ?? null });
}

// In the order in which the module takes them.
function partsOf(draft, { log, stream, writer, sequence, previous }) {
  const { time = Date.now(), kind = "record", type, actor, resource, outcome = "unknown", reason = "" } = draft;
  const { parent = "" } = resource ?? {};
  const parts = [log, stream, writer, sequence, previous ?? ZERO, Number(time), kind, type, actor?.kind, actor?.id, resource?.kind, resource?.id, parent, outcome, reason];
  const missing = parts.indexOf(undefined);
  if (missing >= 0) throw fault("client-bad-event", "an event has a type, an actor and a resource, each with kind and id");
  return parts.map(String);
}

function pairsOf(fields) {
  const encoder = new TextEncoder();
  return Object.entries(fields).flatMap(([name, value]) => [name, typeof value === "string" ? encoder.encode(value) : value]);
}
