// `cargo xtask bench-wasm`: the npm package's verify-only module beside JavaScript and WebAssembly
// libraries, in turns in one process. Ours checks a whole receipt: decoding, the set, the quorum,
// the header, both trees and every signature. The peers check as many signatures, and no more.
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { performance } from "node:perf_hooks";

import { createMLDSA44, createMLDSA65 } from "@openforge-sh/liboqs";
import { ed25519 } from "@noble/curves/ed25519.js";
import { ml_dsa44, ml_dsa65 } from "@noble/post-quantum/ml-dsa.js";
import { blake3 as nobleBlake3 } from "@noble/hashes/blake3.js";
import { createBLAKE3 } from "hash-wasm";
import sodium from "libsodium-wrappers";

import { verifyReceipt } from "../../pkg/verifier-node.js";

const args = process.argv.slice(2);
const seconds = args.includes("--quick") ? 0.3 : 2;
const json = args.includes("--json");

const vector = (name) => {
  const path = new URL(`../vectors/receipts/${name}.json`, import.meta.url);
  const { receipt, anchor, now } = JSON.parse(readFileSync(path, "utf8"));
  return { bytes: new Uint8Array(Buffer.from(receipt, "base64")), anchor, now };
};

/** A call that must hold, and whose bent twin must not. */
async function sound(name, good, bad) {
  if ((await good()) !== true) throw new Error(`${name} refuses what holds`);
  if ((await bad()) !== false) throw new Error(`${name} accepts what does not hold`);
  return good;
}

const bent = (bytes, at = bytes.length - 40) => {
  const copy = Uint8Array.from(bytes);
  copy[at] ^= 1;
  return copy;
};

function ours(name) {
  const { bytes, anchor, now } = vector(name);
  const verify = (bytes) => verifyReceipt(bytes, { anchor, now }).then(() => true, () => false);
  return sound(name, () => verify(bytes), () => verify(bent(bytes, bytes.length >> 1)));
}

const message = new Uint8Array(124).fill(7);
const seed = new Uint8Array(32).fill(9);

/** Each signature as often as the receipt has it. */
const times = (count, call) => async () => {
  for (let n = 0; n < count; n += 1) if (!(await call())) return false;
  return true;
};

async function edPeers(count) {
  await sodium.ready;
  const key = ed25519.getPublicKey(seed);
  const signature = ed25519.sign(message, seed);
  const noble = (signature) => ed25519.verify(signature, message, key, { zip215: false });
  const libsodium = (signature) => sodium.crypto_sign_verify_detached(signature, message, key);
  return Object.entries({ noble, libsodium }).map(([name, verify]) => [
    name,
    sound(name, times(count, () => verify(signature)), times(1, () => verify(bent(signature)))),
  ]);
}

async function hybridPeers(noblePq, createOqs) {
  await sodium.ready;
  const { publicKey, secretKey } = noblePq.keygen(seed);
  const signature = noblePq.sign(message, secretKey);
  const oqs = await createOqs();
  const edKey = ed25519.getPublicKey(seed);
  const edSignature = ed25519.sign(message, seed);
  const nobleEd = () => ed25519.verify(edSignature, message, edKey, { zip215: false });
  const sodiumEd = () => sodium.crypto_sign_verify_detached(edSignature, message, edKey);
  const noble = (signature) => noblePq.verify(signature, message, publicKey) && nobleEd() && nobleEd();
  const liboqs = (signature) => oqs.verify(message, signature, publicKey) && sodiumEd() && sodiumEd();
  return [["noble", noble], ["liboqs and libsodium", liboqs]].map(([name, verify]) => [
    name,
    sound(name, async () => verify(signature), async () => verify(bent(signature, 100))),
  ]);
}

const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];

/** Calls in turns, until the time is over; the median of each. */
async function race(calls) {
  const taken = calls.map(() => []);
  for (const call of calls) await call();
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end || taken[0].length < 5) {
    for (const [place, call] of calls.entries()) {
      const start = performance.now();
      await call();
      taken[place].push(performance.now() - start);
    }
  }
  return taken.map((times) => median(times) * 1000);
}

const rows = [];
async function compare(what, mine, peers) {
  const names = peers.map(([name]) => name);
  const calls = await Promise.all([mine, ...peers.map(([, call]) => call)]);
  const [first, ...others] = await race(calls);
  names.forEach((peer, place) => {
    rows.push({ what, ours: first, peer, theirs: others[place], ratio: first / others[place] });
  });
}

await compare("receipt of suite 1: 4 signatures", ours("ok-middle-block"), await edPeers(4));
await compare("receipt of suite 2: 1 hybrid, 1 classic", ours("ok-hybrid"), await hybridPeers(ml_dsa44, createMLDSA44));
await compare("receipt of suite 3: 1 hybrid, 1 classic", ours("ok-suite-3"), await hybridPeers(ml_dsa65, createMLDSA65));

// Under a pinned header there is one signature, and otherwise the tree alone.
await compare("receipt under a pinned header: 1 signature", ours("ok-pinned-header"), await edPeers(1));

// How far the two BLAKE3 libraries are apart on blocks of the tree's size: a path of 30 steps.
const hasher = await createBLAKE3(256, seed);
const block = new Uint8Array(64);
const path = (hash) => async () => {
  for (let step = 0; step < 31; step += 1) block.set(hash(block));
  return true;
};
const hashWasm = path((bytes) => hasher.init().update(bytes).digest("binary"));
await compare("31 keyed hashes of 64 bytes (hash-wasm)", hashWasm, [["noble", path((bytes) => nobleBlake3(bytes, { key: seed }))]]);

if (json) {
  console.log(JSON.stringify({ node: process.version, cpu: cpus()[0]?.model, rows }, null, 2));
} else {
  console.log(`Node.js ${process.version}, ${cpus()[0]?.model}\n`);
  console.log("| what | ours µs | peer | peer µs | ours / peer |\n|---|---|---|---|---|");
  for (const { what, ours, peer, theirs, ratio } of rows) {
    console.log(`| ${what} | ${ours.toFixed(0)} | ${peer} | ${theirs.toFixed(0)} | ${ratio.toFixed(2)} |`);
  }
}
