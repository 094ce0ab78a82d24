// `cargo xtask bench-wasm`: the verifier beside JavaScript and WebAssembly libraries, in turns in
// one process. First single steps that peers do too; then whole receipts by the npm package's
// verify-only module, where the peers check as many signatures and no more.
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { performance } from "node:perf_hooks";
import { pathToFileURL } from "node:url";

import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { ml_kem768_x25519 } from "@noble/post-quantum/hybrid.js";
import { ml_dsa44, ml_dsa65 } from "@noble/post-quantum/ml-dsa.js";
import { blake3 as nobleBlake3 } from "@noble/hashes/blake3.js";
import { createMLDSA44, createMLDSA65 } from "@openforge-sh/liboqs";
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

await sodium.ready;
const edKey = ed25519.getPublicKey(seed);
const edSignature = ed25519.sign(message, seed);
const nobleEd = (signature) => ed25519.verify(signature, message, edKey, { zip215: false });
const sodiumEd = (signature) => sodium.crypto_sign_verify_detached(signature, message, edKey);

/** `count` classic signatures. */
const classic = (count) =>
  Object.entries({ noble: nobleEd, libsodium: sodiumEd }).map(([name, verify]) => [
    name,
    sound(name, times(count, () => verify(edSignature)), async () => verify(bent(edSignature))),
  ]);

/** `count` ML-DSA signatures and `classicCount` classic ones. */
async function hybrid([noblePq, createOqs], count, classicCount) {
  const { publicKey, secretKey } = noblePq.keygen(seed);
  const signature = noblePq.sign(message, secretKey);
  const oqs = await createOqs();
  const peers = {
    noble: [(signature) => noblePq.verify(signature, message, publicKey), nobleEd],
    "liboqs and libsodium": [(signature) => oqs.verify(message, signature, publicKey), sodiumEd],
  };
  return Object.entries(peers).map(([name, [pq, ed]]) => {
    const all = [times(count, () => pq(signature)), times(classicCount, () => ed(edSignature))];
    const good = async () => (await all[0]()) && (await all[1]());
    return [name, sound(name, good, async () => pq(bent(signature, 100)))];
  });
}

const SUITE_2 = [ml_dsa44, createMLDSA44];
const SUITE_3 = [ml_dsa65, createMLDSA65];

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

const dir = pathToFileURL(`${process.env.CAIRN_BENCH_CASES}/`);
const { Cases, initSync } = await import(new URL("cases.js", dir));
initSync({ module: readFileSync(new URL("cases_bg.wasm", dir)) });
const cases = new Cases();
const step = (name) => sound(name, async () => cases.holds(name, false), async () => cases.holds(name, true));

await compare("one vote of suite 1", step("suite 1"), classic(1));
await compare("one vote of suite 2", step("suite 2"), await hybrid(SUITE_2, 1, 1));
await compare("one vote of suite 3", step("suite 3"), await hybrid(SUITE_3, 1, 1));
const quorum = await hybrid(SUITE_2, 67, 67);
await compare("certificate, 67 votes of suite 2", step("certificate"), quorum);
await compare("the same, keys expanded before", step("certificate, expanded"), quorum);

// What a path cannot do without: a hash for its leaf, for each step, and for the root.
const hasher = await createBLAKE3(256, seed);
const hashes = (count, hash) => async () => {
  const block = new Uint8Array(64);
  for (let step = 0; step < count; step += 1) block.set(hash(block));
  return true;
};
const blake3Peers = (count) => [
  ["hash-wasm, its hashes alone", hashes(count, (bytes) => hasher.init().update(bytes).digest("binary"))],
  ["noble, its hashes alone", hashes(count, (bytes) => nobleBlake3(bytes, { key: seed }))],
];
await compare("inclusion of one leaf among 2^20", step("inclusion"), blake3Peers(22));
await compare("inclusion of 10,000 leaves in one batch", step("batch"), blake3Peers(20_000));

const [text, nonce] = [new Uint8Array(65_536).fill(6), new Uint8Array(24).fill(4)];
const sealed = xchacha20poly1305(seed, nonce).encrypt(text);
const refused = (call) => {
  try {
    return call().length === text.length;
  } catch {
    return false;
  }
};
const opens = {
  noble: (sealed) => xchacha20poly1305(seed, nonce).decrypt(sealed),
  libsodium: (sealed) => sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, sealed, null, nonce, seed),
};
await compare("XChaCha20-Poly1305, 64 KiB opened", step("text"), Object.entries(opens).map(([name, open]) => [
  name,
  sound(name, async () => refused(() => open(sealed)), async () => refused(() => open(bent(sealed)))),
]));
const kem = ml_kem768_x25519.keygen(new Uint8Array(32).fill(9));
const { cipherText, sharedSecret } = ml_kem768_x25519.encapsulate(kem.publicKey);
const shared = (cipherText) => Buffer.compare(ml_kem768_x25519.decapsulate(cipherText, kem.secretKey), sharedSecret) === 0;
await compare("a wrap opened (HPKE, X-Wing)", step("wrap"), [
  ["noble, X-Wing alone", sound("noble", async () => shared(cipherText), async () => shared(bent(cipherText)))],
]);

await compare("receipt of suite 1: 4 signatures", ours("ok-middle-block"), classic(4));
await compare("receipt of suite 2: 1 hybrid, 1 classic", ours("ok-hybrid"), await hybrid(SUITE_2, 1, 2));
await compare("receipt of suite 3: 1 hybrid, 1 classic", ours("ok-suite-3"), await hybrid(SUITE_3, 1, 2));
await compare("receipt under a pinned header: 1 signature", ours("ok-pinned-header"), classic(1));

if (json) {
  console.log(JSON.stringify({ node: process.version, cpu: cpus()[0]?.model, rows }, null, 2));
} else {
  console.log(`Node.js ${process.version}, ${cpus()[0]?.model}\n`);
  console.log("| what | ours µs | peer | peer µs | ours / peer |\n|---|---|---|---|---|");
  for (const { what, ours, peer, theirs, ratio } of rows) {
    console.log(`| ${what} | ${ours.toFixed(0)} | ${peer} | ${theirs.toFixed(0)} | ${ratio.toFixed(2)} |`);
  }
}
