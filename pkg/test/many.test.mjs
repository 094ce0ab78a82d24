// Many events at once, several nodes, and news.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import test from "node:test";

import { LightClient, VerifiedEvent, VerifiedList, verifyBatch, verifyList } from "cairn-light-client";
import { spawn } from "cairn-light-client/worker";
import { codeOf, startNode, town, vectors } from "./help.mjs";

const connect = (node) => LightClient.connect({ node: node.url, anchor: town.anchor });
const [first, second] = town.phases;

test("a page of events is verified at once", async (t) => {
  const node = await startNode(t);
  const client = await connect(node);
  const page = await client.events({ limit: 100 });
  assert.deepEqual(page.events.map(({ id }) => id), first.ids);
  assert.ok(page.events.every((event) => event instanceof VerifiedEvent && event.writerName === "ada"));
  assert.deepEqual([page.size, page.allBetween, page.next], [first.ids.length, null, null]);
  assert.equal(node.asked.length, 3);
  assert.throws(() => new VerifiedEvent(), TypeError);
  // What passes is asked of the node, and held against the events here.
  assert.equal(await codeOf(client.events({ actor: "eve" })), "client-not-asked");
  assert.equal(await codeOf(client.events({ colour: "red" })), "client-bad-query");
});

test("reading in private names no event", async (t) => {
  const node = await startNode(t);
  const client = await connect(node);
  const page = await client.events({ private: true, actor: "ada" });
  assert.deepEqual(page.events.map(({ id }) => id), first.ids.toReversed());
  assert.deepEqual(page.allBetween, { from: 0, to: first.ids.length });
  assert.deepEqual((await client.events({ private: true, actor: "eve" })).events, []);
  const event = await client.event(first.ids[1], { private: true, index: 1 });
  assert.deepEqual([event.id, event.index], [first.ids[1], 1]);
  assert.equal((await client.event(first.ids[0], { private: true })).index, 0);
  assert.equal(await codeOf(client.event(first.ids[0], { private: true, index: 1 })), "client-other-event");
  assert.ok(node.asked.every((path) => !path.includes("ada") && !first.ids.some((id) => path.includes(id))));
});

test("a history is all, and the state says who wrote it", async (t) => {
  const node = await startNode(t);
  const client = await connect(node);
  const { stream, writer } = town;
  const history = await client.history({ stream, writer });
  assert.deepEqual(history.events.map(({ id }) => id), first.ids);
  const nobody = "0".repeat(64);
  assert.deepEqual((await client.history({ stream, writer: nobody })).events, []);
  assert.equal((await client.state("key", { key: writer })).record.member, "ada");
  assert.equal((await client.state("member", { name: "nobody" })).record, null);
  assert.equal(await codeOf(client.state("colour", {})), "client-bad-query");
  node.bend = (path, body) => (path.startsWith("/v1/events?") ? Buffer.from(body.toString().replace(/.*?\},/, '{"events":[')) : body);
  assert.match(await codeOf(client.history({ stream, writer })), /^state-history-/);
});

test("a list is a file to keep", async (t) => {
  const node = await startNode(t);
  const client = await connect(node);
  const list = await client.list(first.ids.keys());
  assert.ok(list instanceof VerifiedList);
  const again = await verifyList(list.toBytes(), town.anchor, { now: first.now });
  assert.deepEqual(again.events.map(({ id }) => id), first.ids);
  const bytes = list.toBytes();
  bytes[bytes.length - 1] ^= 1;
  assert.equal(await codeOf(verifyList(bytes, town.anchor, { now: first.now })), "state-root-mismatch");
});

