"""Makes v2.json: a PCEK v2 wrap by SPEC.md alone, out of Python's `cryptography` (OpenSSL).

    pip install 'cryptography>=48' blake3 && python3 v2.py > v2.json

ML-KEM encapsulates with randomness of its own, so each run makes another wrap.
"""

import hashlib
import hmac
import json

from blake3 import blake3
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

X_WING_LABEL = rb"\.//^" + b"\\"
SUITE = b"HPKE" + bytes.fromhex("647a00010003")

seed, log, event, message_key = (bytes([byte]) * 32 for byte in (0x61, 0x62, 0x63, 0x64))


def labeled_extract(salt: bytes, label: bytes, ikm: bytes) -> bytes:
    return hmac.digest(salt, b"HPKE-v1" + SUITE + label + ikm, "sha256")


def labeled_expand(prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labeled = length.to_bytes(2, "big") + b"HPKE-v1" + SUITE + label + info
    return HKDFExpand(SHA256(), length, labeled).derive(prk)


# X-Wing key generation and encapsulation, draft-connolly-cfrg-xwing-kem-10, section 5.
expanded = hashlib.shake_256(seed).digest(96)
ml_kem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64]).public_key()
x25519 = X25519PrivateKey.from_private_bytes(expanded[64:]).public_key()
public_key = ml_kem.public_bytes_raw() + x25519.public_bytes_raw()

ephemeral = X25519PrivateKey.from_private_bytes(bytes([0x65]) * 32)
ml_kem_secret, ml_kem_ciphertext = ml_kem.encapsulate()
encapsulation = ml_kem_ciphertext + ephemeral.public_key().public_bytes_raw()
secret = hashlib.sha3_256(
    ml_kem_secret
    + ephemeral.exchange(x25519)
    + ephemeral.public_key().public_bytes_raw()
    + x25519.public_bytes_raw()
    + X_WING_LABEL
).digest()

# HPKE base mode, RFC 9180, section 5.1.
key_id = blake3(bytes([17]) + public_key, derive_key_context="cairn v1 key").digest()
info = b"PCEKv2" + log + key_id
context = b"\0" + labeled_extract(b"", b"psk_id_hash", b"") + labeled_extract(b"", b"info_hash", info)
prk = labeled_extract(secret, b"secret", b"")
key = labeled_expand(prk, b"key", context, 32)
nonce = labeled_expand(prk, b"base_nonce", context, 12)
sealed = ChaCha20Poly1305(key).encrypt(nonce, message_key, event)

made = {
    "seed": seed,
    "log": log,
    "event": event,
    "messageKey": message_key,
    "keyId": key_id,
    "wrap": b"\x02" + key_id[:8] + encapsulation + sealed,
}
print(json.dumps({name: value.hex() for name, value in made.items()}, indent=2))
