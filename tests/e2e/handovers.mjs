// A log whose validators change again and again, by the commands that an operator uses; and what a node
// that lies makes of the handovers, as bytes.
import { execFile, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PATIENCE = 60_000;
const run = promisify(execFile);

export const CAIRN = process.env.CAIRN_BIN ?? join(ROOT, "target/node/cairn");

/** What a command says in JSON. */
async function cairn(...args) {
  const { stdout } = await run(CAIRN, [...args, "--json"]);
  return JSON.parse(stdout);
}

/** Makes a log with one validator, whose set can change at every second block; gives its folder. */
export async function makeLog() {
  const folder = mkdtempSync(join(tmpdir(), "cairn-handovers-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const dir = join(folder, "data");
  await cairn("init", "--dir", dir, "--gate", "2");
  return dir;
}

/** The same log once more, keys and all: what follows is another history. */
export function twinOf(dir) {
  cpSync(dir, `${dir}-twin`, { recursive: true });
  return `${dir}-twin`;
}

/** Starts a node over a folder: `url`, `anchor`, `dir`, `stop`. */
export async function startIn(dir) {
  const ready = `${dir}.ready.json`;
  rmSync(ready, { force: true });
  const from = ["--ui", process.env.CAIRN_UI ?? join(ROOT, "target/ui"), "--pkg", process.env.CAIRN_PKG ?? join(ROOT, "pkg")];
  const child = spawn(CAIRN, ["start", "--dir", dir, "--listen", "127.0.0.1:0", "--ready-file", ready, ...from], { stdio: "ignore" });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  for (const began = Date.now(); !existsSync(ready); await sleep(50)) {
    if (child.exitCode !== null || Date.now() - began > PATIENCE) throw new Error(`no node starts in ${dir}`);
  }
  const stop = async () => {
    process.off("exit", kill);
    const ended = new Promise((done) => child.once("exit", done));
    child.kill("SIGTERM");
    await ended;
  };
  return { ...JSON.parse(readFileSync(ready, "utf8")), dir, stop };
}

/** The set as the node says it is. */
const validators = async ({ url }) => (await fetch(`${url}/v1/validators`)).json();

/** Proposes a change, approves it with the first validator's key, and waits for the gate behind it. */
export async function change(node, ...what) {
  const keys = join(node.dir, "keys");
  const { epoch } = await validators(node);
  const { id } = await cairn("validator", ...what, "--key", join(keys, "admin.key"), "--node", node.url);
  await cairn("validator", "approve", id, "--validator-key", join(keys, "validator.key"), "--node", node.url);
  for (const began = Date.now(); (await validators(node)).epoch === epoch; await sleep(50)) {
    if (Date.now() - began > PATIENCE) throw new Error(`epoch ${epoch + 1} does not come`);
  }
}

/** A new validator's public file. */
export async function candidate(node, name) {
  const [key, out] = [join(node.dir, `${name}.key`), join(node.dir, `${name}.json`)];
  await cairn("keygen", "--validator", "--out", key);
  await cairn("validator", "key", "--validator-key", key, "--out", out, "--node", node.url);
  return out;
}

/** The id of the only validator that there is at first. */
export const firstValidator = async (node) => (await validators(node)).validators[0].id;

/** Logs an event and waits until it is final; gives its id. */
export async function submit({ url }, type = "e2e.late") {
  const event = { type, actor: { kind: "user", id: "ann" }, resource: { kind: "app", id: "shop" } };
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${url}/v1/events?wait=final`, { method: "POST", headers, body: JSON.stringify(event) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  return JSON.parse(text).accepted[0].id;
}

// Lengths of SPEC.md: Header, Certificate, Validator set.
const HEADER = 309;
const KEYS = { 1: 32, 2: 32 + 1_312, 3: 32 + 1_952 };
const SIGNATURES = { 1: 64, 2: 64 + 2_420, 3: 64 + 3_309 };

/** Where a part that begins at `at` ends. */
const endOfCertificate = (bytes, at) => {
  let end = at + 6;
  for (let vote = 0; vote < bytes[at + 5]; vote += 1) end += 2 + SIGNATURES[bytes[end + 1]];
  return end;
};
const endOfSet = (bytes, at) => {
  let end = at + 1;
  for (let entry = 0; entry < bytes[at]; entry += 1) end += 1 + KEYS[bytes[end]] + 8;
  return end;
};

/** A checkpoint file from a genesis in its parts: what stands before the handovers, they, and the rest. */
export function parse(file) {
  const count = 7 + file.readUInt32BE(3);
  const handovers = [];
  let at = count + 2;
  for (let left = file.readUInt16BE(count); left > 0; left -= 1) {
    const signed = at + HEADER;
    const named = endOfCertificate(file, signed);
    const end = endOfSet(file, named);
    handovers.push({ header: file.subarray(at, signed), certificate: file.subarray(signed, named), set: file.subarray(named, end) });
    at = end;
  }
  return { base: file.subarray(0, count), handovers, rest: file.subarray(at) };
}

/** The file again, of its parts. */
export function assemble({ base, handovers, rest }) {
  const count = Buffer.alloc(2);
  count.writeUInt16BE(handovers.length);
  return Buffer.concat([base, count, ...handovers.flatMap(({ header, certificate, set }) => [header, certificate, set]), rest]);
}

const flipped = (bytes, at) => {
  const bent = Buffer.from(bytes);
  bent[at < 0 ? bent.length + at : at] ^= 1;
  return bent;
};
/** One handover in the middle, changed. */
const middle = (change) => (parts) => {
  const at = parts.handovers.length >> 1;
  return { ...parts, handovers: parts.handovers.toSpliced(at, 1, ...change(parts.handovers, at)) };
};

/**
 * What can be made of handovers without the validators' keys: each a change of the file's parts, and the
 * code of the check that refuses it.
 */
export const FORGED = {
  "a handover is left out": ["trust-other-epoch", middle(() => [])],
  "two handovers are swapped": [
    "trust-other-epoch",
    ({ handovers, ...parts }) => ({ ...parts, handovers: handovers.toSpliced(4, 2, handovers[5], handovers[4]) }),
  ],
  "a handover comes twice": ["trust-height-not-above", middle((all, at) => [all[at], all[at]])],
  "the last handovers are left out": ["trust-other-epoch", ({ handovers, ...parts }) => ({ ...parts, handovers: handovers.slice(0, 7) })],
  "the next validators have other power": ["trust-other-set", middle((all, at) => [{ ...all[at], set: flipped(all[at].set, -1) }])],
  "the next validators are those of another epoch": ["trust-other-set", middle((all, at) => [{ ...all[at], set: all[at - 1].set }])],
  "a header that names other validators": [
    "trust-other-set",
    // The digest of the next set, and what stands behind it: state root, gate, trust period.
    middle((all, at) => [{ ...all[at], header: flipped(all[at].header, HEADER - 12 - 32 - 1) }]),
  ],
  "a header with another time": ["finality-bad-vote", middle((all, at) => [{ ...all[at], header: flipped(all[at].header, 1 + 32 + 8 + 8 + 7) }])],
  "a header of another epoch": ["trust-other-epoch", middle((all, at) => [{ ...all[at], header: flipped(all[at].header, 1 + 32 + 8 + 7) }])],
  "a forged vote": ["finality-bad-vote", middle((all, at) => [{ ...all[at], certificate: flipped(all[at].certificate, -1) }])],
  "the votes of another handover": [
    "finality-bad-vote",
    // Of epochs with the same validators, so that the vote's place in the set is right.
    ({ handovers, ...parts }) => ({ ...parts, handovers: handovers.with(8, { ...handovers[8], certificate: handovers[7].certificate }) }),
  ],
  "a handover that nobody signed": [
    "finality-no-quorum",
    middle((all, at) => [{ ...all[at], certificate: Buffer.concat([all[at].certificate.subarray(0, 5), Buffer.from([0])]) }]),
  ],
};
