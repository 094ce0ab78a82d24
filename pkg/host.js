// What the module cannot do itself: ask a node, and keep evidence. Nothing here judges what comes.

const TIMEOUT = 60_000;
/** The most bytes taken of one answer: those of the longest receipt. */
const MAX_ANSWER_LEN = 64 << 20;

const DATABASE = "cairn-light-client";
const STORE = "evidence";

/** Does what a task waits for: status, body, and why there is none. */
export async function serve([what, target, detail, authorization]) {
  if (what === "get") return get(target, detail, authorization);
  // A store that is absent (Node.js), forbidden (a private window) or broken is an empty one: it costs
  // a longer sync, never a wrong verdict.
  try {
    if (what === "load") return [0, await inStore("readonly", (store) => store.get(target))];
    await inStore("readwrite", (store) => store.put(detail, target));
  } catch {
    // As said.
  }
  return [0];
}

async function get(url, accept, authorization) {
  const headers = authorization === null ? { accept } : { accept, authorization };
  try {
    const response = await fetch(url, { headers, credentials: "omit", signal: AbortSignal.timeout(TIMEOUT) });
    return [response.status, await read(response)];
  } catch (error) {
    // Node.js says what happened in the error's cause.
    const cause = error?.cause?.message || error?.cause?.code;
    const why = error?.message || String(error);
    return [0, undefined, cause ? `${why} (${cause})` : why];
  }
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

// One entry an anchor.
async function inStore(mode, act) {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await done(opening);
  try {
    const transaction = database.transaction(STORE, mode);
    const result = await done(act(transaction.objectStore(STORE)));
    return result instanceof Uint8Array ? result : undefined;
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
