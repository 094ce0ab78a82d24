// The entry that verifies receipts and does nothing else.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { VerifiedReceipt as OpenableReceipt, verifyReceipt as lightVerify } from "cairn-light-client";
import * as entry from "cairn-light-client/verifier";
import { createVerifier } from "../verifier-api.js";
import { codeOf, vector, vectors } from "./help.mjs";

const { CairnError, VerifiedReceipt, verifyReceipt } = entry;

test("every vector has its verdict, and what is said of it is what the light client says", async () => {
  const all = vectors();
  assert.ok(all.length > 0, "there are no vectors");
  for (const { name, bytes, anchor, now, want } of all) {
    const [own, light] = await Promise.allSettled([verifyReceipt(bytes, { anchor, now }), lightVerify(bytes, anchor, { now })]);
    assert.equal(own.reason?.code ?? "ok", want, name);
    assert.equal(own.reason?.state, light.reason?.state, name);
    assert.equal(own.reason?.message, light.reason?.message, name);
    if (want === "ok") assert.deepEqual(said(own.value), said(light.value), name);
  }
});

const said = ({ id, index, event, header, writerSuite, writerName, standing, logTime, payloadIncluded, anchor }) =>
  ({ id, index, event, header, writerSuite, writerName, standing, logTime, payloadIncluded, anchor });

test("a verified receipt cannot be made or changed from outside", async () => {
  const { bytes, anchor, now } = vector("ok-middle-block");
  const receipt = await verifyReceipt(bytes, { anchor: `${anchor}\n`, now });
  assert.ok(receipt instanceof VerifiedReceipt && !(receipt instanceof OpenableReceipt));
  assert.throws(() => new VerifiedReceipt(), TypeError);
  assert.throws(() => { receipt.event.type = "other"; }, TypeError);
  receipt.toBytes().fill(0);
  assert.deepEqual(receipt.toBytes(), bytes);
  assert.deepEqual(JSON.parse(JSON.stringify(receipt)), { receipt: Buffer.from(bytes).toString("base64"), anchor });
  const buffer = bytes.slice();
  const pending = verifyReceipt(buffer, { anchor, now });
  buffer.fill(0);
  assert.equal((await pending).id, receipt.id);
});

test("what is refused is refused by name", async () => {
  const { bytes, anchor, now } = vector("ok-middle-block");
  const error = await verifyReceipt(bytes, { anchor, now: now + 1e10 }).catch((thrown) => thrown);
  assert.ok(error instanceof CairnError);
  assert.deepEqual([error.code, error.state], ["trust-past-trust-period", "stale"]);
  assert.equal(await codeOf(verifyReceipt(bytes, { anchor: `genesis:${"0".repeat(64)}`, now })), "trust-other-anchor");
  assert.equal(await codeOf(verifyReceipt(bytes, { anchor: "genesis", now })), "client-bad-anchor");
  assert.equal(await codeOf(verifyReceipt(bytes, { anchor: "\ud800", now })), "client-bad-anchor");
  assert.equal(await codeOf(verifyReceipt(new Uint8Array(), { anchor })), "decode-truncated");
  // By this machine's clock the vector's anchor is too old.
  assert.equal(await codeOf(verifyReceipt(bytes, { anchor })), "trust-past-trust-period");
  await assert.rejects(verifyReceipt("text", { anchor }), TypeError);
  await assert.rejects(verifyReceipt(bytes), TypeError);
});

test("a receipt with any byte flipped is refused", async () => {
  const { bytes, anchor, now } = vector("ok-hybrid");
  for (let at = 0; at < bytes.length; at += 1) {
    const bent = bytes.slice();
    bent[at] ^= 1 << (at % 8);
    assert.notEqual(await codeOf(verifyReceipt(bent, { anchor, now })), "ok", `byte ${at}`);
  }
});

test("a receipt longer than any is refused", async () => {
  const { anchor } = vector("ok-first-event");
  assert.equal(await codeOf(verifyReceipt(new Uint8Array((64 << 20) + 1), { anchor })), "decode-out-of-range");
  assert.equal(await codeOf(verifyReceipt(new Uint8Array(), { anchor })), "decode-truncated");
});

test("a module that does not load is tried again", async () => {
  let attempts = 0;
  const { verifyReceipt } = createVerifier(async () => {
    attempts += 1;
    if (attempts === 1) throw new Error("no such file");
    return WebAssembly.compile(readFileSync(new URL("../dist/verifier.wasm", import.meta.url)));
  });
  const { bytes, anchor, now } = vector("ok-first-event");
  const error = await verifyReceipt(bytes, { anchor, now }).catch((thrown) => thrown);
  assert.deepEqual([error.code, error.state], ["internal", "could-not-check"]);
  assert.match(error.message, /no such file/);
  assert.equal(await codeOf(verifyReceipt(bytes, { anchor, now })), "ok");
  assert.equal(attempts, 2);
});

test("a module that stops says nothing about the receipt", async () => {
  // One whose `verify` is `unreachable`.
  const { verifyReceipt } = createVerifier(() => WebAssembly.compile(Buffer.from(TRAP, "base64")));
  const error = await verifyReceipt(new Uint8Array(), { anchor: "" }).catch((thrown) => thrown);
  assert.ok(error instanceof CairnError && error.cause instanceof WebAssembly.RuntimeError);
  assert.deepEqual([error.code, error.state], ["internal", "could-not-check"]);
});

const TRAP =
  "AGFzbQEAAAABCgFgBX9/f398AX8DAgEABQMBAAEGBgF/AEEACwchAwZtZW1vcnkCAAtfX2hlYXBfYmFzZQMABnZlcmlmeQAACgUBAwAACw==";
