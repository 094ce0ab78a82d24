// What the module cannot do itself: ask a node, wait for news, and keep evidence. Nothing here judges
// what comes.

const TIMEOUT = 60_000;
/** How long a stream may say nothing at all; a node says something every 15 seconds. */
const SILENCE = 45_000;
/** The most bytes taken of one answer: those of the longest receipt. */
const MAX_ANSWER_LEN = 64 << 20;
/** The longest line of a stream that is looked at. */
const MAX_LINE_LEN = 1 << 20;

const DATABASE = "cairn-light-client";
const STORE = "evidence";

/**
 * Does what a task waits for: status, body, and why there is none. `context` has the caller's `signal`,
 * if any, and keeps an open stream from one call to the next.
 */
export async function serve([what, target, detail, extra], context = {}) {
  context.signal?.throwIfAborted();
  if (what === "get") return answered(context, () => get(target, detail, extra, context.signal));
  if (what === "wait") return answered(context, () => wait(target, detail, context));
  if (what === "sleep") return sleep(target, context.signal);
  // A store that is absent (Node.js), forbidden (a private window) or broken is an empty one: it costs
  // a longer sync, never a wrong verdict.
  if (what === "load") return [0, await inStore("readonly", (store) => done(store.get(target))).catch(() => undefined)];
  return swap(target, detail, extra);
}

/** Ends the stream that a context keeps. */
export function hangUp(context) {
  context.stream?.end();
  context.stream = undefined;
}

async function answered({ signal }, act) {
  try {
    return await act();
  } catch (error) {
    signal?.throwIfAborted();
    // Node.js says what happened in the error's cause.
    const cause = error?.cause?.message || error?.cause?.code;
    const why = error?.message || String(error);
    return [0, undefined, cause ? `${why} (${cause})` : why];
  }
}

async function get(url, accept, authorization, signal) {
  const headers = authorization === null ? { accept } : { accept, authorization };
  const limit = AbortSignal.timeout(TIMEOUT);
  const ends = signal ? either(signal, limit) : limit;
  const response = await fetch(url, { headers, credentials: "omit", signal: ends });
  return [response.status, await read(response)];
}

// `AbortSignal.any` is younger than what is supported here.
function either(...signals) {
  const controller = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) controller.abort(signal.reason);
    signal.addEventListener("abort", () => controller.abort(signal.reason), { once: true, signal: controller.signal });
  }
  return controller.signal;
}

// The body, or undefined if it is too long; what is too long is not even received.
async function read(response) {
  const chunks = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const { value } = (await reader?.read()) ?? {};
    if (value === undefined) break;
    length += value.length;
    if (length > MAX_ANSWER_LEN) {
      reader.cancel().catch(() => undefined);
      return undefined;
    }
    chunks.push(value);
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

// Until the stream says something of a place above the one asked after. What it says is not believed:
// it is a reason to ask. One stream serves many waits; one that broke is opened anew at `after`, which
// is where the last verified head ends, so that nothing is lost.
async function wait(url, accept, context) {
  const [, base, after] = /^(.*[?&]after=)(\d+)/.exec(url) ?? [];
  try {
    if (context.stream?.base !== base) hangUp(context);
    const stream = (context.stream ??= await open(url, accept, base, context.signal));
    if (stream.refused) return stream.refused;
    for (;;) {
      const line = await stream.line();
      const id = /^id:\s*(\d+)/.exec(line);
      if (id && Number(id[1]) > Number(after)) return [200, new Uint8Array()];
    }
  } catch (error) {
    hangUp(context);
    throw error;
  }
}

async function open(url, accept, base, signal) {
  const control = new AbortController();
  const stop = () => control.abort(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  const end = () => {
    signal?.removeEventListener("abort", stop);
    control.abort();
  };
  const within = (promise) => {
    const timer = setTimeout(() => control.abort(new Error("the stream is silent")), SILENCE);
    return promise.finally(() => clearTimeout(timer));
  };
  const response = await within(fetch(url, { headers: { accept }, credentials: "omit", signal: control.signal }));
  if (!response.ok || !response.body) return { base, end, refused: [response.status, await read(response)] };
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  const line = async () => {
    for (;;) {
      const at = rest.indexOf("\n");
      if (at >= 0) {
        const found = rest.slice(0, at);
        rest = rest.slice(at + 1);
        return found;
      }
      if (rest.length > MAX_LINE_LEN) throw new Error("the stream has a line without end");
      const { value, done } = await within(reader.read());
      if (done) throw new Error("the stream ended");
      rest += value;
    }
  };
  return { base, end, line };
}

function sleep(millis, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve([0]);
    }, millis);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

// Reads and writes in one transaction: no other tab's comes between the two.
async function swap(name, bytes, old) {
  const attempt = () =>
    inStore("readwrite", async (store) => {
      const found = await done(store.get(name));
      if (!isSame(found, old)) return { found };
      await done(store.put(bytes, name));
      return undefined;
    });
  try {
    const changed = await attempt().catch(async (error) => {
      if (error?.name !== "QuotaExceededError") throw error;
      await inStore("readwrite", forget);
      return attempt();
    });
    return changed ? [1, changed.found] : [0];
  } catch (error) {
    return [0, undefined, error?.message || String(error)];
  }
}

// What is worth least when there is no room: evidence that was refused.
async function forget(store) {
  for (const key of await done(store.getAllKeys())) if (key.startsWith("refused ")) await done(store.delete(key));
}

const isSame = (found, old) =>
  found === undefined || old === null
    ? found === undefined && old === null
    : found.length === old.length && found.every((byte, at) => byte === old[at]);

// One entry a name.
async function inStore(mode, act) {
  if (!globalThis.indexedDB) throw new Error("there is no IndexedDB here");
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await done(opening);
  try {
    const transaction = database.transaction(STORE, mode);
    const ended = new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error("the storage gave up"));
    });
    // It is looked at below, if this fails first.
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
    request.onblocked = () => reject(new Error("blocked"));
  });
