// Writing in Node.js, as far as it goes without a node: what is made is what the verifier takes.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import test from "node:test";

import { LightClient } from "cairn-light-client";
import { keys, seal, signEvent, submit } from "cairn-light-client/write";
import { codeOf, startNode, town } from "./help.mjs";

const TEXT = `cairn-secret-member:${"42".repeat(32)}`;
const DRAFT = { type: "page.saved", actor: { kind: "user", id: "ann" }, resource: { kind: "page", id: "1" } };
const place = { stream: town.stream, sequence: 0, previous: "0".repeat(64) };

async function connected(t) {
  const node = await startNode(t);
  return { node, client: await LightClient.connect({ node: node.url, anchor: town.anchor }) };
}

test("an event is signed by its key, wherever that lies", async (t) => {
  const { client } = await connected(t);
  const key = await keys.fromText(`# a comment\n${TEXT}\n`);
  assert.equal(key.reveal(), TEXT);
  const event = await signEvent(client, key, { ...DRAFT, place, time: 5, metadata: { a: "b" } });
  assert.match(event.id, /^[0-9a-f]{64}$/);
  // The same event has the same id, and another signer's another.
  assert.equal((await signEvent(client, key, { ...DRAFT, place, time: 5, metadata: { a: "b" } })).id, event.id);
  const pair = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const id = Buffer.from(key.id, "hex");
  const other = { id: key.id, publicKey, sign: async ({ message }) => new Uint8Array(await crypto.subtle.sign("Ed25519", pair.privateKey, message)) };
  assert.equal(id.length, 32);
  assert.equal(await codeOf(signEvent(client, other, { ...DRAFT, place })), "event-not-the-writer");
  const liar = { ...key, publicKey: key.publicKey, sign: async () => new Uint8Array(64) };
  assert.equal(await codeOf(signEvent(client, liar, { ...DRAFT, place })), "event-bad-signature");
  key.lock();
  assert.equal(await codeOf(signEvent(client, key, { ...DRAFT, place })), "client-locked");
});

test("what is no event is refused by name", async (t) => {
  const { client } = await connected(t);
  const key = await keys.fromText(TEXT);
  const code = (more) => codeOf(signEvent(client, key, { ...DRAFT, place, ...more }));
  assert.equal(await code({ actor: undefined }), "client-bad-event");
  assert.equal(await code({ outcome: "maybe" }), "client-bad-event");
  assert.equal(await code({ kind: "member" }), "client-bad-event");
  assert.equal(await code({ type: "" }), "decode-not-canonical");
  assert.equal(await code({ type: "x".repeat(129) }), "decode-out-of-range");
  assert.equal(await code({ payload: seal({}, []) }), "decode-not-canonical");
  assert.equal(await code({ payload: seal({ a: "b" }, ["nobody"]) }), "client-no-such-member");
  assert.equal(await code({ payload: { public: new Uint8Array(3) } }), "ok");
  assert.equal(await code({ payload: seal({ a: "b" }, []) }), "ok");
  assert.equal(await codeOf(keys.fromText("no key")), "client-bad-key");
  assert.equal(await codeOf(keys.create("x")), "client-no-storage");
});

test("what a node says it took is held against what it was given", async (t) => {
  const { client } = await connected(t);
  const event = await signEvent(client, await keys.fromText(TEXT), { ...DRAFT, place });
  let answer = [202, { accepted: [{ id: "0".repeat(64), index: 1 }] }];
  let asked;
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray();
    asked = { url: request.url, key: request.headers.authorization, body: JSON.parse(Buffer.concat(chunks)) };
    response.writeHead(answer[0], { "content-type": "application/json" });
    response.end(JSON.stringify(answer[1]));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const elsewhere = { node: `http://127.0.0.1:${server.address().port}`, event: () => assert.fail("not final") };
  assert.equal(await codeOf(submit(elsewhere, event)), "client-other-event");
  answer[1].accepted[0].id = event.id;
  assert.deepEqual(await submit(elsewhere, event, { apiKey: "cairn_x" }), answer[1].accepted);
  assert.deepEqual([asked.url, asked.key, asked.body.length], ["/v1/events", "Bearer cairn_x", 1]);
  assert.deepEqual(Buffer.from(asked.body[0].signed, "base64"), Buffer.from(event.signed));
  answer = [409, { code: "not-the-next", detail: "no" }];
  const refused = await submit(elsewhere, event).catch((error) => error);
  assert.deepEqual([refused.code, refused.problem], ["client-http-status", "not-the-next"]);
  assert.equal(await codeOf(submit(elsewhere, event, { wait: "soon" })), "client-bad-query");
});
