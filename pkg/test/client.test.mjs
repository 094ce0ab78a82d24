import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import test from "node:test";

import { LightClient, verifyReceipt } from "cairn-light-client";
import { codeOf, startNode, town } from "./help.mjs";

const connect = (node) => LightClient.connect({ node: `${node.url}/`, anchor: town.anchor });
const stranger = `cairn-secret-member:${"b0".repeat(32)}`;

test("verifies every event that a node has", async (t) => {
  const node = await startNode(t);
  const client = await connect(node);
  assert.equal(client.head, null);
  assert.deepEqual(node.asked, []);
  const { events } = await client.query({ limit: 1000, actor: undefined });
  assert.deepEqual(node.asked, ["/v1/events?limit=1000"]);
  for (const [index, { id }] of events.entries()) {
    const receipt = await client.event(id);
    assert.deepEqual([receipt.id, receipt.index], [id, index]);
    assert.equal(receipt.standing.anchor, town.anchor);
  }
  assert.equal(client.head.header.digest, town.phases[0].head);
});

test("syncs, and keeps its head when the node is behind", async (t) => {
  const node = await startNode(t);
  const client = await connect(node);
  const first = await client.sync();
  assert.equal(first.syncedAt, town.phases[0].now);
  node.phase = 1;
  const second = await client.sync();
  assert.equal(second.header.digest, town.phases[1].head);
  assert.ok(second.header.height > first.header.height);
  node.phase = 0;
  assert.equal(await codeOf(client.sync()), "client-node-behind");
  assert.equal(client.head.header.digest, town.phases[1].head);
});

test("syncs by itself for an event newer than the head", async (t) => {
  const node = await startNode(t);
  const client = await connect(node);
  await client.sync();
  node.phase = 1;
  const receipt = await client.event(town.phases[1].ids.at(-1));
  assert.equal(receipt.header.digest, town.phases[1].head);
});

test("calls may overlap", async (t) => {
  const node = await startNode(t);
  const client = await connect(node);
  const receipts = await Promise.all(town.phases[0].ids.map((id) => client.event(id)));
  assert.deepEqual(receipts.map(({ id }) => id), town.phases[0].ids);
  node.phase = 1;
  const heads = await Promise.all([client.sync(), client.sync(), client.sync()]);
  assert.deepEqual(new Set(heads.map(({ header }) => header.digest)), new Set([town.phases[1].head]));
});

test("a portable receipt holds without the node", async (t) => {
  const node = await startNode(t);
  const client = await connect(node);
  const receipt = await client.receipt(town.sealed);
  assert.equal(receipt.anchor, town.anchor);
  const again = await verifyReceipt(receipt.toBytes(), town.anchor, { now: town.phases[0].now });
  assert.equal(again.id, town.sealed);
});

test("opens a payload for its recipient only", async (t) => {
  const node = await startNode(t);
  const client = await connect(node);
  const fields = await client.open(town.sealed, town.auditor);
  assert.equal(Buffer.from(fields.amount).toString(), "12");
  assert.equal(await codeOf(client.open(town.sealed, stranger)), "client-no-wrap");
  assert.equal(await codeOf(client.open(town.phases[0].ids[1], town.auditor)), "payload-not-sealed");
  node.bend = (path, body) => (path.startsWith("/v1/wraps/") ? flipped(body, 1_150) : body);
  assert.equal(await codeOf(client.open(town.sealed, town.auditor)), "payload-bad-wrap");
});

test("a node that lies is found out", async (t) => {
  const node = await startNode(t);
  const client = await connect(node);
  const [asked, other] = town.phases[0].ids;
  node.bend = (path, body) => (path.startsWith("/v1/checkpoints/") ? flipped(body, body.length - 1) : body);
  assert.equal(await codeOf(client.sync()), "finality-bad-vote");
  assert.equal(client.head, null);
  node.bend = (path, body) => body;
  await client.sync();
  const base = `?base=header:${town.phases[0].head}`;
  const receiptOf = (id) => Buffer.from(town.phases[0].answers[`/v1/receipts/${id}${base}`], "base64");
  node.bend = () => receiptOf(other);
  assert.equal(await codeOf(client.event(asked)), "client-other-event");
  for (let at = 0; at < receiptOf(asked).length; at += 7) {
    node.bend = () => flipped(receiptOf(asked), at);
    assert.notEqual(await codeOf(client.event(asked)), "ok", `byte ${at}`);
  }
});

test("tells what cannot be checked", async (t) => {
  const node = await startNode(t);
  const client = await connect(node);
  const unknown = await client.event("0".repeat(64)).catch((error) => error);
  assert.deepEqual([unknown.code, unknown.problem, unknown.state], ["client-http-status", "unknown-event", "could-not-check"]);
  assert.equal(await codeOf(client.event("no id")), "client-bad-event-id");
  const nobody = await LightClient.connect({ node: await unusedAddress(), anchor: town.anchor });
  const error = await nobody.sync().catch((thrown) => thrown);
  assert.equal(error.code, "client-network");
  assert.match(error.message, /ECONNREFUSED/);
  assert.equal(await codeOf(LightClient.connect({ node: "127.0.0.1:80", anchor: town.anchor })), "client-bad-node");
  assert.equal(await codeOf(LightClient.connect({ node: node.url, anchor: "genesis" })), "client-bad-anchor");
  assert.throws(() => new LightClient(), TypeError);
});

async function unusedAddress() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return `http://127.0.0.1:${port}`;
}

function flipped(body, at) {
  const bent = Buffer.from(body);
  bent[at] ^= 1;
  return bent;
}
