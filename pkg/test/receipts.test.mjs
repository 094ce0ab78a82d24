import assert from "node:assert/strict";
import test from "node:test";

import { CairnError, VerifiedReceipt, explainReceipt, verifyReceipt } from "cairn-light-client";
import { codeOf, vector, vectors } from "./help.mjs";

const factOf = (receipt) => ({
  id: receipt.id,
  index: receipt.index,
  height: receipt.header.height,
  header: receipt.header.digest,
  writerSuite: receipt.writerSuite,
  writerName: receipt.writerName,
  loggedAfter: receipt.logTime?.after ?? null,
  loggedUntil: receipt.logTime?.until ?? null,
  postQuantum: receipt.standing.postQuantum,
  concentrated: receipt.standing.concentrated,
});

test("every vector has its verdict", async () => {
  const all = vectors();
  assert.ok(all.length > 0, "there are no vectors");
  for (const { name, bytes, anchor, now, want, fact, secret, wantOpen } of all) {
    const explanation = await explainReceipt(bytes, anchor, { now });
    assert.equal(explanation.error?.code ?? "ok", want, name);
    assert.equal(explanation.state === "verified", want === "ok", name);
    assert.equal(await codeOf(verifyReceipt(bytes, anchor, { now })), want, name);
    assert.deepEqual(explanation.receipt && factOf(explanation.receipt), fact ?? null, name);
    if (secret) assert.equal(await codeOf(explanation.receipt.open(secret)), wantOpen, name);
  }
});

test("a verified receipt says what was verified", async () => {
  const { bytes, anchor, now } = vector("ok-middle-block");
  const receipt = await verifyReceipt(bytes, `${anchor}\n`, { now });
  assert.ok(receipt instanceof VerifiedReceipt);
  assert.match(receipt.id, /^[0-9a-f]{64}$/);
  assert.equal(receipt.event.type, "door.opened");
  assert.ok(receipt.index < receipt.header.size);
  assert.equal(receipt.standing.anchor, anchor);
  assert.ok(receipt.logTime.after < receipt.logTime.until);
  assert.equal(receipt.payloadIncluded, false);
  assert.equal(receipt.writerSuite, "Ed25519");
  assert.equal(receipt.writerName, null);
  const names = receipt.checks.map(({ check }) => check);
  for (const name of ["decoded", "anchor", "trust-period", "vote", "quorum", "final", "writer", "included", "log-time"]) {
    assert.ok(names.includes(name), name);
  }
  assert.deepEqual(receipt.toBytes(), bytes);
  assert.deepEqual(JSON.parse(JSON.stringify(receipt)), { receipt: Buffer.from(bytes).toString("base64"), anchor });
});

test("what a receipt says cannot be made or changed from outside", async () => {
  const { bytes, anchor, now } = vector("ok-middle-block");
  assert.throws(() => new VerifiedReceipt(), TypeError);
  assert.throws(() => new VerifiedReceipt(Symbol("made by a check"), {}, {}), TypeError);
  const receipt = await verifyReceipt(bytes, anchor, { now });
  assert.throws(() => { receipt.id = "0"; }, TypeError);
  assert.throws(() => { receipt.event.type = "other"; }, TypeError);
  assert.throws(() => { receipt.checks.push({}); }, TypeError);
  receipt.toBytes().fill(0);
  assert.deepEqual(receipt.toBytes(), bytes);
  // What is verified is a copy.
  const buffer = bytes.slice();
  const pending = verifyReceipt(buffer, anchor, { now });
  buffer.fill(0);
  assert.equal((await pending).id, receipt.id);
});

test("an error has both sides, its state, and the checks before it", async () => {
  const { bytes, anchor, now } = vector("ok-middle-block");
  const other = `genesis:${"0".repeat(64)}`;
  const error = await verifyReceipt(bytes, other, { now }).catch((thrown) => thrown);
  assert.ok(error instanceof CairnError && error instanceof Error);
  assert.equal(error.code, "trust-other-anchor");
  assert.equal(error.state, "failed");
  assert.equal(error.expected, other);
  assert.equal(error.found, anchor);
  assert.deepEqual(error.checks.map(({ check }) => check), ["decoded"]);

  const later = await verifyReceipt(bytes, anchor, { now: now + 1e10 }).catch((thrown) => thrown);
  assert.equal(later.state, "stale");
  const earlier = await verifyReceipt(bytes, anchor, { now: 0 }).catch((thrown) => thrown);
  assert.equal(earlier.state, "could-not-check");
  // By this machine's clock the vector's anchor is too old.
  assert.equal((await explainReceipt(bytes, anchor)).state, "stale");
  assert.equal(await codeOf(verifyReceipt(bytes, "genesis")), "client-bad-anchor");
  assert.equal(await codeOf(verifyReceipt(new Uint8Array(), anchor)), "decode-truncated");
  await assert.rejects(verifyReceipt("text", anchor), TypeError);
  await assert.rejects(verifyReceipt(null, anchor), TypeError);
});

test("buffers of every kind are taken", async () => {
  const { bytes, anchor, now } = vector("ok-first-event");
  const padded = new Uint8Array([9, ...bytes, 9]);
  for (const given of [bytes, bytes.buffer, Buffer.from(bytes), padded.subarray(1, -1), new DataView(padded.buffer, 1, bytes.length)]) {
    assert.equal(await codeOf(verifyReceipt(given, anchor, { now })), "ok");
  }
});

test("a receipt with any byte flipped is refused", async () => {
  for (const name of ["ok-middle-block", "ok-hybrid"]) {
    const { bytes, anchor, now } = vector(name);
    for (let at = 0; at < bytes.length; at += 1) {
      const bent = bytes.slice();
      bent[at] ^= 1 << (at % 8);
      const { state } = await explainReceipt(bent, anchor, { now });
      assert.notEqual(state, "verified", `${name}, byte ${at}`);
    }
  }
});

test("a payload opens for its recipient", async () => {
  const { bytes, anchor, now, secret } = vector("ok-opened");
  const receipt = await verifyReceipt(bytes, anchor, { now });
  const fields = await receipt.open(secret);
  assert.deepEqual(Object.keys(fields), ["amount", "reason"]);
  assert.equal(new TextDecoder().decode(fields.reason), "merit");
  assert.equal(await codeOf(receipt.open("no key")), "client-bad-key");
  assert.equal(await codeOf(receipt.open(secret.replace("a0", "a1"))), "payload-not-the-recipient");
  const plain = vector("ok-first-event");
  const none = await verifyReceipt(plain.bytes, plain.anchor, { now: plain.now });
  assert.equal(await codeOf(none.open(secret)), "client-no-payload");
});