test("several nodes must agree", async (t) => {
  const [one, two] = [await startNode(t), await startNode(t)];
  t.mock.method(Date, "now", () => second.now);
  const urls = [one.url, two.url];
  const both = await LightClient.connect({ nodes: urls, anchor: town.anchor });
  two.phase = 1;
  // `two` is ahead, and does not show how its head and the other one belong together.
  assert.equal(await codeOf(both.sync()), "client-not-enough-nodes");
  assert.deepEqual(both.nodes.map(({ error }) => error?.code), [undefined, "client-http-status"]);
  one.phase = 1;
  assert.equal((await both.sync()).header.digest, second.head);
  assert.deepEqual(both.nodes.map(({ header }) => header.digest), [second.head, second.head]);

  const lines = [`log ${town.anchor}`, `node one ${one.url}`, `node two ${two.url}`, "group any any one two", "quorum any"];
  const either = await LightClient.connect({ policy: lines.join("\n") });
  assert.equal(either.anchor, town.anchor);
  two.bend = () => Buffer.from("<html>");
  assert.equal((await either.sync()).header.digest, second.head);
  assert.deepEqual(either.nodes.map(({ name, error }) => [name, error?.code]), [["one", undefined], ["two", "decode-file-type"]]);
  assert.equal(await codeOf(LightClient.connect({ policy: "quorum x" })), "client-bad-policy");
  assert.equal(await codeOf(LightClient.connect({ nodes: urls, agree: 3, anchor: town.anchor })), "client-bad-policy");
  const strict = await LightClient.connect({ node: one.url, anchor: town.anchor, maxAnchorAge: 1 });
  const stale = await strict.sync().catch((error) => error);
  assert.deepEqual([stale.code, stale.state], ["client-anchor-too-old", "stale"]);
});

test("news comes verified, through outages, until it is ended", async (t) => {
  const node = await startNode(t);
  const client = await connect(node);
  const ending = new AbortController();
  const seen = [];
  const watching = (async () => {
    for await (const { head, events } of client.watch({ signal: ending.signal, events: {} })) {
      seen.push([head.header.digest, events.map(({ id }) => id)]);
    }
  })();
  while (seen.length < 1 || node.streams.size < 1) await sleep(5);
  assert.deepEqual(seen, [[first.head, first.ids]]);

  // The stream breaks, and another is opened where the head ends.
  const streams = () => node.asked.filter((path) => path.startsWith("/v1/stream?"));
  node.say(null);
  while (streams().length < 2 || node.streams.size < 1) await sleep(20);
  assert.match(streams().at(-1), new RegExp(`after=\\d+-${first.ids.length}$`));
  // What is no message, or an old one, wakes nobody.
  const asked = node.asked.length;
  node.say(":alive\n\nid: 0-0\ndata: {}\n\n");
  await sleep(50);
  assert.equal(node.asked.length, asked);

  node.phase = 1;
  node.say();
  while (seen.length < 2) await sleep(5);
  assert.deepEqual(seen[1], [second.head, second.ids.slice(first.ids.length)]);
  ending.abort();
  await assert.rejects(watching, { name: "AbortError" });
  while (node.streams.size > 0) await sleep(5);
});

test("a lie ends the news", async (t) => {
  const node = await startNode(t);
  const client = await connect(node);
  await client.sync();
  node.bend = (path, body) => (path.startsWith("/v1/checkpoints/") ? Buffer.concat([body, Buffer.of(0)]) : body);
  assert.equal(await codeOf(client.watch().next()), "decode-trailing-bytes");
});

test("any call can be ended", async (t) => {
  const node = await startNode(t);
  const client = await connect(node);
  const reason = new Error("enough");
  await assert.rejects(client.sync({ signal: AbortSignal.abort(reason) }), reason);
  node.bend = () => undefined;
  assert.equal((await connect(node)).head, null);
});

test("a batch has a row for every receipt, the same here and in a worker's stead", async () => {
  const all = vectors().filter(({ anchor, now }) => anchor === vectors()[0].anchor && now === vectors()[0].now);
  assert.ok(all.length > 20);
  const [{ anchor, now }] = all;
  const progress = [];
  const options = { now, onProgress: ({ done, total }) => progress.push([done, total]) };
  const { counts, rows } = await verifyBatch([...all.map(({ bytes }) => bytes), "no bytes"], anchor, options);
  for (const [at, { want, name }] of all.entries()) assert.equal(rows[at].error?.code ?? "ok", want, name);
  assert.equal(rows.at(-1).error.code, "client-no-bytes");
  assert.equal(Object.values(counts).reduce((sum, count) => sum + count), all.length + 1);
  assert.deepEqual(progress.at(-1), [all.length + 1, all.length + 1]);

  const verifier = spawn();
  assert.equal(verifier.inWorker, false);
  const blobs = all.map(({ bytes }) => new Blob([bytes]));
  const again = await verifier.verifyBatch(blobs, anchor, { now });
  assert.deepEqual(again.rows, rows.slice(0, -1));
  await assert.rejects(verifier.verifyBatch(blobs, anchor, { now, signal: AbortSignal.abort() }), { name: "AbortError" });
});
