// What the files under the API do: a trap, a module that does not load, a store.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { CairnError, createApi } from "../api.js";
import * as bindings from "../dist/light_client.js";
import { serve } from "../host.js";
import { codeOf, startNode, town, vector } from "./help.mjs";

const module = readFileSync(new URL("../dist/light_client_bg.wasm", import.meta.url));

test("after a trap there is a fresh instance", async (t) => {
  const node = await startNode(t);
  let memory;
  const api = createApi(bindings, () => ({ memory } = bindings.initSync({ module })));
  const { bytes, anchor, now } = vector("ok-hybrid");
  const client = await api.LightClient.connect({ node: node.url, anchor: town.anchor });
  await client.sync();
  assert.equal((await api.explainReceipt(bytes, anchor, { now })).state, "verified");

  // A call in flight, and then an instance that cannot go on.
  let served;
  node.bend = (_path, body) => {
    if (!served) {
      new Uint8Array(memory.buffer).fill(0xff);
      served = api.explainReceipt(bytes, anchor, { now }).catch((error) => error);
    }
    return body;
  };
  const pending = client.event(town.sealed).catch((error) => error);
  for (const error of [await pending, await served]) {
    assert.ok(error instanceof CairnError);
    assert.deepEqual([error.code, error.state], ["internal", "could-not-check"]);
  }
  assert.equal(client.head, null);
  for (let round = 0; round < 3; round += 1) {
    assert.equal((await api.explainReceipt(bytes, anchor, { now })).state, "verified");
  }
  // The client connects anew by itself.
  assert.equal((await client.event(town.sealed)).id, town.sealed);
  assert.equal(client.head.header.digest, town.phases[0].head);
});

test("a module that does not load is tried again", async () => {
  let attempts = 0;
  const { verifyReceipt } = createApi(bindings, async () => {
    attempts += 1;
    if (attempts === 1) throw new Error("no such file");
    bindings.initSync({ module });
  });
  const { bytes, anchor, now } = vector("ok-first-event");
  const error = await verifyReceipt(bytes, anchor, { now }).catch((thrown) => thrown);
  assert.deepEqual([error.code, error.state], ["internal", "could-not-check"]);
  assert.match(error.message, /no such file/);
  assert.equal(await codeOf(verifyReceipt(bytes, anchor, { now })), "ok");
  assert.equal(attempts, 2);
});

test("without IndexedDB nothing is kept, and nothing fails", async (t) => {
  assert.equal(globalThis.indexedDB, undefined);
  assert.deepEqual(await serve(["load", "name", null, null]), [0, undefined]);
  const [status, , why] = await serve(["swap", "name", new Uint8Array([1]), null]);
  assert.equal(status, 0);
  assert.match(why, /no IndexedDB/);
  const node = await startNode(t);
  const { LightClient } = createApi(bindings, () => bindings.initSync({ module }));
  const client = await LightClient.connect({ node: node.url, anchor: town.anchor });
  assert.equal(client.notKept, null);
  await client.sync();
  assert.match(client.notKept, /no IndexedDB/);
});

test("when there is no room, what was refused goes first", async (t) => {
  const kept = fakeIndexedDb();
  globalThis.indexedDB = kept.factory;
  t.after(() => delete globalThis.indexedDB);
  const swap = (name, bytes, old) => serve(["swap", name, new Uint8Array(bytes), old]);
  assert.deepEqual(await swap("refused a", [9, 9], null), [0]);
  assert.deepEqual(await swap("a", [1], null), [0]);
  assert.deepEqual(await swap("a", [2], null), [1, new Uint8Array([1])]);
  assert.deepEqual(await swap("a", [2], new Uint8Array([2])), [1, new Uint8Array([1])]);
  kept.room = 2;
  assert.deepEqual(await swap("a", [2, 2], new Uint8Array([1])), [0]);
  assert.deepEqual([...kept.values.keys()], ["a"]);
  const [status, , why] = await swap("b", [1], null);
  assert.equal(status, 0);
  assert.match(why, /full/);
  assert.deepEqual([...kept.values.keys()], ["a"]);
});

test("evidence is kept, and verified when it is taken up", async (t) => {
  const kept = fakeIndexedDb();
  globalThis.indexedDB = kept.factory;
  t.after(() => delete globalThis.indexedDB);
  const node = await startNode(t);
  const { LightClient } = createApi(bindings, () => bindings.initSync({ module }));
  const connect = () => LightClient.connect({ node: node.url, anchor: town.anchor });
  const head = await (await connect()).sync();

  const again = await connect();
  assert.deepEqual(again.head, { ...head, syncedAt: null });
  assert.equal(again.refusedEvidence, null);

  const evidence = kept.values.get(town.anchor);
  evidence[evidence.length - 1] ^= 1;
  const tampered = await connect();
  assert.equal(tampered.head, null);
  assert.equal(tampered.refusedEvidence.code, "finality-bad-vote");
  await tampered.sync();
  assert.equal((await connect()).refusedEvidence, null);
});

// As much of IndexedDB as is used, with room for so many bytes.
function fakeIndexedDb() {
  const fake = { values: new Map(), room: Infinity };
  const later = (act) => setTimeout(act, 0);
  const request = (result, before) => {
    const made = { result };
    queueMicrotask(() => {
      before?.(made);
      made.onsuccess();
    });
    return made;
  };
  const used = (values) => [...values.values()].reduce((sum, value) => sum + value.length, 0);
  const transaction = () => {
    const values = new Map(fake.values);
    const store = {
      get: (key) => request(values.get(key)),
      getAllKeys: () => request([...values.keys()]),
      delete: (key) => request(values.delete(key)),
      put: (value, key) => request(values.set(key, value)),
    };
    const made = { objectStore: () => store };
    later(() => {
      if (used(values) > fake.room) {
        made.error = new DOMException("the disk is full", "QuotaExceededError");
        made.onabort();
      } else {
        fake.values = values;
        made.oncomplete();
      }
    });
    return made;
  };
  const database = { createObjectStore: () => undefined, transaction, close() {} };
  fake.factory = { open: () => request(database, (made) => made.onupgradeneeded()) };
  return fake;
}
