// What the package is asked in every runtime. The answer is the same everywhere, or something is wrong.
const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

const codeOf = (promise) => promise.then(() => "ok", (error) => error.code ?? String(error.stack ?? error));

/** `light` and `alone` are the entries "cairn-light-client" and "cairn-light-client/verifier". */
export async function verdicts(light, alone, given) {
  const { anchor, now, secret, log } = given;
  const bytes = bytesOf(given.receipt);
  const bent = bytes.slice();
  bent[bent.length >> 1] ^= 1;
  const opened = await light.verifyReceipt(bytes, anchor, { now }).then((receipt) => receipt.open(secret));
  return {
    receipt: await codeOf(light.verifyReceipt(bytes, anchor, { now })),
    bent: await codeOf(light.verifyReceipt(bent, anchor, { now })),
    opened: Object.keys(opened),
    alone: await codeOf(alone.verifyReceipt(bytes, { anchor, now })),
    aloneBent: await codeOf(alone.verifyReceipt(bent, { anchor, now })),
    event: await event(light, log),
  };
}

// One event of a log whose time stood still.
async function event({ LightClient }, { node, anchor, now, id }) {
  const clock = Date.now;
  Date.now = () => now;
  try {
    const client = await LightClient.connect({ node, anchor });
    return (await client.event(id)).id;
  } finally {
    Date.now = clock;
  }
}
