// Makes v1.json: a PCEK v1 wrap and message out of Node's own crypto (OpenSSL), by SPEC.md alone.
//   node v1.mjs > v1.json
import { createCipheriv, createPrivateKey, createPublicKey, diffieHellman, hkdfSync } from 'node:crypto';

const pkcs8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const secretKey = (bytes) =>
  createPrivateKey({ key: Buffer.concat([pkcs8, bytes]), format: 'der', type: 'pkcs8' });

function seal(key, nonce, text, associated) {
  const aead = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
  aead.setAAD(associated);
  return Buffer.concat([aead.update(text), aead.final(), aead.getAuthTag()]);
}

// HChaCha20 is a ChaCha20 block without its last addition, of which the first and last rows stay.
function hChaCha20(key, nonce) {
  const block = createCipheriv('chacha20', key, nonce).update(Buffer.alloc(64));
  const start = Buffer.concat([Buffer.from('expand 32-byte k'), key, nonce]);
  const words = [0, 1, 2, 3, 12, 13, 14, 15].map(
    (word) => (block.readUInt32LE(4 * word) - start.readUInt32LE(4 * word)) >>> 0,
  );
  return Buffer.from(Uint32Array.from(words).buffer);
}

const recipient = Buffer.alloc(32, 0x51);
const ephemeral = secretKey(Buffer.alloc(32, 0x52));
const messageKey = Buffer.alloc(32, 0x53);

const shared = diffieHellman({
  privateKey: secretKey(recipient),
  publicKey: createPublicKey(ephemeral),
});
const wrapKey = Buffer.from(hkdfSync('sha256', shared, '', 'PCEKv1', 32));
const ephemeralPublic = createPublicKey(ephemeral).export({ format: 'der', type: 'spki' }).subarray(-32);
const sealedKey = seal(wrapKey, Buffer.alloc(12), messageKey, Buffer.alloc(0));

// Epoch 7, sender 3, generation 9, and 8 random bytes.
const nonce = Buffer.from('00000000000000070000000300000009' + '5454545454545454', 'hex');
const associated = Buffer.from('header');
const plaintext = Buffer.from('the door was opened');
const ciphertext = seal(
  hChaCha20(messageKey, nonce.subarray(0, 16)),
  Buffer.concat([Buffer.alloc(4), nonce.subarray(16)]),
  plaintext,
  associated,
);

const wrap = Buffer.concat([ephemeralPublic, sealedKey]);
const made = { recipient, messageKey, wrap, nonce, associated, plaintext, ciphertext };
const hex = Object.entries(made).map(([name, bytes]) => [name, Buffer.from(bytes).toString('hex')]);
console.log(JSON.stringify(Object.fromEntries(hex), null, 2));
