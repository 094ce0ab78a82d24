// `node headless.mjs READY_FILE`: checks a running demo with the npm package, trusting nothing but the
// anchor. Its last line is `verified 200 events`, and it exits 0; or it says what went wrong, and exits 1.
import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";

import { CairnError, LightClient, VerifiedReceipt, verifyReceipt } from "../../pkg/node.js";

const SAMPLE = 200;
/** How many bytes of a receipt are flipped, one at a time. */
const FLIPS = 200;
const PAGE = 1000;

class Failure extends Error {}

function expect(holds, what) {
  if (!holds) throw new Failure(what);
}

/** What the demo wrote. Keys are files, or the text of one. */
function readReady(file) {
  const ready = JSON.parse(readFileSync(file, "utf8"));
  for (const name of ["url", "anchor", "auditor_key", "stranger_key", "sealed"]) {
    expect(ready[name] !== undefined, `${file} has no ${name}`);
  }
  const key = (value) => (value.startsWith("cairn-secret-member:") ? value : readFileSync(value, "utf8"));
  return { ...ready, auditor: key(ready.auditor_key), stranger: key(ready.stranger_key) };
}

/** The ids of all events that the node says it has. */
async function allIds(client) {
  const ids = [];
  let cursor;
  do {
    const page = await client.query({ limit: PAGE, cursor });
    ids.push(...page.events.map((event) => event.id));
    expect(page.next === null || page.next !== cursor, "the node's pages do not go on");
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return ids;
}

/** Different events, as far as there are enough. */
function sample(ids) {
  if (ids.length < SAMPLE) {
    console.log(`the log has ${ids.length} events: each is verified, some of them more than once`);
    return Array.from({ length: SAMPLE }, (_, at) => ids[at < ids.length ? at : randomInt(ids.length)]);
  }
  const left = [...ids];
  return Array.from({ length: SAMPLE }, () => left.splice(randomInt(left.length), 1)[0]);
}

async function verifyEvents(client, ids, head) {
  const chosen = sample(ids);
  const began = performance.now();
  for (const [done, id] of chosen.entries()) {
    const receipt = await client.event(id);
    expect(receipt instanceof VerifiedReceipt && receipt.id === id, `event ${id} came back as another`);
    expect(receipt.standing.anchor === client.anchor, `event ${id} stands on another anchor`);
    expect(receipt.header.log === head.header.log, `event ${id} is of another log`);
    if ((done + 1) % 50 === 0) console.log(`  ${done + 1} of ${SAMPLE}`);
  }
  console.log(`  ${((performance.now() - began) / SAMPLE).toFixed(1)} ms an event, request included`);
  return chosen.length;
}

/** A portable receipt holds offline, and with any one byte flipped it does not. */
async function tamper(client, id, anchor) {
  const receipt = await client.receipt(id);
  const bytes = receipt.toBytes();
  expect((await verifyReceipt(bytes, anchor)).id === id, "a portable receipt does not hold offline");
  for (let flip = 0; flip < FLIPS; flip += 1) {
    const at = randomInt(bytes.length);
    const bent = bytes.slice();
    bent[at] ^= 1 << randomInt(8);
    const code = await refusal(verifyReceipt(bent, anchor), `a receipt with byte ${at} flipped`);
    if (flip === 0) console.log(`  byte ${at} of ${bytes.length} flipped: refused, ${code}`);
  }
}

async function openSealed(client, { sealed, auditor, stranger }) {
  expect(sealed.length > 0, "the demo sealed no payload");
  const id = sealed[randomInt(sealed.length)];
  const fields = await client.open(id, auditor);
  expect(Object.keys(fields).length > 0, `the payload of ${id} has no field`);
  console.log(`  the auditor reads ${Object.keys(fields).join(", ")}`);
  const code = await refusal(client.open(id, stranger), "a payload that another key asked for");
  expect(
    code === "client-no-wrap" || code === "payload-not-the-recipient",
    `another key was refused, but with ${code}`,
  );
  console.log(`  another key is refused, ${code}`);
}

/** The code of the `CairnError` that must come. */
async function refusal(promise, what) {
  const error = await promise.then(() => undefined, (thrown) => thrown);
  expect(error !== undefined, `${what} was accepted`);
  expect(error instanceof CairnError && error.code !== "internal", `${what} failed oddly: ${error}`);
  return error.code;
}

async function main([file]) {
  expect(file !== undefined, "usage: node headless.mjs READY_FILE");
  const ready = readReady(file);
  const client = await LightClient.connect({ node: ready.url, anchor: ready.anchor });
  const head = await client.sync();
  console.log(`height ${head.header.height} is final: ${head.header.size} events`);
  const ids = await allIds(client);
  expect(ids.length >= head.header.size, `the node lists ${ids.length} events of ${head.header.size}`);
  console.log(`verifying ${SAMPLE} of ${ids.length} events`);
  const verified = await verifyEvents(client, ids, head);
  console.log(`tampering with a receipt, ${FLIPS} times`);
  await tamper(client, ids[randomInt(ids.length)], ready.anchor);
  console.log("opening a sealed payload");
  await openSealed(client, ready);
  console.log(`verified ${verified} events`);
}

main(process.argv.slice(2)).catch((error) => {
  const what = error instanceof CairnError ? `${error.code}: ${error.message}` : error.message;
  console.error(`FAILED: ${error instanceof Failure || error instanceof CairnError ? what : (error.stack ?? error)}`);
  process.exitCode = 1;
});
